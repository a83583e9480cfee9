use std::process::ExitCode;

use crate::diag::Diagnostic;
use crate::plan;

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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb stopped.
#[derive(Debug)]
pub struct Failure {
    pub diagnostic: Diagnostic,
    pub exit: Exit,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        let exit = match diagnostic.code {
            "bad-output" | "template" | "no-image" | "pack-file-missing" => Exit::Bug,
            "answer-needed" | "needs-approval" => Exit::Needed,
            _ => Exit::Usage,
        };
        Self { diagnostic, exit }
    }
}

impl From<plan::Failure> for Failure {
    fn from(failure: plan::Failure) -> Self {
        Self::from(failure.diagnostic)
    }
}
