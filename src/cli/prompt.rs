//! Asking. Everything that is asked goes through [`Prompter`], so that a test can answer.

use std::sync::atomic::{AtomicU8, Ordering};

use console::Term;
use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};

use super::style::one_line;

/// One thing to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub value: String,
    /// Why, or what it means; shown beside the value.
    pub note: String,
}

impl Item {
    /// Both texts may come from a repository.
    pub fn new(value: impl AsRef<str>, note: impl AsRef<str>) -> Self {
        Self {
            value: one_line(value.as_ref()),
            note: one_line(note.as_ref()),
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Stop {
    /// Esc: nothing is to be done.
    Quit,
    /// Ctrl-C.
    Interrupted,
    /// The terminal has gone.
    Failed(std::io::Error),
}

pub type Answer<T> = Result<T, Stop>;

pub trait Prompter {
    /// The index of the chosen item; `default` is the one under the cursor.
    fn select(&mut self, prompt: &str, items: &[Item], default: usize) -> Answer<usize>;

    /// The indices of the chosen items, all of them at first.
    fn several(&mut self, prompt: &str, items: &[Item]) -> Answer<Vec<usize>>;

    /// A line of text; `fault` says what is wrong with one.
    fn text(
        &mut self,
        prompt: &str,
        default: Option<&str>,
        fault: &dyn Fn(&str) -> Option<String>,
    ) -> Answer<String>;

    fn confirm(&mut self, prompt: &str, default: bool) -> Answer<bool>;
}

/// Asks on the terminal, through standard error.
pub(super) struct Terminal;

/// Colours as the user wants them; without, the place of the cursor has to be seen by a sign.
fn theme() -> Box<dyn Theme> {
    if console::colors_enabled_stderr() {
        Box::new(ColorfulTheme::default())
    } else {
        Box::new(SimpleTheme)
    }
}

/// What stays on the screen when a question is answered.
fn answered(prompt: &str, answer: &str) -> Answer<()> {
    let mut line = String::new();
    let answer = fit(answer, console::measure_text_width(prompt) + 6);
    let _ = theme().format_input_prompt_selection(&mut line, prompt, &answer);
    Term::stderr().write_line(&line).map_err(Stop::Failed)
}

impl Prompter for Terminal {
    fn select(&mut self, prompt: &str, items: &[Item], default: usize) -> Answer<usize> {
        let chosen = asking(|| {
            dialoguer::Select::with_theme(&*theme())
                .with_prompt(fit(prompt, BESIDE_MENU))
                .items(rows(items))
                .default(default)
                .report(false)
                .interact_opt()
        })?;
        answered(prompt, &items[chosen].value)?;
        Ok(chosen)
    }

    fn several(&mut self, prompt: &str, items: &[Item]) -> Answer<Vec<usize>> {
        let how = "space changes, enter ends";
        let chosen = asking(|| {
            dialoguer::MultiSelect::with_theme(&*theme())
                .with_prompt(fit(&format!("{prompt} ({how})"), BESIDE_MENU))
                .items(rows(items))
                .defaults(&vec![true; items.len()])
                .report(false)
                .interact_opt()
        })?;
        let names: Vec<&str> = chosen.iter().map(|at| items[*at].value.as_str()).collect();
        answered(prompt, &names.join(", "))?;
        Ok(chosen)
    }

    fn text(
        &mut self,
        prompt: &str,
        default: Option<&str>,
        fault: &dyn Fn(&str) -> Option<String>,
    ) -> Answer<String> {
        // Room for the default, the signs around it and a short answer.
        let beside = default.map_or(0, console::measure_text_width) + 18;
        let fault = |text: &String| match fault(text.trim()) {
            Some(fault) => Err(fit(&fault, 4)),
            None => Ok(()),
        };
        let theme = theme();
        asking(|| {
            let mut input = dialoguer::Input::<String>::with_theme(&*theme)
                .with_prompt(fit(prompt, beside))
                .validate_with(fault);
            if let Some(default) = default {
                input = input.default(default.to_owned());
            }
            input
                .interact_text()
                .map(|text| Some(text.trim().to_owned()))
        })
    }

    fn confirm(&mut self, prompt: &str, default: bool) -> Answer<bool> {
        asking(|| {
            dialoguer::Confirm::with_theme(&*theme())
                .with_prompt(fit(prompt, 16))
                .default(default)
                .interact_opt()
        })
    }
}

/// Columns beside the question of a menu: signs, and the number of the page where there are some.
const BESIDE_MENU: usize = 22;

/// Items as lines with the notes below each other. A line that wraps would be drawn again in the
/// wrong place, and so would one with colours in it.
fn rows(items: &[Item]) -> Vec<String> {
    let widest = items
        .iter()
        .map(|item| console::measure_text_width(&item.value))
        .max()
        .unwrap_or(0)
        .min(40);
    items
        .iter()
        .map(|item| {
            let value = console::pad_str(&item.value, widest, console::Alignment::Left, None);
            fit(format!("{value}  {}", item.note).trim_end(), 4)
        })
        .collect()
}

/// The text in one line of the terminal, with so many columns left free.
fn fit(text: &str, free: usize) -> String {
    let columns = usize::from(Term::stderr().size().1);
    console::truncate_str(text, columns.saturating_sub(free).max(10), "…").into_owned()
}

/// Whether a question stands on the screen, or files are being written.
static PHASE: AtomicU8 = AtomicU8::new(RUNNING);
const RUNNING: u8 = 0;
const ASKING: u8 = 1;
const WRITING: u8 = 2;

fn asking<T>(ask: impl FnOnce() -> dialoguer::Result<Option<T>>) -> Answer<T> {
    PHASE.store(ASKING, Ordering::SeqCst);
    let answer = ask();
    PHASE.store(RUNNING, Ordering::SeqCst);
    match answer {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(Stop::Quit),
        Err(dialoguer::Error::IO(error)) => {
            restore_cursor();
            Err(match error.kind() {
                std::io::ErrorKind::Interrupted => Stop::Interrupted,
                _ => Stop::Failed(error),
            })
        }
    }
}

/// Does what must not end half-way: Ctrl-C waits for it.
pub(super) fn uninterrupted<T>(work: impl FnOnce() -> T) -> T {
    survive_interrupts();
    PHASE.store(WRITING, Ordering::SeqCst);
    let done = work();
    PHASE.store(RUNNING, Ordering::SeqCst);
    done
}

/// A menu hides the cursor, and dialoguer leaves it hidden when Ctrl-C ends it: by default the
/// signal kills the process before anything can be put right. With this handler the question
/// ends with an error instead, and [`asking`] shows the cursor again.
pub(super) fn survive_interrupts() {
    // Fails only where there is a handler already: ours, or that of a program around this one.
    let _ = ctrlc::set_handler(|| {
        match PHASE.load(Ordering::SeqCst) {
            WRITING => return,
            // The question sees the key by itself; a signal from elsewhere it does not see.
            ASKING => std::thread::sleep(std::time::Duration::from_millis(200)),
            _ => {}
        }
        restore_cursor();
        leave();
    });
}

#[allow(clippy::exit, reason = "a signal's handler has no caller to return to")]
fn leave() -> ! {
    std::process::exit(i32::from(super::Exit::Interrupted as u8))
}

fn restore_cursor() {
    let _ = Term::stderr().show_cursor();
}
