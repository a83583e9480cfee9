//! What installs a project's packages: the manager, its lock file, and every file that it reads
//! before the sources are there.

use super::hooks::{self, Hook};
use super::lock::{self, Lock};
use super::manager::{self, Manager};
use super::package::Package;
use super::pins::{self, Locked};
use super::schema;
use crate::diag::{Diagnostic, Location};
use crate::facts::{Facts, Slot};
use crate::parse::version::Constraint;
use crate::repo::{Dir, RelPath, Repo, Source};

/// One install root: a package of its own, or a workspace with its members.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about one folder"
)]
pub struct Install {
    pub root: RelPath,
    pub manager: Manager,
    pub(super) package_manager: Slot<String>,
    pub(super) package_manager_version: Slot<Constraint>,
    pub lock: Lock,
    /// The manifests of all packages, relative to the root, the root's first.
    pub manifests: Vec<String>,
    /// Folders of the members, relative to the root, sorted.
    pub members: Vec<RelPath>,
    /// Other files and folders that the install reads, relative to the root, sorted.
    pub files: Vec<String>,
    /// Some of the files are folders, or stand in one.
    pub nested: bool,
    /// The committed program of Yarn 2 and later.
    pub release: Option<String>,
    /// Yarn resolves modules without `node_modules`.
    pub pnp: bool,
    /// Yarn can leave out development modules (`yarn workspaces focus`).
    pub focus: bool,
    /// Yarn's cache is committed.
    pub zero_install: bool,
    /// Some package comes from git.
    pub git: bool,
    /// Scripts that the manager runs during an install.
    pub hooks: Vec<Hook>,
    pub runner: Option<Runner>,
    /// Every package of the lock file.
    pub(super) locked: Vec<Locked>,
}

/// A tool that runs the build of a package after those of the packages that it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runner {
    Turbo,
    Nx,
}

/// Files that managers read from the install root.
const READ: &[&str] = &[
    ".npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    "pnpm-workspace.yaml",
    ".pnpmfile.cjs",
    ".pnpmfile.mjs",
    "bunfig.toml",
];

const READ_DIRS: &[&str] = &[
    ".yarn/releases",
    ".yarn/plugins",
    ".yarn/patches",
    ".yarn/cache",
    "patches",
];

impl Install {
    /// Reads the install root of `package`. `members` are the workspace's other packages.
    pub(super) fn read(
        repo: &Repo,
        package: &Package,
        members: &[&Package],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let view = repo.dir(&package.dir);
        let mut facts = Facts::default();
        let manager = manager::find(&view, package, &mut facts);
        let all: Vec<&Package> = std::iter::once(package)
            .chain(members.iter().copied())
            .collect();
        let below = |dir: &RelPath| dir.below(&package.dir).unwrap_or_default();
        let settings = view.text(".yarnrc.yml");
        let zero_install = view.has_dir(".yarn/cache");
        let mut install = Self {
            root: package.dir.clone(),
            manager,
            package_manager: facts.package_manager,
            package_manager_version: facts.package_manager_version,
            lock: Lock::Missing,
            manifests: all
                .iter()
                .map(|package| below(&package.dir).join(package.file()).to_string())
                .collect(),
            members: members.iter().map(|member| below(&member.dir)).collect(),
            files: Vec::new(),
            nested: false,
            release: settings.as_ref().and_then(|source| release(&view, source)),
            pnp: manager == Manager::YarnBerry
                && setting(settings.as_ref(), "nodeLinker").is_none_or(|linker| linker == "pnp"),
            focus: false,
            zero_install,
            git: all.iter().any(|package| from_git(package)),
            hooks: hooks::hooks(&all, &package.dir),
            runner: runner(&view, package),
            locked: Vec::new(),
        };
        install.focus = manager == Manager::YarnBerry && focuses(&view, &install);
        install.lock = find_lock(&view, manager, &all, diagnostics);
        install.locked = pins::read(&view, manager, install.lock.file(), &all);
        install.files(&view, &all);
        install.tell(package, &all, diagnostics);
        install
    }

    fn files(&mut self, view: &Dir<'_>, all: &[&Package]) {
        let mut files: Vec<String> = READ
            .iter()
            .filter(|name| view.has(name))
            .chain(READ_DIRS.iter().filter(|name| view.has_dir(name)))
            .map(|name| (*name).to_owned())
            .filter(|name| name != "patches" || patches(view, all))
            .collect();
        files.extend(self.lock.file().map(str::to_owned));
        for package in all {
            files.extend(local(package, &view.path));
            // The client's own install script reads the schema.
            let below = package.dir.below(&view.path).unwrap_or_default();
            let asks = package
                .dependency_names(true)
                .any(|name| name == "@prisma/client");
            let schema = schema::prisma_folder(&view.child(below.as_str()));
            files.extend(
                schema
                    .filter(|_| asks)
                    .map(|schema| below.join(schema.as_str()).to_string()),
            );
        }
        files.retain(|file| !self.manifests.contains(file));
        files.sort();
        files.dedup();
        self.nested = files
            .iter()
            .chain(&self.manifests)
            .any(|file| file.contains('/') || view.has_dir(file));
        self.files = files;
    }

