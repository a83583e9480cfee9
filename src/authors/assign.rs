//! Which program a file speaks of.

use super::said::Said;
use crate::lang::Component;

/// How much a file's words fit a component; zero for not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    names: usize,
    same_folder: bool,
    language: bool,
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
        .filter(|(_, fit)| fit.names > 0 || !named)
        .collect();
    let alone = components.len() == 1;
    if let ([(at, fit)], true) = (fits.as_slice(), alone) {
        let near = said.dir.is_in(&components[*at].root) || components[*at].dir.is_in(&said.dir);
        return (near || fit.names > 0).then_some(*at);
    }
    let best = fits.iter().map(|(_, fit)| *fit).max()?;
    if best.names == 0 && !best.same_folder {
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
    Fit {
        names: said
            .names
            .iter()
            .filter(|name| knows(component, name))
            .count()
            .min(3),
        same_folder: said.dir == component.dir,
        language: first.is_some_and(|first| first == component.language),
    }
}

/// Whether a word names a component: its folder, its package, its binary or its entry.
pub(super) fn knows(component: &Component, word: &str) -> bool {
    let word = word.trim_start_matches("./").trim_end_matches('/');
    if word.is_empty() || word == "." {
        return false;
    }
    let dir = component.dir.as_str();
    let is_folder = !dir.is_empty()
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
