//! The changes before and after they are made: the diff, the one yes, a line for each file.

use super::approve::Approved;
use super::exit::Failure;
use super::prompt::{Item, Prompter, Stop};
use super::style::{CARE, FAINT, GOOD, count, one_line};
use super::ui::Ui;
use crate::write::{Change, ChangeKind};

/// Lines of a diff that are shown without being asked for.
const SHORT: usize = 200;

/// Shows what will be written and asks for the one yes. `shown`: the diff was printed already.
/// `notes` are told between the diff, which may be long, and the question, so that they are seen.
pub(super) fn ask(
    changes: &[Change],
    approved: &Approved,
    shown: bool,
    notes: impl FnOnce(),
    prompter: &mut dyn Prompter,
    ui: &Ui<'_>,
) -> Result<(), Failure> {
    let set = || changes.iter().filter(|change| approved.writes(change));
    let diff = diff(set());
    let short = diff.lines().count() <= SHORT;
    if short && !shown {
        ui.say(&ui.err_paint.diff(&diff));
    }
    notes();
    list(changes, approved, Tense::Will, ui);
    let question = format!("Write {}?", count(set().count(), "file"));
    if short || shown {
        return if prompter.confirm(&question, true)? {
            Ok(())
        } else {
            Err(Stop::Quit.into())
        };
    }
    let items = [
        Item::new("yes", ""),
        Item::new("diff", "show what is written"),
        Item::new("no", "write nothing"),
    ];
    loop {
        match prompter.select(&question, &items, 0)? {
            0 => return Ok(()),
            1 => ui.say(&ui.err_paint.diff(&diff)),
            _ => return Err(Stop::Quit.into()),
        }
    }
}

pub(super) fn diff<'c>(changes: impl IntoIterator<Item = &'c Change>) -> String {
    changes
        .into_iter()
        .map(|change| change.diff.as_str())
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tense {
    Will,
    Would,
    Did,
}

/// One line a file: what will be, would be or was done with it.
pub(super) fn list(changes: &[Change], approved: &Approved, tense: Tense, ui: &Ui<'_>) {
    for change in changes {
        let (now, then, style) = match change.kind {
            ChangeKind::Same => ("unchanged", "unchanged", FAINT),
            _ if !approved.writes(change) => ("keep", "kept", CARE),
            ChangeKind::Create => ("create", "created", GOOD),
            ChangeKind::Update => ("update", "updated", GOOD),
            ChangeKind::Edited | ChangeKind::Foreign => ("replace", "replaced", CARE),
        };
        let word = match tense {
            Tense::Did => then.to_owned(),
            Tense::Would if change.kind != ChangeKind::Same => format!("would {now}"),
            Tense::Will | Tense::Would => now.to_owned(),
        };
        let mut line = format!(
            "{} {}",
            ui.err_paint.paint(style, word),
            one_line(change.path.as_str())
        );
        if tense != Tense::Did && approved.writes(change) {
            line.push(' ');
            line.push_str(&ui.err_paint.paint(FAINT, size(change)));
        }
        ui.say(&line);
    }
}

/// `+12 -3`, in lines.
fn size(change: &Change) -> String {
    let lines = |sign: &str, header: &str| {
        let signed = |line: &&str| line.starts_with(sign) && !line.starts_with(header);
        change.diff.lines().filter(signed).count()
    };
    format!("+{} -{}", lines("+", "+++ "), lines("-", "--- "))
}
