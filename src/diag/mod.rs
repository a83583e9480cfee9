//! Diagnostics: what went wrong, where, and what to do next.
//!
//! A broken manifest is a [`Diagnostic`] in the result and the run goes on; only what stops the
//! pipeline is an `Err`.

mod render;
mod suggest;

use serde::Serialize;

pub use render::{Palette, plain, render};
pub use suggest::suggest;

pub use crate::text::Location;
use crate::text::{Source, Span};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// One thing to tell the user: a stable code, one sentence, a place, and the next step.
#[derive(Clone, Debug, Serialize, schemars::JsonSchema)]
pub struct Diagnostic {
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    #[serde(skip)]
    pub snippet: Option<(Source, Span)>,
}

/// Sorts by place and message, and leaves out what is told already: components that share a file
/// find the same in it.
pub fn sort_distinct(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| (&a.at, &a.message).cmp(&(&b.at, &b.message)));
    diagnostics.dedup_by(|a, b| a.at == b.at && a.message == b.message);
}

impl Diagnostic {
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            at: None,
            help: None,
            snippet: None,
        }
    }

    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    pub fn note(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, message)
    }

    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.at = Some(location);
        self
    }

    /// Points at a part of a file; the text of that line is shown under the message.
    #[must_use]
    pub fn pointing(mut self, source: &Source, span: Span) -> Self {
        self.at = Some(Location::in_source(source, &span));
        self.snippet = Some((source.clone(), span));
        self
    }
}

pub type Result<T, E = Diagnostic> = std::result::Result<T, E>;
