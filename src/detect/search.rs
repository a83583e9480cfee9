//! Matches of a condition's pattern in a text.

use std::ops::Range;

use regex::bytes::{Captures, Regex};

use super::condition::Variables;
use crate::pack::{Condition, PackSet, Pattern};
use crate::text::line_at;

/// What is looked for, and what is passed over.
pub(super) struct Search<'a> {
    pattern: &'a Pattern,
    inside: Option<&'a Pattern>,
    except: Option<&'a Pattern>,
    /// Ports of other services than the program are passed over.
    services: Option<&'a PackSet>,
    each: bool,
}

/// One match: what is worth showing of it, and its named groups.
pub(super) struct Hit {
    pub span: Range<usize>,
    pub variables: Variables,
}

impl<'a> Search<'a> {
    pub(super) fn plain(pattern: &'a Pattern) -> Self {
        Self {
            pattern,
            inside: None,
            except: None,
            services: None,
            each: false,
        }
    }

    pub(super) fn of(condition: &'a Condition, pattern: &'a Pattern, packs: &'a PackSet) -> Self {
        Self {
            pattern,
            inside: condition.inside.as_ref(),
            except: condition.except.as_ref(),
            services: condition.no_services.then_some(packs),
            each: condition.each,
        }
    }

    /// The first `most` matches, in the order of the text.
    pub(super) fn hits(&self, text: &str, most: usize) -> Vec<Hit> {
        let Some(regex) = self.pattern.regex() else {
            return Vec::new();
        };
        let regions = match self.inside {
            None => std::iter::once(0..text.len()).collect(),
            Some(opening) => blocks(opening, text),
        };
        let mut hits = Vec::new();
        for region in regions {
            let mut at = region.start;
            while at < region.end && hits.len() < most {
                let part = &text.as_bytes()[..region.end];
                let Some(captures) = regex.captures_at(part, at) else {
                    break;
                };
                let Some(whole) = captures.get(0) else { break };
                at = whole.end().max(whole.start() + 1);
                let mut named = regex.capture_names().flatten();
                let shown = named.find_map(|name| captures.name(name));
                let start = shown.map_or(whole.start(), |group| group.start());
                if self.counts(&captures, whole.as_bytes()) && !self.in_comment(text, start) {
                    hits.extend(hit(regex, &captures, text));
                }
            }
        }
        hits
    }

    /// Of what is looked for everywhere, what stands in a comment's line is none.
    fn in_comment(&self, text: &str, at: usize) -> bool {
        let start = line_at(text, at).start;
        let line = text.as_bytes()[start..at].trim_ascii_start();
        self.each
            && [&b"//"[..], b"/*", b"* ", b"# "]
                .iter()
                .any(|mark| line.starts_with(mark))
    }

    fn counts(&self, captures: &Captures<'_>, whole: &[u8]) -> bool {
        let port = || {
            let digits = captures.name("port")?.as_bytes();
            std::str::from_utf8(digits).ok()?.parse().ok()
        };
        let service = self
            .services
            .is_some_and(|packs| port().is_some_and(|port| packs.is_service(port)));
        let excepted = self
            .except
            .and_then(Pattern::regex)
            .is_some_and(|except| except.is_match(whole));
        !service && !excepted
    }
}

fn hit(regex: &Regex, captures: &Captures<'_>, text: &str) -> Option<Hit> {
    let mut variables = Variables::new();
    for name in regex.capture_names().flatten() {
        if let Some(value) = captures
            .name(name)
            .and_then(|group| std::str::from_utf8(group.as_bytes()).ok())
        {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    let whole = captures.get(0)?.range();
    // Of a match over several lines only the line with the value is worth showing.
    let named = regex
        .capture_names()
        .flatten()
        .find_map(|name| captures.name(name));
    let span = match named {
        Some(group) if text.as_bytes()[whole.clone()].contains(&b'\n') => {
            line_at(text, group.start())
        }
        _ => whole,
    };
    let shown = text.is_char_boundary(span.start) && text.is_char_boundary(span.end);
    shown.then_some(Hit { span, variables })
}

/// The blocks that a pattern opens. One within another is part of it, so that each byte is looked
/// at once.
fn blocks(opening: &Pattern, text: &str) -> Vec<Range<usize>> {
    let Some(regex) = opening.regex() else {
        return Vec::new();
    };
    let mut blocks: Vec<Range<usize>> = Vec::new();
    for found in regex.find_iter(text.as_bytes()) {
        let start = found.end();
        if blocks.last().is_some_and(|last| start <= last.end) {
            continue;
        }
        let end = match found.as_bytes().last() {
            Some(b'(' | b'[' | b'{') => closed(text.as_bytes(), start),
            Some(b':') => indented(text, start),
            _ => text.len(),
        };
        blocks.push(start..end);
    }
    blocks
}

/// Where the bracket that stands open before `start` is closed; brackets in texts of one line do
/// not count.
fn closed(text: &[u8], start: usize) -> usize {
    let mut depth = 1_usize;
    let mut at = start;
    while let Some(byte) = text.get(at) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            b'"' | b'\'' | b'`' => {
                let end = |end: &u8| end == byte || *end == b'\n';
                // An apostrophe of a comment opens nothing.
                if let Some(end) = text[at + 1..].iter().position(end)
                    && text.get(at + 1 + end) == Some(byte)
                {
                    at += end + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Where the lines end that are indented more than the one that `start` stands in.
fn indented(text: &str, start: usize) -> usize {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let line = line_at(text, start).start;
    let own = depth(&text[line..start]);
    let mut at = start;
    for line in text[start..].split_inclusive('\n') {
        let first = at == start;
        if !first && !line.trim().is_empty() && depth(line) <= own {
            return at;
        }
        at += line.len();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, pattern: &str, inside: &str, except: &str) -> Vec<String> {
        let pattern = Pattern::from(pattern.to_owned());
        let (inside, except) = (
            Pattern::from(inside.to_owned()),
            Pattern::from(except.to_owned()),
        );
        let search = Search {
            inside: Some(&inside),
            except: Some(&except),
            ..Search::plain(&pattern)
        };
        let hits = search.hits(text, 10);
        hits.into_iter()
            .map(|mut hit| hit.variables.remove("name").unwrap())
            .collect()
    }

    #[test]
    fn only_what_stands_in_the_block_counts() {
        let text = "A: z.string(),\nx({ B: z.string(), C: z.string().optional(),\n \
                    D: z.string(\")\") }) E: z.string(),";
        let pattern = r"(?P<name>[A-Z]): z\.\w+\([^,]*";
        assert_eq!(found(text, pattern, r"x\(", "optional"), ["B", "D"]);
    }

    #[test]
    fn a_block_after_a_colon_ends_with_its_indentation() {
        let text = "class A(Settings):\n    one: str\n\n    two: str = 1\nthree: str\n";
        let pattern = r"^\s*(?P<name>\w+): \w+[^\n]*";
        assert_eq!(found(text, pattern, r"Settings\):", "="), ["one"]);
    }

    #[test]
    fn a_block_that_is_never_closed_ends_with_the_text() {
        let text = "x( x( x( a";
        assert_eq!(found(text, r"(?P<name>a)", r"x\(", "nothing"), ["a"]);
    }
}
