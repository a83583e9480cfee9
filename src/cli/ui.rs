//! Where text goes: results to standard output, everything about the run to standard error.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the one printer")]

use std::io::{IsTerminal, Write};

use super::args::{Colour, OutputArgs};
use crate::diag::{Diagnostic, Palette, Severity, render};

pub(super) struct Ui {
    quiet: bool,
    palette: Palette,
}

impl Ui {
    pub(super) fn new(args: &OutputArgs) -> Self {
        let choice = match args.color {
            Colour::Always => anstream::ColorChoice::Always,
            Colour::Never => anstream::ColorChoice::Never,
            Colour::Auto => anstream::AutoStream::choice(&std::io::stderr()),
        };
        let palette = if choice == anstream::ColorChoice::Never
            || (choice == anstream::ColorChoice::Auto && !std::io::stderr().is_terminal())
        {
            Palette::Plain
        } else {
            Palette::Coloured
        };
        Self {
            quiet: args.quiet,
            palette,
        }
    }

    /// A result. A closed pipe is no error: the reader has seen enough.
    pub(super) fn out(&self, text: &str) {
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    }

    /// A word about the run.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr().lock(), "{text}");
        }
    }

    pub(super) fn diagnostic(&self, diagnostic: &Diagnostic) {
        if !self.quiet || diagnostic.severity == Severity::Error {
            let _ = writeln!(
                std::io::stderr().lock(),
                "{}",
                render(diagnostic, self.palette)
            );
        }
    }
}

/// A terminal to ask on: standard input and standard error are both one.
pub(super) fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}
