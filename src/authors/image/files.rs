//! Files that an image takes from the context and from other stages.

use std::collections::BTreeMap;

use super::Reader;
use crate::authors::dockerfile::{Instruction, Stage};
use crate::authors::said::Item;
use crate::authors::shell::expand_with;
use crate::repo::{RelPath, Span};

impl Reader<'_> {
    pub(super) fn copied(&mut self, instruction: &Instruction, values: &BTreeMap<String, String>) {
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
        let stage = flags.iter().find_map(|flag| flag.strip_prefix("--from="));
        for word in words {
            let Some(word) = expand_with(&word, values, Some("")) else {
                continue;
            };
            if let Some(stage) = stage {
                self.run.copies.push((stage.to_lowercase(), to.clone()));
                self.taken(&word, &to, &instruction.at);
                self.run.taken.push(word);
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

    /// What the last stage takes of another, when that had it from the context.
    pub(super) fn taken(&mut self, from: &str, to: &str, at: &Span) {
        let from = from.trim_end_matches('/');
        let to = to.trim_end_matches('/');
        for (path, target, _) in &self.given {
            if target == from {
                self.run
                    .files
                    .push((path.clone(), to.to_owned(), at.clone()));
            } else if let Some(rest) = target.strip_prefix(from)
                && rest.starts_with('/')
            {
                self.run
                    .files
                    .push((path.clone(), format!("{to}{rest}"), at.clone()));
            }
        }
    }

    /// The stage that makes the program that is started.
    pub(super) fn made_in(&self, before: &[Stage]) -> Option<usize> {
        let words = self
            .said
            .told
            .iter()
            .rev()
            .find_map(|told| match &told.item {
                Item::Start(start) => Some(&start.words),
                _ => None,
            })?;
        let name = words.first()?.rsplit('/').next()?;
        let ends = |to: &String| to.rsplit('/').next() == Some(name);
        let copies = self.run.copies.iter().rev();
        let (stage, _) = copies
            .clone()
            .find(|(_, to)| ends(to))
            .or_else(|| copies.clone().find(|(_, to)| to.ends_with("/bin")))?;
        let named = |one: &Stage| one.name.as_deref() == Some(stage.as_str());
        before
            .iter()
            .rposition(named)
            .or_else(|| stage.parse().ok().filter(|at| *at < before.len()))
    }

    /// A path as seen from the work folder.
    pub(super) fn absolute(&self, path: &str) -> String {
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
    pub(super) fn context_file(&self, word: &str) -> Option<RelPath> {
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
}
