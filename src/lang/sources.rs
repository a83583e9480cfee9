//! Source files that detectors may look into: a few per component, the likeliest first.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{Component, Language};
use crate::code::{Cache, CodePattern, Files, Tree, Words};
use crate::repo::{Dir, RelPath, Repo, Source};

/// The part of a component's sources that fits the scan's budget, read at the first use.
pub struct Sources<'r> {
    repo: &'r Repo,
    pub dir: RelPath,
    files: Vec<RelPath>,
    /// Those of `files` that are relative to the repository.
    outside: BTreeSet<RelPath>,
    read: RefCell<BTreeMap<RelPath, Option<Source>>>,
    code: Cache,
}

/// Files by these names are where programs start and ports are opened.
const LIKELY: &[&str] = &[
    "main", "app", "server", "index", "wsgi", "asgi", "manage", "settings", "config", "routes",
    "router", "health", "api", "web",
];

/// Folders below a component that hold no code of the running program.
const BESIDE: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "testdata",
    "fixtures",
    "e2e",
    "spec",
    "examples",
    "example",
    "docs",
    "vendor",
    "dist",
    "build",
    "target",
    "out",
    "coverage",
    "venv",
    "env",
    "site-packages",
    "migrations",
    "benches",
    "mocks",
];

impl<'r> Sources<'r> {
    pub fn of(
        repo: &'r Repo,
        component: &Component,
        language: &dyn Language,
        components: &[RelPath],
        budget: usize,
    ) -> Self {
        let inner: Vec<&RelPath> = components
            .iter()
            .filter(|dir| **dir != component.dir && dir.is_in(&component.dir))
            .collect();
        let view = Dir {
            repo,
            path: component.dir.clone(),
        };
        let is_code = |file: &RelPath| {
            let name = file.name();
            let ending = name.rsplit_once('.').map(|(_, ending)| ending);
            let beside = |part: &str| BESIDE.contains(&part) || part.starts_with('.');
            let folders = file.depth().saturating_sub(1);
            ending.is_some_and(|ending| language.sources().contains(&ending))
                // Below src/main the folders are packages, which may have any name.
                && (file.as_str().starts_with("src/main/")
                    || !file.parts().take(folders).any(beside))
                && !is_test(name)
        };
        let mut files: Vec<(usize, RelPath)> = view
            .walk()
            .take(20_000)
            .filter(|file| is_code(file))
            .filter(|file| {
                inner.is_empty() || {
                    let full = component.dir.join(file.as_str());
                    !inner.iter().any(|dir| full.is_in(dir))
                }
            })
            .map(|file| (weight(&file), file))
            .collect();
        let mut outside = BTreeSet::new();
        for dir in component.code.iter().filter(|dir| !dir.is_in(&view.path)) {
            for file in repo
                .dir(dir)
                .walk()
                .take(2_000)
                .filter(|file| is_code(file))
            {
                let full = dir.join(file.as_str());
                files.push((weight(&file) + 1, full.clone()));
                outside.insert(full);
            }
        }
        files.sort();
        files.truncate(budget);
        Self {
            repo,
            dir: component.dir.clone(),
            files: files.into_iter().map(|(_, file)| file).collect(),
            outside,
            read: RefCell::default(),
            code: Cache::default(),
        }
    }

    /// The files, relative to the component; those of its other code ([`Component::code`])
    /// relative to the repository.
    pub fn files(&self) -> &[RelPath] {
        &self.files
    }

    /// The text of any file of the component.
    pub fn read(&self, file: &RelPath) -> Option<Source> {
        if let Some(known) = self.read.borrow().get(file) {
            return known.clone();
        }
        let full = if self.outside.contains(file) {
            file.clone()
        } else {
            self.dir.join(file.as_str())
        };
        let source = self.repo.scan(&full);
        self.read.borrow_mut().insert(file.clone(), source.clone());
        source
    }

    pub fn all(&self) -> impl Iterator<Item = Source> {
        self.files.iter().filter_map(|file| self.read(file))
    }

    /// The tree of a file that holds all words of a pattern; `words` are those of all patterns,
    /// which are looked for together.
    pub fn tree_with(
        &self,
        file: &RelPath,
        pattern: &CodePattern,
        words: &Words,
    ) -> Option<Rc<Tree>> {
        let held = self.code.held(file, words, || self.read(file));
        words
            .are_held(&held, pattern.words())
            .then(|| self.tree(file))
            .flatten()
    }

    pub fn view(&self) -> Dir<'r> {
        Dir {
            repo: self.repo,
            path: self.dir.clone(),
        }
    }
}

impl Files for Sources<'_> {
    fn tree(&self, file: &RelPath) -> Option<Rc<Tree>> {
        self.code.tree(file, || self.read(file))
    }

    fn with_word(&self, word: &str) -> Vec<RelPath> {
        let holds = |file: &&RelPath| {
            self.read(file)
                .is_some_and(|source| source.text.contains(word))
        };
        self.files.iter().filter(holds).cloned().collect()
    }
}

fn is_test(name: &str) -> bool {
    name.ends_with("_test.go")
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.starts_with("test_")
        || name == "conftest.py"
        || name.ends_with(".d.ts")
}

fn weight(file: &RelPath) -> usize {
    let stem = file.name().split('.').next().unwrap_or_default();
    let likely =
        LIKELY.iter().any(|name| stem.eq_ignore_ascii_case(name)) || stem.ends_with("Application");
    file.depth() * 2 + usize::from(!likely) * 3
}
