//! Components of a repository and what is known about them, each fact with its evidence.

mod apply;
mod code;
mod condition;
mod mounts;
mod needs;
mod registries;
mod roles;
mod search;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use crate::authors;
use crate::diag::{Diagnostic, Severity};
use crate::facts::{Evidence, Role, Verdict};
use crate::lang::{Budget, Component, LANGUAGES, Sources, language};
use crate::pack::PackSet;
use crate::repo::{RelPath, Repo};

/// Everything that was found out about a repository.
#[derive(Debug, Default, Serialize)]
pub struct Detection {
    /// The programs, or what stands in for them where there are none, and what was asked for by
    /// its folder. Sorted by folder.
    pub components: Vec<Component>,
    /// Components that build files for others and get no image of their own.
    pub feeders: Vec<Component>,
    /// What was found and gets no image unasked, each with the reason. Sorted by folder.
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

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PassedOver {
    pub dir: RelPath,
    /// A language's id, or the name of one that dockgen does not write for.
    pub language: String,
    /// Absent for a program in a language that dockgen does not write for.
    pub role: Option<Role>,
    pub why: String,
}

impl PassedOver {
    fn of(component: &Component) -> Self {
        Self {
            dir: component.dir.clone(),
            language: component.language.to_owned(),
            role: Some(component.role.role),
            why: component.role.because.why.clone(),
        }
    }
}

/// What the user asks for, whatever its role.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Folders of components.
    pub dirs: Vec<RelPath>,
    /// Every component of the repository's own.
    pub all: bool,
}

impl Wanted {
    fn wants(&self, component: &Component) -> bool {
        self.dirs.contains(&component.dir) || self.all && component.role.role != Role::Foreign
    }
}

/// Source files that all detectors together may read, however many components there are: where
/// imports lead to them, and where they are only likely to be the program's.
const REACH_BUDGET: usize = 200_000;
const SCAN_BUDGET: usize = 12_000;

/// The part of it for components that by their names are no programs.
const SIDE_BUDGET: usize = 2_000;

/// The entry that the user wants of the component in a folder, such as `./cmd/api`.
pub type Entry<'a> = &'a (dyn Fn(&RelPath) -> Option<String> + Sync);

/// Finds every component, fills its facts, each from the entry that is likeliest, and judges its
/// role.
pub fn detect(repo: &Repo, packs: &PackSet) -> Detection {
    detect_with(repo, packs, &|_| None)
}

/// As [`detect`], with the entries that the user wants: evidence comes from the code that they
/// reach.
pub fn detect_with(repo: &Repo, packs: &PackSet, entry: Entry<'_>) -> Detection {
    detect_wanted(repo, packs, &Wanted::default(), entry)
}

/// As [`detect_with`], with what the user asks for among the components.
pub fn detect_wanted(repo: &Repo, packs: &PackSet, wanted: &Wanted, entry: Entry<'_>) -> Detection {
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
    components.sort_by(|a, b| (&a.dir, a.language).cmp(&(&b.dir, b.language)));
    let mut unseen = Vec::new();
    let mut seen = Vec::new();
    for mut component in components {
        match roles::unseen(packs, &component.dir) {
            Some(role) if !wanted.dirs.contains(&component.dir) => {
                component.role = role;
                unseen.push(component);
            }
            _ => seen.push(component),
        }
    }
    if seen.is_empty() {
        // A repository may well be kept in a folder of such a name.
        std::mem::swap(&mut seen, &mut unseen);
    }
    authors::read(repo, packs, &mut seen);
    let cut = look_into(repo, packs, entry, &mut seen);
    detection.diagnostics.extend(cut);
    let unknown = roles::unknown(repo, packs);
    relate(repo, packs, &mut seen, &folders, &unknown, &mut detection);
    let left_out = left_out(repo, packs, &seen, &folders);
    detection.passed_over.extend(left_out);
    choose(seen, &unknown, wanted, &mut detection);
    for list in [&mut detection.components, &mut detection.feeders] {
        let told = secrets::take_out(list, packs.secrets());
        detection.diagnostics.extend(told);
        let told = registries::find(repo, list, packs);
        detection.diagnostics.extend(told);
    }
    settle_folders(packs, &mut detection.components, &mut detection.passed_over);
    unique_names(&mut detection.components, repo.folder_name());
    detection
        .passed_over
        .extend(unseen.iter().map(PassedOver::of));
    detection.passed_over.sort();
    detection.passed_over.dedup();
    tell_unread(repo, &mut detection.diagnostics);
    detection
}

