//! Variables that a person has to give: those that detectors find in code, and those that sample
//! files of the environment show.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Confidence, Evidence, Facts, Found, Rank, RequiredEnv, push_required};
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
    let needless = |table: &VariableTable| table.is_ambient(name) || table.is_aside(file);
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

/// Adds the variables that a sample file shows to be needed and that the program reads.
pub(super) fn samples(
    repo: &Repo,
    packs: &PackSet,
    component: &mut Component,
    sources: &Sources<'_>,
) {
    let Some(table) = packs.variables() else {
        return;
    };
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
        folder = if dir.is_root() { None } else { Some(dir.parent().unwrap_or_default()) };
    }
    entries.retain(|name, entry| table.is_essential(name) || entry.placeholder);
    if entries.is_empty() {
        return;
    }
    let needed = without_fallback(&entries, table, sources);
    for (name, entry) in entries {
        if needed.contains(&name) {
            let value = RequiredEnv {
                why: entry.evidence.why.clone(),
                name,
            };
            push_required(
                &mut component.facts.required,
                Found {
                    value,
                    rank: Rank::Source,
                    confidence: Confidence::Likely,
                    evidence: entry.evidence,
                },
            );
        }
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
        if optional
            || table.says_optional(beside)
            || !is_variable(name)
            || table.is_ambient(name)
        {
            continue;
        }
        let value = value.trim().trim_matches(['"', '\'']);
        let why = format!("{} shows that it is given, and the code reads it", source.path.name());
        entries.push(Entry {
            name: name.to_owned(),
            evidence: Evidence::span("env/sample", source, &span, why),
            placeholder: !value.is_empty() && table.is_placeholder(value),
        });
    }
    entries
}

/// The names that the program's code reads without giving another value in their place.
fn without_fallback(
    entries: &BTreeMap<String, Entry>,
    table: &VariableTable,
    sources: &Sources<'_>,
) -> BTreeSet<String> {
    let mut read = BTreeSet::new();
    let mut optional = BTreeSet::new();
    let files = sources
        .files()
        .iter()
        .filter(|file| !table.is_aside(file.as_str()));
    for source in files.filter_map(|file: &RelPath| sources.read(file)) {
        for (name, after) in names(&source.text) {
            let Some((name, _)) = entries.get_key_value(name) else {
                continue;
            };
            if table.has_fallback(after) {
                optional.insert(name.clone());
            } else {
                read.insert(name.clone());
            }
        }
    }
    read.retain(|name| !optional.contains(name));
    read
}

/// The words of a text in capitals, each with the rest of its line.
fn names(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    text.lines().flat_map(move |line| {
        let mut rest = line;
        std::iter::from_fn(move || {
            loop {
                let start = rest.find(|c: char| c.is_ascii_alphanumeric() || c == '_')?;
                let word = &rest[start..];
                let end = word
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(word.len());
                let (word, after) = word.split_at(end);
                rest = after;
                if word.len() > 2 && word.chars().all(part) {
                    return Some((word, after));
                }
            }
        })
    })
}
