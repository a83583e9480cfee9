//! From generated texts to files on disk: compare everything first, then write the whole set or
//! nothing. Files that people wrote or edited are never replaced without a yes.

mod atomic;
mod diff;
mod kept;
mod target;

use std::collections::BTreeSet;

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::Serialize;

pub use crate::parse::marker::{KEPT, Ownership, ownership, stamp, unstamp};

use crate::diag::{Diagnostic, Location};
use crate::parse::marker;
use crate::repo::RelPath;

/// One generated file. The text is stamped already, where its language has `#` comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    pub path: RelPath,
    pub text: String,
}

/// What writing a file would mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// There is no such file.
    Create,
    /// The file is dockgen's own and unedited.
    Update,
    /// The file says this already, perhaps with CRLF.
    Same,
    /// The file is dockgen's, and someone changed it.
    Edited,
    /// Someone else's file.
    Foreign,
}

/// One file of a set, compared with the disk.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    pub path: RelPath,
    pub kind: ChangeKind,
    /// Unified, with three lines of context; empty for [`ChangeKind::Same`].
    pub diff: String,
    /// The new text, with LF.
    #[serde(skip)]
    pub text: String,
    /// The bytes that were compared. The file must still hold them when it is replaced.
    #[serde(skip)]
    before: Option<Vec<u8>>,
}

/// What happens to [`ChangeKind::Edited`] and [`ChangeKind::Foreign`] files when nobody is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// One such file stops everything.
    Refuse,
    /// They are replaced.
    Force,
}

impl Policy {
    /// To be asked before [`apply`]: an error with code `needs-approval` names every file that
    /// stands in the way, so that nothing is half-written.
    pub fn admit(self, changes: &[Change]) -> Result<(), Diagnostic> {
        let blocked: Vec<&Change> = changes.iter().filter(|change| change.needs_yes()).collect();
        let Some(first) = blocked.first() else {
            return Ok(());
        };
        if self == Self::Force {
            return Ok(());
        }
        let names: Vec<String> = blocked
            .iter()
            .map(|change| match change.kind {
                ChangeKind::Edited => format!("{} (edited since dockgen wrote it)", change.path),
                _ => format!("{} (not written by dockgen)", change.path),
            })
            .collect();
        Err(Diagnostic::error(
            "needs-approval",
            format!("not replaced: {}", names.join(", ")),
        )
        .at(Location::file(first.path.clone()))
        .with_help("look at the diff; --force replaces these files"))
    }
}

impl Change {
    /// The same file with another text, such as the result of a merge.
    #[must_use]
    pub fn with_text(self, text: &str) -> Self {
        let kind = self.kind;
        let file = OutputFile {
            path: self.path,
            text: text.to_owned(),
        };
        let changed = change(&file, self.before);
        // Whose file it is depends on what is on disk, not on the new text.
        if changed.kind == ChangeKind::Same {
            changed
        } else {
            Self { kind, ..changed }
        }
    }

    /// True for a file that holds someone's own work.
    pub fn needs_yes(&self) -> bool {
        matches!(self.kind, ChangeKind::Edited | ChangeKind::Foreign)
    }
}

/// What [`apply`] did, each list sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub created: Vec<RelPath>,
    pub updated: Vec<RelPath>,
    pub unchanged: Vec<RelPath>,
    /// Files that were to be replaced and had no yes.
    pub kept: Vec<RelPath>,
}

/// Compares each file with the one on disk below `root`, in the order of `files`.
///
/// Errors: `unsafe-path` for a target that is a symlink, a folder or a device, or that lies behind
/// a symlink out of `root`; `duplicate-output` for a path that comes twice; `read-failed`.
pub fn compare(root: &Utf8Path, files: &[OutputFile]) -> Result<Vec<Change>, Diagnostic> {
    let mut seen = BTreeSet::new();
    files
        .iter()
        .map(|file| {
            if !seen.insert(&file.path) {
                return Err(Diagnostic::error(
                    "duplicate-output",
                    format!("two outputs have the path {}", file.path),
                )
                .at(Location::file(file.path.clone())));
            }
            let before = target::read(root, &file.path)?;
            Ok(change(file, before))
        })
        .collect()
}

fn change(file: &OutputFile, before: Option<Vec<u8>>) -> Change {
    let new = marker::to_lf(&file.text).into_owned();
    let (kind, diff) = match &before {
        None => (ChangeKind::Create, diff::unified(&file.path, None, &new)),
        Some(bytes) => {
            let old = String::from_utf8_lossy(bytes);
            let old = marker::to_lf(&old);
            // A file that is not UTF-8 is not ours, whatever its lossy text looks like.
            let is_text = std::str::from_utf8(bytes).is_ok();
            let kind = match ownership(&old) {
                _ if is_text && old == new => ChangeKind::Same,
                Ownership::Ours if is_text => ChangeKind::Update,
                Ownership::Edited => ChangeKind::Edited,
                Ownership::Ours | Ownership::Foreign => ChangeKind::Foreign,
            };
            (kind, diff::unified(&file.path, Some(&old), &new))
        }
    };
    Change {
        path: file.path.clone(),
        kind,
        diff,
        text: new,
        before,
    }
}

/// Writes a set of changes, all or none. `approved` is asked for the files that hold someone's own
/// work, once each and before anything is written; without a yes the file is kept as it is.
///
/// A Dockerfile that holds someone's own work and is replaced is kept beside the new one: see
/// [`KEPT`].
///
/// Every text is first written and synced beside its target, then all are renamed. An existing
/// file keeps its mode and its CRLF line ends.
///
/// Errors, after which every file is as before: those of [`compare`]; `changed-meanwhile` for a
/// file that is no longer as it was compared; `write-failed`. Only when a rename fails and undoing
/// the earlier ones fails too, the error is `write-incomplete` and names what was left.
pub fn apply(
    root: &Utf8Path,
    changes: &[Change],
    approved: &dyn Fn(&Change) -> bool,
) -> Result<Report, Diagnostic> {
    let mut report = Report::default();
    let mut wanted = Vec::new();
    for change in changes {
        let list = match change.kind {
            ChangeKind::Same => &mut report.unchanged,
            _ if change.needs_yes() && !approved(change) => &mut report.kept,
            kind => {
                wanted.push(change);
                if kind == ChangeKind::Create {
                    &mut report.created
                } else {
                    &mut report.updated
                }
            }
        };
        list.push(change.path.clone());
    }
    let kept: Vec<Change> = wanted
        .iter()
        .map(|change| kept::copies(root, change))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    // The copies come first: what follows may fail and be undone.
    let all: Vec<&Change> = kept.iter().chain(wanted).collect();
    atomic::write_all(root, &all)?;
    report.created.sort();
    report.updated.sort();
    report.unchanged.sort();
    report.kept.sort();
    Ok(report)
}

#[cfg(test)]
mod tests;
