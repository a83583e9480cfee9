//! Java and Kotlin, built by Maven or Gradle.

mod config;
mod dependencies;
mod gradle;
mod gradle_catalog;
mod gradle_script;
mod mains;
mod maven;
mod plan;
mod plugins;
mod pom;
mod profiles;
mod program;
mod reach;
mod reactor;

pub use gradle::Gradle;
pub use maven::Maven;
pub use reactor::Wrapper;

use super::{Component, Entered, Language, Reach, pins};
use crate::diag::{Diagnostic, Location};
use crate::facts::{Confidence, Evidence, Found, Kind, Rank, push};
use crate::parse::toml;
use crate::parse::version::{Constraint, Version};
use crate::plan::{Failure, Made, Resolver};
use crate::repo::{Dir, RelPath, Repo};

pub struct Java;

/// What the plan needs to know of a Java program.
#[derive(Debug)]
pub struct JavaModel {
    pub build: Build,
    pub product: Product,
}

#[derive(Debug)]
pub enum Build {
    Maven(Maven),
    Gradle(Gradle),
}

/// What the build leaves, relative to the component's folder.
#[derive(Debug)]
pub struct Product {
    /// The archive, with `*` for the version; with Gradle's `installDist` the folder of archives.
    pub jar: String,
    /// The folder that the build writes to.
    pub output: String,
    /// The archive brings the classes of its dependencies.
    pub fat: bool,
    /// The archive's manifest names the main class.
    pub main_in_jar: bool,
    pub libraries: Libraries,
}

/// Whether there are libraries beside the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libraries {
    None,
    Known,
    /// Only a parent outside the repository may bring some.
    Unsure,
}

impl Language for Java {
    fn id(&self) -> &'static str {
        "java"
    }

    fn manifests(&self) -> &'static [&'static str] {
        &[
            "pom.xml",
            "build.gradle",
            "build.gradle.kts",
            "settings.gradle",
            "settings.gradle.kts",
        ]
    }

    fn sources(&self) -> &'static [&'static str] {
        &["java", "kt"]
    }

    fn components(
        &self,
        repo: &Repo,
        dirs: &[RelPath],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Component> {
        let (maven, gradle): (Vec<&RelPath>, Vec<&RelPath>) = dirs
            .iter()
            .filter(|dir| !is_made(dir))
            .partition(|dir| is_maven(&repo.dir(dir)));
        let mut components = maven::components(repo, &maven, diagnostics);
        components.extend(gradle::components(repo, &gradle, diagnostics));
        for component in &mut components {
            let view = repo.dir(&component.dir);
            let filter = match component.model.get::<JavaModel>() {
                Some(JavaModel {
                    build: Build::Maven(maven),
                    ..
                }) => maven.profile_properties.as_slice(),
                _ => &[],
            };
            component.manifest.settings =
                config::settings(repo, &component.dir, &component.code, filter, diagnostics);
            version_files(repo, component);
            let pinned = pins(&component.manifest.dependencies);
            component.pins.packages.extend(pinned.packages);
            keep_sources(&view, component);
        }
        components
    }

    fn plan(&self, resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
        plan::plan(resolver, kind)
    }

    fn reach(&self, component: &Component, main: Option<&str>, reach: &mut Reach<'_>) -> Entered {
        reach::reach(component, main, reach)
    }
}

/// Folders that a build has written: copies of manifests lie there.
fn is_made(dir: &RelPath) -> bool {
    dir.parts().any(|part| matches!(part, "target" | ".mvn"))
}

/// Of a folder with both, the one whose wrapper is there; Maven when that does not tell.
fn is_maven(dir: &Dir<'_>) -> bool {
    dir.has("pom.xml") && (!dir.has("gradlew") || dir.has("mvnw"))
}

/// `21`, `1.8` and `21.0.2-tem` as a version; `1.8` is 8.
fn java_version(text: &str) -> Option<Version> {
    let piece = text
        .trim()
        .split(['-', '@'])
        .find(|piece| piece.starts_with(|c: char| c.is_ascii_digit()))?;
    let version = Version::parse(piece)?;
    match version.parts() {
        [1, rest @ ..] if !rest.is_empty() => Some(Version::new([rest[0]])),
        [0, ..] => None,
        _ => Some(version),
    }
}

