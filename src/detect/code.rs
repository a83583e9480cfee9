//! Conditions on code: where a pattern fits, and what stands in its holes.

use std::rc::Rc;

use super::condition::{Cx, Scope, Variables, candidates, capture, quote};
use super::mounts::prefix;
use crate::code::{Address, Files, Match, NodeId, Tree, address, is_local, value};
use crate::facts::Evidence;
use crate::pack::{Condition, Pattern};
use crate::repo::{RelPath, Span};
use crate::text::line_at;

/// The first place where one of the condition's patterns fits and its holes hold what they must.
/// An earlier pattern is asked of every file before a later one.
pub(super) fn code(
    condition: &Condition,
    cx: &Cx<'_>,
    variables: &mut Variables,
    scope: Scope,
) -> Option<Evidence> {
    let words = cx.packs.words(cx.component.language)?;
    let named: Vec<RelPath>;
    let all = if condition.file.0.is_empty() {
        cx.sources.files()
    } else {
        let globs = condition.file.0.iter();
        named = globs
            .flat_map(|glob| candidates(glob, cx.sources))
            .collect();
        &named
    };
    let counts = |file: &&RelPath| {
        scope == Scope::All || (scope == Scope::Shared) == cx.sources.is_shared(file)
    };
    let files: Vec<&RelPath> = all.iter().filter(counts).collect();
    let mut best: Option<(usize, Variables, Evidence)> = None;
    for pattern in &condition.code.0 {
        for file in files.iter().copied() {
            if !cx.sources.has_words(file, pattern, words) || !may_hold(condition, cx, file) {
                continue;
            }
            let Some(tree) = cx.sources.tree(file) else {
                continue;
            };
            for found in tree.find(pattern) {
                let mut own = variables.clone();
                if !fits(condition, cx, &tree, &found, &mut own) {
                    continue;
                }
                own.insert("file".to_owned(), file.as_str().to_owned());
                let rank = own
                    .get("health")
                    .map_or(0, |route| cx.packs.health_rank(route));
                if best.as_ref().is_some_and(|(known, ..)| *known <= rank) {
                    continue;
                }
                let span = shown(&tree, &found);
                let why = format!(
                    "the source says `{}`",
                    quote(&tree.source.text[span.clone()])
                );
                let evidence = Evidence::span(cx.rule, &tree.source, &span, why);
                best = Some((rank, own, evidence));
                if rank == 0 {
                    break;
                }
            }
            if best.as_ref().is_some_and(|(rank, ..)| *rank == 0) {
                break;
            }
        }
        if best.as_ref().is_some_and(|(rank, ..)| *rank == 0) {
            break;
        }
    }
    let (_, own, evidence) = best?;
    *variables = own;
    Some(evidence)
}

/// Whether a file's text has what the condition asks of it beside the code.
fn may_hold(condition: &Condition, cx: &Cx<'_>, file: &RelPath) -> bool {
    let holds = |pattern: &Option<Pattern>| {
        let regex = pattern.as_ref().and_then(Pattern::regex)?;
        let source = cx.sources.read(file)?;
        Some(regex.is_match(source.text.as_bytes()))
    };
    holds(&condition.with) != Some(false) && holds(&condition.without) != Some(true)
}

fn fits(
    condition: &Condition,
    cx: &Cx<'_>,
    tree: &Rc<Tree>,
    found: &Match,
    variables: &mut Variables,
) -> bool {
    let within = &condition.within.0;
    if !within.is_empty()
        && !within
            .iter()
            .any(|pattern| tree.is_within(pattern, found.node))
    {
        return false;
    }
    if condition.top_level && !tree.is_top_level(found.node) {
        return false;
    }
    if condition.no_services && is_beside(cx, tree, found.node) {
        return false;
    }
    let except = condition.except.as_ref().and_then(Pattern::regex);
    if except.is_some_and(|except| except.is_match(tree.text(found.node).as_bytes())) {
        return false;
    }
    let holes = found.captures().all(|(name, node)| {
        let key = name.to_ascii_lowercase();
        if condition
            .has
            .get(&key)
            .is_some_and(|has| !has.0.iter().any(|pattern| tree.holds(pattern, node)))
        {
            return false;
        }
        if key == "port" {
            return port(condition, cx, tree, node, variables);
        }
        if key == "host" {
            host(cx, tree, node, variables);
            return true;
        }
        let text = if tree.is_name(node) {
            Some(tree.text(node).to_owned())
        } else {
            let found = value(cx.sources, tree, node);
            found.text().map(str::to_owned).or_else(|| tree.word(node))
        };
        if let Some(pattern) = condition.holes.get(&key) {
            let text = text.as_deref().unwrap_or_else(|| tree.text(node));
            let is_part = key == "router" && tree.definition_fits(text, &condition.parts.0);
            if !is_part && capture(pattern, text, variables).is_none() {
                return false;
            }
        }
        if let Some(text) = text {
            let text = if key == "health" { route(&text) } else { text };
            variables.insert(key, text);
        }
        true
    });
    if !holes {
        return false;
    }
    // A group of a hole's text that is called so is a port like any other.
    if found.capture("PORT").is_none()
        && let Some(text) = variables
            .get("port")
            .filter(|_| condition.holes.values().any(|hole| hole.names("port")))
    {
        let Some(address) = address(text) else {
            return false;
        };
        if !own_port(condition, cx, &address, variables) {
            return false;
        }
    }
    if condition.mounts.0.is_empty() && condition.prefixes.0.is_empty() {
        return true;
    }
    match prefix(condition, cx, tree, found) {
        Some(prefix) => {
            variables.insert("prefix".to_owned(), prefix);
            true
        }
        None => false,
    }
}

