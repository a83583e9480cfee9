//! What an expression is worth when the program starts without being told anything.

use super::address::UNKNOWN;
use super::tree::{NodeId, Tree};

/// The content of a text without holes in it; `None` for anything else.
pub(super) fn literal(tree: &Tree, node: NodeId) -> Option<String> {
    let kind = tree.kind(node);
    let is_text = matches!(
        kind,
        "interpreted_string_literal"
            | "raw_string_literal"
            | "string_literal"
            | "string"
            | "template_string"
            | "char_literal"
    );
    if !is_text || tree.children(node).any(|child| is_hole(tree.kind(child))) {
        return None;
    }
    Some(content(tree.text(node)))
}

/// A part of a text that is put in when the program runs.
pub(super) fn is_hole(kind: &str) -> bool {
    matches!(
        kind,
        "template_substitution" | "interpolation" | "string_interpolation"
    )
}

/// The text between the quotes of any language's literal.
pub(super) fn content(text: &str) -> String {
    let text = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '#');
    let text = text.trim_end_matches('#');
    for quote in ["\"\"\"", "'''", "\"", "'", "`"] {
        let inner = text.strip_prefix(quote);
        if let Some(inner) = inner.and_then(|inner| inner.strip_suffix(quote)) {
            return if inner.contains('\\') && quote != "`" {
                unescape(inner)
            } else {
                inner.to_owned()
            };
        }
    }
    text.to_owned()
}

/// Backslashes before marks; the rest (`\n`, `\x41`) has no place in a port, a host or a path.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some(mark @ ('\\' | '"' | '\'' | '/' | '.' | '-')) => plain.push(mark),
                Some(other) => {
                    plain.push('\\');
                    plain.push(other);
                }
                None => {}
            },
            _ => plain.push(c),
        }
    }
    plain
}

/// A number's digits: `8_080u16` is 8080.
pub(super) fn number(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| *c != '_').collect();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .map_or(text.as_str(), |at| &text[..at]);
    let suffix = &text[digits.len()..];
    let known = suffix.is_empty()
        || matches!(
            suffix,
            "L" | "l" | "n" | "u16" | "u32" | "u64" | "i32" | "i64" | "usize"
        );
    (!digits.is_empty() && known).then(|| digits.to_owned())
}

/// A value, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value {
    /// The text or the digits; [`UNKNOWN`] where a part of it is only known at run time.
    text: Option<String>,
    /// The environment variable that stands in for it.
    pub variable: Option<String>,
    /// The environment variable that stands in for what is before the last part: the host of an
    /// address.
    pub before: Option<String>,
    /// The variable holds a whole address, of which the port is the end.
    pub of_address: bool,
}

impl Value {
    pub(super) fn known(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    pub(super) fn variable(name: &str) -> Self {
        Self {
            variable: Some(name.to_owned()),
            ..Self::default()
        }
    }

    /// The whole value, when every part of it is known.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref().filter(|text| !text.contains(UNKNOWN))
    }

    /// The port that the value is or ends with.
    pub fn address(&self) -> Option<super::Address> {
        super::address::address(self.text.as_deref()?)
    }

    pub(super) fn is_known(&self) -> bool {
        self.text.is_some()
    }

    /// What says nothing: an empty text, zero.
    pub(super) fn is_blank(&self) -> bool {
        self.text
            .as_deref()
            .is_none_or(|text| text.is_empty() || text == "0")
    }

    /// Whether anything is known: the value or what stands in for it.
    pub(super) fn says(&self) -> bool {
        self.is_known() || self.variable.is_some()
    }

    /// Of two values that the same name gets: the first that says something, and the variable that
    /// either of them reads.
    pub(super) fn meet(self, next: Self) -> Self {
        if self.is_known() && !self.is_blank() {
            if self.variable.is_none() && !next.is_known() && next.variable.is_some() {
                let of_address = self.text.as_deref().is_some_and(|text| text.contains(':'));
                return Self {
                    variable: next.variable,
                    of_address,
                    ..self
                };
            }
            return self;
        }
        self.unknown().or(|| next)
    }

    /// Only the variable.
    pub(super) fn unknown(self) -> Self {
        Self { text: None, ..self }
    }

    /// This value, or another where this one is not known. The variable is asked first.
    pub(super) fn or(self, other: impl FnOnce() -> Self) -> Self {
        if self.is_known() {
            return self;
        }
        let other = other();
        let address = other.text.as_deref().is_some_and(|text| text.contains(':'));
        Self {
            before: other.before,
            of_address: self.variable.as_ref().map_or(other.of_address, |_| address),
            variable: self.variable.or(other.variable),
            text: other.text,
        }
    }

    /// Two values written one behind the other. A port stands at the end, so that the last one's
    /// variable is the whole's.
    pub(super) fn then(self, other: Self) -> Self {
        let unknown = || UNKNOWN.to_string();
        let last = other.text.as_deref().is_none_or(|text| !text.is_empty());
        if self.text.is_none() && other.text.is_none() {
            return Self {
                before: self.variable.or(self.before),
                variable: other.variable,
                ..Self::default()
            };
        }
        Self {
            text: Some(self.text.unwrap_or_else(unknown) + &other.text.unwrap_or_else(unknown)),
            of_address: !last && self.of_address,
            before: if last {
                self.variable.clone().or(self.before)
            } else {
                self.before
            },
            variable: if last { other.variable } else { self.variable },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_lose_their_quotes_and_numbers_their_types() {
        assert_eq!(content("\"a\""), "a");
        assert_eq!(content("r#\"a\"#"), "a");
        assert_eq!(content("'''a'''"), "a");
        assert_eq!(content("`a`"), "a");
        assert_eq!(content(r#""a\"b""#), "a\"b");
        assert_eq!(number("8_080u16").as_deref(), Some("8080"));
        assert_eq!(number("0x1F90"), None);
        assert_eq!(number("1.5"), None);
    }
}
