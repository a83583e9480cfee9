//! Gradle: build scripts are programs, so they are read as text, for the forms that people write.
//!
//! Source: Gradle's user manual, "Plugins", "Version catalogs", "Multi-project builds".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::mains::{is_class, mains};
use super::{Build, JavaModel, Libraries, Product, java_version};
use crate::diag::{Diagnostic, Location};
use crate::facts::{Confidence, Evidence, Kind, Rank};
use crate::lang::{Component, Dependency, Manifest, Model};
use crate::parse::version::{Constraint, Version};
use crate::parse::{Tree, toml};
use crate::repo::{Dir, RelPath, Repo, Source};

/// How Gradle builds a component.
#[derive(Debug)]
pub struct Gradle {
    pub wrapper: bool,
    /// Every script and list that Gradle reads before it starts, relative to the repository.
    pub scripts: Vec<RelPath>,
    /// The project as Gradle names it: empty for the root, else `:app`.
    pub project: String,
    /// The task that makes the program.
    pub task: &'static str,
}

const SETTINGS: &[&str] = &["settings.gradle.kts", "settings.gradle"];
const SCRIPTS: &[&str] = &["build.gradle.kts", "build.gradle"];

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
    };
}
pattern!(
    PLUGIN_ID,
    r#"(?m)\bid[ \t]*\(?[ \t]*["']([\w.-]+)["'][ \t]*\)?(?:[ \t]*version[ \t]*\(?[ \t]*["']([^"'$]+)["'])?([^\n]*)"#
);
pattern!(
    PLUGIN_APPLY,
    r#"apply\s*\(?\s*plugin\s*[:=]\s*["']([\w.-]+)["']"#
);
pattern!(
    PLUGIN_ALIAS,
    r"alias\s*\(\s*libs\.plugins\.([\w.]+)\s*\)([^\n]*)"
);
pattern!(
    PLUGIN_WORD,
    r"(?m)^\s*`?(application|war|java|java-library)`?\s*$"
);
pattern!(
    DEPENDENCY,
    r#"(?m)\b(implementation|api|runtimeOnly|compileOnly|annotationProcessor|developmentOnly|testImplementation|testRuntimeOnly)\b\s*\(?\s*(?:platform\s*\(\s*|enforcedPlatform\s*\(\s*)?(?:["']([\w.-]+):([\w.-]+)(?::([^"'@:]+))?|libs\.([\w.]+)|project\s*\(\s*(?:path\s*[:=]\s*)?["']([^"']+)["'])"#
);
pattern!(
    MAIN_CLASS,
    r#"mainClass(?:Name)?(?:\.set\s*\(|\s*=\s*|\s+)\s*["']([\w.$]+)["']|["']Main-Class["']\s*\]?\s*(?:to|:|=|,)\s*["']([\w.$]+)["']"#
);
pattern!(
    JAVA_VERSION,
    r#"JavaLanguageVersion\.of\(\s*["']?(\d+)|jvmToolchain\(\s*(\d+)|\b(?:sourceCompatibility|targetCompatibility)\s*[=(]?\s*(?:JavaVersion\.(?:VERSION_)?|JavaVersion\.toVersion\(\s*)?["']?(\d+(?:[._]\d+)?)|options\.release(?:\.set\(|\s*=\s*)(\d+)"#
);
pattern!(INCLUDE, r#"["']:?([\w./:-]+)["']"#);

/// One build script with what applies to it: its own text and that of convention plugins.
struct Script {
    source: Source,
    /// Without comments, each followed by those of the convention plugins that it names.
    texts: Vec<Source>,
}

/// Plugins' ids or libraries' names by alias, and versions.
#[derive(Default)]
struct CatalogOfVersions {
    plugins: BTreeMap<String, (String, String)>,
    libraries: BTreeMap<String, (String, String)>,
}

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
        Model::Java(JavaModel {
            build: Build::Gradle(Gradle {
                wrapper,
                scripts,
                project: project_path(dir, root),
                task,
            }),
            product,
        }),
    );
    component.root = root.clone();
    component.sure = if task == "jar" {
        Confidence::Likely
    } else {
        Confidence::Certain
    };
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

/// `:services:api`; empty for the root.
fn project_path(dir: &RelPath, root: &RelPath) -> String {
    let below = dir.below(root).unwrap_or_default();
    below
        .parts()
        .flat_map(|part| [":", part])
        .collect::<Vec<_>>()
        .concat()
}

