//! From what an import says to the file: extensions, index files, aliases of tsconfig.json, and
//! packages of the workspace by their names.

use std::collections::BTreeMap;

use super::NodeModel;
use crate::lang::{Component, Reach};
use crate::parse::{Tree, json};
use crate::repo::{Dir, RelPath, Repo};

/// Endings that an import leaves out, in the order in which tools try them.
const ENDINGS: &[&str] = &[
    "ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs", "vue", "svelte", "astro",
];

/// Folders that a build writes to; the sources of what is in them stand elsewhere.
const BUILT: &[&str] = &[
    "dist",
    "build",
    "out",
    "lib",
    "output",
    ".output",
    "server-dist",
    "dist-server",
    "bin",
];

/// Endings of built files with those of their sources.
const SOURCES: &[(&str, &[&str])] = &[
    ("js", &["ts", "tsx", "jsx"]),
    ("mjs", &["mts", "ts"]),
    ("cjs", &["cts", "ts"]),
    ("jsx", &["tsx"]),
];

/// Files that a chain of `extends` may have.
const MOST_CONFIGS: usize = 8;

/// Where the imports of one component lead.
pub(super) struct Resolver<'r> {
    repo: &'r Repo,
    dir: RelPath,
    /// `@/*` to folders or files, with one `*` or none; the longest first.
    aliases: Vec<(String, RelPath, String)>,
    /// Folders that imports without a dot may start from.
    bases: Vec<RelPath>,
    /// Packages of the workspace.
    packages: BTreeMap<String, RelPath>,
}

impl<'r> Resolver<'r> {
    pub(super) fn new(component: &Component, model: &NodeModel, reach: &Reach<'r>) -> Self {
        let repo = reach.repo();
        let mut resolver = Self {
            repo,
            dir: component.dir.clone(),
            aliases: Vec::new(),
            bases: Vec::new(),
            packages: BTreeMap::new(),
        };
        let root = &model.install.root;
        let members = model
            .builds
            .iter()
            .map(|neighbour| &neighbour.dir)
            .chain(&model.runs);
        for dir in members {
            let dir = root.join(dir.as_str());
            if let Some(name) = manifest(&repo.dir(&dir))
                .and_then(|tree| Some(tree.get("name")?.text()?.to_owned()))
            {
                resolver.packages.insert(name, dir);
            }
        }
        let dirs: Vec<RelPath> = std::iter::once(component.dir.clone())
            .chain(resolver.packages.values().cloned())
            .take(200)
            .collect();
        for dir in dirs {
            for name in [
                "tsconfig.json",
                "jsconfig.json",
                "tsconfig.app.json",
                "tsconfig.base.json",
            ] {
                resolver.config(&dir.join(name), MOST_CONFIGS);
            }
        }
        // What frameworks set up without a file that says so.
        for (alias, folders) in [
            ("@/*", &["src", ""][..]),
            ("~/*", &["src", "app", ""]),
            ("@@/*", &[""]),
            ("~~/*", &[""]),
            ("$lib/*", &["src/lib"]),
        ] {
            for folder in folders {
                let folder = component.dir.join(folder);
                resolver
                    .aliases
                    .push((alias.to_owned(), folder, "*".to_owned()));
            }
        }
        resolver
    }

    /// Reads `paths` and `baseUrl` of a configuration and of those that it extends.
    fn config(&mut self, file: &RelPath, left: usize) {
        if left == 0 || !self.repo.has(file) {
            return;
        }
        let Some(tree) = self.repo.scan(file).and_then(|source| json(&source).ok()) else {
            return;
        };
        let home = file.parent().unwrap_or_default();
        let options = tree.get("compilerOptions");
        let base = options
            .and_then(|options| options.get("baseUrl")?.text())
            .and_then(|base| home.resolve(base));
        let paths = options.and_then(|options| options.get("paths"));
        for (alias, targets) in paths.map(Tree::entries).unwrap_or_default() {
            for target in targets.texts() {
                let from = base.clone().unwrap_or_else(|| home.clone());
                self.aliases.push((alias.clone(), from, target.to_owned()));
            }
        }
        self.bases.extend(base);
        let extends = tree.get("extends");
        let one = extends.and_then(Tree::text).into_iter();
        let parents: Vec<String> = one
            .chain(extends.into_iter().flat_map(Tree::texts))
            .filter(|parent| parent.starts_with('.'))
            .map(str::to_owned)
            .collect();
        for parent in parents {
            for parent in [parent.clone(), format!("{parent}.json")] {
                if let Some(parent) = home.resolve(&parent) {
                    self.config(&parent, left - 1);
                }
            }
        }
    }

