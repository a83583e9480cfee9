//! Source files that detectors may look into: those that the program's entry reaches, the nearest
//! first; where no entry can be told, as many of the component's as the budget allows, the
//! likeliest first.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::reach::{Entered, Reach, Reached, is_generated, is_silent, is_test};
use super::{Component, Language};
use crate::code::{Cache, CodePattern, Files, Index, Tree, Words};
use crate::repo::{Dir, RelPath, Repo, Source};

/// The sources that speak for a component, each read once.
pub struct Sources<'r> {
    repo: &'r Repo,
    pub dir: RelPath,
    files: Vec<RelPath>,
    /// Those of `files` that are relative to the repository.
    outside: BTreeSet<RelPath>,
    /// Dependencies that no reached file imports.
    unused: BTreeSet<String>,
    /// More files are reached than are read.
    cut: bool,
    read: RefCell<BTreeMap<RelPath, Option<Source>>>,
    code: Cache,
    index: OnceCell<Index>,
}

/// How many files are read for one component.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Files that imports lead to.
    pub reached: usize,
    /// Files of its folder, where no entry can be told.
    pub guessed: usize,
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
    /// The files that the entry reaches; `main` is the one that the user wants. `components` are
    /// the folders of all of them.
    pub fn of(
        repo: &'r Repo,
        component: &Component,
        language: &dyn Language,
        main: Option<&str>,
        components: &[RelPath],
        budget: Budget,
    ) -> Self {
        let mut reach = Reach::new(repo, budget.reached);
        let entered = language.reach(component, main, &mut reach);
        let reached = reach.finish();
        if entered == Entered::Surely && !reached.files.is_empty() {
            return Self::reached(repo, component, reached);
        }
        let guessed = Self::guessed(repo, component, language, components, budget.guessed);
        if entered == Entered::Nowhere {
            return guessed;
        }
        let mut sources = Self::reached(repo, component, reached);
        let known: BTreeSet<RelPath> = sources.files.iter().cloned().collect();
        let further = guessed.files.into_iter();
        sources
            .files
            .extend(further.filter(|file| !known.contains(file)));
        sources.outside.extend(guessed.outside);
        sources.unused.clear();
        sources
    }

    fn reached(repo: &'r Repo, component: &Component, reached: Reached) -> Self {
        let mut outside = BTreeSet::new();
        let mut files = Vec::new();
        let mut read = BTreeMap::new();
        for source in reached.files {
            let file = source.path.below(&component.dir).unwrap_or_else(|| {
                outside.insert(source.path.clone());
                source.path.clone()
            });
            files.push(file.clone());
            read.insert(file, Some(source));
        }
        Self {
            code: Cache::default(),
            index: OnceCell::new(),
            repo,
            dir: component.dir.clone(),
            files,
            outside,
            unused: reached.unused,
            cut: reached.cut,
            read: RefCell::new(read),
        }
    }

    fn guessed(
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
                && !is_silent(file)
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
            unused: BTreeSet::new(),
            cut: false,
            read: RefCell::default(),
            code: Cache::default(),
            index: OnceCell::new(),
        }
    }

    /// False for a dependency of the manifest that the program does without.
    pub fn uses(&self, dependency: &str) -> bool {
        !self.unused.contains(dependency)
    }

    /// True when more files are reached than are read.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// The files, relative to the component; those of its other code ([`Component::code`])
    /// relative to the repository.
    pub fn files(&self) -> &[RelPath] {
        &self.files
    }

    /// Whether a file is code that the component shares with others.
    pub fn is_shared(&self, file: &RelPath) -> bool {
        self.outside.contains(file)
    }

    /// Whether there are such files.
    pub fn has_shared(&self) -> bool {
        !self.outside.is_empty()
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
        let source = self
            .repo
            .scan(&full)
            .filter(|source| !is_generated(&source.text));
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
        self.has_words(file, pattern, words)
            .then(|| self.tree(file))
            .flatten()
    }

    /// Whether a file holds all words of a pattern.
    pub fn has_words(&self, file: &RelPath, pattern: &CodePattern, words: &Words) -> bool {
        let held = self.code.held(file, words, || self.read(file));
        words.are_held(&held, pattern.words())
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
        let index = self
            .index
            .get_or_init(|| Index::new(self.files.iter().map(|file| self.read(file))));
        match index.files(word) {
            Some(places) => {
                let files = places.filter_map(|place| self.files.get(place));
                files.filter(holds).cloned().collect()
            }
            None => self.files.iter().filter(holds).cloned().collect(),
        }
    }
}

fn weight(file: &RelPath) -> usize {
    let stem = file.name().split('.').next().unwrap_or_default();
    let likely =
        LIKELY.iter().any(|name| stem.eq_ignore_ascii_case(name)) || stem.ends_with("Application");
    file.depth() * 2 + usize::from(!likely) * 3
}
