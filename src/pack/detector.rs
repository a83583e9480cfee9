//! The model of `detectors/<language>/<framework>.toml`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::keys::{KeyTable, Raw};
use crate::code::CodePattern;
use crate::diag::{Diagnostic, Result, suggest};
use crate::facts::{Artifact, Command, Confidence, HealthFact, Kind, Migration, Own};
use crate::parse::{PathGlob, typed_toml};
use crate::repo::Source;

/// One framework, or one habit of a language, as data: when it is there and what follows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// `language/file-stem`.
    #[serde(skip)]
    pub id: String,
    /// The name for people. A detector without one adds facts but is no framework.
    #[serde(default)]
    pub name: Option<String>,
    /// A language's id, or `any` for what is the same in all of them.
    pub language: String,
    /// Detectors whose facts are dropped when this one matches too.
    #[serde(default)]
    pub supersedes: Vec<String>,
    /// Where the framework documents what this file states.
    #[serde(default)]
    pub docs: Option<String>,
    /// Any block may match.
    #[serde(default)]
    pub when: Vec<Condition>,
    #[serde(default)]
    pub facts: FactValues,
    /// Facts under a further condition; a later variant's facts stand above an earlier one's.
    #[serde(default)]
    pub variant: Vec<Variant>,
}

/// A condition: everything that it names must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Any of these is a dependency; a `*` at the end stands for the rest of the name.
    #[serde(default)]
    pub dependency: Strings,
    /// A pattern in that dependency's version, as the manifest has it.
    #[serde(default)]
    pub version_matches: Option<Pattern>,
    /// Only dependencies that production installs count.
    #[serde(default)]
    pub production: bool,
    /// Any of these globs names a file of the component, or with a `/` at its end a folder that
    /// holds files. `**` looks into sub-folders, and then
    /// only at as many files as the scan's budget allows, the likeliest first.
    #[serde(default)]
    pub file: Globs,
    /// A pattern in one of those files; its named groups become variables of the facts.
    #[serde(default)]
    pub matches: Option<Pattern>,
    /// Code that is in one of the component's sources, or in those that `file` names: any of
    /// these patterns ([`CodePattern`]). A hole's value becomes a variable by the hole's name in
    /// small letters, when it can be followed to one. `$PORT` must be a port or an address: it
    /// sets `port`, `host` when the address has one, and `variable`, the environment variable
    /// that is asked first (`address_variable` when that holds a whole address). `host_variable` is the one that is
    /// asked for the host, which may stand apart from the port as `$HOST`. `"$HEALTH"` is a
    /// route of `health.toml`, `"$HEALTH_NAME"` one that need not begin with a stroke; of several matches the one that stands first there is taken.
    #[serde(default)]
    pub code: CodePatterns,
    /// The code stands in a function, call, class or under a decorator that one of these fits.
    #[serde(default)]
    pub within: CodePatterns,
    /// The code stands outside of functions and classes.
    #[serde(default)]
    pub top_level: bool,
    /// What a hole's value must look like, by the hole's name in small letters; its named groups
    /// become variables. A hole without a value is asked for its text.
    #[serde(default, rename = "where")]
    pub holes: BTreeMap<String, Pattern>,
    /// Code that is somewhere in what a hole holds, by the hole's name in small letters.
    #[serde(default)]
    pub has: BTreeMap<String, CodePatterns>,
    /// Where routers are mounted, for code with a hole `$ROUTER`: `$PREFIX` is the path, `$OUTER`
    /// the router that it is mounted on. A pattern without `$ROUTER` holds the routes within it, or,
    /// with `$CHAIN`, stands before them: `$CHAIN.basePath($PREFIX)`.
    /// The path before the route becomes the variable `prefix`; a match whose path is not known is
    /// passed over.
    #[serde(default)]
    pub mounts: CodePatterns,
    /// What makes a router that serves nothing until it is mounted. A router that is made so needs
    /// no name that `where.router` asks for.
    #[serde(default)]
    pub parts: CodePatterns,
    /// Code that sets a path, `$PREFIX`, before all routes of the program.
    #[serde(default)]
    pub prefixes: CodePatterns,
    /// A match whose group `port` is in `services.toml` is passed over: for patterns that a
    /// client's configuration fits as well. So is code in which one of its `beside` words stands.
    #[serde(default)]
    pub no_services: bool,
    /// Only matches in blocks that this pattern opens count: up to the bracket that closes the one
    /// at the pattern's end, or, after a `:` there, as far as the lines are indented.
    #[serde(default)]
    pub inside: Option<Pattern>,
    /// A match whose own text, or a place in code whose text, fits this pattern is passed over.
    #[serde(default)]
    pub except: Option<Pattern>,
    /// Only files that hold this pattern too count.
    #[serde(default)]
    pub with: Option<Pattern>,
    /// Files that hold this pattern do not count.
    #[serde(default)]
    pub without: Option<Pattern>,
    /// Every match counts, not only the first: the facts are added once for each.
    #[serde(default)]
    pub each: bool,
    /// Any of these is a script of the manifest.
    #[serde(default)]
    pub script: Strings,
    /// A pattern in that script's text.
    #[serde(default)]
    pub script_matches: Option<Pattern>,
    /// Any of these is a key of the configuration that the application ships.
    #[serde(default)]
    pub setting: Strings,
    /// A pattern in that key's value.
    #[serde(default)]
    pub setting_matches: Option<Pattern>,
    /// Each of these must hold as well.
    #[serde(default)]
    pub all: Vec<Condition>,
    /// None of these may hold.
    #[serde(default)]
    pub unless: Vec<Condition>,
    /// How sure the condition makes us; a plain dependency or file is certain.
    #[serde(default)]
    pub confidence: Option<Confidence>,
}