/// What the components are for each other.
fn relate(
    repo: &Repo,
    packs: &PackSet,
    components: &mut [Component],
    folders: &BTreeMap<&'static str, Vec<RelPath>>,
    unknown: &[roles::Unknown],
    detection: &mut Detection,
) {
    roles::parts(packs, components);
    for component in components.iter_mut() {
        if component.role.role == Role::Program
            && let Some(owner) = unknown
                .iter()
                .find(|unknown| unknown.owns(packs, component))
        {
            let why = format!(
                "it belongs to a program of another language: {}",
                owner.why()
            );
            component.role = Verdict::new(Role::Asset, Evidence::rule("role/owner", why));
        }
    }
    if let Some(because) = roles::all_examples(repo, packs) {
        for component in components.iter_mut() {
            if component.role.role == Role::Program {
                component.role = Verdict::new(Role::Example, because.clone());
            }
        }
    }
    let packages = folders.get("node").map_or(&[][..], Vec::as_slice);
    let fed = roles::feeds(repo, packs, components, packages);
    detection.diagnostics.extend(fed.diagnostics);
    for (dir, verdict) in fed.packages {
        let mut found = components
            .iter_mut()
            .filter(|own| own.dir == dir && own.language == "node")
            .peekable();
        if found.peek().is_none() {
            detection.passed_over.push(PassedOver {
                dir,
                language: "node".to_owned(),
                role: Some(Role::Asset),
                why: verdict.because.why,
            });
            continue;
        }
        for component in found {
            if matches!(
                component.role.role,
                Role::Program | Role::Library | Role::Workspace
            ) {
                component.role = verdict.clone();
            }
        }
    }
}

/// Folders with a manifest in which no program was found and that no program is made of.
fn left_out(
    repo: &Repo,
    packs: &PackSet,
    components: &[Component],
    folders: &BTreeMap<&'static str, Vec<RelPath>>,
) -> Vec<PassedOver> {
    let mut found = Vec::new();
    let manifests: Vec<&str> = packs
        .roles()
        .flat_map(|roles| roles.manifests.iter().map(String::as_str))
        .collect();
    for (language, dirs) in folders {
        let own_manifests: Vec<&str> = self::language(language)
            .map(crate::lang::Language::manifests)
            .unwrap_or_default()
            .iter()
            .copied()
            .filter(|name| manifests.contains(name))
            .collect();
        let own = || components.iter().filter(|own| own.language == *language);
        for dir in dirs {
            // A folder above programs holds what is common to them; one of their code is in them.
            let accounted = own().any(|own| own.dir.is_in(dir) || own.code.contains(dir));
            if accounted
                || repo.dir(dir).first(&own_manifests).is_none()
                || roles::unseen(packs, dir).is_some()
            {
                continue;
            }
            let verdict = roles::aside(packs, dir, language);
            found.push(PassedOver {
                dir: dir.clone(),
                language: (*language).to_owned(),
                role: Some(
                    verdict
                        .as_ref()
                        .map_or(Role::Library, |verdict| verdict.role),
                ),
                why: verdict.map_or_else(
                    || "nothing in it starts a program".to_owned(),
                    |verdict| verdict.because.why,
                ),
            });
        }
    }
    found
}

