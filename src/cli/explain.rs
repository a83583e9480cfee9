use clap::ArgMatches;

use super::args::ExplainArgs;
use super::exit::{Exit, Failure};
use super::pipeline::Pipeline;
use super::ui::Ui;

pub(super) fn run(
    args: &ExplainArgs,
    matches: Option<&ArgMatches>,
    ui: &Ui,
) -> Result<Exit, Failure> {
    let pipeline = Pipeline::detect(&args.project, matches, ui)?;
    let plan = pipeline.plan()?;
    for component in &plan.components {
        ui.out(&format!(
            "{} ({} {})\n",
            component.dir, component.language, component.kind
        ));
        for decision in &component.decisions {
            let at = decision
                .because
                .at
                .as_ref()
                .map(|at| format!(" [{at}]"))
                .unwrap_or_default();
            ui.out(&format!(
                "  {:<10} {} — {}{at}\n",
                decision.what, decision.chosen, decision.because.why
            ));
            for other in &decision.instead_of {
                ui.out(&format!(
                    "             not {}: {}\n",
                    other.value, other.because.why
                ));
            }
        }
    }
    Ok(Exit::Done)
}
