//! One pattern, compiled. The matcher of BuildKit turns a pattern into a Go regular expression,
//! quirks included (`[*]` is not a star, `\d` is a digit), so the same text is built here and then
//! read by a parser of the few forms that can occur in it. Matching walks a set of states: linear
//! in path times pattern, whatever the pattern.

use std::iter::Peekable;
use std::str::Chars;

use super::clean;

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

    /// This very path, without the folders above it.
    pub(super) fn matches(&self, path: &str) -> bool {
        match &self.kind {
            Kind::Exact(text) => path == text,
            Kind::Prefix(text) => path.starts_with(text.as_str()),
            Kind::Suffix(text) => {
                path.ends_with(text.as_str()) || text.strip_prefix('/').is_some_and(|t| t == path)
            }
            Kind::Glob(globs) => globs.iter().any(|glob| glob.matches(path)),
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
        Form::Regex => Kind::Glob(parse_regex(&regex)?.into_iter().map(Glob::new).collect()),
    })
}

/// What a state consumes.
#[derive(Clone, Debug, PartialEq)]
enum Set {
    Char(char),
    NotSlash,
    NotNewline,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Set {
    fn holds(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::NotSlash => c != '/',
            Self::NotNewline => c != '\n',
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    One(Set),
    Maybe(Set),
    Many(Set),
    /// Goes on at the next state and at the one after it; with [`State::UpTo`], `(.*/)?`.
    Fork,
    /// Stays, and at a `/` also goes on.
    UpTo,
    /// A `^` inside the pattern.
    Start,
}

/// Repetitions are written out: `a{1000}` is short to write and long to walk.
const MAX_REPEATED: usize = 512;

/// Reads the forms that [`compile`] emits, one row of states for each alternative. `None` for what
/// Go refuses and for the escapes that have a meaning in Go alone (`\pL`, `\Q`, `\x41`, `\b`),
/// which nobody writes in an ignore file.
fn parse_regex(regex: &str) -> Option<Vec<Vec<State>>> {
    // `^` and `$` bind to the first and the last alternative; the other ends are open.
    let anything = || {
        State::Many(Set::Class {
            negated: true,
            ranges: Vec::new(),
        })
    };
    let mut alternatives = Vec::new();
    let mut states = Vec::new();
    let mut rest = regex;
    // Go refuses to repeat a repetition.
    let mut repeated = false;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let mut repeats = false;
        rest = match c {
            '|' => {
                states.push(anything());
                alternatives.push(std::mem::replace(&mut states, vec![anything()]));
                after
            }
            '(' => {
                states.extend([State::Fork, State::UpTo]);
                repeats = true;
                rest.strip_prefix("(.*/)?")?
            }
            '.' => {
                states.push(State::Many(Set::NotNewline));
                repeats = true;
                after.strip_prefix('*')?
            }
            '^' => {
                states.push(State::Start);
                after
            }
            '\\' if after.is_empty() => {
                // It escapes the `$` that ends the expression.
                states.extend([State::One(Set::Char('$')), anything()]);
                after
            }
            '\\' => {
                let (escape, after) = parse_escape(after)?;
                states.push(State::One(match escape {
                    Escape::Char(c) => Set::Char(c),
                    Escape::Perl(negated, ranges) => Set::Class {
                        negated,
                        ranges: ranges.to_vec(),
                    },
                }));
                after
            }
            '[' => {
                let (set, after) = match rest.strip_prefix("[^/]") {
                    Some(after) => (Set::NotSlash, after),
                    None => parse_class(after)?,
                };
                if let Some(after) = after.strip_prefix('*') {
                    states.push(State::Many(set));
                    repeats = true;
                    after
                } else {
                    states.push(State::One(set));
                    after
                }
            }
            '{' if let Some((low, high, after)) = counts(after) => {
                let last = if repeated { None } else { states.pop() };
                match last {
                    Some(State::One(set)) => repeat(&mut states, &set, low, high)?,
                    // An anchor that may be missing is none.
                    Some(State::Start) if low == 0 => {}
                    Some(State::Start) => states.push(State::Start),
                    // At the very start Go repeats its own `^`.
                    None if !repeated && alternatives.is_empty() && low == 0 => {
                        states.push(anything());
                    }
                    None if !repeated && alternatives.is_empty() => {}
                    _ => return None,
                }
                repeats = true;
                after
            }
            '*' | '?' => return None,
            _ => {
                states.push(State::One(Set::Char(c)));
                after
            }
        };
        repeated = repeats;
    }
    alternatives.push(states);
    Some(alternatives)
}

/// The bounds of `{2}`, `{2,}` and `{2,4}` from behind the brace; other braces are literal.
fn counts(rest: &str) -> Option<(usize, Option<usize>, &str)> {
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = text == "0" || !text.starts_with('0');
        if text.is_empty() || !digits || !plain {
            return None;
        }
        Some(text.parse().unwrap_or(usize::MAX))
    };
    let (inside, after) = rest.split_once('}')?;
    let (low, high) = match inside.split_once(',') {
        Some((low, "")) => (number(low)?, None),
        Some((low, high)) => (number(low)?, Some(number(high)?)),
        None => (number(inside)?, Some(number(inside)?)),
    };
    Some((low, high, after))
}

