//! Copies of Dockerfiles that are replaced though someone else wrote or edited them.
//!
//! What the authors wrote is evidence for the next run as well, so its newest text always has the
//! same name; older ones and edited files of dockgen's get numbers.

use camino::Utf8Path;

use super::{Change, ChangeKind, KEPT, target};
use crate::diag::Diagnostic;
use crate::repo::RelPath;

/// Copies of one file that are kept; a further one takes the last one's place.
const MOST: usize = 20;

/// The files to write beside a change so that nothing is lost. Ignore files have none: every one of
/// them would be sent to each build.
pub(super) fn copies(root: &Utf8Path, change: &Change) -> Result<Vec<Change>, Diagnostic> {
    let is_dockerfile = !change.path.name().ends_with("ignore");
    let theirs = change
        .before
        .as_ref()
        .filter(|_| change.needs_yes() && is_dockerfile);
    let Some(text) = theirs.and_then(|bytes| String::from_utf8(bytes.clone()).ok()) else {
        return Ok(Vec::new());
    };
    let folder = change.path.parent().unwrap_or_default();
    let name = |number: usize| {
        let number = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        folder.join(&format!("{}{KEPT}{number}", change.path.name()))
    };
    let first = name(1);
    let before = target::read(root, &first)?;
    if change.kind == ChangeKind::Foreign {
        let mut copies = Vec::new();
        if let Some(older) = &before {
            if *older == text.as_bytes() {
                return Ok(copies);
            }
            if let Ok(older) = String::from_utf8(older.clone()) {
                copies.push(numbered(root, name, older)?);
            }
        }
        copies.push(copy(first, before, text));
        return Ok(copies);
    }
    Ok(vec![numbered(root, name, text)?])
}

/// A copy under the first name with a number that is free.
fn numbered(
    root: &Utf8Path,
    name: impl Fn(usize) -> RelPath,
    text: String,
) -> Result<Change, Diagnostic> {
    for number in 2..MOST {
        let path = name(number);
        if target::read(root, &path)?.is_none() {
            return Ok(copy(path, None, text));
        }
    }
    let path = name(MOST);
    let before = target::read(root, &path)?;
    Ok(copy(path, before, text))
}

fn copy(path: RelPath, before: Option<Vec<u8>>, text: String) -> Change {
    Change {
        path,
        kind: if before.is_some() {
            ChangeKind::Update
        } else {
            ChangeKind::Create
        },
        diff: String::new(),
        text,
        before,
    }
}
