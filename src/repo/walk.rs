//! The walk itself and the reading of files: the only place that touches the scanned tree.
#![allow(
    clippy::disallowed_methods,
    reason = "this module is the door that the ban points to"
)]

use std::collections::BTreeSet;
use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

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

pub(super) struct Walked {
    pub files: Vec<RelPath>,
    /// Those of the files that are links, pipes or devices.
    pub special: BTreeSet<RelPath>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Every file below `root`. Links are listed, never followed into a folder; ignore files have no
/// say here, since a lock file may be ignored by git and still be in the build context.
///
/// The walk goes level by level, so that a budget keeps what is nearest to the root, on every run
/// the same.
pub(super) fn walk(root: &Utf8Path, limits: &Limits) -> Result<Walked, Diagnostic> {
    if !root.is_dir() {
        return Err(
            Diagnostic::error("no-such-folder", format!("{root} is not a folder"))
                .with_help("give the path of the repository's root"),
        );
    }
    let mut files = Vec::new();
    let mut special = BTreeSet::new();
    let mut odd = Vec::new();
    let mut left = limits.files;
    let mut full = false;
    let mut level = vec![RelPath::root()];
    for _ in 0..limits.depth {
        let mut below = Vec::new();
        for some in level.chunks(AT_ONCE) {
            let read: Vec<Folder> = some
                .par_iter()
                .map(|dir| Folder::read(root, dir, left + 1))
                .collect();
            for mut folder in read {
                full |= keep(&mut folder.files, &mut left) | keep(&mut folder.folders, &mut left);
                files.append(&mut folder.files);
                below.append(&mut folder.folders);
                special.append(&mut folder.special);
                odd.append(&mut folder.odd);
            }
        }
        level = below;
    }
    odd.sort();
    odd.truncate(MOST_ODD);
    let mut diagnostics: Vec<Diagnostic> = odd
        .iter()
        .map(|path| {
            let message = format!("left out, since its name is not plain text: {path}");
            Diagnostic::warning("odd-file-name", message)
                .with_help("what has such a name cannot be named in a Dockerfile")
        })
        .collect();
    let mut budget = |code, message| {
        let help = "run dockgen in the folder of one application";
        diagnostics.push(Diagnostic::warning(code, message).with_help(help));
    };
    if full {
        let message = format!(
            "more than {} files and folders: the rest was not looked at",
            limits.files
        );
        budget("too-many-files", message);
    }
    if !level.is_empty() {
        let message = format!("folders more than {} deep were not looked at", limits.depth);
        budget("too-deep", message);
    }
    Ok(Walked {
        files,
        special,
        diagnostics,
    })
}

/// Folders that are read side by side before the budget is looked at again.
const AT_ONCE: usize = 256;

/// Most sources and manifests fit into this.
const USUAL_BYTES: usize = 16 << 10;

/// Odd names that are told.
const MOST_ODD: usize = 20;

/// Cuts `paths` to what the budget allows, the first by name; true when something is lost.
fn keep(paths: &mut Vec<RelPath>, left: &mut usize) -> bool {
    let lost = paths.len() > *left;
    if lost {
        paths.sort_unstable();
        paths.truncate(*left);
    }
    *left -= paths.len();
    lost
}

/// What is directly in one folder.
#[derive(Default)]
struct Folder {
    files: Vec<RelPath>,
    folders: Vec<RelPath>,
    special: BTreeSet<RelPath>,
    /// Paths that are no [`RelPath`], for people.
    odd: Vec<String>,
}

impl Folder {
    /// Reads `most` entries of a folder; one that cannot be read is empty.
    fn read(root: &Utf8Path, dir: &RelPath, most: usize) -> Self {
        let mut folder = Self::default();
        let entries = std::fs::read_dir(root.join(dir.as_str()));
        for entry in entries
            .into_iter()
            .flatten()
            .filter_map(Result::ok)
            .take(most)
        {
            let kind = entry.file_type().ok();
            let name = entry.file_name();
            match name.to_str().and_then(|name| dir.entry(name)) {
                Some(path) if kind.is_some_and(|kind| kind.is_dir()) => {
                    if !SKIPPED.contains(&path.name()) {
                        folder.folders.push(path);
                    }
                }
                Some(path) => {
                    if !kind.is_some_and(|kind| kind.is_file()) {
                        folder.special.insert(path.clone());
                    }
                    folder.files.push(path);
                }
                None => {
                    let name = name.to_string_lossy();
                    let path = Utf8Path::new(dir.as_str()).join(&*name);
                    folder.odd.push(path.as_str().escape_default().to_string());
                }
            }
        }
        folder
    }
}

/// The bytes of a regular file below `root`; `None` when it is larger than `limit`.
pub(super) fn bytes(root: &Utf8Path, path: &RelPath, limit: u64) -> Option<Vec<u8>> {
    let file = std::fs::File::open(root.join(path.as_str())).ok()?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}

/// Git's index of the repository at `root`; `None` where `.git` is a link or a file that leads to
/// another folder, or the index is larger than `limit`.
pub(super) fn git_index(root: &Utf8Path, limit: u64) -> Option<Vec<u8>> {
    let folder = RelPath::root().join(".git");
    let index = folder.join("index");
    let kind = |path: &RelPath| std::fs::symlink_metadata(root.join(path.as_str())).ok();
    let is_own = kind(&folder)?.is_dir() && kind(&index)?.is_file();
    is_own.then(|| bytes(root, &index, limit)).flatten()
}

/// Reads one file of the walk, at most `limit` bytes of it; of those that are `special` only a link
/// to a regular file inside `root`.
pub(super) fn read(
    root: &Utf8Path,
    path: &RelPath,
    special: bool,
    limit: u64,
) -> Result<Source, Diagnostic> {
    let full: Utf8PathBuf = root.join(path.as_str());
    let unreadable = |why: &str| {
        Diagnostic::error("file-unreadable", format!("the file cannot be read: {why}"))
            .at(Location::file(path.clone()))
    };
    if special {
        let (Ok(target), Ok(root)) = (full.canonicalize_utf8(), root.canonicalize_utf8()) else {
            return Err(unreadable("it is a link that leads nowhere"));
        };
        if !target.starts_with(root) {
            return Err(unreadable("it is a link that leads out of the repository"));
        }
        if !target.is_file() {
            return Err(unreadable("it is not a regular file"));
        }
    }
    let failed = |error: std::io::Error| unreadable(&error.to_string());
    let file = std::fs::File::open(&full).map_err(failed)?;
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
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
