//! Rust: packages with programs, workspaces, what cargo needs to build them.
//!
//! Manifests and lock files are read here and cargo is never asked: what it would say depends on
//! the machine, and a scanned repository's own settings could make it run programs.

mod config;
mod data;
mod lexer;
mod lock;
mod manifest;
mod needs;
mod plan;
mod reach;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

pub use config::{Config, Toolchain};
pub use manifest::Binary;

use super::{Component, Dependency, Entered, Language, Manifest, Reach, Sources};
use crate::diag::{Diagnostic, Location};
use crate::facts::{Confidence, Evidence, Kind, Rank};
use crate::plan::{Failure, Made, Resolver};
use crate::repo::{RelPath, Repo};
use lock::Lock;
use manifest::{CargoToml, Package, Use};
use workspace::Cargo;

pub struct Rust;

/// What the plan needs to know of a package. Paths are relative to the repository's root, unless
/// said.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one thing that the repository has or has not"
)]
pub struct RustModel {
    /// The package's name.
    pub package: String,
    /// Every program of the package, sorted by name.
    pub binaries: Vec<Binary>,
    /// The package is one of several that cargo sees, so that it has to be named.
    pub workspace: bool,
    /// The folder in which cargo runs: that of the lock file.
    pub cargo_dir: RelPath,
    /// `Cargo.lock` is there, and git keeps it.
    pub locked: bool,
    /// Files that cargo reads before it compiles a dependency.
    pub manifests: Vec<RelPath>,
    /// Folders whose sources dependencies need: vendored crates, patches.
    pub sources: Vec<RelPath>,
    /// Libraries of the repository: an empty file stands in for each while dependencies are compiled.
    pub libraries: Vec<RelPath>,
    /// Build scripts and further programs, which need an empty `main` then.
    pub mains: Vec<RelPath>,
    /// Packages of the repository that are compiled for this one, itself included.
    pub local: Vec<String>,
    /// The first files of those packages' libraries, by the name that code calls them.
    pub crate_roots: BTreeMap<String, RelPath>,
    /// A lint of the repository refuses code without documentation, also in stand-ins.
    pub documented: bool,
    /// A crate is fetched from a registry or from git.
    pub fetches: bool,
    /// Every crate that is compiled, as far as lock file and manifests tell.
    pub crates: BTreeSet<String>,
    /// Features that the package asks of its dependencies.
    pub features: BTreeSet<String>,
    /// Crates that bring the C library that they bind.
    pub bundled: BTreeSet<String>,
    pub toolchain: Option<Toolchain>,
    pub config: Config,
    /// The folder of queries that sqlx checked before (`.sqlx`).
    pub sqlx: Option<RelPath>,
}

/// Packages by these names help to develop the others.
const HELPERS: &[&str] = &["xtask", "xtasks", "uniffi-bindgen", "fuzz"];

/// Packages with one of these are no programs for a container: a desktop app, a fuzz target, a
/// game, firmware.
const ELSEWHERE: &[&str] = &[
    "tauri",
    "libfuzzer-sys",
    "bevy",
    "eframe",
    "iced",
    "cortex-m-rt",
];

