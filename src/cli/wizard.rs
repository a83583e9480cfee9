//! The questions of `init` on a terminal: only what is open or risky, one after the other, until
//! a plan stands.

use super::exit::Failure;
use super::pipeline::Pipeline;
use super::prompt::{Item, Prompter, Stop};
use super::style::one_line;
use super::ui::Ui;
use crate::assemble::question::{Choice, Question, of_guesses, of_need, questions};
use crate::plan::options::{Opt, option};
use crate::plan::settings::Origin;
use crate::plan::{Need, Plan};
use crate::repo::RelPath;

/// An answer as a setting.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    /// Absent for the choice of the components.
    pub component: Option<RelPath>,
    pub option: &'static Opt,
    pub value: String,
}

/// Asks until the repository can be planned. The answers are in the pipeline's settings too.
pub(super) fn ask(
    pipeline: &mut Pipeline,
    prompter: &mut dyn Prompter,
    ui: &Ui<'_>,
) -> Result<(Plan, Vec<Answered>), Failure> {
    let mut answers = Vec::new();
    answers.extend(which_components(pipeline, prompter)?);
    let mut planned = strict(pipeline);
    while let Some(question) = next_question(pipeline, &planned) {
        let answer = put(&question, pipeline, prompter, ui)?;
        // Another entry reaches other code, which has its own port and kind.
        let is_entry = question.option.key == "main";
        if is_entry {
            pipeline.detect_again();
        }
        planned = strict(pipeline);
        // No plan failed without a need before, so it is this answer that does not fit.
        if let Err(failure) = &planned
            && failure.needs.is_none()
        {
            if let Some(problem) = &failure.diagnostic {
                ui.diagnostic(problem);
            }
            pipeline
                .settings
                .forget_answer(&question.component, question.option.key);
            if is_entry {
                pipeline.detect_again();
            }
            planned = strict(pipeline);
            continue;
        }
        answers.push(answer);
    }
    planned.map(|plan| (plan, answers))
}

/// The plan, or what one of its components lacks as long as somebody can be asked for it.
fn strict(pipeline: &Pipeline) -> Result<Plan, Failure> {
    let mut plan = pipeline.plan()?;
    let asks = |failure: &crate::plan::Failure| {
        let need = failure.needs.as_deref()?;
        let unanswered = pipeline.settings.peek(&need.component, need.key).is_none();
        unanswered.then_some(())
    };
    match plan.open.iter().position(|failure| asks(failure).is_some()) {
        Some(at) => Err(plan.open.swap_remove(at).into()),
        None => Ok(plan),
    }
}

/// The next thing to ask; `None` when the plan stands, or when it fails for another reason than a
/// missing answer.
fn next_question(pipeline: &Pipeline, planned: &Result<Plan, Failure>) -> Option<Question> {
    let settings = &pipeline.settings;
    let open = |need: &Need| {
        let unanswered = settings.peek(&need.component, need.key).is_none();
        of_need(need).filter(|_| unanswered)
    };
    let need = match planned {
        Ok(_) => None,
        Err(failure) => Some(failure.needs.as_deref()?),
    };
    // What language it is comes first: the other questions follow from it.
    if let Some(need) = need.filter(|need| need.key == "language") {
        return open(need);
    }
    let left = questions(&pipeline.detection, settings).into_iter().next();
    left.or_else(|| match (planned, need) {
        (Ok(plan), _) => of_guesses(plan, settings).into_iter().next(),
        (Err(_), need) => need.and_then(open),
    })
}

/// Of several components, those that get an image; nothing is remembered when all do.
fn which_components(
    pipeline: &mut Pipeline,
    prompter: &mut dyn Prompter,
) -> Result<Option<Answered>, Failure> {
    let mut dirs: Vec<RelPath> = Vec::new();
    let mut items = Vec::new();
    for component in &pipeline.detection.components {
        if dirs.last() != Some(&component.dir) {
            dirs.push(component.dir.clone());
            let kind = component.facts.kind.value().map(ToString::to_string);
            let note = format!("{} {}", component.language, kind.unwrap_or_default());
            items.push(Item::new(component.dir.to_string(), note));
        }
    }
    let Some(option) = option("components") else {
        return Ok(None);
    };
    if dirs.len() < 2 || pipeline.settings.selected_by().is_some() {
        return Ok(None);
    }
    let chosen = prompter.several(option.question, &items)?;
    if chosen.is_empty() {
        return Err(Stop::Quit.into());
    }
    let every = chosen.len() == dirs.len();
    let chosen: Vec<RelPath> = chosen.into_iter().map(|at| dirs[at].clone()).collect();
    let value: Vec<String> = chosen.iter().map(ToString::to_string).collect();
    pipeline.settings.select(chosen, Origin::Answer);
    if every {
        return Ok(None);
    }
    Ok(Some(Answered {
        component: None,
        option,
        value: value.join(","),
    }))
}

/// Asks one question and sets what it decides.
fn put(
    question: &Question,
    pipeline: &mut Pipeline,
    prompter: &mut dyn Prompter,
    ui: &Ui<'_>,
) -> Result<Answered, Failure> {
    let several = pipeline.detection.components.len() > 1;
    let prompt = if several {
        one_line(&format!(
            "{}: {}",
            question.component, question.option.question
        ))
    } else {
        question.option.question.to_owned()
    };
    let value = answer(question, &prompt, prompter, ui)?;
    pipeline.settings.add(
        Some(question.component.clone()),
        question.option.key,
        value.clone(),
        Origin::Answer,
    )?;
    Ok(Answered {
        component: Some(question.component.clone()),
        option: question.option,
        value,
    })
}

fn answer(
    question: &Question,
    prompt: &str,
    prompter: &mut dyn Prompter,
    ui: &Ui<'_>,
) -> Result<String, Failure> {
    let fault = |text: &str| question.option.fault(text);
    let [first, rest @ ..] = question.choices.as_slice() else {
        return Ok(prompter.text(prompt, None, &fault)?);
    };
    if rest.is_empty() && question.free {
        if !first.why.is_empty() {
            ui.say(&one_line(&reason(first)));
        }
        let default = one_line(&first.value);
        return Ok(prompter.text(prompt, Some(&default), &fault)?);
    }
    let mut items: Vec<Item> = question
        .choices
        .iter()
        .map(|choice| Item::new(&choice.value, reason(choice)))
        .collect();
    if question.free {
        items.push(Item::new("something else", ""));
    }
    let at = prompter.select(prompt, &items, 0)?;
    match question.choices.get(at) {
        Some(choice) => Ok(choice.value.clone()),
        None => Ok(prompter.text(prompt, None, &fault)?),
    }
}

fn reason(choice: &Choice) -> String {
    match &choice.at {
        Some(at) => format!("{} ({at})", choice.why),
        None => choice.why.clone(),
    }
}
