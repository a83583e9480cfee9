//! Python's version specifiers: PEP 440, and what Poetry adds to it.

use std::fmt;
use std::str::FromStr;

use pep440_rs::{VersionSpecifier, VersionSpecifiers};

use super::{TOP, Version};

/// Alternatives of specifiers (Poetry's `||`; PEP 440 has one alternative), with their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonRange {
    text: String,
    any_of: Vec<VersionSpecifiers>,
}

impl PythonRange {
    /// `None` for a text that neither grammar has.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let any_of = text
            .replace("||", "|")
            .split('|')
            .map(alternative)
            .collect::<Option<_>>()?;
        Some(Self {
            text: text.to_owned(),
            any_of,
        })
    }

    pub(super) fn allows(&self, version: &Version) -> bool {
        let version = pep440_rs::Version::new(version.parts());
        self.any_of
            .iter()
            .any(|specifiers| specifiers.contains(&version))
    }

    /// What a line allows begins at its lowest version, at a bound of the range, or one step
    /// beside a bound; so it is enough to try those.
    pub(super) fn allows_line(&self, line: &Version, newest: Option<&Version>) -> bool {
        let top = newest.map_or_else(|| line.filled(TOP), Clone::clone);
        let bounds = self
            .any_of
            .iter()
            .flat_map(|specifiers| specifiers.iter())
            .flat_map(|specifier| {
                let bound = Version::new(specifier.version().release().iter().copied()).filled(0);
                let [major, minor, patch] = [bound.major(), bound.minor(), bound.patch()];
                [
                    Version::new([major, minor, patch]),
                    Version::new([major, minor, patch.saturating_add(1)]),
                    Version::new([major, minor, patch.saturating_sub(1)]),
                    Version::new([major, minor.saturating_add(1), 0]),
                    Version::new([major, minor.saturating_sub(1), TOP]),
                ]
            });
        [line.filled(0), top.clone()]
            .into_iter()
            .chain(bounds)
            .any(|version| {
                line.holds(&version) && version.compare(&top).is_le() && self.allows(&version)
            })
    }
}

impl fmt::Display for PythonRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Specifiers between commas or blanks; all of them hold.
fn alternative(text: &str) -> Option<VersionSpecifiers> {
    let mut specifiers = Vec::new();
    let mut rest = skip(text);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let sign_end = rest
            .find(|c: char| !"<>=!~^".contains(c))
            .unwrap_or(rest.len());
        let (sign, after) = rest.split_at(sign_end);
        let after = after.trim_start();
        let version_end = after
            .find(|c: char| c.is_whitespace() || ",<>=!~^".contains(c))
            .unwrap_or(after.len());
        let (version, after) = after.split_at(version_end);
        for specifier in specifier(sign, version)? {
            specifiers.push(VersionSpecifier::from_str(&specifier).ok()?);
        }
        rest = skip(after);
    }
    Some(specifiers.into_iter().collect())
}

fn skip(text: &str) -> &str {
    text.trim_start_matches(|c: char| c == ',' || c.is_whitespace())
}

/// One specifier as PEP 440 writes it; Poetry's caret and tilde become two.
fn specifier(sign: &str, version: &str) -> Option<Vec<String>> {
    let starred = version
        .strip_suffix(".*")
        .or_else(|| version.strip_suffix(".x"));
    match sign {
        "" if version == "*" => Some(vec![">=0".to_owned()]),
        "" => {
            let parsed = Version::parse(unprefixed(version)?)?;
            let line = starred.is_some() || parsed.parts().len() < 3;
            Some(vec![if line {
                format!("=={parsed}.*")
            } else {
                format!("=={parsed}")
            }])
        }
        // `^0.3` and `^0.0.3` stop at the first part that is not zero.
        "^" => {
            let low = strict(version)?;
            let fixed = low
                .parts()
                .iter()
                .position(|part| *part > 0)
                .unwrap_or(low.parts().len() - 1);
            Some(between(&low, fixed))
        }
        "~" => {
            let low = strict(version)?;
            let fixed = low.parts().len().min(2) - 1;
            Some(between(&low, fixed))
        }
        "=" => Some(vec![format!("=={version}")]),
        // Seen in the wild, and meant as the version without the star.
        ">=" | "<" | ">" | "<=" => Some(vec![format!("{sign}{}", starred.unwrap_or(version))]),
        "==" | "!=" | "~=" | "===" => Some(vec![format!("{sign}{version}")]),
        _ => None,
    }
}

/// From `low` up to the next value of the part at `fixed`.
fn between(low: &Version, fixed: usize) -> Vec<String> {
    let mut high: Vec<u64> = low.parts().iter().copied().take(fixed + 1).collect();
    if let Some(last) = high.last_mut() {
        *last = last.saturating_add(1);
    }
    vec![format!(">={low}"), format!("<{}", Version::new(high))]
}

/// A version of digits and dots alone.
fn strict(text: &str) -> Option<Version> {
    let version = Version::parse(text)?;
    (version.to_string() == text).then_some(version)
}

/// Without the name of `CPython` that version files put in front; `None` for other
/// implementations, whose numbers mean something else.
fn unprefixed(text: &str) -> Option<&str> {
    let named = ["cpython", "python", "v"]
        .iter()
        .find_map(|name| text.strip_prefix(name));
    let rest = named.map_or(text, |rest| rest.trim_start_matches(['-', '@']));
    let plain = rest
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b".*+_-".contains(&byte));
    (plain && rest.starts_with(|c: char| c.is_ascii_digit())).then_some(rest)
}
