//! What an image needs to know about a component: one slot each, filled by languages and detectors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BuildSecret, Confidence, Evidence, Found, OwnFacts, Rank, Slot};
use crate::parse::version::Constraint;
use crate::repo::RelPath;

/// A command that keeps its form: argument list or shell text. Nobody quotes it later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Command {
    /// Program and arguments, run without a shell.
    Exec(Vec<String>),
    /// Text for `/bin/sh -c`.
    Shell(String),
}

impl Command {
    pub fn exec<S: Into<String>>(words: impl IntoIterator<Item = S>) -> Self {
        Self::Exec(words.into_iter().map(Into::into).collect())
    }

    /// Splits a command line into arguments when no part of it needs a shell; otherwise it stays
    /// shell text.
    pub fn parse(text: &str) -> Self {
        let needs_shell = text.contains([
            '$', '`', ';', '&', '|', '<', '>', '(', ')', '*', '?', '~', '#', '\n', '{', '[',
        ]) || text
            .split_whitespace()
            .next()
            .is_none_or(|word| word.contains('='));
        match shlex::split(text) {
            Some(words) if !needs_shell && !words.is_empty() => Self::Exec(words),
            _ => Self::Shell(text.to_owned()),
        }
    }

    /// The program when it is known without a shell.
    pub fn program(&self) -> Option<&str> {
        match self {
            Self::Exec(words) => words.first().map(String::as_str),
            Self::Shell(_) => None,
        }
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exec(words) => {
                let words = words.iter().map(|word| {
                    shlex::try_quote(word)
                        .map_or_else(|_| format!("{word:?}"), std::borrow::Cow::into_owned)
                });
                f.write_str(&words.collect::<Vec<_>>().join(" "))
            }
            Self::Shell(text) => f.write_str(text),
        }
    }
}

/// What kind of program a component is; decides about ports and the health check.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Listens on a port and answers requests.
    Web,
    /// Runs until it is told to end, without a port.
    Worker,
    /// Does its work and ends.
    Cli,
    /// Files for a web server.
    Static,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Web => "web",
            Self::Worker => "worker",
            Self::Cli => "cli",
            Self::Static => "static",
        })
    }
}

/// How the container shows that it is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HealthFact {
    /// A GET on this path answers with a status below 400.
    Http(String),
    /// The port accepts a connection.
    Tcp,
    /// No check, with the reason.
    None(String),
}

impl std::fmt::Display for HealthFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Http(path) => write!(f, "GET {path}"),
            Self::Tcp => f.write_str("tcp"),
            Self::None(reason) => write!(f, "none: {reason}"),
        }
    }
}

/// A file or folder of the build that the last stage needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// Where it stands in the build stage, relative to the component's folder there.
    pub from: String,
    /// Where it goes, relative to the image's work folder.
    pub to: String,
}

/// A variable without which the program does not start, or not do its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequiredEnv {
    pub name: String,
    /// A clause that completes "because": `it is read without a default`.
    pub why: String,
}

/// A command that brings the database to the program's own version: run by a person before a new
/// version starts, never at each start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// Program and arguments, in the work folder.
    pub command: Vec<String>,
    /// What it reads beside its program, relative to the component.
    #[serde(default)]
    pub needs: Vec<String>,
}

impl std::fmt::Display for Migration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Command::Exec(self.command.clone()).fmt(f)
    }
}