impl Condition {
    /// Every code pattern.
    pub fn patterns(&self) -> impl Iterator<Item = &CodePattern> {
        let lists = [
            &self.code,
            &self.within,
            &self.mounts,
            &self.parts,
            &self.prefixes,
        ];
        let has = self.has.values();
        lists.into_iter().chain(has).flat_map(|list| &list.0)
    }

    /// Applies to this condition and all that are in it.
    fn for_each_mut(&mut self, change: &mut impl FnMut(&mut Self)) {
        change(self);
        for condition in self.all.iter_mut().chain(&mut self.unless) {
            condition.for_each_mut(change);
        }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Any block may match.
    pub when: Vec<Condition>,
    pub facts: FactValues,
}

/// Values for facts. Texts may use the variables of the conditions' named groups, `{{ file }}`
/// (the file that matched) and the filters `module`, `stem`, `parent` and `upper`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FactValues {
    /// The version line of the runtime that the framework takes when nothing is asked.
    pub runtime: Option<String>,
    pub kind: Option<Kind>,
    /// The program's entry, as the language names it.
    pub main: Option<String>,
    pub build: Option<Command>,
    pub start: Option<Command>,
    /// Words behind a program that is the entrypoint alone.
    pub args: Option<Vec<String>>,
    /// A file that `args` name: its path in the component, and from the work folder.
    pub configuration: Option<String>,
    /// A file that a compiled program reads when nobody names another one: absolute, or relative to
    /// the work folder. The repository's file of that name is copied there.
    pub default_file: Option<String>,
    /// The subcommand that serves.
    pub subcommand: Option<String>,
    /// Flags without which nobody outside of the container reaches the program.
    pub flags: Vec<String>,
    /// A number, or a text with a variable that becomes one.
    pub port: Option<NumberOrText>,
    /// The environment variable that it reads its port from.
    pub port_variable: Option<String>,
    pub health: Option<HealthFact>,
    /// The folder of built files that a web server serves.
    pub static_root: Option<String>,
    /// Unknown paths are answered with `index.html`.
    pub spa: Option<bool>,
    /// The template that lays out the image: a path below `templates/`.
    pub template: Option<String>,
    /// What the last stage takes, where the build leaves the program in a layout of its own.
    pub program: Option<Vec<Artifact>>,
    /// What the last stage takes of the build beside the program.
    pub artifacts: Vec<Artifact>,
    /// Environment of the running container.
    pub env: BTreeMap<String, String>,
    /// Environment of the build commands only.
    pub build_env: BTreeMap<String, String>,
    /// Debian packages.
    pub build_packages: Vec<String>,
    pub run_packages: Vec<String>,
    /// Folders, or files in them, that the program writes: absolute, or relative to the work folder.
    pub writable: Vec<String>,
    /// The same where it keeps data, which outlives the container.
    pub volumes: Vec<String>,
    /// Programs that it calls, by name; `programs.toml` knows their packages.
    pub programs: Vec<String>,
    /// Lines of the ignore file.
    pub ignore: Vec<String>,
    /// Variables without which the program does not start.
    pub required_env: Strings,
    /// Variables without which the build stops: it gets a harmless value for each.
    pub stand_ins: Strings,
    /// The build runs the program's code, which reads its settings.
    pub build_reads_env: Option<bool>,
    /// How the database is brought to the program's version.
    pub migrate: Option<Migration>,
    /// The address on which it listens, when nobody outside of the container reaches that. Beside a
    /// `port` it counts only when that port is the one that is taken.
    pub loopback: Option<String>,
    /// The program ends on SIGTERM as the first process of a container too.
    pub handles_sigterm: Option<bool>,
    /// Starts of paths of a site whose files never change, since their names hold a hash.
    pub immutable: Vec<String>,
    /// What goes wrong with the project as it stands, each one sentence; every verb tells it.
    pub warnings: Vec<String>,
    /// What would make a better image and is for the project to do; `explain` tells it.
    pub advice: Vec<String>,
    /// What only the planner of the detector's language reads; `keys.toml` declares the keys.
    #[serde(rename = "own")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    raw: Raw,
    #[serde(skip)]
    pub own: BTreeMap<String, Own>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum NumberOrText {
    Number(u16),
    Text(String),
}

/// One text or a list of them.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct Strings(pub Vec<String>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Strings {
    fn from(value: OneOrMany) -> Self {
        match value {
            OneOrMany::One(text) => Self(vec![text]),
            OneOrMany::Many(texts) => Self(texts),
        }
    }
}

