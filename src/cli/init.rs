//! `init`: detect, ask what is open, show, write.

use super::approve::{self, Approved};
use super::args::{Format, InitArgs};
use super::exit::{Exit, Failure};
use super::pipeline::{Context, Pipeline};
use super::preview::{self, Tense};
use super::prompt::{Prompter, survive_interrupts, uninterrupted};
use super::report::Report;
use super::style::{CARE, one_line};
use super::ui::Ui;
use super::wizard::Answered;
use super::{keep, next, overview, wizard};
use crate::plan::Plan;
use crate::plan::options::option;
use crate::plan::settings::FILE;
use crate::write::{Change, OutputFile, Policy, apply};

pub(super) fn run(
    args: &InitArgs,
    context: &Context<'_, '_>,
    prompter: Option<&mut dyn Prompter>,
) -> Result<Exit, Failure> {
    if args.format == Format::Text {
        let prompter = prompter.filter(|_| !args.yes);
        let result = init(args, context, prompter, &mut Report::default());
        if let Err(failure) = &result
            && failure.diagnostic.is_none()
            && failure.exit != Exit::Interrupted
        {
            context.ui.say("Nothing was written.");
        }
        return result;
    }
    context.ui.hush();
    let mut report = Report::default();
    let result = init(args, context, None, &mut report);
    report.print(&result, context.ui);
    result
}

fn init(
    args: &InitArgs,
    context: &Context<'_, '_>,
    prompter: Option<&mut dyn Prompter>,
    report: &mut Report,
) -> Result<Exit, Failure> {
    let pipeline = Pipeline::detect(&args.project, context)?;
    if let Some(prompter) = prompter {
        return asked(args, context, pipeline, prompter);
    }
    let plan = pipeline.plan()?;
    pipeline.tell(&plan, context);
    tell_guesses(&plan, context.ui);
    let changes = pipeline.compare(&pipeline.render(&plan)?)?;
    report.plan(&plan, &pipeline.root);
    report.changes(&changes, &plan);
    unasked(args, &pipeline, &plan, &changes, context.ui, report)
}

/// With someone to ask: what is open, then about files of theirs, then once about the whole set.
fn asked(
    args: &InitArgs,
    context: &Context<'_, '_>,
    mut pipeline: Pipeline,
    prompter: &mut dyn Prompter,
) -> Result<Exit, Failure> {
    let ui = context.ui;
    survive_interrupts();
    overview::show(&pipeline, ui);
    let (plan, answers) = wizard::ask(&mut pipeline, prompter, ui)?;
    let notes = || {
        pipeline.tell(&plan, context);
        tell_guesses(&plan, ui);
    };
    let mut files = pipeline.render(&plan)?;
    let mut approved = Approved {
        force: args.force,
        ..Approved::default()
    };
    if args.dry_run {
        let changes = pipeline.compare(&files)?;
        if args.diff {
            ui.out(&ui.out_paint.diff(&preview::diff(&changes)));
        }
        notes();
        preview::list(&changes, &approved, Tense::Would, ui);
        return Ok(Exit::of(&plan));
    }
    if let Some(kept) = offer_to_keep(&pipeline, &answers, prompter, ui)? {
        approved.paths.insert(kept.path.clone());
        files.push(kept);
    }
    let changes = pipeline.compare(&files)?;
    let approved = approve::ask(&changes, approved, prompter, ui)?;
    if args.diff {
        ui.out(&ui.out_paint.diff(&preview::diff(&changes)));
    }
    if changes.iter().any(|change| approved.writes(change)) {
        let notes = || {
            notes();
            approve::warn_of_kept_ignore_file(&pipeline, &plan, &changes, &approved, ui);
        };
        preview::ask(&changes, &approved, args.diff, notes, prompter, ui)?;
    } else {
        notes();
    }
    write(&pipeline, &plan, &changes, &approved, ui)?;
    Ok(Exit::of(&plan))
}

/// dockgen.toml with the answers, when the user wants it; else the command that says the same.
fn offer_to_keep(
    pipeline: &Pipeline,
    answers: &[Answered],
    prompter: &mut dyn Prompter,
    ui: &Ui<'_>,
) -> Result<Option<OutputFile>, Failure> {
    if answers.is_empty() {
        return Ok(None);
    }
    let alone = pipeline.detection.components.len() == 1;
    let question = format!("Keep the answers in {FILE} for the next run?");
    if prompter.confirm(&question, true)? {
        return Ok(Some(keep::file(&pipeline.repo, answers, alone)?));
    }
    let command = keep::command(&pipeline.root, answers, alone);
    ui.say(&format!(
        "The same without questions:\n  {}",
        one_line(&command)
    ));
    Ok(None)
}

/// Without anyone to ask: everything is written, or nothing and the reason is told.
fn unasked(
    args: &InitArgs,
    pipeline: &Pipeline,
    plan: &Plan,
    changes: &[Change],
    ui: &Ui<'_>,
    report: &mut Report,
) -> Result<Exit, Failure> {
    let approved = Approved {
        force: args.force,
        ..Approved::default()
    };
    let policy = if args.force {
        Policy::Force
    } else {
        Policy::Refuse
    };
    let admitted = policy.admit(changes);
    if args.format == Format::Text && (args.diff || admitted.is_err()) {
        ui.out(&ui.out_paint.diff(&preview::diff(changes)));
    }
    if args.dry_run {
        preview::list(changes, &approved, Tense::Would, ui);
        admitted?;
        return Ok(Exit::of(plan));
    }
    admitted?;
    write(pipeline, plan, changes, &approved, ui)?;
    report.written(changes, &approved);
    Ok(Exit::of(plan))
}

/// The one place that writes. Says what was done and what to type next.
fn write(
    pipeline: &Pipeline,
    plan: &Plan,
    changes: &[Change],
    approved: &Approved,
    ui: &Ui<'_>,
) -> Result<(), Failure> {
    uninterrupted(|| apply(&pipeline.root, changes, &|change| approved.holds(change)))?;
    preview::list(changes, approved, Tense::Did, ui);
    ui.say(next::text(plan, &pipeline.root).trim_end());
    Ok(())
}

/// Each guess with its reason and the flag that decides it.
fn tell_guesses(plan: &Plan, ui: &Ui<'_>) {
    for component in &plan.images {
        for guess in component.guesses() {
            let whose = if plan.images.len() > 1 {
                format!("{}: ", component.dir)
            } else {
                String::new()
            };
            let flag = option(&guess.what)
                .map(|option| format!("; {} decides it", option.flag()))
                .unwrap_or_default();
            let text = format!(
                "{whose}{} {} ({}){flag}",
                guess.what, guess.chosen, guess.because.why
            );
            let label = ui.err_paint.paint(CARE, "guess");
            ui.say(&format!("{label}: {}", one_line(&text)));
        }
    }
}
