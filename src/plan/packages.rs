//! Which Debian packages a dependency needs (`detectors/packages.toml`).

mod names;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::data::{Checker, Date, FactSource, Sources, read};
use crate::diag::Result;
use crate::repo::Source;
use names::forms;
pub(super) use names::normal;

const CODE: &str = "bad-packages-file";

/// The packages of one dependency. Lists are sorted and without repetition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// The names it goes by, in the ecosystem's normal form.
    pub dependency: Vec<String>,
    build: Vec<String>,
    run: Vec<String>,
    /// What differs on Debian 12.
    bookworm: Bookworm,
    /// Dependencies whose presence makes this row needless, in the ecosystem's normal form.
    pub unless: Vec<String>,
    /// Cargo features of the dependency that make this row needless.
    pub unless_features: Vec<String>,
    /// What packages alone do not settle; a sentence part for the user.
    pub note: Option<String>,
    pub source: FactSource,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
struct Bookworm {
    build: Option<Vec<String>>,
    run: Option<Vec<String>>,
}

impl Row {
    /// Packages for the stage that installs or compiles, on a Debian release
    /// ([`super::images::BaseImage::release`]); other releases than `bookworm` get trixie's names.
    pub fn build(&self, release: Option<&str>) -> &[String] {
        pick(&self.build, self.bookworm.build.as_ref(), release)
    }

    /// Packages for the last stage, on a Debian release.
    pub fn run(&self, release: Option<&str>) -> &[String] {
        pick(&self.run, self.bookworm.run.as_ref(), release)
    }
}

fn pick<'a>(
    trixie: &'a [String],
    bookworm: Option<&'a Vec<String>>,
    release: Option<&str>,
) -> &'a [String] {
    match bookworm {
        Some(list) if release == Some("bookworm") => list,
        _ => trixie,
    }
}

/// All that `packages.toml` says.
#[derive(Clone, Debug)]
pub struct Packages {
    rows: Vec<Row>,
    /// Ecosystem, then name in normal form, to the place in `rows`.
    index: BTreeMap<String, BTreeMap<String, usize>>,
}

impl Packages {
    /// Reads the table. An unknown key, a name listed twice, an unknown source or a text that is
    /// no package name is an error at its place in the file (`bad-packages-file`).
    pub fn parse(source: &Source) -> Result<Self> {
        let file: File = read(source, CODE)?;
        let checker = Checker { source, code: CODE };
        let mut packages = Self {
            rows: Vec::new(),
            index: BTreeMap::new(),
        };
        for (ecosystem, rows) in file.ecosystem {
            for raw in rows {
                packages.add(&checker, &file.sources, &ecosystem, raw)?;
            }
        }
        Ok(packages)
    }

    /// What is known about a dependency of an ecosystem (`python`, `node`, `rust`, `go`,
    /// `ruby`, `php`); `None` when it needs nothing or nothing is known. Python extras may stand
    /// behind the name (`psycopg[c]`); an extra without a row of its own falls back to the name.
    pub fn for_dependency(&self, ecosystem: &str, name: &str) -> Option<&Row> {
        let index = self.index.get(ecosystem)?;
        let forms = forms(ecosystem, name);
        let bare = forms.first()?.split('[').next()?;
        let place = forms
            .iter()
            .find_map(|form| index.get(form))
            .or_else(|| index.get(bare))?;
        self.rows.get(*place)
    }

    /// The rows for a set of dependencies, each once and in the order of their names, without
    /// those that another dependency of the set makes needless.
    pub fn needed<'a>(
        &self,
        ecosystem: &str,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Vec<&Row> {
        let names: BTreeSet<String> = names
            .into_iter()
            .flat_map(|name| forms(ecosystem, name))
            .collect();
        let mut rows: Vec<&Row> = Vec::new();
        for name in &names {
            if let Some(row) = self.for_dependency(ecosystem, name)
                && !row.unless.iter().any(|other| names.contains(other))
                && !rows.contains(&row)
            {
                rows.push(row);
            }
        }
        rows
    }

    fn add(
        &mut self,
        checker: &Checker<'_>,
        sources: &Sources,
        ecosystem: &str,
        raw: RawRow,
    ) -> Result<()> {
        let index = self.index.entry(ecosystem.to_owned()).or_default();
        let span = raw.dependency.span();
        let mut dependency = Vec::new();
        for name in raw.dependency.into_inner().list() {
            let name = normal(ecosystem, &name);
            if name.is_empty() || index.insert(name.clone(), self.rows.len()).is_some() {
                return checker.fail(
                    span,
                    format!("`{name}` is empty or listed twice in {ecosystem}"),
                );
            }
            dependency.push(name);
        }
        let optional =
            |list: Option<Vec<Spanned<String>>>| list.map(|list| debian(checker, list)).transpose();
        self.rows.push(Row {
            dependency,
            build: debian(checker, raw.build)?,
            run: debian(checker, raw.run)?,
            bookworm: Bookworm {
                build: optional(raw.bookworm.build)?,
                run: optional(raw.bookworm.run)?,
            },
            unless: raw
                .unless
                .iter()
                .map(|name| normal(ecosystem, name))
                .collect(),
            unless_features: raw.unless_features,
            note: raw.note,
            source: checker.source_of(sources, &raw.source)?,
        });
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(
        dead_code,
        reason = "for people, who see in the file when it was last gone through"
    )]
    as_of: Date,
    sources: Sources,
    ecosystem: BTreeMap<String, Vec<RawRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    dependency: Spanned<Names>,
    #[serde(default)]
    build: Vec<Spanned<String>>,
    #[serde(default)]
    run: Vec<Spanned<String>>,
    #[serde(default)]
    bookworm: RawBookworm,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    unless_features: Vec<String>,
    note: Option<String>,
    source: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBookworm {
    build: Option<Vec<Spanned<String>>>,
    run: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

impl Names {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(name) => vec![name],
            Self::Many(names) => names,
        }
    }
}

