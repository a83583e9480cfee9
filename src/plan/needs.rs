//! What the person who starts the container has to give.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Decision, Pair};
use crate::diag::Location;
use crate::facts::{Confidence, Facts, Found, Kind, Rank, RequiredEnv};

/// A variable that has to be given. It has no value here: that is for the one who starts it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RequiredVariable {
    pub name: String,
    pub why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
}

/// So many names stand in a line for people; the plan has all.
const SHOWN: usize = 12;

/// The variables that the program needs and the image does not set, the surest first, with the
/// decision that names them.
pub fn variables(
    facts: &Facts,
    kind: Kind,
    env: &[Pair],
) -> (Vec<RequiredVariable>, Option<Decision>) {
    // A web server for files reads none of what the program would.
    if kind == Kind::Static {
        return (Vec::new(), None);
    }
    let mut found: Vec<&Found<RequiredEnv>> = facts
        .required
        .iter()
        .filter(|found| !env.iter().any(|pair| pair.name == found.value.name))
        .collect();
    // Detectors that have found a pattern and variants of frameworks stand on the same ground.
    let surest = |found: &Found<RequiredEnv>| {
        let manifest = found.rank >= Rank::Manifest;
        (manifest, found.confidence)
    };
    found.sort_by(|a, b| {
        surest(b)
            .cmp(&surest(a))
            .then(a.value.name.cmp(&b.value.name))
    });
    let decision = found.first().map(|first| Decision {
        what: "needs env".to_owned(),
        chosen: listed(found.iter().map(|found| found.value.name.as_str())),
        confidence: Confidence::Likely,
        because: first.evidence.clone(),
        instead_of: Vec::new(),
    });
    let variables = found
        .into_iter()
        .map(|found| RequiredVariable {
            name: found.value.name.clone(),
            why: found.value.why.clone(),
            at: found.evidence.at.clone(),
        })
        .collect();
    (variables, decision)
}

/// The first names of a list, and how many there are more.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(SHOWN);
    let mut text = names.take(SHOWN).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text = format!("{text} and {more} more");
    }
    text
}
