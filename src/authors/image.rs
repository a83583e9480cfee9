//! What a Dockerfile says: of its last stage how the program runs, of the stages before how it is
//! built, and what of both is not to be followed.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::asked;
use super::dockerfile::{Instruction, Stage, assignments, chain, feeding, stages};
use super::said::{Item, Said, Start, line_at};
use super::script::{self, End};
use super::shell::{Simple, commands, expand, expand_with, variables};
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
    };
    reader.said.dir.clone_from(&called.context);
    let own = chain(&stages, last);
    let before = feeding(&stages, last);
    for &at in &own {
        for instruction in &stages[at].body {
            reader.running(instruction, &stages[at], before.is_empty());
        }
    }
    reader.start(&stages[last]);
    for &at in &before {
        for instruction in &stages[at].body {
            reader.building(instruction, &stages[at]);
        }
    }
    reader.languages(&stages, &own, &before);
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
            }
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

    fn copied(&mut self, instruction: &Instruction, values: &BTreeMap<String, String>) {
        let (flags, text) = instruction.flags();
        let mut words = match Instruction::json(text) {
            Some(words) => words,
            None => shlex::split(text.lines().next().unwrap_or_default()).unwrap_or_default(),
        };
        let Some(to) = words
            .pop()
            .and_then(|to| expand_with(&to, values, Some("")))
        else {
            return;
        };
        let folder = to.ends_with('/') || words.len() > 1 || to == ".";
        let to = self.absolute(&to);
        let from_stage = flags.iter().any(|flag| flag.starts_with("--from="));
        for word in words {
            let Some(word) = expand_with(&word, values, Some("")) else {
                continue;
            };
            if from_stage {
                self.run.taken.push(word.clone());
                self.run.taken.push(to.clone());
                continue;
            }
            let Some(path) = self.context.resolve(word.trim_start_matches('/')) else {
                continue;
            };
            let is_file = self.repo.has(&path);
            if !is_file && !self.repo.has_dir(&path) {
                continue;
            }
            let target = if folder && is_file {
                format!("{}/{}", to.trim_end_matches('/'), path.name())
            } else {
                to.trim_end_matches('/').to_owned()
            };
            self.run.files.push((path, target, instruction.at.clone()));
        }
    }

    /// A path as seen from the work folder.
    fn absolute(&self, path: &str) -> String {
        let path = path.trim_matches(['"', '\'']);
        let whole = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("{}/{path}", self.run.workdir)
        };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        format!("/{}", parts.join("/"))
    }

    /// The file of the repository that a path in the image is a copy of.
    fn context_file(&self, word: &str) -> Option<RelPath> {
        let name = word.rsplit('/').next().filter(|name| !name.is_empty())?;
        let full = self.absolute(word);
        for (path, target, _) in self.run.files.iter().rev() {
            let file = if full == *target {
                path.clone()
            } else {
                let rest = full.strip_prefix(target.as_str())?.strip_prefix('/');
                match rest {
                    Some(rest) => path.join(rest),
                    None => continue,
                }
            };
            if self.repo.has(&file) {
                return Some(file);
            }
        }
        // Found by name on the PATH, or with permissions set by a later step.
        let by_name = self
            .run
            .files
            .iter()
            .rev()
            .find(|(path, _, _)| path.name() == name && self.repo.has(path))
            .map(|(path, _, _)| path.clone());
        by_name.or_else(|| {
            let dir = self.source.path.parent().unwrap_or_default();
            [dir.join(name), self.context.join(name)]
                .into_iter()
                .find(|path| name.ends_with(".sh") && self.repo.has(path))
        })
    }

    /// ENTRYPOINT and CMD, through entrypoint scripts, to the command that runs in the end.
    fn start(&mut self, stage: &Stage) {
        let run = &self.run;
        let Some((_, at)) = run.entrypoint.as_ref().or(run.cmd.as_ref()) else {
            return;
        };
        let at = at.clone();
        let given = run
            .cmd
            .as_ref()
            .map_or_else(Vec::new, |(words, _)| words.clone());
        let mut values = stage.values.clone();
        let mut words = match &run.entrypoint {
            Some((entrypoint, _)) => script::unwrap(entrypoint),
            None => Vec::new(),
        };
        let mut rest = script::unwrap(&given);
        if !words.is_empty() && !given.is_empty() {
            // Arguments of a program are no command to look behind.
            rest.clone_from(&given);
        }
        words.append(&mut rest);
        for _ in 0..3 {
            let at_script = match words.first().map(String::as_str) {
                Some("sh" | "bash" | "/bin/sh" | "/bin/bash") => 1,
                _ => 0,
            };
            let Some(file) = words
                .get(at_script)
                .and_then(|word| self.context_file(word))
            else {
                break;
            };
            let Some(text) = self.repo.scan(&file).filter(|_| is_script(&file)) else {
                break;
            };
            let Some((end, known)) = script::read(&text.text, &values) else {
                return;
            };
            self.script_ports(&text);
            for command in &commands(&text.text) {
                for path in written(command) {
                    if let Some(path) = expand(&path, &known) {
                        let path = self.absolute(&path);
                        let span = line_at(&text.text, command.at);
                        self.said.tell(
                            &text,
                            &span,
                            Item::Writes(path),
                            "the entrypoint script makes it",
                        );
                    }
                }
            }
            values = known;
            words = match end {
                End::Arguments => script::unwrap(&words.split_off(at_script + 1)),
                End::Command(words) => words,
            };
        }
        for word in &words {
            for found in variables(word) {
                let name = found.name.to_owned();
                let port = found
                    .default
                    .or(stage.values.get(found.name).map(String::as_str));
                let is_port = name.to_uppercase().ends_with("PORT");
                if let Some(port) = port.and_then(|port| port.parse().ok()).filter(|_| is_port) {
                    self.tell(&at, Item::PortVariable(name));
                    self.tell(&at, Item::Port(port));
                }
            }
        }
        let words: Option<Vec<String>> = words.iter().map(|word| expand(word, &values)).collect();
        let Some(words) = words.filter(|words| !words.is_empty()) else {
            self.tell(
                &at,
                Item::Left("a start command that only their shell can read".to_owned()),
            );
            return;
        };
        for (path, target, span) in self.run.files.clone() {
            let named = words.iter().any(|word| {
                let value = word
                    .split_once('=')
                    .map_or(word.as_str(), |(_, value)| value);
                value == target || value.starts_with(&format!("{target}/"))
            });
            if named && target.starts_with('/') {
                self.tell(&span, Item::File(path, target));
            }
        }
        let workdir = self.run.workdir.clone();
        self.tell(&at, Item::Start(Start { words, workdir }));
    }

    /// `${LD_SERVER_PORT:-9090}` in an entrypoint script.
    fn script_ports(&mut self, script: &Source) {
        for found in variables(&script.text) {
            let Some(port) = found
                .default
                .and_then(|default| default.parse::<u16>().ok())
            else {
                continue;
            };
            let upper = found.name.to_uppercase();
            let foreign = [
                "DB", "POSTGRES", "MYSQL", "REDIS", "SMTP", "DATABASE", "MAIL",
            ]
            .iter()
            .any(|word| upper.contains(word));
            if upper.ends_with("PORT") && !foreign && port > 0 {
                let start = script.text.find(found.name).unwrap_or_default();
                let span = line_at(&script.text, start);
                let why = "the entrypoint script listens there";
                let name = found.name.to_owned();
                self.said.tell(script, &span, Item::PortVariable(name), why);
                self.said.tell(script, &span, Item::Port(port), why);
            }
        }
    }

    fn unsafe_run(&mut self, instruction: &Instruction) {
        let text = &instruction.rest;
        let fetches = text.contains("curl ") || text.contains("wget ");
        let piped = commands(text).windows(2).any(|pair| {
            pair[0].beside
                && pair[1].words.first().is_some_and(|word| {
                    matches!(word.as_str(), "sh" | "bash" | "python" | "python3")
                })
        });
        if fetches && piped {
            self.tell(
                &instruction.at,
                Item::Left("a download that a shell runs unseen".to_owned()),
            );
        }
        if text.contains("chmod") && text.contains("777") {
            self.tell(&instruction.at, Item::Left("chmod 777".to_owned()));
        }
    }

    /// The languages of base images and tools, the last stage's first.
    fn languages(&mut self, stages: &[Stage], own: &[usize], before: &[usize]) {
        let mut seen = BTreeSet::new();
        let table = self.table;
        let all = own.iter().rev().chain(before.iter().rev());
        for &at in all {
            let mut found: Vec<String> = Vec::new();
            found.extend(table.language_of(&stages[at].image).map(str::to_owned));
            for instruction in stages[at].body.iter().filter(|one| one.name == "RUN") {
                found.extend(
                    commands(instruction.flags().1)
                        .iter()
                        .filter_map(builds::language)
                        .map(str::to_owned),
                );
            }
            for language in found {
                if seen.insert(language.clone()) {
                    self.said.languages.push(language);
                }
            }
        }
    }

    /// What the file does and an image should not.
    fn doubts(&mut self, stages: &[Stage], own: &[usize], last: usize) {
        let first = &stages[own[0]];
        let latest = first.image.ends_with(":latest")
            || !first.image.contains([':', '@', '$'])
                && first.image != "scratch"
                && !first.image.is_empty();
        if latest {
            let at = first.from.clone();
            self.tell(&at, Item::Left("a base image without a version".to_owned()));
        }
        let users: Vec<&Instruction> = own
            .iter()
            .flat_map(|at| &stages[*at].body)
            .filter(|one| one.name == "USER")
            .collect();
        let root = |text: &str| matches!(text.split(':').next(), Some("root" | "0" | ""));
        let user = users.last();
        let image_user = first.image.contains("nonroot") || first.image.contains("unprivileged");
        if user.map_or(!image_user, |user| root(user.rest.trim())) {
            let at = user.map_or_else(|| stages[last].from.clone(), |user| user.at.clone());
            self.tell(&at, Item::Left("the root user".to_owned()));
        }
    }
}

/// A path that holds a script of a shell.
fn is_script(path: &RelPath) -> bool {
    let name = path.name();
    name.ends_with(".sh") || name.ends_with(".bash") || !name.contains('.')
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
