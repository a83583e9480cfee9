use clap::ArgMatches;

use super::args::ProjectArgs;
use super::exit::{Exit, Failure};
use super::pipeline::Pipeline;
use super::ui::Ui;
use crate::write::ChangeKind;

pub(super) fn run(
    args: &ProjectArgs,
    matches: Option<&ArgMatches>,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let pipeline = Pipeline::detect(args, matches, ui)?;
    let plan = pipeline.plan()?;
    let changes = pipeline.compare(&pipeline.render(&plan)?)?;
    let different: Vec<_> = changes
        .iter()
        .filter(|change| change.kind != ChangeKind::Same)
        .collect();
    if different.is_empty() {
        ui.say("the files are what dockgen would write");
        return Ok(Exit::Done);
    }
    for change in &different {
        ui.out(&change.diff);
    }
    ui.say("run `dockgen init` to write them");
    Ok(Exit::Differs)
}
