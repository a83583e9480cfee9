use super::args::ProjectArgs;
use super::exit::{Exit, Failure};
use super::pipeline::{Context, Pipeline};

pub(super) fn run(args: &ProjectArgs, context: &Context<'_, '_>) -> Result<Exit, Failure> {
    let pipeline = Pipeline::detect(args, context)?;
    let plan = pipeline.plan()?;
    pipeline.tell(&plan, context);
    context.ui.json(&plan);
    Ok(Exit::of(&plan))
}