/// One code pattern or a list of them.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct CodePatterns(pub Vec<CodePattern>);

impl From<OneOrMany> for CodePatterns {
    fn from(value: OneOrMany) -> Self {
        let texts = Strings::from(value).0;
        Self(texts.into_iter().map(CodePattern::from).collect())
    }
}

/// The schema of what a type is read from.
macro_rules! read_from {
    ($($type:ty: $from:ty, $name:literal;)*) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$from>::json_schema(generator)
            }
        }
    )*};
}

read_from! {
    Strings: OneOrMany, "Strings";
    CodePatterns: OneOrMany, "CodePatterns";
    Globs: OneOrMany, "Globs";
    Pattern: String, "Pattern";
}

/// One glob or a list of them.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "OneOrMany")]
pub struct Globs(pub Vec<Glob>);

impl From<OneOrMany> for Globs {
    fn from(value: OneOrMany) -> Self {
        let texts = Strings::from(value).0;
        Self(
            texts
                .into_iter()
                .map(|text| Glob {
                    text,
                    compiled: OnceLock::new(),
                })
                .collect(),
        )
    }
}

/// A glob in which `*` stays within one folder; compiled at its first use, as a [`Pattern`] is.
#[derive(Debug)]
pub struct Glob {
    text: String,
    compiled: OnceLock<Option<PathGlob>>,
}

impl Glob {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True for a plain path, which needs no matcher.
    pub fn is_literal(&self) -> bool {
        is_literal(&self.text)
    }

    /// The folder part when that is a plain path: `src` of `src/*.ts`.
    pub fn literal_folder(&self) -> Option<&str> {
        let folder = self.text.rsplit_once('/').map_or("", |(folder, _)| folder);
        is_literal(folder).then_some(folder)
    }

    /// True when it looks into sub-folders at any depth.
    pub fn is_deep(&self) -> bool {
        self.text.contains("**")
    }

    pub fn matches(&self, path: &str) -> bool {
        self.compiled
            .get_or_init(|| PathGlob::new(&self.text))
            .as_ref()
            .is_some_and(|matcher| matcher.is_match(path))
    }
}

fn is_literal(glob: &str) -> bool {
    !glob.contains(['*', '?', '[', '{'])
}

/// A regular expression, compiled at its first use: most detectors never come to it.
/// `^` and `$` match at lines, classes are ASCII.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }
}

impl Pattern {
    /// `None` when the text is no regular expression; [`Detector::check`] finds those.
    pub fn regex(&self) -> Option<&Regex> {
        self.compiled
            .get_or_init(|| Self::compile(&self.text).ok())
            .as_ref()
    }

    /// Whether the text is a regular expression.
    pub(super) fn check(&self) -> std::result::Result<(), regex::Error> {
        Self::compile(&self.text).map(drop)
    }

    /// Whether one of its groups has this name.
    pub fn names(&self, group: &str) -> bool {
        self.text.contains(&format!("(?P<{group}>"))
    }

