//! Variables that a person has to give: those that detectors find in code, and those that sample
//! files of the environment show.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{
    Confidence, Evidence, Facts, Found, Rank, RequiredEnv, push_named, push_required,
};
use crate::lang::{Component, Sources};
use crate::pack::{PackSet, VariableTable};
use crate::repo::{RelPath, Repo, Source};

/// Lines of a sample file that are looked at.
const MOST_LINES: usize = 2_000;

/// Adds a variable that a detector has found in `file`, on the ground of `found`.
pub(super) fn add(
    facts: &mut Facts,
    packs: &PackSet,
    name: &str,
    file: &str,
    found: Found<String>,
) {
    let known = packs.variables();
    let needless = |table: &VariableTable| {
        let unsure = found.confidence < Confidence::Certain && found.rank < Rank::Manifest;
        table.is_ambient(name) || table.is_aside(file) || (unsure && table.is_integration(name))
    };
    if !is_variable(name) || known.is_some_and(needless) {
        return;
    }
    let value = RequiredEnv {
        name: name.to_owned(),
        why: found.evidence.why.clone(),
    };
    push_required(
        &mut facts.required,
        Found {
            value,
            rank: found.rank,
            confidence: found.confidence,
            evidence: found.evidence,
        },
    );
}

/// Gives the build a harmless value for a variable.
pub(super) fn stand_in(facts: &mut Facts, packs: &PackSet, name: &str, found: Found<String>) {
    let Some(table) = packs.variables().filter(|_| is_variable(name)) else {
        return;
    };
    let value = table.stand_in(name).to_owned();
    push_named(
        &mut facts.stand_ins,
        Found {
            value: (name.to_owned(), value),
            rank: found.rank,
            confidence: found.confidence,
            evidence: found.evidence,
        },
    );
}

/// A name that a shell takes, of a length that a person would give it.
fn is_variable(name: &str) -> bool {
    (2..=80).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// One variable of a sample file.
struct Entry {
    name: String,
    evidence: Evidence,
    /// The value only asks for one.
    placeholder: bool,
}

/// Adds what the whole of the sources shows, and puts the surest and the most usual first.
pub(super) fn finish(
    repo: &Repo,
    packs: &PackSet,
    component: &mut Component,
    sources: &Sources<'_>,
) {
    let Some(table) = packs.variables() else {
        return;
    };
    samples(repo, table, component, sources);
    let facts = &mut component.facts;
    if facts.build_reads_env.value() == Some(&true) {
        for found in facts.required.clone() {
            // What ends up in browsers is the builder's to give, as a build argument.
            if !table.is_public(&found.value.name) {
                let name = found.value.name.clone();
                stand_in(
                    facts,
                    packs,
                    &name,
                    Found {
                        value: String::new(),
                        rank: found.rank,
                        confidence: found.confidence,
                        evidence: found.evidence,
                    },
                );
            }
        }
    }
    component.facts.required.sort_by_cached_key(|found| {
        let name = &found.value.name;
        (
            std::cmp::Reverse(table.is_essential(name)),
            std::cmp::Reverse(found.confidence),
            name.clone(),
        )
    });
}

/// Adds the variables that a sample file shows to be needed and that the program reads.
fn samples(repo: &Repo, table: &VariableTable, component: &mut Component, sources: &Sources<'_>) {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    let mut folder = Some(component.dir.clone());
    while let Some(dir) = folder {
        let view = repo.dir(&dir);
        let sample = table.samples.iter().find(|name| view.has(name));
        if let Some(source) = sample.and_then(|name| view.text(name)) {
            for entry in read(&source, table) {
                entries.entry(entry.name.clone()).or_insert(entry);
            }
        }
        folder = if dir.is_root() {
            None
        } else {
            Some(dir.parent().unwrap_or_default())
        };
    }
    entries.retain(|name, entry| {
        table.is_essential(name) || (entry.placeholder && !table.is_integration(name))
    });
    for (name, evidence) in without_fallback(&entries, table, sources) {
        let evidence = entries
            .get(&name)
            .map_or(evidence, |entry| entry.evidence.clone());
        let value = RequiredEnv {
            why: evidence.why.clone(),
            name,
        };
        push_required(
            &mut component.facts.required,
            Found {
                value,
                rank: Rank::Source,
                confidence: Confidence::Likely,
                evidence,
            },
        );
    }
}

/// The variables of a sample that nothing there says to be optional.
fn read(source: &Source, table: &VariableTable) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut optional = false;
    let mut at = 0;
    for line in source.text.split_inclusive('\n').take(MOST_LINES) {
        let span = at..at + line.trim_end().len();
        at += line.len();
        let text = line.trim();
        if text.is_empty() {
            optional = false;
            continue;
        }
        if let Some(comment) = text.strip_prefix('#') {
            optional |= table.says_optional(comment);
            continue;
        }
        let text = text.strip_prefix("export ").unwrap_or(text);
        let Some((name, value)) = text.split_once('=') else {
            continue;
        };
        let (value, beside) = match value.split_once(" #") {
            Some((value, beside)) => (value, beside),
            None => (value, ""),
        };
        let name = name.trim();
        if optional || table.says_optional(beside) || !is_variable(name) || table.is_ambient(name) {
            continue;
        }
        let value = value.trim().trim_matches(['"', '\'']);
        let why = format!(
            "{} shows that it is given, and the code reads it",
            source.path.name()
        );
        entries.push(Entry {
            name: name.to_owned(),
            evidence: Evidence::span("env/sample", source, &span, why),
            placeholder: !value.is_empty() && table.is_placeholder(value),
        });
    }
    entries
}

