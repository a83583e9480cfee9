//! The format of `limits.toml`, and what has to be true of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Limit, Limits};
use crate::diag::Result;
use crate::facts::Weight;
use crate::parse::version::{Constraint, Version};
use crate::plan::data::{Checker, Date, Sources, read};
use crate::plan::packages::normal;
use crate::repo::Source;

const CODE: &str = "bad-limits-file";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[allow(dead_code, reason = "its form is checked by being read")]
    as_of: Date,
    sources: Sources,
    runtime: BTreeMap<String, Vec<RawRow>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    package: Spanned<Names>,
    #[serde(default)]
    first: BTreeMap<Spanned<String>, Spanned<String>>,
    versions: Option<Spanned<String>>,
    runs: Option<Spanned<String>>,
    why: Option<String>,
    #[serde(default)]
    tried: bool,
    source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Many(Vec<String>),
}

pub(super) fn parse(source: &Source) -> Result<Limits> {
    let file: File = read(source, CODE)?;
    let checker = Checker { source, code: CODE };
    let mut limits = Limits::default();
    for (runtime, rows) in file.runtime {
        let packages = limits.packages.entry(runtime.clone()).or_default();
        for row in rows {
            checker.source_of(&file.sources, &row.source)?;
            let rungs = ladder(&checker, &row)?;
            let plain = plain(&checker, &row)?;
            let span = row.package.span();
            if rungs.is_empty() && plain.is_none() {
                return checker.fail(span, "a row has `first`, or `versions` and `runs`");
            }
            let names = match row.package.into_inner() {
                Names::One(name) => vec![name],
                Names::Many(names) => names,
            };
            for name in names {
                let name = normal(&runtime, &name);
                let known = packages.entry(name.clone()).or_default();
                if name.is_empty() || !rungs.is_empty() && !known.ladder.is_empty() {
                    return checker.fail(span, format!("`{name}` is empty or listed twice"));
                }
                known.ladder.extend(rungs.iter().cloned());
                known.limits.extend(plain.clone());
            }
        }
    }
    Ok(limits)
}

/// First versions by line, from the oldest line up; a newer line never takes an older version.
fn ladder(checker: &Checker<'_>, row: &RawRow) -> Result<Vec<(Version, Version)>> {
    let mut rungs: Vec<(Version, Version)> = Vec::new();
    for (line, first) in &row.first {
        let Some(line) = Version::parse(line.get_ref()) else {
            return checker.fail(line.span(), "not a line such as 22 or 3.13");
        };
        let Some(version) = Version::parse(first.get_ref()) else {
            return checker.fail(first.span(), "not a version");
        };
        rungs.push((line, version));
    }
    rungs.sort();
    if let Some(pair) = rungs
        .windows(2)
        .find(|pair| pair[0].1.compare(&pair[1].1).is_gt())
    {
        return checker.fail(
            row.package.span(),
            format!(
                "{} comes before {} has a first version",
                pair[1].0, pair[0].0
            ),
        );
    }
    Ok(rungs)
}

fn plain(checker: &Checker<'_>, row: &RawRow) -> Result<Option<Limit>> {
    let range = |text: &Spanned<String>| match Constraint::node(text.get_ref()) {
        Some(range @ Constraint::Node(_)) => Ok(range),
        _ => checker.fail(text.span(), "not a range such as <25 or >=2 <2.0.1"),
    };
    let (versions, runs, why) = match (&row.versions, &row.runs, &row.why) {
        (None, None, None) => return Ok(None),
        (Some(versions), Some(runs), Some(why)) => (versions, runs, why),
        _ => {
            let span = row.package.span();
            return checker.fail(span, "`versions`, `runs` and `why` stand together");
        }
    };
    Ok(Some(Limit {
        versions: range(versions)?,
        runs: range(runs)?,
        why: why.clone(),
        weight: if row.tried {
            Weight::Tried
        } else {
            Weight::Breaks
        },
    }))
}
