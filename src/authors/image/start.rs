//! ENTRYPOINT and CMD, through entrypoint scripts, to the command that runs in the end.

use super::{Reader, written};
use crate::authors::dockerfile::Stage;
use crate::authors::said::{Item, Start};
use crate::authors::script::{self, End};
use crate::authors::shell::{commands, expand, variables};
use crate::repo::{RelPath, Source};
use crate::text::line_at;

impl Reader<'_> {
    /// ENTRYPOINT and CMD, through entrypoint scripts, to the command that runs in the end.
    pub(super) fn start(&mut self, stage: &Stage) {
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
            let argument = words.get(at_script + 1).map(String::as_str);
            let body = argument.and_then(|name| script::function(&text.text, name));
            let Some((end, known)) = script::read(body.unwrap_or(&text.text), &values) else {
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
    pub(super) fn script_ports(&mut self, script: &Source) {
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
}

/// A path that holds a script of a shell.
fn is_script(path: &RelPath) -> bool {
    let name = path.name();
    name.ends_with(".sh") || name.ends_with(".bash") || !name.contains('.')
}
