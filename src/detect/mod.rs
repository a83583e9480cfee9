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
use crate::lang::{Component, LANGUAGES, Sources, language};
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

/// Source files that all detectors together may read, however many components there are.
const SCAN_BUDGET: usize = 12_000;

/// Finds every component and fills its facts.
pub fn detect(repo: &Repo, packs: &PackSet) -> Detection {
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
    apply_detectors(repo, packs, &mut components);
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

fn apply_detectors(repo: &Repo, packs: &PackSet, components: &mut [Component]) {
    if components.is_empty() {
        return;
    }
    let dirs: Vec<RelPath> = components
        .iter()
        .map(|component| component.dir.clone())
        .collect();
    let budget = (SCAN_BUDGET / components.len()).clamp(8, 400);
    components.par_iter_mut().for_each(|component| {
        if let Some(language) = language(component.language) {
            let sources = Sources::of(repo, component, language, &dirs, budget);
            apply::apply(packs, component, &sources);
            language.refine(repo, component, &sources);
            needs::finish(repo, packs, component, &sources);
        }
    });
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

/// Names are used for images and targets: the folder tells equal ones apart.
fn unique_names(components: &mut [Component], folder: &str) {
    for component in components.iter_mut() {
        if component.name == "app" && component.dir.is_root() && !folder.is_empty() {
            component.name = crate::lang::identifier(folder);
        }
    }
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for component in components.iter() {
        *count.entry(component.name.clone()).or_default() += 1;
    }
    for component in components.iter_mut() {
        if count.get(&component.name).is_some_and(|count| *count > 1) {
            let place = if component.dir.is_root() {
                component.name.clone()
            } else {
                component.dir.to_string()
            };
            component.name = crate::lang::identifier(&format!("{place}-{}", component.language));
        }
    }
}
