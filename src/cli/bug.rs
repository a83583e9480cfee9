//! A panic is a bug of ours: one sentence for the user instead of a backtrace, and exit 70.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::sync::atomic::{AtomicBool, Ordering};

use super::exit::Exit;

/// Runs `verb`; a panic in it, or in a thread of it, is told once.
pub(super) fn guard(verb: impl FnOnce() -> Exit) -> Exit {
    set_hook(Box::new(tell));
    caught(verb)
}

fn caught(verb: impl FnOnce() -> Exit) -> Exit {
    catch_unwind(AssertUnwindSafe(verb)).unwrap_or(Exit::Bug)
}

fn tell(panic: &PanicHookInfo<'_>) {
    // A thread's panic comes again as that of the thread which waits for it.
    static TOLD: AtomicBool = AtomicBool::new(false);
    if TOLD.swap(true, Ordering::Relaxed) {
        return;
    }
    let what = panic.payload_as_str().unwrap_or("no message");
    let place = panic
        .location()
        .map(|at| format!(" at {}:{}", at.file(), at.line()))
        .unwrap_or_default();
    let mut stderr = std::io::stderr();
    let _ = writeln!(
        stderr,
        "dockgen {} has met a bug of its own ({}{place}); please report this line and the command \
         that you typed to {}.",
        env!("CARGO_PKG_VERSION"),
        super::style::one_line(what),
        where_to_report(env!("CARGO_PKG_REPOSITORY")),
    );
    let trace = Backtrace::capture();
    if trace.status() == BacktraceStatus::Captured {
        let _ = writeln!(stderr, "{trace}");
    }
}

/// From the package's own data, so that there is one place to change.
fn where_to_report(repository: &str) -> String {
    if repository.is_empty() {
        "the issue tracker of dockgen".to_owned()
    } else {
        format!("{repository}/issues")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_exit_70() {
        assert_eq!(caught(|| Exit::Done), Exit::Done);
        assert_eq!(
            caught(|| panic!("this message is part of a test")),
            Exit::Bug
        );
    }

    #[test]
    fn the_place_to_report_is_always_named() {
        assert_eq!(where_to_report(""), "the issue tracker of dockgen");
        assert_eq!(
            where_to_report("https://x.test/y"),
            "https://x.test/y/issues"
        );
    }
}
