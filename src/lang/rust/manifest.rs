//! `Cargo.toml`: a package's programs, its library, its dependencies. Cargo's documented rules
//! for what is found without being named apply.

use crate::diag::{Diagnostic, Location, Result};
use crate::parse;
use crate::parse::Tree;
use crate::repo::{Dir, RelPath, Repo, Source};

/// One manifest as text and as values. A workspace's root may have no package.
pub(super) struct CargoToml {
    pub dir: RelPath,
    pub source: Source,
    pub tree: Tree,
}

/// A program of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    pub name: String,
    /// Its first source file, relative to the package.
    pub path: RelPath,
    /// Features without which cargo does not build it.
    pub features: Vec<String>,
}

/// A package with what decides about its build.
pub(super) struct Package {
    pub dir: RelPath,
    pub name: String,
    /// Sorted by name.
    pub binaries: Vec<Binary>,
    /// Relative to the package.
    pub library: Option<RelPath>,
    pub build_script: Option<RelPath>,
    /// Files of programs, tests and the like that the manifest names without a path: cargo
    /// refuses the manifest when they are missing.
    pub named_targets: Vec<RelPath>,
    pub default_run: Option<(String, Location)>,
    pub requirements: Vec<Requirement>,
}

/// A dependency as a manifest states it.
pub(super) struct Requirement {
    /// The crate's own name, whatever the manifest calls it.
    pub name: String,
    pub version: String,
    pub kind: Use,
    /// A dependency at a path is none of a registry; the folder is absent when it cannot be in
    /// the repository.
    pub local: bool,
    pub path: Option<RelPath>,
    pub features: Vec<String>,
    pub default_features: bool,
    pub at: Location,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    Run,
    Build,
    Test,
}

impl CargoToml {
    pub(super) fn read(repo: &Repo, dir: &RelPath) -> Result<Self> {
        let source = repo.dir(dir).read("Cargo.toml")?;
        let tree = parse::toml(&source)?;
        Ok(Self {
            dir: dir.clone(),
            source,
            tree,
        })
    }

    pub(super) fn workspace(&self) -> Option<&Tree> {
        self.tree.get("workspace")
    }