fn repeat(states: &mut Vec<State>, set: &Set, low: usize, high: Option<usize>) -> Option<()> {
    let most = high.unwrap_or(low);
    if most < low || states.len().saturating_add(most) > MAX_REPEATED {
        return None;
    }
    states.extend(vec![State::One(set.clone()); low]);
    match high {
        Some(high) => states.extend(vec![State::Maybe(set.clone()); high - low]),
        None => states.push(State::Many(set.clone())),
    }
    Some(())
}

type Ranges = &'static [(char, char)];

enum Escape {
    Char(char),
    Perl(bool, Ranges),
}

const DIGIT: Ranges = &[('0', '9')];
const WORD: Ranges = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const SPACE: Ranges = &[('\t', '\n'), ('\u{c}', '\r'), (' ', ' ')];

fn parse_escape(rest: &str) -> Option<(Escape, &str)> {
    let c = rest.chars().next()?;
    let escape = match c {
        'd' => Escape::Perl(false, DIGIT),
        'D' => Escape::Perl(true, DIGIT),
        'w' => Escape::Perl(false, WORD),
        'W' => Escape::Perl(true, WORD),
        's' => Escape::Perl(false, SPACE),
        'S' => Escape::Perl(true, SPACE),
        'a' => Escape::Char('\u{7}'),
        'f' => Escape::Char('\u{c}'),
        't' => Escape::Char('\t'),
        'v' => Escape::Char('\u{b}'),
        'n' => Escape::Char('\n'),
        'r' => Escape::Char('\r'),
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Escape::Char(c),
        _ => return None,
    };
    Some((escape, &rest[c.len_utf8()..]))
}

/// The inside of a Go character class, from behind the `[`.
fn parse_class(rest: &str) -> Option<(Set, &str)> {
    let (negated, mut rest) = match rest.strip_prefix('^') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let mut ranges = Vec::new();
    let mut first = true;
    loop {
        if !first && let Some(after) = rest.strip_prefix(']') {
            return Some((Set::Class { negated, ranges }, after));
        }
        first = false;
        if rest.starts_with("[:")
            && let Some(end) = rest[2..].find(":]")
        {
            ranges.extend_from_slice(named_class(&rest[2..2 + end])?);
            rest = &rest[end + 4..];
            continue;
        }
        let (low, after) = class_char(rest)?;
        let low = match low {
            Escape::Char(c) => c,
            Escape::Perl(false, perl) => {
                ranges.extend_from_slice(perl);
                rest = after;
                continue;
            }
            Escape::Perl(true, perl) => {
                ranges.extend(complement(perl));
                rest = after;
                continue;
            }
        };
        let (high, after) = match after.strip_prefix('-') {
            Some(upper) if !upper.is_empty() && !upper.starts_with(']') => match class_char(upper)?
            {
                (Escape::Char(high), after) => (high, after),
                (Escape::Perl(..), _) => return None,
            },
            _ => (low, after),
        };
        if high < low {
            return None;
        }
        ranges.push((low, high));
        rest = after;
    }
}

fn class_char(rest: &str) -> Option<(Escape, &str)> {
    if let Some(rest) = rest.strip_prefix('\\') {
        return parse_escape(rest);
    }
    let c = rest.chars().next()?;
    Some((Escape::Char(c), &rest[c.len_utf8()..]))
}

