//! The header line by which dockgen knows its own files again, and an edit in them.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

const MARKER: &str = "# dockgen sha256:";

/// What is put behind the name of a file that is replaced though someone else wrote it.
pub const KEPT: &str = ".before-dockgen";

/// A marker that a user's own header lines have pushed down is still found this far into a file.
const SEARCHED_LINES: usize = 20;

/// Whose text a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// As dockgen wrote it.
    Ours,
    /// Written by dockgen and changed since.
    Edited,
    /// Not written by dockgen.
    Foreign,
}

/// `body` with the header line, which holds the first 16 hex digits of the SHA-256 of the rest.
///
/// The line stands first, or below `# syntax=` and the other parser directives of a Dockerfile,
/// which are directives only above every comment. A body that is stamped already is stamped anew.
pub fn stamp(body: &str) -> String {
    let body = to_lf(body);
    let bare = unstamp(&body).map_or(body.clone(), Cow::Owned);
    let (directives, rest) = bare.split_at(after_directives(&bare));
    format!("{directives}{MARKER}{}\n{rest}", hash(&bare))
}

/// Line ends do not count: a checkout with CRLF is no edit.
pub fn ownership(text: &str) -> Ownership {
    let text = to_lf(text);
    if unstamp(&text).is_some_and(|bare| stamp(&bare) == text) {
        Ownership::Ours
    } else if text
        .lines()
        .take(SEARCHED_LINES)
        .any(|line| line.starts_with(MARKER))
    {
        Ownership::Edited
    } else {
        Ownership::Foreign
    }
}

/// The text without the marker; `None` when no marker stands where [`stamp`] puts it.
pub fn unstamp(text: &str) -> Option<String> {
    let (directives, rest) = text.split_at(after_directives(text));
    let marked = rest.strip_prefix(MARKER)?;
    let body = marked.split_once('\n').map_or("", |(_, body)| body);
    Some(format!("{directives}{body}"))
}

/// The offset behind the parser directives at the start, in the form in which dockgen writes them.
/// A last line without a line end is left below the marker, so that the marker has its own line.
fn after_directives(text: &str) -> usize {
    let directive = |line: &&str| {
        line.ends_with('\n')
            && ["# syntax=", "# check=", "# escape="]
                .iter()
                .any(|start| line.starts_with(start))
    };
    text.split_inclusive('\n')
        .take_while(directive)
        .map(str::len)
        .sum()
}

fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let first = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{first:016x}")
}

/// CRLF to LF; a lone CR stays, it is an edit.
pub fn to_lf(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        text.replace("\r\n", "\n").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_stands_below_the_directives() {
        let text = stamp("# syntax=docker/dockerfile:1\nFROM scratch\n");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "# syntax=docker/dockerfile:1");
        assert_eq!(lines[1].len(), MARKER.len() + 16);
        assert!(lines[1].starts_with(MARKER));
        assert_eq!(lines[2], "FROM scratch");
        assert!(stamp(".git\n").starts_with(MARKER));
        assert_eq!(
            stamp("# syntax=x\n# check=error=true\nFROM a\n")
                .lines()
                .nth(2)
                .unwrap()
                .find(MARKER),
            Some(0)
        );
    }

    #[test]
    fn the_hash_is_sha256_of_the_rest() {
        // printf abc | sha256sum
        assert_eq!(stamp("abc"), "# dockgen sha256:ba7816bf8f01cfea\nabc");
    }

    #[test]
    fn a_stamp_is_stable() {
        for body in [
            "",
            "\n",
            "a",
            "a\n",
            "# syntax=x",
            "# syntax=x\n",
            "# syntax=x\r\nFROM a\r\n",
        ] {
            let once = stamp(body);
            assert_eq!(stamp(&once), once, "{body:?}");
            assert_eq!(ownership(&once), Ownership::Ours, "{body:?}");
        }
    }

    #[test]
    fn edits_are_seen_and_line_ends_are_not() {
        let text = stamp("# syntax=x\nFROM a\nRUN b\n");
        assert_eq!(ownership(&text.replace('\n', "\r\n")), Ownership::Ours);
        assert_eq!(
            ownership(&text.replace("FROM a", "FROM b")),
            Ownership::Edited
        );
        assert_eq!(
            ownership(&text.replace("syntax=x", "syntax=y")),
            Ownership::Edited
        );
        assert_eq!(ownership(&format!("# mine\n{text}")), Ownership::Edited);
        assert_eq!(ownership(text.trim_end()), Ownership::Edited);
        assert_eq!(ownership("# dockgen sha256:"), Ownership::Edited);
        assert_eq!(ownership("FROM a\n"), Ownership::Foreign);
        assert_eq!(ownership(""), Ownership::Foreign);
    }
}
