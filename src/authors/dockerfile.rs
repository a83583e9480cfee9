//! A Dockerfile as instructions and stages. What they mean is for [`super::image`].

use std::collections::{BTreeMap, BTreeSet};

use super::shell::{expand, expand_with};
use crate::repo::{Source, Span};

/// One instruction, its lines joined.
#[derive(Clone, Debug)]
pub(super) struct Instruction {
    /// In upper case.
    pub name: String,
    /// What stands behind the name; bodies of here-documents follow on lines of their own.
    pub rest: String,
    /// The first line, for evidence.
    pub at: Span,
}

impl Instruction {
    /// Words before the first that is no `--flag`, and the rest of the text.
    pub(super) fn flags(&self) -> (Vec<&str>, &str) {
        let mut rest = self.rest.trim_start();
        let mut flags = Vec::new();
        while rest.starts_with("--") {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            flags.push(&rest[..end]);
            rest = rest[end..].trim_start();
        }
        (flags, rest)
    }

    /// The words of the JSON form, when it has that form.
    pub(super) fn json(text: &str) -> Option<Vec<String>> {
        text.trim_start().starts_with('[').then_some(())?;
        serde_json::from_str(text.trim()).ok()
    }
}

/// Instructions that are read from one file.
const MOST: usize = 2_000;

pub(super) fn instructions(source: &Source) -> Vec<Instruction> {
    let mut all: Vec<Instruction> = Vec::new();
    let mut offset = 0;
    let mut open: Option<Instruction> = None;
    let mut ends: Vec<String> = Vec::new();
    for raw in source.text.split_inclusive('\n') {
        let at = offset;
        offset += raw.len();
        let line = raw.trim();
        if let Some(end) = ends.first() {
            if line == end {
                ends.remove(0);
            } else if let Some(last) = all.last_mut() {
                last.rest.push('\n');
                last.rest.push_str(raw.trim_end());
            }
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (text, goes_on) = match line.strip_suffix('\\') {
            Some(text) => (text.trim_end(), true),
            None => (line, false),
        };
        let mut now = if let Some(mut before) = open.take() {
            before.rest.push(' ');
            before.rest.push_str(text);
            before
        } else {
            let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            Instruction {
                name: name.to_ascii_uppercase(),
                rest: rest.trim_start().to_owned(),
                at: at..at + raw.trim_end().len(),
            }
        };
        if goes_on {
            open = Some(now);
            continue;
        }
        if matches!(now.name.as_str(), "RUN" | "COPY" | "ADD") {
            ends = here_documents(&now.rest);
        }
        if now.name == "ONBUILD" {
            continue;
        }
        now.rest.truncate(now.rest.trim_end().len());
        all.push(now);
        if all.len() >= MOST {
            break;
        }
    }
    all.extend(open);
    all
}

/// The words that end the here-documents of an instruction.
fn here_documents(text: &str) -> Vec<String> {
    text.split("<<")
        .skip(1)
        .filter_map(|rest| {
            let rest = rest.trim_start_matches('-').trim_start_matches(['"', '\'']);
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            (end > 0).then(|| rest[..end].to_owned())
        })
        .collect()
}

/// One stage and what holds at its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    pub name: Option<String>,
    /// The image as it is written, with arguments put in as far as they are known.
    pub image: String,
    /// The stage that it starts from, when it is one of this file.
    pub parent: Option<usize>,
    pub from: Span,
    pub body: Vec<Instruction>,
    /// Values of ARG and ENV, those of the parent included.
    pub values: BTreeMap<String, String>,
}

pub(super) fn stages(source: &Source) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut global: BTreeMap<String, String> = BTreeMap::new();
    for instruction in instructions(source) {
        if instruction.name == "FROM" {
            let (_, text) = instruction.flags();
            let mut words = text.split_whitespace();
            let image = words.next().unwrap_or_default();
            let image = expand_with(image, &global, Some("")).unwrap_or_default();
            let name = words
                .next()
                .filter(|word| word.eq_ignore_ascii_case("as"))
                .and_then(|_| words.next())
                .map(str::to_lowercase);
            let parent = find(&stages, &image);
            stages.push(Stage {
                name,
                values: parent.map_or_else(BTreeMap::new, |at| stages[at].values.clone()),
                parent,
                image,
                from: instruction.at,
                body: Vec::new(),
            });
            continue;
        }
        match stages.last_mut() {
            Some(stage) => {
                stage.learn(&instruction, &global);
                stage.body.push(instruction);
            }
            None if instruction.name == "ARG" => {
                for (name, value) in assignments(&instruction) {
                    if let Some(value) = expand(&value, &global) {
                        global.insert(name, value);
                    }
                }
            }
            None => {}
        }
    }
    stages
}

