//! Several requirements files of one program: which of them production means.

use std::collections::BTreeMap;

use super::groups::PRODUCTION;
use super::requirements::{self, Requirements};
use super::workspace::SPLIT;
use crate::repo::{Dir, RelPath, Repo};

/// Words for what every use of the program needs.
const COMMON: &[&str] = &["base", "common", "main", "core"];

/// As many files beside the chosen ones are read.
const MOST_FILES: usize = 20;

/// What is installed.
pub(super) struct Chosen {
    /// Names of the files that pip is given, relative to the folder.
    pub files: Vec<String>,
    /// What all of them say.
    pub found: Requirements,
    /// Files beside them, for what a start command needs.
    pub others: Vec<Other>,
}

/// A requirements file that is not installed unless something needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// Relative to the folder.
    pub file: String,
    /// Every file that pip then opens, relative to the repository.
    pub inputs: Vec<RelPath>,
    /// Packages by normal name, with their version where it is pinned.
    pub packages: BTreeMap<String, String>,
    /// It includes the files that are installed anyway.
    pub whole: bool,
    pub hashed: bool,
}

/// The file that stands for the program, with the one for production beside it where that only
/// adds to it. An empty file is none.
pub(super) fn choose(repo: &Repo, view: &Dir<'_>) -> Option<Chosen> {
    let read = |name: &str| {
        let found = requirements::read(repo, &view.path.join(name))?;
        found.any.then_some(found)
    };
    let listed = names(view);
    let named = |words: &'static [&str]| {
        words
            .iter()
            .flat_map(|word| listed.iter().filter(move |name| stem(name) == *word))
            .cloned()
    };
    let (first, found) = std::iter::once("requirements.txt".to_owned())
        .chain(named(PRODUCTION))
        .chain(SPLIT.iter().map(|name| format!("requirements/{name}")))
        .chain(named(COMMON))
        .find_map(|name| Some((name.clone(), read(&name)?)))?;
    let mut chosen = Chosen {
        files: vec![first.clone()],
        found,
        others: Vec::new(),
    };
    if !PRODUCTION.contains(&stem(&first)) {
        let main = view.path.join(&first);
        let production = named(PRODUCTION)
            .filter_map(|name| Some((read(&name)?, name)))
            .find(|(more, _)| agrees(&chosen.found, more));
        if let Some((more, name)) = production {
            if chosen.found.files.contains(&view.path.join(&name)) {
                // The file for all includes the one for production.
            } else if more.files.contains(&main) {
                chosen.files = vec![name];
                chosen.found = more;
            } else {
                chosen.files.push(name);
                add(&mut chosen.found, more);
            }
        }
    }
    for name in listed.iter().take(MOST_FILES) {
        let path = view.path.join(name);
        if chosen.found.files.contains(&path) {
            continue;
        }
        if let Some(other) = read(name).filter(|other| agrees(&chosen.found, other)) {
            chosen.others.push(Other {
                file: name.clone(),
                whole: chosen
                    .files
                    .iter()
                    .all(|file| other.files.contains(&view.path.join(file))),
                hashed: other.hashed,
                packages: other
                    .items
                    .iter()
                    .map(|(item, _)| (item.name.clone(), item.pin().unwrap_or_default().to_owned()))
                    .collect(),
                inputs: other.files,
            });
        }
    }
    Some(chosen)
}

/// Requirements files in the folder and in its folder `requirements`, sorted.
fn names(view: &Dir<'_>) -> Vec<String> {
    let of = |dir: &Dir<'_>, prefix: &str| -> Vec<String> {
        dir.files()
            .filter_map(|file| {
                let name = file;
                let text = name.strip_suffix(".txt")?;
                (!prefix.is_empty() || text.contains("requirements") && text != "requirements")
                    .then(|| format!("{prefix}{name}"))
            })
            .collect()
    };
    let mut names = of(view, "");
    names.extend(of(&view.child("requirements"), "requirements/"));
    names.sort();
    names
}

/// The word of a name beside `requirements`: `prod` of `requirements-prod.txt`.
fn stem(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = name.strip_suffix(".txt").unwrap_or(name);
    let rest = name
        .strip_prefix("requirements")
        .or_else(|| name.strip_suffix("requirements"))
        .unwrap_or(name);
    rest.trim_matches(['-', '_', '.'])
}

/// Pip installs both only where no package is pinned twice, and checks hashes in all or in none.
fn agrees(one: &Requirements, other: &Requirements) -> bool {
    let pins: BTreeMap<&str, &str> = one
        .items
        .iter()
        .filter_map(|(item, _)| Some((item.name.as_str(), item.pin()?)))
        .collect();
    one.hashed == other.hashed
        && other.items.iter().all(
            |(item, _)| match (pins.get(item.name.as_str()), item.pin()) {
                (Some(mine), Some(pin)) => *mine == pin,
                _ => true,
            },
        )
}

fn add(all: &mut Requirements, more: Requirements) {
    for file in more.files {
        if !all.files.contains(&file) {
            all.files.push(file);
        }
    }
    all.items.extend(more.items);
    all.local.extend(more.local);
    all.local.sort();
    all.local.dedup();
    all.itself |= more.itself;
    all.vcs |= more.vcs;
    all.variables.extend(more.variables);
    all.variables.sort();
    all.variables.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(all: &[(&'static str, &'static str)]) -> (Vec<String>, Vec<String>) {
        let repo = Repo::from_files(all.iter().copied());
        let chosen = choose(&repo, &repo.dir(&RelPath::root())).unwrap();
        let others = chosen.others.into_iter().map(|other| other.file).collect();
        (chosen.files, others)
    }

    #[test]
    fn production_is_what_is_installed() {
        for (all, expected) in [
            (&[("requirements.txt", "a==1")][..], "requirements.txt"),
            (
                &[
                    ("requirements.txt", "a==1"),
                    ("requirements-server.txt", "granian==2"),
                ],
                "requirements.txt requirements-server.txt",
            ),
            (
                &[
                    ("requirements.txt", "a==1"),
                    ("requirements-prod.txt", "-r requirements.txt\nb==1"),
                ],
                "requirements-prod.txt",
            ),
            (
                &[
                    ("requirements.txt", "-r requirements/production.txt"),
                    ("requirements/production.txt", "a==1"),
                ],
                "requirements.txt",
            ),
            // They cannot be installed together.
            (
                &[
                    ("requirements.txt", "a==1"),
                    ("requirements-docker.txt", "a==2"),
                ],
                "requirements.txt",
            ),
            (
                &[
                    ("requirements/base.txt", "a"),
                    ("requirements/prod.txt", "-r base.txt"),
                ],
                "requirements/prod.txt",
            ),
            (
                &[
                    ("requirements-base.txt", "a"),
                    ("requirements-dev.txt", "b"),
                ],
                "requirements-base.txt",
            ),
            (
                &[("requirements.txt", "a"), ("prod-requirements.txt", "b")],
                "requirements.txt prod-requirements.txt",
            ),
        ] {
            assert_eq!(files(all).0.join(" "), expected, "{all:?}");
        }
    }

    #[test]
    fn the_rest_is_kept_for_who_needs_it() {
        let all = [
            ("requirements.txt", "flask==3"),
            (
                "requirements-gunicorn.txt",
                "-r requirements.txt\ngunicorn==23",
            ),
            ("requirements-uwsgi.txt", "uwsgi==2"),
            ("notes.txt", "x"),
        ];
        let (files, others) = files(&all);
        assert_eq!(files, ["requirements.txt"]);
        assert_eq!(
            others,
            ["requirements-gunicorn.txt", "requirements-uwsgi.txt"]
        );
    }
}
