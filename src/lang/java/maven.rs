//! Maven: reactors and their modules, which of them are programs, and what a build leaves.

use std::collections::{BTreeMap, BTreeSet};

use super::mains::{is_class, mains};
use super::plugins::Plugins;
use super::pom::{Chain, Coordinates, Placed, Pom, children};
use super::{Build, JavaModel, Libraries, Product, java_version};
use crate::diag::{Diagnostic, Location};
use crate::facts::{Confidence, Evidence, Kind, Rank};
use crate::lang::{Component, Dependency, Manifest, Model};
use crate::parse::version::{Constraint, Version};
use crate::repo::{Dir, RelPath, Repo};

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
    /// What `-D` sets for the build.
    pub properties: Vec<String>,
    /// An extension asks for the machine's architecture, so that the jars are made for one.
    pub native: bool,
}

/// What `mvnw` fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapper {
    Current,
    /// A Maven whose dependency plugin cannot leave out a reactor's own modules.
    Old,
}

/// Modules' dependencies on each other that are followed.
const MAX_MODULES: usize = 2_000;

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
    poms: &'r BTreeMap<RelPath, Pom>,
    chains: BTreeMap<&'r RelPath, Chain<'r>>,
    /// `group:artifact` to the module's folder.
    names: BTreeMap<String, &'r RelPath>,
    /// A module's folder to that of the POM that names it.
    aggregators: BTreeMap<RelPath, &'r RelPath>,
    /// Names of artifacts that modules of the repository depend on.
    used: BTreeSet<String>,
}

impl<'r> World<'r> {
    fn of(repo: &'r Repo, poms: &'r BTreeMap<RelPath, Pom>) -> Self {
        let chains: BTreeMap<&RelPath, Chain<'_>> = poms
            .keys()
            .filter_map(|dir| Some((dir, Chain::of(dir, poms)?)))
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
        let used = chains
            .values()
            .flat_map(|chain| {
                dependencies(chain)
                    .into_iter()
                    .map(|(dependency, _)| dependency.name)
            })
            .filter(|name| names.contains_key(name))
            .collect();
        Self {
            repo,
            poms,
            chains,
            names,
            aggregators,
            used,
        }
    }

