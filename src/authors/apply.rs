//! From statements to facts: what is for this program, safe and still there is taken over, the rest
//! is told as left.

mod folder;
mod start;
mod switches;

use std::collections::BTreeMap;

use super::said::{Item, Said, Told};
use super::table::{Package, Table};
use crate::facts::{
    Command, Confidence, Evidence, Facts, Found, HealthFact, Kind, Rank, RequiredEnv, push,
    push_named, push_required,
};
use crate::lang::Component;
use folder::{folder, is_built};
use start::begin;
use switches::{build_script, switches};

use crate::repo::Repo;

/// What is needed beside the statements.
pub(super) struct Cx<'r> {
    pub repo: &'r Repo,
    pub table: &'r Table,
    /// Whether a port is known as another service's.
    pub is_service: &'r dyn Fn(u16) -> bool,
}

const RANK: Rank = Rank::Authors;

fn found<T>(value: T, at: &Evidence) -> Found<T> {
    Found {
        value,
        rank: RANK,
        confidence: Confidence::Likely,
        evidence: at.clone(),
    }
}

/// Adds what one file says. Files come in the order of their weight, so that of equals the first
/// stays the best.
///
/// `workdir` is the work folder of the authors' image, empty when that is not known.
pub(super) fn apply(cx: &Cx<'_>, component: &mut Component, said: &Said, workdir: &str) {
    // A web server in front of built files: how it runs says nothing about a server of ours.
    let site = said
        .languages
        .first()
        .is_some_and(|first| first == "static");
    let mut left = Vec::new();
    let mut starts = Vec::new();
    for told in &said.told {
        match &told.item {
            Item::Left(what) => left.push((what.clone(), told.at.clone())),
            Item::Start(start) if !site => starts.push((start.clone(), told.at.clone())),
            _ if site && is_run(&told.item) => {}
            _ => one(cx, component, said, told, workdir, &mut left),
        }
    }
    if !site {
        ports(cx, &mut component.facts, said);
        // Of several the last is the most particular: `entrypoint` goes before `command`.
        // A language that has read the same file knows more of the command than its words.
        let known = |found: &Found<Command>| {
            let at = found.evidence.at.as_ref();
            at.is_some_and(|at| at.path == said.file)
        };
        if let Some((start, at)) = starts.last()
            && !component.facts.start.all().iter().any(known)
        {
            begin(cx, component, said, start, at, workdir, &mut left);
        }
    }
    nest(&mut component.facts);
    switches(cx, component, said);
    tell_left(component, left);
}

/// How the container runs, and not how the program is built.
fn is_run(item: &Item) -> bool {
    matches!(
        item,
        Item::Port(_)
            | Item::PortVariable(_)
            | Item::Health(_)
            | Item::Volume(_)
            | Item::Writes(_)
            | Item::RunPackage(_)
            | Item::Env(..)
            | Item::StopSignal(_)
            | Item::File(..)
    )
}

/// The work folder of a Dockerfile's last stage, unless it is a volume: then it is the place of data
/// and not of the program.
pub(super) fn workdir(said: &Said) -> String {
    let workdir = said.told.iter().find_map(|told| match &told.item {
        Item::Start(start) if !start.workdir.is_empty() => Some(start.workdir.clone()),
        _ => None,
    });
    let mounted = |folder: &String| {
        said.told
            .iter()
            .any(|told| matches!(&told.item, Item::Volume(path) if path == folder))
    };
    workdir
        .filter(|folder| !mounted(folder))
        .unwrap_or_default()
}

/// A folder below another one needs no word of its own.
fn nest(facts: &mut Facts) {
    let all: Vec<String> = facts
        .volumes
        .iter()
        .map(|found| found.value.clone())
        .collect();
    let below = |path: &str| {
        all.iter()
            .any(|other| path.starts_with(&format!("{other}/")))
    };
    facts.volumes.retain(|found| !below(&found.value));
}

