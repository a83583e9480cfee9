//! Files of the user's: each is asked about before it is replaced.

use std::collections::BTreeSet;

use super::exit::Failure;
use super::pipeline::Pipeline;
use super::prompt::{Item, Prompter, Stop};
use super::style::one_line;
use super::ui::Ui;
use crate::diag::Diagnostic;
use crate::parse::ignorefile::IgnoreFile;
use crate::plan::Plan;
use crate::render::verify;
use crate::repo::RelPath;
use crate::write::{Change, ChangeKind, unstamp};

/// Which files that hold someone's own work may be replaced.
#[derive(Debug, Default)]
pub(super) struct Approved {
    /// All of them.
    pub force: bool,
    pub paths: BTreeSet<RelPath>,
}

impl Approved {
    pub(super) fn holds(&self, change: &Change) -> bool {
        self.force || self.paths.contains(&change.path)
    }

    /// Whether a change will reach the disk.
    pub(super) fn writes(&self, change: &Change) -> bool {
        change.kind != ChangeKind::Same && (!change.needs_yes() || self.holds(change))
    }
}

/// Asks about each such file that is not approved yet. Esc ends it all.
pub(super) fn ask(
    changes: &[Change],
    mut approved: Approved,
    prompter: &mut dyn Prompter,
    ui: &Ui<'_>,
) -> Result<Approved, Failure> {
    let mut open: Vec<&Change> = changes
        .iter()
        .filter(|change| change.needs_yes() && !approved.holds(change))
        .collect();
    open.reverse();
    while let Some(change) = open.last().copied() {
        let items = items(open.len() > 1);
        let at = prompter.select(&question(change), &items, 0)?;
        match items.get(at).map(|item| item.value.as_str()) {
            Some(DIFF) => ui.say(&ui.err_paint.diff(&change.diff)),
            Some(NO) => {
                open.pop();
            }
            Some(YES) => {
                approved.paths.insert(change.path.clone());
                open.pop();
            }
            // A no that was given before stays a no.
            Some(ALL) => approved
                .paths
                .extend(open.drain(..).map(|change| change.path.clone())),
            _ => return Err(Stop::Quit.into()),
        }
    }
    Ok(approved)
}

/// A kept ignore file may leave out what the new Dockerfile copies; then the build would fail.
pub(super) fn warn_of_kept_ignore_file(
    pipeline: &Pipeline,
    plan: &Plan,
    changes: &[Change],
    approved: &Approved,
    ui: &Ui<'_>,
) {
    for (image, outputs) in plan.with_outputs() {
        let mut files = Vec::new();
        let mut kept = None;
        for output in outputs {
            let Some(change) = changes.iter().find(|change| change.path == output.path) else {
                continue;
            };
            let keeps = change.needs_yes() && !approved.holds(change);
            let text = if keeps && output.path.name().ends_with("ignore") {
                let Ok(theirs) = pipeline.repo.read(&output.path) else {
                    continue;
                };
                kept = Some(&output.path);
                theirs.text.to_string()
            } else {
                unstamp(&change.text).unwrap_or_else(|| change.text.clone())
            };
            files.push((output.path.clone(), text));
        }
        let Some(path) = kept else {
            continue;
        };
        let text = files.iter().find(|(file, _)| file == path);
        let theirs = text.map_or_else(IgnoreFile::default, |(_, text)| IgnoreFile::parse(text));
        let repo = &pipeline.repo;
        let secrets = verify::Secrets::of(repo, pipeline.packs.secrets());
        if let Some(file) = secrets.visible(image, &theirs) {
            let text = format!("{path} is kept, and leaves {file} in the build context");
            ui.diagnostic(
                &Diagnostic::warning("secret-in-context", text)
                    .with_help(format!("add the lines that dockgen would write to {path}")),
            );
        }
        // Secrets are told above.
        if let Err(problem) = verify::verify(image, &files, repo, &verify::Secrets::default()) {
            let text = format!("the build will fail at {}", problem.message);
            ui.diagnostic(
                &Diagnostic::warning("ignored-source", text).with_help(format!(
                    "{path} is kept; take out of it what the build needs"
                )),
            );
        }
    }
}

fn question(change: &Change) -> String {
    let whose = match change.kind {
        ChangeKind::Edited => "edited since dockgen wrote it",
        _ => "not written by dockgen",
    };
    one_line(&format!("Replace {}, {whose}?", change.path))
}

const DIFF: &str = "diff";
const YES: &str = "yes";
const NO: &str = "no";
const ALL: &str = "all";
const QUIT: &str = "quit";

fn items(several: bool) -> Vec<Item> {
    let mut items = vec![
        Item::new(DIFF, "show what would change"),
        Item::new(NO, "keep the file as it is"),
        Item::new(YES, "replace it"),
    ];
    if several {
        items.push(Item::new(ALL, "replace this and the files after it"));
    }
    items.push(Item::new(QUIT, "write nothing"));
    items
}