    fn compile(text: &str) -> std::result::Result<Regex, regex::Error> {
        RegexBuilder::new(text)
            .unicode(false)
            .multi_line(true)
            .size_limit(1 << 20)
            .build()
    }
}

impl Detector {
    /// Reads one detector file. `id` is its path below `detectors/` without `.toml`, `keys` says
    /// what each language's own facts are.
    pub fn parse(id: &str, source: &Source, keys: &KeyTable) -> Result<Self> {
        let mut detector: Self = typed_toml(source)?;
        id.clone_into(&mut detector.id);
        let folder = id.split('/').next().unwrap_or_default();
        if folder != detector.language {
            let hint = suggest(&detector.language, [folder]);
            return Err(Diagnostic::error(
                "detector-language",
                format!(
                    "{} stands in the folder {folder} but names the language {}",
                    source.path, detector.language
                ),
            )
            .with_help(format!("write language = \"{}\"", hint.unwrap_or(folder))));
        }
        let variants = detector
            .variant
            .iter_mut()
            .map(|variant| &mut variant.facts);
        for facts in variants.chain([&mut detector.facts]) {
            let raw = std::mem::take(&mut facts.raw);
            facts.own = keys.typed(&detector.language, raw, source)?;
        }
        Ok(detector)
    }

    /// Every condition, the nested ones too.
    pub fn conditions(&self) -> Vec<&Condition> {
        let variants = self.variant.iter().flat_map(|variant| &variant.when);
        nested(self.when.iter().chain(variants))
    }

    /// Gives the hole `"$HEALTH"` of code patterns the routes that are there for health checks, and
    /// `"$HEALTH_NAME"` the same without their first stroke too.
    pub fn choose_health(&mut self, paths: &str, names: &str) {
        let variants = self.variant.iter_mut();
        for condition in variants
            .flat_map(|variant| &mut variant.when)
            .chain(&mut self.when)
        {
            condition.for_each_mut(&mut |condition| {
                for pattern in &mut condition.code.0 {
                    pattern.choose("HEALTH", "HEALTH", paths);
                    pattern.choose("HEALTH_NAME", "HEALTH", names);
                }
            });
        }
    }

    /// Compiles every pattern and glob; for tests of a pack, since a run compiles only what it uses.
    pub fn check(&self) -> Result<()> {
        let conditions = self.conditions();
        check_all(&self.id, conditions.iter().copied())?;
        for condition in conditions {
            for pattern in condition.patterns() {
                pattern.check(&self.language).map_err(|error| {
                    Diagnostic::error("detector-code", format!("{}: {error}", self.id))
                })?;
            }
        }
        Ok(())
    }
}

/// Conditions with those inside of them.
fn nested<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> Vec<&'c Condition> {
    let mut all: Vec<&Condition> = conditions.into_iter().collect();
    let mut at = 0;
    while let Some(condition) = all.get(at).copied() {
        all.extend(condition.unless.iter().chain(&condition.all));
        at += 1;
    }
    all
}

/// Compiles every pattern and glob of conditions.
pub(super) fn check_all<'c>(
    whose: &str,
    conditions: impl IntoIterator<Item = &'c Condition>,
) -> Result<()> {
    for condition in nested(conditions) {
        for glob in &condition.file.0 {
            if PathGlob::new(&glob.text).is_none() {
                let message = format!("{whose}: {} is no pattern of paths", glob.text);
                return Err(Diagnostic::error("detector-glob", message));
            }
        }
        let patterns = [
            &condition.matches,
            &condition.inside,
            &condition.except,
            &condition.with,
            &condition.without,
            &condition.script_matches,
            &condition.setting_matches,
            &condition.version_matches,
        ];
        for pattern in patterns
            .into_iter()
            .flatten()
            .chain(condition.holes.values())
        {
            Pattern::compile(&pattern.text).map_err(|error| {
                Diagnostic::error("detector-pattern", format!("{whose}: {error}"))
            })?;
        }
        for hole in condition.holes.keys().chain(condition.has.keys()) {
            let name = hole.to_ascii_uppercase();
            if condition.code.0.iter().any(|code| !code.captures(&name)) {
                return Err(Diagnostic::error(
                    "detector-hole",
                    format!("{whose}: a code pattern has no hole ${name}"),
                ));
            }
        }
    }
    Ok(())
}
