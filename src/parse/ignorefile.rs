//! The language of `.dockerignore`, as builds read it.
//!
//! The rules are those of BuildKit (moby/patternmatcher 0.6.1): the last line that matches a path
//! or a folder above it decides, `!` re-includes even below an excluded folder, `*` and `?` stay
//! within one part of a path, `**` stands for any number of folders. It is not the language of
//! `.gitignore`: a name without a slash matches at the root only, and there is no "folders only".
//!
//! BuildKit compiles patterns to Go's regular expressions and lets some of their syntax through
//! (`\d`, `{2}`, `|`). Here these are plain characters; what dockgen writes escapes them.

mod gitignore;
mod matcher;
mod pattern;

pub use gitignore::from_gitignore;
pub use matcher::Matcher;

use pattern::Pattern;

use super::has_hidden;

/// More patterns than this are reported and not used: the work is patterns times paths, and a
/// repository must not choose both.
const MAX_PATTERNS: usize = 2_000;

/// A line of an ignore file that a build refuses. One is enough to fail a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// 1-based.
    pub line: usize,
    pub text: String,
    pub why: &'static str,
}

/// A parsed `.dockerignore`; [`IgnoreFile::default`] excludes nothing.
#[derive(Clone, Debug, Default)]
pub struct IgnoreFile {
    patterns: Vec<Pattern>,
    bad: Vec<BadLine>,
    /// Read so far.
    lines: usize,
}

impl IgnoreFile {
    /// Reads every line that can be read; the others are in [`IgnoreFile::bad_lines`].
    pub fn parse(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut file = Self::default();
        file.extend(text.split('\n'));
        file
    }

    /// Reads more lines, as if they stood behind those that were read.
    pub fn extend<'l>(&mut self, lines: impl IntoIterator<Item = &'l str>) {
        for raw in lines {
            self.lines += 1;
            let Some(line) = read_line(raw) else { continue };
            let pattern = if self.patterns.len() < MAX_PATTERNS {
                Pattern::new(&line)
            } else {
                Err("too many patterns")
            };
            match pattern {
                Ok(pattern) => self.patterns.push(pattern),
                Err(why) => self.bad.push(BadLine {
                    line: self.lines,
                    text: raw.trim().to_owned(),
                    why,
                }),
            }
        }
    }

    /// The lines that are no pattern, in file order.
    pub fn bad_lines(&self) -> &[BadLine] {
        &self.bad
    }

    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// True when the build cannot see `path`: a `/` path relative to the context's root, of a file
    /// or a folder. The root itself is never excluded.
    pub fn excludes(&self, path: &str) -> bool {
        self.matcher().excludes(path)
    }

    /// For many paths: the same answers, faster.
    pub fn matcher(&self) -> Matcher<'_> {
        Matcher::new(self)
    }
}

/// One line of the file as a build hands it to the matcher; `None` for a comment or nothing.
fn read_line(raw: &str) -> Option<String> {
    // A comment starts in column 1; an indented `#` is a pattern.
    if raw.starts_with('#') {
        return None;
    }
    let line = raw.trim();
    let (bang, rest) = match line.strip_prefix('!') {
        Some(rest) => ("!", rest.trim()),
        None => ("", line),
    };
    if rest.is_empty() {
        return (!bang.is_empty()).then(|| bang.to_owned());
    }
    let clean = clean(rest);
    let clean = match clean.strip_prefix('/') {
        Some(relative) if !relative.is_empty() => relative,
        _ => &clean,
    };
    Some(format!("{bang}{clean}"))
}

/// `filepath.Clean` of Go for `/` paths.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// A line that excludes exactly `path` (a `/` path relative to the context's root) and what lies
/// below it, with special characters made literal. `None` when no line can say it: an empty,
/// absolute or unclean path, a hidden character, a path longer than a pattern may be.
pub fn escape_pattern(path: &str) -> Option<String> {
    if path.is_empty() || path == "." || path.starts_with('/') || path != clean(path) {
        return None;
    }
    if path.split('/').any(|part| part == "..") || has_hidden(path) {
        return None;
    }
    let line = protect_ends(path.chars().map(escape_char).collect());
    Pattern::new(&line).is_ok().then_some(line)
}

