//! Maven: reactors and their modules, which of them are programs, and what a build leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::dependencies::{dependencies, manifest_dependencies};
use super::plugins::Plugins;
use super::pom::{Chain, Pom, children};
use super::profiles::Chosen;
use super::program::program;
use super::reactor::{MAX_MODULES, Reactor, Wrapper, relative};
use super::{Build, JavaModel, Libraries, Product, java_version};
use crate::diag::Diagnostic;
use crate::facts::{Confidence, Evidence, Kind, Own, Rank};
use crate::lang::{Component, Dependency, Manifest};
use crate::parse::Tree;
use crate::parse::version::Constraint;
use crate::repo::{RelPath, Repo};

/// How Maven builds a component.
#[derive(Debug)]
pub struct Maven {
    /// The repository's own `mvnw` is used.
    pub wrapper: Option<Wrapper>,
    /// `.mvn` stands beside the reactor's POM.
    pub config: bool,
    /// The reactor's POM as seen from the project root, when it is not `pom.xml` there.
    pub file: Option<String>,
    /// Every POM that Maven reads before it starts, relative to the repository.
    pub poms: Vec<RelPath>,
    /// The module as `--projects` names it; absent when the reactor's POM is the component's own.
    pub module: Option<String>,
    /// What `-P` switches on for the build, with the reason.
    pub profiles: Vec<(String, Evidence)>,
    /// Properties that the profiles in the build set.
    pub profile_properties: Vec<(String, String)>,
    /// What `-P` may name.
    pub known_profiles: Vec<String>,
    /// What `-D` sets for the build.
    pub properties: Vec<String>,
    /// An extension asks for the machine's architecture, so that the jars are made for one.
    pub native: bool,
}

