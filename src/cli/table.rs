//! Rows of a value with its reason, in columns that fit the terminal.

use console::measure_text_width as columns;

use super::style::{CARE, FAINT, HEADING, Painter, one_line};
use crate::diag::Location;
use crate::facts::{Confidence, Evidence};

/// One value and why it is so. Texts may come from a repository.
#[derive(Clone, Debug)]
pub(super) struct Row {
    what: String,
    value: String,
    sure: Option<Confidence>,
    why: String,
    place: Option<String>,
    /// A value that lost; it stands below the one that won.
    lost: bool,
}

/// A longer value has its line to itself.
const WIDEST_VALUE: usize = 28;

/// With less room than this beside the values, reasons stand below them.
const NARROWEST_REASON: usize = 30;

const INDENT: usize = 2;
const GAP: usize = 2;

impl Row {
    pub(super) fn new(what: &str, value: &str, sure: Confidence, because: &Evidence) -> Self {
        Self {
            what: one_line(what),
            value: one_line(value),
            sure: Some(sure),
            why: one_line(&because.why),
            place: because.at.as_ref().map(place),
            lost: false,
        }
    }

    /// A value without doubt and without a reason.
    pub(super) fn plain(what: &str, value: &str) -> Self {
        Self {
            what: one_line(what),
            value: one_line(value),
            sure: None,
            why: String::new(),
            place: None,
            lost: false,
        }
    }

    fn has_more(&self) -> bool {
        !self.why.is_empty() || self.place.is_some()
    }

    pub(super) fn lost(value: &str, because: &Evidence) -> Self {
        Self {
            what: String::new(),
            value: format!("not {}", one_line(value)),
            sure: None,
            why: one_line(&because.why),
            place: because.at.as_ref().map(place),
            lost: true,
        }
    }
}

/// `go.mod:3`, as editors and terminals understand it.
fn place(at: &Location) -> String {
    one_line(&at.to_string())
}

/// The rows as lines. Without a width nothing wraps.
pub(super) fn draw(rows: &[Row], paint: Painter, width: Option<usize>) -> String {
    let widest = |text: fn(&Row) -> &str| rows.iter().map(|row| columns(text(row))).max();
    let what = widest(|row| &row.what).unwrap_or(0);
    let value = rows
        .iter()
        .filter(|row| row.has_more())
        .map(|row| columns(&row.value))
        .filter(|width| *width <= WIDEST_VALUE)
        .max()
        .unwrap_or(0);
    let sure = widest(|row| row.sure.map_or("", word)).unwrap_or(0);
    let layout = Layout {
        what,
        value,
        sure,
        reason: INDENT + what + GAP + value + GAP + sure + if sure > 0 { GAP } else { 0 },
        width,
        paint,
    };
    rows.iter().map(|row| layout.row(row)).collect()
}

struct Layout {
    what: usize,
    value: usize,
    sure: usize,
    /// The column that reasons start in.
    reason: usize,
    width: Option<usize>,
    paint: Painter,
}

impl Layout {
    fn row(&self, row: &Row) -> String {
        let mut line = " ".repeat(INDENT);
        line.push_str(&row.what);
        line.push_str(&gap(self.what, &row.what));
        let style = if row.lost { FAINT } else { HEADING };
        line.push_str(&self.paint.paint(style, &row.value));
        let stacked = self
            .width
            .is_some_and(|width| width < self.reason + NARROWEST_REASON);
        let overlong = columns(&row.value) > self.value;
        if overlong && !stacked && row.has_more() {
            line.push('\n');
            line.push_str(&" ".repeat(INDENT + self.what + GAP + self.value + GAP));
        } else {
            line.push_str(&gap(self.value, &row.value));
        }
        let sure = row.sure.map_or("", word);
        let style = match row.sure {
            Some(Confidence::Guess) => CARE,
            _ => FAINT,
        };
        line.push_str(&self.paint.paint(style, sure));
        if self.sure > 0 {
            line.push_str(&gap(self.sure, sure));
        }
        let indent = if stacked { INDENT + 2 } else { self.reason };
        if stacked && row.has_more() {
            line.truncate(line.trim_end().len());
            line.push('\n');
            line.push_str(&" ".repeat(indent));
        }
        line.push_str(&self.reason(row, indent));
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }

    /// The reason and its place, wrapped between words below each other.
    fn reason(&self, row: &Row, indent: usize) -> String {
        let room = self.width.map_or(usize::MAX, |width| {
            width.saturating_sub(indent + 1).max(NARROWEST_REASON)
        });
        let place = row.place.as_ref().map(|place| format!("({place})"));
        let words = row
            .why
            .split_whitespace()
            .map(|word| (word, false))
            .chain(place.iter().map(|place| (place.as_str(), true)));
        let mut text = String::new();
        let mut used = 0;
        for (word, is_place) in words {
            let length = columns(word);
            if used > 0 && used + 1 + length > room {
                text.push('\n');
                text.push_str(&" ".repeat(indent));
                used = 0;
            } else if used > 0 {
                text.push(' ');
                used += 1;
            }
            let style = if is_place || row.lost {
                FAINT
            } else {
                anstyle::Style::new()
            };
            text.push_str(&self.paint.paint(style, word));
            used += length;
        }
        text
    }
}

fn gap(column: usize, text: &str) -> String {
    " ".repeat(column.saturating_sub(columns(text)) + GAP)
}

pub(super) fn word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Guess => "guess",
        Confidence::Likely => "likely",
        Confidence::Certain => "certain",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::RelPath;

    fn rows() -> Vec<Row> {
        let evidence = |why: &str| {
            let path = RelPath::new("package.json").unwrap();
            Evidence::file("x/y", path, why)
        };
        vec![
            Row::new("port", "8080", Confidence::Guess, &evidence("it is usual")),
            Row::lost("80", &evidence("a sample\u{1b}[2J says so")),
            Row::new(
                "start",
                "gunicorn app.main:app --workers 4",
                Confidence::Likely,
                &evidence("a server for production is a dependency"),
            ),
            Row::plain("writes", "Dockerfile"),
        ]
    }

    #[test]
    fn columns_are_aligned_and_a_long_value_has_its_own_line() {
        insta::assert_snapshot!(draw(&rows(), Painter::new(false), None), @"
        port    8080    guess   it is usual (package.json)
                not 80          a sample�[2J says so (package.json)
        start   gunicorn app.main:app --workers 4
                        likely  a server for production is a dependency (package.json)
        writes  Dockerfile
        ");
    }

    #[test]
    fn reasons_wrap_and_in_a_narrow_terminal_stand_below() {
        insta::assert_snapshot!(draw(&rows(), Painter::new(false), Some(60)), @"
        port    8080    guess   it is usual (package.json)
                not 80          a sample�[2J says so
                                (package.json)
        start   gunicorn app.main:app --workers 4
                        likely  a server for production is a
                                dependency (package.json)
        writes  Dockerfile
        ");
        insta::assert_snapshot!(draw(&rows(), Painter::new(false), Some(40)), @"
        port    8080    guess
          it is usual (package.json)
                not 80
          a sample�[2J says so (package.json)
        start   gunicorn app.main:app --workers 4  likely
          a server for production is a
          dependency (package.json)
        writes  Dockerfile
        ");
    }
}
