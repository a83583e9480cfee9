//! Files that a plan writes.

use schemars::JsonSchema;
use serde::Serialize;

use crate::repo::RelPath;

/// A file to write, with the template that makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    pub path: RelPath,
    /// Below `templates/`.
    pub template: String,
    pub scope: Scope,
    pub syntax: Syntax,
}

/// What a file is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One image, by its place in [`super::Plan::images`].
    Image(usize),
    /// All of them.
    Repository,
}

/// The language of a file: how its comments begin, and which checks it has to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    Dockerfile,
    Ignore,
}
