//! What the data files of `detectors/` have in common: strict reading, dates, sources of facts.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

use crate::diag::{Diagnostic, Result};
use crate::repo::{Source, Span};

/// A day, as `YYYY-MM-DD`; such texts sort as the days do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Date(String);

impl Date {
    /// `None` when the text is not a day of the calendar.
    pub fn parse(text: &str) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
            return None;
        };
        let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0_u32, |sum, byte| sum * 10 + u32::from(byte - b'0'))
        };
        let (year, month, day) = (
            number(&digits[..4]),
            number(&digits[4..6]),
            number(&digits[6..]),
        );
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (1..=days).contains(&day).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom(format!("`{text}` is not a date of the form YYYY-MM-DD"))
        })
    }
}

/// Where facts come from, and of which day they are. A row names it by its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactSource {
    /// The publication, with its version or commit.
    pub title: String,
    /// The day on which the fact was true there.
    pub as_of: Date,
}

/// The `[sources]` table of a data file.
pub type Sources = BTreeMap<String, FactSource>;

/// Reads a data file; an unknown key is an error at its place.
pub fn read<T: DeserializeOwned>(source: &Source, code: &'static str) -> Result<T> {
    toml::from_str(&source.text).map_err(|error| {
        let problem = Diagnostic::error(code, error.message().trim().replace('\n', " "));
        match error.span() {
            Some(span) => problem.pointing(source, span),
            None => problem,
        }
    })
}

/// Errors in the meaning of a file, at the place of the value.
pub struct Checker<'a> {
    pub source: &'a Source,
    pub code: &'static str,
}

impl Checker<'_> {
    pub fn fail<T>(&self, span: Span, message: impl Into<String>) -> Result<T> {
        Err(Diagnostic::error(self.code, message).pointing(self.source, span))
    }

    /// The source that a row names.
    pub fn source_of(&self, sources: &Sources, key: &Spanned<String>) -> Result<FactSource> {
        match sources.get(key.get_ref()) {
            Some(found) => Ok(found.clone()),
            None => self.fail(
                key.span(),
                format!("no source `{}` in [sources]", key.get_ref()),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_of_the_calendar() {
        for good in ["2026-11-24", "2024-02-29", "2000-02-29"] {
            assert!(Date::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "2026-11-31",
            "2026-13-01",
            "2025-02-29",
            "1900-02-29",
            "2026-1-1",
            "2026-11-240",
            "2026/11/24",
            "२०२६-1",
        ] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
        assert!(Date::parse("2026-09-30").unwrap() < Date::parse("2026-10-01").unwrap());
    }
}
