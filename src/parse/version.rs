//! Versions, and the constraints that a project puts on them.
//!
//! A constraint comes from a file that anybody may have written, so every constructor takes any
//! text and answers `None` for what it does not understand; the caller tells the user.

mod constraint;
mod node;
mod python;

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

pub use constraint::Constraint;
pub use node::NodeRange;
pub use python::PythonRange;

/// The longest text that is read as a version or a constraint, in bytes.
pub const MAX_LENGTH: usize = 200;

/// The most dotted parts a version keeps; the JDK's `25.0.4.1` has four.
const MAX_PARTS: usize = 6;

/// A part that stands for "as high as it goes"; real version numbers stay far below.
pub(crate) const TOP: u64 = 999_999;

/// A numeric dotted version. `1.100` is above `1.99`; `1.27` and `1.27.0` differ as texts and are
/// equal for a constraint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    parts: Vec<u64>,
}

impl Version {
    /// The numeric part of `text`: `v22.1` is 22.1, `go1.26.3` is 1.26.3, `temurin-21.0.5+11` is
    /// 21.0.5, `3.13-rc1` and `3.13.x` are 3.13. `None` when there is none at the start, or when
    /// a part has more than nine digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return None;
        }
        let named = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let digits = if named.len() < text.len() {
            named.trim_start_matches(['-', '@', '_', ' '])
        } else {
            named
        };
        let mut parts = Vec::new();
        for piece in digits.split('.').take(MAX_PARTS) {
            let end = piece
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(piece.len());
            if end == 0 {
                break;
            }
            if end > 9 {
                return None;
            }
            parts.push(piece[..end].parse().ok()?);
            if end < piece.len() {
                break;
            }
        }
        if parts.is_empty() {
            None
        } else {
            Some(Self { parts })
        }
    }

    /// A version of these parts; an empty list is version 0.
    pub fn new(parts: impl IntoIterator<Item = u64>) -> Self {
        let mut parts: Vec<u64> = parts.into_iter().take(MAX_PARTS).collect();
        if parts.is_empty() {
            parts.push(0);
        }
        Self { parts }
    }

    /// At least one part, the most significant first.
    pub fn parts(&self) -> &[u64] {
        &self.parts
    }

    pub fn major(&self) -> u64 {
        self.part(0)
    }

    pub fn minor(&self) -> u64 {
        self.part(1)
    }

    pub fn patch(&self) -> u64 {
        self.part(2)
    }

    fn part(&self, index: usize) -> u64 {
        self.parts.get(index).copied().unwrap_or(0)
    }

    /// True when `other` starts with these parts: 22 holds 22.2.0, 3.1 does not hold 3.13.
    pub fn holds(&self, other: &Self) -> bool {
        other.parts.starts_with(&self.parts)
    }

    /// The first `count` parts (at least one).
    #[must_use]
    pub fn truncated(&self, count: usize) -> Self {
        Self::new(self.parts.iter().copied().take(count.max(1)))
    }

    /// Three parts or more, the missing ones filled with `fill`.
    pub(crate) fn filled(&self, fill: u64) -> Self {
        let missing = 3_usize.saturating_sub(self.parts.len());
        Self::new(
            self.parts
                .iter()
                .copied()
                .chain(std::iter::repeat_n(fill, missing)),
        )
    }

    /// Compares as constraints do: missing parts are zero.
    pub fn compare(&self, other: &Self) -> Ordering {
        let count = self.parts.len().max(other.parts.len());
        (0..count)
            .map(|index| self.part(index).cmp(&other.part(index)))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compare(other)
            .then(self.parts.len().cmp(&other.parts.len()))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Version {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    #[test]
    fn reads_the_numeric_part() {
        for (text, expected) in [
            ("22", "22"),
            (" v22.1 ", "22.1"),
            ("go1.26.3", "1.26.3"),
            ("go1.26rc2", "1.26"),
            ("3.13-rc1", "3.13"),
            ("3.13rc1", "3.13"),
            ("3.13.x", "3.13"),
            ("20.*", "20"),
            ("temurin-21.0.5+11.0.LTS", "21.0.5"),
            ("21.0.5-tem", "21.0.5"),
            ("python@3.12.4", "3.12.4"),
            ("1.2.3.4.5.6.7.8", "1.2.3.4.5.6"),
            ("007.010", "7.10"),
        ] {
            assert_eq!(version(text).to_string(), expected, "{text:?}");
        }
        let long = format!("1{}", ".1".repeat(150));
        for bad in [
            "",
            "v",
            "lts/jod",
            ".5",
            "-3",
            "1234567890",
            "22.9999999999",
            "é3",
            &long,
        ] {
            assert_eq!(Version::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn parts_are_numbers() {
        assert!(version("1.100") > version("1.99"));
        assert!(version("3.9") < version("3.10"));
        assert!(version("1.27") < version("1.27.0"));
        assert_eq!(version("1.27").compare(&version("1.27.0")), Ordering::Equal);
        assert!(version("22").holds(&version("22.2.0")));
        assert!(!version("3.1").holds(&version("3.13")));
        assert!(!version("22.2").holds(&version("22")));
        assert_eq!(version("22.2.0").truncated(1), version("22"));
    }
}
