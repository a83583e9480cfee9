//! Shell text to simple commands, as far as that is possible without running it.

use std::collections::BTreeMap;

/// One simple command: what is assigned before it, and its words without quotes. Variables stay as
/// they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub assigned: Vec<(String, String)>,
    pub words: Vec<String>,
    /// Byte offset of its first word in the text that was read.
    pub at: usize,
    /// It runs in the background (`&`), or its output is another command's input (`|`).
    pub beside: bool,
}

/// Commands that are read from one text; the rest is left out.
const MOST: usize = 2_000;

/// The simple commands of a text in the order in which they are written. Conditions and loops are
/// not followed: their keywords are dropped and the commands inside are told as any other.
pub(super) fn commands(text: &str) -> Vec<Simple> {
    let mut reader = Reader::default();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if reader.all.len() >= MOST {
            break;
        }
        match c {
            '\\' => match chars.next() {
                Some((_, '\n')) => reader.end_word(),
                Some((_, next)) => reader.push(at, next),
                None => {}
            },
            '\'' => {
                reader.quoted(at);
                for (_, next) in chars.by_ref() {
                    if next == '\'' {
                        break;
                    }
                    // A dollar sign between single quotes is no variable.
                    reader.push(at, next);
                }
            }
            '"' => {
                reader.quoted(at);
                while let Some((_, next)) = chars.next() {
                    match next {
                        '"' => break,
                        '\\' => {
                            if let Some((_, escaped)) = chars.next()
                                && escaped != '\n'
                            {
                                if !matches!(escaped, '"' | '\\' | '$' | '`') {
                                    reader.push(at, '\\');
                                }
                                reader.push(at, escaped);
                            }
                        }
                        _ => reader.push(at, next),
                    }
                }
            }
            '$' if matches!(chars.peek(), Some((_, '(' | '{'))) => {
                reader.push(at, c);
                let mut depth = 0_usize;
                for (_, next) in chars.by_ref() {
                    reader.push(at, next);
                    match next {
                        '(' | '{' => depth += 1,
                        ')' | '}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            '#' if reader.word.is_none() => {
                while chars.next_if(|(_, next)| *next != '\n').is_some() {}
            }
            '\n' | ';' | '(' | ')' => reader.end_command(false),
            '&' if matches!(chars.peek(), Some((_, '&'))) => {
                chars.next();
                reader.end_command(false);
            }
            '&' if reader.redirects() => reader.push(at, c),
            '&' => reader.end_command(true),
            '|' => {
                let or = chars.next_if(|(_, next)| *next == '|').is_some();
                reader.end_command(!or);
            }
            c if c.is_whitespace() => reader.end_word(),
            c => reader.push(at, c),
        }
    }
    reader.end_command(false);
    reader.all
}

#[derive(Default)]
struct Reader {
    all: Vec<Simple>,
    now: Simple,
    word: Option<String>,
    is_quoted: bool,
    started: Option<usize>,
}

/// Words of the shell's grammar that are no part of a command.
const KEYWORDS: &[&str] = &[
    "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "for", "in", "case",
    "esac", "{", "}", "!", "time", "set",
];

impl Reader {
    fn push(&mut self, at: usize, c: char) {
        self.started.get_or_insert(at);
        self.word.get_or_insert_default().push(c);
    }

    fn quoted(&mut self, at: usize) {
        self.started.get_or_insert(at);
        self.word.get_or_insert_default();
        self.is_quoted = true;
    }

    fn redirects(&self) -> bool {
        self.word.as_deref().is_some_and(|word| word.ends_with('>'))
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else {
            return;
        };
        let quoted = std::mem::take(&mut self.is_quoted);
        if self.now.words.is_empty() {
            if !quoted && KEYWORDS.contains(&word.as_str()) {
                return;
            }
            if let Some((name, value)) = word.split_once('=')
                && is_name(name)
            {
                self.now.assigned.push((name.to_owned(), value.to_owned()));
                return;
            }
        }
        self.now.words.push(word);
    }

    fn end_command(&mut self, beside: bool) {
        self.end_word();
        let mut done = std::mem::take(&mut self.now);
        done.at = self.started.take().unwrap_or_default();
        done.beside = beside;
        drop_redirections(&mut done.words);
        if matches!(done.words.first().map(String::as_str), Some("export"))
            || done.words.first().is_some_and(|word| word == "readonly")
        {
            let rest = done.words.split_off(1);
            done.words.clear();
            done.assigned.extend(
                rest.iter()
                    .filter_map(|word| word.split_once('='))
                    .map(owned),
            );
        }
        if !done.words.is_empty() || !done.assigned.is_empty() {
            self.all.push(done);
        }
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// `> file`, `2>&1`, `>/dev/null`, `< file`.
fn drop_redirections(words: &mut Vec<String>) {
    let mut kept = Vec::with_capacity(words.len());
    let mut skip = false;
    for word in words.drain(..) {
        let bare = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
        if std::mem::take(&mut skip) {
            continue;
        }
        if bare.starts_with(['>', '<']) {
            skip = matches!(bare, ">" | ">>" | "<" | "<<" | "<<<");
            continue;
        }
        kept.push(word);
    }
    *words = kept;
}

/// The name of an environment variable.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A variable's use in a text: its name, and the default behind `:-`, `-` or `:=`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Use<'t> {
    pub name: &'t str,
    pub default: Option<&'t str>,
    /// `${NAME:?…}`: the shell ends when it is not given.
    pub required: bool,
    /// Where it ends in the text.
    end: usize,
}

/// The variable that starts at a `$`.
fn used(text: &str) -> Option<Use<'_>> {
    let rest = text.strip_prefix('$')?;
    if let Some(inner) = rest.strip_prefix('{') {
        let end = inner.find('}')?;
        let whole = &inner[..end];
        let cut = whole
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(whole.len());
        let (name, tail) = whole.split_at(cut);
        let default = [":-", "-", ":=", "="]
            .iter()
            .find_map(|mark| tail.strip_prefix(mark));
        return is_name(name).then_some(Use {
            name,
            default,
            required: tail.starts_with(":?") || tail.starts_with('?'),
            end: end + 3,
        });
    }
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(rest.len());
    is_name(&rest[..end]).then_some(Use {
        name: &rest[..end],
        default: None,
        required: false,
        end: end + 1,
    })
}

/// Every variable that a text uses, in order.
pub(super) fn variables(text: &str) -> Vec<Use<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        rest = &rest[at..];
        match used(rest) {
            Some(found) => {
                rest = rest.get(found.end..).unwrap_or_default();
                all.push(found);
            }
            None => rest = &rest[1..],
        }
    }
    all
}

