//! Gradle: build scripts are programs, so they are read as text, for the forms that people write.
//!
//! Written from general knowledge; documented in Gradle's user manual, "Plugins", "Version catalogs", "Multi-project builds".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::gradle_catalog::{CatalogOfVersions, catalog};
use super::gradle_script::{
    INCLUDE, JAVA_VERSION, MAIN_CLASS, PRODUCTION, SCRIPTS, Script, dependencies, first, plugins,
    script, without_comments,
};
use super::mains::{is_class, mains};
use super::{Build, JavaModel, Libraries, Product, java_version};
use crate::diag::{Diagnostic, Location};
use crate::facts::{Confidence, Evidence, Kind, Rank};
use crate::lang::{Component, Manifest};
use crate::parse::version::{Constraint, Version};
use crate::repo::{Dir, RelPath, Repo};

/// How Gradle builds a component.
#[derive(Debug)]
pub struct Gradle {
    pub wrapper: bool,
    /// Every script and list that Gradle reads before it starts, relative to the repository.
    pub scripts: Vec<RelPath>,
    /// The project as Gradle names it: empty for the root, else `:app`.
    pub project: String,
    /// Properties that `-P` sets, with the reason.
    pub profiles: Vec<(String, Evidence)>,
    /// The task that makes the program.
    pub task: &'static str,
}

const SETTINGS: &[&str] = &["settings.gradle.kts", "settings.gradle"];

