//! Where text goes: results to standard output, everything about the run to standard error.

use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::io::{ErrorKind, Write};

use super::args::{Colour, OutputArgs};
use super::process::Stream;
use super::style::Painter;
use crate::diag::{Diagnostic, Palette, Severity, render};
use crate::parse::visible_json;

/// Warnings with one code that are shown. Five hundred services with one fault are one fault.
const MOST_OF_A_KIND: usize = 10;

pub(super) struct Ui<'p> {
    out: RefCell<&'p mut dyn Write>,
    err: RefCell<&'p mut dyn Write>,
    /// How to colour results, and words about the run.
    pub out_paint: Painter,
    pub err_paint: Painter,
    pub out_width: Option<usize>,
    pub err_width: Option<usize>,
    quiet: Cell<bool>,
    told: RefCell<Vec<Diagnostic>>,
    failed: RefCell<Option<std::io::Error>>,
}

impl<'p> Ui<'p> {
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the streams are taken over; nobody else is to write to them"
    )]
    pub(super) fn new(args: &OutputArgs, out: Stream<'p>, err: Stream<'p>) -> Self {
        let paint = |automatic: bool| match args.color {
            Colour::Always => Painter::new(true),
            Colour::Never => Painter::new(false),
            Colour::Auto => Painter::new(automatic),
        };
        Self {
            out_paint: paint(out.coloured),
            err_paint: paint(err.coloured),
            out_width: out.width,
            err_width: err.width,
            out: RefCell::new(out.to),
            err: RefCell::new(err.to),
            quiet: Cell::new(args.quiet),
            told: RefCell::default(),
            failed: RefCell::default(),
        }
    }

    /// From here on only errors are said: the report on standard output says the rest.
    pub(super) fn hush(&self) {
        self.quiet.set(true);
    }

    /// A result.
    pub(super) fn out(&self, text: &str) {
        let mut out = self.out.borrow_mut();
        if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            self.failed.borrow_mut().get_or_insert(error);
        }
    }

    /// A result as JSON.
    pub(super) fn json(&self, value: &impl serde::Serialize) {
        let mut text = visible_json(serde_json::to_string_pretty(value).unwrap_or_default());
        text.push('\n');
        self.out(&text);
    }

    /// A word about the run.
    pub(super) fn say(&self, text: &str) {
        if !self.quiet.get() {
            // There is nobody to tell when standard error is closed.
            let _ = writeln!(self.err.borrow_mut(), "{text}");
        }
    }

    /// A diagnostic; of many warnings of a kind the first ones.
    pub(super) fn diagnostic(&self, diagnostic: &Diagnostic) {
        let code = diagnostic.code;
        let told = self.told.borrow();
        let before = told.iter().filter(|told| told.code == code).count();
        drop(told);
        self.told.borrow_mut().push(diagnostic.clone());
        if diagnostic.severity == Severity::Error {
            self.show(diagnostic);
        } else if !self.quiet.get() {
            match before.cmp(&MOST_OF_A_KIND) {
                Ordering::Less => self.show(diagnostic),
                Ordering::Equal => self.say(&format!("warning[{code}]: further ones are left out")),
                Ordering::Greater => {}
            }
        }
    }

    fn show(&self, diagnostic: &Diagnostic) {
        let palette = if self.err_paint.is_coloured() {
            Palette::Coloured
        } else {
            Palette::Plain
        };
        // There is nobody to tell when standard error is closed.
        let _ = writeln!(self.err.borrow_mut(), "{}", render(diagnostic, palette));
    }

    /// Every diagnostic so far, for a report.
    pub(super) fn told(&self) -> Vec<Diagnostic> {
        self.told.borrow().clone()
    }

    /// Why results could not be written. A closed pipe is no error: the reader has seen enough.
    pub(super) fn failure(&self) -> Option<Diagnostic> {
        let failed = self.failed.borrow_mut().take();
        failed
            .filter(|error| error.kind() != ErrorKind::BrokenPipe)
            .map(|error| {
                Diagnostic::error("output-failed", format!("cannot write the result: {error}"))
            })
    }
}
