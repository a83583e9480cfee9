//! Logical lines of Python code and its text literals, without comments. Only as exact as following
//! imports needs: <https://docs.python.org/3/reference/lexical_analysis.html>.

/// The lines and the short texts of a file.
#[derive(Debug, Default)]
pub(super) struct Code<'t> {
    /// `import` and `from` lines: brackets and back slashes joined, comments left out.
    pub imports: Vec<String>,
    /// Text literals of one line.
    pub texts: Vec<&'t str>,
}

impl<'t> Code<'t> {
    pub(super) fn read(text: &'t str) -> Self {
        let mut code = Self::default();
        let mut line = String::new();
        let mut depth = 0_usize;
        let mut at = 0;
        while let Some(c) = text[at..].chars().next() {
            match c {
                '#' => {
                    at += text[at..].find('\n').unwrap_or(text.len() - at);
                    continue;
                }
                '"' | '\'' => {
                    let (literal, end) = literal(text, at, c);
                    code.texts.extend(literal);
                    at = end;
                    line.push('"');
                    continue;
                }
                '\\' if text[at + 1..].starts_with(['\n', '\r']) => {
                    line.push(' ');
                    at += 1 + usize::from(text[at + 1..].starts_with("\r\n"));
                }
                '(' | '[' | '{' => {
                    depth += 1;
                    line.push(c);
                }
                ')' | ']' | '}' => {
                    depth = depth.saturating_sub(1);
                    line.push(c);
                }
                '\n' if depth > 0 && is_import(&line) => line.push(' '),
                // A bracket that nobody closes must not swallow the rest of the file.
                '\n' => {
                    code.end(&mut line);
                    if depth > 0 && starts_statement(&text[at + 1..]) {
                        depth = 0;
                    }
                }
                ';' => code.end(&mut line),
                // What stands behind `if x:` on the same line.
                ':' if !is_import(&line) && depth == 0 => code.end(&mut line),
                c => line.push(c),
            }
            at += c.len_utf8();
        }
        code.end(&mut line);
        code
    }

    fn end(&mut self, line: &mut String) {
        if is_import(line) {
            self.imports.push(line.trim().to_owned());
        }
        line.clear();
    }
}

fn is_import(line: &str) -> bool {
    let line = line.trim_start();
    ["import", "from"].iter().any(|word| {
        line.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_whitespace() || c == '.'))
    })
}

fn starts_statement(text: &str) -> bool {
    ["import ", "from ", "def ", "class ", "@"]
        .iter()
        .any(|start| text.starts_with(start))
}

/// The literal whose quote stands at `at`, when it is of one line, and where the code goes on.
fn literal(text: &str, at: usize, quote: char) -> (Option<&str>, usize) {
    let triple: String = std::iter::repeat_n(quote, 3).collect();
    let raw = text[..at].ends_with(['r', 'R']);
    if text[at..].starts_with(&triple) {
        let start = at + 3;
        let mut from = start;
        while let Some(found) = text[from..].find(&triple) {
            let end = from + found;
            let slashes = text[start..end].bytes().rev().take_while(|b| *b == b'\\');
            if slashes.count() % 2 == 0 || raw {
                return (None, end + 3);
            }
            from = end + 1;
        }
        return (None, text.len());
    }
    let start = at + 1;
    let mut escaped = false;
    for (offset, c) in text[start..].char_indices() {
        match c {
            '\n' if !escaped => return (None, start + offset),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => {
                let end = start + offset;
                return (Some(&text[start..end]), end + 1);
            }
            _ => {}
        }
    }
    (None, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_and_texts() {
        let text = "'''import no\n''' # import no\nimport a.b as c, d\nfrom x import (  # no\n    y,\n    z as w,\n)\nif T: import e\nfrom . import f; import g\nfrom h \\\n    import i\nx = \"import no\"\ndef f():\n    from ..j import k\n    call('p.q:r', [\n  \"s\"])\n";
        let code = Code::read(text);
        let imports: Vec<String> = code
            .imports
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            imports,
            [
                "import a.b as c, d",
                "from x import ( y, z as w, )",
                "import e",
                "from . import f",
                "import g",
                "from h import i",
                "from ..j import k",
            ]
        );
        assert_eq!(code.texts, ["import no", "p.q:r", "s"]);
    }

    #[test]
    fn broken_code_ends() {
        for text in ["'", "'''", "\\", "(((", "'\\", "from", "import", "'é\\é"] {
            let code = Code::read(text);
            assert!(code.imports.len() + code.texts.len() < 2, "{text}");
        }
        let open = Code::read("x = (\nimport a\n");
        assert_eq!(open.imports, ["import a"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "[a'\"\\\\#(:;é \r\n]{0,40}|.*") {
            Code::read(&text);
        }
    }
}
