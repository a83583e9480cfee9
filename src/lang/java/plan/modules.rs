//! Modules of the JDK that jdeps cannot see (`detectors/jlink.toml`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::diag::Result;
use crate::facts::Component;
use crate::pack::PackSet;
use crate::parse::version::Version;
use crate::plan::data::{Checker, FactSource, Sources, read};
use crate::repo::Source;

const CODE: &str = "bad-jlink-file";

/// All that `jlink.toml` says.
#[derive(Clone, Debug)]
pub(super) struct Modules {
    rows: Vec<Row>,
}

/// A module with the reason why a program needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(super) struct Module {
    pub name: String,
    /// One line.
    pub why: String,
}

#[derive(Clone, Debug)]
struct Row {
    module: Module,
    until: Option<Version>,
    dependency: Vec<String>,
    fact: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    sources: Sources,
    module: Vec<FileRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    name: Spanned<String>,
    why: Spanned<String>,
    #[serde(default)]
    until: Option<Spanned<String>>,
    #[serde(default)]
    dependency: Vec<String>,
    #[serde(default)]
    fact: Option<String>,
    source: Spanned<String>,
}

impl Modules {
    /// Reads the table of the packs.
    pub(super) fn load(packs: &PackSet) -> Result<Self> {
        Self::parse(packs.needed_table("jlink.toml")?)
    }

    /// Reads the table. An unknown key, a text that is no module or version, or an unknown source
    /// is an error at its place in the file (`bad-jlink-file`).
    pub(super) fn parse(source: &Source) -> Result<Self> {
        let file: File = read(source, CODE)?;
        let checker = Checker { source, code: CODE };
        let rows = file
            .module
            .into_iter()
            .map(|row| {
                let _: FactSource = checker.source_of(&file.sources, &row.source)?;
                let name = row.name.get_ref();
                let is_name = !name.is_empty()
                    && name
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.');
                if !is_name {
                    return checker.fail(row.name.span(), format!("`{name}` is no module"));
                }
                if row.why.get_ref().chars().any(char::is_control) {
                    return checker.fail(row.why.span(), "the reason must be one line");
                }
                let until = match &row.until {
                    None => None,
                    Some(text) => match Version::parse(text.get_ref()) {
                        Some(version) => Some(version),
                        None => return checker.fail(text.span(), "this is no version"),
                    },
                };
                Ok(Row {
                    module: Module {
                        name: row.name.into_inner(),
                        why: row.why.into_inner(),
                    },
                    until,
                    dependency: row.dependency,
                    fact: row.fact,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { rows })
    }

    /// The modules that a program needs beside what jdeps finds, each once, in the table's order.
    pub(super) fn of(&self, component: &Component, line: &Version) -> Vec<Module> {
        let mut modules: Vec<Module> = Vec::new();
        for row in &self.rows {
            let in_time = row
                .until
                .as_ref()
                .is_none_or(|until| line.major() <= until.major());
            if in_time
                && row.applies(component)
                && !modules.iter().any(|known| known.name == row.module.name)
            {
                modules.push(row.module.clone());
            }
        }
        modules
    }
}

impl Row {
    fn applies(&self, component: &Component) -> bool {
        if self.dependency.is_empty() && self.fact.is_none() {
            return true;
        }
        let by_fact = self
            .fact
            .as_ref()
            .is_some_and(|fact| component.facts.own.flag(fact).is_some());
        by_fact
            || component
                .manifest
                .dependencies
                .iter()
                .filter(|found| found.production)
                .any(|found| {
                    self.dependency
                        .iter()
                        .any(|name| match name.strip_suffix('*') {
                            Some(start) => found.name.starts_with(start),
                            None => found.name == *name,
                        })
                })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::RelPath;

    fn parse(text: &str) -> Result<Modules> {
        Modules::parse(&Source::new(RelPath::root().join("jlink.toml"), text))
    }

    #[test]
    fn a_row_must_be_whole() {
        let sources = "[sources]\na = { title = \"t\", as_of = \"2026-11-24\" }\n";
        let good = "[[module]]\nname = \"jdk.zipfs\"\nwhy = \"w\"\nsource = \"a\"\n";
        assert!(parse(&format!("{sources}{good}")).is_ok());
        for (old, new) in [
            ("jdk.zipfs", "jdk;id"),
            ("\"w\"", "\"a\\nb\""),
            ("source = \"a\"", "source = \"b\""),
            ("source", "surce"),
        ] {
            assert!(
                parse(&format!("{sources}{}", good.replace(old, new))).is_err(),
                "{new}"
            );
        }
    }
}
