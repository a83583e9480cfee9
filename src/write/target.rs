//! Where a file may be read and written, and what it holds now.
#![allow(
    clippy::disallowed_methods,
    reason = "links must be looked at as links, which the repository's index does not do"
)]

use std::fs::{self, File};
use std::io::{ErrorKind, Read};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use crate::diag::{Diagnostic, Location};
use crate::repo::RelPath;

/// Bytes. A larger file is none that dockgen or a person wrote for a container.
const MAX_EXISTING: u64 = 4 << 20;

/// The bytes of a target; `None` when there is no file.
pub(super) fn read(root: &Utf8Path, path: &RelPath) -> Result<Option<Vec<u8>>, Diagnostic> {
    let target = checked_target(root, path)?;
    let failed = |error| io_error("read-failed", path, "cannot be read", &error);
    let file = match File::open(&target) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_EXISTING + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_EXISTING {
        return Err(unsafe_path(
            path,
            "is larger than any file that dockgen would replace",
        ));
    }
    Ok(Some(bytes))
}

/// The place of `path` on disk, when a file may be read and written there: each folder above it is
/// a folder within `root` or missing, and the target is a plain file or missing.
pub(super) fn checked_target(root: &Utf8Path, path: &RelPath) -> Result<Utf8PathBuf, Diagnostic> {
    // On Windows a part such as `C:x` would replace the root when joined.
    let plain = |part: &str| {
        let mut parts = Utf8Path::new(part).components();
        matches!(parts.next(), Some(Utf8Component::Normal(_))) && parts.next().is_none()
    };
    if path.is_root() || !path.parts().all(plain) {
        return Err(unsafe_path(path, "is not the path of a file"));
    }
    let real_root = root
        .canonicalize_utf8()
        .map_err(|error| io_error("read-failed", &RelPath::root(), "cannot be opened", &error))?;

    let mut folder = root.to_owned();
    for part in path.parent().unwrap_or_default().parts() {
        folder.push(part);
        match fs::symlink_metadata(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            Err(error) => return Err(io_error("read-failed", path, "cannot be reached", &error)),
            Ok(meta) if meta.is_symlink() => {
                // A link to a folder of the same repository is fine; a dangling one is not.
                let real = folder.canonicalize_utf8().ok();
                if !real.is_some_and(|real| real.starts_with(&real_root) && real.is_dir()) {
                    return Err(unsafe_path(
                        path,
                        "lies behind a symlink out of the project",
                    ));
                }
            }
            Ok(meta) if !meta.is_dir() => {
                return Err(unsafe_path(
                    path,
                    "lies below something that is not a folder",
                ));
            }
            Ok(_) => {}
        }
    }

    let target = root.join(path.as_str());
    match fs::symlink_metadata(&target) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(target),
        Err(error) => Err(io_error("read-failed", path, "cannot be reached", &error)),
        Ok(meta) if meta.is_symlink() => Err(unsafe_path(path, "is a symlink")),
        Ok(meta) if meta.is_dir() => Err(unsafe_path(path, "is a folder")),
        // Reading a pipe would wait for ever.
        Ok(meta) if !meta.is_file() => Err(unsafe_path(path, "is not a plain file")),
        Ok(_) => Ok(target),
    }
}

fn unsafe_path(path: &RelPath, why: &str) -> Diagnostic {
    Diagnostic::error("unsafe-path", format!("{path} {why}"))
        .at(Location::file(path.clone()))
        .with_help("dockgen writes only plain files inside the project; move this one away")
}

pub(super) fn io_error(
    code: &'static str,
    path: &RelPath,
    what: &str,
    error: &std::io::Error,
) -> Diagnostic {
    Diagnostic::error(code, format!("{path} {what}: {error}")).at(Location::file(path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_target_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        File::create(root.join("f"))
            .unwrap()
            .set_len(MAX_EXISTING + 1)
            .unwrap();
        assert_eq!(
            read(root, &RelPath::new("f").unwrap()).unwrap_err().code,
            "unsafe-path"
        );
    }
}
