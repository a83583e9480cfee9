//! The one door to the scanned repository: a single walk, a sorted index, budgets, safe paths.
//!
//! Everything above reads through [`Repo`]; nothing else opens a file of the repository.

mod ignored;
mod tracked;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::slice::ParallelSliceMut;

pub use crate::text::{RelPath, Source, Span};

use crate::diag::{Diagnostic, Location};

/// What one scan may cost. The defaults fit repositories of the largest companies' size and stop
/// a hostile one within seconds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Files and folders that are walked; the rest of the tree is left out, with a warning.
    pub files: usize,
    /// Folders below each other; what is deeper is left out, with a warning.
    pub depth: usize,
    /// Bytes of one file; a larger one is refused with a diagnostic.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            files: 500_000,
            depth: 48,
            file_bytes: 4 << 20,
        }
    }
}

enum Storage {
    Disk {
        root: Utf8PathBuf,
        /// Files that are links, pipes or devices.
        special: BTreeSet<RelPath>,
    },
    Memory(BTreeMap<RelPath, Arc<str>>),
}

/// A read-only view of a repository: every file path, sorted, and the text of those asked for.
pub struct Repo {
    storage: Storage,
    /// Sorted, so that the files of a folder stand together.
    files: Vec<RelPath>,
    dirs: BTreeSet<RelPath>,
    limits: Limits,
    /// The root's own name, however its path was given.
    name: String,
    diagnostics: Vec<Diagnostic>,
    /// Why files that were asked for could not be read.
    unread: Mutex<BTreeMap<RelPath, Diagnostic>>,
    /// What git's index lists, read at the first question.
    tracked: OnceLock<BTreeSet<String>>,
}

impl Repo {
    /// Walks `root` once. Fails when it is not a folder that can be read.
    pub fn open(root: &Utf8Path, limits: Limits) -> Result<Self, Diagnostic> {
        let walked = walk::walk(root, &limits)?;
        let mut repo = Self::with(
            Storage::Disk {
                root: root.to_owned(),
                special: walked.special,
            },
            walked.files,
            limits,
            walked.diagnostics,
        );
        repo.name = walk::name(root);
        Ok(repo)
    }

