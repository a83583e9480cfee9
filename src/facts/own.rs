//! Facts that only one language's planner reads. `detectors/keys.toml` declares each of them: whose
//! it is, its type and its meaning.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Confidence, Evidence, Found, Rank, Slot};

/// A value of such a key, of the type that the table declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Own {
    Flag(bool),
    /// A text, or one of several words.
    Text(String),
    List(Vec<String>),
    Table(BTreeMap<String, String>),
}

/// The values that were found, by key. A key that is asked for as another type than its own has
/// no value.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(transparent)]
pub struct OwnFacts(BTreeMap<String, Slot<Own>>);

impl OwnFacts {
    pub fn add(
        &mut self,
        key: &str,
        value: Own,
        rank: Rank,
        confidence: Confidence,
        evidence: Evidence,
    ) {
        let slot = self.0.entry(key.to_owned()).or_default();
        slot.add(value, rank, confidence, evidence);
    }

    fn found<T>(&self, key: &str, value: impl Fn(&Own) -> Option<T>) -> Option<Found<T>> {
        let best = self.0.get(key)?.best()?;
        Some(Found {
            value: value(&best.value)?,
            rank: best.rank,
            confidence: best.confidence,
            evidence: best.evidence.clone(),
        })
    }

    /// `None` when it is not set or set to false.
    pub fn flag(&self, key: &str) -> Option<Found<()>> {
        self.found(key, |own| matches!(own, Own::Flag(true)).then_some(()))
    }

    pub fn text(&self, key: &str) -> Option<Found<String>> {
        self.found(key, |own| match own {
            Own::Text(text) => Some(text.clone()),
            _ => None,
        })
    }

    /// The parts of all lists that were found, the best founded first.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &str> {
        let slots = self.0.get(key).into_iter();
        let found = slots.flat_map(Slot::all);
        found.flat_map(|found| match &found.value {
            Own::List(parts) => parts.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        })
    }

    /// What the best founded table says of a name.
    pub fn entry(&self, key: &str, name: &str) -> Option<&str> {
        let mut all = self.0.get(key)?.all().iter();
        all.find_map(|found| match &found.value {
            Own::Table(table) => table.get(name).map(String::as_str),
            _ => None,
        })
    }
}
