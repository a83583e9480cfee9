//! Requirements files of pip, with the files that they include.

use std::collections::BTreeSet;

use super::requirement::Requirement;
use crate::diag::Location;
use crate::repo::{RelPath, Repo, Source};

/// Files that one requirements file may pull in; a set that is split further is no set of files.
const MOST_FILES: usize = 40;

/// A requirements file and everything that it includes.
#[derive(Debug, Default)]
pub(super) struct Requirements {
    /// The files that pip opens, the first one being the file itself.
    pub files: Vec<RelPath>,
    /// The file is not empty: pip is asked even where nothing in it is understood.
    pub any: bool,
    pub items: Vec<(Requirement, Location)>,
    /// Folders and files of the repository that are installed (`-e ../lib`, `./wheels/x.whl`).
    pub local: Vec<RelPath>,
    /// The component's own folder is among the things to install (`-e .`).
    pub itself: bool,
    /// Every requirement has a hash, so pip checks them all.
    pub hashed: bool,
    /// A requirement comes from a version-control system.
    pub vcs: bool,
    /// Variables that an option names (`--index-url https://${TOKEN}@…`), sorted.
    pub variables: Vec<String>,
}

/// Reads `file` of the repository. A file that cannot be read is left out: pip will say so.
pub(super) fn read(repo: &Repo, file: &RelPath) -> Option<Requirements> {
    let mut found = Requirements::default();
    let mut variables = BTreeSet::new();
    let mut unhashed = 0;
    let mut todo = vec![(file.clone(), false)];
    while let Some((path, constraints)) = todo.pop() {
        if found.files.contains(&path) || found.files.len() == MOST_FILES || !repo.has(&path) {
            continue;
        }
        let Ok(source) = repo.read(&path) else {
            continue;
        };
        found.files.push(path.clone());
        found.any |= !source.text.trim().is_empty();
        let dir = path.parent().unwrap_or_default();
        let mut included = Vec::new();
        for (at, line) in logical_lines(&source) {
            collect_variables(&line, &mut variables);
            match kind(&line) {
                Line::Include(target) => included.extend(dir.resolve(target).map(|to| (to, false))),
                Line::Constraints(target) => {
                    included.extend(dir.resolve(target).map(|to| (to, true)));
                }
                Line::Local(target) if !constraints => {
                    match dir.resolve(target) {
                        Some(to) if repo.has(&to) || repo.has_dir(&to) => found.local.push(to),
                        _ => {}
                    }
                    unhashed += 1;
                }
                Line::Item(text) if !constraints => {
                    unhashed += usize::from(!text.contains("--hash"));
                    for part in text.lines().filter(|part| !part.starts_with("--")) {
                        let part = part.split(" --").next().unwrap_or_default();
                        found.vcs |= is_vcs(part);
                        if let Some(item) = named(part) {
                            found.items.push((item, Location::in_source(&source, &at)));
                        }
                    }
                }
                Line::Local(_) | Line::Item(_) | Line::Option => {}
            }
        }
        // The order of the includes, although the stack reverses it.
        todo.extend(included.into_iter().rev());
    }
    let own = file.parent().unwrap_or_default();
    found.itself = found.local.contains(&own);
    found.local.retain(|path| *path != own);
    found.local.sort();
    found.local.dedup();
    found.hashed = unhashed == 0 && !found.items.is_empty();
    found.variables = variables.into_iter().collect();
    (!found.files.is_empty()).then_some(found)
}