/// The gaps between ranges that are sorted and do not reach either end of Unicode.
fn complement(ranges: Ranges) -> Vec<(char, char)> {
    let step = |c: char, by: i32| {
        u32::from(c)
            .checked_add_signed(by)
            .and_then(char::from_u32)
            .unwrap_or(c)
    };
    let mut low = '\0';
    let mut gaps = Vec::new();
    for (first, last) in ranges {
        gaps.push((low, step(*first, -1)));
        low = step(*last, 1);
    }
    gaps.push((low, char::MAX));
    gaps
}

pub(super) fn named_class(name: &str) -> Option<Ranges> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\u{7f}')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')],
        "digit" => DIGIT,
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => WORD,
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

/// States with their literal ends cut off: most paths are refused by comparing text.
#[derive(Clone, Debug)]
struct Glob {
    /// `**/name*`: only the last part of a path is looked at.
    last_part: bool,
    head: String,
    states: Vec<State>,
    tail: String,
}

impl Glob {
    fn new(mut states: Vec<State>) -> Self {
        let last_part = states.starts_with(&[State::Fork, State::UpTo])
            && states[2..].iter().all(|state| match state {
                State::One(set) | State::Maybe(set) | State::Many(set) => !set.holds('/'),
                State::Fork | State::UpTo | State::Start => false,
            });
        if last_part {
            states.drain(..2);
        }
        let literal = |state: &State| match state {
            State::One(Set::Char(c)) => Some(*c),
            _ => None,
        };
        let head: String = states.iter().map_while(literal).collect();
        states.drain(..head.chars().count());
        let tail: Vec<char> = states.iter().rev().map_while(literal).collect();
        states.truncate(states.len() - tail.len());
        Self {
            last_part,
            head,
            states,
            tail: tail.iter().rev().collect(),
        }
    }

    fn matches(&self, path: &str) -> bool {
        let path = match path.rsplit_once('/') {
            // `.` of a regular expression is not a newline.
            Some((dir, name)) if self.last_part && !dir.contains('\n') => name,
            Some(_) if self.last_part => return false,
            _ => path,
        };
        let middle = path
            .strip_prefix(self.head.as_str())
            .and_then(|rest| rest.strip_suffix(self.tail.as_str()));
        middle.is_some_and(|middle| self.run(middle))
    }

    /// The set of states is a row of bits; bit `n` of `n` states is the end.
    fn run(&self, text: &str) -> bool {
        let end = self.states.len();
        let words = end / 64 + 1;
        let mut now = vec![0_u64; words];
        let mut next = vec![0_u64; words];
        self.enter(&mut now, 0, self.head.is_empty());
        for c in text.chars() {
            next.fill(0);
            let mut alive = false;
            for (word, bits) in now.iter().enumerate() {
                let mut bits = *bits;
                while bits != 0 {
                    let at = word * 64 + bits.trailing_zeros() as usize;
                    bits &= bits - 1;
                    let Some(state) = self.states.get(at) else {
                        continue;
                    };
                    let to = match state {
                        State::One(set) | State::Maybe(set) if set.holds(c) => at + 1,
                        State::Many(set) if set.holds(c) => at,
                        State::UpTo if c != '\n' => {
                            if c == '/' {
                                self.enter(&mut next, at + 1, false);
                            }
                            at
                        }
                        _ => continue,
                    };
                    alive = true;
                    self.enter(&mut next, to, false);
                }
            }
            if !alive {
                return false;
            }
            std::mem::swap(&mut now, &mut next);
        }
        now[end / 64] >> (end % 64) & 1 == 1
    }

    /// Adds a state and all that are reached from it without a character.
    fn enter(&self, set: &mut [u64], mut at: usize, at_start: bool) {
        loop {
            let bit = 1_u64 << (at % 64);
            if set[at / 64] & bit != 0 {
                return;
            }
            set[at / 64] |= bit;
            match self.states.get(at) {
                Some(State::Maybe(_) | State::Many(_)) => at += 1,
                Some(State::Start) if at_start => at += 1,
                Some(State::Fork) => {
                    // The state after a fork is an `UpTo`, which leads nowhere by itself.
                    let inside = at + 1;
                    set[inside / 64] |= 1 << (inside % 64);
                    at += 2;
                }
                _ => return,
            }
        }
    }
}
