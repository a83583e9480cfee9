//! Which manifests belong together: members of a workspace, and packages in other folders of the
//! repository that they depend on.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{CargoToml, Package, Requirement, Use};
use crate::diag::Diagnostic;
use crate::parse::{PathGlob, Tree};
use crate::repo::{RelPath, Repo};

/// Every manifest of the repository, and which workspace each is in.
pub(super) struct Cargo {
    pub manifests: BTreeMap<RelPath, CargoToml>,
    pub packages: BTreeMap<RelPath, Package>,
    /// Member to the workspace's root; a root with a package is its own member.
    roots: BTreeMap<RelPath, RelPath>,
    /// Root to its members.
    members: BTreeMap<RelPath, BTreeSet<RelPath>>,
    /// Folders whose manifest cannot be read.
    broken: BTreeSet<RelPath>,
}

impl Cargo {
    pub(super) fn read(repo: &Repo, dirs: &[RelPath], diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut manifests = BTreeMap::new();
        let mut broken = BTreeSet::new();
        for dir in dirs.iter().filter(|dir| is_source(repo, dir)) {
            match CargoToml::read(repo, dir) {
                Ok(manifest) => {
                    manifests.insert(dir.clone(), manifest);
                }
                Err(diagnostic) => {
                    broken.insert(dir.clone());
                    diagnostics.push(diagnostic);
                }
            }
        }
        let mut cargo = Self {
            manifests,
            packages: BTreeMap::new(),
            roots: BTreeMap::new(),
            members: BTreeMap::new(),
            broken,
        };
        cargo.find_members();
        let mut packages = BTreeMap::new();
        let mut nameless = BTreeSet::new();
        for (dir, manifest) in &cargo.manifests {
            let workspace = cargo.workspace(dir).or_else(|| cargo.around(dir));
            match manifest.package(repo, workspace) {
                Ok(Some(package)) => {
                    packages.insert(dir.clone(), package);
                }
                Ok(None) => {}
                Err(diagnostic) => {
                    nameless.insert(dir.clone());
                    diagnostics.push(diagnostic);
                }
            }
        }
        cargo.packages = packages;
        cargo.broken.extend(nameless);
        cargo.add_implicit_members();
        cargo
    }

    /// The manifest of the workspace that a package is in.
    pub(super) fn workspace(&self, dir: &RelPath) -> Option<&CargoToml> {
        self.manifests.get(self.roots.get(dir)?)
    }

    /// The nearest workspace above a package, which may turn out to be a member only once its
    /// dependencies are read.
    fn around(&self, dir: &RelPath) -> Option<&CargoToml> {
        let mut above = dir.parent();
        while let Some(at) = above {
            match self.manifests.get(&at) {
                Some(manifest) if manifest.workspace().is_some() => return Some(manifest),
                _ => above = at.parent(),
            }
        }
        None
    }

    /// The folder that holds the lock file and `target`: the workspace's root or the package itself.
    pub(super) fn root(&self, dir: &RelPath) -> RelPath {
        self.roots.get(dir).unwrap_or(dir).clone()
    }

    /// True when the workspace builds other members by default and this one not.
    pub(super) fn is_left_out(&self, dir: &RelPath) -> bool {
        let Some(root) = self.workspace(dir) else {
            return false;
        };
        let Some(defaults) = root.tree.at(&["workspace", "default-members"]) else {
            return false;
        };
        let defaults = Globs::new(defaults);
        let is_default =
            |dir: &RelPath| dir.below(&root.dir).is_some_and(|dir| defaults.hold(&dir));
        let members = self.members.get(&root.dir).into_iter().flatten();
        let some_program = members.clone().any(|member| {
            is_default(member)
                && self
                    .packages
                    .get(member)
                    .is_some_and(|package| !package.binaries.is_empty())
        });
        some_program && !is_default(dir)
    }