    /// The POM that a build of this module starts from.
    fn reactor(&self, dir: &'r RelPath) -> &'r RelPath {
        let mut root = dir;
        for _ in 0..MAX_MODULES {
            match self.aggregators.get(root) {
                Some(above) if *above != dir => root = above,
                _ => break,
            }
        }
        root
    }

    fn component(&self, dir: &'r RelPath, diagnostics: &mut Vec<Diagnostic>) -> Option<Component> {
        let chain = self.chains.get(dir)?;
        let plugins = Plugins { chain };
        let program = self.program(chain, &plugins, diagnostics)?;
        let reactor = self.reactor(dir);
        let poms = self.poms_of(reactor);
        // A parent beside the reactor's folder must be in the build, so the root is above both.
        let root = poms
            .iter()
            .filter_map(RelPath::parent)
            .fold(reactor.clone(), |root, dir| common(&root, &dir));
        let root_view = self.repo.dir(&root);
        let reactor_view = self.repo.dir(reactor);
        let wrapper = if root == *reactor {
            wrapper(&reactor_view)
        } else {
            None
        };

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
                .and_then(|name| name.text())
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
            wrapper,
            config: root_view.has_dir(".mvn") && root == *reactor,
            file: (root != *reactor).then(|| {
                reactor
                    .below(&root)
                    .unwrap_or_default()
                    .join("pom.xml")
                    .to_string()
            }),
            module: (dir != reactor).then(|| relative(reactor, dir)).flatten(),
            properties: self.properties(&poms),
            native: poms.iter().any(|pom| {
                self.repo.read(pom).is_ok_and(|source| {
                    source.text.contains("${os.detected.")
                        || source.text.contains("os-maven-plugin")
                })
            }),
            poms,
        };
        let runs_tests = maven
            .properties
            .iter()
            .any(|property| property == "skipTests");
        let mut component = Component::new(
            "java",
            dir.clone(),
            manifest,
            Model::Java(JavaModel {
                build: Build::Maven(maven),
                product: Product {
                    libraries,
                    jar: format!("target/{}", program.jar),
                    output: "target".to_owned(),
                    fat: program.fat,
                    main_in_jar: program.main_in_jar,
                },
            }),
        );
        component.root = root;
        component.code = code;
        component.sure = program.sure;
        versions(chain, &plugins, &mut component);
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

    /// Every POM of the reactor, with the parents that lie beside it.
    fn poms_of(&self, reactor: &RelPath) -> Vec<RelPath> {
        let mut dirs: BTreeSet<RelPath> = BTreeSet::new();
        let mut open = vec![reactor.clone()];
        while let Some(dir) = open.pop() {
            if dirs.len() >= MAX_MODULES
                || !self.poms.contains_key(&dir)
                || !dirs.insert(dir.clone())
            {
                continue;
            }
            if let Some(pom) = self.poms.get(&dir) {
                open.extend(pom.modules());
            }
            if let Some(chain) = self.chains.get(&dir) {
                open.extend(chain.all().iter().map(|pom| pom.dir.clone()));
            }
        }
        dirs.iter().map(|dir| dir.join("pom.xml")).collect()
    }

    /// Dependencies with those of the repository's own modules among them, and the folders of
    /// these modules.
    fn all_dependencies(&self, chain: &Chain<'r>) -> (Vec<Dependency>, Vec<RelPath>) {
        let mut all: Vec<Dependency> = Vec::new();
        let mut seen: BTreeSet<&RelPath> = BTreeSet::new();
        let mut open = vec![(chain, true)];
        while let Some((chain, production)) = open.pop() {
            for (mut dependency, _) in dependencies(chain) {
                dependency.production &= production;
                if let Some(dir) = self.names.get(&dependency.name)
                    && seen.len() < MAX_MODULES
                    && seen.insert(dir)
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
        let dirs = seen.into_iter().cloned().collect();
        (all, dirs)
    }

    /// `-D` properties that leave out what an image does not need.
    fn properties(&self, poms: &[RelPath]) -> Vec<String> {
        let mut texts = poms
            .iter()
            .filter_map(|pom| self.poms.get(&pom.parent().unwrap_or_default()));
        let uses_test_jar = texts.any(|pom| {
            children(pom.at(&["dependencies"])).any(|(_, dependency)| {
                let is = |key: &str, value: &str| {
                    dependency.get(key).and_then(|tree| tree.text()) == Some(value)
                };
                is("type", "test-jar") || is("classifier", "tests")
            })
        });
        // Tests that another module uses are compiled all the same.
        let mut properties = vec![if uses_test_jar {
            "skipTests".to_owned()
        } else {
            "maven.test.skip=true".to_owned()
        }];
        let has = |artifact: &str| {
            poms.iter().any(|pom| {
                self.chains
                    .get(&pom.parent().unwrap_or_default())
                    .is_some_and(|chain| {
                        Plugins { chain }
                            .active()
                            .iter()
                            .any(|plugin| plugin.artifact == artifact)
                    })
            })
        };
        for (artifact, property) in [
            ("maven-source-plugin", "maven.source.skip=true"),
            ("maven-javadoc-plugin", "maven.javadoc.skip=true"),
        ] {
            if has(artifact) {
                properties.push(property.to_owned());
            }
        }
        properties
    }

    fn program(
        &self,
        chain: &Chain<'r>,
        plugins: &Plugins<'_, 'r>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Program> {
        let own = chain.own();
        let packaging = chain
            .text(&["packaging"], false)
            .unwrap_or_else(|| "jar".to_owned());
        let ending = match packaging.as_str() {
            "jar" | "quarkus" => "jar",
            "war" => "war",
            _ => return None,
        };
        let view = self.repo.dir(&own.dir);
        let boot = plugins.repackages();
        if ending == "war" && !boot {
            let at = own.at(&["packaging"]).map(|tree| tree.span.clone());
            diagnostics.push(
                Diagnostic::warning(
                    "java-war",
                    "a war without Spring Boot needs a servlet container, which dockgen does not plan",
                )
                .pointing(&own.source, at.unwrap_or_default())
                .with_help("package it as an executable jar, or write the Dockerfile on a Tomcat or Jetty image"),
            );
            return None;
        }
        let archive = plugins.archive(ending);
        let mut program = Program {
            jar: archive.jar,
            fat: archive.fat,
            main_in_jar: archive.main.is_some(),
            mains: Vec::new(),
            found: Vec::new(),
            sure: Confidence::Certain,
        };
        let configured = archive
            .main
            .into_iter()
            .chain(plugins.mains())
            .filter(|placed| is_class(&placed.text));
        for placed in configured {
            let why = format!("the POM names the class {}", placed.text);
            program.mains.push((
                placed.text.clone(),
                Evidence::span("java/pom-main", placed.source, &placed.span, why),
            ));
        }
        if boot
            || plugins.has("io.quarkus", "quarkus-maven-plugin")
            || plugins.has("io.quarkus.platform", "quarkus-maven-plugin")
        {
            return Some(program);
        }
        if !program.mains.is_empty() {
            return Some(program);
        }
        program.found = mains(&view);
        program.sure = Confidence::Likely;
        if program.found.is_empty() {
            return None;
        }
        // A module that others use is a library with a program for trying it out.
        let name = format!("{}:{}", chain.group().unwrap_or_default(), chain.artifact());
        (!self.used.contains(&name)).then_some(program)
    }
}

/// What is known of a module that is a program.
struct Program {
    jar: String,
    fat: bool,
    main_in_jar: bool,
    /// Classes that the POM names.
    mains: Vec<(String, Evidence)>,
    /// Classes that the sources have.
    found: Vec<super::mains::Main>,
    sure: Confidence,
}

const BOOT_PLUGIN: &str = "org.springframework.boot:spring-boot-maven-plugin";

/// The version of Spring Boot: of its parent, its plugin or its list of versions.
fn boot_version(chain: &Chain<'_>, plugins: &Plugins<'_, '_>) -> Option<String> {
    let (group, artifact) = BOOT_PLUGIN.split_once(':')?;
    plugins
        .version(group, artifact)
        .or_else(|| {
            chain
                .outside
                .as_ref()
                .filter(|outside| outside.group == group)
                .map(|outside| outside.version.clone())
        })
        .or_else(|| {
            imports(chain)
                .into_iter()
                .find(|(coordinates, _)| coordinates.group == group)
                .map(|(coordinates, _)| coordinates.version)
        })
}

/// What detectors may ask for: dependencies, the parent outside, imported lists of versions,
/// and the plugins that take part in the build; only the first run in production.
fn manifest_dependencies<'r>(
    chain: &Chain<'r>,
    plugins: &Plugins<'_, 'r>,
    mut all: Vec<Dependency>,
) -> Vec<Dependency> {
    let own = chain.own();
    let mut push = |coordinates: Coordinates, at: Location| {
        all.push(Dependency {
            name: coordinates.name(),
            version: coordinates.version,
            production: false,
            at,
        });
    };
    let boot = boot_version(chain, plugins);
    if let Some(outside) = &chain.outside {
        let last = chain.all().last().copied().unwrap_or(own);
        let span = last.at(&["parent"]).map(|tree| tree.span.clone());
        push(
            outside.clone(),
            Location::in_source(&last.source, &span.unwrap_or_default()),
        );
    }
    for (coordinates, placed) in imports(chain) {
        push(
            coordinates,
            Location::in_source(placed.source, &placed.span),
        );
    }
    for plugin in plugins.active() {
        let name = format!("{}:{}", plugin.group, plugin.artifact);
        let is_boot = name == BOOT_PLUGIN;
        if is_boot && !plugins.repackages() {
            continue;
        }
        let version = if is_boot {
            boot.clone()
        } else {
            plugins.version(&plugin.group, &plugin.artifact)
        };
        push(
            Coordinates {
                version: version.unwrap_or_default(),
                group: plugin.group,
                artifact: plugin.artifact,
            },
            plugin.at,
        );
    }
    all
}

/// The POM's dependencies and its parents', with their places.
fn dependencies<'p>(chain: &Chain<'p>) -> Vec<(Dependency, &'p Pom)> {
    let mut found: Vec<(Dependency, &Pom)> = Vec::new();
    for pom in chain.all() {
        for (_, tree) in children(pom.at(&["dependencies"])) {
            let text = |key: &str| {
                tree.get(key)
                    .and_then(|tree| tree.text())
                    .and_then(|text| chain.resolve(text))
            };
            let (Some(group), Some(artifact)) = (text("groupId"), text("artifactId")) else {
                continue;
            };
            let name = format!("{group}:{artifact}");
            if found.iter().any(|(known, _)| known.name == name) {
                continue;
            }
            let managed = managed(chain, &group, &artifact);
            let of_managed = |key: &str| {
                managed
                    .and_then(|tree| tree.get(key))
                    .and_then(|tree| tree.text())
                    .and_then(|text| chain.resolve(text))
            };
            let scope = text("scope").or_else(|| of_managed("scope"));
            found.push((
                Dependency {
                    name,
                    version: text("version")
                        .or_else(|| of_managed("version"))
                        .unwrap_or_default(),
                    production: !matches!(
                        scope.as_deref(),
                        Some("test" | "provided" | "system" | "import")
                    ) && text("type").as_deref() != Some("test-jar"),
                    at: Location::in_source(&pom.source, &tree.span),
                },
                pom,
            ));
        }
    }
    found
}

fn managed<'p>(chain: &Chain<'p>, group: &str, artifact: &str) -> Option<&'p crate::parse::Tree> {
    chain.all().iter().find_map(|pom| {
        children(pom.at(&["dependencyManagement", "dependencies"]))
            .map(|(_, tree)| tree)
            .find(|tree| {
                let is = |key: &str, value: &str| {
                    tree.get(key).and_then(|tree| tree.text()) == Some(value)
                };
                is("groupId", group) && is("artifactId", artifact)
            })
    })
}

