//! The net under the templates' whitespace: LF, no blanks at line ends, one blank line at most
//! outside heredocs and one behind each, one newline at the end.

pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut heredoc: Option<String> = None;
    let mut blank = true;
    for line in text.lines() {
        let line = line.trim_end_matches('\r');
        if let Some(end) = &heredoc {
            tidied.push_str(line);
            tidied.push('\n');
            if line == end {
                heredoc = None;
                // Some readers of Dockerfiles take the end for a part of the next line's instruction.
                tidied.push('\n');
                blank = true;
            }
            continue;
        }
        let line = line.trim_end();
        if line.is_empty() {
            if !blank {
                tidied.push('\n');
            }
            blank = true;
            continue;
        }
        blank = false;
        heredoc = heredoc_end(line);
        tidied.push_str(line);
        tidied.push('\n');
    }
    let end = tidied.trim_end_matches('\n').len();
    tidied.truncate(end);
    tidied.push('\n');
    tidied
}

/// The line that ends a heredoc which this line starts.
fn heredoc_end(line: &str) -> Option<String> {
    let instruction = line.split_whitespace().next()?;
    if !matches!(instruction, "COPY" | "RUN" | "ADD") {
        return None;
    }
    let word = line
        .split_whitespace()
        .find_map(|word| word.strip_prefix("<<"))?
        .trim_start_matches('-');
    let word: String = word
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_line_stands_behind_each_heredoc() {
        let text = "COPY <<\"X\" a\n\n\nkept \nX\nRUN a\nCOPY <<Y b\nY\n\n\nRUN b\nCOPY <<Z c\nZ\n";
        let tidied =
            "COPY <<\"X\" a\n\n\nkept \nX\n\nRUN a\nCOPY <<Y b\nY\n\nRUN b\nCOPY <<Z c\nZ\n";
        assert_eq!(tidy(text), tidied);
        assert_eq!(tidy(tidied), tidied);
    }
}
