//! One pattern, compiled. moby's matcher turns a pattern into a Go regular expression, quirks
//! included (`[*]` is not a star, `\d` is a digit), so the same text is built here and then read by
//! a parser of the few forms that can occur in it.

use std::iter::Peekable;
use std::str::Chars;

use super::clean;
use super::regex::parse;
use super::states::Glob;

/// Bytes. A path cannot be longer on the systems that build, so a longer pattern is a trick.
const MAX_PATTERN: usize = 4096;

#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// A line that began with `!`.
    pub(super) exception: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Exact(String),
    /// `dir/**`: the text before the stars.
    Prefix(String),
    /// `**/name` and `**name`: the text after the stars.
    Suffix(String),
    /// Alternatives, nearly always one.
    Glob(Vec<Glob>),
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
        check_syntax(text).ok_or("a syntax error in the pattern")?;
        let kind = compile(text).ok_or("a class or an escape that does not compile")?;
        Ok(Self { exception, kind })
    }

    /// This very path, without the folders above it; `name` is the last part of `path`.
    pub(super) fn matches(&self, path: &str, name: &str) -> bool {
        match &self.kind {
            Kind::Exact(text) => path == text,
            Kind::Prefix(text) => path.starts_with(text.as_str()),
            Kind::Suffix(text) => {
                path.ends_with(text.as_str()) || text.strip_prefix('/').is_some_and(|t| t == path)
            }
            Kind::Glob(globs) => globs.iter().any(|glob| glob.matches(path, name)),
        }
    }
}

/// The syntax check of Go's `filepath.Match` against `.`, which runs before the pattern becomes a
/// regular expression and refuses some that would compile. It reads the text up to the first star
/// and, if that matches the dot, up to the second; what comes after is never checked.
fn check_syntax(text: &str) -> Option<()> {
    let (chunk, rest) = split_at_star(text);
    if check_chunk(chunk)? {
        check_chunk(split_at_star(rest).0)?;
    }
    Some(())
}

/// Drops leading stars, then cuts before the next star outside of brackets.
fn split_at_star(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches('*');
    let mut in_class = false;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '*' if !in_class => return text.split_at(at),
            _ => {}
        }
    }
    (text, "")
}

/// Whether a text without stars is well-formed, and if so, whether it matches `.`.
fn check_chunk(chunk: &str) -> Option<bool> {
    let mut chars = chunk.chars().peekable();
    let mut length = 0;
    let mut is_dot = false;
    while let Some(c) = chars.next() {
        length += 1;
        is_dot = match c {
            '?' => true,
            '\\' => chars.next()? == '.',
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut holds = false;
                let mut first = true;
                while first || chars.next_if_eq(&']').is_none() {
                    first = false;
                    let low = checked_class_char(&mut chars)?;
                    let high = match chars.next_if_eq(&'-') {
                        Some(_) => checked_class_char(&mut chars)?,
                        None => low,
                    };
                    holds |= (low..=high).contains(&'.');
                }
                holds != negated
            }
            _ => c == '.',
        };
    }
    Some(length == 1 && is_dot)
}

fn checked_class_char(chars: &mut Peekable<Chars>) -> Option<char> {
    let c = match chars.next()? {
        '-' | ']' => return None,
        '\\' => chars.next()?,
        c => c,
    };
    chars.peek().map(|_| c)
}

fn compile(text: &str) -> Option<Kind> {
    #[derive(PartialEq)]
    enum Form {
        Exact,
        Prefix,
        Suffix,
        Regex,
    }
    let mut form = Form::Exact;
    let mut regex = String::new();
    // Go's scanner drops a byte order mark that it meets first.
    let mut chars = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .chars()
        .peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => {
                chars.next_if_eq(&'/');
                if chars.peek().is_some() {
                    regex.push_str("(.*/)?");
                    form = Form::Regex;
                } else if form == Form::Exact {
                    form = Form::Prefix;
                } else {
                    regex.push_str(".*");
                    form = Form::Regex;
                }
                if first {
                    form = Form::Suffix;
                }
            }
            '*' => {
                regex.push_str("[^/]*");
                form = Form::Regex;
            }
            '?' => {
                regex.push_str("[^/]");
                form = Form::Regex;
            }
            // Not `{`, `|` and `}`: BuildKit means to escape them too, but its table of bits is
            // too short, so `a|b*` is an alternative and `a{2}*` a repetition.
            '.' | '+' | '(' | ')' | '$' => regex.extend(['\\', c]),
            '\\' => {
                regex.push('\\');
                if let Some(escaped) = chars.next() {
                    regex.push(escaped);
                    form = Form::Regex;
                }
            }
            '[' | ']' => {
                regex.push(c);
                form = Form::Regex;
            }
            _ => regex.push(c),
        }
        first = false;
    }
    Some(match form {
        Form::Exact => Kind::Exact(text.to_owned()),
        // The cut of two bytes is BuildKit's; a pattern of this form ends in `**`.
        Form::Prefix => Kind::Prefix(text.strip_suffix("**")?.to_owned()),
        Form::Suffix => Kind::Suffix(text.strip_prefix("**")?.to_owned()),
        Form::Regex => Kind::Glob(parse(&regex)?.into_iter().map(Glob::new).collect()),
    })
}
