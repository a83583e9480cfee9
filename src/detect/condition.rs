//! Conditions of detectors. Evaluation gives the evidence, never a bare yes: a reason then costs
//! a detector's author nothing.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};

use crate::facts::{Confidence, Evidence};
use crate::lang::{Component, Sources};
use crate::pack::{Condition, Pattern};
use crate::repo::{RelPath, Source};

/// Variables that a condition's named groups have set.
pub(super) type Variables = BTreeMap<String, String>;

pub(super) struct Cx<'a> {
    pub component: &'a Component,
    pub sources: &'a Sources<'a>,
    /// The id of the detector that asks.
    pub rule: &'a str,
}

/// The first block that holds, with its evidence.
pub(super) fn any(
    blocks: &[Condition],
    cx: &Cx<'_>,
    variables: &mut Variables,
) -> Option<(Evidence, Confidence)> {
    blocks.iter().find_map(|block| {
        let mut own = variables.clone();
        let found = eval(block, cx, &mut own)?;
        *variables = own;
        Some(found)
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
        let dependency =
            condition.dependency.0.iter().find_map(|name| {
                cx.component.manifest.dependencies.iter().find(|found| {
                    found.name == *name && (found.production || !condition.production)
                })
            })?;
        hold(Evidence {
            rule: cx.rule.to_owned(),
            at: Some(dependency.at.clone()),
            why: format!("{} is a dependency", dependency.name),
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
    if !condition.file.0.is_empty() {
        let evidence = file(condition, cx, variables)?;
        if condition.matches.is_some() {
            confidence = confidence.min(Confidence::Likely);
        }
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

/// The first file that one of the globs names and, where a pattern is given, that holds it.
fn file(condition: &Condition, cx: &Cx<'_>, variables: &mut Variables) -> Option<Evidence> {
    for glob in &condition.file.0 {
        let mut candidates: Vec<RelPath> = Vec::new();
        if let Some(folder) = glob.strip_suffix('/').filter(|name| is_literal(name)) {
            if cx.sources.view().has_dir(folder) {
                let full = cx.component.dir.join(folder);
                return Some(Evidence::file(cx.rule, full, format!("there is {glob}")));
            }
        } else if is_literal(glob) {
            if let Some(path) = RelPath::new(glob)
                && cx.sources.view().has(path.as_str())
            {
                candidates.push(path);
            }
        } else {
            let matcher = matcher(glob)?;
            if glob.contains("**") {
                candidates.extend(
                    cx.sources
                        .files()
                        .iter()
                        .filter(|file| matcher.is_match(file.as_str()))
                        .cloned(),
                );
            } else {
                let folder = glob.rsplit_once('/').map_or("", |(folder, _)| folder);
                if is_literal(folder) {
                    let view = cx.sources.view().child(folder);
                    candidates.extend(
                        view.files()
                            .filter_map(|name| RelPath::root().join(folder).join(name).into())
                            .filter(|file: &RelPath| matcher.is_match(file.as_str())),
                    );
                } else {
                    candidates.extend(
                        cx.sources
                            .view()
                            .walk()
                            .take(20_000)
                            .filter(|file| matcher.is_match(file.as_str())),
                    );
                }
            }
        }
        for path in candidates {
            match &condition.matches {
                None => {
                    variables.insert("file".to_owned(), path.as_str().to_owned());
                    let full = cx.component.dir.join(path.as_str());
                    let why = format!("there is {path}");
                    return Some(Evidence::file(cx.rule, full, why));
                }
                Some(pattern) => {
                    let Some(source) = cx.sources.read(&path) else {
                        continue;
                    };
                    if let Some(evidence) = matches(pattern, &source, cx, variables) {
                        variables.insert("file".to_owned(), path.as_str().to_owned());
                        return Some(evidence);
                    }
                }
            }
        }
    }
    None
}

fn matches(
    pattern: &Pattern,
    source: &Source,
    cx: &Cx<'_>,
    variables: &mut Variables,
) -> Option<Evidence> {
    let span = capture(pattern, &source.text, variables)?;
    let line = source.text[span.clone()]
        .lines()
        .next()
        .unwrap_or_default()
        .trim();
    let mut shown: String = line.chars().filter(|c| !c.is_control()).take(60).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    Some(Evidence::span(
        cx.rule,
        source,
        &span,
        format!("the source says `{shown}`"),
    ))
}

fn capture(
    pattern: &Pattern,
    text: &str,
    variables: &mut Variables,
) -> Option<std::ops::Range<usize>> {
    let regex = pattern.regex()?;
    let captures = regex.captures(text.as_bytes())?;
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

fn is_literal(glob: &str) -> bool {
    !glob.contains(['*', '?', '[', '{'])
}

fn matcher(glob: &str) -> Option<GlobMatcher> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .ok()
        .map(|glob| glob.compile_matcher())
}
