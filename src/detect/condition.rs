//! Conditions of detectors. Evaluation gives the evidence, never a bare yes: a reason then costs
//! a detector's author nothing.

use std::collections::BTreeMap;

use regex::bytes::Captures;

use super::code::code;
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

/// The evidence of a block that holds.
pub(super) struct Holds {
    pub evidence: Evidence,
    pub confidence: Confidence,
    /// The program's own code says so.
    pub in_code: bool,
}

/// The first block that holds, with its evidence.
pub(super) fn any(blocks: &[Condition], cx: &Cx<'_>, variables: &mut Variables) -> Option<Holds> {
    blocks.iter().find_map(|block| {
        let mut own = variables.clone();
        let (evidence, confidence) = eval(block, cx, &mut own)?;
        *variables = own;
        Some(Holds {
            evidence,
            confidence,
            in_code: !block.code.0.is_empty(),
        })
    })
}

fn eval(
    condition: &Condition,
    cx: &Cx<'_>,
    variables: &mut Variables,
) -> Option<(Evidence, Confidence)> {
    let mut first: Option<Evidence> = None;
    let mut confidence = Confidence::Certain;
    let mut hold = |evidence: Evidence| {
        first.get_or_insert(evidence);
    };
    if !condition.dependency.0.is_empty() {
        let dependency = condition.dependency.0.iter().find_map(|name| {
            cx.component.manifest.dependencies.iter().find(|found| {
                is_named(&found.name, name)
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
    if !condition.code.0.is_empty() {
        hold(code(condition, cx, variables)?);
    } else if !condition.file.0.is_empty() {
        let evidence = file(condition, cx, variables)?;
        if condition.matches.is_some() {
            confidence = confidence.min(Confidence::Likely);
        }
        hold(evidence);
    }
    for block in &condition.all {
        let (evidence, sure) = eval(block, cx, variables)?;
        confidence = confidence.min(sure);
        hold(evidence);
    }
    if condition
        .unless
        .iter()
        .any(|block| eval(block, cx, &mut variables.clone()).is_some())
    {
        return None;
    }
    let evidence = first.unwrap_or_else(|| Evidence::rule(cx.rule, "nothing speaks against it"));
    Some((evidence, condition.confidence.unwrap_or(confidence)))
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

/// The first file that one of the globs names and, where a pattern is given, that holds it.
fn file(condition: &Condition, cx: &Cx<'_>, variables: &mut Variables) -> Option<Evidence> {
    if let Some(glob) = condition
        .file
        .0
        .iter()
        .find(|glob| is_folder(glob, cx.sources))
    {
        let full = cx.component.dir.join(glob.as_str());
        return Some(Evidence::file(
            cx.rule,
            full,
            format!("there is {}", glob.as_str()),
        ));
    }
    for path in condition
        .file
        .0
        .iter()
        .flat_map(|glob| candidates(glob, cx.sources))
    {
        let evidence = match &condition.matches {
            None => {
                let full = cx.component.dir.join(path.as_str());
                Some(Evidence::file(cx.rule, full, format!("there is {path}")))
            }
            Some(pattern) => cx.sources.read(&path).and_then(|source| {
                let own = |port: u16| !condition.no_services || !cx.packs.is_service(port);
                matches(pattern, &source, own, cx, variables)
            }),
        };
        if evidence.is_some() {
            variables.insert("file".to_owned(), path.as_str().to_owned());
            return evidence;
        }
    }
    None
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

fn matches(
    pattern: &Pattern,
    source: &Source,
    own: impl Fn(u16) -> bool,
    cx: &Cx<'_>,
    variables: &mut Variables,
) -> Option<Evidence> {
    let span = capture_own(pattern, &source.text, own, variables)?;
    Some(Evidence::span(
        cx.rule,
        source,
        &span,
        format!("the source says `{}`", quote(&source.text[span.clone()])),
    ))
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

pub(super) fn capture(
    pattern: &Pattern,
    text: &str,
    variables: &mut Variables,
) -> Option<std::ops::Range<usize>> {
    capture_own(pattern, text, |_| true, variables)
}

/// The first match whose group `port`, if it has one, is `own`.
fn capture_own(
    pattern: &Pattern,
    text: &str,
    own: impl Fn(u16) -> bool,
    variables: &mut Variables,
) -> Option<std::ops::Range<usize>> {
    let regex = pattern.regex()?;
    let port = |captures: &Captures<'_>| {
        let digits = captures.name("port")?.as_bytes();
        std::str::from_utf8(digits).ok()?.parse().ok()
    };
    let captures = regex
        .captures_iter(text.as_bytes())
        .find(|captures| port(captures).is_none_or(&own))?;
    for name in regex.capture_names().flatten() {
        if let Some(value) = captures
            .name(name)
            .and_then(|group| std::str::from_utf8(group.as_bytes()).ok())
        {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    let whole = captures.get(0)?.range();
    // Of a match over several lines only the line with the value is worth showing.
    let named = regex
        .capture_names()
        .flatten()
        .find_map(|name| captures.name(name));
    let shown = match named {
        Some(group) if text.as_bytes()[whole.clone()].contains(&b'\n') => {
            let start = text.as_bytes()[..group.start()]
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |at| at + 1);
            let end = text.as_bytes()[start..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(text.len(), |at| start + at);
            start..end
        }
        _ => whole,
    };
    (text.is_char_boundary(shown.start) && text.is_char_boundary(shown.end)).then_some(shown)
}
