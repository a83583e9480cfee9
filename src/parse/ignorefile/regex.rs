//! A reader for the part of Go's regular expressions that a pattern of an ignore file can become.

use super::states::{Set, State};

/// Repetitions are written out: `a{1000}` is short to write and long to walk.
const MAX_REPEATED: usize = 512;

/// Reads the forms that [`compile`] emits, one row of states for each alternative. `None` for what
/// Go refuses and for the escapes that have a meaning in Go alone (`\pL`, `\Q`, `\x41`, `\b`),
/// which nobody writes in an ignore file.
pub(super) fn parse(regex: &str) -> Option<Vec<Vec<State>>> {
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
