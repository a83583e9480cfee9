use std::ops::Range;
use std::sync::Arc;

use super::RelPath;

/// The text of one file, kept with its path so that a finding can point into it.
#[derive(Clone, Debug)]
pub struct Source {
    pub path: RelPath,
    pub text: Arc<str>,
}

/// A byte range in a [`Source`].
pub type Span = Range<usize>;

/// The range of the line that holds a byte offset, without its end. An offset behind the text is
/// in the last line; one within a character is as good as that character's.
pub fn line_at(text: &str, offset: usize) -> Span {
    let bytes = text.as_bytes();
    let (before, after) = bytes.split_at(offset.min(bytes.len()));
    let is_end = |byte: &u8| *byte == b'\n';
    let start = before.iter().rposition(is_end).map_or(0, |at| at + 1);
    let end = after.iter().position(is_end);
    start..end.map_or(bytes.len(), |end| before.len() + end)
}

impl Source {
    pub fn new(path: RelPath, text: impl Into<Arc<str>>) -> Self {
        Self {
            path,
            text: text.into(),
        }
    }

    /// 1-based line and column (in characters) of a byte offset.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line = before.matches('\n').count() + 1;
        let start = line_at(&self.text, end).start;
        (line, before[start..].chars().count() + 1)
    }

    /// The range of the first occurrence of `needle`, for evidence in files read line by line.
    pub fn find(&self, needle: &str) -> Option<Span> {
        self.text.find(needle).map(|at| at..at + needle.len())
    }
}
