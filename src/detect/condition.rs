//! Conditions of detectors. Evaluation gives the evidence, never a bare yes: a reason then costs
//! a detector's author nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::code::code;
use super::search::Search;
use crate::diag::Location;
use crate::facts::{Confidence, Evidence};
use crate::lang::{Component, Sources};
use crate::pack::{Condition, Glob, PackSet, Pattern};
use crate::parse::is_hidden;
use crate::repo::{RelPath, Source};

/// Variables that a condition's named groups have set.
pub(super) type Variables = BTreeMap<String, String>;

pub(super) struct Cx<'a> {
    pub component: &'a Component,
    pub sources: &'a Sources<'a>,
    pub packs: &'a PackSet,
    /// The id of the detector that asks.
    pub rule: &'a str,
}

/// One way in which a condition holds.
pub(super) struct Held {
    pub evidence: Evidence,
    pub confidence: Confidence,
    pub variables: Variables,
    /// The program's own code says so.
    pub in_code: bool,
}

/// So many matches of a block with `each` count: a repository of generated code has thousands.
const MOST_MATCHES: usize = 200;

/// The ways in which a list of blocks holds: the first block's first one, unless blocks with
/// `each` are among them, of which every match counts. Empty when none holds.
pub(super) fn every(blocks: &[Condition], cx: &Cx<'_>, variables: &Variables) -> Vec<Held> {
    if !blocks.iter().any(|block| block.each) {
        // The program's own code speaks before that of the packages which it shares with others.
        let has_code = blocks.iter().any(|block| !block.code.0.is_empty());
        let scopes = if has_code && cx.sources.has_shared() {
            [Some(Scope::Own), Some(Scope::Shared)]
        } else {
            [Some(Scope::All), None]
        };
        let first = |scope: Scope| {
            let mut held = blocks
                .iter()
                .filter(|block| scope != Scope::Shared || !block.code.0.is_empty())
                .map(|block| eval_in(block, cx, variables, 1, scope));
            held.find_map(|held| held.into_iter().next())
        };
        return scopes
            .into_iter()
            .flatten()
            .find_map(first)
            .into_iter()
            .collect();
    }
    let most = |block: &Condition| if block.each { MOST_MATCHES } else { 1 };
    blocks
        .iter()
        .flat_map(|block| eval(block, cx, variables, most(block)))
        .collect()
}

fn holds(block: &Condition, cx: &Cx<'_>, variables: &Variables) -> bool {
    !eval(block, cx, variables, 1).is_empty()
}

/// The first `most` ways in which the condition holds: as many as its pattern has matches.
fn eval(condition: &Condition, cx: &Cx<'_>, variables: &Variables, most: usize) -> Vec<Held> {
    eval_in(condition, cx, variables, most, Scope::All)
}

/// Whose code a condition's own patterns are looked for in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Every file that speaks for the component.
    All,
    /// Those below its folder.
    Own,
    /// Those of other folders.
    Shared,
}

fn eval_in(
    condition: &Condition,
    cx: &Cx<'_>,
    variables: &Variables,
    most: usize,
    scope: Scope,
) -> Vec<Held> {
    let mut variables = variables.clone();
    let Some((first, mut confidence)) = manifest(condition, cx, &mut variables) else {
        return Vec::new();
    };
    let mut found: Vec<(Option<Evidence>, Variables)> = if !condition.code.0.is_empty() {
        let evidence = code(condition, cx, &mut variables, scope);
        evidence
            .map(|evidence| (Some(evidence), variables))
            .into_iter()
            .collect()
    } else if condition.file.0.is_empty() {
        vec![(None, variables)]
    } else {
        if condition.matches.is_some() {
            confidence = confidence.min(Confidence::Likely);
        }
        files(condition, cx, &variables, most)
    };
    if found.is_empty() {
        return Vec::new();
    }
    let mut last = None;
    for block in &condition.all {
        let Some(held) = eval(block, cx, &Variables::new(), 1).into_iter().next() else {
            return Vec::new();
        };
        confidence = confidence.min(held.confidence);
        for (_, variables) in &mut found {
            variables.extend(held.variables.clone());
        }
        last.get_or_insert(held.evidence);
    }
    let against = |block: &Condition| holds(block, cx, &Variables::new());
    if condition.unless.iter().any(against) {
        return Vec::new();
    }
    let confidence = condition.confidence.unwrap_or(confidence);
    found
        .into_iter()
        .map(|(own, variables)| Held {
            evidence: first
                .clone()
                .or(own)
                .or_else(|| last.clone())
                .unwrap_or_else(|| Evidence::rule(cx.rule, "nothing speaks against it")),
            confidence,
            variables,
            in_code: !condition.code.0.is_empty(),
        })
        .collect()
}

/// The parts of a condition that ask the manifest: dependency, script and setting.
fn manifest(
    condition: &Condition,
    cx: &Cx<'_>,
    variables: &mut Variables,
) -> Option<(Option<Evidence>, Confidence)> {
    let mut first: Option<Evidence> = None;
    let mut confidence = Confidence::Certain;
    let mut hold = |evidence: Evidence| {
        first.get_or_insert(evidence);
    };
    if !condition.dependency.0.is_empty() {
        let dependency = condition.dependency.0.iter().find_map(|name| {
            cx.component.manifest.dependencies.iter().find(|found| {
                is_named(&found.name, name)
                    && cx.sources.uses(&found.name)
                    && (found.production || !condition.production)
                    && condition
                        .version_matches
                        .as_ref()
                        .is_none_or(|pattern| capture(pattern, &found.version, variables).is_some())
            })
        })?;
        hold(Evidence {
            rule: cx.rule.to_owned(),
            at: Some(dependency.at.clone()),
            why: match condition.version_matches {
                Some(_) => format!("{} is version {}", dependency.name, dependency.version),
                None => format!("{} is a dependency", dependency.name),
            },
        });
    }
    if !condition.script.0.is_empty() {
        let manifest = &cx.component.manifest;
        let script = condition
            .script
            .0
            .iter()
            .find_map(|name| manifest.script(name))?;
        if let Some(pattern) = &condition.script_matches {
            capture(pattern, &script.body, variables)?;
            confidence = confidence.min(Confidence::Likely);
        }
        hold(Evidence {
            rule: cx.rule.to_owned(),
            at: Some(script.at.clone()),
            why: format!("the script {} says so", script.name),
        });
    }
    if !condition.setting.0.is_empty() {
        let (setting, shown) = setting(condition, cx, variables)?;
        hold(Evidence {
            rule: cx.rule.to_owned(),
            at: Some(setting),
            why: shown,
        });
    }
    Some((first, confidence))
}

