//! Which program a file speaks of.

use super::said::{Item, Said};
use crate::facts::Confidence;
use crate::lang::Component;

/// How much a file's words fit a component; zero for not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// The command that runs in the end is its: by its name, or as one of its scripts.
    program: usize,
    /// The program that runs in the end is of its language.
    language: bool,
    names: usize,
    same_folder: bool,
    sure: Confidence,
}

/// The place of the component that a file speaks of, when one fits better than all others.
///
/// The file's folder (or its build context), the folders and packages that it copies and builds, and
/// names of services and binaries decide; a repository with one program leaves no choice. A file
/// that uses none of a component's tools is not about it. `named` files must name the program.
pub(super) fn owner(said: &Said, components: &[Component], named: bool) -> Option<usize> {
    let fits: Vec<(usize, Fit)> = components
        .iter()
        .enumerate()
        .filter(|(_, component)| speaks(said, component))
        .map(|(at, component)| (at, fit(said, component)))
        .filter(|(_, fit)| fit.names > 0 || fit.program > 0 || !named)
        .collect();
    let alone = components.len() == 1;
    if let ([(at, fit)], true) = (fits.as_slice(), alone) {
        let near = said.dir.is_in(&components[*at].root) || components[*at].dir.is_in(&said.dir);
        return (near || fit.names > 0).then_some(*at);
    }
    let best = fits.iter().map(|(_, fit)| *fit).max()?;
    if best.names == 0 && !best.same_folder && best.program == 0 {
        // Above several programs and naming none of them: it is about the one of its folder, or
        // about the only one that is below it.
        let below: Vec<usize> = fits
            .iter()
            .filter(|(at, _)| components[*at].dir.is_in(&said.dir))
            .map(|(at, _)| *at)
            .collect();
        return match below.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
    }
    let mut winners = fits.iter().filter(|(_, fit)| *fit == best);
    match (winners.next(), winners.next()) {
        (Some((at, _)), None) => Some(*at),
        _ => None,
    }
}

fn speaks(said: &Said, component: &Component) -> bool {
    said.languages.is_empty() || said.languages.iter().any(|one| one == component.language)
}

fn fit(said: &Said, component: &Component) -> Fit {
    let first = said.languages.iter().find(|one| *one != "static");
    let programs = said.told.iter().filter_map(|told| match &told.item {
        Item::Start(start) => start.words.first(),
        _ => None,
    });
    Fit {
        program: programs
            .map(|word| word.rsplit('/').next().unwrap_or(word))
            .map(|name| {
                let script = component.manifest.script(name).is_some();
                usize::from(is_named(component, name)) + usize::from(script)
            })
            .max()
            .unwrap_or_default(),
        language: first.is_some_and(|first| first == component.language),
        names: said
            .names
            .iter()
            .filter(|name| knows(component, name))
            .count()
            .min(3),
        same_folder: said.dir == component.dir,
        sure: component.sure,
    }
}

/// Folders that every image has.
const SYSTEM: &[&str] = &[
    "app", "bin", "dev", "etc", "home", "lib", "opt", "src", "srv", "usr", "var",
];

/// Whether a word names a component: its folder, its package, its binary or its entry.
pub(super) fn knows(component: &Component, word: &str) -> bool {
    let word = word.trim_start_matches("./").trim_end_matches('/');
    if word.is_empty() || word == "." {
        return false;
    }
    let dir = component.dir.as_str();
    // `/etc` of an image is no folder of the repository by that name.
    let system = word.starts_with('/') && SYSTEM.contains(&dir);
    let is_folder = !dir.is_empty()
        && !system
        && (word == dir
            || word.ends_with(&format!("/{dir}"))
            || word.contains(&format!("/{dir}/"))
            || word.starts_with(&format!("{dir}/")));
    is_folder || is_named(component, word)
}

/// Whether a word is a name of the program itself.
pub(super) fn is_named(component: &Component, word: &str) -> bool {
    let word = word.trim_start_matches(':');
    let last = word.rsplit('/').next().unwrap_or(word);
    let same = |name: &str| !name.is_empty() && (name == word || name == last);
    let manifest = component.manifest.name.as_deref().unwrap_or_default();
    let entries = component.facts.main.all().iter();
    same(&component.name)
        || same(manifest)
        || entries.map(|found| found.value.as_str()).any(|main| {
            same(
                main.trim_start_matches("./")
                    .rsplit('/')
                    .next()
                    .unwrap_or_default(),
            )
        })
        || crate::lang::identifier(last) == component.name && component.name != "app"
}
