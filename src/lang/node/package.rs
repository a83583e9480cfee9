//! `package.json`, or the `package.json5` that pnpm reads.

use crate::diag::{Diagnostic, Location};
use crate::facts::Evidence;
use crate::lang::{Dependency, Manifest, Script};
use crate::parse::{Tree, json};
use crate::repo::{Dir, RelPath, Source};

/// One manifest with its text, so that findings can point into it.
#[derive(Debug)]
pub(super) struct Package {
    pub dir: RelPath,
    pub source: Source,
    pub tree: Tree,
}

/// The tables of dependencies, and whether production installs take them.
const TABLES: &[(&str, bool)] = &[
    ("dependencies", true),
    ("optionalDependencies", true),
    ("devDependencies", false),
    ("peerDependencies", false),
];

impl Package {
    /// `None` when the folder has no manifest.
    pub(super) fn read(view: &Dir<'_>) -> Option<Result<Self, Diagnostic>> {
        let name = view.first(&["package.json", "package.json5"])?;
        Some(view.read(name).and_then(|source| {
            let tree = json(&source)?;
            Ok(Self {
                dir: view.path.clone(),
                source,
                tree,
            })
        }))
    }

    pub(super) fn file(&self) -> &str {
        self.source.path.name()
    }

    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        self.tree.at(path)?.text()
    }

    /// The name, when it is one that package managers take. Names reach commands.
    pub(super) fn name(&self) -> Option<&str> {
        self.text(&["name"]).filter(|name| {
            let part = |part: &str| {
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
                !part.starts_with(['-', '.']) && !part.is_empty() && part.bytes().all(plain)
            };
            match name.strip_prefix('@').and_then(|name| name.split_once('/')) {
                Some((scope, name)) => part(scope) && part(name),
                None => part(name),
            }
        })
    }

    /// Evidence that points at a value of the manifest.
    pub(super) fn evidence(&self, rule: &str, path: &[&str], why: impl Into<String>) -> Evidence {
        match self.tree.at(path) {
            Some(tree) => Evidence::span(rule, &self.source, &tree.span, why),
            None => Evidence::file(rule, self.source.path.clone(), why),
        }
    }

    pub(super) fn script(&self, name: &str) -> Option<&str> {
        self.text(&["scripts", name])
    }

    /// True when one of the tables that a production install takes has an entry.
    pub(super) fn has_production(&self) -> bool {
        self.has_entries(true)
    }

    pub(super) fn has_development(&self) -> bool {
        self.has_entries(false)
    }

    fn has_entries(&self, production: bool) -> bool {
        TABLES.iter().any(|(table, installs)| {
            *installs == production
                && *table != "peerDependencies"
                && self
                    .tree
                    .get(table)
                    .is_some_and(|table| !table.entries().is_empty())
        })
    }

    /// The names of one table of dependencies, with the requirements.
    pub(super) fn table(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.tree
            .get(name)
            .map(Tree::entries)
            .unwrap_or_default()
            .iter()
            .map(|(name, version)| (name.as_str(), version.text().unwrap_or_default()))
    }

    /// Names in all tables, or in those of production only.
    pub(super) fn dependency_names(&self, production: bool) -> impl Iterator<Item = &str> {
        TABLES
            .iter()
            .filter(move |(_, installs)| *installs || !production)
            .flat_map(|(table, _)| self.table(table).map(|(name, _)| name))
    }

    pub(super) fn dependency_versions(&self) -> impl Iterator<Item = &str> {
        TABLES
            .iter()
            .flat_map(|(table, _)| self.table(table).map(|(_, version)| version))
    }

    fn dependencies(&self) -> Vec<Dependency> {
        TABLES
            .iter()
            .flat_map(|(table, production)| {
                let entries = self.tree.get(table).map(Tree::entries).unwrap_or_default();
                entries.iter().map(|(name, version)| Dependency {
                    name: name.clone(),
                    version: version.text().unwrap_or_default().to_owned(),
                    production: *production,
                    at: Location::in_source(&self.source, &version.span),
                })
            })
            .collect()
    }

    /// What all languages say of a manifest.
    pub(super) fn manifest(&self) -> Manifest {
        let owned = |path: &[&str]| self.text(path).map(str::to_owned);
        let scripts = self
            .tree
            .get("scripts")
            .map(Tree::entries)
            .unwrap_or_default();
        Manifest {
            path: self.source.path.clone(),
            // A scope names the owner, not the program.
            name: self
                .name()
                .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned()),
            version: owned(&["version"]),
            description: owned(&["description"]).filter(|text| !text.is_empty()),
            license: owned(&["license"]).filter(|text| !text.starts_with("SEE LICENSE")),
            repository: owned(&["repository"])
                .or_else(|| owned(&["repository", "url"]))
                .map(|url| url.trim_start_matches("git+").to_owned()),
            dependencies: self.dependencies(),
            scripts: scripts
                .iter()
                .filter_map(|(name, body)| {
                    Some(Script {
                        name: name.clone(),
                        body: body.text()?.to_owned(),
                        at: Location::in_source(&self.source, &body.span),
                    })
                })
                .collect(),
            ..Manifest::default()
        }
    }
}
