//! Colours, and text that may be shown on a terminal.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::diag::plain;

pub(super) const HEADING: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const CARE: Style = AnsiColor::Yellow.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const PLACE: Style = AnsiColor::Cyan.on_default();

/// Paints, or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Painter(bool);

impl Painter {
    pub(super) fn new(coloured: bool) -> Self {
        Self(coloured)
    }

    pub(super) fn is_coloured(self) -> bool {
        self.0
    }

    pub(super) fn paint(self, style: Style, text: impl Display) -> String {
        let text = text.to_string();
        if self.0 && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text
        }
    }

    /// A unified diff with the usual colours.
    pub(super) fn diff(self, diff: &str) -> String {
        let mut painted = String::with_capacity(diff.len());
        for line in plain(diff).split_inclusive('\n') {
            let (text, end) = line
                .strip_suffix('\n')
                .map_or((line, ""), |text| (text, "\n"));
            let style = match text.as_bytes() {
                [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => HEADING,
                [b'+', ..] => GOOD,
                [b'-', ..] => BAD,
                [b'@', ..] => PLACE,
                _ => Style::new(),
            };
            painted.push_str(&self.paint(style, text));
            painted.push_str(end);
        }
        painted
    }
}

/// Text of a repository as one line that cannot drive the terminal.
pub(super) fn one_line(text: &str) -> String {
    plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `2 files`, `1 file`.
pub(super) fn count(number: usize, singular: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {singular}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(
            one_line("a\u{1b}[2Jb\nc\u{202e}d"),
            "a\u{fffd}[2Jb c\u{fffd}d"
        );
        assert_eq!(Painter::new(false).diff("+a\u{7}\n"), "+a\u{fffd}\n");
        assert_eq!(
            Painter::new(true).diff("--- a\n+b\n c"),
            "\u{1b}[1m--- a\u{1b}[0m\n\u{1b}[32m+b\u{1b}[0m\n c"
        );
    }
}
