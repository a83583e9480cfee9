//! The lines of the ignore file: what is never needed, what the language leaves behind, what git
//! ignores, and secrets last, so that nothing brings them back.

use std::collections::BTreeSet;

use super::secrets::Secrets;
use crate::detect::Detection;
use crate::diag::Diagnostic;
use crate::facts::Component;
use crate::lang::language;
use crate::parse::PathGlob;
use crate::parse::ignorefile::{self, IgnoreFile};
use crate::plan::{Decision, IgnoreGroup};
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

/// The lines of an ignore file, and what is to be said of them.
pub(super) struct Ignored {
    pub groups: Vec<IgnoreGroup>,
    /// Files of a secret class that the build needs all the same, sorted.
    pub exposed: Vec<RelPath>,
    pub decisions: Vec<Decision>,
    pub diagnostics: Vec<Diagnostic>,
}

/// `needed` are paths of the context that the Dockerfile copies by name.
pub(super) fn ignored(
    repo: &Repo,
    detection: &Detection,
    component: &Component,
    needed: &[String],
    fed_by: &[&Component],
    secrets: &Secrets<'_>,
) -> Ignored {
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
    let always = ALWAYS.iter().map(|pattern| (*pattern).to_owned());
    let mut groups = vec![group("No part of the program", always.collect())];
    groups.push(group(
        "Other components",
        others(detection, component, fed_by),
    ));
    groups.push(group(
        "Not for the image",
        std::iter::once(&component)
            .chain(fed_by)
            .flat_map(|component| leftovers(component))
            .collect(),
    ));
    let from_git = group("From .gitignore", git_ignored(repo, component));
    let needed = Needed::new(repo, component, needed);
    let mut ignore = IgnoreFile::default();
    ignore.extend(groups.iter().flat_map(lines));
    let hidden = needed.hidden_folders(&ignore);
    if !from_git.patterns.is_empty() {
        let mut with_git = ignore.clone();
        with_git.extend(lines(&from_git));
        // A .gitignore that leaves nothing of a folder is not one to follow here.
        if needed.hidden_folders(&with_git) == hidden {
            ignore = with_git;
            groups.push(from_git);
        }
    }
    let folders = group("Folders that the build needs", needed.folder_lines(&hidden));
    ignore.extend(lines(&folders));
    groups.push(folders);
    let kept = needed.hidden_files(&ignore);
    // Last, and whole: what stands above may be a `!` of somebody else's.
    let judged = secrets.judge(repo, &mut ignore, &|path| needed.asks_for(path));
    groups.extend(judged.groups);
    let back: Vec<RelPath> = kept
        .into_iter()
        .filter(|path| !secrets.holds(path))
        .chain(judged.exposed.iter().cloned())
        .collect();
    let back: BTreeSet<String> = back
        .iter()
        .filter(|path| ignore.excludes(path.as_str()))
        .filter_map(|path| ignorefile::escape_pattern(path.as_str()))
        .map(|path| format!("!{path}"))
        .collect();
    let lines = back.into_iter().take(MOST_LINES).collect();
    groups.push(IgnoreGroup {
        heading: "Needed by the build".to_owned(),
        patterns: lines,
    });
    groups.retain(|group| !group.patterns.is_empty());
    Ignored {
        groups,
        exposed: judged.exposed,
        decisions: judged.decisions,
        diagnostics: judged.diagnostics,
    }
}

/// What a component's language leaves behind, as seen from the context's root.
fn leftovers(component: &Component) -> impl Iterator<Item = String> {
    component.facts.ignore.iter().filter_map(|found| {
        // What is left behind at any depth is so in the whole project.
        let dir = if found.value.starts_with("**/") {
            &component.root
        } else {
            &component.dir
        };
        placed(dir, &found.value)
    })
}

/// What the build cannot do without.
struct Needed<'a> {
    repo: &'a Repo,
    component: &'a Component,
    /// Copied by name.
    files: BTreeSet<RelPath>,
    folders: BTreeSet<RelPath>,
    /// Of what detectors and languages keep for the component.
    globs: Vec<PathGlob>,
}

impl<'a> Needed<'a> {
    fn new(repo: &'a Repo, component: &'a Component, paths: &[String]) -> Self {
        let (files, mut folders): (BTreeSet<RelPath>, BTreeSet<RelPath>) = paths
            .iter()
            .filter_map(|path| RelPath::new(path))
            .partition(|path| repo.has(path));
        folders.extend([component.root.clone(), component.dir.clone()]);
        let kept = component.facts.keep.iter();
        let globs = kept.flat_map(|found| globs_of(&component.dir, &found.value));
        Self {
            repo,
            component,
            files,
            folders,
            globs: globs.collect(),
        }
    }