/// The names of the sample, and those of what hardly any program does without, that the program's
/// code reads without giving another value in their place; each with where it is first read.
fn without_fallback(
    entries: &BTreeMap<String, Entry>,
    table: &VariableTable,
    sources: &Sources<'_>,
) -> BTreeMap<String, Evidence> {
    let mut read: BTreeMap<String, Evidence> = BTreeMap::new();
    let mut optional = BTreeSet::new();
    let mut essential: BTreeMap<String, bool> = BTreeMap::new();
    let files = sources
        .files()
        .iter()
        .filter(|file| !table.is_aside(file.as_str()));
    for source in files.filter_map(|file: &RelPath| sources.read(file)) {
        for (name, at) in names(&source.text) {
            let (before, after) = around(&source.text, at, name.len());
            if is_comment(before) {
                continue;
            }
            let known = entries.contains_key(name);
            if !known {
                let essential = essential
                    .entry(name.to_owned())
                    .or_insert_with(|| table.is_essential(name));
                if !*essential {
                    continue;
                }
            }
            if table.has_fallback(before, after) {
                optional.insert(name.to_owned());
            } else if (known || table.is_reading(before)) && !read.contains_key(name) {
                let why = "the code reads it and gives no other value in its place";
                let span = at..at + name.len();
                let evidence = Evidence::span("env/reading", &source, &span, why);
                read.insert(name.to_owned(), evidence);
            }
        }
    }
    read.retain(|name, _| !optional.contains(name));
    read
}

/// A name that stands in a comment is not read.
fn is_comment(before: &str) -> bool {
    let start = before.trim_start();
    ["//", "#", "*", "/*"]
        .iter()
        .any(|mark| start.starts_with(mark))
        || before.contains(" // ")
        || before.contains(" # ")
}

/// The longest part of a line that is looked at on either side of a name.
const AROUND: usize = 160;

/// What stands on a name's line before and after it.
fn around(text: &str, at: usize, length: usize) -> (&str, &str) {
    let before = &text[text.floor_char_boundary(at.saturating_sub(AROUND))..at];
    let before = before.rsplit('\n').next().unwrap_or_default();
    let rest = &text[at + length..];
    let after = &rest[..rest.floor_char_boundary(rest.len().min(AROUND))];
    (before, after.split('\n').next().unwrap_or_default())
}

/// The words in capitals of at least three letters, each with its place.
fn names(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let bytes = text.as_bytes();
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let start = at + bytes.get(at..)?.iter().position(part)?;
            let word = &bytes[start..];
            let end = start + word.iter().position(|b| !part(b)).unwrap_or(word.len());
            at = end;
            let name = text.get(start..end)?;
            if name.len() > 2 && !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
                return Some((name, start));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_capitals_have_their_places() {
        let text = "let a = env.DATABASE_URL; // é B1_C\nXY";
        let found: Vec<(&str, usize)> = names(text).collect();
        assert_eq!(found, [("DATABASE_URL", 12), ("B1_C", 32)]);
        assert_eq!(around(text, 12, 12), ("let a = env.", "; // é B1_C"));
    }
}