/// One literal character of a pattern. Only punctuation is ever escaped: `\d` is a digit.
fn escape_char(c: char) -> String {
    match c {
        '*' | '?' | '[' | ']' | '\\' | '^' | '{' | '|' | '}' => format!("\\{c}"),
        _ => c.to_string(),
    }
}

/// Puts what the reader of lines would drop or misread at the ends of a pattern into brackets.
fn protect_ends(mut parts: Vec<String>) -> String {
    if let Some(first) = parts.first_mut()
        && (matches!(first.as_str(), "#" | "!" | "\u{feff}") || is_space(first))
    {
        *first = format!("[{first}]");
    }
    if let Some(last) = parts.last_mut()
        && is_space(last)
    {
        *last = format!("[{last}]");
    }
    parts.concat()
}

fn is_space(part: &str) -> bool {
    !part.is_empty() && part.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Rows of pattern lines (`|` between lines), paths that are excluded, paths that are not.
    const ROWS: &[(&str, &[&str], &[&str])] = &[
        ("", &[], &["a", "a/b"]),
        ("# a", &[], &["a", "# a"]),
        (" # a", &["# a"], &["a"]),
        (
            "node_modules",
            &["node_modules", "node_modules/x/y"],
            &["a/node_modules", "node_modules2"],
        ),
        (
            "**/node_modules",
            &["node_modules", "a/node_modules", "a/b/node_modules/c"],
            &["xnode_modules"],
        ),
        ("/foo", &["foo", "foo/a"], &["a/foo"]),
        ("foo/", &["foo", "foo/a"], &["foobar"]),
        ("./foo//bar/../baz", &["foo/baz"], &["foo/bar", "foo"]),
        ("../foo", &[], &["foo"]),
        (".", &[], &["a", "."]),
        ("/", &[], &["a"]),
        ("*", &["a", "a/b", ".env"], &["."]),
        ("**", &["a", "a/b"], &[]),
        ("*.log", &["a.log", "a.log/x"], &["x/a.log", "a.logs"]),
        ("**/*.log", &["a.log", "x/y/a.log", ".log"], &["a.log2"]),
        (
            "*/temp*",
            &["a/temp", "a/tempfile/x"],
            &["temp", "a/b/temp"],
        ),
        ("temp?", &["tempa", "tempé"], &["temp", "tempab", "temp/"]),
        ("a?b", &["axb"], &["a/b"]),
        ("a/**", &["a/b", "a/b/c"], &["a", "ab/c"]),
        ("a/**/b", &["a/b", "a/x/b", "a/x/y/b/c"], &["ab", "a/xb"]),
        ("**/a/**", &["a/b", "x/a/b"], &["a", "x/a"]),
        ("**foo", &["foo", "xfoo", "a/xfoo"], &["foox"]),
        ("*.py[cod]", &["a.pyc", "a.pyo"], &["a.py", "a.pyx"]),
        ("[a-c]x", &["ax", "cx"], &["dx", "-x"]),
        ("[^a]x", &["bx"], &["ax"]),
        ("[a", &[], &["[a", "a"]),
        ("a\\", &[], &["a", "a\\"]),
        ("\\*.txt", &["*.txt"], &["a.txt"]),
        ("a\\?", &["a?"], &["ab"]),
        ("a.b", &["a.b"], &["axb"]),
        ("a+(b)|(c)$*", &["a+(b)", "(c)$d"], &["aab"]),
        ("*.MD", &["a.MD"], &["a.md"]),
        ("*.md|!README.md", &["a.md"], &["README.md"]),
        ("*.md|! README.md", &["a.md"], &["README.md"]),
        ("!README.md|*.md", &["a.md", "README.md"], &[]),
        (
            "*.md|!README*.md|README-secret.md",
            &["a.md", "README-secret.md"],
            &["README.md"],
        ),
        (
            "*|!src|!package.json",
            &["a", "b/src", "src2"],
            &["src", "src/a/b", "package.json"],
        ),
        ("*|!src/**", &["a"], &["src/a", "src/a/b"]),
        (
            "dir|!dir/keep",
            &["dir", "dir/a"],
            &["dir/keep", "dir/keep/b"],
        ),
        (
            "**/.env|**/.env.*|!**/.env.example",
            &[".env", "a/.env.local"],
            &[".env.example", "a/.env.example"],
        ),
        (
            "dir|!dir/a|dir/a/b",
            &["dir/x", "dir/a/b", "dir/a/b/c"],
            &["dir/a/x"],
        ),
        // `!a` changes nothing about a, so it is not inherited by a/b.
        ("a/b|!a", &["a/b", "a/b/c"], &["a", "a/c"]),
        ("!", &[], &["a"]),
        ("a b", &["a b"], &["a", "b"]),
        ("/!x", &[], &["!x", "x"]),
        ("*.{js,ts}", &["x.{js,ts}"], &["x.js"]),
        ("ü*", &["üx"], &["ux"]),
    ];

    #[test]
    fn the_table_holds() {
        for (lines, excluded, kept) in ROWS {
            // `|` is the separator of rows only; no row needs one inside a pattern.
            let file = IgnoreFile::parse(&lines.replace('|', "\r\n"));
            for path in *excluded {
                assert!(file.excludes(path), "{lines:?} should exclude {path:?}");
            }
            for path in *kept {
                assert!(!file.excludes(path), "{lines:?} should keep {path:?}");
            }
        }
    }

    #[test]
    fn bad_lines_are_named_and_the_rest_works() {
        let file = IgnoreFile::parse("\u{feff}# c\n[a\nok\n!\n[z-a]\na\\\n");
        let lines: Vec<_> = file.bad_lines().iter().map(|bad| bad.line).collect();
        assert_eq!(lines, [2, 4, 5, 6]);
        assert!(file.excludes("ok"));
        let many = "a\n".repeat(MAX_PATTERNS + 1);
        assert_eq!(IgnoreFile::parse(&many).bad_lines().len(), 1);
    }

    #[test]
    fn a_hostile_pattern_costs_no_more_than_its_size() {
        let file = IgnoreFile::parse(&format!("{}b", "*a".repeat(200)));
        assert!(!file.excludes(&"a".repeat(3000)));
        let file = IgnoreFile::parse(&format!("{}b", "**/a".repeat(200)));
        assert!(!file.excludes(&"a/".repeat(300)));
        assert_eq!(IgnoreFile::parse(&"*a".repeat(40_000)).bad_lines().len(), 1);
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        for bad in [
            "", ".", "/a", "a/", "a//b", "../a", "a\nb", "a\rb", "\u{85}",
        ] {
            assert_eq!(escape_pattern(bad), None, "{bad:?}");
        }
        assert_eq!(escape_pattern("#a").as_deref(), Some("[#]a"));
        assert_eq!(escape_pattern("!a ").as_deref(), Some("[!]a[ ]"));
        assert_eq!(
            escape_pattern("app/[id].ts").as_deref(),
            Some("app/\\[id\\].ts")
        );
    }

    proptest! {
        #[test]
        fn a_literal_name_round_trips(name in "[a-c2*?!#\\[\\]\\\\^$ .é{}|+-]{1,8}(/[a-c*?!\\[\\]^ ]{1,4})?") {
            prop_assume!(!name.split('/').any(|part| part == "." || part == ".."));
            let line = escape_pattern(&name).unwrap();
            let file = IgnoreFile::parse(&line);
            prop_assert!(file.bad_lines().is_empty());
            prop_assert!(file.excludes(&name));
            let longer = format!("{name}x");
            let shorter = name.chars().skip(1).collect::<String>();
            prop_assert!(!file.excludes(&longer));
            prop_assert!(shorter.starts_with('/') || !file.excludes(&shorter));
        }

        #[test]
        fn no_text_panics(text in "[\\[\\]*?!^\\\\/a:.\n #-]{0,40}", path in "[a/.*\\[]{0,20}") {
            let _ = IgnoreFile::parse(&text).excludes(&path);
        }
    }
}
