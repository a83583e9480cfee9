//! One pattern, compiled to its parts between slashes. Matching is greedy with one place to come
//! back to, so a path costs at most its length times the pattern's, whatever the pattern.

use super::clean;

/// Bytes. No part of a path is longer than 255, so a longer pattern is a trick.
const MAX_PATTERN: usize = 1024;

#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// A line that began with `!`.
    pub(super) exception: bool,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    /// `**`: any number of folders.
    Folders,
    Name(Glob),
}

/// A name with its literal ends cut off: most names are refused by comparing text.
#[derive(Clone, Debug, Default)]
struct Glob {
    head: String,
    middle: Vec<Token>,
    tail: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Char(char),
    Any,
    Star,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// `line` as the reader of lines leaves it; an error is one that fails the build.
    pub(super) fn new(line: &str) -> Result<Self, &'static str> {
        let cleaned = clean(line.trim());
        let (exception, text) = match cleaned.strip_prefix('!') {
            Some("") => return Err("an exception without a pattern"),
            Some(rest) => (true, rest),
            None => (false, cleaned.as_str()),
        };
        if text.len() > MAX_PATTERN {
            return Err("longer than a path can be");
        }
        let mut parts = Vec::new();
        for tokens in split(text).ok_or("a syntax error in the pattern")? {
            match tokens.as_slice() {
                [Token::Star, Token::Star] => parts.push(Part::Folders),
                // `**.log` is `**/*.log`; behind other text two stars are one.
                [Token::Star, Token::Star, ..] if parts.is_empty() => {
                    parts.extend([Part::Folders, Part::Name(Glob::new(tokens))]);
                }
                _ => parts.push(Part::Name(Glob::new(tokens))),
            }
        }
        if let Some(Part::Folders) = parts.last() {
            // What is below, not the folder itself.
            parts.push(Part::Name(Glob::new(vec![Token::Star])));
        }
        Ok(Self { exception, parts })
    }

    /// This very path, without the folders above it.
    pub(super) fn matches(&self, path: &[&str]) -> bool {
        let fits = |part: &Part, name: &&str| match part {
            Part::Folders => true,
            Part::Name(glob) => glob.matches(name),
        };
        // Most patterns are `**/name`: the last part decides.
        let (Some(part), Some(name)) = (self.parts.last(), path.last()) else {
            return false;
        };
        fits(part, name)
            && wildcard(
                &self.parts,
                path,
                |part| matches!(part, Part::Folders),
                fits,
            )
    }
}

impl Glob {
    fn new(mut middle: Vec<Token>) -> Self {
        middle.dedup_by(|a, b| *a == Token::Star && *b == Token::Star);
        let literal = |token: &Token| match token {
            Token::Char(c) => Some(*c),
            _ => None,
        };
        let head: String = middle.iter().map_while(literal).collect();
        middle.drain(..head.chars().count());
        let tail: Vec<char> = middle.iter().rev().map_while(literal).collect();
        middle.truncate(middle.len() - tail.len());
        Self {
            head,
            middle,
            tail: tail.iter().rev().collect(),
        }
    }

    fn matches(&self, name: &str) -> bool {
        let Some(middle) = name
            .strip_prefix(self.head.as_str())
            .and_then(|rest| rest.strip_suffix(self.tail.as_str()))
        else {
            return false;
        };
        match self.middle.as_slice() {
            [] => middle.is_empty(),
            [Token::Star] => true,
            tokens => {
                let chars: Vec<char> = middle.chars().collect();
                wildcard(
                    tokens,
                    &chars,
                    |token| *token == Token::Star,
                    |token, c| match token {
                        Token::Char(own) => own == c,
                        Token::Class { negated, ranges } => {
                            ranges.iter().any(|(low, high)| (low..=high).contains(&c)) != *negated
                        }
                        Token::Any | Token::Star => true,
                    },
                )
            }
        }
    }
}

/// Whether all of `text` fits `pattern`, in which a star stands for any number of items.
fn wildcard<P, T>(
    pattern: &[P],
    text: &[T],
    is_star: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut p, mut t) = (0, 0);
    // Behind the last star, and the first item that it does not yet stand for.
    let mut back = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(star) if is_star(star) => {
                p += 1;
                back = Some((p, t));
            }
            Some(one) if fits(one, &text[t]) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((behind, from)) = back else {
                    return false;
                };
                p = behind;
                t = from + 1;
                back = Some((behind, t));
            }
        }
    }
    pattern[p..].iter().all(is_star)
}

/// The tokens between slashes; `None` for a class without an end or with a wrong range, and for
/// a `\` that escapes nothing.
fn split(text: &str) -> Option<Vec<Vec<Token>>> {
    let mut parts = vec![Vec::new()];
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let token = match c {
            '/' => {
                parts.push(Vec::new());
                continue;
            }
            '*' => Token::Star,
            '?' => Token::Any,
            '\\' => Token::Char(chars.next()?),
            '[' => class(&mut chars)?,
            _ => Token::Char(c),
        };
        parts.last_mut()?.push(token);
    }
    Some(parts)
}

/// The inside of `[a-z_]` or `[^a-z]`, from behind the bracket.
fn class(chars: &mut std::str::Chars<'_>) -> Option<Token> {
    let mut negated = false;
    if let Some(rest) = chars.as_str().strip_prefix('^') {
        negated = true;
        *chars = rest.chars();
    }
    let mut ranges = Vec::new();
    loop {
        let low = match chars.next()? {
            ']' if !ranges.is_empty() => return Some(Token::Class { negated, ranges }),
            '-' | ']' => return None,
            '\\' => chars.next()?,
            c => c,
        };
        let mut high = low;
        if let Some(rest) = chars.as_str().strip_prefix('-') {
            *chars = rest.chars();
            high = match chars.next()? {
                '-' | ']' => return None,
                '\\' => chars.next()?,
                c => c,
            };
        }
        if high < low {
            return None;
        }
        ranges.push((low, high));
    }
}
