//! [`Constraint`]: which versions of a runtime or a tool a project accepts.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};

use super::{MAX_LENGTH, NodeRange, PythonRange, Version};

/// Which versions of a runtime or tool a project accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    /// Nothing is asked.
    Any,
    /// A floor, never a pin: Go's `go` directive, Rust's `rust-version`.
    AtLeast(Version),
    /// One version, as a toolchain line or a version file names it.
    Exact(Version),
    /// Every version with these leading parts: `22`, `3.12`.
    Line(Version),
    /// A range of npm's kind.
    Node(NodeRange),
    /// Specifiers of PEP 440, or Poetry's.
    Python(PythonRange),
    /// The newest long-term line, or the one with this code name (lower case). Which numbers
    /// that means is in the image catalogue, not in the text.
    Lts(Option<String>),
    /// A word for the newest line, long-term or not, as written: `latest`, `node`, `current`.
    Latest(String),
}

impl Constraint {
    /// What `engines.node`, `.nvmrc`, `.node-version` or Volta say: ranges (`>=18 <23`, `^20`,
    /// `20.x`), versions (`v22.2.0`), `lts/*`, `lts/jod`, `latest`, `node`, `current`.
    /// `None` for anything else, and for more than 200 bytes.
    ///
    /// Source: the grammar of npm's `semver`; the words are nvm's.
    pub fn node(text: &str) -> Option<Self> {
        let text = checked(text)?;
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "latest" | "node" | "current" | "stable" => return Some(Self::Latest(lower)),
            "lts" | "lts/*" | "lts-*" | "--lts" => return Some(Self::Lts(None)),
            _ => {}
        }
        if let Some(name) = lower
            .strip_prefix("lts/")
            .or_else(|| lower.strip_prefix("lts-"))
        {
            let word = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
            return word.then(|| Self::Lts(Some(name.to_owned())));
        }
        NodeRange::parse(text).map(Self::Node)
    }

    /// What `requires-python`, Poetry's `python`, `.python-version`, `runtime.txt` or a Pipfile
    /// say: PEP 440 specifiers (`>=3.9,<4`), Poetry's `^3.11` and `~3.12`, wildcards, a bare
    /// version (`3.12` is the line, `3.12.4` the version). `None` for anything else, other
    /// implementations (`pypy3.10`) included, and for more than 200 bytes.
    ///
    /// Source: PEP 440; Poetry's documentation on dependency specification.
    pub fn python(text: &str) -> Option<Self> {
        PythonRange::parse(checked(text)?).map(Self::Python)
    }

    /// A floor; the text is read as [`Version::parse`] reads it.
    pub fn at_least(text: &str) -> Option<Self> {
        Version::parse(checked(text)?).map(Self::AtLeast)
    }

    /// One version; the text is read as [`Version::parse`] reads it.
    pub fn exact(text: &str) -> Option<Self> {
        Version::parse(checked(text)?).map(Self::Exact)
    }

    /// All versions with the same leading parts; the text is read as [`Version::parse`] reads it.
    pub fn line(text: &str) -> Option<Self> {
        Version::parse(checked(text)?).map(Self::Line)
    }

    /// Whether this very version is accepted. [`Constraint::Lts`] and [`Constraint::Latest`]
    /// accept every number: what narrows them is not a number.
    pub fn allows(&self, version: &Version) -> bool {
        match self {
            Self::Any | Self::Lts(_) | Self::Latest(_) => true,
            Self::AtLeast(floor) => version.compare(floor).is_ge(),
            Self::Exact(wanted) | Self::Line(wanted) => {
                wanted.holds(version) || wanted.compare(version).is_eq()
            }
            Self::Node(range) => range.allows(version),
            Self::Python(range) => range.allows(version),
        }
    }

    /// Whether some version in the line (22, 3.13, 1.27) is accepted; versions above
    /// `newest_patch`, when that is known, do not count. An exact 22.2.0 is in line 22.
    pub fn allows_line(&self, line: &Version, newest_patch: Option<&Version>) -> bool {
        match self {
            Self::Any | Self::Lts(_) | Self::Latest(_) => true,
            Self::AtLeast(floor) => match newest_patch {
                Some(newest) => newest.compare(floor).is_ge(),
                None => reaches(line, floor),
            },
            Self::Exact(wanted) | Self::Line(wanted) => {
                let known = newest_patch
                    .is_none_or(|newest| wanted.holds(newest) || wanted.compare(newest).is_le());
                known && (line.holds(wanted) || wanted.holds(line))
            }
            Self::Node(range) => range.allows_line(line, newest_patch),
            Self::Python(range) => range.allows_line(line, newest_patch),
        }
    }
}

