//! The catalogue of base images as a table. Which lines have ended is judged by today's date.

use std::fmt::Write as _;

use serde::Serialize;

use super::args::{Format, ImagesArgs};
use super::exit::{Exit, Failure};
use super::pipeline::Context;
use super::style::{BAD, FAINT, GOOD, HEADING, Painter};
use crate::diag::{Diagnostic, suggest};
use crate::pack::PackSet;
use crate::plan::Tables;
use crate::plan::images::{BaseImage, Catalogue, FactSource, Line, Row};

pub(super) fn run(args: &ImagesArgs, context: &Context<'_, '_>) -> Result<Exit, Failure> {
    let catalogue = Tables::load(&PackSet::builtin()?)?.catalogue;
    let rows: Vec<Row<'_>> = catalogue
        .runtimes()
        .filter(|row| args.runtime.as_ref().is_none_or(|only| row.runtime == only))
        .collect();
    if let Some(wanted) = args.runtime.as_ref().filter(|_| rows.is_empty()) {
        return Err(unknown(wanted, &catalogue).into());
    }
    match args.format {
        Format::Text => {
            let in_full = args.runtime.is_some();
            context
                .ui
                .out(&text(&rows, in_full, context.today, context.ui.out_paint));
        }
        Format::Json => context.ui.json(&Table {
            as_of: catalogue.as_of().as_str(),
            today: context.today,
            lines: rows
                .iter()
                .map(|row| Entry::of(row, context.today))
                .collect(),
        }),
    }
    Ok(Exit::Done)
}

fn unknown(wanted: &str, catalogue: &Catalogue) -> Diagnostic {
    let mut known: Vec<&str> = catalogue.runtimes().map(|row| row.runtime).collect();
    known.dedup();
    let help = match suggest(wanted, known.iter().copied()) {
        Some(close) => format!("did you mean {close}?"),
        None => format!("runtimes: {}", known.join(", ")),
    };
    Diagnostic::error("unknown-runtime", format!("there is no runtime {wanted}")).with_help(help)
}

/// Columns: version, support, marks, and the image that builds; in full, every role's image
/// below each line.
fn text(rows: &[Row<'_>], in_full: bool, today: &str, paint: Painter) -> String {
    let version = |row: &Row<'_>| row.line.version.to_string();
    let widest = rows.iter().map(|row| version(row).len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut runtime = "";
    for row in rows {
        if row.runtime != runtime {
            let gap = if runtime.is_empty() { "" } else { "\n" };
            runtime = row.runtime;
            let id = paint.paint(FAINT, runtime);
            let _ = writeln!(text, "{gap}{}  {id}", paint.paint(HEADING, row.name));
        }
        let style = if row.line.eol_before(today) {
            BAD
        } else {
            anstyle::Style::new()
        };
        let support = paint.paint(style, format!("{:<19}", support(&row.line, today)));
        let marks = paint.paint(GOOD, format!("{:<12}", marks(&row.line)));
        let mut line = format!("  {:<widest$}  {support}  {marks}", version(row));
        let roles: &[(&str, BaseImage)] = if in_full {
            &row.images
        } else {
            let first = row.images.first().map(|(_, image)| &image.reference);
            let _ = write!(line, "  {}", first.map_or("", String::as_str));
            &[]
        };
        let _ = writeln!(text, "{}", line.trim_end());
        for (role, image) in roles {
            let _ = writeln!(text, "    {role:<16}  {}", image.reference);
        }
    }
    text
}

fn support(line: &Line, today: &str) -> String {
    match &line.eol {
        Some(end) if line.eol_before(today) => format!("ended on {end}"),
        Some(end) => format!("until {end}"),
        None => "no end known".to_owned(),
    }
}

fn marks(line: &Line) -> &'static str {
    match (line.default, line.lts) {
        (true, true) => "default, lts",
        (true, false) => "default",
        (false, true) => "lts",
        (false, false) => "",
    }
}

#[derive(Serialize)]
struct Table<'a> {
    /// The day on which the catalogue was last gone through.
    as_of: &'a str,
    /// The day by which `ended` is judged.
    today: &'a str,
    lines: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    runtime: &'a str,
    name: &'a str,
    #[serde(flatten)]
    line: &'a Line,
    ended: bool,
    images: Vec<Role<'a>>,
    source: &'a FactSource,
}

#[derive(Serialize)]
struct Role<'a> {
    role: &'a str,
    #[serde(flatten)]
    image: &'a BaseImage,
}

impl<'a> Entry<'a> {
    fn of(row: &'a Row<'_>, today: &str) -> Self {
        Self {
            runtime: row.runtime,
            name: row.name,
            line: &row.line,
            ended: row.line.eol_before(today),
            images: row
                .images
                .iter()
                .map(|(role, image)| Role { role, image })
                .collect(),
            source: row.source,
        }
    }
}