    /// A key of `[package]`, taken from the workspace where the package says so.
    pub(super) fn inherited<'t>(
        &'t self,
        workspace: Option<&'t CargoToml>,
        key: &str,
    ) -> Option<(&'t Tree, &'t Source)> {
        let own = self.tree.at(&["package", key])?;
        if own.get("workspace").and_then(Tree::boolean) == Some(true) {
            let root = workspace?;
            let value = root.tree.at(&["workspace", "package", key])?;
            return Some((value, &root.source));
        }
        Some((own, &self.source))
    }

    pub(super) fn package(
        &self,
        repo: &Repo,
        workspace: Option<&CargoToml>,
    ) -> Result<Option<Package>> {
        let Some(table) = self.tree.get("package") else {
            return Ok(None);
        };
        let name = table.get("name").and_then(Tree::text).unwrap_or_default();
        if !is_name(name) {
            let span = table
                .get("name")
                .map_or(table.span.clone(), |name| name.span.clone());
            return Err(Diagnostic::error(
                "rust-bad-name",
                "the package has no name that cargo takes",
            )
            .pointing(&self.source, span)
            .with_help("letters, digits, `-` and `_` make a package's name"));
        }
        let view = repo.dir(&self.dir);
        let text = |key: &str| table.get(key).and_then(Tree::text);
        let build_script = match table.get("build") {
            None => view.has("build.rs").then(|| "build.rs".to_owned()),
            Some(build) => build.text().map(str::to_owned),
        };
        let library = self
            .tree
            .at(&["lib", "path"])
            .and_then(Tree::text)
            .or_else(|| view.has("src/lib.rs").then_some("src/lib.rs"));
        let default_run = text("default-run").and_then(|run| {
            let span = table.get("default-run")?.span.clone();
            Some((run.to_owned(), Location::in_source(&self.source, &span)))
        });
        Ok(Some(Package {
            dir: self.dir.clone(),
            name: name.to_owned(),
            binaries: self.binaries(name, &view),
            library: library.and_then(RelPath::new),
            build_script: build_script.and_then(|path| RelPath::new(&path)),
            named_targets: self.named_targets(name, &view),
            default_run,
            requirements: self.requirements(workspace),
        }))
    }

    fn binaries(&self, package: &str, view: &Dir<'_>) -> Vec<Binary> {
        let mut binaries: Vec<Binary> = Vec::new();
        let named = self.tree.get("bin").map(Tree::items).unwrap_or_default();
        for table in named {
            let Some(name) = table
                .get("name")
                .and_then(Tree::text)
                .filter(|name| is_name(name))
            else {
                continue;
            };
            let path = match table.get("path").and_then(Tree::text) {
                Some(path) => RelPath::new(path),
                None => found(view, Target::Binary, name, package),
            };
            let features = table.get("required-features").into_iter();
            if let Some(path) = path.filter(|path| view.has(path.as_str())) {
                binaries.push(Binary {
                    name: name.to_owned(),
                    path,
                    features: features
                        .flat_map(Tree::texts)
                        .filter(|feature| is_feature(feature))
                        .map(str::to_owned)
                        .collect(),
                });
            }
        }
        let automatic = self.tree.at(&["package", "autobins"]);
        if automatic.and_then(Tree::boolean) != Some(false) {
            for (name, path) in automatic_binaries(package, view) {
                let known = binaries
                    .iter()
                    .any(|binary| binary.path == path || binary.name == name);
                if !known && is_name(&name) {
                    binaries.push(Binary {
                        name,
                        path,
                        features: Vec::new(),
                    });
                }
            }
        }
        binaries.sort_by(|a, b| a.name.cmp(&b.name));
        binaries
    }

    fn named_targets(&self, package: &str, view: &Dir<'_>) -> Vec<RelPath> {
        let kinds = [
            ("bin", Target::Binary),
            ("test", Target::Test),
            ("bench", Target::Bench),
            ("example", Target::Example),
        ];
        let mut paths = Vec::new();
        for (key, kind) in kinds {
            for table in self.tree.get(key).map(Tree::items).unwrap_or_default() {
                if table.get("path").is_none()
                    && let Some(name) = table.get("name").and_then(Tree::text)
                {
                    paths.extend(found(view, kind, name, package));
                }
            }
        }
        paths
    }

    fn requirements(&self, workspace: Option<&CargoToml>) -> Vec<Requirement> {
        let mut all = Vec::new();
        self.requirements_in(&self.tree, workspace, &mut all);
        for (_, table) in self
            .tree
            .get("target")
            .map(Tree::entries)
            .unwrap_or_default()
        {
            self.requirements_in(table, workspace, &mut all);
        }
        all
    }

    fn requirements_in(
        &self,
        table: &Tree,
        workspace: Option<&CargoToml>,
        into: &mut Vec<Requirement>,
    ) {
        let kinds = [
            ("dependencies", Use::Run),
            ("build-dependencies", Use::Build),
            ("dev-dependencies", Use::Test),
        ];
        for (key, kind) in kinds {
            for (name, value) in table.get(key).map(Tree::entries).unwrap_or_default() {
                into.push(self.requirement(name, value, kind, workspace));
            }
        }
    }

    fn requirement(
        &self,
        key: &str,
        value: &Tree,
        kind: Use,
        workspace: Option<&CargoToml>,
    ) -> Requirement {
        let shared = (value.get("workspace").and_then(Tree::boolean) == Some(true))
            .then_some(workspace)
            .flatten()
            .and_then(|root| {
                let value = root.tree.at(&["workspace", "dependencies", key])?;
                Some((value, &root.dir))
            });
        let (stated, from) = shared.unwrap_or((value, &self.dir));
        let text = |key: &str| stated.get(key).and_then(Tree::text);
        let features = [stated.get("features"), value.get("features")];
        let default_features = stated
            .get("default-features")
            .or_else(|| value.get("default-features"))
            .and_then(Tree::boolean);
        Requirement {
            name: text("package").unwrap_or(key).to_owned(),
            version: stated
                .text()
                .or_else(|| text("version"))
                .unwrap_or_default()
                .to_owned(),
            kind,
            local: stated.get("path").is_some(),
            path: text("path").and_then(|path| from.resolve(path)),
            features: features
                .into_iter()
                .flatten()
                .flat_map(Tree::texts)
                .map(str::to_owned)
                .collect(),
            default_features: default_features != Some(false),
            at: Location::in_source(&self.source, &value.span),
        }
    }
}

/// Cargo's rule for the names of packages, programs and features, as far as it keeps a name from
/// meaning anything to a shell.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('-')
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// A feature, of a dependency too (`serde/std`).
fn is_feature(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-+./".contains(c);
    !name.is_empty() && !name.starts_with('-') && name.chars().all(allowed)
}

#[derive(Clone, Copy)]
enum Target {
    Binary,
    Test,
    Bench,
    Example,
}

/// Where cargo looks for a target that is named without a path.
fn found(view: &Dir<'_>, kind: Target, name: &str, package: &str) -> Option<RelPath> {
    let folder = match kind {
        Target::Binary => "src/bin",
        Target::Test => "tests",
        Target::Bench => "benches",
        Target::Example => "examples",
    };
    let main = matches!(kind, Target::Binary) && name == package;
    [
        main.then(|| "src/main.rs".to_owned()),
        Some(format!("{folder}/{name}.rs")),
        Some(format!("{folder}/{name}/main.rs")),
    ]
    .into_iter()
    .flatten()
    .filter_map(|path| RelPath::new(&path))
    .find(|path| view.has(path.as_str()))
}

fn automatic_binaries(package: &str, view: &Dir<'_>) -> Vec<(String, RelPath)> {
    let path = |path: &str| RelPath::root().join(path);
    let mut binaries = Vec::new();
    if view.has("src/main.rs") {
        binaries.push((package.to_owned(), path("src/main.rs")));
    }
    for file in view.child("src/bin").walk().take(200) {
        let full = path("src/bin").join(file.as_str());
        let parent = file.parent().unwrap_or_default();
        if parent.is_root() {
            if let Some(name) = file.name().strip_suffix(".rs") {
                binaries.push((name.to_owned(), full));
            }
        } else if file.name() == "main.rs" && parent.depth() == 1 {
            binaries.push((parent.name().to_owned(), full));
        }
    }
    binaries
}
