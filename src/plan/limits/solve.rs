//! The line of a runtime by the project's own constraint and all bounds of what is installed.

use crate::diag::Result;
use crate::facts::{Bound, Weight};
use crate::parse::version::{Constraint, TOP, Version};
use crate::plan::images::{Catalogue, Line};

/// The line that was found.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    pub line: Line,
    /// The line that the project's constraint alone gives, and the bound that speaks against it;
    /// absent where that is the line.
    pub instead_of: Option<(Line, Bound)>,
    /// Bounds that this line does not keep, the weightiest first.
    pub unmet: Vec<Bound>,
}

/// The newest supported line (long-term where the runtime has such lines) that keeps the
/// constraint and every bound. Where no supported line does, the newest ended one for what would
/// break, and the oldest supported one for what was only not tried. A bound that no line keeps
/// beside the weightier ones before it is left aside and told.
///
/// Errors: those of [`Catalogue::choose`].
pub(crate) fn solve(
    catalogue: &Catalogue,
    runtime: &str,
    wanted: &Constraint,
    bounds: &[Bound],
) -> Result<Solved> {
    let plain = catalogue.choose(runtime, wanted)?;
    if bounds.iter().all(|bound| keeps(bound, &plain)) {
        return Ok(Solved {
            line: plain,
            instead_of: None,
            unmet: Vec::new(),
        });
    }
    let all = catalogue.candidates(runtime, wanted)?;
    let mut left = all.clone();
    let mut order: Vec<&Bound> = bounds.iter().collect();
    // What leaves most lines goes first, so that one odd package does not silence all others.
    order.sort_by_key(|bound| {
        let kept = left.iter().filter(|line| keeps(bound, line)).count();
        (std::cmp::Reverse(bound.weight), std::cmp::Reverse(kept))
    });
    for bound in order {
        let mut kept: Vec<Line> = left
            .iter()
            .filter(|line| keeps(bound, line))
            .cloned()
            .collect();
        let supported = |line: &Line| !catalogue.ended(line);
        if bound.weight == Weight::Tried && !kept.iter().any(supported) {
            // The nearest to what was tried; nothing where all of them are newer.
            let newest = kept.iter().map(|line| line.version.clone()).max();
            kept = newest
                .and_then(|tried| {
                    left.iter()
                        .rev()
                        .find(|line| supported(line) && line.version > tried && tells(&left, line))
                })
                .cloned()
                .into_iter()
                .collect();
        }
        if !kept.is_empty() {
            left = kept;
        }
    }
    let line = left
        .iter()
        .max_by_key(|line| {
            (
                !catalogue.ended(line),
                **line == plain,
                line.lts,
                line.version.clone(),
            )
        })
        .cloned()
        .unwrap_or_else(|| plain.clone());
    let (kept, mut unmet): (Vec<&Bound>, Vec<&Bound>) = bounds
        .iter()
        .filter(|bound| !keeps(bound, &plain) || !keeps(bound, &line))
        .partition(|bound| keeps(bound, &line));
    unmet.sort_by_key(|bound| std::cmp::Reverse(bound.weight));
    // Of several reasons the one that leaves the oldest line.
    let reason = kept
        .into_iter()
        .min_by_key(|bound| newest_of(&all, bound))
        .or_else(|| unmet.first().copied());
    Ok(Solved {
        instead_of: reason
            .filter(|_| line != plain)
            .map(|reason| (plain, reason.clone())),
        line,
        unmet: unmet.into_iter().cloned().collect(),
    })
}

/// Whether a line is one that an image may be of unasked: long-term, where there are such lines.
fn tells(lines: &[Line], line: &Line) -> bool {
    line.lts || !lines.iter().any(|line| line.lts)
}

fn newest_of(lines: &[Line], bound: &Bound) -> Option<Version> {
    lines
        .iter()
        .filter(|line| keeps(bound, line))
        .map(|line| line.version.clone())
        .max()
}

/// An image of a line holds its newest version, so that one counts.
fn keeps(bound: &Bound, line: &Line) -> bool {
    let newest = line.exact.clone().or_else(|| line.newest.clone());
    bound
        .runs
        .allows(&newest.unwrap_or_else(|| line.version.filled(TOP)))
}
