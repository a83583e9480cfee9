//! The walk itself and the reading of files: the only place that touches the scanned tree.
#![allow(
    clippy::disallowed_methods,
    reason = "this module is the door that the ban points to"
)]

use std::io::Read;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::{WalkBuilder, WalkState};

use super::{Limits, RelPath, Source};
use crate::diag::Diagnostic;

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
    let collected = Mutex::new(Walked {
        files: Vec::new(),
        diagnostics: Vec::new(),
    });
    let truncated = Mutex::new(false);
    WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .max_depth(Some(limits.depth))
        .threads(0)
        .filter_entry(|entry| {
            entry.depth() == 0
                || !entry.file_type().is_some_and(|kind| kind.is_dir())
                || !entry
                    .file_name()
                    .to_str()
                    .is_some_and(|name| SKIPPED.contains(&name))
        })
        .build_parallel()
        .run(|| {
            let mut batch = Batch {
                into: &collected,
                limits,
                truncated: &truncated,
                paths: Vec::new(),
            };
            Box::new(move |entry| batch.take(root, entry))
        });
    let mut walked = collected
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if truncated
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
    {
        // Which files came first depends on the threads: keep the same ones on every run.
        walked.files.sort_unstable();
        walked.files.truncate(limits.files);
        walked.diagnostics.push(
            Diagnostic::warning(
                "too-many-files",
                format!(
                    "more than {} files: the rest was not looked at",
                    limits.files
                ),
            )
            .with_help("run dockgen in the folder of one application"),
        );
    }
    walked.diagnostics.sort_by(|a, b| a.message.cmp(&b.message));
    Ok(walked)
}

/// One thread's files, handed over in blocks so that the lock is rarely taken.
struct Batch<'a> {
    into: &'a Mutex<Walked>,
    truncated: &'a Mutex<bool>,
    limits: &'a Limits,
    paths: Vec<RelPath>,
}

const BLOCK: usize = 512;

impl Batch<'_> {
    fn take(
        &mut self,
        root: &Utf8Path,
        entry: Result<ignore::DirEntry, ignore::Error>,
    ) -> WalkState {
        let Ok(entry) = entry else {
            return WalkState::Continue;
        };
        if entry.file_type().is_none_or(|kind| kind.is_dir()) {
            return WalkState::Continue;
        }
        let relative = entry
            .path()
            .strip_prefix(root)
            .ok()
            .and_then(|path| path.to_str());
        match relative.and_then(RelPath::new) {
            Some(path) if !path.is_root() => self.paths.push(path),
            Some(_) => {}
            None => self.complain(&entry),
        }
        if self.paths.len() >= BLOCK {
            self.hand_over()
        } else {
            WalkState::Continue
        }
    }

    fn complain(&self, entry: &ignore::DirEntry) {
        let name = entry.path().to_string_lossy().escape_default().to_string();
        if let Ok(mut into) = self.into.lock()
            && into.diagnostics.len() < 20
        {
            into.diagnostics.push(
                Diagnostic::warning(
                    "odd-file-name",
                    format!("left out a file whose name is not plain text: {name}"),
                )
                .with_help("a file with such a name cannot be named in a Dockerfile"),
            );
        }
    }

    fn hand_over(&mut self) -> WalkState {
        let Ok(mut into) = self.into.lock() else {
            return WalkState::Quit;
        };
        into.files.append(&mut self.paths);
        // A block over the limit is enough to know; the cut to the same files is made once, later.
        if into.files.len() > self.limits.files.saturating_mul(2) {
            if let Ok(mut truncated) = self.truncated.lock() {
                *truncated = true;
            }
            return WalkState::Quit;
        }
        if into.files.len() > self.limits.files
            && let Ok(mut truncated) = self.truncated.lock()
        {
            *truncated = true;
        }
        WalkState::Continue
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.hand_over();
    }
}

/// Reads one file, at most `limit` bytes of it, and only inside `root` once links are resolved.
pub(super) fn read(root: &Utf8Path, path: &RelPath, limit: u64) -> Result<Source, Diagnostic> {
    let full: Utf8PathBuf = root.join(path.as_str());
    let unreadable =
        |why: String| Diagnostic::error("file-unreadable", format!("cannot read {path}: {why}"));
    let meta = full
        .symlink_metadata()
        .map_err(|error| unreadable(error.to_string()))?;
    if meta.is_symlink() {
        let inside = match (full.canonicalize_utf8(), root.canonicalize_utf8()) {
            (Ok(target), Ok(root)) => target.starts_with(root),
            _ => false,
        };
        if !inside {
            return Err(unreadable(
                "it is a link that leads out of the repository".to_owned(),
            ));
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
            format!("{path} is larger than {} MiB and was not read", limit >> 20),
        )
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
            Err(
                Diagnostic::error("file-not-utf8", format!("{path}:{line}: not UTF-8 text"))
                    .with_help("save the file as UTF-8"),
            )
        }
    }
}
