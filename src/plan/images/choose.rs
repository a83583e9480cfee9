//! From a constraint to a line.

use super::{Catalogue, Line, Runtime};
use crate::diag::{Diagnostic, Result};
use crate::parse::version::{Constraint, TOP, Version};
use crate::plan::data::Date;
use crate::plan::images::file::SeriesRow;

impl Catalogue {
    /// The line for a constraint: the default when it satisfies, else the newest supported
    /// long-term line that does (the newest supported one, where no long-term line does), else
    /// the newest ended one. Lines whose newest version satisfies come before lines where only
    /// an older version does, because an image of the line holds its newest version.
    ///
    /// An exact version or a line names its own line, and only where there is none, and the
    /// runtime allows it (Java), the next long-term one.
    ///
    /// Errors: `unknown-runtime`; `no-image-line`, with the known lines in the help.
    pub fn choose(&self, runtime: &str, constraint: &Constraint) -> Result<Line> {
        let known = self.runtime(runtime)?;
        let found = match constraint {
            Constraint::Any => known.best(&self.as_of, |_| true),
            Constraint::Latest(_) => known.listed().find(|line| !ended(line, &self.as_of)),
            Constraint::Lts(None) => known
                .best(&self.as_of, |line| line.lts)
                .or_else(|| known.best(&self.as_of, |_| true)),
            Constraint::Lts(Some(name)) => known
                .listed()
                .find(|line| line.codename.as_ref() == Some(name)),
            Constraint::Exact(version) | Constraint::Line(version) => {
                known.named(version, &self.as_of)
            }
            Constraint::AtLeast(_) | Constraint::Node(_) | Constraint::Python(_) => {
                known.satisfying(constraint, &self.as_of)
            }
        };
        found.ok_or_else(|| {
            Diagnostic::error(
                "no-image-line",
                format!(
                    "no {} line in the image catalogue satisfies `{constraint}`",
                    known.name
                ),
            )
            .with_help(format!("the known lines are {}", known.names()))
        })
    }

    /// The line that holds one exact version, set to name that version in tags where the
    /// publisher has such tags ([`super::BaseImage::exact`] says so).
    ///
    /// Errors: `unknown-runtime`; `no-image-line`, with the known lines in the help.
    pub fn pin(&self, runtime: &str, version: &Version) -> Result<Line> {
        let known = self.runtime(runtime)?;
        let mut line = known
            .holder(version)
            .filter(|line| known.tags(line, version))
            .ok_or_else(|| {
                Diagnostic::error(
                    "no-image-line",
                    format!(
                        "{} {version} is in none of the lines in the image catalogue",
                        known.name
                    ),
                )
                .with_help(format!("the known lines are {}", known.names()))
            })?;
        line.exact = (line.version != *version).then(|| version.clone());
        Ok(line)
    }

    /// Every line that the constraint leaves, from the newest down; of lines too many to list
    /// those that a series names.
    ///
    /// Errors: `unknown-runtime`.
    pub(crate) fn candidates(&self, runtime: &str, constraint: &Constraint) -> Result<Vec<Line>> {
        let known = self.runtime(runtime)?;
        let mut lines: Vec<Line> = known
            .listed()
            .chain(known.series.iter().flat_map(SeriesRow::lines))
            .filter(|line| match constraint {
                Constraint::Lts(None) => line.lts,
                Constraint::Lts(Some(name)) => line.codename.as_ref() == Some(name),
                other => other.allows_line(&line.version, line.newest.as_ref()),
            })
            .collect();
        lines.sort_by(|a, b| b.version.cmp(&a.version));
        Ok(lines)
    }

    /// Whether the line's support ended before the day of the catalogue.
    pub(crate) fn ended(&self, line: &Line) -> bool {
        ended(line, &self.as_of)
    }

    /// The nearest newer line to move to from one that has ended: supported, and long-term
    /// where the runtime has such lines. `None` for an unknown runtime and for the newest line.
    pub fn successor(&self, runtime: &str, line: &Line) -> Option<Line> {
        let known = self.runtimes.get(runtime)?;
        known.above(&line.version, &self.as_of)
    }
}

impl Runtime {
    /// From the newest down.
    fn listed(&self) -> impl DoubleEndedIterator<Item = Line> {
        self.lines.iter().map(super::LineRow::line)
    }

    fn best(&self, as_of: &Date, accept: impl Fn(&Line) -> bool) -> Option<Line> {
        self.listed().filter(accept).max_by_key(|line| {
            (
                line.default,
                !ended(line, as_of),
                line.lts,
                line.version.clone(),
            )
        })
    }

    fn satisfying(&self, constraint: &Constraint, as_of: &Date) -> Option<Line> {
        // A catalogue ages: a version above the newest known one may exist by now, so such a
        // line is the last resort and not an error.
        self.best(as_of, |line| {
            constraint.allows(
                &line
                    .newest
                    .clone()
                    .unwrap_or_else(|| line.version.filled(TOP)),
            )
        })
        .or_else(|| {
            self.best(as_of, |line| {
                constraint.allows_line(&line.version, line.newest.as_ref())
            })
        })
        .or_else(|| self.best(as_of, |line| constraint.allows_line(&line.version, None)))
    }

    fn named(&self, version: &Version, as_of: &Date) -> Option<Line> {
        self.holder(version)
            .or_else(|| self.best(as_of, |line| version.holds(&line.version)))
            .or_else(|| {
                if self.round_up {
                    self.above(version, as_of)
                } else {
                    None
                }
            })
    }

    /// The narrowest line that holds the version: Rust 1.75.0 is in 1.75 rather than in 1.
    fn holder(&self, version: &Version) -> Option<Line> {
        let listed = self.listed().filter(|line| line.version.holds(version));
        let series = self.series.iter().filter_map(|series| {
            let line = version.truncated(series.from.parts().len());
            series.holds(&line).then(|| SeriesRow::line(line))
        });
        listed
            .chain(series)
            .max_by_key(|line| line.version.parts().len())
    }

    /// Where there are series, a version deep enough for one has tags only if one holds it.
    fn tags(&self, line: &Line, version: &Version) -> bool {
        self.series
            .iter()
            .map(|series| series.from.parts().len())
            .all(|depth| line.version.parts().len() >= depth || version.parts().len() < depth)
    }

    fn above(&self, version: &Version, as_of: &Date) -> Option<Line> {
        let long_term = self.lines.iter().any(|row| row.line().lts);
        self.listed().rev().find(|line| {
            line.version.compare(version).is_gt() && !ended(line, as_of) && line.lts == long_term
        })
    }

    fn names(&self) -> String {
        let lines = self.listed().map(|line| line.version.to_string());
        let series = self.series.iter().map(|series| match &series.to {
            Some(to) => format!("{} to {to}", series.from),
            None => format!("{} and above", series.from),
        });
        lines.chain(series).collect::<Vec<_>>().join(", ")
    }
}

fn ended(line: &Line, as_of: &Date) -> bool {
    line.eol_before(as_of.as_str())
}