/// Files whose only purpose is to name the version, of the component or its project's root.
fn version_files(repo: &Repo, component: &mut Component) {
    let mut dirs = vec![component.dir.clone()];
    if component.root != component.dir {
        dirs.push(component.root.clone());
    }
    for dir in dirs {
        let view = repo.dir(&dir);
        for (name, key) in [
            (".sdkmanrc", "java="),
            (".java-version", ""),
            (".tool-versions", "java "),
        ] {
            let Some(source) = view.text(name) else {
                continue;
            };
            let found = source.text.lines().enumerate().find_map(|(at, line)| {
                let value = line.trim().strip_prefix(key)?;
                Some((at + 1, java_version(value.split_whitespace().next()?)?))
            });
            if let Some((line, version)) = found {
                let at = Location {
                    path: source.path.clone(),
                    line: Some(line),
                    column: Some(1),
                };
                add_version(component, version, name, at);
            }
        }
        for name in ["mise.toml", ".mise.toml", ".config/mise.toml"] {
            let Some(source) = view.text(name) else {
                continue;
            };
            let Ok(tree) = toml(&source) else { continue };
            let tool = tree.at(&["tools", "java"]).and_then(|tool| {
                let first = tool.items().first().unwrap_or(tool);
                first.get("version").or(Some(first))
            });
            if let Some(tool) = tool
                && let Some(version) = tool.scalar().and_then(java_version)
            {
                let at = Location::in_source(&source, &tool.span);
                add_version(component, version, name, at);
            }
        }
    }
}

fn add_version(component: &mut Component, version: Version, file: &str, at: Location) {
    component.facts.runtime.certain(
        Constraint::Line(version),
        Rank::Dedicated,
        Evidence {
            rule: "java/version-file".to_owned(),
            at: Some(at),
            why: format!("{file} names the version"),
        },
    );
}

/// Packages may be called `target` or `build`, as the folders that tools leave are.
fn keep_sources(view: &Dir<'_>, component: &mut Component) {
    let left: Vec<String> = component
        .facts
        .ignore
        .iter()
        .filter_map(|found| found.value.strip_prefix("**/").map(str::to_owned))
        .filter(|name| !name.contains('/'))
        .collect();
    let mut kept: Vec<String> = Vec::new();
    if view.has_dir("src/main") {
        for file in view.child("src/main").walk().take(20_000) {
            let Some(dir) = file.parent() else { continue };
            let mut path = String::from("src/main");
            for part in dir.parts() {
                path = format!("{path}/{part}");
                if left.iter().any(|name| name == part) && !kept.contains(&path) {
                    kept.push(path.clone());
                }
            }
        }
    }
    for value in kept {
        let why = format!("{value} holds sources");
        push(
            &mut component.facts.keep,
            Found {
                value,
                rank: Rank::Source,
                confidence: Confidence::Certain,
                evidence: Evidence::rule("java/sources", why),
            },
        );
    }
}

/// Main classes: those that the manifest names, then those of the sources.
fn add_mains(component: &mut Component, named: Vec<(String, Evidence)>, found: Vec<mains::Main>) {
    let main = &mut component.facts.main;
    for (class, evidence) in named {
        main.certain(class, Rank::Manifest, evidence);
    }
    let only = found.len() == 1;
    for one in found {
        let last = one.class.rsplit('.').next().unwrap_or_default();
        let likely = matches!(
            last,
            "Main" | "App" | "Application" | "MainKt" | "AppKt" | "ApplicationKt"
        );
        let (rank, confidence, why) = if only {
            (
                Rank::Manifest,
                Confidence::Certain,
                "it is the only class with a main method",
            )
        } else if one.spring {
            (
                Rank::Framework,
                Confidence::Likely,
                "its main method starts the application's context",
            )
        } else if likely {
            (
                Rank::Source,
                Confidence::Likely,
                "it is named like a program's entry",
            )
        } else {
            (
                Rank::Language,
                Confidence::Guess,
                "it is one of several classes with a main method",
            )
        };
        main.add(
            one.class,
            rank,
            confidence,
            Evidence {
                rule: "java/main".to_owned(),
                at: Some(one.at),
                why: why.to_owned(),
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_java() {
        for (text, expected) in [
            ("21", "21"),
            ("1.8", "8"),
            ("1.8.0_392", "8"),
            ("21.0.2-tem", "21.0.2"),
            ("temurin-21.0.5+11.0.LTS", "21.0.5"),
            ("openjdk64-11.0.2", "11.0.2"),
            ("17", "17"),
        ] {
            assert_eq!(java_version(text).unwrap().to_string(), expected, "{text}");
        }
        for bad in ["", "temurin", "0", "x1"] {
            assert_eq!(java_version(bad), None, "{bad}");
        }
    }
}
