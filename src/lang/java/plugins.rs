//! Plugins of a POM: which take part in the build, and what they are told.

use std::collections::BTreeSet;

use super::pom::{Chain, Placed, Pom, children};
use crate::diag::Location;
use crate::parse::{Node, Tree};

const MAVEN: &str = "org.apache.maven.plugins";

pub(super) struct Plugins<'c, 'p> {
    pub chain: &'c Chain<'p>,
}

/// A plugin that takes part in the build.
pub(super) struct Active {
    pub group: String,
    pub artifact: String,
    pub at: Location,
}

/// The archive that the image runs.
pub(super) struct Archive<'p> {
    /// Its name in the output folder; `*` stands for the version.
    pub jar: String,
    /// It holds the classes of its dependencies.
    pub fat: bool,
    /// The class that its manifest names.
    pub main: Option<Placed<'p>>,
}

impl<'p> Plugins<'_, 'p> {
    /// Declarations of one plugin, those that take part in the build before those that only
    /// configure it, the nearest POM first.
    fn declarations(&self, group: &str, artifact: &str) -> Vec<(&'p Pom, &'p Tree)> {
        let mut found = Vec::new();
        for path in [
            &["build", "plugins"][..],
            &["build", "pluginManagement", "plugins"],
        ] {
            for (pom, list) in self.chain.every(path) {
                found.extend(
                    children(Some(list))
                        .map(|(_, plugin)| plugin)
                        .filter(|plugin| is(plugin, group, artifact))
                        .map(|plugin| (pom, plugin)),
                );
            }
        }
        found
    }

    pub(super) fn active(&self) -> Vec<Active> {
        let mut seen = BTreeSet::new();
        let mut active = Vec::new();
        for (pom, list) in self.chain.every(&["build", "plugins"]) {
            for (_, plugin) in children(Some(list)) {
                let text = |key: &str| {
                    plugin
                        .get(key)
                        .and_then(Tree::text)
                        .and_then(|text| self.chain.resolve(text))
                };
                let Some(artifact) = text("artifactId") else {
                    continue;
                };
                let group = text("groupId").unwrap_or_else(|| MAVEN.to_owned());
                if seen.insert((group.clone(), artifact.clone())) {
                    active.push(Active {
                        group,
                        artifact,
                        at: Location::in_source(&pom.source, &plugin.span),
                    });
                }
            }
        }
        active
    }

    /// True when the plugin takes part in the build of this module.
    pub(super) fn has(&self, group: &str, artifact: &str) -> bool {
        self.active()
            .iter()
            .any(|plugin| plugin.group == group && plugin.artifact == artifact)
    }

    pub(super) fn version(&self, group: &str, artifact: &str) -> Option<String> {
        self.declarations(group, artifact)
            .iter()
            .find_map(|(_, plugin)| self.chain.resolve(plugin.get("version")?.text()?))
    }

    /// A text of the plugin's configuration, then of its executions'.
    pub(super) fn config(&self, group: &str, artifact: &str, path: &[&str]) -> Option<Placed<'p>> {
        let declarations = self.declarations(group, artifact);
        declarations.iter().find_map(|(pom, plugin)| {
            configurations(plugin).find_map(|configuration| {
                let tree = configuration.at(path)?;
                self.chain.place(pom, tree)
            })
        })
    }

    /// The first text under this name anywhere in the plugin's configuration.
    fn deep(&self, group: &str, artifact: &str, name: &str) -> Option<Placed<'p>> {
        let declarations = self.declarations(group, artifact);
        declarations.iter().find_map(|(pom, plugin)| {
            configurations(plugin).find_map(|configuration| {
                let tree = find(configuration, name)?;
                self.chain.place(pom, tree)
            })
        })
    }

    /// True when one of the goals is bound to a phase of the build.
    fn binds(&self, group: &str, artifact: &str, goals: &[&str]) -> bool {
        self.has(group, artifact)
            && self
                .declarations(group, artifact)
                .iter()
                .any(|(_, plugin)| {
                    children(plugin.get("executions")).any(|(_, execution)| {
                        children(execution.get("goals"))
                            .filter_map(|(_, goal)| goal.text())
                            .any(|goal| goals.contains(&goal))
                    })
                })
    }

    /// True when Spring Boot's plugin makes the jar executable: it does so by itself only under
    /// Spring Boot's own parent.
    pub(super) fn repackages(&self) -> bool {
        let (group, artifact) = ("org.springframework.boot", "spring-boot-maven-plugin");
        let under_parent = self.chain.outside.as_ref().is_some_and(|outside| {
            outside.group == group && outside.artifact == "spring-boot-starter-parent"
        });
        let skipped = self
            .config(group, artifact, &["skip"])
            .is_some_and(|skip| skip.text == "true");
        self.has(group, artifact)
            && !skipped
            && (under_parent || self.binds(group, artifact, &["repackage"]))
    }

    /// True when the war's manifest names a class that serves it.
    pub(super) fn is_executable_war(&self) -> bool {
        let packaging = self.chain.text(&["packaging"], false);
        packaging.as_deref() == Some("war") && !self.repackages() && self.main_of_war().is_some()
    }

    fn main_of_war(&self) -> Option<Placed<'p>> {
        let plugin = "maven-war-plugin";
        self.deep(MAVEN, plugin, "mainClass")
            .or_else(|| self.deep(MAVEN, plugin, "Main-Class"))
    }

    /// True when the build packs the module so that it is started alone.
    pub(super) fn pack_a_program(&self) -> bool {
        self.archive("jar").fat
            || self.has("org.codehaus.mojo", "appassembler-maven-plugin")
            || self.has("com.google.cloud.tools", "jib-maven-plugin")
            || self.binds(MAVEN, "maven-assembly-plugin", &["single"])
    }

    /// The port that a plugin which makes an image is told.
    pub(super) fn image_port(&self) -> Option<Placed<'p>> {
        [
            ("com.google.cloud.tools", "jib-maven-plugin"),
            ("io.fabric8", "docker-maven-plugin"),
        ]
        .iter()
        .filter(|(group, artifact)| self.has(group, artifact))
        .find_map(|(group, artifact)| self.deep(group, artifact, "port"))
    }

    /// The archive that `package` leaves for running.
    pub(super) fn archive(&self, ending: &str) -> Archive<'p> {
        let name = self.final_name();
        let main = self.deep(MAVEN, "maven-jar-plugin", "mainClass");
        let boot = ("org.springframework.boot", "spring-boot-maven-plugin");
        if self.repackages() {
            let classifier = self
                .config(boot.0, boot.1, &["classifier"])
                .map(|placed| placed.text);
            let name = self
                .config(boot.0, boot.1, &["finalName"])
                .map_or(name, |placed| placed.text);
            return Archive {
                jar: joined(&name, classifier.as_deref(), ending),
                fat: true,
                main: self.config(boot.0, boot.1, &["mainClass"]),
            };
        }
        if ending == "war" {
            return Archive {
                jar: joined(&name, None, ending),
                fat: true,
                main: self.main_of_war(),
            };
        }
        if self.binds(MAVEN, "maven-shade-plugin", &["shade"]) || self.is_micronaut() {
            let plugin = (MAVEN, "maven-shade-plugin");
            let attached = self
                .config(plugin.0, plugin.1, &["shadedArtifactAttached"])
                .is_some_and(|attached| attached.text == "true");
            let classifier = attached.then(|| {
                self.config(plugin.0, plugin.1, &["shadedClassifierName"])
                    .map_or_else(|| "shaded".to_owned(), |placed| placed.text)
            });
            let name = self
                .config(plugin.0, plugin.1, &["finalName"])
                .map_or(name, |placed| placed.text);
            let main = self
                .deep(plugin.0, plugin.1, "mainClass")
                .or_else(|| self.deep(plugin.0, plugin.1, "Main-Class"))
                .or_else(|| {
                    self.is_micronaut()
                        .then(|| self.chain.property("exec.mainClass"))
                        .flatten()
                })
                .or(main);
            return Archive {
                jar: joined(&name, classifier.as_deref(), ending),
                fat: true,
                main,
            };
        }
        if self.binds(MAVEN, "maven-assembly-plugin", &["single"])
            && let Some(descriptor) = self.deep(MAVEN, "maven-assembly-plugin", "descriptorRef")
            && descriptor.text == "jar-with-dependencies"
        {
            let plugin = (MAVEN, "maven-assembly-plugin");
            let plain = self
                .config(plugin.0, plugin.1, &["appendAssemblyId"])
                .is_some_and(|append| append.text == "false");
            let name = self
                .config(plugin.0, plugin.1, &["finalName"])
                .map_or(name, |placed| placed.text);
            return Archive {
                jar: joined(&name, (!plain).then_some("jar-with-dependencies"), ending),
                fat: true,
                main: self.deep(plugin.0, plugin.1, "mainClass"),
            };
        }
        Archive {
            jar: joined(&name, None, ending),
            fat: false,
            main: main.or_else(|| self.deep(MAVEN, "maven-jar-plugin", "Main-Class")),
        }
    }

    /// Classes that other plugins and well-known properties name.
    pub(super) fn mains(&self) -> Vec<Placed<'p>> {
        let plugins = [
            ("org.codehaus.mojo", "exec-maven-plugin"),
            ("com.google.cloud.tools", "jib-maven-plugin"),
            ("org.codehaus.mojo", "appassembler-maven-plugin"),
            (MAVEN, "maven-assembly-plugin"),
        ];
        let properties = ["start-class", "exec.mainClass", "main.class", "mainClass"];
        plugins
            .iter()
            .filter_map(|(group, artifact)| self.deep(group, artifact, "mainClass"))
            .chain(
                properties
                    .iter()
                    .filter_map(|name| self.chain.property(name)),
            )
            .collect()
    }

    /// Micronaut's parent shades the jar.
    fn is_micronaut(&self) -> bool {
        self.chain.outside.as_ref().is_some_and(|outside| {
            outside.artifact == "micronaut-parent" && outside.group.starts_with("io.micronaut")
        })
    }

    /// The archive's name without its ending. What changes with each release becomes `*`, so that
    /// the Dockerfile outlives it.
    fn final_name(&self) -> String {
        let default = format!("{}-*", self.chain.artifact());
        let raw = self
            .chain
            .every(&["build", "finalName"])
            .find_map(|(_, name)| name.text());
        let Some(raw) = raw else { return default };
        let version = |name: &str| {
            matches!(
                name,
                "project.version" | "pom.version" | "version" | "revision" | "sha1" | "changelist"
            )
            .then(|| "*".to_owned())
        };
        match self.chain.replace(raw, version) {
            Some(name) if is_file_name(&name) => name,
            _ => "*".to_owned(),
        }
    }
}