/// Whether code is for something that is served beside the program's own port (metrics, profiles),
/// or for what another service serves.
fn is_beside(cx: &Cx<'_>, tree: &Tree, node: NodeId) -> bool {
    if cx.packs.is_elsewhere(&tree.source.path) {
        return true;
    }
    let function = tree.function_around(node);
    let name = function.and_then(|function| tree.name_of(function));
    let file = tree.source.path.name();
    let line = tree.text(node).lines().next().unwrap_or_default();
    // Words, not paths: `.get("/health", …).start(80)` is the program's own server.
    let line: String = line.split(['"', '\'', '`']).step_by(2).collect();
    [name.unwrap_or_default(), file, &line]
        .iter()
        .any(|text| cx.packs.is_beside(text))
}

/// `/health` of `GET /health` and `health`.
fn route(text: &str) -> String {
    let path = text.rsplit(' ').next().unwrap_or_default();
    format!("/{}", path.trim_start_matches('/'))
}

/// Sets `port` and `host`. An address of another machine, and with `no_services` a port by which
/// another service is known, is not the program's own.
fn own_port(
    condition: &Condition,
    cx: &Cx<'_>,
    address: &Address,
    variables: &mut Variables,
) -> bool {
    let foreign = address.host.as_deref().is_some_and(|host| !is_local(host));
    if foreign || (condition.no_services && cx.packs.is_service(address.port)) {
        return false;
    }
    variables.insert("port".to_owned(), address.port.to_string());
    if let Some(host) = &address.host {
        variables.insert("host".to_owned(), host.clone());
    }
    true
}

/// The port of a hole, and the variable that is asked for it first.
fn port(
    condition: &Condition,
    cx: &Cx<'_>,
    tree: &Tree,
    node: NodeId,
    variables: &mut Variables,
) -> bool {
    let found = value(cx.sources, tree, node);
    let Some(address) = found.address() else {
        return false;
    };
    if let Some(variable) = found.variable.filter(|name| is_variable(name)) {
        let whole = found.of_address;
        let key = if whole {
            "address_variable"
        } else {
            "variable"
        };
        variables.insert(key.to_owned(), variable);
    }
    if let Some(variable) = found.before.filter(|name| is_variable(name)) {
        variables.insert("host_variable".to_owned(), variable);
    }
    own_port(condition, cx, &address, variables)
}

/// The host that is listened on, where it stands apart from the port.
fn host(cx: &Cx<'_>, tree: &Tree, node: NodeId, variables: &mut Variables) {
    let found = value(cx.sources, tree, node);
    if let Some(text) = found.text().filter(|text| is_local(text)) {
        variables.insert("host".to_owned(), text.to_owned());
    }
    if let Some(variable) = found.variable.filter(|name| is_variable(name)) {
        variables.insert("host_variable".to_owned(), variable);
    }
}

/// Whether a text can be a variable's name at all: the program asks for any text.
fn is_variable(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.len() <= 64 && name.bytes().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Of code over several lines only the line with the value is worth showing.
fn shown(tree: &Tree, found: &Match) -> Span {
    let span = tree.span(found.node);
    let text = &tree.source.text;
    let value = found
        .capture("PORT")
        .or_else(|| found.capture("PATH"))
        .map_or(span.start, |node| tree.span(node).start);
    if !text[span.clone()].contains('\n') {
        return span;
    }
    let line = line_at(text, value);
    line.end - text[line.clone()].trim_start().len()..line.end
}
