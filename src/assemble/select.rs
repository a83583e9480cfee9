//! Which components get an image.

use crate::detect::Detection;
use crate::diag::Diagnostic;
use crate::facts::Component;
use crate::plan::settings::Settings;
use crate::plan::{Failure, Need};
use crate::repo::RelPath;

/// The components that get an image, and the folders where an answer is needed first.
pub(super) struct Selected<'d> {
    pub components: Vec<&'d Component>,
    pub open: Vec<Failure>,
}

/// The components that the user wants, all when nothing is said.
pub(super) fn select<'d>(
    detection: &'d Detection,
    settings: &Settings,
) -> Result<Selected<'d>, Failure> {
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
            let known: Vec<String> = detection
                .components
                .iter()
                .map(|component| component.dir.to_string())
                .collect();
            return Err(Diagnostic::error(
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
            .into());
        }
    }
    let mut open = Vec::new();
    for pair in selected.windows(2) {
        if pair[0].dir == pair[1].dir {
            open.push(two_languages(pair[0], pair[1]));
        }
    }
    let unclear: Vec<RelPath> = open
        .iter()
        .filter_map(|failure: &Failure| Some(failure.needs.as_ref()?.component.clone()))
        .collect();
    selected.retain(|component| !unclear.contains(&component.dir));
    Ok(Selected {
        components: selected,
        open,
    })
}

/// One folder gives one image, and each of two languages is as likely to be its program's.
fn two_languages(one: &Component, other: &Component) -> Failure {
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
