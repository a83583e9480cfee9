//! Build switches, the script that builds, and what is built.

use super::super::said::{Item, LinkValue, Said, Told};
use super::super::{DOCKERFILE, RELEASE};
use super::{Cx, RANK, found};
use crate::facts::{Command, Confidence, Evidence, Found, Rank, push};
use crate::lang::{Component, identifier};

/// The value of one kind of statement.
type Pick = fn(&Item) -> Option<&String>;

/// The script that builds, when it is another one than `build` and the manifest has it. That it is
/// named in both makes it more than either.
pub(super) fn build_script(
    cx: &Cx<'_>,
    component: &mut Component,
    said: &Said,
    name: &str,
    at: &Evidence,
) {
    let beside = name
        .split(':')
        .any(|word| word != "build" && cx.table.is_beside(word));
    if name == "build"
        || beside
        || said.weight > DOCKERFILE
        || component.manifest.script(name).is_none()
    {
        return;
    }
    let manager = component
        .facts
        .package_manager
        .value()
        .cloned()
        .unwrap_or_else(|| "npm".to_owned());
    let command = Command::exec([manager.as_str(), "run", name]);
    component
        .facts
        .build
        .likely(command, Rank::Dedicated, at.clone());
}

/// Build switches: those of the first file, and in it of the first line, that has some.
pub(super) fn switches(cx: &Cx<'_>, component: &mut Component, said: &Said) {
    let line = |told: &Told| told.at.at.as_ref().and_then(|at| at.line);
    let facts = &mut component.facts;
    let lists: [(&mut Vec<Found<String>>, Pick); 4] = [
        (&mut facts.tags, |item| match item {
            Item::Tag(tag) => Some(tag),
            _ => None,
        }),
        (&mut facts.version_variables, |item| match item {
            Item::Link(name, LinkValue::Version) => Some(name),
            _ => None,
        }),
        (&mut facts.features, |item| match item {
            Item::Feature(feature) => Some(feature),
            _ => None,
        }),
        (&mut facts.profiles, |item| match item {
            Item::Profile(profile) => Some(profile),
            _ => None,
        }),
    ];
    for (list, pick) in lists {
        if !list.is_empty() {
            continue;
        }
        let all: Vec<(&String, &Told)> = said
            .told
            .iter()
            .filter_map(|told| Some((pick(&told.item)?, told)))
            // Tags such as `integration` are for tests; a module's path says nothing of the kind.
            .filter(|(value, _)| value.contains('/') || !cx.table.is_beside(value))
            .collect();
        let first = all.first().map(|(_, told)| line(told));
        let one_line = said.weight > RELEASE;
        for (value, told) in all {
            if !one_line || Some(line(told)) == first {
                push(list, found(value.clone(), &told.at));
            }
        }
    }
    if said.weight > RELEASE {
        return;
    }
    let known: Vec<String> = facts
        .main
        .all()
        .iter()
        .map(|found| found.value.clone())
        .collect();
    for told in &said.told {
        let Item::Main(main) = &told.item else {
            continue;
        };
        let wanted = main.trim_start_matches("./").trim_end_matches('/');
        let Some(value) = known.iter().find(|value| {
            let value = value.trim_start_matches("./");
            value == wanted || wanted.ends_with(&format!("/{value}"))
        }) else {
            continue;
        };
        let named = identifier(wanted.rsplit('/').next().unwrap_or(wanted)) == component.name;
        let confidence = if named {
            Confidence::Likely
        } else {
            Confidence::Guess
        };
        facts
            .main
            .add(value.clone(), RANK, confidence, told.at.clone());
    }
}
