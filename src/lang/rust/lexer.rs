//! The words of Rust code, without comments. Only as exact as following modules needs.
//! The lexical rules are those of <https://doc.rust-lang.org/reference/tokens.html>.

/// A piece of code, with the byte at which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'t> {
    pub at: usize,
    pub what: What<'t>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What<'t> {
    Word(&'t str),
    /// What a text literal says, escapes as they stand.
    Text(&'t str),
    Mark(char),
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Behind the next `needle`, or at the end.
    fn skip_past(&mut self, needle: &str) {
        self.at = match self.rest().find(needle) {
            Some(found) => self.at + found + needle.len(),
            None => self.text.len(),
        };
    }

    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            let rest = self.rest();
            let Some(next) = rest.find(['/', '*']) else {
                self.at = self.text.len();
                return;
            };
            self.at += next;
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += 1;
            }
        }
    }

    /// The literal that begins with the quote at the current place.
    fn text(&mut self) -> &'t str {
        let start = self.at + 1;
        let mut escaped = false;
        for (offset, c) in self.text[start..].char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    self.at = start + offset + 1;
                    return &self.text[start..start + offset];
                }
                _ => {}
            }
        }
        self.at = self.text.len();
        &self.text[start..]
    }

    /// `r"…"` and `r#"…"#`, from the `r` on; `None` for `r#word` and other words.
    fn raw(&mut self, prefix: usize) -> Option<&'t str> {
        let rest = &self.rest()[prefix..];
        let hashes = rest.bytes().take_while(|byte| *byte == b'#').count();
        if !rest[hashes..].starts_with('"') {
            return None;
        }
        let start = self.at + prefix + hashes + 1;
        let end = format!("\"{}", "#".repeat(hashes));
        let found = self.text[start..].find(&end);
        let stop = found.map_or(self.text.len(), |found| start + found);
        self.at = found.map_or(self.text.len(), |found| start + found + end.len());
        Some(&self.text[start..stop])
    }

    /// A quote is a character's or a lifetime's.
    fn quote(&mut self) {
        let mut chars = self.rest().char_indices().skip(1);
        let first = chars.next().map(|(_, c)| c);
        let second = chars.next();
        match (first, second) {
            (Some('\\'), _) => {
                self.at += 3;
                while !self.text.is_char_boundary(self.at.min(self.text.len())) {
                    self.at += 1;
                }
                self.skip_past("'");
            }
            (Some(_), Some((at, '\''))) => self.at += at + 1,
            _ => self.at += 1,
        }
    }
}

impl<'t> Iterator for Lexer<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let rest = self.rest();
            let first = rest.chars().next()?;
            let at = self.at;
            let token = |what| Some(Token { at, what });
            if first.is_whitespace() {
                self.at += first.len_utf8();
            } else if rest.starts_with("//") {
                self.skip_past("\n");
            } else if rest.starts_with("/*") {
                self.skip_block_comment();
            } else if first == '"' {
                let text = self.text();
                return token(What::Text(text));
            } else if first == '\'' {
                self.quote();
            } else if first.is_alphanumeric() || first == '_' {
                let end = rest
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(rest.len());
                let word = &rest[..end];
                if matches!(word, "r" | "br" | "cr")
                    && let Some(text) = self.raw(end)
                {
                    return token(What::Text(text));
                }
                self.at += end;
                return token(What::Word(word));
            } else {
                self.at += first.len_utf8();
                return token(What::Mark(first));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_no_code() {
        let text = "a /* b /* c */ d */ // e\n\"f // g\\\"\" r#\"h\" i\"# 'j' '\\'' &'k l::m r#n";
        let words: Vec<&str> = Lexer::new(text)
            .filter_map(|token| match token.what {
                What::Word(word) => Some(word),
                _ => None,
            })
            .collect();
        assert_eq!(words, ["a", "k", "l", "m", "r", "n"]);
        let texts: Vec<&str> = Lexer::new(text)
            .filter_map(|token| match token.what {
                What::Text(text) => Some(text),
                _ => None,
            })
            .collect();
        assert_eq!(texts, ["f // g\\\"", "h\" i"]);
    }

    #[test]
    fn broken_code_ends() {
        for text in [
            "/*", "\"", "'", "'\\", "r#\"", "'\\é", "*/", "/", "'é", "br",
        ] {
            assert!(Lexer::new(text).count() < 5, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "[a'\"\\\\/*#r{}é \n]{0,40}|.*") {
            assert!(Lexer::new(&text).count() <= text.len());
        }
    }
}