/// Names go into an `apt-get install` line, so they have to be names by Debian's policy (5.6.1).
fn debian(checker: &Checker<'_>, list: Vec<Spanned<String>>) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for name in list {
        let text = name.get_ref();
        let plain = text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte)
        });
        if !plain || text.len() < 2 || !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return checker.fail(
                name.span(),
                format!("`{text}` is not the name of a Debian package"),
            );
        }
        names.insert(name.into_inner());
    }
    Ok(names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::RelPath;

    const FILE: &str = include_str!("../../detectors/packages.toml");

    fn parse(text: &str) -> Result<Packages> {
        Packages::parse(&Source::new(
            RelPath::new("detectors/packages.toml").unwrap(),
            text,
        ))
    }

    fn packages() -> Packages {
        parse(FILE).unwrap_or_else(|problem| panic!("{problem:?}"))
    }

    #[test]
    fn dependencies_have_packages() {
        let packages = packages();
        for (ecosystem, name, build, run) in [
            ("python", "psycopg2", "gcc libc6-dev libpq-dev", "libpq5"),
            ("python", "Psycopg[c]", "gcc libc6-dev libpq-dev", "libpq5"),
            ("python", "psycopg[pool]", "", "libpq5"),
            (
                "python",
                "mysqlclient",
                "default-libmysqlclient-dev gcc libc6-dev pkg-config",
                "libmariadb3",
            ),
            (
                "python",
                "Python_LDAP",
                "gcc libc6-dev libldap-dev libsasl2-dev",
                "libldap2 libsasl2-2",
            ),
            ("python", "opencv-python", "", "libgl1 libglib2.0-0t64"),
            ("node", "sqlite3", "g++ make python3", ""),
            (
                "node",
                "@confluentinc/kafka-javascript",
                "g++ libsasl2-dev libssl-dev libzstd-dev make python3",
                "libsasl2-2 libssl3t64 libzstd1",
            ),
            ("rust", "openssl_sys", "libssl-dev pkg-config", "libssl3t64"),
            (
                "go",
                "github.com/davidbyttow/govips/v2",
                "libvips-dev",
                "libvips42t64",
            ),
            ("php", "ext-zip", "libzip-dev", "libzip5"),
        ] {
            let row = packages
                .for_dependency(ecosystem, name)
                .unwrap_or_else(|| panic!("{name}"));
            assert_eq!(row.build(Some("trixie")).join(" "), build, "{name}");
            assert_eq!(row.run(None).join(" "), run, "{name}");
        }
        for (ecosystem, name) in [
            ("python", "psycopg2-binary"),
            ("python", "lxml"),
            ("node", "sharp"),
            ("node", "psycopg2"),
            ("cobol", "x"),
            ("python", ""),
            ("python", "[c]"),
        ] {
            assert!(packages.for_dependency(ecosystem, name).is_none(), "{name}");
        }
    }

    #[test]
    fn bookworm_has_other_names() {
        let packages = packages();
        let ldap = packages.for_dependency("python", "python-ldap").unwrap();
        assert_eq!(ldap.run(Some("bookworm")), ["libldap-2.5-0", "libsasl2-2"]);
        assert_eq!(ldap.build(Some("bookworm")), ldap.build(Some("trixie")));
    }

    #[test]
    fn a_set_settles_what_one_name_does_not() {
        let packages = packages();
        for (ecosystem, names, expected) in [
            ("python", vec!["psycopg", "psycopg-binary"], ""),
            ("python", vec!["psycopg[binary]"], ""),
            ("python", vec!["psycopg[binary, pool]"], ""),
            ("python", vec!["psycopg[pool,C]"], "psycopg[c]"),
            ("python", vec!["psycopg"], "psycopg"),
            (
                "python",
                vec!["mysqlclient", "Django", "psycopg2", "psycopg2"],
                "mysqlclient psycopg2",
            ),
            ("rust", vec!["openssl-sys", "openssl-src"], ""),
            ("node", vec!["prisma", "@prisma/client"], "prisma"),
        ] {
            let rows = packages.needed(ecosystem, names.iter().copied());
            let found: Vec<&str> = rows.iter().map(|row| row.dependency[0].as_str()).collect();
            assert_eq!(found.join(" "), expected, "{names:?}");
        }
    }

    #[test]
    fn mistakes_are_shown_in_place() {
        let good = r#"as_of = "2026-11-24"
sources = { here = { title = "t", as_of = "2026-11-24" } }
[ecosystem]
python = [
  { dependency = ["a", "b"], build = ["gcc", "gcc"], run = ["libpq5"], source = "here" },
]
"#;
        let packages = parse(good).unwrap();
        assert_eq!(
            packages.for_dependency("python", "B").unwrap().build(None),
            ["gcc"]
        );
        for (from, to) in [
            ("\"a\", \"b\"", "\"a\", \"A\""),
            ("libpq5", "libpq5; id"),
            ("libpq5", "-o=x"),
            ("run =", "runs ="),
            ("source = \"here\"", "source = \"there\""),
        ] {
            let problem = parse(&good.replace(from, to)).expect_err(to);
            assert_eq!(
                (problem.code, problem.at.and_then(|at| at.line)),
                (CODE, Some(5)),
                "{to}: {}",
                problem.message
            );
        }
    }
}
