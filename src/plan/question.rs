//! What is open after detection, for the wizard.

use super::options::{OPTIONS, Opt};
use super::settings::Settings;
use crate::detect::Detection;
use crate::facts::{Confidence, Slot};
use crate::lang::Component;
use crate::repo::RelPath;

/// One question; its answer becomes the setting `option.key` of the component.
#[derive(Debug)]
pub struct Question {
    pub component: RelPath,
    pub option: &'static Opt,
    /// Candidates with the reason for each, the best first.
    pub choices: Vec<Choice>,
}

#[derive(Debug)]
pub struct Choice {
    pub value: String,
    pub why: String,
}

/// The questions that are worth asking: a choice among equals, a guess that matters, or nothing
/// found at all. Settings that are given are not asked for.
pub fn questions(detection: &Detection, settings: &Settings) -> Vec<Question> {
    detection
        .components
        .iter()
        .flat_map(|component| of_component(component, settings))
        .collect()
}

fn of_component(component: &Component, settings: &Settings) -> Vec<Question> {
    let facts = &component.facts;
    let mut questions = Vec::new();
    let mut ask = |key: &str, open: bool, choices: Vec<Choice>| {
        let Some(option) = OPTIONS.iter().find(|option| option.key == key) else {
            return;
        };
        if open && settings.get(&component.dir, key).is_none() {
            questions.push(Question {
                component: component.dir.clone(),
                option,
                choices,
            });
        }
    };
    ask("main", open(&facts.main), choices(&facts.main));
    ask("start", open(&facts.start), choices(&facts.start));
    let serves = facts.kind.value() == Some(&crate::facts::Kind::Web);
    ask(
        "port",
        serves && (facts.port.is_empty() || open(&facts.port)),
        choices(&facts.port),
    );
    questions
}

fn open<T>(slot: &Slot<T>) -> bool {
    slot.all().len() > 1
        && (slot.is_open()
            || slot
                .best()
                .is_some_and(|found| found.confidence == Confidence::Guess))
}

fn choices<T: std::fmt::Display>(slot: &Slot<T>) -> Vec<Choice> {
    slot.all()
        .iter()
        .map(|found| Choice {
            value: found.value.to_string(),
            why: found.evidence.why.clone(),
        })
        .collect()
}
