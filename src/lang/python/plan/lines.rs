//! Which lines of Python the pinned versions of packages can use (`detectors/python.toml`).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::diag::Result;
use crate::pack::PackSet;
use crate::parse::version::Version;
use crate::plan::data::{Checker, Date, Sources, read};
use crate::repo::Source;

const CODE: &str = "bad-python-file";

/// First versions by package, and for each by the minor version of Python 3.
#[derive(Clone, Debug)]
pub(super) struct PythonLines {
    first: BTreeMap<String, BTreeMap<u64, Version>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[allow(dead_code, reason = "its form is checked by being read")]
    as_of: Date,
    sources: Sources,
    ecosystem: Ecosystem,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ecosystem {
    python: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    dependency: Spanned<Names>,
    first: BTreeMap<String, Spanned<String>>,
    source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl PythonLines {
    /// Reads the table of the packs.
    pub(super) fn load(packs: &PackSet) -> Result<Self> {
        Self::parse(packs.needed_table("python.toml")?)
    }

    /// Reads the table. An unknown key, a package listed twice or a text that is no version is an
    /// error at its place in the file (`bad-python-file`).
    pub(super) fn parse(source: &Source) -> Result<Self> {
        let file: File = read(source, CODE)?;
        let checker = Checker { source, code: CODE };
        let mut first: BTreeMap<String, BTreeMap<u64, Version>> = BTreeMap::new();
        for row in file.ecosystem.python {
            checker.source_of(&file.sources, &row.source)?;
            let mut lines = BTreeMap::new();
            for (line, version) in &row.first {
                let minor = Version::parse(line).filter(|line| line.major() == 3);
                let (Some(minor), Some(version)) = (minor, Version::parse(version.get_ref()))
                else {
                    return checker.fail(version.span(), format!("{line}: not a version"));
                };
                lines.insert(minor.minor(), version);
            }
            let span = row.dependency.span();
            let names = match row.dependency.into_inner() {
                Names::One(name) => vec![name],
                Names::Many(names) => names,
            };
            for name in names {
                if first.insert(name.clone(), lines.clone()).is_some() {
                    return checker.fail(span, format!("{name} is listed twice"));
                }
            }
        }
        Ok(Self { first })
    }

    /// The newest minor version of Python 3 that a package in this version can use, with the
    /// first version for the next one; `None` when nothing known limits it.
    pub(super) fn newest(&self, package: &str, version: &Version) -> Option<(u64, &Version)> {
        self.first
            .get(package)?
            .iter()
            .find(|(_, first)| version.compare(first).is_lt())
            .map(|(minor, first)| (minor - 1, first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::RelPath;

    fn table(text: &str) -> Result<PythonLines> {
        let head =
            "as_of = \"2026-11-24\"\n[sources]\nx = { title = \"x\", as_of = \"2026-11-24\" }\n";
        let path = RelPath::root().join("python.toml");
        PythonLines::parse(&Source::new(
            path,
            format!("{head}[ecosystem]\npython = [{text}]\n"),
        ))
    }

    #[test]
    fn the_first_line_that_is_out_of_reach_limits() {
        let lines = table(
            r#"{ dependency = ["a", "b[c]"], first = { "3.12" = "1.26", "3.14" = "2.3.2" }, source = "x" }"#,
        )
        .unwrap();
        let newest = |name: &str, version: &str| {
            lines
                .newest(name, &Version::parse(version).unwrap())
                .map(|(minor, _)| minor)
        };
        assert_eq!(newest("a", "1.25"), Some(11));
        assert_eq!(newest("a", "1.26.4"), Some(13));
        assert_eq!(newest("b[c]", "2.3.2"), None);
        assert_eq!(newest("other", "1"), None);
    }

    #[test]
    fn mistakes_have_a_place() {
        for bad in [
            r#"{ dependency = "a", first = { "3.12" = "x" }, source = "x" }"#,
            r#"{ dependency = "a", first = {}, source = "y" }"#,
            r#"{ dependency = ["a", "a"], first = {}, source = "x" }"#,
        ] {
            assert!(table(bad).unwrap_err().at.is_some(), "{bad}");
        }
    }
}
