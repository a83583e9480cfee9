//! What was found, in short, before anything is asked.

use super::pipeline::Pipeline;
use super::style::{FAINT, HEADING, Painter, count, one_line};
use super::table::{Row, draw};
use super::ui::Ui;
use crate::detect::Detection;
use crate::facts::{Confidence, Evidence, Kind, Role};
use crate::lang::Component;
use crate::plan::Image;

/// From this number of components on, each has one line.
const MANY: usize = 5;

/// `api  services/api`, as a heading.
pub(super) fn heading(component: &Image, paint: Painter) -> String {
    title(&component.name, &component.dir.to_string(), paint)
}

fn title(name: &str, dir: &str, paint: Painter) -> String {
    let dir = paint.paint(FAINT, one_line(dir));
    format!("{}  {dir}\n", paint.paint(HEADING, one_line(name)))
}

/// The component that a plan is of.
pub(super) fn detected<'d>(component: &Image, detection: &'d Detection) -> Option<&'d Component> {
    detection
        .components
        .iter()
        .find(|found| found.dir == component.dir && found.language == component.language)
}

/// Language and frameworks, each with what speaks for it.
pub(super) fn origin(component: &Image, detection: &Detection) -> Vec<Row> {
    detected(component, detection).map_or_else(Vec::new, found)
}

fn found(component: &Component) -> Vec<Row> {
    let manifest = &component.manifest.path;
    let because = Evidence::file("language", manifest.clone(), "its manifest is here");
    let mut rows = vec![Row::new(
        "language",
        component.language,
        component.sure,
        &because,
    )];
    for framework in &component.frameworks {
        rows.push(Row::new(
            "framework",
            &framework.name,
            framework.confidence,
            &framework.evidence,
        ));
    }
    if component.role.role != Role::Program {
        let role = component.role.role.to_string();
        rows.push(Row::new(
            "role",
            &role,
            Confidence::Certain,
            &component.role.because,
        ));
    }
    for feed in &component.feeds {
        let value = format!("{} → {}", feed.from, feed.target);
        rows.push(Row::new(
            "assets",
            &value,
            Confidence::Likely,
            &feed.evidence,
        ));
    }
    rows
}

/// Tells what detection has found.
pub(super) fn show(pipeline: &Pipeline, ui: &Ui<'_>) {
    let components: Vec<&Component> = pipeline.selected().collect();
    let paint = ui.err_paint;
    ui.say(&format!(
        "Found {} in {}:\n",
        count(components.len(), "program"),
        one_line(pipeline.root.as_str())
    ));
    if components.len() < MANY {
        for component in &components {
            let heading = title(&component.name, &component.dir.to_string(), paint);
            let rows = draw(&in_full(component), paint, ui.err_width);
            ui.say(&format!("{heading}{rows}"));
        }
    } else {
        let rows: Vec<Row> = components.iter().copied().map(in_short).collect();
        ui.say(&draw(&rows, paint, ui.err_width));
    }
}

fn in_full(component: &Component) -> Vec<Row> {
    let mut rows = found(component);
    let facts = &component.facts;
    if let Some(kind) = facts.kind.best() {
        let value = kind.value.to_string();
        rows.push(Row::new("kind", &value, kind.confidence, &kind.evidence));
    }
    if let Some(port) = facts.port.best()
        && facts.kind.value() == Some(&Kind::Web)
    {
        let value = port.value.to_string();
        rows.push(Row::new("port", &value, port.confidence, &port.evidence));
    }
    rows
}

/// Folder, then language, frameworks, kind and port in one value.
fn in_short(component: &Component) -> Row {
    let facts = &component.facts;
    let mut words = vec![component.language.to_owned()];
    words.extend(component.frameworks.iter().map(|found| found.name.clone()));
    words.extend(facts.kind.value().map(ToString::to_string));
    words.extend(facts.port.value().map(ToString::to_string));
    let because = Evidence::file("language", component.manifest.path.clone(), "");
    Row::new(
        &component.dir.to_string(),
        &words.join(", "),
        Confidence::Certain,
        &because,
    )
}
