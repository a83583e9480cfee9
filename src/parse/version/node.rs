//! npm's version ranges.

use std::fmt;

use nodejs_semver::Range;

use super::{TOP, Version};

/// A range of npm's kind, with its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRange {
    text: String,
    range: Range,
}

impl NodeRange {
    /// `None` for a text that npm's grammar does not have.
    pub(super) fn parse(text: &str) -> Option<Self> {
        // `Range::parse` takes a bare tag as a range in places; a range has a digit or is a star.
        if !text.contains(|c: char| c.is_ascii_digit()) && !matches!(text, "*" | "x" | "X") {
            return None;
        }
        let range = Range::parse(text).ok()?;
        Some(Self {
            text: text.to_owned(),
            range,
        })
    }

    pub(super) fn allows(&self, version: &Version) -> bool {
        self.range.satisfies(&exact(version))
    }

    pub(super) fn allows_line(&self, line: &Version, newest: Option<&Version>) -> bool {
        let low = line.filled(0);
        let high = newest.map_or_else(|| line.filled(TOP), |newest| newest.filled(TOP));
        let versions = format!(
            ">={}.{}.{} <={}.{}.{}",
            low.major(),
            low.minor(),
            low.patch(),
            high.major(),
            high.minor(),
            high.patch(),
        );
        Range::parse(versions).is_ok_and(|versions| self.range.allows_any(&versions))
    }
}

fn exact(version: &Version) -> nodejs_semver::Version {
    (version.major(), version.minor(), version.patch()).into()
}

impl fmt::Display for NodeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
