use clap::ArgMatches;

use super::args::InitArgs;
use super::exit::{Exit, Failure};
use super::pipeline::Pipeline;
use super::ui::Ui;
use crate::diag::Diagnostic;
use crate::write::{ChangeKind, apply};

pub(super) fn run(args: &InitArgs, matches: Option<&ArgMatches>, ui: &Ui) -> Result<Exit, Failure> {
    let pipeline = Pipeline::detect(&args.project, matches, ui)?;
    let plan = pipeline.plan()?;
    let files = pipeline.render(&plan)?;
    let changes = pipeline.compare(&files)?;
    for component in &plan.components {
        for guess in component.guesses() {
            ui.say(&format!(
                "guess: {}: {} = {} ({})",
                component.dir, guess.what, guess.chosen, guess.because.why
            ));
        }
    }
    let blocked: Vec<_> = changes
        .iter()
        .filter(|change| matches!(change.kind, ChangeKind::Edited | ChangeKind::Foreign))
        .collect();
    if args.diff || (!blocked.is_empty() && !args.force) {
        for change in &changes {
            ui.out(&change.diff);
        }
    }
    if !blocked.is_empty() && !args.force {
        let names: Vec<String> = blocked
            .iter()
            .map(|change| change.path.to_string())
            .collect();
        return Err(Diagnostic::error(
            "answer-needed",
            format!(
                "not written by dockgen, or edited since: {}",
                names.join(", ")
            ),
        )
        .with_help("replace them with --force, or move them away")
        .into());
    }
    if args.dry_run {
        for change in &changes {
            ui.say(&format!("would {}: {}", verb(change.kind), change.path));
        }
        return Ok(Exit::Done);
    }
    let report = apply(&pipeline.root, &changes, &|_| args.force)?;
    for (what, paths) in [
        ("created", &report.created),
        ("updated", &report.updated),
        ("unchanged", &report.unchanged),
    ] {
        for path in paths {
            ui.say(&format!("{what} {path}"));
        }
    }
    Ok(Exit::Done)
}

fn verb(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Create => "create",
        ChangeKind::Same => "leave as it is",
        ChangeKind::Update | ChangeKind::Edited | ChangeKind::Foreign => "replace",
    }
}