/// The stage of a name or number among those before.
fn find(stages: &[Stage], name: &str) -> Option<usize> {
    let lower = name.to_lowercase();
    stages
        .iter()
        .rposition(|stage| stage.name.as_deref() == Some(lower.as_str()))
        .or_else(|| lower.parse().ok().filter(|at| *at < stages.len()))
}

impl Stage {
    fn learn(&mut self, instruction: &Instruction, global: &BTreeMap<String, String>) {
        match instruction.name.as_str() {
            "ENV" => {
                for (name, value) in assignments(instruction) {
                    match expand(&value, &self.values) {
                        Some(value) => self.values.insert(name, value),
                        None => self.values.remove(&name),
                    };
                }
            }
            "ARG" => {
                for word in instruction.rest.split_whitespace() {
                    let name = word.split('=').next().unwrap_or_default();
                    if let Some(value) = global.get(name) {
                        self.values.insert(name.to_owned(), value.clone());
                    }
                }
                for (name, value) in assignments(instruction) {
                    if !global.contains_key(&name)
                        && let Some(value) = expand(&value, &self.values)
                    {
                        self.values.insert(name, value);
                    }
                }
            }
            _ => {}
        }
    }
}

/// The pairs of ENV, ARG or LABEL, in both forms; an ARG without a value is none.
pub(super) fn assignments(instruction: &Instruction) -> Vec<(String, String)> {
    let text = instruction.rest.as_str();
    let first = text.split_whitespace().next().unwrap_or_default();
    if !first.contains('=') {
        return match text.split_once(char::is_whitespace) {
            Some((name, value)) if instruction.name == "ENV" => {
                vec![(name.to_owned(), unquote(value.trim()))]
            }
            _ => Vec::new(),
        };
    }
    shlex::split(text)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|word| {
            let (name, value) = word.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        })
        .collect()
}

fn unquote(text: &str) -> String {
    shlex::split(text).map_or_else(|| text.to_owned(), |words| words.join(" "))
}

/// The chain from the stage's first ancestor to itself.
pub(super) fn chain(stages: &[Stage], last: usize) -> Vec<usize> {
    let mut chain = vec![last];
    while let Some(parent) = chain.first().and_then(|at| stages[*at].parent) {
        chain.insert(0, parent);
    }
    chain
}

/// Stages that a stage takes files from, with those that they start from, in the file's order; its
/// own chain is not among them.
pub(super) fn feeding(stages: &[Stage], last: usize) -> Vec<usize> {
    let own: BTreeSet<usize> = chain(stages, last).into_iter().collect();
    let mut reached: BTreeSet<usize> = own.clone();
    let mut open: Vec<usize> = own.iter().copied().collect();
    while let Some(at) = open.pop() {
        for name in stages[at].body.iter().flat_map(sources) {
            let Some(from) = find(&stages[..at], &name) else {
                continue;
            };
            for stage in chain(stages, from) {
                if reached.insert(stage) {
                    open.push(stage);
                }
            }
        }
    }
    reached.difference(&own).copied().collect()
}

/// Names of stages in `--from=` and `--mount=…,from=`.
fn sources(instruction: &Instruction) -> Vec<String> {
    if !matches!(instruction.name.as_str(), "COPY" | "ADD" | "RUN") {
        return Vec::new();
    }
    let (flags, _) = instruction.flags();
    flags
        .iter()
        .filter_map(|flag| {
            flag.strip_prefix("--from=").or_else(|| {
                flag.strip_prefix("--mount=")?
                    .split(',')
                    .find_map(|part| part.strip_prefix("from="))
            })
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::RelPath;

    fn read(text: &str) -> Vec<Stage> {
        stages(&Source::new(RelPath::new("Dockerfile").unwrap(), text))
    }

    #[test]
    fn lines_comments_and_here_documents_are_joined() {
        let stages = read(
            "ARG V=3\nFROM python:${V} AS Build\nRUN a \\\n  # why\n\n  && b\nRUN <<EOF\nc\nd\nEOF\nCOPY x /y\n",
        );
        assert_eq!(stages[0].image, "python:3");
        assert_eq!(stages[0].name.as_deref(), Some("build"));
        let texts: Vec<&str> = stages[0].body.iter().map(|i| i.rest.as_str()).collect();
        assert_eq!(texts, ["a && b", "<<EOF\nc\nd", "x /y"]);
    }

    #[test]
    fn values_and_stages_are_followed() {
        let stages = read(
            "ARG A=1\nFROM x AS base\nARG A\nENV B=$A C 2\nENV D four five\nFROM base AS mid\nENV E=${B}\n\
             FROM scratch AS unused\nFROM y\nCOPY --from=mid /a /b\n",
        );
        assert_eq!(stages[1].values["E"], "1");
        assert_eq!(stages[1].values["D"], "four five");
        assert_eq!(chain(&stages, 1), [0, 1]);
        assert_eq!(feeding(&stages, 3), [0, 1]);
    }
}
