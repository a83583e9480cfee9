use schemars::JsonSchema;
use serde::Serialize;

use crate::facts::{Confidence, Evidence};

/// One decision, with what it rests on and what lost.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Decision {
    /// `port`, `base`, `start`; the option's key where there is one.
    pub what: String,
    pub chosen: String,
    pub confidence: Confidence,
    pub because: Evidence,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instead_of: Vec<Alternative>,
}

#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Alternative {
    pub value: String,
    pub because: Evidence,
}
