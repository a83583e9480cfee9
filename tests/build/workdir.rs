//! Temporary folders to build in: an example is never built in place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use tempfile::TempDir;

use crate::example::Edit;

/// A copy of `app` as a fresh clone has it, plus what a developer's folder has besides: history and
/// a file of secrets, neither of which may reach the image.
///
/// A file that no build has seen is laid beside the one that will be edited. Without it, a builder
/// that remembers an earlier run of this test would answer every step from its cache, and a
/// Dockerfile that copies the sources too early would pass.
pub(crate) fn copy_with_decoys(app: &Path, edited: &str) -> Result<TempDir, String> {
    let copy = overlay(&[app.to_owned()])?;
    let beside = copy.path().join(edited);
    let beside = beside.parent().unwrap_or(copy.path());
    let unseen = copy
        .path()
        .file_name()
        .unwrap_or_default()
        .as_encoded_bytes();
    for (path, bytes) in [
        (beside.join("unseen.txt"), unseen),
        (copy.path().join(".git/HEAD"), b"ref: refs/heads/main\n"),
        (copy.path().join(".env"), b"API_TOKEN=decoy\n"),
    ] {
        if !path.exists() {
            write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(copy)
}

/// One folder with the files of all `layers`, later ones on top; what their .gitignore names is
/// not copied, because a fresh clone has none of it.
pub(crate) fn overlay(layers: &[PathBuf]) -> Result<TempDir, String> {
    let copy = tempfile::tempdir().map_err(|error| format!("temporary folder: {error}"))?;
    for layer in layers.iter().filter(|layer| layer.is_dir()) {
        let files = WalkBuilder::new(layer)
            .standard_filters(false)
            .git_ignore(true)
            .require_git(false)
            .build();
        for entry in files {
            let entry = entry.map_err(|error| error.to_string())?;
            let Ok(relative) = entry.path().strip_prefix(layer) else {
                continue;
            };
            if entry.file_type().is_some_and(|kind| kind.is_file()) {
                copy_file(entry.path(), &copy.path().join(relative))
                    .map_err(|error| format!("{}: {error}", entry.path().display()))?;
            }
        }
    }
    Ok(copy)
}

pub(crate) fn edit(root: &Path, edit: &Edit) -> Result<(), String> {
    let path = root.join(&edit.file);
    let at = |error: io::Error| format!("{}: {error}", edit.file);
    let before = fs::read_to_string(&path).map_err(at)?;
    let after = before.replacen(&edit.from, &edit.to, 1);
    if before == after {
        return Err(format!(
            "{} does not hold {:?}, which `edit` changes",
            edit.file, edit.from
        ));
    }
    fs::write(&path, after).map_err(at)
}

fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(drop)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}
