//! Replacing a set of files as one: the only place that writes to disk.
#![allow(
    clippy::disallowed_methods,
    reason = "writing is this module's one job; everything else must come through it"
)]

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::{Builder, NamedTempFile};

use super::target::{checked_target, io_error, read};
use super::{Change, ChangeKind};
use crate::diag::{Diagnostic, Location};
use crate::repo::RelPath;

/// Replaces all targets or none; see [`super::apply`].
pub(super) fn write_all(root: &Utf8Path, changes: &[&Change]) -> Result<(), Diagnostic> {
    let mut folders = NewFolders::default();
    let mut staged = Vec::new();
    for change in changes {
        staged.push(stage(root, change, &mut folders)?);
    }
    // The last look before the first rename: staging a set takes a while.
    for change in changes {
        unchanged(root, change)?;
    }
    commit(staged)?;
    folders.keep();
    Ok(())
}

fn unchanged(root: &Utf8Path, change: &Change) -> Result<(), Diagnostic> {
    if read(root, &change.path)? == change.before {
        return Ok(());
    }
    Err(Diagnostic::error(
        "changed-meanwhile",
        format!(
            "{} was changed by someone else while dockgen ran",
            change.path
        ),
    )
    .at(Location::file(change.path.clone()))
    .with_help("run the command again"))
}

/// Folders made for a set; those that are not kept are removed again, innermost first.
#[derive(Default)]
struct NewFolders(Vec<Utf8PathBuf>);

impl NewFolders {
    fn create(&mut self, root: &Utf8Path, folder: &RelPath) -> std::io::Result<()> {
        let mut path = root.to_owned();
        for part in folder.parts() {
            path.push(part);
            match fs::create_dir(&path) {
                Ok(()) => self.0.push(path.clone()),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            // Only an empty folder goes; what someone else put there stays.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// A text that waits beside its target. Dropping it removes the temporary file.
struct Staged {
    path: RelPath,
    target: Utf8PathBuf,
    temp: NamedTempFile,
    before: Option<Backup>,
}

struct Backup {
    bytes: Vec<u8>,
    permissions: Permissions,
}

fn stage(root: &Utf8Path, change: &Change, folders: &mut NewFolders) -> Result<Staged, Diagnostic> {
    let path = &change.path;
    unchanged(root, change)?;
    let target = checked_target(root, path)?;
    let parent = path.parent().unwrap_or_default();
    let failed = |error| io_error("write-failed", path, "cannot be written", &error);
    folders.create(root, &parent).map_err(failed)?;

    let before = match &change.before {
        None => None,
        Some(bytes) => {
            let permissions = fs::metadata(&target).map_err(failed)?.permissions();
            Some(Backup {
                bytes: bytes.clone(),
                permissions,
            })
        }
    };
    let crlf = change.kind != ChangeKind::Create && change.before.as_deref().is_some_and(is_crlf);
    let text = if crlf {
        change.text.replace('\n', "\r\n")
    } else {
        change.text.clone()
    };
    let permissions = before.as_ref().map(|backup| &backup.permissions);
    let temp = write_beside(&target, text.as_bytes(), permissions).map_err(failed)?;
    Ok(Staged {
        path: path.clone(),
        target,
        temp,
        before,
    })
}

/// True when most lines end in CRLF.
fn is_crlf(bytes: &[u8]) -> bool {
    let crlf = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    let all = bytes.split(|byte| *byte == b'\n').count() - 1;
    crlf * 2 > all
}

fn write_beside(
    target: &Utf8Path,
    bytes: &[u8],
    permissions: Option<&Permissions>,
) -> std::io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or(Utf8Path::new("."));
    let mut builder = Builder::new();
    builder.prefix(".dockgen-").suffix(".tmp");
    // Temporary files are private by default; a Dockerfile is as public as the umask lets it be.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut temp = builder.tempfile_in(folder)?;
    temp.write_all(bytes)?;
    if let Some(permissions) = permissions {
        temp.as_file().set_permissions(permissions.clone())?;
    }
    temp.as_file().sync_all()?;
    Ok(temp)
}

/// Renames all; when one fails, puts the earlier ones back from memory.
fn commit(staged: Vec<Staged>) -> Result<(), Diagnostic> {
    let mut done: Vec<(RelPath, Utf8PathBuf, Option<Backup>)> = Vec::new();
    for Staged {
        path,
        target,
        temp,
        before,
    } in staged
    {
        if let Err(error) = temp.persist(&target) {
            let left: Vec<String> = done
                .iter()
                .rev()
                .filter(|(_, target, before)| restore(target, before.as_ref()).is_err())
                .map(|(path, ..)| path.to_string())
                .collect();
            let mut failure = io_error("write-failed", &path, "cannot be written", &error.error);
            if !left.is_empty() {
                failure.code = "write-incomplete";
                failure.help = Some(format!(
                    "these files hold their new text already: {}",
                    left.join(", ")
                ));
            }
            return Err(failure);
        }
        done.push((path, target, before));
    }
    // The renames themselves reach the disk with the folder. Not every system can sync one.
    for (_, target, _) in &done {
        if let Some(folder) = target.parent() {
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
    }
    Ok(())
}

fn restore(target: &Utf8Path, before: Option<&Backup>) -> std::io::Result<()> {
    let Some(Backup { bytes, permissions }) = before else {
        return fs::remove_file(target);
    };
    let temp = write_beside(target, bytes, Some(permissions))?;
    temp.persist(target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(root: &Utf8Path, name: &str, before: Option<&str>) -> Staged {
        let target = root.join(name);
        if let Some(text) = before {
            fs::write(&target, text).unwrap();
        }
        let before = before.map(|text| Backup {
            bytes: text.into(),
            permissions: fs::metadata(&target).unwrap().permissions(),
        });
        let temp = write_beside(&target, b"new", None).unwrap();
        Staged {
            path: RelPath::new(name).unwrap(),
            target,
            temp,
            before,
        }
    }

    #[test]
    fn a_rename_that_fails_midway_is_undone() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        let set = vec![
            staged(root, "old", Some("old")),
            staged(root, "created", None),
            staged(root, "blocked", None),
            staged(root, "never", None),
        ];
        fs::create_dir_all(root.join("blocked/by")).unwrap();
        let error = commit(set).unwrap_err();
        assert_eq!(error.code, "write-failed");
        assert!(error.message.starts_with("blocked cannot be written"));
        assert_eq!(fs::read_to_string(root.join("old")).unwrap(), "old");
        let mut names: Vec<_> = fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["blocked", "old"]);
    }

    #[test]
    fn most_line_ends_decide() {
        assert!(is_crlf(b"a\r\nb\r\nc\n"));
        assert!(!is_crlf(b"a\r\nb\nc\n"));
        assert!(!is_crlf(b""));
    }
}
