//! What a Dockerfile says: of its last stage how the program runs, of the stages before how it is
//! built, and what of both is not to be followed.

mod doubts;
mod files;
mod start;

use std::collections::BTreeMap;

use super::asked::asked;
use super::dockerfile::{Instruction, Stage, assignments, chain, feeding, stages};
use super::said::{Item, Said};
use super::shell::{Simple, commands, expand, variables};
use super::table::Table;
use super::{builds, packages};
use crate::parse::marker::KEPT;
use crate::repo::{RelPath, Repo, Source, Span};

/// What the file is built with, when another file tells it.
#[derive(Clone, Debug, Default)]
pub(super) struct Called {
    /// The build context.
    pub context: RelPath,
    /// The stage that is built.
    pub target: Option<String>,
}

/// What a last stage ends with.
#[derive(Default)]
struct Run {
    workdir: String,
    entrypoint: Option<(Vec<String>, Span)>,
    cmd: Option<(Vec<String>, Span)>,
    /// Paths in the image, and the paths of the context that they are copies of.
    files: Vec<(RelPath, String, Span)>,
    /// Where the stages before leave what the last one takes.
    taken: Vec<String>,
    /// The stage, by its name, and the place in the image of what it takes.
    copies: Vec<(String, String)>,
}

/// `None` when no stage of the file is for production, or when it is no Dockerfile.
pub(super) fn read(
    repo: &Repo,
    table: &Table,
    source: &Source,
    weight: u8,
    called: &Called,
) -> Option<Said> {
    let stages = stages(source);
    let last = wanted(&stages, table, called.target.as_deref())?;
    let mut reader = Reader {
        repo,
        table,
        source,
        context: &called.context,
        said: Said::new(&source.path, weight),
        run: Run::default(),
        given: Vec::new(),
    };
    reader.said.dir.clone_from(&called.context);
    let own = chain(&stages, last);
    let before = feeding(&stages, last);
    for &at in &before {
        reader.run.workdir.clear();
        for instruction in &stages[at].body {
            reader.building(instruction, &stages[at]);
        }
    }
    // What the stages before were given, the last one may take from them.
    reader.given = std::mem::take(&mut reader.run.files);
    reader.run = Run::default();
    for &at in &own {
        for instruction in &stages[at].body {
            reader.running(instruction, &stages[at], before.is_empty());
        }
    }
    reader.start(&stages[last]);
    let program = reader.made_in(&stages[..last]);
    reader.languages(&stages, &own, program, &before);
    reader.doubts(&stages, &own, last);
    let names = &mut reader.said.names;
    names.extend(reader.run.taken);
    if !reader.run.workdir.is_empty() {
        names.insert(reader.run.workdir);
    }
    Some(reader.said)
}

/// The stage that deployers build: the one that is asked for, else the last that is for production.
fn wanted(stages: &[Stage], table: &Table, target: Option<&str>) -> Option<usize> {
    let named = |stage: &Stage, wanted: &str| stage.name.as_deref() == Some(wanted);
    if let Some(target) = target {
        let target = target.to_lowercase();
        if let Some(at) = stages.iter().rposition(|stage| named(stage, &target)) {
            return Some(at);
        }
    }
    let last = stages.len().checked_sub(1)?;
    let production = |stage: &Stage| {
        !stage
            .name
            .as_deref()
            .is_some_and(|name| table.is_beside(name))
    };
    let runs = |stage: &Stage| {
        stage
            .body
            .iter()
            .any(|instruction| matches!(instruction.name.as_str(), "CMD" | "ENTRYPOINT"))
    };
    // An unnamed or last stage is what a plain build gives, whatever it is called.
    if production(&stages[last]) {
        return Some(last);
    }
    (0..=last)
        .rev()
        .find(|at| production(&stages[*at]) && runs(&stages[*at]))
}

struct Reader<'r> {
    repo: &'r Repo,
    table: &'r Table,
    source: &'r Source,
    context: &'r RelPath,
    said: Said,
    run: Run,
    /// As [`Run::files`], of the stages before.
    given: Vec<(RelPath, String, Span)>,
}

