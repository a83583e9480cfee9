//! What a JavaScript or TypeScript file imports. Comments are passed by; templates and regular
//! expressions only as well as following imports needs.

/// A text literal and how it stands in the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal<'t> {
    pub text: &'t str,
    /// It stands behind `import`, `from`, `require(` or `import(`.
    pub imported: bool,
}

/// The text literals of a file, in order.
pub(super) fn literals(text: &str) -> Vec<Literal<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    // The last word, and whether only an open bracket stands behind it.
    let mut word = "";
    let mut called = false;
    let mut code_before = false;
    while let Some(byte) = bytes.get(at).copied() {
        match byte {
            b'/' if text[at..].starts_with("//") => {
                at = line_end(bytes, at);
                continue;
            }
            b'/' if text[at..].starts_with("/*") => {
                at = text[at + 2..]
                    .find("*/")
                    .map_or(text.len(), |end| at + 2 + end + 2);
                continue;
            }
            b'/' if !code_before => {
                // No value stands before it, so it begins a regular expression.
                at = regex_end(bytes, at).unwrap_or(at + 1);
                code_before = true;
                word = "";
                continue;
            }
            b'"' | b'\'' | b'`' => {
                let Some(end) = literal_end(bytes, at) else {
                    at += 1;
                    continue;
                };
                let imported = if called {
                    matches!(word, "require" | "import" | "resolve")
                } else {
                    matches!(word, "import" | "from")
                };
                if byte != b'`' || !text[at..end].contains("${") {
                    let text = &text[at + 1..end - 1];
                    found.push(Literal { text, imported });
                }
                at = end;
                word = "";
                called = false;
                code_before = true;
                continue;
            }
            b'(' => {
                called = !word.is_empty();
                code_before = false;
            }
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') => {
                let end = bytes[at..]
                    .iter()
                    .position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'_' | b'$'))
                    .map_or(bytes.len(), |length| at + length);
                word = &text[at..end];
                called = false;
                code_before = !matches!(word, "return" | "case" | "typeof" | "in" | "of");
                at = end;
                continue;
            }
            byte if byte.is_ascii_whitespace() => {}
            byte => {
                word = "";
                called = false;
                code_before = matches!(byte, b')' | b']' | b'}') || byte >= 0x80 || byte == b'<';
            }
        }
        at += 1;
    }
    found
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |length| at + length)
}

/// Behind the literal that begins at `at`. Only a template may have several lines: an apostrophe in
/// the text of a page is no quote.
fn literal_end(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = bytes[at];
    let mut end = at + 1;
    while let Some(byte) = bytes.get(end).copied() {
        match byte {
            b'\\' => end += 1,
            b'\n' if quote != b'`' => return None,
            byte if byte == quote => return Some(end + 1),
            _ => {}
        }
        end += 1;
    }
    None
}

fn regex_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at + 1;
    let mut in_class = false;
    while let Some(byte) = bytes.get(end).copied() {
        match byte {
            b'\\' => end += 1,
            b'\n' => return None,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Some(end + 1),
            _ => {}
        }
        end += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_in_all_their_forms() {
        let text = "// import 'no'\n/* require('no') */\nimport 'a'\nimport b, { c } from \"b\";\nimport type { X } from 'x'\nexport * from `c`\nconst d = require('d'), e = await import(/* chunk */ 'e')\nconst re = /['\"`]/; const p = './f'\nit's text\nconst q = `${x} from 'no'`\nconst n = 4 / 2; import g from 'g'\n";
        let found = literals(text);
        let imported: Vec<&str> = found
            .iter()
            .filter(|literal| literal.imported)
            .map(|literal| literal.text)
            .collect();
        assert_eq!(imported, ["a", "b", "x", "c", "d", "e", "g"]);
        assert!(found.iter().any(|literal| literal.text == "./f"));
    }

    #[test]
    fn broken_code_ends() {
        for text in ["'", "`", "/*", "/", "\\", "'\\", "é'", "require('"] {
            assert!(literals(text).is_empty(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "[a'\"`\\\\/*(${}é \n]{0,40}|.*") {
            literals(&text);
        }
    }
}