/// `*` at the end of a name stands for the rest of it.
fn is_named(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// The first of the named keys that is set, to what the pattern asks for, with its place.
fn setting(
    condition: &Condition,
    cx: &Cx<'_>,
    variables: &mut Variables,
) -> Option<(Location, String)> {
    let settings = &cx.component.manifest.settings;
    condition.setting.0.iter().find_map(|name| {
        let setting = settings.iter().find(|setting| setting.name == *name)?;
        if let Some(pattern) = &condition.setting_matches {
            capture(pattern, &setting.body, variables)?;
        }
        let value: String = setting
            .body
            .chars()
            .filter(|c| !is_hidden(*c))
            .take(60)
            .collect();
        Some((
            setting.at.clone(),
            format!("{} is set to `{value}`", setting.name),
        ))
    })
}

/// The files that the globs name and, where a pattern is given, its matches in them: the first
/// `most` of those.
fn files(
    condition: &Condition,
    cx: &Cx<'_>,
    variables: &Variables,
    most: usize,
) -> Vec<(Option<Evidence>, Variables)> {
    let globs = &condition.file.0;
    if let Some(glob) = globs.iter().find(|glob| is_folder(glob, cx.sources)) {
        let full = cx.component.dir.join(glob.as_str());
        let evidence = Evidence::file(cx.rule, full, format!("there is {}", glob.as_str()));
        return vec![(Some(evidence), variables.clone())];
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for path in globs.iter().flat_map(|glob| candidates(glob, cx.sources)) {
        if !seen.insert(path.clone()) {
            continue;
        }
        let left = most - found.len();
        let mut add = |evidence: Evidence, own: Variables| {
            let mut variables = variables.clone();
            variables.extend(own);
            variables.insert("file".to_owned(), path.as_str().to_owned());
            found.push((Some(evidence), variables));
        };
        match &condition.matches {
            None => {
                let full = cx.component.dir.join(path.as_str());
                let why = format!("there is {path}");
                add(Evidence::file(cx.rule, full, why), Variables::new());
            }
            Some(pattern) => {
                let Some(source) = cx.sources.read(&path) else {
                    continue;
                };
                let holds = |pattern: &Option<Pattern>| {
                    let regex = pattern.as_ref().and_then(Pattern::regex);
                    regex.map(|regex| regex.is_match(source.text.as_bytes()))
                };
                if holds(&condition.with) == Some(false) || holds(&condition.without) == Some(true)
                {
                    continue;
                }
                let search = Search::of(condition, pattern, cx.packs);
                for hit in search.hits(&source.text, left) {
                    add(shown(&source, &hit.span, cx), hit.variables);
                }
            }
        }
        if found.len() >= most {
            break;
        }
    }
    found
}

/// `public/` names a folder, which is there when it holds a file.
fn is_folder(glob: &Glob, sources: &Sources<'_>) -> bool {
    glob.is_literal()
        && glob
            .as_str()
            .strip_suffix('/')
            .is_some_and(|folder| sources.view().has_dir(folder))
}

/// Files of a component that a search may look at when it names no folder.
const MOST_FILES: usize = 20_000;

/// The files that a glob names: a plain path, files of one folder, or, with `**`, the sources
/// that fit the scan's budget.
pub(super) fn candidates(glob: &Glob, sources: &Sources<'_>) -> Vec<RelPath> {
    let view = sources.view();
    if glob.is_literal() {
        return RelPath::new(glob.as_str())
            .filter(|path| view.has(path.as_str()))
            .into_iter()
            .collect();
    }
    if glob.is_deep() {
        let files = sources.files().iter();
        return files
            .filter(|file| glob.matches(file.as_str()))
            .cloned()
            .collect();
    }
    if let Some(folder) = glob.literal_folder() {
        return view
            .child(folder)
            .files()
            .map(|name| RelPath::root().join(folder).join(name))
            .filter(|file| glob.matches(file.as_str()))
            .collect();
    }
    view.walk()
        .take(MOST_FILES)
        .filter(|file| glob.matches(file.as_str()))
        .collect()
}

/// The evidence that a part of a file is.
fn shown(source: &Source, span: &Range<usize>, cx: &Cx<'_>) -> Evidence {
    let shown = quote(&source.text[span.clone()]);
    Evidence::span(cx.rule, source, span, format!("the source says `{shown}`"))
}

/// The first line of a part of a source, short enough to be shown.
pub(super) fn quote(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let mut shown: String = line.chars().filter(|c| !is_hidden(*c)).take(60).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}

/// Whether a text fits; its named groups become variables.
pub(super) fn capture(pattern: &Pattern, text: &str, variables: &mut Variables) -> Option<()> {
    let hit = Search::plain(pattern).hits(text, 1).into_iter().next()?;
    variables.extend(hit.variables);
    Some(())
}