/// Lists of versions that the POM or a parent imports.
fn imports<'p>(chain: &Chain<'p>) -> Vec<(Coordinates, Placed<'p>)> {
    let mut found = Vec::new();
    for pom in chain.all() {
        for (_, tree) in children(pom.at(&["dependencyManagement", "dependencies"])) {
            let text = |key: &str| {
                tree.get(key)
                    .and_then(|tree| tree.text())
                    .and_then(|text| chain.resolve(text))
            };
            if text("scope").as_deref() == Some("import")
                && let (Some(group), Some(artifact)) = (text("groupId"), text("artifactId"))
            {
                let placed = Placed {
                    text: artifact.clone(),
                    source: &pom.source,
                    span: tree.span.clone(),
                };
                let version = text("version").unwrap_or_default();
                found.push((
                    Coordinates {
                        group,
                        artifact,
                        version,
                    },
                    placed,
                ));
            }
        }
    }
    found
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

/// Maven before 3.9 brings version 2.8 of the dependency plugin.
/// Source: Maven's super POM and default bindings of 3.8 and 3.9.
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
fn relative(reactor: &RelPath, dir: &RelPath) -> Option<String> {
    if let Some(below) = dir.below(reactor) {
        return Some(below.to_string());
    }
    let shared = common(reactor, dir);
    let up = "../".repeat(reactor.below(&shared)?.depth());
    Some(format!("{up}{}", dir.below(&shared)?))
}