    /// False when cargo cannot build the package, because it reads a manifest that is broken.
    pub(super) fn is_sound(&self, dir: &RelPath) -> bool {
        let members = self.members.get(&self.root(dir)).into_iter().flatten();
        let read = self.read_with(dir);
        let required = read
            .iter()
            .filter_map(|dir| self.packages.get(dir))
            .flat_map(|package| &package.requirements)
            .filter_map(|found| found.path.as_ref());
        let patched: Vec<RelPath> = self.patch_paths(dir).collect();
        !members
            .chain(required)
            .chain(&patched)
            .any(|dir| self.broken.contains(dir))
    }

    /// A dependency of the package, or of one that cargo reads with it, at a path where there is
    /// no package: then nothing is built.
    pub(super) fn missing(&self, dir: &RelPath) -> Option<&Requirement> {
        let read = self.read_with(dir);
        self.packages
            .iter()
            .filter(|(dir, _)| read.contains(dir))
            .flat_map(|(_, package)| &package.requirements)
            .find(|found| {
                found.local
                    && !found.path.as_ref().is_some_and(|path| {
                        self.packages.contains_key(path) || self.broken.contains(path)
                    })
            })
    }

    /// Packages whose manifests cargo reads when it builds the one in `dir`, itself included:
    /// those of the workspace and every dependency with a path, whatever it is for.
    pub(super) fn read_with(&self, dir: &RelPath) -> BTreeSet<RelPath> {
        let root = self.root(dir);
        let mut start: BTreeSet<RelPath> = self.members.get(&root).cloned().unwrap_or_default();
        start.insert(dir.clone());
        self.follow(start, |_| true)
    }

    /// Packages that are compiled for the one in `dir`, itself included.
    pub(super) fn compiled_with(&self, dir: &RelPath) -> BTreeSet<RelPath> {
        self.follow(BTreeSet::from([dir.clone()]), |requirement| {
            requirement.kind != Use::Test
        })
    }

    /// The first files of the libraries of some packages, by the names that code calls them: the
    /// library's own, and what a manifest among them renames it to.
    pub(super) fn crate_roots(&self, dirs: &BTreeSet<RelPath>) -> BTreeMap<String, RelPath> {
        let ident = |name: &str| name.replace('-', "_");
        let root = |dir: &RelPath| {
            let library = self.packages.get(dir)?.library.as_ref()?;
            Some(dir.join(library.as_str()))
        };
        let mut roots = BTreeMap::new();
        for dir in dirs {
            if let (Some(root), Some(package)) = (root(dir), self.packages.get(dir)) {
                let own = self
                    .manifests
                    .get(dir)
                    .and_then(|manifest| manifest.tree.at(&["lib", "name"])?.text());
                roots.insert(ident(own.unwrap_or(&package.name)), root);
            }
        }
        for dir in dirs {
            let trees = self
                .manifests
                .get(dir)
                .into_iter()
                .chain(self.workspace(dir))
                .flat_map(|manifest| {
                    [
                        (&manifest.dir, manifest.tree.get("dependencies")),
                        (
                            &manifest.dir,
                            manifest.tree.at(&["workspace", "dependencies"]),
                        ),
                    ]
                });
            for (home, table) in trees {
                for (name, value) in table.map(Tree::entries).unwrap_or_default() {
                    if value.get("package").is_some()
                        && let Some(path) = value.get("path").and_then(Tree::text)
                        && let Some(root) = home.resolve(path).and_then(|dir| root(&dir))
                    {
                        roots.entry(ident(name)).or_insert(root);
                    }
                }
            }
        }
        roots
    }

    /// Packages of the repository that stand in for crates of a registry (`[patch]`,
    /// `[replace]`), and what those need: other crates do not compile without their sources.
    pub(super) fn patches(&self, dir: &RelPath) -> BTreeSet<RelPath> {
        self.follow(self.patch_paths(dir).collect(), |requirement| {
            requirement.kind != Use::Test
        })
    }

    fn patch_paths(&self, dir: &RelPath) -> impl Iterator<Item = RelPath> {
        let root = self.root(dir);
        let tree = self.manifests.get(&root).map(|manifest| &manifest.tree);
        let table = move |key: &str| tree.and_then(|tree| tree.get(key));
        table("patch")
            .map(Tree::entries)
            .unwrap_or_default()
            .iter()
            .map(|(_, crates)| crates)
            .chain(table("replace"))
            .flat_map(Tree::entries)
            .filter_map(move |(_, value)| root.resolve(value.get("path")?.text()?))
    }

