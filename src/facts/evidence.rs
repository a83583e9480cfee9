//! Facts with their reasons. The losers of a choice stay visible beside the winner.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diag::Location;
use crate::repo::{RelPath, Source, Span};

/// How sure a finding is. A guess that matters is a question in the wizard and a note otherwise.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    Guess,
    Likely,
    Certain,
}

/// Why something is believed: which rule said so, where, and in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Evidence {
    /// A detector's id (`node/next`) or a language's rule (`go/toolchain-line`).
    pub rule: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// A short clause that completes "because": `go.mod says go 1.26`.
    pub why: String,
}

impl Evidence {
    /// A reason without a place, such as a default.
    pub fn rule(rule: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            at: None,
            why: why.into(),
        }
    }

    /// A reason that is the presence of a file.
    pub fn file(rule: impl Into<String>, path: RelPath, why: impl Into<String>) -> Self {
        Self {
            rule: rule.into(),
            at: Some(Location::file(path)),
            why: why.into(),
        }
    }

    /// A reason that is a part of a file.
    pub fn span(
        rule: impl Into<String>,
        source: &Source,
        span: &Span,
        why: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            at: Some(Location::in_source(source, span)),
            why: why.into(),
        }
    }
}

/// Who speaks, from the weakest to the strongest. The documented precedence of settings stands
/// above all of these and is applied when a plan is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rank {
    /// dockgen's own default.
    Default,
    /// What is usual for the language.
    Language,
    /// A pattern in source code or in a sample file.
    Source,
    /// A framework's convention.
    Framework,
    /// What the program's own code says of its port and its routes.
    Code,
    /// A framework's convention under a further condition (a detector's variant).
    Variant,
    /// The files by which the authors deploy and release the program.
    Authors,
    /// The manifest or the lock file.
    Manifest,
    /// A file whose only purpose is to say this (`.nvmrc`, `Procfile`).
    Dedicated,
}

/// One candidate for a fact.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Found<T> {
    pub value: T,
    pub rank: Rank,
    pub confidence: Confidence,
    pub evidence: Evidence,
}

/// All candidates for one fact, the best first.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Slot<T> {
    candidates: Vec<Found<T>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            candidates: Vec::new(),
        }
    }
}

impl<T: PartialEq> Slot<T> {
    /// Adds a candidate behind those of the same or a higher rank; of two equal values the better
    /// founded one is kept.
    pub fn add(&mut self, value: T, rank: Rank, confidence: Confidence, evidence: Evidence) {
        if let Some(same) = self
            .candidates
            .iter()
            .position(|found| found.value == value)
        {
            if self.candidates[same].rank >= rank {
                return;
            }
            self.candidates.remove(same);
        }
        let at = self.candidates.partition_point(|found| found.rank >= rank);
        self.candidates.insert(
            at,
            Found {
                value,
                rank,
                confidence,
                evidence,
            },
        );
    }

    pub fn certain(&mut self, value: T, rank: Rank, evidence: Evidence) {
        self.add(value, rank, Confidence::Certain, evidence);
    }

    pub fn likely(&mut self, value: T, rank: Rank, evidence: Evidence) {
        self.add(value, rank, Confidence::Likely, evidence);
    }

    pub fn guess(&mut self, value: T, rank: Rank, evidence: Evidence) {
        self.add(value, rank, Confidence::Guess, evidence);
    }
}

impl<T> Slot<T> {
    pub fn best(&self) -> Option<&Found<T>> {
        self.candidates.first()
    }

    pub fn value(&self) -> Option<&T> {
        self.best().map(|found| &found.value)
    }

    pub fn others(&self) -> &[Found<T>] {
        self.candidates.get(1..).unwrap_or_default()
    }

    /// The candidates, to rewrite values in place; their order stays.
    pub fn all_mut(&mut self) -> &mut [Found<T>] {
        &mut self.candidates
    }

    /// Keeps the candidates that `wanted` holds for.
    pub fn retain(&mut self, wanted: impl FnMut(&Found<T>) -> bool) {
        self.candidates.retain(wanted);
    }

    pub fn all(&self) -> &[Found<T>] {
        &self.candidates
    }

    pub fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    /// True when the best candidate does not stand above the next one: a question in the wizard.
    pub fn is_open(&self) -> bool {
        match self.candidates.as_slice() {
            [first, second, ..] => {
                first.rank == second.rank && first.confidence <= second.confidence
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_decides_and_losers_stay() {
        let mut slot = Slot::default();
        slot.guess(1, Rank::Default, Evidence::rule("d", "default"));
        slot.certain(3, Rank::Manifest, Evidence::rule("m", "manifest"));
        slot.likely(2, Rank::Framework, Evidence::rule("f", "framework"));
        assert_eq!(
            slot.all()
                .iter()
                .map(|found| found.value)
                .collect::<Vec<_>>(),
            [3, 2, 1]
        );
        slot.certain(1, Rank::Dedicated, Evidence::rule("x", "file"));
        assert_eq!(slot.value(), Some(&1));
        assert_eq!(slot.others().len(), 2);
    }
}