impl Language for Rust {
    fn id(&self) -> &'static str {
        "rust"
    }

    fn manifests(&self) -> &'static [&'static str] {
        &["Cargo.toml"]
    }

    fn sources(&self) -> &'static [&'static str] {
        &["rs"]
    }

    fn components(
        &self,
        repo: &Repo,
        dirs: &[RelPath],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Component> {
        let cargo = Cargo::read(repo, dirs, diagnostics);
        let mut locks: BTreeMap<RelPath, Option<Lock>> = BTreeMap::new();
        let mut components = Vec::new();
        for (dir, package) in &cargo.packages {
            let runs_here = !package.binaries.is_empty()
                && !HELPERS.contains(&package.name.as_str())
                && !package.name.ends_with("-xtask")
                && !cargo.is_left_out(dir)
                && cargo.is_sound(dir)
                && !is_browser_app(repo, dir, diagnostics)
                && !package
                    .requirements
                    .iter()
                    .any(|found| ELSEWHERE.contains(&found.name.as_str()));
            if !runs_here {
                continue;
            }
            if let Some(missing) = cargo.missing(dir) {
                let message = format!(
                    "the dependency {} is at a path without a package",
                    missing.name
                );
                let problem = Diagnostic::error("rust-no-such-path", message)
                    .at(missing.at.clone())
                    .with_help("the path must lead to a package in this repository");
                diagnostics.push(problem);
                continue;
            }
            let root = cargo.root(dir);
            let lock = locks
                .entry(root.clone())
                .or_insert_with(|| read_lock(repo, &root, diagnostics));
            components.extend(component(repo, &cargo, package, lock.as_ref(), diagnostics));
        }
        components
    }

    fn reach(&self, component: &Component, main: Option<&str>, reach: &mut Reach<'_>) -> Entered {
        match component.model.get::<RustModel>() {
            Some(model) => reach::reach(component, model, main, reach),
            None => Entered::Nowhere,
        }
    }

    fn refine(&self, repo: &Repo, component: &mut Component, sources: &Sources<'_>) {
        data::folders(repo, component, sources);
    }

    fn plan(&self, resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
        plan::plan(resolver, kind)
    }
}

/// A program that Trunk compiles for the browser; it runs on no server.
fn is_browser_app(repo: &Repo, dir: &RelPath, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let view = repo.dir(dir);
    let page = view.text("index.html");
    let by_trunk =
        view.has("Trunk.toml") || page.is_some_and(|page| page.text.contains("data-trunk"));
    if by_trunk {
        let note = Diagnostic::note(
            "rust-browser-app",
            format!("{dir}: an app for the browser, built by Trunk, is left out"),
        )
        .with_help("build it with `trunk build` and serve its folder `dist`");
        diagnostics.push(note);
    }
    by_trunk
}

fn read_lock(repo: &Repo, root: &RelPath, diagnostics: &mut Vec<Diagnostic>) -> Option<Lock> {
    let path = root.join("Cargo.lock");
    if !repo.has(&path) || repo.is_git_ignored(&path) {
        return None;
    }
    match repo.read(&path).and_then(|source| Lock::read(&source)) {
        Ok(lock) => Some(lock),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    }
}

fn component(
    repo: &Repo,
    cargo: &Cargo,
    package: &Package,
    lock: Option<&Lock>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Component> {
    let dir = &package.dir;
    let file = cargo.manifests.get(dir)?;
    let workspace = cargo.workspace(dir);
    let cargo_dir = cargo.root(dir);
    let read = cargo.read_with(dir);
    let compiled = cargo.compiled_with(dir);
    let patches = cargo.patches(dir);
    // A dependency beside the workspace must be in the build, so the root is their common parent.
    let root = read
        .iter()
        .chain(&patches)
        .fold(cargo_dir.clone(), |root, other| common(&root, other));

    let text = |key: &str| {
        file.inherited(workspace, key)
            .and_then(|(value, _)| value.text())
            .map(str::to_owned)
    };
    let manifest = Manifest {
        path: file.source.path.clone(),
        name: Some(package.name.clone()),
        version: text("version"),
        description: text("description"),
        license: text("license"),
        repository: text("repository"),
        dependencies: dependencies(cargo, &compiled),
        ..Manifest::default()
    };
    let mut model = RustModel {
        package: package.name.clone(),
        binaries: package.binaries.clone(),
        workspace: read.len() > 1 || workspace.is_some_and(|root| root.dir != *dir),
        locked: lock.is_some(),
        manifests: Vec::new(),
        sources: patches.iter().cloned().collect(),
        libraries: Vec::new(),
        mains: Vec::new(),
        local: Vec::new(),
        crate_roots: cargo.crate_roots(&compiled),
        documented: false,
        fetches: false,
        crates: BTreeSet::new(),
        features: BTreeSet::new(),
        bundled: BTreeSet::new(),
        toolchain: None,
        config: config::cargo_config(repo, &cargo_dir, &root),
        sqlx: [&root, dir]
            .into_iter()
            .map(|dir| dir.join(".sqlx"))
            .find(|dir| repo.has_dir(dir)),
        cargo_dir,
    };
    needs::stand_ins(cargo, package, &mut model, &read, &compiled);
    needs::files(cargo, &mut model, &read);
    needs::crates(cargo, lock, &mut model, &compiled);
    let pins = lock
        .map(|lock| lock.pins(&model.crates))
        .unwrap_or_default();

    let mut component = Component::new("rust", dir.clone(), manifest, model);
    component.root = root;
    component.pins = pins;
    component.code = compiled.into_iter().collect();
    runtime(repo, file, workspace, &mut component, diagnostics);
    programs(repo, package, &mut component);
    component.facts.ignore_all(
        "rust/leftovers",
        "cargo leaves these behind",
        &[target_folder(repo, &component.root), "**/*.rs.bk"],
    );
    Some(component)
}

/// Cargo's folder of what it made, wherever it is; a source folder of that name stays.
fn target_folder(repo: &Repo, root: &RelPath) -> &'static str {
    let is_source = repo.files_in(root).any(|file| {
        data::is_rust(file)
            && file
                .as_str()
                .split_once("/target/")
                .is_some_and(|(before, _)| before.split('/').any(|part| part == "src"))
    });
    if is_source { "/target" } else { "**/target" }
}

