//! The walk itself and the reading of files: the only place that touches the scanned tree.
#![allow(
    clippy::disallowed_methods,
    reason = "this module is the door that the ban points to"
)]

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{Limits, RelPath, Source};
use crate::diag::{Diagnostic, Location};

/// Folders that hold what tools have made or fetched, never what a project is.
/// `vendor`, `dist`, `build` and `bin` are not here: projects keep sources in them.
const SKIPPED: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    "__pycache__",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".idea",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".turbo",
    ".terraform",
];

/// The name of a folder that may be given as `.` or `..`; empty for the file system's root.
pub(super) fn name(root: &Utf8Path) -> String {
    let real = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
    real.file_name().unwrap_or_default().to_owned()
}

#[derive(Default)]
pub(super) struct Walked {
    pub files: Vec<RelPath>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Every file below `root`. Links are listed, never followed into a folder; ignore files have no
/// say here, since a lock file may be ignored by git and still be in the build context.
pub(super) fn walk(root: &Utf8Path, limits: &Limits) -> Result<Walked, Diagnostic> {
    if !root.is_dir() {
        return Err(
            Diagnostic::error("no-such-folder", format!("{root} is not a folder"))
                .with_help("give the path of the repository's root"),
        );
    }
    let shared = Shared {
        root,
        limits,
        entries: AtomicUsize::new(0),
        too_deep: AtomicBool::new(false),
        walked: Mutex::default(),
    };
    WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .max_depth(Some(limits.depth))
        .threads(0)
        .filter_entry(|entry| entry.depth() == 0 || !is_skipped(entry))
        .build_parallel()
        .run(|| {
            let mut batch = Batch {
                shared: &shared,
                walked: Walked::default(),
            };
            Box::new(move |entry| batch.take(entry))
        });
    let full = shared.entries.into_inner() > limits.files;
    let mut walked = if full {
        // Which files came first depends on the threads: look again, the same way on every run.
        level_by_level(root, limits)
    } else {
        shared
            .walked
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    };
    walked.diagnostics.sort_by(|a, b| a.message.cmp(&b.message));
    walked.diagnostics.truncate(20);
    let mut budget = |code, message| {
        let help = "run dockgen in the folder of one application";
        let diagnostic = Diagnostic::warning(code, message).with_help(help);
        walked.diagnostics.push(diagnostic);
    };
    if full {
        let message = format!(
            "more than {} files and folders: the rest was not looked at",
            limits.files
        );
        budget("too-many-files", message);
    }
    if shared.too_deep.into_inner() {
        let message = format!("folders more than {} deep were not looked at", limits.depth);
        budget("too-deep", message);
    }
    Ok(walked)
}

fn is_skipped(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
        && entry
            .file_name()
            .to_str()
            .is_some_and(|name| SKIPPED.contains(&name))
}

impl Walked {
    fn add(&mut self, root: &Utf8Path, path: &Path) {
        let relative = path
            .strip_prefix(root)
            .ok()
            .and_then(|path| path.to_str())
            .and_then(RelPath::new);
        match relative {
            Some(path) if !path.is_root() => self.files.push(path),
            Some(_) => {}
            None => {
                let name = path.to_string_lossy().escape_default().to_string();
                let message = format!("left out a file whose name is not plain text: {name}");
                self.diagnostics.push(
                    Diagnostic::warning("odd-file-name", message)
                        .with_help("a file with such a name cannot be named in a Dockerfile"),
                );
            }
        }
    }
}

/// What the threads of the walk share.
struct Shared<'a> {
    root: &'a Utf8Path,
    limits: &'a Limits,
    /// Files and folders.
    entries: AtomicUsize,
    too_deep: AtomicBool,
    walked: Mutex<Walked>,
}

/// One thread's files, handed over at its end.
struct Batch<'a> {
    shared: &'a Shared<'a>,
    walked: Walked,
}

impl Batch<'_> {
    fn take(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        let Ok(entry) = entry else {
            return WalkState::Continue;
        };
        let shared = self.shared;
        if shared.entries.fetch_add(1, Ordering::Relaxed) > shared.limits.files {
            return WalkState::Quit;
        }
        if entry.file_type().is_some_and(|kind| !kind.is_dir()) {
            self.walked.add(shared.root, entry.path());
        } else if entry.depth() == shared.limits.depth {
            shared.too_deep.store(true, Ordering::Relaxed);
        }
        WalkState::Continue
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut into = self
            .shared
            .walked
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        into.files.append(&mut self.walked.files);
        into.diagnostics.append(&mut self.walked.diagnostics);
    }
}

/// As many files as the budget allows, those nearest to the root first, by name.
fn level_by_level(root: &Utf8Path, limits: &Limits) -> Walked {
    let mut walked = Walked::default();
    let mut level = vec![root.as_std_path().to_owned()];
    let mut left = limits.files;
    for _ in 0..limits.depth {
        let mut below = Vec::new();
        for dir in level {
            let walk = WalkBuilder::new(dir)
                .standard_filters(false)
                .follow_links(false)
                .max_depth(Some(1))
                .filter_entry(|entry| entry.depth() == 0 || !is_skipped(entry))
                .build();
            let mut entries: Vec<DirEntry> = walk
                .filter_map(Result::ok)
                .filter(|entry| entry.depth() > 0)
                .take(limits.files)
                .collect();
            entries.sort_by(|a, b| a.file_name().cmp(b.file_name()));
            for entry in entries {
                if left == 0 {
                    return walked;
                }
                left -= 1;
                if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                    below.push(entry.into_path());
                } else {
                    walked.add(root, entry.path());
                }
            }
        }
        level = below;
    }
    walked
}

/// Reads one file, at most `limit` bytes of it, and only inside `root` once links are resolved.
pub(super) fn read(root: &Utf8Path, path: &RelPath, limit: u64) -> Result<Source, Diagnostic> {
    let full: Utf8PathBuf = root.join(path.as_str());
    let unreadable = |why: String| {
        Diagnostic::error("file-unreadable", format!("the file cannot be read: {why}"))
            .at(Location::file(path.clone()))
    };
    let meta = full
        .symlink_metadata()
        .map_err(|error| unreadable(error.to_string()))?;
    if meta.is_symlink() {
        let (Ok(target), Ok(root)) = (full.canonicalize_utf8(), root.canonicalize_utf8()) else {
            return Err(unreadable("it is a link that leads nowhere".to_owned()));
        };
        if !target.starts_with(root) {
            let why = "it is a link that leads out of the repository";
            return Err(unreadable(why.to_owned()));
        }
    }
    if !full.is_file() {
        return Err(unreadable("it is not a regular file".to_owned()));
    }
    let file = std::fs::File::open(&full).map_err(|error| unreadable(error.to_string()))?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > limit {
        return Err(Diagnostic::error(
            "file-too-large",
            format!(
                "the file is larger than {} MiB and was not read",
                limit >> 20
            ),
        )
        .at(Location::file(path.clone()))
        .with_help("a manifest of that size is not one that a tool reads; check the file"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => {
            let text = text
                .strip_prefix('\u{feff}')
                .map(str::to_owned)
                .unwrap_or(text);
            Ok(Source::new(path.clone(), text))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..at]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            let at = Location {
                path: path.clone(),
                line: Some(line),
                column: None,
            };
            Err(
                Diagnostic::error("file-not-utf8", "the file is not UTF-8 text")
                    .at(at)
                    .with_help("save the file as UTF-8"),
            )
        }
    }
}