pub(super) fn components(
    repo: &Repo,
    dirs: &[&RelPath],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Component> {
    let mut roots: Vec<&RelPath> = dirs
        .iter()
        .copied()
        .filter(|dir| repo.dir(dir).first(SETTINGS).is_some())
        .collect();
    roots.sort_by_key(|root| std::cmp::Reverse(root.depth()));
    let mut catalogs: BTreeMap<RelPath, CatalogOfVersions> = BTreeMap::new();
    let mut found = Vec::new();
    for dir in dirs {
        if repo.dir(dir).first(SCRIPTS).is_none() {
            continue;
        }
        let root = roots
            .iter()
            .find(|root| dir.is_in(root))
            .map_or_else(|| (*dir).clone(), |root| (*root).clone());
        // Scripts of the build itself are no programs.
        if dir
            .parts()
            .any(|part| matches!(part, "buildSrc" | "build-logic" | "gradle"))
        {
            continue;
        }
        let catalog = catalogs
            .entry(root.clone())
            .or_insert_with(|| catalog(&repo.dir(&root), diagnostics));
        found.extend(component(repo, dir, &root, dirs, catalog));
    }
    found
}

fn component(
    repo: &Repo,
    dir: &RelPath,
    root: &RelPath,
    dirs: &[&RelPath],
    catalog: &CatalogOfVersions,
) -> Option<Component> {
    let view = repo.dir(dir);
    let root_view = repo.dir(root);
    let script = script(repo, &view, root)?;
    let plugins = plugins(&script, catalog);
    let has = |id: &str| plugins.iter().any(|plugin| plugin.name == id);
    let main = first(&script, &MAIN_CLASS).filter(|(class, _)| is_class(class));
    let dependencies = dependencies(repo, &script, catalog, root, 0);
    let libraries = dependencies.iter().any(|dependency| dependency.production);

    let mut product = Product {
        jar: "build/libs/*.jar".to_owned(),
        output: "build".to_owned(),
        fat: true,
        main_in_jar: true,
        libraries: Libraries::None,
    };
    let found = if main.is_some() || has("org.springframework.boot") || has("io.quarkus") {
        Vec::new()
    } else {
        mains(&view)
    };
    let any_main = main.is_some() || !found.is_empty();
    let task = if has("com.android.application") || has("com.android.library") {
        return None;
    } else if has("org.springframework.boot") {
        "bootJar"
    } else if has("io.quarkus") {
        "quarkusBuild"
    } else if has("io.ktor.plugin") {
        "buildFatJar"
    } else if has("com.gradleup.shadow") || has("com.github.johnrengelman.shadow") {
        "shadowJar"
    } else if has("application") || has("io.micronaut.application") {
        "build/install/*/lib".clone_into(&mut product.jar);
        product.fat = false;
        product.main_in_jar = false;
        product.libraries = Libraries::Known;
        "installDist"
    } else if any_main
        && (!libraries
            || script
                .texts
                .iter()
                .any(|text| text.text.contains("zipTree")))
    {
        product.main_in_jar = main.is_some();
        "jar"
    } else {
        return None;
    };
    if !any_main && matches!(task, "installDist" | "shadowJar" | "buildFatJar") {
        return None;
    }
    let scripts = scripts(repo, root, dirs);
    let wrapper = root_view.has("gradlew") && root_view.has("gradle/wrapper/gradle-wrapper.jar");
    let manifest = Manifest {
        path: script.source.path.clone(),
        name: name(&view, dir, root),
        dependencies: plugins.into_iter().chain(dependencies).collect(),
        ..Manifest::default()
    };
    let mut component = Component::new(
        "java",
        dir.clone(),
        manifest,
        JavaModel {
            build: Build::Gradle(Gradle {
                wrapper,
                scripts,
                project: project_path(dir, root),
                profiles: production(&script),
                task,
            }),
            product,
        },
    );
    component.code = projects(&component.manifest, dir, root);
    component.root = root.clone();
    component.sure = if task == "jar" {
        Confidence::Likely
    } else {
        Confidence::Certain
    };
    component.made_to_run = Some(task != "jar");
    versions(&script, &root_view, wrapper, &mut component);
    let mains = main
        .into_iter()
        .map(|(class, at)| {
            let why = format!("the build script names the class {class}");
            let evidence = Evidence {
                rule: "java/gradle-main".to_owned(),
                at: Some(at),
                why,
            };
            (class, evidence)
        })
        .collect();
    super::add_mains(&mut component, mains, found);
    component.facts.kind.add(
        Kind::Cli,
        Rank::Default,
        Confidence::Guess,
        Evidence::rule("java/no-server", "no code that serves was seen"),
    );
    component.facts.ignore_all(
        "java/leftovers",
        "Gradle leaves this behind",
        &["**/.gradle", "**/.kotlin", "**/build"],
    );
    component.facts.ignore_all(
        "java/tests",
        "the build in the image runs no tests",
        &["**/src/test"],
    );
    Some(component)
}

/// The property by which a build script is told to build for production.
fn production(script: &Script) -> Vec<(String, Evidence)> {
    first(script, &PRODUCTION)
        .map(|(name, at)| {
            let evidence = Evidence {
                rule: "java/gradle-property".to_owned(),
                at: Some(at),
                why: "without it the build is for development".to_owned(),
            };
            (name, evidence)
        })
        .into_iter()
        .collect()
}

/// Folders of the build's own projects that the program needs.
fn projects(manifest: &Manifest, dir: &RelPath, root: &RelPath) -> Vec<RelPath> {
    let mut dirs: Vec<RelPath> = manifest
        .dependencies
        .iter()
        .filter(|dependency| dependency.production)
        .filter_map(|dependency| dependency.name.strip_prefix("project"))
        .filter(|path| path.starts_with(':'))
        .map(|path| root.join(&path.trim_matches(':').replace(':', "/")))
        .filter(|other| other != dir)
        .collect();
    dirs.sort();
    dirs.dedup();
    dirs
}

/// `:services:api`; empty for the root.
fn project_path(dir: &RelPath, root: &RelPath) -> String {
    let below = dir.below(root).unwrap_or_default();
    below
        .parts()
        .flat_map(|part| [":", part])
        .collect::<Vec<_>>()
        .concat()
}

/// Everything that decides about dependencies: settings, scripts of all projects, the version
/// catalog, the wrapper, the sources of convention plugins.
fn scripts(repo: &Repo, root: &RelPath, dirs: &[&RelPath]) -> Vec<RelPath> {
    let mut files: BTreeSet<RelPath> = BTreeSet::new();
    let root_view = repo.dir(root);
    let at_root = [
        "settings.gradle.kts",
        "settings.gradle",
        "gradle.properties",
        "gradlew",
        "gradle.lockfile",
        "settings-gradle.lockfile",
    ];
    files.extend(
        at_root
            .iter()
            .filter(|name| root_view.has(name))
            .map(|name| root.join(name)),
    );
    let of_gradle = root.join("gradle");
    files.extend(repo.files_in(&of_gradle).take(50).cloned());
    for folder in ["buildSrc", "build-logic"] {
        if root_view.has_dir(folder) {
            files.insert(root.join(folder));
        }
    }
    let projects: BTreeSet<RelPath> = included(&root_view);
    for dir in dirs {
        let inside_build = dir.below(root).is_some_and(|below| {
            below
                .parts()
                .any(|part| matches!(part, "buildSrc" | "build-logic"))
        });
        if dir.is_in(root) && !inside_build && (*dir == root || projects.contains(*dir)) {
            let view = repo.dir(dir);
            let names = SCRIPTS
                .iter()
                .chain(&["gradle.lockfile", "gradle.properties"]);
            files.extend(
                names
                    .filter(|name| view.has(name))
                    .map(|name| dir.join(name)),
            );
        }
    }
    files.into_iter().collect()
}

/// Folders of the projects that the settings include.
fn included(root: &Dir<'_>) -> BTreeSet<RelPath> {
    let mut found = BTreeSet::new();
    let Some(source) = root
        .first(SETTINGS)
        .and_then(|name| root.text(name))
        .map(|source| without_comments(&source))
    else {
        return found;
    };
    let Some(pattern) = INCLUDE.as_ref() else {
        return found;
    };
    for (at, _) in source.text.match_indices("include") {
        let rest = &source.text[at..];
        if rest.starts_with("includeBuild") {
            continue;
        }
        // The list goes on while lines end with a comma or an open bracket.
        let mut list = String::new();
        for line in rest.lines().take(200) {
            list.push_str(line);
            if !line.trim_end().ends_with([',', '(']) {
                break;
            }
        }
        found.extend(
            pattern
                .captures_iter(&list)
                .map(|name| root.path.join(&name[1].replace(':', "/"))),
        );
    }
    found
}

fn name(view: &Dir<'_>, dir: &RelPath, root: &RelPath) -> Option<String> {
    static NAME: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"rootProject\.name\s*=\s*["']([^"']+)["']"#).ok());
    if dir != root {
        return Some(dir.name().to_owned());
    }
    let source = view.text(view.first(SETTINGS)?)?;
    Some(NAME.as_ref()?.captures(&source.text)?[1].to_owned())
}

fn versions(script: &Script, root: &Dir<'_>, wrapper: bool, component: &mut Component) {
    let of_root = root
        .first(SCRIPTS)
        .and_then(|name| root.text(name))
        .map(|source| Script {
            texts: vec![without_comments(&source)],
            source,
        });
    for script in std::iter::once(script).chain(of_root.as_ref()) {
        if let Some((text, at)) = first(script, &JAVA_VERSION)
            && let Some(version) = java_version(&text.replace('_', "."))
        {
            let why = format!("{} asks for Java {version}", at.path);
            component.facts.runtime.certain(
                Constraint::Line(version),
                Rank::Manifest,
                Evidence {
                    rule: "java/gradle-version".to_owned(),
                    at: Some(at),
                    why,
                },
            );
        }
    }
    let gradle = root
        .text("gradle/wrapper/gradle-wrapper.properties")
        .filter(|_| wrapper)
        .and_then(|source| {
            let at = source.text.find("/gradle-")?;
            let version = Version::parse(&source.text[at + "/gradle-".len()..])?;
            Some((version, Location::in_source(&source, &(at..at))))
        });
    if let Some((version, at)) = gradle {
        component.pins.pin("gradle", &version.to_string(), Some(at));
    }
}
