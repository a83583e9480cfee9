//! What a person has said about the parts of an image: it stands above everything that was found.

use crate::detect::Detection;
use crate::facts::{Component, Confidence, Evidence, Found, Rank, push, push_named};
use crate::lang::identifier;
use crate::plan::settings::Settings;
use crate::plan::{Copy, Port, Resolver, RunStage, Step};

/// Puts the settings that planners read among the facts, before anything is planned.
pub fn overlay(detection: &mut Detection, settings: &Settings) {
    let feeders = detection.feeders.iter_mut();
    for component in detection.components.iter_mut().chain(feeders) {
        facts(component, settings);
    }
}

fn facts(component: &mut Component, settings: &Settings) {
    let dir = component.dir.clone();
    let said = |key: &str| -> Vec<Found<String>> {
        let Some((value, origin)) = settings.get(&dir, key) else {
            return Vec::new();
        };
        let evidence = origin.evidence();
        let words = shlex::split(value).unwrap_or_default();
        let found = |value| found(value, &evidence);
        words.into_iter().map(found).collect()
    };
    let facts = &mut component.facts;
    for (key, list) in [
        ("packages", &mut facts.run_packages),
        ("build-packages", &mut facts.build_packages),
        ("writable", &mut facts.writable),
        ("volumes", &mut facts.volumes),
    ] {
        for found in said(key) {
            push(list, found);
        }
    }
    for (key, list) in [("env", &mut facts.env), ("build-env", &mut facts.build_env)] {
        for found in said(key) {
            let Some((name, value)) = found.value.split_once('=') else {
                continue;
            };
            let pair = (name.to_owned(), value.to_owned());
            push_named(
                list,
                Found {
                    value: pair,
                    rank: found.rank,
                    confidence: found.confidence,
                    evidence: found.evidence,
                },
            );
        }
    }
}

fn found(value: String, evidence: &Evidence) -> Found<String> {
    Found {
        value,
        rank: Rank::Dedicated,
        confidence: Confidence::Certain,
        evidence: evidence.clone(),
    }
}

/// The words of a setting that nothing but this file reads.
fn words(resolver: &mut Resolver<'_>, key: &str) -> Vec<String> {
    let Some((value, evidence)) = resolver.setting(key) else {
        return Vec::new();
    };
    resolver.decide(key, &value, Confidence::Certain, evidence);
    shlex::split(&value).unwrap_or_default()
}

/// Arguments go behind the program, which stands in ENTRYPOINT or, behind an init, in CMD.
pub(super) fn arguments(run: &mut RunStage, resolver: &mut Resolver<'_>) {
    run.cmd.extend(words(resolver, "args"));
}

/// What was said of the last stage itself.
pub(super) fn last_stage(run: &mut RunStage, resolver: &mut Resolver<'_>) {
    let mut words = |key: &str| words(resolver, key);
    let ports = words("expose");
    for port in ports.iter().filter_map(|port| Port::parse(port)) {
        if !run.ports.contains(&port) {
            run.ports.push(port);
        }
    }
    let copied = words("copy");
    for path in &copied {
        run.steps
            .push(Step::Copy(Copy::context(path, format!("./{path}"))));
    }
    if let Some(user) = words("user").pop() {
        run.user = user;
    }
    if let Some(signal) = words("stop-signal").pop() {
        run.stop_signal = Some(signal);
    }
}

/// The name of the image, when somebody has said it.
pub(super) fn name(resolver: &mut Resolver<'_>) -> Option<String> {
    let (name, evidence) = resolver.setting("name")?;
    let name = identifier(&name);
    resolver.decide("name", &name, Confidence::Certain, evidence);
    Some(name)
}
