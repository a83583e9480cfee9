//! `.gitignore` to `.dockerignore`. The languages look alike and differ in nearly every rule, so a
//! line is taken apart and written anew; a line whose meaning cannot be kept is left out, which at
//! worst sends a file too many to the builder.

use super::pattern::Pattern;
use super::{escape_char, escape_pattern, protect_ends};
use crate::parse::has_hidden;
use crate::text::RelPath;

/// Lines from one file that are looked at; the longest that people keep have some hundreds.
const MAX_LINES: usize = 1_000;

/// The lines of a `.dockerignore` at the root that say what the `.gitignore` in `dir` says, in its
/// order. Git's "folders only" has no counterpart: `build/` also excludes a file named `build`; and
/// git lets nothing below an excluded folder be re-included, which a later `!` does here.
pub fn from_gitignore(dir: &RelPath, text: &str) -> Vec<String> {
    let prefix = if dir.is_root() {
        String::new()
    } else {
        // A folder whose name no pattern can say has no lines.
        let Some(dir) = escape_pattern(dir.as_str()) else {
            return Vec::new();
        };
        format!("{dir}/")
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .take(MAX_LINES)
        .filter_map(|line| convert(&prefix, line))
        .collect()
}

fn convert(prefix: &str, line: &str) -> Option<String> {
    // The last line may end in `\r` alone, which git drops as well.
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.starts_with('#') || has_hidden(line) {
        return None;
    }
    let (bang, rest) = match line.strip_prefix('!') {
        Some(rest) => ("!", rest),
        None => ("", line),
    };
    let mut tokens = tokens(rest)?;
    while tokens.last() == Some(&Token::Space) {
        tokens.pop();
    }
    let rooted = tokens.first() == Some(&Token::Slash);
    let only_folders = tokens.len() > 1 && tokens.last() == Some(&Token::Slash);
    let body = tokens.get(usize::from(rooted)..tokens.len() - usize::from(only_folders))?;

    let mut parts: Vec<Vec<String>> = Vec::new();
    let pieces: Vec<&[Token]> = body.split(|token| *token == Token::Slash).collect();
    let anchored = rooted || pieces.len() > 1;
    for piece in &pieces {
        let part = part(piece, anchored)?;
        // `a/**/**/b` is `a/**/b`.
        if part != ["**"] || parts.last() != Some(&part) {
            parts.push(part);
        }
    }
    // A name loses little when it also means a file; `*/` would come to mean every file.
    let nameless = |part: &Vec<String>| part.iter().all(|t| matches!(t.as_str(), "*" | "**" | "?"));
    if only_folders && parts.last().is_some_and(nameless) {
        // `!*/` only opens folders so that a later line can re-include files in them. Here nothing
        // needs opening, and the line would re-include everything.
        if !bang.is_empty() {
            return None;
        }
        if parts.last().is_some_and(|part| part == &["**"]) {
            parts.push(vec!["*".to_owned()]);
        }
        parts.push(vec!["**".to_owned()]);
    }

    let mut texts: Vec<String> = vec![prefix.to_owned()];
    if !anchored {
        texts.push("**/".to_owned());
    }
    texts.extend(parts.join(&"/".to_owned()));
    texts.retain(|text| !text.is_empty());
    let line = format!("{bang}{}", protect_ends(texts));
    Pattern::new(&line).is_ok().then_some(line)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Slash,
    /// A run of stars.
    Stars(usize),
    Any,
    /// An unescaped space, which git drops at the end of a line.
    Space,
    Char(char),
    /// Already in the other language.
    Class(String),
}

fn tokens(line: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        tokens.push(match c {
            '/' => Token::Slash,
            '?' => Token::Any,
            ' ' => Token::Space,
            '*' => {
                let more = rest.len() - rest.trim_start_matches('*').len();
                rest = &rest[more..];
                Token::Stars(more + 1)
            }
            '\\' => {
                let escaped = rest.chars().next()?;
                rest = &rest[escaped.len_utf8()..];
                if escaped == '/' {
                    Token::Slash
                } else {
                    Token::Char(escaped)
                }
            }
            '[' => {
                let (class, after) = class(rest)?;
                rest = after;
                Token::Class(class)
            }
            _ => Token::Char(c),
        });
    }
    Some(tokens)
}