    /// Folders of which the lines leave nothing, files that are copied by name set aside.
    fn hidden_folders(&self, ignore: &IgnoreFile) -> Vec<&RelPath> {
        let mut matcher = ignore.matcher();
        self.folders
            .iter()
            .filter(|folder| {
                let mut files = self
                    .repo
                    .files_in(folder)
                    .filter(|file| !self.files.contains(*file))
                    .take(MOST_FILES)
                    .peekable();
                files.peek().is_some() && files.all(|file| matcher.excludes(file.as_str()))
            })
            .collect()
    }

    /// Lines that bring such folders back.
    fn folder_lines(&self, hidden: &[&RelPath]) -> Vec<String> {
        hidden
            .iter()
            .filter(|folder| !self.files.iter().any(|file| file.is_in(folder)))
            .filter_map(|folder| ignorefile::escape_pattern(folder.as_str()))
            .map(|folder| format!("!{folder}/**"))
            .collect()
    }

    /// Files that the build needs and the lines above leave out: a lock file that git ignores, an
    /// embedded certificate.
    fn hidden_files(&self, ignore: &IgnoreFile) -> Vec<RelPath> {
        let mut matcher = ignore.matcher();
        let mut hidden: BTreeSet<RelPath> = BTreeSet::new();
        for path in &self.files {
            if matcher.excludes(path.as_str()) {
                hidden.insert(path.clone());
            }
        }
        if !self.globs.is_empty() {
            for file in self.repo.files_in(&self.component.root).take(MOST_FILES) {
                if self.globs.iter().any(|glob| glob.is_match(file.as_str()))
                    && matcher.excludes(file.as_str())
                {
                    hidden.insert(file.clone());
                }
            }
        }
        hidden.into_iter().take(MOST_LINES).collect()
    }

    /// Whether the build needs one file: it is copied by name, or kept for the component. What
    /// comes with a whole folder is not what was meant when its name begins with a point.
    fn asks_for(&self, path: &RelPath) -> bool {
        let whole = |glob: &PathGlob| glob.as_str().ends_with("**");
        let meant = |glob: &&PathGlob| !whole(glob) || !path.name().starts_with('.');
        self.files.contains(path)
            || self
                .globs
                .iter()
                .filter(meant)
                .any(|glob| glob.is_match(path.as_str()))
    }
}

fn lines(group: &IgnoreGroup) -> impl Iterator<Item = &str> {
    group.patterns.iter().map(String::as_str)
}

/// Files that are looked at for what the build needs, and lines that may come of it.
const MOST_FILES: usize = 50_000;
const MOST_LINES: usize = 200;

/// Folders of other components that are named one by one.
const MOST_OTHERS: usize = 50;

/// Lines that are taken from all .gitignore files together.
const MOST_GIT_LINES: usize = 1_000;

/// The path itself and everything below it.
fn globs_of(dir: &RelPath, pattern: &str) -> Vec<PathGlob> {
    let pattern = dir.join(pattern);
    [pattern.to_string(), format!("{pattern}/**")]
        .iter()
        .filter_map(|glob| PathGlob::new(glob))
        .collect()
}

/// Folders of other components that this one's project does not include.
fn others(detection: &Detection, component: &Component, fed_by: &[&Component]) -> Vec<String> {
    // A site has no use for another component, wherever that is; a project may be made of several.
    let is_site = language(component.language).is_some_and(crate::lang::Language::only_alone);
    if component.root.is_root() && !is_site {
        return Vec::new();
    }
    let dirs = || {
        let dirs = detection.components.iter().map(|other| &other.dir);
        dirs.filter(|dir| is_site || !dir.is_in(&component.root))
            .filter(|dir| !component.root.is_in(dir))
            .filter(|dir| {
                !fed_by
                    .iter()
                    .any(|fed| fed.dir.is_in(dir) || dir.is_in(&fed.root))
            })
    };
    let others: BTreeSet<RelPath> = match dirs().nth(MOST_OTHERS) {
        None => dirs().cloned().collect(),
        // What is copied is the project alone, so that a long list would only be a long list.
        Some(_) if !is_site => return Vec::new(),
        // The pages lie among the others: whole folders of them.
        Some(_) => dirs()
            .filter_map(|dir| dir.parts().next().map(|top| RelPath::root().join(top)))
            .filter(|top| !component.root.is_in(top) || component.root.is_root())
            .take(MOST_LINES)
            .collect(),
    };
    others
        .iter()
        .filter_map(|dir| ignorefile::escape_pattern(dir.as_str()))
        .collect()
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
        .take(MOST_GIT_LINES)
        .collect()
}