/// Keeps the programs and what is asked for. Where there is no program at all, what comes nearest
/// to one stands in, unless a program of an unknown language is what the repository is about.
fn choose(
    components: Vec<Component>,
    unknown: &[roles::Unknown],
    wanted: &Wanted,
    detection: &mut Detection,
) {
    let known = components
        .iter()
        .any(|component| component.role.role == Role::Program);
    let foreign = unknown
        .iter()
        .any(|unknown| unknown.program || unknown.dir.is_root());
    let root_stands = |role: Role| {
        components
            .iter()
            .any(|component| component.dir.is_root() && component.role.role == role)
    };
    let stands_in = if known || foreign {
        Some(Role::Program)
    } else {
        components.iter().map(|component| component.role.role).min()
    };
    // Of several libraries the root's own is meant.
    let only_root = stands_in.is_some_and(|role| role >= Role::Asset && root_stands(role));
    for component in components {
        let stands =
            Some(component.role.role) == stands_in && (!only_root || component.dir.is_root());
        if stands || wanted.wants(&component) {
            detection.components.push(component);
        } else {
            detection.passed_over.push(PassedOver::of(&component));
            if component.role.role == Role::Asset {
                detection.feeders.push(component);
            }
        }
    }
    for unknown in unknown {
        // Beside a program in the same folder a manifest alone is a helper of it.
        let beside = |component: &Component| {
            unknown.dir == component.dir
                || !component.dir.is_root() && unknown.dir.is_in(&component.dir)
        };
        if !unknown.program
            && (detection.components.iter().any(beside) || !unknown.dir.is_root() && known)
        {
            continue;
        }
        if unknown.program && known {
            let message = format!("{}: {}", unknown.dir, unknown.why());
            detection
                .diagnostics
                .push(Diagnostic::warning("unknown-language", message));
        }
        detection.passed_over.push(PassedOver {
            dir: unknown.dir.clone(),
            language: unknown.language.clone(),
            role: None,
            why: unknown.why(),
        });
    }
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

/// Runs the detectors and judges each component by itself. Those that are no programs by their
/// names come off with a look at few of their files. Gives a note for each component whose code is
/// more than is read.
fn look_into(
    repo: &Repo,
    packs: &PackSet,
    entry: Entry<'_>,
    components: &mut [Component],
) -> Vec<Diagnostic> {
    let dirs: Vec<RelPath> = components
        .iter()
        .map(|component| component.dir.clone())
        .collect();
    for component in components.iter_mut() {
        if let Some(verdict) = roles::aside(packs, &component.dir, component.language) {
            component.role = verdict;
        }
    }
    let side = components
        .iter()
        .filter(|component| component.role.role != Role::Program)
        .count();
    let main = components.len() - side;
    let guessed = |count: usize, all: usize, most: usize| (all / count.max(1)).clamp(8, most);
    let of_main = Budget {
        reached: (REACH_BUDGET / main.max(1)).clamp(400, 4_000),
        guessed: guessed(main, SCAN_BUDGET, 400),
    };
    let of_side = Budget {
        reached: 400,
        guessed: if main == 0 {
            guessed(side, SCAN_BUDGET, 400)
        } else {
            guessed(side, SIDE_BUDGET, 40)
        },
    };
    components
        .par_iter_mut()
        .filter_map(|component| {
            let language = language(component.language)?;
            let budget = match component.role.role {
                Role::Program => of_main,
                _ => of_side,
            };
            let main = entry(&component.dir);
            let sources = Sources::of(repo, component, language, main.as_deref(), &dirs, budget);
            apply::apply(packs, component, &sources);
            language.refine(repo, component, &sources);
            needs::finish(repo, packs, component, &sources);
            component.role = roles::judge(packs, component, &sources);
            if component.role.role == Role::Program
                && let Some(why) = language.passed_over(component)
            {
                let because = Evidence::rule("role/no-program", why);
                component.role = Verdict::new(Role::Library, because);
            }
            (sources.is_cut() && component.role.role == Role::Program).then(|| {
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

/// One folder gives one image: of several languages there the surer one stays. Equals both stay
/// and become a question, or an error that names the setting.
fn settle_folders(
    packs: &PackSet,
    components: &mut Vec<Component>,
    passed_over: &mut Vec<PassedOver>,
) {
    let serving: Vec<(RelPath, &'static str)> = components
        .iter()
        .filter(|component| roles::serves(packs, component))
        .map(|component| (component.dir.clone(), component.language))
        .collect();
    components.retain(|component| {
        let beside = |(dir, language): &&(RelPath, &'static str)| {
            *dir == component.dir && *language != component.language
        };
        let Some((_, other)) = serving.iter().find(beside) else {
            return true;
        };
        if roles::serves(packs, component) {
            return true;
        }
        passed_over.push(PassedOver {
            why: format!("nothing of it serves, and the {other} program in the same folder does"),
            ..PassedOver::of(component)
        });
        false
    });
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
                why: "another language in the same folder is surer to be the program".to_owned(),
                ..PassedOver::of(component)
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
