//! What a component is for its repository, and what it gives to another one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Evidence;
use crate::repo::RelPath;

/// What a component is for. Unasked, only programs get an image. The order is that in which the
/// others stand in for programs where a repository has none.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Somebody deploys it.
    Program,
    /// It makes or checks something for those who develop: a command, a generator.
    Tool,
    /// One of several ways to use the rest.
    Example,
    /// Pages about the repository.
    Docs,
    /// Its build's output is part of another program.
    Asset,
    /// Other code uses it.
    Library,
    /// It starts or builds other components and nothing of its own.
    Workspace,
    /// Runs on a person's phone.
    Mobile,
    /// Runs on a person's desk.
    Desktop,
    /// Runs inside of a person's browser.
    Extension,
    /// Tries out the rest.
    Test,
    /// Code of others, or what a build has left.
    Foreign,
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Program => "program",
            Self::Tool => "tool",
            Self::Example => "example",
            Self::Docs => "docs",
            Self::Asset => "asset build",
            Self::Library => "library",
            Self::Workspace => "workspace",
            Self::Mobile => "mobile app",
            Self::Desktop => "desktop app",
            Self::Extension => "browser extension",
            Self::Test => "test",
            Self::Foreign => "others' code",
        })
    }
}

/// A role with what speaks for it.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    pub role: Role,
    pub because: Evidence,
}

impl Verdict {
    pub fn new(role: Role, because: Evidence) -> Self {
        Self { role, because }
    }

    /// What every component is until something says otherwise.
    pub fn program() -> Self {
        Self::new(
            Role::Program,
            Evidence::rule("role/program", "nothing says that it is anything else"),
        )
    }
}

/// Built files of one component that another one needs. All paths are relative to the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Feed {
    /// The folder of the component whose build makes them.
    pub from: RelPath,
    /// The script whose run writes them.
    pub script: String,
    /// The folder that its build writes.
    pub output: RelPath,
    /// The folder in which the fed program looks for them.
    pub target: RelPath,
    /// The fed program's compiler reads them, so that they are there before it runs.
    pub embedded: bool,
    pub evidence: Evidence,
}