impl Reader<'_> {
    fn tell(&mut self, at: &Span, item: Item) {
        let name = self.source.path.name();
        let why = format!(
            "the authors' {} says so",
            name.strip_suffix(KEPT).unwrap_or(name)
        );
        self.said.tell(self.source, at, item, &why);
    }

    /// An instruction of the last stage or of one that it starts from; `alone` when no other stage
    /// builds, so that this one does.
    fn running(&mut self, instruction: &Instruction, stage: &Stage, alone: bool) {
        let values = &stage.values;
        let at = &instruction.at;
        match instruction.name.as_str() {
            "EXPOSE" => self.exposed(instruction, values),
            "ENV" => {
                for (name, value) in assignments(instruction) {
                    if let Some(value) = expand(&value, values) {
                        self.tell(at, Item::Env(name, value));
                    }
                }
            }
            "VOLUME" => {
                let paths = Instruction::json(&instruction.rest).unwrap_or_else(|| {
                    instruction
                        .rest
                        .split_whitespace()
                        .map(str::to_owned)
                        .collect()
                });
                for path in paths {
                    if let Some(path) = expand(&path, values) {
                        let path = self.absolute(&path);
                        self.tell(at, Item::Volume(path));
                    }
                }
            }
            "WORKDIR" => {
                if let Some(path) = expand(instruction.rest.trim_matches('"'), values) {
                    self.run.workdir = self.absolute(&path);
                }
            }
            "STOPSIGNAL" => self.tell(at, Item::StopSignal(instruction.rest.clone())),
            "HEALTHCHECK" => self.health(instruction, values),
            "ENTRYPOINT" => {
                self.run.entrypoint = Some((words(&instruction.rest), at.clone()));
                // A new entrypoint does not get the words of an older CMD.
                self.run.cmd = None;
            }
            "CMD" => self.run.cmd = Some((words(&instruction.rest), at.clone())),
            "COPY" | "ADD" => self.copied(instruction, values),
            "RUN" => {
                self.unsafe_run(instruction);
                let text = instruction.flags().1.to_owned();
                let all = commands(&text);
                let compiles = alone
                    && all
                        .iter()
                        .any(|command| !builds::read(command, values).is_empty());
                for command in &all {
                    for name in packages::installed(command, &text, values) {
                        self.tell(at, Item::RunPackage(name));
                    }
                    for path in written(command) {
                        if let Some(path) = expand(&path, values) {
                            let path = self.absolute(&path);
                            self.tell(at, Item::Writes(path));
                        }
                    }
                    if alone || compiles {
                        self.built(command, at, values);
                    }
                }
            }
            _ => {}
        }
    }

    fn building(&mut self, instruction: &Instruction, stage: &Stage) {
        let values = &stage.values;
        match instruction.name.as_str() {
            "RUN" => {
                let text = instruction.flags().1.to_owned();
                for command in &commands(&text) {
                    for name in packages::installed(command, &text, values) {
                        self.tell(&instruction.at, Item::BuildPackage(name));
                    }
                    self.built(command, &instruction.at, values);
                }
            }
            "ENV" => {
                for (name, value) in assignments(instruction) {
                    if let Some(value) = expand(&value, values) {
                        self.tell(&instruction.at, Item::BuildEnv(name, value));
                    }
                }
            }
            "WORKDIR" => {
                self.said.names.insert(instruction.rest.clone());
                if let Some(path) = expand(instruction.rest.trim_matches('"'), values) {
                    self.run.workdir = self.absolute(&path);
                }
            }
            "COPY" | "ADD" => self.copied(instruction, values),
            _ => {}
        }
    }

    /// A build line, and the words of any command by which the program may be known.
    fn built(&mut self, command: &Simple, at: &Span, values: &BTreeMap<String, String>) {
        for item in builds::read(command, values) {
            self.tell(at, item);
        }
        for word in &command.words {
            let names = word.starts_with("--filter") || word.starts_with("--scope");
            let value = word
                .split_once('=')
                .map_or(word.as_str(), |(_, value)| value);
            if names || value.starts_with('@') || value.contains('/') || value.starts_with(':') {
                let value = value.trim_end_matches("...").trim_matches('/');
                self.said.names.insert(value.to_owned());
            }
        }
        let mut words = command.words.iter();
        while let Some(word) = words.next() {
            if matches!(
                word.as_str(),
                "--filter"
                    | "-F"
                    | "--scope"
                    | "-pl"
                    | "--workspace"
                    | "-w"
                    | "--bin"
                    | "-p"
                    | "-o"
            ) && let Some(next) = words.next()
            {
                self.said
                    .names
                    .insert(next.trim_end_matches("...").to_owned());
            }
        }
    }

    fn exposed(&mut self, instruction: &Instruction, values: &BTreeMap<String, String>) {
        for word in instruction.rest.split_whitespace() {
            let (port, protocol) = word.rsplit_once('/').unwrap_or((word, "tcp"));
            if protocol.eq_ignore_ascii_case("udp") {
                continue;
            }
            for found in variables(port) {
                if found.name.to_uppercase().contains("PORT")
                    && instruction.rest.split_whitespace().count() == 1
                {
                    let name = found.name.to_owned();
                    self.tell(&instruction.at, Item::PortVariable(name));
                }
            }
            if let Some(port) = expand(port, values).and_then(|port| port.parse().ok())
                && port > 0
            {
                self.tell(&instruction.at, Item::Port(port));
            }
        }
    }

    fn health(&mut self, instruction: &Instruction, values: &BTreeMap<String, String>) {
        let (_, text) = instruction.flags();
        let Some(check) = text.trim().strip_prefix("CMD") else {
            return;
        };
        let words = words(check.trim());
        let text = words.join(" ");
        let found = asked(&text, values).or_else(|| {
            // The check is a file of the repository.
            let script = words.iter().find_map(|word| self.context_file(word))?;
            asked(&self.repo.scan(&script)?.text, values)
        });
        let Some(found) = found else {
            return;
        };
        if let Some(path) = found.path {
            self.tell(&instruction.at, Item::Health(path));
        }
        if let Some(name) = found.port_variable {
            self.tell(&instruction.at, Item::PortVariable(name));
        }
        if let Some(port) = found.port {
            self.tell(&instruction.at, Item::Port(port));
        }
    }
}

/// ENTRYPOINT, CMD or a check as words: the shell form is a command of `sh -c`.
fn words(text: &str) -> Vec<String> {
    Instruction::json(text).unwrap_or_else(|| ["sh", "-c", text.trim()].map(str::to_owned).to_vec())
}

/// Folders that a command makes or gives to the program's user.
fn written(command: &Simple) -> Vec<String> {
    let Some((program, rest)) = command.words.split_first() else {
        return Vec::new();
    };
    let skip = match program.rsplit('/').next() {
        Some("mkdir") => 0,
        Some("chown") => 1,
        _ => return Vec::new(),
    };
    let mut values = Vec::new();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        if word == "-m" || word == "--mode" {
            words.next();
        } else if !word.starts_with('-') {
            values.push(word.clone());
        }
    }
    values.drain(..skip.min(values.len()));
    values
}

#[cfg(test)]
mod tests;