enum Line<'t> {
    Include(&'t str),
    Constraints(&'t str),
    Local(&'t str),
    Item(&'t str),
    Option,
}

fn kind(line: &str) -> Line<'_> {
    let option = |names: [&str; 2]| {
        names.iter().find_map(|name| {
            let rest = line.strip_prefix(name)?;
            rest.starts_with([' ', '=', '\t'])
                .then(|| rest.trim_start_matches(['=', ' ', '\t']))
                .or_else(|| (name.len() == 2 && !rest.is_empty()).then_some(rest))
        })
    };
    if let Some(target) = option(["-r", "--requirement"]) {
        return Line::Include(target.trim());
    }
    if let Some(target) = option(["-c", "--constraint"]) {
        return Line::Constraints(target.trim());
    }
    if let Some(target) = option(["-e", "--editable"]) {
        return local_or_item(target.trim());
    }
    if line.starts_with('-') {
        return Line::Option;
    }
    local_or_item(line)
}

fn local_or_item(text: &str) -> Line<'_> {
    let path = text.split([' ', ';']).next().unwrap_or_default();
    let path = path.strip_prefix("file:").unwrap_or(path);
    let path = path.split('[').next().unwrap_or_default();
    let is_path =
        path.starts_with('.') || path.contains('/') && !path.contains("://") && !path.contains('@');
    if is_path {
        Line::Local(path)
    } else {
        Line::Item(text)
    }
}

fn is_vcs(text: &str) -> bool {
    ["git+", "hg+", "svn+", "bzr+"].iter().any(|prefix| {
        text.starts_with(prefix)
            || text.contains(&format!("@ {prefix}"))
            || text.contains(&format!("@{prefix}"))
    })
}

/// A requirement, also one that only an address names (`git+https://…#egg=name`).
fn named(text: &str) -> Option<Requirement> {
    Requirement::parse(text).or_else(|| {
        let (url, egg) = text.split_once("#egg=")?;
        let mut named = Requirement::parse(egg.split('&').next()?)?;
        named.url = Some(url.to_owned());
        Some(named)
    })
}

/// Lines with their continuations joined and their comments cut, with the place of each.
fn logical_lines(source: &Source) -> Vec<(std::ops::Range<usize>, String)> {
    let mut lines = Vec::new();
    let mut joined = String::new();
    let mut start = 0;
    let mut offset = 0;
    for raw in source.text.split_inclusive('\n') {
        let at = offset;
        offset += raw.len();
        let line = raw.trim_end();
        if joined.is_empty() {
            start = at;
        }
        let line = match line.find('#') {
            Some(0) => "",
            Some(mark) if line[..mark].ends_with([' ', '\t']) => &line[..mark],
            _ => line,
        };
        if let Some(more) = line.trim_end().strip_suffix('\\') {
            // The break stays: what a stray `\\` joins is told apart all the same.
            joined.push_str(more.trim());
            joined.push('\n');
            continue;
        }
        joined.push_str(line.trim());
        let text = joined.trim().to_owned();
        joined.clear();
        if !text.is_empty() {
            lines.push((start..at + line.len(), text));
        }
    }
    lines
}

fn collect_variables(line: &str, variables: &mut BTreeSet<String>) {
    for part in line.split("${").skip(1) {
        if let Some((name, _)) = part.split_once('}')
            && !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        {
            variables.insert(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    #[test]
    fn follows_includes_and_constraints() {
        let repo = Repo::from_files([
            (
                "requirements.txt",
                "-r requirements/base.txt\ngunicorn==27.0.1  # server\n-e .\n",
            ),
            (
                "requirements/base.txt",
                "-c ../constraints.txt\ndjango>=5\n../lib\n-r base.txt\n",
            ),
            ("constraints.txt", "django==5.2\n"),
            ("lib/setup.py", ""),
        ]);
        let found = read(&repo, &path("requirements.txt")).unwrap();
        assert_eq!(
            found.files,
            [
                path("requirements.txt"),
                path("requirements/base.txt"),
                path("constraints.txt")
            ]
        );
        let names: Vec<&str> = found
            .items
            .iter()
            .map(|(item, _)| item.name.as_str())
            .collect();
        assert_eq!(names, ["gunicorn", "django"]);
        assert_eq!(found.local, [path("lib")]);
        assert!(found.itself && !found.hashed);
    }

    #[test]
    fn hashes_and_variables() {
        let repo = Repo::from_files([(
            "requirements.txt",
            "--index-url https://u:${TOKEN}@example.com/simple\nflask==3.1.0 \\\n    --hash=sha256:00\n",
        )]);
        let found = read(&repo, &path("requirements.txt")).unwrap();
        assert!(found.hashed);
        assert_eq!(found.variables, ["TOKEN"]);
        assert_eq!(found.items[0].1.line, Some(2));
        assert_eq!(found.items[0].0.pin(), Some("3.1.0"));
    }

    #[test]
    fn a_repository_is_seen() {
        let repo = Repo::from_files([(
            "requirements.txt",
            "a @ git+https://example.com/a.git\n-e git+https://example.com/b.git#egg=b\n",
        )]);
        let found = read(&repo, &path("requirements.txt")).unwrap();
        assert!(found.vcs && !found.hashed);
        assert_eq!(found.items.len(), 2);
    }
}
