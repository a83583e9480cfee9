use clap::ArgMatches;

use super::args::ProjectArgs;
use super::exit::{Exit, Failure};
use super::pipeline::Pipeline;
use super::ui::Ui;

pub(super) fn run(
    args: &ProjectArgs,
    matches: Option<&ArgMatches>,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let pipeline = Pipeline::detect(args, matches, ui)?;
    let plan = pipeline.plan()?;
    let mut text = serde_json::to_string_pretty(&plan).unwrap_or_default();
    text.push('\n');
    ui.out(&text);
    Ok(Exit::Done)
}
