//! Which lines of a runtime the installed versions of packages work on (`detectors/limits.toml`),
//! and the choice of a line by all that is known.

mod file;
mod solve;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::diag::Result;
use crate::facts::{Bound, Evidence, Pin, Weight};
use crate::parse::version::{Constraint, Version};
use crate::plan::packages::normal;
use crate::repo::Source;
pub(crate) use solve::{Solved, solve};

/// All that `limits.toml` says: runtime, then package in the ecosystem's normal form.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    packages: BTreeMap<String, BTreeMap<String, Known>>,
}

/// What is known of one package.
#[derive(Clone, Debug, Default)]
struct Known {
    /// Line of the runtime and the first version for it, from the oldest line up. A line that is
    /// left out has the same first version as the one below it.
    ladder: Vec<(Version, Version)>,
    limits: Vec<Limit>,
}

#[derive(Clone, Debug)]
struct Limit {
    versions: Constraint,
    runs: Constraint,
    why: String,
    weight: Weight,
}

impl Limits {
    /// Reads the table. An unknown key, two ladders of one package, an unknown source or a text
    /// that is no version or range is an error at its place in the file (`bad-limits-file`).
    pub fn parse(source: &Source) -> Result<Self> {
        file::parse(source)
    }

    /// What the table says of the pins of a project on this runtime, whose name for people is
    /// `title`.
    pub fn bounds(&self, runtime: &str, title: &str, pins: &[Pin]) -> Vec<Bound> {
        let Some(packages) = self.packages.get(runtime) else {
            return Vec::new();
        };
        let mut bounds = Vec::new();
        for pin in pins {
            let Some(known) = packages.get(&normal(runtime, &pin.name)) else {
                continue;
            };
            let mut bound = |runs: Option<Constraint>, weight, why: String| {
                if let Some(runs) = runs {
                    let evidence = Evidence {
                        rule: format!("{runtime}/limits"),
                        at: pin.at.clone(),
                        why,
                    };
                    bounds.push(Bound {
                        runs,
                        weight,
                        evidence,
                    });
                }
            };
            let name = format!("{} {}", pin.name, pin.text);
            if let Some((line, first)) = known.missed(&pin.version) {
                let why = format!("{name} is older than {first}, the first for {title} {line}");
                bound(Constraint::node(&format!("<{line}")), Weight::Breaks, why);
            }
            for limit in &known.limits {
                if limit.versions.allows(&pin.version) {
                    let why = format!("{name} {}", limit.why);
                    bound(Some(limit.runs.clone()), limit.weight, why);
                }
            }
        }
        bounds
    }

    /// Whether a version of a package has files made for this line of the runtime, or anything
    /// to be installed on it without a compiler; `None` for a package without a ladder.
    pub fn ready(&self, runtime: &str, pin: &Pin, line: &Version) -> Option<bool> {
        let known = self
            .packages
            .get(runtime)?
            .get(&normal(runtime, &pin.name))
            .filter(|known| !known.ladder.is_empty())?;
        Some(
            known
                .missed(&pin.version)
                .is_none_or(|(missed, _)| line.compare(missed).is_lt()),
        )
    }
}

impl Known {
    /// The oldest line for which this version is too old, with the first version for it.
    fn missed(&self, version: &Version) -> Option<&(Version, Version)> {
        self.ladder
            .iter()
            .find(|(_, first)| version.compare(first).is_lt())
    }
}
