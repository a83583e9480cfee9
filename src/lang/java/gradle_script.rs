//! The text of Gradle's build scripts: plugins, dependencies and single values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

use super::gradle_catalog::{CatalogOfVersions, alias_key};
use crate::diag::Location;
use crate::lang::Dependency;
use crate::repo::{Dir, RelPath, Repo, Source};

pub(super) const SCRIPTS: &[&str] = &["build.gradle.kts", "build.gradle"];

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        pub(super) static $name: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new($text).ok());
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
pattern!(
    PRODUCTION,
    r#"(?:hasProperty|findProperty)\(\s*["'](prod|production)["']\s*\)"#
);
pattern!(INCLUDE, r#"["']:?([\w./:-]+)["']"#);

/// One build script with what applies to it: its own text and that of convention plugins.
pub(super) struct Script {
    pub source: Source,
    /// Without comments, each followed by those of the convention plugins that it names.
    pub texts: Vec<Source>,
}

/// The build script and the convention plugins that it names: a plugin without a version whose
/// script stands in the repository.
pub(super) fn script(repo: &Repo, view: &Dir<'_>, root: &RelPath) -> Option<Script> {
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
pub(super) fn without_comments(source: &Source) -> Source {
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
pub(super) fn first(
    script: &Script,
    pattern: &LazyLock<Option<Regex>>,
) -> Option<(String, Location)> {
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
pub(super) fn plugins(script: &Script, catalog: &CatalogOfVersions) -> Vec<Dependency> {
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
pub(super) fn dependencies(
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