/// One part between slashes; `None` for `.` and `..`, which name nothing in git, and for an empty
/// part. Two stars mean "any depth" only as a whole part of a pattern with a slash.
fn part(tokens: &[Token], deep: bool) -> Option<Vec<String>> {
    match tokens {
        [] | [Token::Char('.')] | [Token::Char('.'), Token::Char('.')] => return None,
        [Token::Stars(2..)] if deep => return Some(vec!["**".to_owned()]),
        _ => {}
    }
    let text = |token: &Token| match token {
        Token::Slash => "/".to_owned(),
        Token::Stars(_) => "*".to_owned(),
        Token::Any => "?".to_owned(),
        Token::Space => " ".to_owned(),
        Token::Char(c) => escape_char(*c),
        Token::Class(class) => class.clone(),
    };
    Some(tokens.iter().map(text).collect())
}

/// A class of git from behind the `[`, rewritten: negated by `^`, without a slash in it, every
/// special character escaped, since the builder would take `[*]` apart.
fn class(rest: &str) -> Option<(String, &str)> {
    let (negated, mut rest) = match rest.strip_prefix(['!', '^']) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let mut items: Vec<(char, char)> = Vec::new();
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        if let Some(named) = rest.strip_prefix("[:") {
            let (name, after) = named.split_once(":]")?;
            items.extend_from_slice(named_class(name)?);
            rest = after;
            continue;
        }
        let (low, after) = class_char(rest)?;
        rest = after;
        let mut high = low;
        if let Some(upper) = rest.strip_prefix('-')
            && !upper.starts_with(']')
        {
            (high, rest) = class_char(upper)?;
        }
        items.push((low, high));
    }
    rest = rest.strip_prefix(']')?;

    // Git never lets a class match a slash; the other matcher does.
    items.retain(|item| *item != ('/', '/'));
    let mixed = |(low, high): &(char, char)| low > high || (*low <= '/' && '/' <= *high);
    if items.is_empty() || items.iter().any(mixed) {
        return None;
    }
    let mut class = String::from(if negated { "[^" } else { "[" });
    for (low, high) in items {
        push_class_char(&mut class, low);
        if high != low {
            class.push('-');
            push_class_char(&mut class, high);
        }
    }
    class.push_str(if negated { "/]" } else { "]" });
    Some((class, rest))
}

fn class_char(rest: &str) -> Option<(char, &str)> {
    let rest = rest.strip_prefix('\\').unwrap_or(rest);
    let c = rest.chars().next()?;
    Some((c, &rest[c.len_utf8()..]))
}

fn push_class_char(class: &mut String, c: char) {
    if c.is_ascii_punctuation() && !matches!(c, '_' | '.' | '~' | '#' | '@' | ',' | '%' | '=') {
        class.push('\\');
    }
    class.push(c);
}

