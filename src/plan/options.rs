//! The one table of what a user may decide. Each row is a flag, a key of dockgen.toml, a
//! `DOCKGEN_` variable, a `--set` key and, where it is open, a question of the wizard.

use crate::lang::LANGUAGES;
use crate::parse::has_hidden;
use crate::repo::RelPath;

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    /// 1 to 65535.
    Port,
    Choice(&'static [&'static str]),
    /// The id of a language that dockgen writes for.
    Language,
    /// Folders of the repository: a repeated flag, a list in dockgen.toml, commas elsewhere; `*`
    /// stands for all of them.
    Folders,
}

#[derive(Clone, Copy, Debug)]
pub struct Opt {
    /// `base`: the flag `--base`, the key `base`, the variable `DOCKGEN_BASE`.
    pub key: &'static str,
    pub form: Form,
    /// The placeholder in `--help`.
    pub placeholder: &'static str,
    /// One line for `--help`.
    pub help: &'static str,
    /// The wizard's question.
    pub question: &'static str,
}

pub const OPTIONS: &[Opt] = &[
    Opt {
        key: "base",
        form: Form::Choice(&["distroless", "slim", "alpine", "static", "scratch"]),
        placeholder: "BASE",
        help: "Kind of base image of the last stage",
        question: "Which base image should the program run on?",
    },
    Opt {
        key: "build",
        form: Form::Text,
        placeholder: "COMMAND",
        help: "Command that builds the program",
        question: "Which command builds the program?",
    },
    Opt {
        key: "components",
        form: Form::Folders,
        placeholder: "DIR",
        help: "Only the component in this folder, whatever its role; may be given again",
        question: "Which of them get an image?",
    },
    Opt {
        key: "health",
        form: Form::Text,
        placeholder: "PATH|tcp|none",
        help: "Health check: a path that answers GET, `tcp` or `none`",
        question: "Which path tells that the program is well?",
    },
    Opt {
        key: "kind",
        form: Form::Choice(&["web", "worker", "cli", "static"]),
        placeholder: "KIND",
        help: "What the program is: serves a port, works without one, or ends by itself",
        question: "What kind of program is it?",
    },
    Opt {
        key: "language",
        form: Form::Language,
        placeholder: "LANGUAGE",
        help: "Language to plan for, where a folder holds several",
        question: "Which language is the program written in?",
    },
    Opt {
        key: "main",
        form: Form::Text,
        placeholder: "MAIN",
        help: "Entry of the program: a Go package, Java class, Python file or Rust binary",
        question: "Which program should the image run?",
    },
    Opt {
        key: "port",
        form: Form::Port,
        placeholder: "PORT",
        help: "Port that the program listens on",
        question: "Which port does the program listen on?",
    },
    Opt {
        key: "runtime",
        form: Form::Text,
        placeholder: "VERSION",
        help: "Version of the language's runtime",
        question: "Which version of the runtime?",
    },
    Opt {
        key: "start",
        form: Form::Text,
        placeholder: "COMMAND",
        help: "Command that starts the program in production",
        question: "Which command starts the program?",
    },
];

/// The ids of the languages, sorted.
pub fn languages() -> Vec<&'static str> {
    let mut known: Vec<&str> = LANGUAGES.iter().map(|language| language.id()).collect();
    known.sort_unstable();
    known
}

pub fn option(key: &str) -> Option<&'static Opt> {
    OPTIONS.iter().find(|option| option.key == key)
}

impl Opt {
    /// The flag without its dashes. One `--component` names one folder, hence no plural.
    pub fn long(&self) -> &'static str {
        match self.form {
            Form::Folders => "component",
            _ => self.key,
        }
    }

    pub fn flag(&self) -> String {
        format!("--{}", self.long())
    }

    pub fn variable(&self) -> String {
        format!("DOCKGEN_{}", self.key.to_ascii_uppercase())
    }

    /// What is wrong with a value, as the end of a sentence; `None` when it fits.
    pub fn fault(&self, value: &str) -> Option<String> {
        if value.trim().is_empty() || value.len() > 1000 || has_hidden(value) {
            return Some("must be one line of text".to_owned());
        }
        match self.form {
            Form::Text => None,
            Form::Port => match value.parse::<u16>() {
                Ok(port) if port > 0 => None,
                _ => Some(format!("must be a number from 1 to 65535, not {value}")),
            },
            Form::Choice(choices) => (!choices.contains(&value))
                .then(|| format!("must be one of {}, not {value}", choices.join(", "))),
            Form::Language => {
                let known = languages();
                (!known.contains(&value))
                    .then(|| format!("must be one of {}, not {value}", known.join(", ")))
            }
            Form::Folders => value
                .split(',')
                .find(|folder| RelPath::new(folder.trim()).is_none())
                .map(|folder| format!("must name folders below the root, not {}", folder.trim())),
        }
    }
}
