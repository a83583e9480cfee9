//! A prompter that answers from a list and writes down what it was asked.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt::Write as _;

use dockgen::cli::{Answer, Item, Process, Prompter, Stop, Stream, run};

use crate::support::{Run, TestRepo};

/// An answer that a test has ready.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The item with this value.
    Pick(&'static str),
    /// The items with these values.
    Several(&'static [&'static str]),
    Type(&'static str),
    /// Enter: what is offered.
    Default,
    Yes,
    No,
    Escape,
    CtrlC,
}

pub(crate) struct Scripted {
    replies: VecDeque<Reply>,
    /// Every question with what was offered, and the answer.
    pub asked: String,
}

impl Scripted {
    pub(crate) fn new(replies: &[Reply]) -> Self {
        Self {
            replies: replies.iter().cloned().collect(),
            asked: String::new(),
        }
    }

    fn next(&mut self, prompt: &str) -> Answer<Reply> {
        let reply = self
            .replies
            .pop_front()
            .unwrap_or_else(|| panic!("nobody expected: {prompt}\nasked so far:\n{}", self.asked));
        match reply {
            Reply::Escape => Err(Stop::Quit),
            Reply::CtrlC => Err(Stop::Interrupted),
            reply => Ok(reply),
        }
    }

    fn note(&mut self, prompt: &str, items: &[Item], answer: &str) {
        let _ = writeln!(self.asked, "{prompt}");
        for item in items {
            let line = format!("  - {}  {}", item.value, item.note);
            let _ = writeln!(self.asked, "{}", line.trim_end());
        }
        let _ = writeln!(self.asked, "  > {answer}");
    }
}

fn place(items: &[Item], value: &str) -> usize {
    items
        .iter()
        .position(|item| item.value == value)
        .unwrap_or_else(|| panic!("{value} is not offered in {items:?}"))
}

impl Prompter for Scripted {
    fn select(&mut self, prompt: &str, items: &[Item], default: usize) -> Answer<usize> {
        let at = match self.next(prompt)? {
            Reply::Pick(value) => place(items, value),
            Reply::Default => default,
            other => panic!("{prompt} is answered by {other:?}"),
        };
        self.note(prompt, items, &items[at].value);
        Ok(at)
    }

    fn several(&mut self, prompt: &str, items: &[Item]) -> Answer<Vec<usize>> {
        let chosen: Vec<usize> = match self.next(prompt)? {
            Reply::Several(values) => values.iter().map(|value| place(items, value)).collect(),
            Reply::Default => (0..items.len()).collect(),
            other => panic!("{prompt} is answered by {other:?}"),
        };
        let names: Vec<&str> = chosen.iter().map(|at| items[*at].value.as_str()).collect();
        self.note(prompt, items, &names.join(", "));
        Ok(chosen)
    }

    fn text(
        &mut self,
        prompt: &str,
        default: Option<&str>,
        fault: &dyn Fn(&str) -> Option<String>,
    ) -> Answer<String> {
        let prompt = match default {
            Some(default) => format!("{prompt} ({default})"),
            None => prompt.to_owned(),
        };
        loop {
            let text = match (self.next(&prompt)?, default) {
                (Reply::Type(text), _) => text.to_owned(),
                (Reply::Default, Some(default)) => default.to_owned(),
                (other, _) => panic!("{prompt} is answered by {other:?}"),
            };
            self.note(&prompt, &[], &text);
            match fault(&text) {
                Some(fault) => {
                    let _ = writeln!(self.asked, "  ! {fault}");
                }
                None => return Ok(text),
            }
        }
    }

    fn confirm(&mut self, prompt: &str, default: bool) -> Answer<bool> {
        let yes = match self.next(prompt)? {
            Reply::Yes => true,
            Reply::No => false,
            Reply::Default => default,
            other => panic!("{prompt} is answered by {other:?}"),
        };
        self.note(prompt, &[], if yes { "yes" } else { "no" });
        Ok(yes)
    }
}

/// Runs `dockgen WORDS ROOT` in this process, answered by the script to its last reply.
pub(crate) fn wizard(repo: &TestRepo, words: &str, replies: &[Reply]) -> (Run, String) {
    let root = repo.root().to_string_lossy().into_owned();
    let mut arguments = vec![OsString::from("dockgen")];
    arguments.extend(words.split_whitespace().map(OsString::from));
    arguments.push(root.clone().into());
    let variables = repo
        .variables()
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let mut scripted = Scripted::new(replies);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = run(Process {
        arguments,
        variables: variables.collect(),
        out: Stream {
            to: &mut out,
            coloured: false,
            width: None,
        },
        err: Stream {
            to: &mut err,
            coloured: false,
            width: None,
        },
        prompter: Some(&mut scripted),
        today: "2026-11-24".to_owned(),
    });
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).replace(&root, "[ROOT]");
    let run = Run {
        exit: exit as i32,
        stdout: text(out),
        stderr: text(err),
    };
    assert!(
        scripted.replies.is_empty(),
        "not asked for: {:?}\nasked:\n{}\nsaid:\n{}",
        scripted.replies,
        scripted.asked,
        run.stderr
    );
    (run, scripted.asked)
}
