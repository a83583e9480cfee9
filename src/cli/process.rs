//! What a run gets from the process that it lives in. Tests give their own, so nothing else in
//! this module tree looks at arguments, variables, terminals or the clock.
#![allow(
    clippy::disallowed_methods,
    reason = "the one reader of the environment and of the clock"
)]

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use super::prompt::{Prompter, Terminal};

pub struct Process<'p> {
    /// With the program's name first.
    pub arguments: Vec<OsString>,
    pub variables: Vec<(OsString, OsString)>,
    /// Results.
    pub out: Stream<'p>,
    /// Everything about the run.
    pub err: Stream<'p>,
    /// Whoever can be asked; nobody without a terminal.
    pub prompter: Option<&'p mut dyn Prompter>,
    /// `YYYY-MM-DD`, for warnings about support that has ended; never part of an output file.
    pub today: String,
}

pub struct Stream<'p> {
    pub to: &'p mut dyn Write,
    pub coloured: bool,
    /// Columns of the terminal; `None` when it is none.
    pub width: Option<usize>,
}

/// Runs with the real process.
pub(super) fn with_process<T>(run: impl FnOnce(Process<'_>) -> T) -> T {
    // Not locked: a panicking thread must be able to say so.
    let (mut stdout, mut stderr) = (std::io::stdout(), std::io::stderr());
    let out_colour = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
    let err_colour = anstream::AutoStream::choice(&stderr) != anstream::ColorChoice::Never;
    let width = |term: console::Term| term.size_checked().map(|(_, columns)| usize::from(columns));
    let out_width = width(console::Term::stdout()).filter(|_| stdout.is_terminal());
    let err_width = width(console::Term::stderr()).filter(|_| stderr.is_terminal());
    let variables: Vec<(OsString, OsString)> = std::env::vars_os().collect();
    // A terminal that cannot move its cursor cannot show a menu.
    let dumb = variable(&variables, "TERM").is_none_or(|term| term == "dumb");
    let can_ask =
        std::io::stdin().is_terminal() && stderr.is_terminal() && (cfg!(windows) || !dumb);
    let mut terminal = Terminal;
    run(Process {
        arguments: std::env::args_os().collect(),
        today: today(variable(&variables, "SOURCE_DATE_EPOCH")),
        variables,
        out: Stream {
            to: &mut stdout,
            coloured: out_colour,
            width: out_width,
        },
        err: Stream {
            to: &mut stderr,
            coloured: err_colour,
            width: err_width,
        },
        prompter: can_ask.then_some(&mut terminal as &mut dyn Prompter),
    })
}

fn variable<'v>(variables: &'v [(OsString, OsString)], name: &str) -> Option<&'v str> {
    variables
        .iter()
        .find(|(key, _)| key == name)
        .and_then(|(_, value)| value.to_str())
}

/// The day in UTC: of `SOURCE_DATE_EPOCH` where a reproducible build sets it, else of the clock.
fn today(epoch: Option<&str>) -> String {
    let seconds = epoch.and_then(|text| text.parse().ok()).unwrap_or_else(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs())
    });
    day(seconds / 86_400)
}

/// A day of the Gregorian calendar from the days since 1970-01-01.
fn day(mut days: u64) -> String {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    while year < 9999 && days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days.min(30) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_the_calendar() {
        for (seconds, expected) in [
            ("0", "1970-01-01"),
            ("951782400", "2000-02-29"),
            ("1709164800", "2024-02-29"),
            ("1735689599", "2024-12-31"),
            ("1795478400", "2026-11-24"),
            ("99999999999999", "9999-12-31"),
        ] {
            assert_eq!(today(Some(seconds)), expected);
        }
        assert!(today(None).as_str() > "2026-01-01");
        assert_eq!(today(Some("yesterday")).len(), 10);
    }
}
