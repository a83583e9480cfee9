//! What the project's files fix, as far as it decides which runtime they work on.

use super::Evidence;
use crate::diag::Location;
use crate::parse::version::{Constraint, Version};

/// A package in the version that a lock file or a manifest fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// As the ecosystem names it; extras of Python in brackets.
    pub name: String,
    pub version: Version,
    /// The version as written.
    pub text: String,
    pub at: Option<Location>,
}

/// On which versions of the runtime something in the project's files works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    pub runs: Constraint,
    pub weight: Weight,
    /// Who says so, with its version: the subject of `why`.
    pub evidence: Evidence,
}

/// How much it matters that a bound is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Its authors have tried no others: never a reason to take a line that has ended.
    Tried,
    /// It does not build or start on others.
    Breaks,
}

/// Pins and bounds of one component.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    pub packages: Vec<Pin>,
    pub bounds: Vec<Bound>,
}

impl Pins {
    /// Adds a pin; a version without a number pins nothing.
    pub fn pin(&mut self, name: &str, version: &str, at: Option<Location>) {
        if let Some(number) = Version::parse(version.trim_start_matches('=')) {
            self.packages.push(Pin {
                name: name.to_owned(),
                version: number,
                text: version.trim_start_matches('=').to_owned(),
                at,
            });
        }
    }
}