    fn tell(&self, package: &Package, all: &[&Package], diagnostics: &mut Vec<Diagnostic>) {
        let at = Location::file(package.source.path.clone());
        let command = self.manager.command();
        match &self.lock {
            Lock::Missing
                if all.iter().any(|package| package.has_production() || package.has_development()) =>
            {
                diagnostics.push(
                    Diagnostic::warning(
                        "no-lock-file",
                        format!("no lock file: every build installs what is newest then with {command}"),
                    )
                    .at(at)
                    .with_help(format!("run `{command} install` and commit its lock file")),
                );
            }
            Lock::Stale(file, missing) => diagnostics.push(
                Diagnostic::warning(
                    "stale-lock-file",
                    format!("{file} does not fit package.json: {missing} is not in it as written"),
                )
                .at(at)
                .with_help(format!(
                    "run `{command} install` and commit {file}; until then the build installs without `npm ci`"
                )),
            ),
            _ => {}
        }
    }

    /// True when the install has members beside the root.
    pub fn is_workspace(&self) -> bool {
        !self.members.is_empty()
    }
}

fn find_lock(
    view: &Dir<'_>,
    manager: Manager,
    all: &[&Package],
    diagnostics: &mut Vec<Diagnostic>,
) -> Lock {
    let names: &[&str] = match manager {
        Manager::Npm => &["npm-shrinkwrap.json", "package-lock.json"],
        Manager::Pnpm => &["pnpm-lock.yaml"],
        Manager::Yarn | Manager::YarnBerry => &["yarn.lock"],
        Manager::Bun => &["bun.lock", "bun.lockb"],
    };
    match view.first(names) {
        Some(file) if manager == Manager::Npm => lock::npm(view, file, all, diagnostics),
        Some(file) => Lock::Fits(file.to_owned()),
        None => Lock::Missing,
    }
}

/// A top-level key of Yarn's settings.
fn setting<'s>(source: Option<&'s Source>, key: &str) -> Option<&'s str> {
    source?.text.lines().find_map(|line| {
        let value = line.strip_prefix(key)?.strip_prefix(':')?;
        Some(value.trim().trim_matches(['"', '\'']))
    })
}

fn release(view: &Dir<'_>, settings: &Source) -> Option<String> {
    let path = RelPath::new(setting(Some(settings), "yarnPath")?)?;
    view.has(path.as_str()).then(|| path.to_string())
}

/// The command is part of Yarn 4, and a plugin before.
fn focuses(view: &Dir<'_>, install: &Install) -> bool {
    let plugin = "@yarnpkg/plugin-workspace-tools.cjs";
    let old = |text: &str| text.contains("yarn-2.") || text.contains("yarn-3.");
    let two_or_three = install.release.as_deref().is_some_and(old)
        || install
            .package_manager_version
            .value()
            .is_some_and(|version| {
                !["4", "5"]
                    .iter()
                    .filter_map(|line| crate::parse::version::Version::parse(line))
                    .any(|line| version.allows_line(&line, None))
            });
    !two_or_three || view.has(&format!(".yarn/plugins/{plugin}"))
}

fn from_git(package: &Package) -> bool {
    package.dependency_versions().any(|version| {
        let hub = version.split_once('/').is_some_and(|(owner, rest)| {
            !owner.is_empty()
                && !rest.contains('/')
                && owner
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        hub || ["git+", "git:", "git@", "github:", "gitlab:", "bitbucket:"]
            .iter()
            .any(|start| version.starts_with(start))
    })
}

/// Folders and archives of the repository that a requirement names.
fn local(package: &Package, root: &RelPath) -> Vec<String> {
    package
        .dependency_versions()
        .filter_map(|version| {
            ["file:", "link:", "portal:"]
                .iter()
                .find_map(|start| version.strip_prefix(start))
        })
        .filter_map(|path| package.dir.resolve(path)?.below(root))
        .filter(|path| !path.is_root())
        .map(|path| path.to_string())
        .collect()
}

/// Whether somebody applies the folder `patches` during an install.
fn patches(view: &Dir<'_>, all: &[&Package]) -> bool {
    let patcher = |package: &&Package| {
        package
            .dependency_names(false)
            .any(|name| matches!(name, "patch-package" | "custom-patch-package"))
    };
    all.iter().any(patcher)
        || ["package.json", "pnpm-workspace.yaml"]
            .iter()
            .filter_map(|name| view.text(name))
            .any(|source| source.text.contains("patchedDependencies"))
}

fn runner(view: &Dir<'_>, package: &Package) -> Option<Runner> {
    let depends = |name: &str| package.dependency_names(false).any(|found| found == name);
    if view.has("turbo.json") && depends("turbo") {
        Some(Runner::Turbo)
    } else if view.has("nx.json") && depends("nx") {
        Some(Runner::Nx)
    } else {
        None
    }
}