    /// A repository in memory, for tests and examples.
    pub fn from_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files: BTreeMap<RelPath, Arc<str>> = files
            .into_iter()
            .filter_map(|(path, text)| Some((RelPath::new(path)?, Arc::from(text))))
            .collect();
        let paths = files.keys().cloned().collect();
        Self::with(Storage::Memory(files), paths, Limits::default(), Vec::new())
    }

    fn with(
        storage: Storage,
        mut files: Vec<RelPath>,
        limits: Limits,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        files.par_sort_unstable();
        let mut dirs = BTreeSet::from([RelPath::root()]);
        let mut last: Option<RelPath> = None;
        for file in &files {
            let mut dir = file.parent();
            if dir == last {
                continue;
            }
            last.clone_from(&dir);
            while let Some(at) = dir {
                dir = at.parent();
                if !dirs.insert(at) {
                    break;
                }
            }
        }
        Self {
            storage,
            files,
            dirs,
            limits,
            name: String::new(),
            diagnostics,
            unread: Mutex::default(),
            tracked: OnceLock::new(),
        }
    }

    /// The folder's name, from which a nameless project gets its name; empty in memory.
    pub fn folder_name(&self) -> &str {
        &self.name
    }

    /// What went wrong during the walk: budgets reached, names that are not UTF-8.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Every file, sorted.
    pub fn files(&self) -> &[RelPath] {
        &self.files
    }

    pub fn has(&self, path: &RelPath) -> bool {
        self.files.binary_search(path).is_ok()
    }

    pub fn has_dir(&self, path: &RelPath) -> bool {
        self.dirs.contains(path)
    }

    /// The files at any depth below `dir`, sorted.
    pub fn files_in<'a>(&'a self, dir: &'a RelPath) -> impl Iterator<Item = &'a RelPath> {
        let start = if dir.is_root() {
            0
        } else {
            self.files.partition_point(|file| file < dir)
        };
        // `a-b/x` sorts between `a` and `a/x`, so the folder's files are not one slice.
        self.files[start..]
            .iter()
            .take_while(move |file| file.as_str().starts_with(dir.as_str()))
            .filter(move |file| file.is_in(dir))
    }

    pub fn dir<'r>(&'r self, path: &RelPath) -> Dir<'r> {
        Dir {
            repo: self,
            path: path.clone(),
        }
    }

    /// The text of a file. Too large, not UTF-8, or a link that leaves the root: a diagnostic,
    /// which [`Repo::unread`] keeps, so that a caller who can do without the file says nothing.
    pub fn read(&self, path: &RelPath) -> Result<Source, Diagnostic> {
        self.try_read(path).inspect_err(|diagnostic| {
            let mut unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
            unread.insert(path.clone(), diagnostic.clone());
        })
    }

    /// The text of one of many files that are looked through; one that cannot be read is passed by.
    pub fn scan(&self, path: &RelPath) -> Option<Source> {
        self.try_read(path).ok()
    }

    /// As [`Self::scan`], for files that need not be text: what is no UTF-8 is replaced.
    pub fn scan_lossy(&self, path: &RelPath) -> Option<String> {
        match &self.storage {
            Storage::Disk { root, special } if self.has(path) && !special.contains(path) => {
                let bytes = walk::bytes(root, path, self.limits.file_bytes)?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            Storage::Disk { .. } => None,
            Storage::Memory(_) => self.scan(path).map(|source| source.text.to_string()),
        }
    }

    fn try_read(&self, path: &RelPath) -> Result<Source, Diagnostic> {
        // What the walk has not seen may lie behind a link that leads out.
        let unknown = || {
            Diagnostic::error("file-unreadable", "there is no such file in the repository")
                .at(Location::file(path.clone()))
        };
        if !self.has(path) {
            return Err(unknown());
        }
        match &self.storage {
            Storage::Disk { root, special } => {
                walk::read(root, path, special.contains(path), self.limits.file_bytes)
            }
            Storage::Memory(files) => files
                .get(path)
                .filter(|text| text.len() as u64 <= self.limits.file_bytes)
                .map(|text| Source::new(path.clone(), Arc::clone(text)))
                .ok_or_else(unknown),
        }
    }

    /// Why files could not be read so far, by path.
    pub fn unread(&self) -> Vec<Diagnostic> {
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner);
        unread.values().cloned().collect()
    }
}

/// One folder of a [`Repo`]; names are relative to it.
#[derive(Clone)]
pub struct Dir<'r> {
    pub repo: &'r Repo,
    pub path: RelPath,
}

impl<'r> Dir<'r> {
    pub fn has(&self, name: &str) -> bool {
        self.repo.has(&self.path.join(name))
    }

    pub fn has_dir(&self, name: &str) -> bool {
        self.repo.has_dir(&self.path.join(name))
    }

    /// The first of `names` that is a file here.
    pub fn first<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names.iter().copied().find(|name| self.has(name))
    }

    pub fn read(&self, name: &str) -> Result<Source, Diagnostic> {
        self.repo.read(&self.path.join(name))
    }

    /// `None` when there is no such file or it cannot be read; for files that only add to a fact.
    pub fn text(&self, name: &str) -> Option<Source> {
        if self.has(name) {
            self.read(name).ok()
        } else {
            None
        }
    }

    /// Files directly in this folder.
    pub fn files(&self) -> impl Iterator<Item = &'r str> + use<'r> {
        let repo = self.repo;
        let path = self.path.clone();
        let start = repo.files.partition_point(|file| *file < path);
        let depth = path.depth() + 1;
        repo.files[start..]
            .iter()
            .take_while({
                let path = path.clone();
                move |file| file.as_str().starts_with(path.as_str())
            })
            .filter(move |file| file.depth() == depth && file.is_in(&path))
            .map(RelPath::name)
    }

    /// Files at any depth below this folder, as seen from it.
    pub fn walk(&self) -> impl Iterator<Item = RelPath> + use<'r> {
        let path = self.path.clone();
        let start = self.repo.files.partition_point(|file| *file < path);
        self.repo.files[start..]
            .iter()
            .take_while({
                let path = path.clone();
                move |file| file.as_str().starts_with(path.as_str())
            })
            .filter_map(move |file| file.below(&path))
    }

    /// A folder below this one.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        Dir {
            repo: self.repo,
            path: self.path.join(name),
        }
    }
}