/// Whether the line has versions at `floor` or above it: it has when the parts they share are
/// equal, because a line has no last patch.
fn reaches(line: &Version, floor: &Version) -> bool {
    let order = line
        .parts()
        .iter()
        .zip(floor.parts())
        .map(|(mine, wanted)| mine.cmp(wanted))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal);
    order.is_ge()
}

fn checked(text: &str) -> Option<&str> {
    let text = text.trim();
    let plain = text.len() <= MAX_LENGTH && !text.is_empty() && !text.chars().any(char::is_control);
    plain.then_some(text)
}

/// As written where the text is the constraint; a floor shows its sign.
impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::AtLeast(version) => write!(f, ">={version}"),
            Self::Exact(version) | Self::Line(version) => write!(f, "{version}"),
            Self::Node(range) => write!(f, "{range}"),
            Self::Python(range) => write!(f, "{range}"),
            Self::Lts(None) => f.write_str("lts/*"),
            Self::Lts(Some(name)) => write!(f, "lts/{name}"),
            Self::Latest(word) => f.write_str(word),
        }
    }
}

impl Serialize for Constraint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for Constraint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Constraint".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(constraint: &Constraint, all: &[&str]) -> Vec<String> {
        all.iter()
            .filter(|line| constraint.allows_line(&Version::parse(line).unwrap(), None))
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn node_ranges_choose_lines() {
        for (text, expected) in [
            (">=18 <23", "18 20 22"),
            (">= 18 < 23", "18 20 22"),
            ("^20", "20"),
            ("20.x", "20"),
            ("20", "20"),
            ("v22", "22"),
            ("v22.2.0", "22"),
            ("=22.2.0", "22"),
            (">=v24", "24 26"),
            ("*", "18 20 22 24 26"),
            (">22", "24 26"),
            (">22.5", "22 24 26"),
            ("<22", "18 20"),
            ("<=20.5.1", "18 20"),
            ("18 || >=24", "18 24 26"),
            ("18.x - 22.x", "18 20 22"),
            ("~24.3", "24"),
            ("^18.17.0 || ^20.3.0 || >=21.0.0", "18 20 22 24 26"),
            (">=22.12 <=24", "22 24"),
        ] {
            let constraint = Constraint::node(text).unwrap_or_else(|| panic!("{text:?}"));
            assert_eq!(
                lines(&constraint, &["18", "20", "22", "24", "26"]).join(" "),
                expected,
                "{text:?}"
            );
            assert_eq!(constraint.to_string(), text);
        }
    }

    #[test]
    fn node_words() {
        for text in ["lts/*", "lts", "LTS/*"] {
            assert_eq!(
                Constraint::node(text),
                Some(Constraint::Lts(None)),
                "{text:?}"
            );
        }
        assert_eq!(
            Constraint::node("lts/Jod"),
            Some(Constraint::Lts(Some("jod".into())))
        );
        assert_eq!(
            Constraint::node("current"),
            Some(Constraint::Latest("current".into()))
        );
        for bad in [
            "", "   ", "lts/", "lts/-1", "lts/j\"d", "iron", "system", "$(id)", "22\n23", "🦀",
        ] {
            assert_eq!(Constraint::node(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn python_specifiers_choose_lines() {
        let all = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];
        for (text, expected) in [
            (">=3.9,<4", "3.9 3.10 3.11 3.12 3.13 3.14"),
            (">=3.11,<3.13", "3.11 3.12"),
            ("<3.12", "3.9 3.10 3.11"),
            ("^3.11", "3.11 3.12 3.13 3.14"),
            ("^3.11.4", "3.11 3.12 3.13 3.14"),
            ("~3.12", "3.12"),
            ("~3.12.1", "3.12"),
            ("~=3.12.1", "3.12"),
            ("~=3.12", "3.12 3.13 3.14"),
            ("3.11.*", "3.11"),
            ("==3.11.*", "3.11"),
            ("3.12", "3.12"),
            ("3.12.4", "3.12"),
            ("==3.12.4", "3.12"),
            ("3", "3.9 3.10 3.11 3.12 3.13 3.14"),
            ("~3", "3.9 3.10 3.11 3.12 3.13 3.14"),
            ("*", "3.9 3.10 3.11 3.12 3.13 3.14"),
            (">=3.10, !=3.11.*, !=3.12.0", "3.10 3.12 3.13 3.14"),
            (">= 3.10 < 3.12", "3.10 3.11"),
            (">3.12", "3.12 3.13 3.14"),
            (">=3.12.*", "3.12 3.13 3.14"),
            ("~3.9 || ^3.13", "3.9 3.13 3.14"),
            ("python-3.11.9", "3.11"),
            ("cpython@3.12", "3.12"),
            ("3.13-dev", "3.13"),
            ("3.13t", "3.13"),
            ("===3.12.4", "3.12"),
        ] {
            let constraint = Constraint::python(text).unwrap_or_else(|| panic!("{text:?}"));
            assert_eq!(lines(&constraint, &all).join(" "), expected, "{text:?}");
            assert_eq!(constraint.to_string(), text);
        }
        for bad in [
            "",
            "pypy3.10",
            "miniconda3-4.7",
            ">=",
            ">=3.9;",
            "3.9 or so",
            "~=3",
            ",",
            "||",
            "^",
            "system",
            "3.é",
        ] {
            assert_eq!(Constraint::python(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn floors_points_and_lines() {
        let go = ["1.25", "1.26", "1.27"];
        assert_eq!(
            lines(&Constraint::at_least("go1.26.3").unwrap(), &go).join(" "),
            "1.26 1.27"
        );
        assert_eq!(
            lines(&Constraint::at_least("1.27").unwrap(), &go).join(" "),
            "1.27"
        );
        assert_eq!(
            lines(&Constraint::exact("1.26.3").unwrap(), &go).join(" "),
            "1.26"
        );
        assert_eq!(
            lines(&Constraint::line("1").unwrap(), &go).join(" "),
            "1.25 1.26 1.27"
        );
        assert_eq!(
            lines(&Constraint::at_least("1.75").unwrap(), &["1"]).join(" "),
            "1"
        );
        assert_eq!(Constraint::at_least("1.26").unwrap().to_string(), ">=1.26");
        assert_eq!(Constraint::exact("go1.26.3").unwrap().to_string(), "1.26.3");
        assert_eq!(Constraint::line("next"), None);
    }

    #[test]
    fn the_newest_patch_bounds_a_line() {
        let line = Version::new([22]);
        let newest = Version::new([22, 23, 3]);
        for (constraint, expected) in [
            (Constraint::node(">=22.23.3"), true),
            (Constraint::node(">=22.24 <23"), false),
            (Constraint::exact("22.2.0"), true),
            (Constraint::exact("22.24.0"), false),
            (Constraint::line("22.23"), true),
            (Constraint::at_least("22.30"), false),
        ] {
            let constraint = constraint.unwrap();
            assert_eq!(
                constraint.allows_line(&line, Some(&newest)),
                expected,
                "{constraint}"
            );
        }
        let python = Constraint::python("<=3.12").unwrap();
        assert!(python.allows_line(&Version::new([3, 12]), None));
        assert!(!python.allows(&Version::new([3, 12, 16])));
        let after = Constraint::python(">3.12.16,<3.13").unwrap();
        assert!(!after.allows_line(&Version::new([3, 12]), Some(&Version::new([3, 12, 16]))));
        assert!(after.allows_line(&Version::new([3, 12]), None));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,220}", ranged in "[<>=~^!vx*|, .0-9a-]{0,40}") {
            for text in [text, ranged] {
                for constraint in [
                    Constraint::node(&text),
                    Constraint::python(&text),
                    Constraint::at_least(&text),
                    Constraint::exact(&text),
                    Constraint::line(&text),
                ].into_iter().flatten() {
                    for line in [Version::new([0]), Version::new([22]), Version::new([3, 12])] {
                        constraint.allows_line(&line, None);
                        constraint.allows_line(&line, Some(&line.filled(7)));
                        constraint.allows(&line);
                    }
                }
            }
        }
    }
}