    fn follow(
        &self,
        mut all: BTreeSet<RelPath>,
        counts: impl Fn(&Requirement) -> bool,
    ) -> BTreeSet<RelPath> {
        let mut open: Vec<RelPath> = all.iter().cloned().collect();
        while let Some(dir) = open.pop() {
            let Some(package) = self.packages.get(&dir) else {
                continue;
            };
            for requirement in package.requirements.iter().filter(|found| counts(found)) {
                if let Some(path) = &requirement.path
                    && self.packages.contains_key(path)
                    && all.insert(path.clone())
                {
                    open.push(path.clone());
                }
            }
        }
        all.retain(|dir| self.packages.contains_key(dir));
        all
    }

    fn find_members(&mut self) {
        for (root, manifest) in &self.manifests {
            let Some(workspace) = manifest.workspace() else {
                continue;
            };
            let listed = workspace.get("members").map(Globs::new);
            let excluded = Excluded::of(workspace);
            let mut members = BTreeSet::new();
            for (dir, other) in &self.manifests {
                let Some(below) = dir.below(root) else {
                    continue;
                };
                let own_workspace = dir != root && other.workspace().is_some();
                let is_listed = listed.as_ref().is_some_and(|globs| globs.hold(&below));
                if !own_workspace
                    && other.tree.get("package").is_some()
                    && (below.is_root() || is_listed && !excluded.hold(&below))
                {
                    members.insert(dir.clone());
                    self.roots.insert(dir.clone(), root.clone());
                }
            }
            let listed = self.broken.iter().filter(|dir| {
                let below = dir.below(root).filter(|below| !excluded.hold(below));
                below.is_some_and(|below| listed.as_ref().is_some_and(|globs| globs.hold(&below)))
            });
            members.extend(listed.cloned());
            self.members.insert(root.clone(), members);
        }
    }

    /// Dependencies with a path below the root are members without being listed.
    fn add_implicit_members(&mut self) {
        for root in self.members.keys().cloned().collect::<Vec<_>>() {
            let Some(excluded) = self
                .manifests
                .get(&root)
                .and_then(CargoToml::workspace)
                .map(Excluded::of)
            else {
                continue;
            };
            let listed = self.members.get(&root).cloned().unwrap_or_default();
            for dir in self.follow(listed, |_| true) {
                let inside = dir.below(&root).is_some_and(|below| !excluded.hold(&below));
                if inside && !self.roots.contains_key(&dir) {
                    self.roots.insert(dir.clone(), root.clone());
                    if let Some(members) = self.members.get_mut(&root) {
                        members.insert(dir);
                    }
                }
            }
        }
    }
}

/// False for what cargo made or fetched: `target`, a vendored crate.
fn is_source(repo: &Repo, dir: &RelPath) -> bool {
    !dir.parts().any(|part| part == "target") && !repo.dir(dir).has(".cargo-checksum.json")
}

/// Folders below a workspace's root, as `members` lists them.
struct Globs(Vec<PathGlob>);

impl Globs {
    fn new(list: &Tree) -> Self {
        let clean = |text: &str| {
            text.trim_start_matches("./")
                .trim_end_matches('/')
                .to_owned()
        };
        Self(
            list.texts()
                .map(clean)
                .filter_map(|text| {
                    let text = if text == "." { String::new() } else { text };
                    PathGlob::new(&text)
                })
                .collect(),
        )
    }

    fn hold(&self, dir: &RelPath) -> bool {
        self.0.iter().any(|glob| glob.is_match(dir.as_str()))
    }
}

/// Folders that a workspace excludes, with all below them.
struct Excluded(Vec<RelPath>);

impl Excluded {
    fn of(workspace: &Tree) -> Self {
        let list = workspace.get("exclude").into_iter().flat_map(Tree::texts);
        Self(list.filter_map(RelPath::new).collect())
    }

    fn hold(&self, dir: &RelPath) -> bool {
        self.0.iter().any(|excluded| dir.is_in(excluded))
    }
}
