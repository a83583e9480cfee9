//! What a Dockerfile is made with, and what of it no image should have.

use std::collections::BTreeSet;

use super::Reader;
use crate::authors::dockerfile::{Instruction, Stage, chain};
use crate::authors::said::Item;
use crate::authors::shell::commands;

impl Reader<'_> {
    pub(super) fn unsafe_run(&mut self, instruction: &Instruction) {
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

    /// The languages of what is started, of the base images and of the tools: the surest first.
    pub(super) fn languages(
        &mut self,
        stages: &[Stage],
        own: &[usize],
        program: Option<usize>,
        before: &[usize],
    ) {
        let image = |at: usize| self.table.language_of(&stages[at].image).map(str::to_owned);
        let tools = |at: usize| {
            let runs = stages[at].body.iter().filter(|one| one.name == "RUN");
            runs.flat_map(|one| commands(one.flags().1))
                .filter_map(|command| {
                    let program = command.words.first()?;
                    self.table.language_of_tool(program).map(str::to_owned)
                })
                .collect::<Vec<_>>()
        };
        let started = self
            .said
            .told
            .iter()
            .rev()
            .find_map(|told| match &told.item {
                Item::Start(start) => self.table.language_of_tool(start.words.first()?),
                _ => None,
            });
        let mut found: Vec<String> = started.map(str::to_owned).into_iter().collect();
        found.extend(own.iter().filter_map(|at| image(*at)));
        if let Some(at) = program {
            let line = chain(stages, at);
            found.extend(line.iter().filter_map(|at| image(*at)));
            found.extend(line.iter().flat_map(|at| tools(*at)));
        }
        found.extend(own.iter().rev().flat_map(|at| tools(*at)));
        for at in before.iter().rev() {
            found.extend(image(*at));
            found.extend(tools(*at));
        }
        let mut seen = BTreeSet::new();
        found.retain(|language| seen.insert(language.clone()));
        self.said.languages = found;
    }

    /// What the file does and an image should not.
    pub(super) fn doubts(&mut self, stages: &[Stage], own: &[usize], last: usize) {
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