/// The build script and the convention plugins that it names: a plugin without a version whose
/// script stands in the repository.
fn script(repo: &Repo, view: &Dir<'_>, root: &RelPath) -> Option<Script> {
    let source = view.text(view.first(SCRIPTS)?)?;
    let mut texts = vec![without_comments(&source)];
    let mut at = 0;
    while at < texts.len() && texts.len() < 20 {
        let ids: BTreeSet<String> = PLUGIN_ID
            .as_ref()?
            .captures_iter(&texts[at].text)
            .map(|found| found[1].to_owned())
            .collect();
        at += 1;
        if ids.is_empty() {
            continue;
        }
        for folder in ["buildSrc", "build-logic", "gradle"] {
            let base = root.join(folder);
            for file in repo.files_in(&base).take(2_000) {
                let stem = file
                    .name()
                    .strip_suffix(".gradle.kts")
                    .or_else(|| file.name().strip_suffix(".gradle"));
                if stem.is_some_and(|stem| ids.contains(stem))
                    && !texts.iter().any(|text| text.path == *file)
                    && let Ok(source) = repo.read(file)
                {
                    texts.push(without_comments(&source));
                }
            }
        }
    }
    Some(Script { source, texts })
}

/// Comments become blanks, so that every place stays where it is.
fn without_comments(source: &Source) -> Source {
    static COMMENT: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?s)/\*.*?\*/|(?m:(?:^|[ \t])//[^\n]*)").ok());
    let Some(comment) = COMMENT.as_ref() else {
        return source.clone();
    };
    let text = comment.replace_all(&source.text, |found: &regex::Captures<'_>| {
        found[0]
            .chars()
            .map(|c| {
                if c == '\n' {
                    "\n".to_owned()
                } else {
                    " ".repeat(c.len_utf8())
                }
            })
            .collect::<String>()
    });
    Source::new(source.path.clone(), text.as_ref())
}

/// The first group that a pattern finds in one of the texts, with its place.
fn first(script: &Script, pattern: &LazyLock<Option<Regex>>) -> Option<(String, Location)> {
    let pattern = pattern.as_ref()?;
    script.texts.iter().find_map(|source| {
        let found = pattern.captures(&source.text)?;
        let group = found.iter().skip(1).flatten().next()?;
        Some((
            group.as_str().to_owned(),
            Location::in_source(source, &group.range()),
        ))
    })
}

/// Plugins as dependencies of the build, by their ids.
fn plugins(script: &Script, catalog: &CatalogOfVersions) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    let mut push = |name: &str, version: &str, source: &Source, at: usize| {
        if !found.iter().any(|known| known.name == name) {
            found.push(Dependency {
                name: name.to_owned(),
                version: version.to_owned(),
                production: false,
                at: Location::in_source(source, &(at..at)),
            });
        }
    };
    let patterns = (
        PLUGIN_ID.as_ref(),
        PLUGIN_APPLY.as_ref(),
        PLUGIN_ALIAS.as_ref(),
        PLUGIN_WORD.as_ref(),
    );
    let (Some(ids), Some(applied), Some(aliases), Some(words)) = patterns else {
        return found;
    };
    for source in &script.texts {
        let takes_part = |rest: Option<regex::Match<'_>>| {
            !rest.is_some_and(|rest| {
                rest.as_str().contains("apply false") || rest.as_str().contains("apply(false")
            })
        };
        for id in ids.captures_iter(&source.text) {
            if takes_part(id.get(3)) {
                let version = id.get(2).map_or("", |version| version.as_str());
                push(
                    &id[1],
                    version,
                    source,
                    id.get(0).map_or(0, |all| all.start()),
                );
            }
        }
        for id in applied.captures_iter(&source.text) {
            push(&id[1], "", source, id.get(0).map_or(0, |all| all.start()));
        }
        for alias in aliases.captures_iter(&source.text) {
            if takes_part(alias.get(2))
                && let Some((id, version)) = catalog.plugins.get(&alias_key(&alias[1]))
            {
                push(
                    id,
                    version,
                    source,
                    alias.get(0).map_or(0, |all| all.start()),
                );
            }
        }
        for word in words.captures_iter(&source.text) {
            push(
                &word[1],
                "",
                source,
                word.get(0).map_or(0, |all| all.start()),
            );
        }
    }
    found
}

