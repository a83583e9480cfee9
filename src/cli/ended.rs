//! Support that has ended by today: a warning, never part of an output file.

use crate::diag::Diagnostic;
use crate::plan::images::{Catalogue, Line};
use crate::plan::{Image, Plan};

/// A warning for each component that rests on a line whose support has ended.
pub(super) fn warnings(plan: &Plan, catalogue: &Catalogue, today: &str) -> Vec<Diagnostic> {
    plan.images
        .iter()
        .flat_map(|component| {
            component
                .lines
                .iter()
                .filter_map(|(runtime, line)| warning(component, runtime, line, catalogue, today))
        })
        .collect()
}

fn warning(
    component: &Image,
    runtime: &str,
    line: &Line,
    catalogue: &Catalogue,
    today: &str,
) -> Option<Diagnostic> {
    let end = line.eol.as_ref().filter(|_| line.eol_before(today))?;
    let decision = component
        .decisions
        .iter()
        .find(|decision| decision.what == "runtime");
    // Who has said the line knows why.
    let why = decision
        .filter(|decision| decision.because.rule != "setting")
        .map(|decision| format!("; it is taken because {}", decision.because.why))
        .unwrap_or_default();
    let mut problem = Diagnostic::warning(
        "end-of-life",
        format!(
            "{}: support of {runtime} {} ended on {end}{why}",
            component.dir, line.version
        ),
    );
    problem.at = decision.and_then(|decision| decision.because.at.clone());
    Some(match successor(catalogue, runtime, line, today) {
        Some(next) => {
            let until = next
                .eol
                .as_ref()
                .map(|end| format!(", supported until {end}"))
                .unwrap_or_default();
            problem.with_help(format!(
                "the next line is {runtime} {}{until}: --runtime {}",
                next.version, next.version
            ))
        }
        None => problem.with_help("dockgen knows no newer line; a newer dockgen may"),
    })
}

/// The next line that is supported today; the catalogue alone judges by its own date.
fn successor(catalogue: &Catalogue, runtime: &str, line: &Line, today: &str) -> Option<Line> {
    let mut next = catalogue.successor(runtime, line)?;
    while next.eol_before(today) {
        next = catalogue.successor(runtime, &next)?;
    }
    Some(next)
}