/// Harmless in a shell beside `*`, and one part of a path.
fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['-', '.'])
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-*+".contains(&b))
}

fn joined(name: &str, classifier: Option<&str>, ending: &str) -> String {
    let name = if is_file_name(name) { name } else { "*" };
    match classifier.filter(|classifier| is_file_name(classifier)) {
        Some(classifier) => format!("{name}-{classifier}.{ending}"),
        None => format!("{name}.{ending}"),
    }
}

fn is(plugin: &Tree, group: &str, artifact: &str) -> bool {
    let text = |key: &str| plugin.get(key).and_then(Tree::text);
    text("artifactId") == Some(artifact) && text("groupId").unwrap_or(MAVEN) == group
}

fn configurations(plugin: &Tree) -> impl Iterator<Item = &Tree> {
    plugin.get("configuration").into_iter().chain(
        children(plugin.get("executions"))
            .filter_map(|(_, execution)| execution.get("configuration")),
    )
}

/// The first text element of this name, at any depth.
fn find<'t>(tree: &'t Tree, name: &str) -> Option<&'t Tree> {
    let Node::Table(entries) = &tree.node else {
        return None;
    };
    entries.iter().find_map(|(key, value)| {
        if key == name && value.text().is_some() {
            return Some(value);
        }
        find(value, name)
    })
}
