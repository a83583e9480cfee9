//! Every decision with its reason, for people, for programs, or as a graph.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

use super::args::{ExplainArgs, ExplainFormat};
use super::exit::{Exit, Failure};
use super::mermaid;
use super::overview;
use super::pipeline::{Context, Pipeline};
use super::style::{BAD, FAINT, HEADING, Painter, one_line};
use super::table::{Row, draw};
use super::ui::Ui;
use crate::detect::{Detection, PassedOver};
use crate::diag::Diagnostic;
use crate::facts::{Feed, Framework, Verdict};
use crate::plan::{Decision, Image, Output, Plan};

pub(super) fn run(args: &ExplainArgs, context: &Context<'_, '_>) -> Result<Exit, Failure> {
    let pipeline = Pipeline::detect(&args.project, context)?;
    let ui = context.ui;
    let plan = pipeline.plan()?;
    pipeline.tell(&plan, context);
    match args.format {
        ExplainFormat::Text => text(&plan, &pipeline.detection, ui),
        ExplainFormat::Json => {
            let told = ui.told();
            ui.json(&Explanation::of(&plan, &pipeline.detection, &told));
        }
        ExplainFormat::Mermaid => ui.out(&mermaid::draw(&plan, &pipeline.render(&plan)?)),
    }
    Ok(Exit::of(&plan))
}

fn text(plan: &Plan, detection: &Detection, ui: &Ui<'_>) {
    let paint = ui.out_paint;
    let mut sections = Vec::new();
    for (image, outputs) in plan.with_outputs() {
        sections.push(format!(
            "{}{}",
            overview::heading(image, paint),
            draw(&rows(image, &outputs, detection), paint, ui.out_width)
        ));
    }
    for problem in plan.open.iter().map(|failure| &failure.diagnostic) {
        let mut section = paint.paint(BAD, one_line(&problem.message));
        if let Some(help) = &problem.help {
            section = format!("{section}\n  {}", one_line(help));
        }
        sections.push(format!("{section}\n"));
    }
    if !detection.passed_over.is_empty() {
        sections.push(passed_over(&detection.passed_over, paint));
    }
    ui.out(&sections.join("\n"));
}

/// From this number of folders with one reason on, they share a line.
const MANY: usize = 4;

/// What gets no image, with the reason of each.
fn passed_over(passed_over: &[PassedOver], paint: Painter) -> String {
    let mut section = format!("{}\n", paint.paint(HEADING, "passed over"));
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    for passed in passed_over {
        let same: Vec<&PassedOver> = passed_over
            .iter()
            .filter(|other| other.why == passed.why && other.language == passed.language)
            .collect();
        let together = same.len() >= MANY;
        if together && !told.insert((&passed.why, &passed.language)) {
            continue;
        }
        let what = if together {
            let first: Vec<&str> = same.iter().take(2).map(|one| one.dir.as_str()).collect();
            let more = same.len() - first.len();
            format!("{} and {more} more", first.join(", "))
        } else {
            passed.dir.to_string()
        };
        let what = format!("{what} ({})", passed.language);
        let role = passed
            .role
            .map_or_else(String::new, |role| format!("{role}: "));
        let why = paint.paint(FAINT, one_line(&format!("{role}{}", passed.why)));
        let _ = writeln!(section, "  {}  {why}", one_line(&what));
    }
    section
}

fn rows(image: &Image, outputs: &[&Output], detection: &Detection) -> Vec<Row> {
    let mut rows = overview::origin(image, detection);
    for decision in &image.decisions {
        rows.push(Row::new(
            &decision.what,
            &decision.chosen,
            decision.confidence,
            &decision.because,
        ));
        for other in &decision.instead_of {
            rows.push(Row::lost(&other.value, &other.because));
        }
    }
    let paths: Vec<&str> = outputs.iter().map(|output| output.path.as_str()).collect();
    rows.push(Row::plain("writes", &paths.join(", ")));
    rows
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Explanation<'a> {
    components: Vec<Explained<'a>>,
    passed_over: &'a [PassedOver],
    /// Why components are missing above.
    open: Vec<&'a Diagnostic>,
    diagnostics: &'a [Diagnostic],
}

#[derive(Serialize)]
struct Explained<'a> {
    name: &'a str,
    dir: String,
    language: &'a str,
    kind: String,
    role: Option<&'a Verdict>,
    /// Built files of other components that it needs.
    feeds: &'a [Feed],
    frameworks: &'a [Framework],
    decisions: &'a [Decision],
    writes: Vec<&'a str>,
}

impl<'a> Explanation<'a> {
    fn of(plan: &'a Plan, detection: &'a Detection, diagnostics: &'a [Diagnostic]) -> Self {
        let explained = |(component, outputs): (&'a Image, Vec<&'a Output>)| Explained {
            name: &component.name,
            dir: component.dir.to_string(),
            language: &component.language,
            kind: component.kind.to_string(),
            role: overview::detected(component, detection).map(|detected| &detected.role),
            feeds: overview::detected(component, detection).map_or(&[], |detected| &detected.feeds),
            frameworks: overview::detected(component, detection)
                .map_or(&[], |detected| &detected.frameworks),
            decisions: &component.decisions,
            writes: outputs.iter().map(|output| output.path.as_str()).collect(),
        };
        Self {
            components: plan.with_outputs().map(explained).collect(),
            passed_over: &detection.passed_over,
            open: plan
                .open
                .iter()
                .map(|failure| &failure.diagnostic)
                .collect(),
            diagnostics,
        }
    }
}