/// Statements that stand for themselves.
fn one(
    cx: &Cx<'_>,
    component: &mut Component,
    said: &Said,
    told: &Told,
    workdir: &str,
    left: &mut Vec<(String, Evidence)>,
) {
    let at = &told.at;
    let facts = &mut component.facts;
    match &told.item {
        Item::Health(path) => facts
            .health
            .likely(HealthFact::Http(path.clone()), RANK, at.clone()),
        Item::PortVariable(name) => facts.port_variable.likely(name.clone(), RANK, at.clone()),
        Item::StopSignal(signal) if is_signal(signal) => {
            facts.stop_signal.likely(signal.clone(), RANK, at.clone());
        }
        Item::Required(name) => push_required(
            &mut facts.required,
            found(
                RequiredEnv {
                    name: name.clone(),
                    why: at.why.clone(),
                },
                at,
            ),
        ),
        Item::Env(name, value) if cx.table.takes_variable(name, value) => {
            push_named(&mut facts.env, found((name.clone(), value.clone()), at));
        }
        Item::BuildEnv(name, value) if cx.table.takes_variable(name, value) => {
            push_named(
                &mut facts.build_env,
                found((name.clone(), value.clone()), at),
            );
        }
        Item::Env(name, value) if crate::facts::looks_secret(name) && !value.is_empty() => {
            left.push((format!("{name}, a secret by its name"), at.clone()));
            let why = "the authors' files set it, and a secret is no part of an image".to_owned();
            let name = name.clone();
            push_required(&mut facts.required, found(RequiredEnv { name, why }, at));
        }
        Item::RunPackage(name) | Item::BuildPackage(name) => {
            let runs = matches!(told.item, Item::RunPackage(_));
            match cx.table.package(name) {
                Package::Run(names) if runs => {
                    for name in names {
                        push(&mut facts.run_packages, found(name.to_owned(), at));
                    }
                }
                // Beside the program in the authors' one stage, it is there for the build.
                Package::Build(names) => {
                    for name in names {
                        push(&mut facts.build_packages, found(name.to_owned(), at));
                    }
                }
                Package::Unknown if runs => {
                    left.push((format!("the package {name}, unknown on Debian"), at.clone()));
                }
                _ => {}
            }
        }
        Item::Volume(path) => {
            if let Some(path) = folder(path, workdir) {
                if !path.starts_with('/') {
                    push(&mut facts.writable, found(path.clone(), at));
                }
                push(&mut facts.volumes, found(path, at));
            }
        }
        Item::Writes(path) => {
            if let Some(path) = folder(path, workdir) {
                let dir = &component.dir;
                let sources = cx.repo.files_in(&dir.join(&path)).take(3).count() > 2;
                if path.starts_with('/') {
                    if path.matches('/').count() <= 2 || path.starts_with("/var/lib/") {
                        push(&mut facts.volumes, found(path, at));
                    }
                } else if !sources && !is_built(&path) {
                    push(&mut facts.writable, found(path, at));
                }
            }
        }
        Item::BuildScript(name) => build_script(cx, component, said, name, at),
        _ => {}
    }
}

/// A signal's name, when it is not the one that containers get anyway.
fn is_signal(text: &str) -> bool {
    text != "SIGTERM"
        && text.len() <= 12
        && text.strip_prefix("SIG").is_some_and(|rest| {
            !rest.is_empty()
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        })
}

/// The port that most statements name, the first of equals; the others stay candidates.
fn ports(cx: &Cx<'_>, facts: &mut Facts, said: &Said) {
    let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
    let mut order: Vec<(u16, &Evidence)> = Vec::new();
    let mut driven = false;
    for told in &said.told {
        match &told.item {
            Item::Port(port) => {
                *counts.entry(*port).or_default() += 1;
                if !order.iter().any(|(known, _)| known == port) {
                    order.push((*port, &told.at));
                }
            }
            Item::PortVariable(_) => driven = true,
            _ => {}
        }
    }
    // The sort is stable, so that of equals the first that is named stays first.
    order.sort_by_key(|(port, _)| {
        (
            (cx.is_service)(*port),
            std::cmp::Reverse(counts.get(port).copied()),
        )
    });
    for (place, (port, at)) in order.iter().enumerate() {
        let confidence = if place == 0 {
            Confidence::Likely
        } else {
            Confidence::Guess
        };
        // The authors' root user may listen there, ours need not; what the code says goes first.
        let rank = if *port < 1024 && driven {
            Rank::Language
        } else {
            RANK
        };
        facts.port.add(*port, rank, confidence, (*at).clone());
    }
    if let Some((_, at)) = order.first() {
        facts.kind.likely(Kind::Web, Rank::Source, (*at).clone());
    }
}

/// One line for each file: `explain` has little room.
fn tell_left(component: &mut Component, left: Vec<(String, Evidence)>) {
    const MOST: usize = 6;
    let Some((_, at)) = left.first() else {
        return;
    };
    let at = at.clone();
    let mut texts: Vec<String> = Vec::new();
    for (text, _) in left {
        if !texts.contains(&text) && !crate::parse::has_hidden(&text) {
            texts.push(text.chars().take(120).collect());
        }
    }
    let more = texts.len().saturating_sub(MOST);
    texts.truncate(MOST);
    let mut text = texts.join("; ");
    if more > 0 {
        text = format!("{text}; {more} more");
    }
    push(&mut component.facts.left, found(text, &at));
}