fn dependencies(cargo: &Cargo, compiled: &BTreeSet<RelPath>) -> Vec<Dependency> {
    compiled
        .iter()
        .filter_map(|dir| cargo.packages.get(dir))
        .flat_map(|package| &package.requirements)
        .map(|found| Dependency {
            name: found.name.clone(),
            version: found.version.clone(),
            production: found.kind == Use::Run,
            at: found.at.clone(),
        })
        .collect()
}

fn runtime(
    repo: &Repo,
    file: &CargoToml,
    workspace: Option<&CargoToml>,
    component: &mut Component,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let root = component.root.clone();
    let Some(model) = component.model.get_mut::<RustModel>() else {
        return;
    };
    let runtime = &mut component.facts.runtime;
    model.toolchain = config::toolchain(repo, &model.cargo_dir, &root, runtime, diagnostics);
    config::tool_versions(repo, &component.dir, &RelPath::root(), runtime);
    if let Some((value, source)) = file.inherited(workspace, "rust-version") {
        config::floor(value, source, runtime);
    }
}

/// Which program of the package the image runs.
fn programs(repo: &Repo, package: &Package, component: &mut Component) {
    let only = package.binaries.len() == 1;
    for binary in &package.binaries {
        let file = package.dir.join(binary.path.as_str());
        let (rank, confidence, why) = match &package.default_run {
            _ if only => (
                Rank::Manifest,
                Confidence::Certain,
                "it is the package's only program",
            ),
            Some((name, at)) if *name == binary.name => {
                let because = Evidence {
                    rule: "rust/default-run".to_owned(),
                    at: Some(at.clone()),
                    why: "default-run names it".to_owned(),
                };
                let main = &mut component.facts.main;
                main.certain(binary.name.clone(), Rank::Dedicated, because);
                continue;
            }
            _ if binary.path.as_str() == "src/main.rs" => (
                Rank::Manifest,
                Confidence::Likely,
                "src/main.rs is the package's main program",
            ),
            _ if binary.name == package.name => (
                Rank::Framework,
                Confidence::Likely,
                "it is named like the package",
            ),
            _ if data::serves(repo, &file) => (
                Rank::Source,
                Confidence::Likely,
                "it is a program that serves",
            ),
            _ => (
                Rank::Language,
                Confidence::Guess,
                "it is one of several programs",
            ),
        };
        let because = Evidence {
            rule: "rust/main".to_owned(),
            at: Some(Location::file(file)),
            why: why.to_owned(),
        };
        component
            .facts
            .main
            .add(binary.name.clone(), rank, confidence, because);
    }
    component.facts.kind.add(
        Kind::Cli,
        Rank::Default,
        Confidence::Guess,
        Evidence::rule("rust/no-server", "no code that serves was seen"),
    );
}

fn common(a: &RelPath, b: &RelPath) -> RelPath {
    a.parts()
        .zip(b.parts())
        .take_while(|(left, right)| left == right)
        .fold(RelPath::root(), |common, (part, _)| common.join(part))
}