/// Dependencies of the project and of the repository's projects that it names.
fn dependencies(
    repo: &Repo,
    script: &Script,
    catalog: &CatalogOfVersions,
    root: &RelPath,
    depth: usize,
) -> Vec<Dependency> {
    let mut all: Vec<Dependency> = Vec::new();
    let Some(pattern) = DEPENDENCY.as_ref() else {
        return all;
    };
    for source in &script.texts {
        for found in pattern.captures_iter(&source.text) {
            let production = matches!(&found[1], "implementation" | "api" | "runtimeOnly");
            let at = Location::in_source(source, &found.get(0).map_or(0..0, |all| all.range()));
            let named = match (found.get(2), found.get(3), found.get(5)) {
                (Some(group), Some(artifact), _) => Some((
                    format!("{}:{}", group.as_str(), artifact.as_str()),
                    found
                        .get(4)
                        .map_or("", |version| version.as_str())
                        .to_owned(),
                )),
                (_, _, Some(alias)) => catalog.libraries.get(&alias_key(alias.as_str())).cloned(),
                _ => None,
            };
            if let Some((name, version)) = named {
                all.push(Dependency {
                    name,
                    version,
                    production,
                    at,
                });
            } else if let Some(path) = found.get(6).filter(|_| depth < 8) {
                let dir = root.join(&path.as_str().trim_matches(':').replace(':', "/"));
                if let Some(inner) = self::script(repo, &repo.dir(&dir), root) {
                    let inner = dependencies(repo, &inner, catalog, root, depth + 1);
                    all.extend(inner.into_iter().map(|mut dependency| {
                        dependency.production &= production;
                        dependency
                    }));
                }
                all.push(Dependency {
                    name: format!("project{}", path.as_str()),
                    version: String::new(),
                    production,
                    at,
                });
            }
        }
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut merged: Vec<Dependency> = Vec::new();
    for dependency in all {
        if let Some(at) = seen.get(&dependency.name) {
            merged[*at].production |= dependency.production;
        } else {
            seen.insert(dependency.name.clone(), merged.len());
            merged.push(dependency);
        }
    }
    merged
}

/// `gradle/libs.versions.toml`.
fn catalog(root: &Dir<'_>, diagnostics: &mut Vec<Diagnostic>) -> CatalogOfVersions {
    let mut catalog = CatalogOfVersions::default();
    let Some(source) = root.text("gradle/libs.versions.toml") else {
        return catalog;
    };
    let tree = match toml(&source) {
        Ok(tree) => tree,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return catalog;
        }
    };
    let entries = |table: &str| tree.get(table).map(Tree::entries).unwrap_or_default();
    let version = |entry: &Tree| -> String {
        let version = entry.get("version");
        version
            .and_then(|version| version.text())
            .or_else(|| {
                let name = version?.get("ref")?.text()?;
                tree.at(&["versions", name])?.text()
            })
            .unwrap_or_default()
            .to_owned()
    };
    for (alias, entry) in entries("plugins") {
        let pair = match entry.text().and_then(|text| text.split_once(':')) {
            Some((id, version)) => Some((id.to_owned(), version.to_owned())),
            None => entry
                .get("id")
                .and_then(|id| id.text())
                .map(|id| (id.to_owned(), version(entry))),
        };
        catalog
            .plugins
            .extend(pair.map(|pair| (alias_key(alias), pair)));
    }
    for (alias, entry) in entries("libraries") {
        let text = entry.text().or_else(|| entry.get("module")?.text());
        let pair = match text {
            Some(text) => {
                let mut parts = text.splitn(3, ':');
                match (parts.next(), parts.next()) {
                    (Some(group), Some(artifact)) => Some((
                        format!("{group}:{artifact}"),
                        parts.next().map_or_else(|| version(entry), str::to_owned),
                    )),
                    _ => None,
                }
            }
            None => entry
                .get("group")
                .and_then(|group| group.text())
                .zip(entry.get("name").and_then(|name| name.text()))
                .map(|(group, name)| (format!("{group}:{name}"), version(entry))),
        };
        catalog
            .libraries
            .extend(pair.map(|pair| (alias_key(alias), pair)));
    }
    catalog
}

/// `-`, `_` and `.` are one and the same in an alias.
fn alias_key(alias: &str) -> String {
    alias.replace(['-', '_'], ".")
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
    // The newest long-term line that the wrapper's Gradle runs on.
    // Source: Gradle's compatibility matrix.
    if let Some((version, at)) = gradle {
        let known = [([9, 1], 25), ([8, 5], 21), ([7, 3], 17), ([5, 0], 11)];
        let line = known
            .iter()
            .find(|(from, _)| version >= Version::new(*from))
            .map_or(8, |(_, line)| *line);
        if line < 25 {
            component.facts.runtime.likely(
                Constraint::Line(Version::new([line])),
                Rank::Language,
                Evidence {
                    rule: "java/gradle-runs-on".to_owned(),
                    at: Some(at),
                    why: format!("Gradle {version} runs on Java {line} at most"),
                },
            );
        }
    }
}