    /// The file that an import in `from` names; `None` for packages that are installed.
    pub(super) fn import(&self, from: &RelPath, name: &str) -> Option<RelPath> {
        let name = name
            .split(['?', '#'])
            .next()
            .filter(|name| !name.is_empty())?;
        if name.len() > 300 {
            return None;
        }
        if name.starts_with('.') {
            let folder = from.parent().unwrap_or_default();
            return self.file(&folder.resolve(name)?);
        }
        let aliased = self.aliases.iter().find_map(|(alias, home, target)| {
            let rest = match alias.split_once('*') {
                Some((start, end)) => name.strip_prefix(start)?.strip_suffix(end)?,
                None => (name == alias).then_some("")?,
            };
            self.file(&home.resolve(&target.replacen('*', rest, 1))?)
        });
        aliased.or_else(|| self.package(name)).or_else(|| {
            self.bases
                .iter()
                .find_map(|base| self.file(&base.resolve(name)?))
        })
    }

    /// A package of the workspace, or a file of one.
    fn package(&self, name: &str) -> Option<RelPath> {
        let parts = if name.starts_with('@') { 2 } else { 1 };
        let end = name
            .match_indices('/')
            .nth(parts - 1)
            .map_or(name.len(), |(at, _)| at);
        let dir = self.packages.get(&name[..end])?;
        let rest = name[end..].trim_start_matches('/');
        if !rest.is_empty() {
            return ["src", "", "lib"]
                .iter()
                .find_map(|folder| self.file(&dir.join(folder).resolve(rest)?));
        }
        let view = self.repo.dir(dir);
        let tree = manifest(&view);
        let exported = tree.as_ref().and_then(|tree| {
            let exports = tree.get("exports")?;
            first_text(exports.get(".").unwrap_or(exports), 0)
        });
        let named = ["source", "module", "main", "types"]
            .iter()
            .filter_map(|key| tree.as_ref()?.get(key)?.text());
        exported
            .into_iter()
            .chain(named)
            .chain(["src/index", "index", "src/main"])
            .find_map(|file| self.started(dir, file))
    }

    /// A file as commands and manifests name it: also a built one, by its source.
    pub(super) fn started(&self, dir: &RelPath, file: &str) -> Option<RelPath> {
        let path = dir.resolve(file)?;
        if let Some(found) = self.file(&path) {
            return Some(found);
        }
        let below = path.below(dir)?;
        let first = below.parts().next().filter(|first| BUILT.contains(first))?;
        let rest = below.as_str()[first.len()..].trim_start_matches('/');
        let inner = rest.split_once('/').map_or(rest, |(_, inner)| inner);
        ["src", "", "server", "src/server"]
            .iter()
            .flat_map(|folder| [(folder, rest), (folder, inner)])
            .find_map(|(folder, rest)| self.file(&dir.join(folder).resolve(rest)?))
    }

    /// The component's own file, for settings and commands.
    pub(super) fn own(&self, file: &str) -> Option<RelPath> {
        self.started(&self.dir, file)
    }

    /// The path itself, with an ending, or the folder's index file.
    fn file(&self, path: &RelPath) -> Option<RelPath> {
        let name = path.name();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending);
        if ending.is_some_and(|ending| ENDINGS.contains(&ending)) && self.repo.has(path) {
            return Some(path.clone());
        }
        let with = |path: &str, ending: &str| {
            RelPath::new(&format!("{path}.{ending}")).filter(|path| self.repo.has(path))
        };
        for (built, sources) in SOURCES {
            if let Some(stem) = path.as_str().strip_suffix(&format!(".{built}"))
                && let Some(found) = sources.iter().find_map(|ending| with(stem, ending))
            {
                return Some(found);
            }
        }
        if path.is_root() {
            return None;
        }
        ENDINGS
            .iter()
            .find_map(|ending| with(path.as_str(), ending))
            .or_else(|| {
                let index = path.join("index");
                ENDINGS
                    .iter()
                    .find_map(|ending| with(index.as_str(), ending))
            })
    }
}

fn manifest(view: &Dir<'_>) -> Option<Tree> {
    let path = view.path.join("package.json");
    json(&view.repo.scan(&path)?).ok()
}

/// The first file of a package's `exports`, whatever conditions stand above it.
fn first_text(tree: &Tree, depth: usize) -> Option<&str> {
    if depth > 8 {
        return None;
    }
    tree.text().or_else(|| {
        tree.entries()
            .iter()
            .find_map(|(_, value)| first_text(value, depth + 1))
    })
}
