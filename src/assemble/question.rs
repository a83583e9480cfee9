//! What is worth asking, for the wizard. Answers become settings; what is given is not asked for.

use crate::detect::Detection;
use crate::diag::Location;
use crate::facts::{Component, Confidence, Kind, Slot};
use crate::plan::options::{Form, Opt, option};
use crate::plan::settings::Settings;
use crate::plan::{Decision, Need, Plan};
use crate::repo::RelPath;

/// One question; its answer becomes the setting `option.key` of the component.
#[derive(Debug)]
pub struct Question {
    pub component: RelPath,
    pub option: &'static Opt,
    /// Candidates with the reason for each, the best first.
    pub choices: Vec<Choice>,
    /// Whether something else than a candidate may be the answer.
    pub free: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    /// Empty where nothing speaks for it.
    pub why: String,
    pub at: Option<Location>,
}

/// The questions that detection leaves: a choice among equals, or a guess where there are others.
pub fn questions(detection: &Detection, settings: &Settings) -> Vec<Question> {
    detection
        .components
        .iter()
        .filter(|component| {
            let wanted = &settings.components;
            let language = settings.peek(&component.dir, "language");
            (wanted.is_empty() || wanted.contains(&component.dir))
                && language.is_none_or(|language| language == component.language)
        })
        .flat_map(|component| of_component(component, settings))
        .collect()
}

fn of_component(component: &Component, settings: &Settings) -> Vec<Question> {
    let facts = &component.facts;
    let dir = &component.dir;
    let mut questions = Vec::new();
    let mut ask = |key: &str, choices: Option<Vec<Choice>>| {
        if settings.peek(dir, key).is_none() {
            questions.extend(choices.and_then(|choices| Question::new(dir, key, choices)));
        }
    };
    ask("main", open(&facts.main));
    ask("start", open(&facts.start));
    // A program of the wrong kind gets no port and no health check, or one that always fails.
    let unsure = facts
        .kind
        .best()
        .is_some_and(|found| found.confidence == Confidence::Guess);
    ask("kind", unsure.then(|| choices(&facts.kind)));
    let serves = match settings.peek(dir, "kind") {
        Some(kind) => kind == "web",
        None => facts.kind.value() == Some(&Kind::Web),
    };
    ask("port", open(&facts.port).filter(|_| serves));
    questions
}

/// Options whose guess is worth a question; a wrong guess of another is seen in the preview.
const RISKY: &[&str] = &["build", "kind", "main", "port", "start"];

/// The questions that a finished plan leaves: what it had to guess.
pub fn of_guesses(plan: &Plan, settings: &Settings) -> Vec<Question> {
    plan.images
        .iter()
        .flat_map(|component| component.guesses().map(|guess| (&component.dir, guess)))
        .filter(|(dir, guess)| {
            RISKY.contains(&guess.what.as_str()) && settings.peek(dir, &guess.what).is_none()
        })
        .filter_map(|(dir, guess)| Question::new(dir, &guess.what, alternatives(guess)))
        .collect()
}

/// The question for what a plan cannot do without.
pub fn of_need(need: &Need) -> Option<Question> {
    let choices = need.candidates.iter().map(|value| Choice {
        value: value.clone(),
        why: String::new(),
        at: None,
    });
    Question::new(&need.component, need.key, choices.collect())
}

impl Question {
    /// `None` when there is no such option. An option of few values offers them all.
    fn new(component: &RelPath, key: &str, mut choices: Vec<Choice>) -> Option<Self> {
        let option = option(key)?;
        if let Form::Choice(values) = option.form {
            // `static` is a language of its own: no program becomes files by an answer.
            let rest = values
                .iter()
                .filter(|value| key != "kind" || **value != "static");
            for value in rest {
                if choices.iter().all(|choice| choice.value != *value) {
                    choices.push(Choice {
                        value: (*value).to_owned(),
                        why: String::new(),
                        at: None,
                    });
                }
            }
        }
        let free =
            !matches!(option.form, Form::Choice(_) | Form::Folders) && !matches!(key, "language");
        Some(Self {
            component: component.clone(),
            option,
            choices,
            free,
        })
    }
}

/// The candidates when the best does not stand out.
fn open<T: std::fmt::Display>(slot: &Slot<T>) -> Option<Vec<Choice>> {
    let guess = slot
        .best()
        .is_some_and(|found| found.confidence == Confidence::Guess);
    (slot.all().len() > 1 && (slot.is_open() || guess)).then(|| choices(slot))
}

fn choices<T: std::fmt::Display>(slot: &Slot<T>) -> Vec<Choice> {
    slot.all()
        .iter()
        .map(|found| Choice {
            value: found.value.to_string(),
            why: found.evidence.why.clone(),
            at: found.evidence.at.clone(),
        })
        .collect()
}

fn alternatives(decision: &Decision) -> Vec<Choice> {
    let chosen = (&decision.chosen, &decision.because);
    let others = decision
        .instead_of
        .iter()
        .map(|other| (&other.value, &other.because));
    std::iter::once(chosen)
        .chain(others)
        .map(|(value, because)| Choice {
            value: value.clone(),
            why: because.why.clone(),
            at: because.at.clone(),
        })
        .collect()
}
