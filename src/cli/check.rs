use super::args::{CheckArgs, Format};
use super::exit::{Exit, Failure};
use super::pipeline::{Context, Pipeline};
use super::report::Report;
use super::style::count;
use crate::write::ChangeKind;

/// The pipeline of `init` without its last step.
pub(super) fn run(args: &CheckArgs, context: &Context<'_, '_>) -> Result<Exit, Failure> {
    if args.format == Format::Text {
        return check(args, context, &mut Report::default());
    }
    context.ui.hush();
    let mut report = Report::default();
    let result = check(args, context, &mut report);
    report.print(&result, context.ui);
    result
}

fn check(
    args: &CheckArgs,
    context: &Context<'_, '_>,
    report: &mut Report,
) -> Result<Exit, Failure> {
    let ui = context.ui;
    let pipeline = Pipeline::detect(&args.project, context)?;
    let plan = pipeline.plan()?;
    pipeline.tell(&plan, context);
    let changes = pipeline.compare(&pipeline.render(&plan)?)?;
    report.plan(&plan, &pipeline.root);
    report.changes(&changes, &plan);
    let different: Vec<_> = changes
        .iter()
        .filter(|change| change.kind != ChangeKind::Same)
        .collect();
    if different.is_empty() {
        ui.say(&format!("{} up to date", count(changes.len(), "file")));
        return Ok(Exit::of(&plan));
    }
    if args.format == Format::Text {
        for change in &different {
            ui.out(&ui.out_paint.diff(&change.diff));
        }
    }
    let flag = if different.iter().any(|change| change.needs_yes()) {
        " --force"
    } else {
        ""
    };
    ui.say(&format!(
        "{} not as dockgen would write them; `dockgen init{flag}` writes them",
        match different.len() {
            1 => "1 file is".to_owned(),
            more => format!("{more} files are"),
        }
    ));
    Ok(Exit::Differs)
}