/// The text with its variables replaced: by `values`, else by their default. `None` when one has
/// neither, or when a command's output stands in the text.
pub(super) fn expand(text: &str, values: &BTreeMap<String, String>) -> Option<String> {
    expand_with(text, values, None)
}

/// As [`expand`], with `unknown` for variables that have no value.
pub(super) fn expand_with(
    text: &str,
    values: &BTreeMap<String, String>,
    unknown: Option<&str>,
) -> Option<String> {
    if text.contains("$(") || text.contains('`') {
        return None;
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(found) = used(rest) else {
            if rest[1..].starts_with(['@', '*', '{', '#', '?', '!']) || unknown.is_none() {
                return None;
            }
            out.push('$');
            rest = &rest[1..];
            continue;
        };
        let value = values
            .get(found.name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
            .or(found.default)
            .or_else(|| values.get(found.name).map(String::as_str))
            .or(unknown)?;
        // A default may name another variable, but no deeper: `${A:-$B}`.
        if value.contains('$') {
            let inner = used(value).filter(|inner| inner.end == value.len())?;
            out.push_str(
                values
                    .get(inner.name)
                    .map(String::as_str)
                    .or(inner.default)?,
            );
        } else {
            out.push_str(value);
        }
        rest = rest.get(found.end..).unwrap_or_default();
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        commands(text)
            .iter()
            .map(|simple| simple.words.join(" "))
            .collect()
    }

    #[test]
    fn commands_are_told_apart() {
        assert_eq!(
            told(
                "set -e; apt-get update && apt-get install -y \\\n  git \"lib x\" # c\n  || exit 1"
            ),
            [
                "-e",
                "apt-get update",
                "apt-get install -y git lib x",
                "exit 1"
            ]
        );
        assert_eq!(
            told("if [ -n \"$A\" ]; then\n  a 'b; c' > /dev/null 2>&1\nfi\nexec \"$@\""),
            ["[ -n $A ]", "a b; c", "exec $@"]
        );
        let all = commands("A=1 B=\"x y\" run $(date +%s) --p=${P:-80} & sleep 1 | cat");
        assert_eq!(all[0].assigned[1], ("B".to_owned(), "x y".to_owned()));
        assert_eq!(all[0].words, ["run", "$(date +%s)", "--p=${P:-80}"]);
        assert!(all[0].beside && all[1].beside && !all[2].beside);
        assert_eq!(commands("export A=b C")[0].assigned.len(), 1);
    }

    #[test]
    fn unbalanced_text_ends() {
        for text in ["a 'b", "a \"b\\", "a $(b", "a ${b", "&&&&", "|||", "\\"] {
            let _ = commands(text);
            let _ = expand(text, &BTreeMap::new());
        }
    }

    #[test]
    fn variables_have_values_or_defaults() {
        let values = BTreeMap::from([("A".to_owned(), "1".to_owned())]);
        for (text, expected) in [
            ("x$A/${A}", Some("x1/1")),
            ("${B:-2}:${A:-3}", Some("2:1")),
            ("${B:-$A}", Some("1")),
            ("$B", None),
            ("$(id)", None),
            ("$@", None),
        ] {
            assert_eq!(expand(text, &values).as_deref(), expected, "{text}");
        }
        assert_eq!(
            expand_with("/$B/x", &values, Some("")).as_deref(),
            Some("//x")
        );
        assert!(variables("${X:?give it}")[0].required);
    }
}
