//! The one table of what a user may decide. Each row is a flag, a key of dockgen.toml, a
//! `DOCKGEN_` variable, a `--set` key and, where it is open, a question of the wizard.

use crate::facts::looks_secret;
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
    /// Several values: words as a shell splits them, a list in dockgen.toml.
    Words(Word),
    /// A user of the image as numbers: `10001` or `10001:10001`, never 0.
    User,
    /// Such as `SIGINT`.
    Signal,
}

/// What one of several values must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// An argument of the program.
    Argument,
    /// `NAME=VALUE`, where the name is none of a secret's.
    Variable,
    /// A Debian package.
    Package,
    /// A folder in the image: absolute, or relative to the work folder.
    Folder,
    /// A path of the repository.
    Path,
    /// `9090`, `53/udp`.
    Port,
}

impl Word {
    /// What is wrong with a word, as the end of a sentence.
    fn fault(self, word: &str) -> Option<String> {
        let fits = match self {
            Self::Argument => true,
            Self::Variable => return variable_fault(word),
            Self::Package => {
                word.len() > 1
                    && word.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                    && word.bytes().all(|b| {
                        b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b)
                    })
            }
            Self::Folder => RelPath::new(word.trim_start_matches('/')).is_some(),
            Self::Path => RelPath::new(word).is_some(),
            Self::Port => crate::plan::Port::parse(word).is_some(),
        };
        let wanted = match self {
            Self::Argument | Self::Variable => "words",
            Self::Package => "names of Debian packages",
            Self::Folder => "folders of the image",
            Self::Path => "paths of the repository",
            Self::Port => "ports such as 9090 or 53/udp",
        };
        (!fits).then(|| format!("must be {wanted}, not {word}"))
    }
}

fn variable_fault(word: &str) -> Option<String> {
    let Some((name, _)) = word.split_once('=') else {
        return Some(format!("must be NAME=VALUE, not {word}"));
    };
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return Some(format!("must be NAME=VALUE, and {name} is no name"));
    }
    looks_secret(name).then(|| {
        format!("would write the secret {name} into the image; give it to `docker run -e {name}`")
    })
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
        key: "args",
        form: Form::Words(Word::Argument),
        placeholder: "WORDS",
        help: "Arguments behind the program, as one text",
        question: "Which arguments does the program get?",
    },
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
        key: "build-env",
        form: Form::Words(Word::Variable),
        placeholder: "NAME=VALUE",
        help: "Variables of the build commands, as one text",
        question: "Which variables does the build need?",
    },
    Opt {
        key: "build-packages",
        form: Form::Words(Word::Package),
        placeholder: "PACKAGES",
        help: "Debian packages that the build needs, as one text",
        question: "Which Debian packages does the build need?",
    },
    Opt {
        key: "components",
        form: Form::Folders,
        placeholder: "DIR",
        help: "Only the component in this folder, whatever its role; may be given again",
        question: "Which of them get an image?",
    },
    Opt {
        key: "copy",
        form: Form::Words(Word::Path),
        placeholder: "PATHS",
        help: "Files or folders of the repository that the image takes as well",
        question: "Which files does the running program read?",
    },
    Opt {
        key: "env",
        form: Form::Words(Word::Variable),
        placeholder: "NAME=VALUE",
        help: "Variables of the running program, as one text",
        question: "Which variables does the program need?",
    },
    Opt {
        key: "expose",
        form: Form::Words(Word::Port),
        placeholder: "PORTS",
        help: "Further ports that the program listens on, such as 53/udp",
        question: "Which further ports does the program listen on?",
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
        key: "name",
        form: Form::Text,
        placeholder: "NAME",
        help: "Name of the image in titles and commands",
        question: "What is the image called?",
    },
    Opt {
        key: "packages",
        form: Form::Words(Word::Package),
        placeholder: "PACKAGES",
        help: "Debian packages that the running program needs, as one text",
        question: "Which Debian packages does the program call?",
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
    Opt {
        key: "stop-signal",
        form: Form::Signal,
        placeholder: "SIGNAL",
        help: "Signal that ends the program, when it is not SIGTERM",
        question: "Which signal ends the program?",
    },
    Opt {
        key: "user",
        form: Form::User,
        placeholder: "UID[:GID]",
        help: "User of the running program, in numbers",
        question: "As which user does the program run?",
    },
    Opt {
        key: "volumes",
        form: Form::Words(Word::Folder),
        placeholder: "FOLDERS",
        help: "Folders of the image that hold data: writable and a volume",
        question: "Which folders hold data?",
    },
    Opt {
        key: "writable",
        form: Form::Words(Word::Folder),
        placeholder: "FOLDERS",
        help: "Folders of the image that the program writes to",
        question: "Which folders does the program write to?",
    },
];

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
        let key = self.key.to_ascii_uppercase().replace('-', "_");
        format!("DOCKGEN_{key}")
    }

    /// What is wrong with a value, as the end of a sentence; `None` when it fits.
    pub fn fault(&self, value: &str) -> Option<String> {
        if value.trim().is_empty() || value.len() > 1000 || has_hidden(value) {
            return Some("must be one line of text".to_owned());
        }
        if self.key == "build" && (value.contains("<<") || value.trim_end().ends_with('\\')) {
            return Some("must be a command that ends with its line, without a heredoc".to_owned());
        }
        match self.form {
            // Which languages there are is known above this module.
            Form::Text | Form::Language => None,
            Form::Port => match value.parse::<u16>() {
                Ok(port) if port > 0 => None,
                _ => Some(format!("must be a number from 1 to 65535, not {value}")),
            },
            Form::Choice(choices) => (!choices.contains(&value))
                .then(|| format!("must be one of {}, not {value}", choices.join(", "))),
            Form::Words(word) => match shlex::split(value) {
                Some(words) => words.iter().find_map(|one| word.fault(one)),
                None => Some("must be words, with quotes in pairs".to_owned()),
            },
            Form::User => {
                let is_id = |id: &str| id.parse::<u32>().is_ok_and(|id| id > 0);
                let fits = value.split(':').count() <= 2 && value.split(':').all(is_id);
                (!fits).then(|| format!("must be numbers above 0 such as 10001:10001, not {value}"))
            }
            Form::Signal => {
                let fits = value.strip_prefix("SIG").is_some_and(|name| {
                    !name.is_empty()
                        && name
                            .bytes()
                            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
                });
                (!fits).then(|| format!("must be a signal such as SIGINT, not {value}"))
            }
            Form::Folders => value
                .split(',')
                .find(|folder| RelPath::new(folder.trim()).is_none())
                .map(|folder| format!("must name folders below the root, not {}", folder.trim())),
        }
    }
}
