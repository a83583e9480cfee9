//! Which components get an image.

use crate::detect::Detection;
use crate::diag::Diagnostic;
use crate::facts::{Component, Role};
use crate::lang::languages;
use crate::plan::settings::Settings;
use crate::plan::{Failure, Need};
use crate::repo::RelPath;

/// As many examples may get an image each without anybody asking for it.
const MOST_EXAMPLES: usize = 6;

/// The components that the user wants, all when nothing is said; and those that lack an answer.
pub(super) fn select<'d>(
    detection: &'d Detection,
    settings: &Settings,
) -> Result<(Vec<&'d Component>, Vec<Failure>), Failure> {
    known_languages(settings)?;
    let asked = settings.all || !settings.components.is_empty();
    if !asked && detection.components.len() > MOST_EXAMPLES {
        let example = |component: &Component| component.role.role == Role::Example;
        if detection.components.iter().all(example) {
            return Err(which_examples(detection));
        }
    }
    let mut selected: Vec<&Component> = Vec::new();
    for component in &detection.components {
        let wanted = settings.components.is_empty() || settings.components.contains(&component.dir);
        let language = settings
            .get(&component.dir, "language")
            .map(|(language, _)| language);
        if wanted && language.is_none_or(|language| language == component.language) {
            selected.push(component);
        }
    }
    for dir in &settings.components {
        if !selected.iter().any(|component| component.dir == *dir) {
            return Err(no_such_component(detection, dir).into());
        }
    }
    let mut open = Vec::new();
    let mut unsettled = Vec::new();
    for pair in selected.windows(2) {
        if pair[0].dir == pair[1].dir && !unsettled.contains(&pair[0].dir) {
            unsettled.push(pair[0].dir.clone());
            let failure = which_language(pair[0], pair[1]);
            let others = selected.iter().any(|other| other.dir != pair[0].dir);
            open.push(if others { failure.named() } else { failure });
        }
    }
    selected.retain(|component| !unsettled.contains(&component.dir));
    if selected.is_empty() && !open.is_empty() {
        return Err(open.swap_remove(0));
    }
    Ok((selected, open))
}

fn no_such_component(detection: &Detection, dir: &RelPath) -> Diagnostic {
    if let Some(passed) = detection
        .passed_over
        .iter()
        .find(|passed| passed.dir == *dir)
    {
        let message = format!("there is no program in {dir}: {}", passed.why);
        return Diagnostic::error("no-such-component", message);
    }
    let known: Vec<String> = detection
        .components
        .iter()
        .map(|component| component.dir.to_string())
        .collect();
    Diagnostic::error(
        "no-such-component",
        format!("there is no component in {dir}"),
    )
    .with_help(format!(
        "found: {}",
        if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        }
    ))
}

fn which_language(one: &Component, other: &Component) -> Failure {
    Failure {
        diagnostic: Diagnostic::error(
            "answer-needed",
            format!(
                "{}: the folder holds a {} and a {} program",
                one.dir, one.language, other.language
            ),
        )
        .with_help(format!(
            "give --language {} or --language {}",
            one.language, other.language
        )),
        needs: Some(Box::new(Need {
            component: one.dir.clone(),
            key: "language",
            candidates: vec![one.language.to_owned(), other.language.to_owned()],
        })),
    }
}

/// A repository of examples has no program of its own, and nobody wants an image of each.
fn which_examples(detection: &Detection) -> Failure {
    let dirs: Vec<String> = detection
        .components
        .iter()
        .map(|component| component.dir.to_string())
        .collect();
    let shown = dirs.iter().take(MOST_EXAMPLES).cloned().collect::<Vec<_>>();
    let message = format!(
        "the repository holds {} examples and no program of its own",
        dirs.len()
    );
    let more = dirs.len() - shown.len();
    let help = format!(
        "give --component DIR for each that gets an image, or --all; found: {} and {more} more",
        shown.join(", ")
    );
    Failure {
        diagnostic: Diagnostic::error("answer-needed", message).with_help(help),
        needs: Some(Box::new(Need {
            component: RelPath::root(),
            key: "components",
            candidates: dirs,
        })),
    }
}

/// `--language` names one of those that dockgen writes for.
fn known_languages(settings: &Settings) -> Result<(), Diagnostic> {
    let known = languages();
    let given = settings
        .iter()
        .filter(|setting| setting.option.key == "language");
    for setting in given {
        if !known.contains(&setting.value.as_str()) {
            let message = format!(
                "{}: language must be one of {}, not {}",
                setting.origin,
                known.join(", "),
                setting.value
            );
            let mut problem = Diagnostic::error("invalid-setting", message);
            problem.at = setting.origin.location();
            return Err(problem);
        }
    }
    Ok(())
}
