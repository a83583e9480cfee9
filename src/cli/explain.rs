//! Every decision with its reason, for people, for programs, or as a graph.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::{ExplainArgs, ExplainFormat};
use super::exit::{Exit, Failure};
use super::mermaid;
use super::overview;
use super::pipeline::{Context, Pipeline};
use super::style::{BAD, FAINT, HEADING, one_line};
use super::table::{Row, draw};
use super::ui::Ui;
use crate::assemble::Assembled;
use crate::detect::{Detection, PassedOver};
use crate::diag::Diagnostic;
use crate::facts::Framework;
use crate::plan::{Decision, Image, Output, Plan};

pub(super) fn run(args: &ExplainArgs, context: &Context<'_, '_>) -> Result<Exit, Failure> {
    let pipeline = Pipeline::detect(&args.project, context)?;
    let ui = context.ui;
    let Assembled { plan, open } = pipeline.assemble(&pipeline.settings)?;
    let mut open: Vec<Failure> = open.into_iter().map(Failure::from).collect();
    if plan.images.is_empty() && !open.is_empty() {
        return Err(open.swap_remove(0));
    }
    pipeline.tell(&plan, context);
    match args.format {
        ExplainFormat::Text => text(&plan, &pipeline.detection, &open, ui),
        ExplainFormat::Json => {
            let told = ui.told();
            ui.json(&Explanation::of(&plan, &pipeline.detection, &open, &told));
        }
        ExplainFormat::Mermaid => ui.out(&mermaid::draw(&plan, &pipeline.render(&plan)?)),
    }
    // The first one is the message of the run; the others are in the text.
    open.into_iter().next().map_or(Ok(Exit::Done), Err)
}

fn text(plan: &Plan, detection: &Detection, open: &[Failure], ui: &Ui<'_>) {
    let paint = ui.out_paint;
    let mut sections = Vec::new();
    for (image, outputs) in plan.with_outputs() {
        sections.push(format!(
            "{}{}",
            overview::heading(image, paint),
            draw(&rows(image, &outputs, detection), paint, ui.out_width)
        ));
    }
    for problem in open
        .iter()
        .filter_map(|failure| failure.diagnostic.as_deref())
    {
        let mut section = paint.paint(BAD, one_line(&problem.message));
        if let Some(help) = &problem.help {
            section = format!("{section}\n  {}", one_line(help));
        }
        sections.push(format!("{section}\n"));
    }
    if !detection.passed_over.is_empty() {
        let mut section = format!("{}\n", paint.paint(HEADING, "passed over"));
        for passed in &detection.passed_over {
            let what = format!("{} ({})", passed.dir, passed.language);
            let why = paint.paint(FAINT, one_line(&passed.why));
            let _ = writeln!(section, "  {}  {why}", one_line(&what));
        }
        sections.push(section);
    }
    ui.out(&sections.join("\n"));
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
    frameworks: &'a [Framework],
    decisions: &'a [Decision],
    writes: Vec<&'a str>,
}

impl<'a> Explanation<'a> {
    fn of(
        plan: &'a Plan,
        detection: &'a Detection,
        open: &'a [Failure],
        diagnostics: &'a [Diagnostic],
    ) -> Self {
        let explained = |(component, outputs): (&'a Image, Vec<&'a Output>)| Explained {
            name: &component.name,
            dir: component.dir.to_string(),
            language: &component.language,
            kind: component.kind.to_string(),
            frameworks: overview::detected(component, detection)
                .map_or(&[], |detected| &detected.frameworks),
            decisions: &component.decisions,
            writes: outputs.iter().map(|output| output.path.as_str()).collect(),
        };
        Self {
            components: plan.with_outputs().map(explained).collect(),
            passed_over: &detection.passed_over,
            open: open
                .iter()
                .filter_map(|failure| failure.diagnostic.as_deref())
                .collect(),
            diagnostics,
        }
    }
}