/// Everything that was found out about one component, each fact with its candidates.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Facts {
    /// The versions of the language's runtime that the project accepts.
    pub runtime: Slot<Constraint>,
    /// The package manager by name, such as `pnpm`.
    pub package_manager: Slot<String>,
    /// The version of the package manager that the project asks for.
    pub package_manager_version: Slot<Constraint>,
    pub kind: Slot<Kind>,
    /// The program's entry: a Go package, a Java class, a Python file, a Rust binary.
    pub main: Slot<String>,
    pub build: Slot<Command>,
    pub start: Slot<Command>,
    pub port: Slot<u16>,
    /// The environment variable that the program reads its port from.
    pub port_variable: Slot<String>,
    pub health: Slot<HealthFact>,
    /// Arguments of the program: CMD beside an ENTRYPOINT that is the program alone.
    pub args: Slot<Vec<String>>,
    /// The subcommand that serves, of a program that has several: `serve`.
    pub subcommand: Slot<String>,
    /// Flags behind it without which nobody outside of the container reaches the program.
    pub flags: Vec<Found<String>>,
    /// The signal that ends the program, by name, when it is not SIGTERM.
    pub stop_signal: Slot<String>,
    /// The folder of built files that a web server serves, relative to the component.
    pub static_root: Slot<String>,
    /// True when unknown paths are answered with `index.html` (a single-page app).
    pub spa: Slot<bool>,
    /// The template that lays out the image, when a framework has its own.
    pub template: Slot<String>,
    /// What the last stage takes of the build stage, where a framework's build leaves the program in
    /// a layout of its own: absolute there, relative to the work folder here.
    pub program: Slot<Vec<Artifact>>,
    pub artifacts: Vec<Found<Artifact>>,
    /// Environment of the running container.
    pub env: Vec<Found<(String, String)>>,
    /// Variables that the person who starts the container has to give. Only names: a value has no
    /// place in an image.
    pub required: Vec<Found<RequiredEnv>>,
    /// What the install of packages needs and no layer may hold.
    pub build_secrets: Vec<Found<BuildSecret>>,
    /// Files of the repository that hold a token for a package registry.
    pub withheld: Vec<Found<RelPath>>,
    /// Environment of the build commands only.
    pub build_env: Vec<Found<(String, String)>>,
    /// Harmless values for variables without which the build stops; it only reads that they are
    /// there.
    pub stand_ins: Vec<Found<(String, String)>>,
    /// True when the build runs the program's code, which reads its settings.
    pub build_reads_env: Slot<bool>,
    /// How the database is brought to the program's version.
    pub migrate: Slot<Migration>,
    /// Debian packages for building and for running.
    pub build_packages: Vec<Found<String>>,
    pub run_packages: Vec<Found<String>>,
    /// Paths that the program writes to, relative to the image's work folder.
    pub writable: Vec<Found<String>>,
    /// Folders in the container that hold data and are mounted: absolute, or relative to the image's
    /// work folder.
    pub volumes: Vec<Found<String>>,
    /// Files of the build context that the program is started with: their path in the repository,
    /// and their absolute path in the image.
    pub files: Vec<Found<Artifact>>,
    /// Files that the program reads when nobody names another one: absolute, or relative to the
    /// work folder. The repository's file of that name goes there.
    pub default_files: Vec<Found<String>>,
    /// Build tags of Go.
    pub tags: Vec<Found<String>>,
    /// Variables of any package that the authors' linker flags set to the version, as `-X` names
    /// them: `example.com/app/version.Version`.
    pub version_variables: Vec<Found<String>>,
    /// Features of Cargo that the authors build with.
    pub features: Vec<Found<String>>,
    /// Profiles of Maven and `-P` properties of Gradle that the authors build with.
    pub profiles: Vec<Found<String>>,
    /// What the authors' files say and is not taken over, each file's in one text.
    pub left: Vec<Found<String>>,
    /// Patterns for the ignore file, relative to the component.
    pub ignore: Vec<Found<String>>,
    /// Files that the build needs whatever an ignore file says: paths, folders or globs relative to
    /// the component (embedded files, a readme that the manifest names).
    pub keep: Vec<Found<String>>,
    /// The address on which it listens, when nobody outside of the container reaches that.
    pub loopback: Slot<String>,
    /// True when the program ends on SIGTERM as the first process of a container too.
    pub handles_sigterm: Slot<bool>,
    /// Starts of paths of a site whose files never change, since their names hold a hash.
    pub immutable: Vec<Found<String>>,
    /// What goes wrong with the project as it stands; every verb tells it.
    pub warnings: Vec<Found<String>>,
    /// What would make a better image and is for the project to do.
    pub advice: Vec<Found<String>>,
    /// What only the language's own planner reads.
    pub own: OwnFacts,
}

/// Adds to one of the lists of [`Facts`] unless an equal value is there already.
pub fn push<T: PartialEq>(list: &mut Vec<Found<T>>, found: Found<T>) {
    match list.iter_mut().find(|old| old.value == found.value) {
        Some(old) if old.rank < found.rank => *old = found,
        Some(_) => {}
        None => list.push(found),
    }
}

/// As [`push`] for named values: a higher rank replaces, an equal one keeps the first.
pub fn push_named(list: &mut Vec<Found<(String, String)>>, found: Found<(String, String)>) {
    match list.iter_mut().find(|old| old.value.0 == found.value.0) {
        Some(old) if old.rank < found.rank => *old = found,
        Some(_) => {}
        None => list.push(found),
    }
}

/// As [`push_named`] for variables: of one name the better founded reason stays.
pub fn push_required(list: &mut Vec<Found<RequiredEnv>>, found: Found<RequiredEnv>) {
    let weight = |found: &Found<RequiredEnv>| (found.rank, found.confidence);
    match list
        .iter_mut()
        .find(|old| old.value.name == found.value.name)
    {
        Some(old) if weight(old) < weight(&found) => *old = found,
        Some(_) => {}
        None => list.push(found),
    }
}

impl Facts {
    /// A language's usual leftovers for the ignore file.
    pub fn ignore_all(&mut self, rule: &str, why: &str, patterns: &[&str]) {
        for pattern in patterns {
            push(
                &mut self.ignore,
                Found {
                    value: (*pattern).to_owned(),
                    rank: Rank::Language,
                    confidence: Confidence::Certain,
                    evidence: Evidence::rule(rule, why),
                },
            );
        }
    }
}
