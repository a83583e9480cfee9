//! The lines of the ignore file: what is never needed, what the language leaves behind, what git
//! ignores, and secrets last, so that nothing brings them back.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use super::IgnoreGroup;
use crate::detect::Detection;
use crate::lang::{Component, Model};
use crate::parse::ignorefile::{self, IgnoreFile};
use crate::repo::{RelPath, Repo};

/// Of every repository.
const ALWAYS: &[&str] = &[
    ".git",
    ".gitignore",
    ".gitattributes",
    ".github",
    ".gitlab-ci.yml",
    ".circleci",
    ".vscode",
    ".idea",
    "**/.DS_Store",
    "**/*.swp",
    "**/*.log",
    "**/Dockerfile*",
    "**/.dockerignore",
    "**/compose*.y*ml",
    "**/docker-compose*.y*ml",
    "docker-bake.*",
    "dockgen.toml",
];

const SECRETS: &[&str] = &[
    "**/.env",
    "**/.env.*",
    "!**/.env.example",
    "**/*.pem",
    "**/*.key",
    "**/*.p12",
    "**/*.pfx",
    "**/id_rsa*",
    "**/id_ed25519*",
    "**/.netrc",
    "**/.pypirc",
    "**/.aws",
    "**/.ssh",
    "**/*.tfstate*",
    "**/kubeconfig",
];

/// `needed` are paths of the context that the Dockerfile copies by name.
pub(super) fn groups(
    repo: &Repo,
    detection: &Detection,
    component: &Component,
    needed: &[String],
) -> Vec<IgnoreGroup> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut group = |heading: &str, patterns: Vec<String>| {
        let patterns: Vec<String> = patterns
            .into_iter()
            .filter(|pattern| {
                // `**/x` says all that `x` says.
                pattern.starts_with('!')
                    || !seen.contains(&format!("**/{pattern}")) && seen.insert(pattern.clone())
            })
            .collect();
        IgnoreGroup {
            heading: heading.to_owned(),
            patterns,
        }
    };
    let owned = |patterns: &[&str]| {
        patterns
            .iter()
            .map(|pattern| (*pattern).to_owned())
            .collect::<Vec<_>>()
    };
    let mut groups = vec![group("No part of the program", owned(ALWAYS))];
    groups.push(group("Other components", others(detection, component)));
    let (pages, left): (Vec<_>, Vec<_>) = component
        .facts
        .ignore
        .iter()
        .partition(|found| found.evidence.rule.starts_with("static/"));
    for (heading, found) in [("Made by tools", left), ("No pages", pages)] {
        let patterns = found.into_iter().filter_map(|found| {
            // What is left behind at any depth is so in the whole project.
            let dir = match found.value.starts_with("**/") {
                true => &component.root,
                false => &component.dir,
            };
            placed(dir, &found.value)
        });
        groups.push(group(heading, patterns.collect()));
    }
    groups.push(group("From .gitignore", git_ignored(repo, component)));
    groups.push(group("Secrets", owned(SECRETS)));
    let kept = kept(repo, component, needed, &groups);
    groups.push(IgnoreGroup {
        heading: "Needed by the build".to_owned(),
        patterns: kept,
    });
    groups.retain(|group| !group.patterns.is_empty());
    groups
}

/// Lines that bring back what the lines above leave out and the build needs: a lock file that git
/// ignores, an embedded certificate.
fn kept(
    repo: &Repo,
    component: &Component,
    needed: &[String],
    groups: &[IgnoreGroup],
) -> Vec<String> {
    let text: String = groups
        .iter()
        .flat_map(|group| &group.patterns)
        .flat_map(|line| [line, "\n"])
        .collect();
    let ignore = IgnoreFile::parse(&text);
    let mut kept: BTreeSet<String> = BTreeSet::new();
    for path in needed.iter().filter_map(|path| RelPath::new(path)) {
        if repo.has(&path) && ignore.excludes(path.as_str()) {
            kept.extend(ignorefile::escape_pattern(path.as_str()));
        }
    }
    let globs: Vec<GlobMatcher> = component
        .facts
        .keep
        .iter()
        .flat_map(|found| globs_of(&component.dir, &found.value))
        .collect();
    if !globs.is_empty() {
        let mut matcher = ignore.matcher();
        for file in repo.files_in(&component.root).take(MOST_FILES) {
            if globs.iter().any(|glob| glob.is_match(file.as_str()))
                && matcher.excludes(file.as_str())
            {
                kept.extend(ignorefile::escape_pattern(file.as_str()));
            }
        }
    }
    kept.into_iter()
        .take(MOST_LINES)
        .map(|path| format!("!{path}"))
        .collect()
}

/// Files that are looked at for what the build needs, and lines that may come of it.
const MOST_FILES: usize = 50_000;
const MOST_LINES: usize = 200;

/// The path itself and everything below it.
fn globs_of(dir: &RelPath, pattern: &str) -> Vec<GlobMatcher> {
    let pattern = dir.join(pattern);
    [pattern.to_string(), format!("{pattern}/**")]
        .iter()
        .filter_map(|glob| GlobBuilder::new(glob).literal_separator(true).build().ok())
        .map(|glob| glob.compile_matcher())
        .collect()
}

/// Folders of other components that this one's project does not include.
fn others(detection: &Detection, component: &Component) -> Vec<String> {
    // A site has no use for another component, wherever that is; a project may be made of several.
    let is_site = matches!(component.model, Model::Static);
    if component.root.is_root() && !is_site {
        return Vec::new();
    }
    let mut others: Vec<String> = detection
        .components
        .iter()
        .filter(|other| is_site || !other.dir.is_in(&component.root))
        .filter(|other| !component.root.is_in(&other.dir))
        .filter_map(|other| ignorefile::escape_pattern(other.dir.as_str()))
        .collect();
    others.dedup();
    others
}

/// A component's pattern as seen from the context's root: `/x` is anchored at the component.
fn placed(dir: &RelPath, pattern: &str) -> Option<String> {
    let (not, pattern) = match pattern.strip_prefix('!') {
        Some(rest) => ("!", rest),
        None => ("", pattern),
    };
    if dir.is_root() {
        return Some(format!("{not}{}", pattern.trim_start_matches('/')));
    }
    let dir = ignorefile::escape_pattern(dir.as_str())?;
    Some(format!("{not}{dir}/{}", pattern.trim_start_matches('/')))
}

/// The patterns of the .gitignore files from the root down to the component.
fn git_ignored(repo: &Repo, component: &Component) -> Vec<String> {
    let mut dirs = vec![component.dir.clone()];
    while let Some(parent) = dirs.last().and_then(RelPath::parent) {
        dirs.push(parent);
    }
    dirs.reverse();
    dirs.iter()
        .filter_map(|dir| Some((dir, repo.dir(dir).text(".gitignore")?)))
        .flat_map(|(dir, source)| ignorefile::from_gitignore(dir, &source.text))
        .collect()
}
