use serde::Serialize;

use super::{RelPath, Source, Span};

/// A place in a file, for people: 1-based line and column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
pub struct Location {
    pub path: RelPath,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl Location {
    pub fn file(path: RelPath) -> Self {
        Self {
            path,
            line: None,
            column: None,
        }
    }

    pub fn in_source(source: &Source, span: &Span) -> Self {
        let (line, column) = source.position(span.start);
        Self {
            path: source.path.clone(),
            line: Some(line),
            column: Some(column),
        }
    }
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.path),
            None => write!(f, "{}", self.path),
        }
    }
}