pub(super) fn components(
    repo: &Repo,
    dirs: &[&RelPath],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Component> {
    let mut poms: BTreeMap<RelPath, Pom> = BTreeMap::new();
    for dir in dirs {
        match Pom::read(repo, dir) {
            Ok(pom) => {
                poms.insert((*dir).clone(), pom);
            }
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    let world = World::of(repo, &poms);
    poms.keys()
        .filter_map(|dir| world.component(dir, diagnostics))
        .collect()
}

/// All POMs of the repository and how they hang together.
struct World<'r> {
    repo: &'r Repo,
    chains: BTreeMap<&'r RelPath, Chain<'r>>,
    /// `group:artifact` to the module's folder.
    names: BTreeMap<String, &'r RelPath>,
    /// A module's folder to that of the POM that its build starts from.
    starts: BTreeMap<&'r RelPath, &'r RelPath>,
    reactors: BTreeMap<&'r RelPath, Reactor>,
    /// Names of artifacts that modules with sources depend on.
    used: BTreeSet<String>,
}

impl<'r> World<'r> {
    fn of(repo: &'r Repo, poms: &'r BTreeMap<RelPath, Pom>) -> Self {
        let chains: BTreeMap<&RelPath, Chain<'_>> = poms
            .keys()
            .filter_map(|dir| Some((dir, Chain::of(repo, dir, poms)?)))
            .collect();
        let names: BTreeMap<String, &RelPath> = chains
            .iter()
            .filter_map(|(dir, chain)| {
                Some((format!("{}:{}", chain.group()?, chain.artifact()), *dir))
            })
            .collect();
        let mut aggregators = BTreeMap::new();
        for (dir, pom) in poms {
            for module in pom.modules() {
                if module != *dir && poms.contains_key(&module) {
                    aggregators.entry(module).or_insert(dir);
                }
            }
        }
        let starts: BTreeMap<&RelPath, &RelPath> = poms
            .keys()
            .map(|dir| (dir, start(dir, &aggregators)))
            .collect();
        let reactors = starts
            .values()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|dir| (*dir, Reactor::of(repo, dir, poms, &chains)))
            .collect();
        let used = chains
            .values()
            .filter(|chain| !gathers(chain))
            .flat_map(dependencies)
            .filter(|dependency| dependency.production)
            .map(|dependency| dependency.name)
            .filter(|name| names.contains_key(name))
            .collect();
        Self {
            repo,
            chains,
            names,
            starts,
            reactors,
            used,
        }
    }

    fn component(&self, dir: &'r RelPath, diagnostics: &mut Vec<Diagnostic>) -> Option<Component> {
        let chain = self.chains.get(dir)?;
        let plugins = Plugins { chain };
        let name = format!("{}:{}", chain.group().unwrap_or_default(), chain.artifact());
        let used = self.used.contains(&name);
        let program = program(self.repo, chain, &plugins, diagnostics)?;
        let start = *self.starts.get(dir)?;
        let reactor = self.reactors.get(start)?;
        let root = &reactor.root;

        let (all_dependencies, code) = self.all_dependencies(chain);
        let own = chain.own();
        let manifest = Manifest {
            path: own.source.path.clone(),
            name: Some(chain.artifact().to_owned()),
            version: chain.version(),
            description: chain.text(&["description"], false),
            license: own
                .at(&["licenses"])
                .and_then(|licenses| licenses.at(&["license", "name"]))
                .and_then(Tree::text)
                .filter(|name| !name.contains(' '))
                .map(str::to_owned),
            repository: chain
                .text(&["scm", "url"], false)
                .or_else(|| chain.text(&["url"], false)),
            dependencies: manifest_dependencies(chain, &plugins, all_dependencies),
            ..Manifest::default()
        };
        let production = manifest
            .dependencies
            .iter()
            .any(|dependency| dependency.production);
        let libraries = match (program.fat, production, &chain.outside) {
            (true, ..) | (_, false, None) => Libraries::None,
            (_, true, _) => Libraries::Known,
            (_, false, Some(_)) => Libraries::Unsure,
        };
        let maven = Maven {
            wrapper: reactor.wrapper,
            config: root == start && self.repo.dir(root).has_dir(".mvn"),
            file: (root != start).then(|| {
                let below = start.below(root).unwrap_or_default();
                below.join("pom.xml").to_string()
            }),
            module: (dir != start).then(|| relative(start, dir)).flatten(),
            profiles: chain
                .chosen()
                .into_iter()
                .map(|chosen| (chosen.name.clone(), reason(chosen)))
                .collect(),
            profile_properties: chain.profile_properties(),
            known_profiles: chain.profile_names(),
            properties: reactor.properties.clone(),
            native: reactor.native,
            poms: reactor.poms.clone(),
        };
        let runs_tests = maven
            .properties
            .iter()
            .any(|property| property == "skipTests");
        let mut component = Component::new(
            "java",
            dir.clone(),
            manifest,
            JavaModel {
                build: Build::Maven(maven),
                product: Product {
                    libraries,
                    jar: format!("target/{}", program.jar),
                    output: "target".to_owned(),
                    fat: program.fat,
                    main_in_jar: program.main_in_jar,
                },
            },
        );
        component.root = root.clone();
        component.code = code;
        component.sure = program.sure;
        component.made_to_run =
            Some(plugins.pack_a_program() || !used && program.sure == Confidence::Certain);
        component.used = used;
        versions(chain, &plugins, &mut component);
        image_port(chain, &plugins, &mut component);
        if plugins.is_executable_war() {
            serves_its_war(&mut component);
        }
        super::add_mains(&mut component, program.mains, program.found);
        component.facts.kind.add(
            Kind::Cli,
            Rank::Default,
            Confidence::Guess,
            Evidence::rule("java/no-server", "no code that serves was seen"),
        );
        component
            .facts
            .ignore_all("java/leftovers", "Maven leaves this behind", &["**/target"]);
        if !runs_tests {
            component.facts.ignore_all(
                "java/tests",
                "the build in the image runs no tests",
                &["**/src/test"],
            );
        }
        Some(component)
    }

    /// Dependencies with those of the repository's own modules among them, and the folders of
    /// the modules that the running program needs.
    fn all_dependencies(&self, chain: &Chain<'r>) -> (Vec<Dependency>, Vec<RelPath>) {
        let mut all: Vec<Dependency> = Vec::new();
        let mut seen: BTreeSet<(bool, &RelPath)> = BTreeSet::new();
        let mut open = vec![(chain, true)];
        while let Some((chain, production)) = open.pop() {
            for mut dependency in dependencies(chain) {
                dependency.production &= production;
                if let Some(dir) = self.names.get(&dependency.name)
                    && seen.len() < MAX_MODULES
                    && seen.insert((dependency.production, dir))
                    && let Some(module) = self.chains.get(dir)
                {
                    open.push((module, dependency.production));
                }
                match all.iter_mut().find(|known| known.name == dependency.name) {
                    Some(known) => known.production |= dependency.production,
                    None => all.push(dependency),
                }
            }
        }
        let dirs = seen
            .into_iter()
            .filter(|(production, _)| *production)
            .map(|(_, dir)| dir.clone())
            .collect();
        (all, dirs)
    }
}

/// A war with a main class brings its server; its libraries stay in it.
fn serves_its_war(component: &mut Component) {
    component.facts.kind.certain(
        Kind::Web,
        Rank::Manifest,
        Evidence::rule(
            "java/war",
            "the war's manifest names a class that serves it",
        ),
    );
    let why = "a war keeps its libraries within, where jdeps does not look";
    component.facts.own.add(
        "whole_runtime",
        Own::Text(why.to_owned()),
        Rank::Manifest,
        Confidence::Certain,
        Evidence::rule("java/war", why),
    );
}

/// The port that the module's POM names for its image: told to a plugin that makes one, or kept
/// in a property of its own.
fn image_port(chain: &Chain<'_>, plugins: &Plugins<'_, '_>, component: &mut Component) {
    let pom = chain.own();
    let property = children(pom.at(&["properties"])).find_map(|(name, tree)| {
        let mut words = name.rsplit(['.', '-', '_']);
        let of_port = words.next() == Some("port");
        let of_image =
            words.any(|word| matches!(word, "docker" | "image" | "container" | "exposed"));
        chain.place(pom, tree).filter(|_| of_port && of_image)
    });
    let Some(placed) = plugins.image_port().or(property) else {
        return;
    };
    // `8080:80` is the port of the machine and that of the image.
    let port = placed.text.rsplit(':').next().unwrap_or_default();
    if let Ok(port @ 1..) = port.parse::<u16>() {
        let why = format!("the POM names the port {port} for the image");
        component.facts.port.likely(
            port,
            Rank::Authors,
            Evidence::span("java/image-port", placed.source, &placed.span, why),
        );
    }
}

/// A module without sources of its own, which puts together what others build.
fn gathers(chain: &Chain<'_>) -> bool {
    chain.text(&["packaging"], false).as_deref() == Some("pom")
}

fn reason(chosen: &Chosen) -> Evidence {
    Evidence {
        rule: "java/profile".to_owned(),
        at: Some(chosen.at.clone()),
        why: "without it the build is for development".to_owned(),
    }
}

/// The POM that a build of this module starts from: the topmost that names it.
fn start<'r>(dir: &'r RelPath, aggregators: &BTreeMap<RelPath, &'r RelPath>) -> &'r RelPath {
    let mut start = dir;
    for _ in 0..MAX_MODULES {
        match aggregators.get(start) {
            Some(above) if *above != dir => start = above,
            _ => break,
        }
    }
    start
}

/// The version that the compiler is told, the most binding place first.
fn versions(chain: &Chain<'_>, plugins: &Plugins<'_, '_>, component: &mut Component) {
    let compiler =
        |key: &str| plugins.config("org.apache.maven.plugins", "maven-compiler-plugin", &[key]);
    let kotlin = plugins.config(
        "org.jetbrains.kotlin",
        "kotlin-maven-plugin",
        &["jvmTarget"],
    );
    let places = [
        ("java/compiler-release", compiler("release")),
        (
            "java/compiler-release",
            chain.property("maven.compiler.release"),
        ),
        ("java/compiler-target", compiler("target")),
        (
            "java/compiler-target",
            chain.property("maven.compiler.target"),
        ),
        (
            "java/compiler-source",
            chain.property("maven.compiler.source"),
        ),
        ("java/java-version", chain.property("java.version")),
        ("java/java-version", chain.property("release.version")),
        ("java/java-version", chain.property("jdk.version")),
        ("java/kotlin-target", kotlin),
        (
            "java/kotlin-target",
            chain.property("kotlin.compiler.jvmTarget"),
        ),
    ];
    for (rule, placed) in places {
        if let Some(placed) = placed
            && let Some(version) = java_version(&placed.text)
        {
            let why = format!("{} compiles for Java {version}", placed.source.path);
            component.facts.runtime.certain(
                Constraint::Line(version),
                Rank::Manifest,
                Evidence::span(rule, placed.source, &placed.span, why),
            );
        }
    }
}
