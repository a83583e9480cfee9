use std::process::ExitCode;

use super::prompt::Stop;
use crate::diag::Diagnostic;
use crate::plan::{self, Need, Plan};

/// What the process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    /// `check` found a difference.
    Differs = 1,
    /// A wrong call or broken input.
    Usage = 2,
    /// An answer or a yes is needed; the message names the flag.
    Needed = 3,
    /// A merge left conflicts.
    Conflict = 4,
    /// A pack is not trusted.
    Untrusted = 5,
    /// A bug of ours.
    Bug = 70,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// How a run ends that did what it could: components without an answer were left out.
    pub(super) fn of(plan: &Plan) -> Self {
        if plan.open.is_empty() {
            Self::Done
        } else {
            Self::Needed
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb stopped.
#[derive(Debug)]
pub(super) struct Failure {
    /// Absent when the user ended it and knows.
    pub diagnostic: Option<Box<Diagnostic>>,
    pub exit: Exit,
    /// The answer that would have helped.
    pub needs: Option<Box<Need>>,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        let exit = match diagnostic.code {
            "bad-output" | "template" | "no-image" | "pack-file-missing" | "duplicate-output" => {
                Exit::Bug
            }
            "answer-needed" | "needs-approval" | "unknown-language" => Exit::Needed,
            _ => Exit::Usage,
        };
        Self {
            diagnostic: Some(Box::new(diagnostic)),
            exit,
            needs: None,
        }
    }
}

impl From<plan::Failure> for Failure {
    fn from(failure: plan::Failure) -> Self {
        Self {
            needs: failure.needs,
            ..Self::from(failure.diagnostic)
        }
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        let (diagnostic, exit) = match stop {
            Stop::Interrupted => (None, Exit::Interrupted),
            Stop::Quit => (None, Exit::Needed),
            Stop::Failed(error) => (
                Some(
                    Diagnostic::error("no-terminal", format!("the terminal is gone: {error}"))
                        .with_help("nothing was written; with --yes nothing is asked"),
                ),
                Exit::Needed,
            ),
        };
        Self {
            diagnostic: diagnostic.map(Box::new),
            exit,
            needs: None,
        }
    }
}
