//! A reactor: the POM that a build starts from, with everything that Maven reads before it starts.

use std::collections::{BTreeMap, BTreeSet};

use super::plugins::Plugins;
use super::pom::{Chain, Pom, children};
use crate::parse::Tree;
use crate::parse::version::Version;
use crate::repo::{Dir, RelPath, Repo};

/// Modules of one reactor that are followed.
pub(super) const MAX_MODULES: usize = 2_000;

/// What is common to all modules of a reactor.
pub(super) struct Reactor {
    /// Every POM of it, with the parents that lie beside it.
    pub poms: Vec<RelPath>,
    /// The folder that holds all of them.
    pub root: RelPath,
    pub wrapper: Option<Wrapper>,
    /// What `-D` sets, to leave out what an image does not need.
    pub properties: Vec<String>,
    /// An extension asks for the machine's architecture.
    pub native: bool,
}

/// What `mvnw` fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    Current,
    /// A Maven whose dependency plugin cannot leave out a reactor's own modules.
    Old,
}

impl Reactor {
    pub(super) fn of(
        repo: &Repo,
        dir: &RelPath,
        poms: &BTreeMap<RelPath, Pom>,
        chains: &BTreeMap<&RelPath, Chain<'_>>,
    ) -> Self {
        let dirs = members(dir, poms, chains);
        let root = dirs
            .iter()
            .fold(dir.clone(), |root, member| common(&root, member));
        let members: Vec<&Pom> = dirs.iter().filter_map(|dir| poms.get(dir)).collect();
        let active: BTreeSet<String> = dirs
            .iter()
            .filter_map(|dir| chains.get(dir))
            .flat_map(|chain| Plugins { chain }.active())
            .map(|plugin| plugin.artifact)
            .collect();
        Self {
            wrapper: if root == *dir {
                wrapper(&repo.dir(dir))
            } else {
                None
            },
            properties: properties(&members, &active),
            native: members.iter().any(|pom| {
                let text = &pom.source.text;
                text.contains("${os.detected.") || text.contains("os-maven-plugin")
            }),
            poms: dirs.iter().map(|dir| dir.join("pom.xml")).collect(),
            root,
        }
    }
}

fn members(
    reactor: &RelPath,
    poms: &BTreeMap<RelPath, Pom>,
    chains: &BTreeMap<&RelPath, Chain<'_>>,
) -> BTreeSet<RelPath> {
    let mut dirs: BTreeSet<RelPath> = BTreeSet::new();
    let mut open = vec![reactor.clone()];
    while let Some(dir) = open.pop() {
        let Some(pom) = poms.get(&dir) else { continue };
        if dirs.len() >= MAX_MODULES || !dirs.insert(dir.clone()) {
            continue;
        }
        open.extend(pom.modules());
        if let Some(chain) = chains.get(&dir) {
            open.extend(chain.all().iter().map(|pom| pom.dir.clone()));
        }
    }
    dirs
}

fn properties(members: &[&Pom], active: &BTreeSet<String>) -> Vec<String> {
    let uses_test_jar = members.iter().any(|pom| {
        children(pom.at(&["dependencies"])).any(|(_, dependency)| {
            let is =
                |key: &str, value: &str| dependency.get(key).and_then(Tree::text) == Some(value);
            is("type", "test-jar") || is("classifier", "tests")
        })
    });
    // Tests that another module uses are compiled all the same.
    let tests = if uses_test_jar {
        "skipTests"
    } else {
        "maven.test.skip=true"
    };
    let mut properties = vec![tests.to_owned()];
    for (artifact, property) in [
        ("maven-source-plugin", "maven.source.skip=true"),
        ("maven-javadoc-plugin", "maven.javadoc.skip=true"),
    ] {
        if active.contains(artifact) {
            properties.push(property.to_owned());
        }
    }
    properties
}

/// Maven before 3.9 brings version 2.8 of the dependency plugin.
/// From general knowledge: the super POMs were not read.
fn wrapper(reactor: &Dir<'_>) -> Option<Wrapper> {
    let source = reactor
        .text(".mvn/wrapper/maven-wrapper.properties")
        .filter(|_| reactor.has("mvnw"))?;
    let version = source
        .text
        .lines()
        .find(|line| line.starts_with("distributionUrl"))
        .and_then(|line| Version::parse(line.rsplit("apache-maven-").next()?));
    Some(match version {
        Some(version) if version < Version::new([3, 9]) => Wrapper::Old,
        _ => Wrapper::Current,
    })
}

fn common(a: &RelPath, b: &RelPath) -> RelPath {
    let shared = a
        .parts()
        .zip(b.parts())
        .take_while(|(left, right)| left == right);
    shared.fold(RelPath::root(), |path, (part, _)| path.join(part))
}

/// A module's folder as its reactor's POM would name it.
pub(super) fn relative(reactor: &RelPath, dir: &RelPath) -> Option<String> {
    if let Some(below) = dir.below(reactor) {
        return Some(below.to_string());
    }
    let shared = common(reactor, dir);
    let up = "../".repeat(reactor.below(&shared)?.depth());
    Some(format!("{up}{}", dir.below(&shared)?))
}
