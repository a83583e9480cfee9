//! Components of a repository and what is known about them, each fact with its evidence.

mod apply;
mod condition;
mod needs;
mod search;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use crate::authors;
use crate::diag::{Diagnostic, Severity};
use crate::lang::{Budget, Component, LANGUAGES, Sources, language};
use crate::pack::PackSet;
use crate::repo::{RelPath, Repo};

/// Everything that was found out about a repository.
#[derive(Debug, Default, Serialize)]
pub struct Detection {
    /// Sorted by folder.
    pub components: Vec<Component>,
    /// Components that build files for others and get no image of their own.
    pub feeders: Vec<Component>,
    /// Components that were found and left out, each with the reason.
    pub passed_over: Vec<PassedOver>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Detection {
    /// The component in a folder that builds files for another one.
    pub fn feeder(&self, dir: &RelPath) -> Option<&Component> {
        let mut all = self.feeders.iter().chain(&self.components);
        all.find(|component| component.dir == *dir)
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct PassedOver {
    pub dir: RelPath,
    pub language: &'static str,
    pub why: String,
}

/// Folders whose manifests belong to tests, samples, shared and vendored code. They count only when
/// nothing else is found, since a repository of examples is a repository too.
const SIDE_FOLDERS: &[&str] = &[
    "vendor",
    "third_party",
    "testdata",
    "fixtures",
    "test",
    "tests",
    "__tests__",
    "e2e",
    "spec",
    "example",
    "examples",
    "samples",
    "sample",
    "demo",
    "demos",
    "docs",
    "doc",
    "benchmarks",
    "bench",
    "benches",
    "scripts",
    "tools",
    "hack",
    "templates",
    "template",
    "target",
    "dist",
    "build",
    "out",
    "venv",
    "env",
    "site-packages",
    "storybook",
    "shared",
    "common",
    "libs",
];

/// Source files that all detectors together may read, however many components there are: where
/// imports lead to them, and where they are only likely to be the program's.
const REACH_BUDGET: usize = 200_000;
const SCAN_BUDGET: usize = 12_000;

/// The entry that the user wants of the component in a folder, such as `./cmd/api`.
pub type Entry<'a> = &'a (dyn Fn(&RelPath) -> Option<String> + Sync);

/// Finds every component and fills its facts, each from the entry that is likeliest.
pub fn detect(repo: &Repo, packs: &PackSet) -> Detection {
    detect_with(repo, packs, &|_| None)
}

/// As [`detect`], with the entries that the user wants: evidence comes from the code that they reach.
pub fn detect_with(repo: &Repo, packs: &PackSet, entry: Entry<'_>) -> Detection {
    let mut detection = Detection {
        diagnostics: repo.diagnostics().to_vec(),
        ..Detection::default()
    };
    let folders = manifest_folders(repo);
    let mut components = Vec::new();
    let found: Vec<(Vec<Component>, Vec<Diagnostic>)> = LANGUAGES
        .par_iter()
        .filter(|language| !language.only_alone())
        .filter_map(|language| {
            let mut diagnostics = Vec::new();
            let dirs = folders.get(language.id())?;
            let components = language.components(repo, dirs, &mut diagnostics);
            Some((components, diagnostics))
        })
        .collect();
    for (found, diagnostics) in found {
        components.extend(found);
        detection.diagnostics.extend(diagnostics);
    }
    for language in LANGUAGES.iter().filter(|language| language.only_alone()) {
        let Some(dirs) = folders.get(language.id()) else {
            continue;
        };
        let alone: Vec<RelPath> = dirs
            .iter()
            .filter(|dir| {
                !components
                    .iter()
                    .any(|component: &Component| dir.is_in(&component.dir))
            })
            .cloned()
            .collect();
        components.extend(language.components(repo, &alone, &mut detection.diagnostics));
    }
    leave_side_folders(&mut components, &mut detection.passed_over);
    components.sort_by(|a, b| (&a.dir, a.language).cmp(&(&b.dir, b.language)));
    authors::read(repo, packs, &mut components);
    let cut = apply_detectors(repo, packs, entry, &mut components);
    detection.diagnostics.extend(cut);
    leave_libraries(&mut components, &mut detection.passed_over);
    settle_folders(&mut components, &mut detection.passed_over);
    unique_names(&mut components, repo.folder_name());
    detection.components = components;
    tell_unread(repo, &mut detection.diagnostics);
    detection
}

/// Files that could not be read and that nobody complained about.
fn tell_unread(repo: &Repo, diagnostics: &mut Vec<Diagnostic>) {
    for unread in repo.unread().into_iter().take(20) {
        let told = |known: &Diagnostic| known.code == unread.code && known.at == unread.at;
        if !diagnostics.iter().any(told) {
            diagnostics.push(Diagnostic {
                severity: Severity::Warning,
                ..unread
            });
        }
    }
}

/// For each language the folders that hold one of its manifests, in one pass over the index.
fn manifest_folders(repo: &Repo) -> BTreeMap<&'static str, Vec<RelPath>> {
    let mut wanted: BTreeMap<&str, Vec<&'static str>> = BTreeMap::new();
    for language in LANGUAGES {
        for manifest in language.manifests() {
            wanted.entry(manifest).or_default().push(language.id());
        }
    }
    let mut folders: BTreeMap<&'static str, BTreeSet<RelPath>> = BTreeMap::new();
    for file in repo.files() {
        if let Some(languages) = wanted.get(file.name()) {
            for language in languages {
                folders
                    .entry(language)
                    .or_default()
                    .insert(file.parent().unwrap_or_default());
            }
        }
    }
    folders
        .into_iter()
        .map(|(language, dirs)| (language, dirs.into_iter().collect()))
        .collect()
}

fn leave_side_folders(components: &mut Vec<Component>, passed_over: &mut Vec<PassedOver>) {
    let is_side = |component: &Component| {
        component
            .dir
            .parts()
            .any(|part| SIDE_FOLDERS.contains(&part) || part.starts_with('.'))
    };
    if components.iter().all(is_side) {
        return;
    }
    components.retain(|component| {
        if is_side(component) {
            passed_over.push(PassedOver {
                dir: component.dir.clone(),
                language: component.language,
                why: "the folder's name says tests, samples, shared or vendored code".to_owned(),
            });
            return false;
        }
        true
    });
}

/// Gives a note for each component whose code is more than is read.
fn apply_detectors(
    repo: &Repo,
    packs: &PackSet,
    entry: Entry<'_>,
    components: &mut [Component],
) -> Vec<Diagnostic> {
    if components.is_empty() {
        return Vec::new();
    }
    let dirs: Vec<RelPath> = components
        .iter()
        .map(|component| component.dir.clone())
        .collect();
    let budget = Budget {
        reached: (REACH_BUDGET / components.len()).clamp(400, 4_000),
        guessed: (SCAN_BUDGET / components.len()).clamp(8, 400),
    };
    components
        .par_iter_mut()
        .filter_map(|component| {
            let language = language(component.language)?;
            let main = entry(&component.dir);
            let sources = Sources::of(repo, component, language, main.as_deref(), &dirs, budget);
            apply::apply(packs, component, &sources);
            language.refine(repo, component, &sources);
            needs::samples(repo, packs, component, &sources);
            sources.is_cut().then(|| {
                let message = format!(
                    "{}: only the {} files nearest to the program's entry were read",
                    component.dir, budget.reached
                );
                Diagnostic::note("program-is-large", message)
                    .with_help("check the port and the health check")
            })
        })
        .collect()
}

/// Leaves out what turned out to be no program, unless nothing else would be left.
fn leave_libraries(components: &mut Vec<Component>, passed_over: &mut Vec<PassedOver>) {
    let why = |component: &Component| language(component.language)?.passed_over(component);
    if components.iter().all(|component| why(component).is_some()) {
        return;
    }
    components.retain(|component| match why(component) {
        Some(why) => {
            passed_over.push(PassedOver {
                dir: component.dir.clone(),
                language: component.language,
                why,
            });
            false
        }
        None => true,
    });
}

/// One folder gives one image: of several languages there the surer one stays. Equals both stay
/// and become a question, or an error that names the setting.
fn settle_folders(components: &mut Vec<Component>, passed_over: &mut Vec<PassedOver>) {
    let surest: BTreeMap<RelPath, crate::facts::Confidence> =
        components
            .iter()
            .fold(BTreeMap::new(), |mut surest, component| {
                let entry = surest
                    .entry(component.dir.clone())
                    .or_insert(component.sure);
                *entry = (*entry).max(component.sure);
                surest
            });
    components.retain(|component| {
        let best = surest
            .get(&component.dir)
            .copied()
            .unwrap_or(component.sure);
        if component.sure < best {
            passed_over.push(PassedOver {
                dir: component.dir.clone(),
                language: component.language,
                why: "another language in the same folder is surer to be the program".to_owned(),
            });
            return false;
        }
        true
    });
}

/// Names are used for images and targets. Of equal ones the program nearest to the root keeps its
/// own; folders, and in one folder languages, tell the others apart.
fn unique_names(components: &mut [Component], folder: &str) {
    for component in components.iter_mut() {
        if component.name == "app" && component.dir.is_root() && !folder.is_empty() {
            component.name = crate::lang::identifier(folder);
        }
    }
    let mut order: Vec<usize> = (0..components.len()).collect();
    order.sort_by_key(|at| components[*at].dir.depth());
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for at in order {
        let component = &mut components[at];
        let own = component.name.clone();
        let place = if component.dir.is_root() {
            own.clone()
        } else {
            crate::lang::identifier(component.dir.as_str())
        };
        let of_language = crate::lang::identifier(&format!("{place}-{}", component.language));
        let mut name = [own, place, of_language.clone()]
            .into_iter()
            .find(|name| !taken.contains(name))
            .unwrap_or(of_language);
        let mut number = 2;
        while taken.contains(&name) {
            // Folders of long names may be equal where a name is cut.
            name.truncate(55);
            name = crate::lang::identifier(&format!("{name}-{number}"));
            number += 1;
        }
        taken.insert(name.clone());
        component.name = name;
    }
}