fn named_class(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "digit" => &[('0', '9')],
        "lower" => &[('a', 'z')],
        "upper" => &[('A', 'Z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::IgnoreFile;
    use super::*;

    #[test]
    fn lines_are_rewritten() {
        let rows: &[(&str, &str, &str)] = &[
            ("", "node_modules", "**/node_modules"),
            ("", "node_modules/", "**/node_modules"),
            ("", "/dist", "dist"),
            ("", "/dist/", "dist"),
            ("", "a/b", "a/b"),
            ("", "a/b/", "a/b"),
            ("", "*.log", "**/*.log"),
            ("", "*.py[cod]", "**/*.py[cod]"),
            ("", "[Bb]in/", "**/[Bb]in"),
            ("", "**/foo", "**/foo"),
            ("", "**/foo/bar", "**/foo/bar"),
            ("", "foo/**", "foo/**"),
            ("", "a/**/b", "a/**/b"),
            ("", "a/**/**/b", "a/**/b"),
            ("", "a**b", "**/a*b"),
            ("", "x/a**b", "x/a*b"),
            ("", "**", "**/*"),
            ("", "*", "**/*"),
            ("", "/*", "*"),
            ("", "/**", "**"),
            ("", "*/", "**/*/**"),
            ("", "/*/", "*/**"),
            ("", "a/**/", "a/**/*/**"),
            ("", "*.egg-info/", "**/*.egg-info"),
            ("", "!keep.log", "!**/keep.log"),
            ("", "!/keep", "!keep"),
            ("", "\\#x", "**/#x"),
            ("", "/\\#x", "[#]x"),
            ("", "\\!x", "**/!x"),
            ("", "/\\!x", "[!]x"),
            ("", "!/!x", "![!]x"),
            ("", "a  ", "**/a"),
            ("", "a\\ ", "**/a[ ]"),
            ("", "a\\ \r", "**/a[ ]"),
            ("", "a b", "**/a b"),
            ("", "/ a", "[ ]a"),
            ("", "\\d", "**/d"),
            ("", "a\\*", "**/a\\*"),
            ("", "a^b*", "**/a\\^b*"),
            ("", "[!a]x", "**/[^a/]x"),
            ("", "[]a]x", "**/[\\]a]x"),
            ("", "[*?]", "**/[\\*\\?]"),
            ("", "[a-]", "**/[a\\-]"),
            ("", "[[:digit:]x]", "**/[0-9x]"),
            ("", "a.{b}+", "**/a.\\{b\\}+"),
            ("", "Icon\\\r", ""),
            ("app", "dist", "app/**/dist"),
            ("app", "/dist", "app/dist"),
            ("app", "a/b", "app/a/b"),
            ("app", "!x", "!app/**/x"),
            ("app/[id]", "/x", "app/\\[id\\]/x"),
            ("#a", "/x", "[#]a/x"),
        ];
        for (dir, line, want) in rows {
            let dir = RelPath::new(dir).unwrap();
            let want: &[&str] = if want.is_empty() { &[] } else { &[want] };
            assert_eq!(from_gitignore(&dir, line), want, "{line:?}");
        }
    }

    #[test]
    fn what_has_no_safe_counterpart_is_left_out() {
        for line in [
            "",
            "   ",
            "# c",
            "/",
            "//",
            "a//b",
            "./a",
            "../a",
            "a/../b",
            "a\\",
            "[a",
            "[",
            "[z-a]",
            "[/]",
            "[+-9]",
            "[[:nope:]]",
            "!*/",
            "!**/",
            "!a/*/",
            "!",
            "a\t",
            "x\u{1}",
        ] {
            assert_eq!(from_gitignore(&RelPath::root(), line), [""; 0], "{line:?}");
        }
    }

    #[test]
    fn order_and_negation_are_kept() {
        let lines = from_gitignore(&RelPath::root(), "\u{feff}# x\n\n*.log\n!keep.log\n");
        assert_eq!(lines, ["**/*.log", "!**/keep.log"]);
        let file = IgnoreFile::parse(&lines.join("\n"));
        assert!(file.excludes("a/b.log") && !file.excludes("a/keep.log"));
    }

    proptest! {
        #[test]
        fn every_line_is_one_that_buildkit_takes(
            line in "[\\[\\]*?!^\\\\/a-c:.# -]{0,16}",
            dir in "([a#!\\[ ]{1,3}/?){0,2}",
        ) {
            let dir = RelPath::new(&dir).unwrap_or_default();
            for line in from_gitignore(&dir, &line) {
                let file = IgnoreFile::parse(&line);
                prop_assert!(file.bad_lines().is_empty() && !file.is_empty(), "{line:?}");
            }
        }
    }
}
