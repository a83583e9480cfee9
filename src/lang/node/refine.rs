//! What needs the sources, or what the detectors found: the start command, the runtime, and what
//! the program reads beside its code.

use super::NodeModel;
use super::manager::Manager;
use super::{Runtime, reads, schema, start};
use crate::facts::{
    Artifact, Command, Confidence, Evidence, Facts, Found, Kind, Own, Rank, RequiredEnv,
    looks_secret, push, push_named, push_required,
};
use crate::lang::{Component, Sources};
use crate::repo::{Dir, Repo};

pub(super) fn refine(repo: &Repo, component: &mut Component, sources: &Sources<'_>) {
    let view = repo.dir(&component.dir);
    let mut facts = std::mem::take(&mut component.facts);
    let programs = start::start(&view, component, &mut facts);
    start::build(component, &mut facts);
    let Some(model) = component.model.get_mut::<NodeModel>() else {
        component.facts = facts;
        return;
    };
    if let Some(best) = facts.start.best() {
        model.runtime = match best.value.program() {
            Some("bun" | "bunx") => Runtime::Bun,
            _ => Runtime::Node,
        };
        if let Some((name, program)) = programs
            .into_iter()
            .find(|(_, program)| program.command == best.value)
        {
            model.script = component.manifest.script(&name).map(|_| name);
            let evidence = best.evidence.clone();
            for (name, value) in program.env {
                if name == "PORT"
                    && let Ok(port) = value.parse()
                    && port > 0
                {
                    facts.port.certain(port, Rank::Manifest, evidence.clone());
                    facts
                        .port_variable
                        .certain(name, Rank::Manifest, evidence.clone());
                    continue;
                }
                if looks_secret(&name) {
                    let why = "its value stood in the start script".to_owned();
                    let required = RequiredEnv { name, why };
                    let found = found(required, Rank::Manifest, evidence.clone());
                    push_required(&mut facts.required, found);
                    continue;
                }
                push_named(
                    &mut facts.env,
                    found((name, value), Rank::Manifest, evidence.clone()),
                );
            }
        }
    }
    facts.runtime = match model.runtime {
        Runtime::Node => model.node.clone(),
        Runtime::Bun => model.bun.clone(),
    };
    reads::manager_at_run_time(model, sources);
    model.arguments = reads::arguments(sources);
    let needed = model.builds.iter().map(|neighbour| &neighbour.dir);
    let needed = needed.chain(&model.runs);
    model.schemas = schema::folders(repo, &component.dir, &component.root, needed);
    generated(model, &mut facts);
    let own = start::starts_source(&view, &facts);
    let mut ends = facts.handles_sigterm.all().iter();
    model.ends = ends
        .find(|found| found.value && (!own || found.rank <= Rank::Source))
        .map(|found| found.evidence.clone());
    kind(&mut facts);
    port(&mut facts, own);
    let built = reads::built_folder(&view, &facts);
    let in_modules = |found: &Found<Artifact>| found.value.from.starts_with("node_modules/");
    if let Some((folder, evidence)) = built.filter(|_| facts.artifacts.iter().all(in_modules)) {
        let artifact = |name: String| Artifact {
            from: name.clone(),
            to: name,
        };
        push(
            &mut facts.artifacts,
            found(artifact(folder.clone()), Rank::Manifest, evidence),
        );
        for (name, evidence) in reads::read_at_run_time(&view, sources, &facts, &folder) {
            push(
                &mut facts.artifacts,
                found(artifact(name), Rank::Source, evidence),
            );
        }
    }
    carry_migrations(&view, &mut facts);
    component.sure = sure(&facts);
    component.facts = facts;
}

/// A folder of the modules that an install of everything fills with code. pnpm keeps it under a name
/// that holds its package's version, and a workspace has several: there all modules are taken.
fn generated(model: &NodeModel, facts: &mut Facts) {
    let Some(folder) = facts.own.text("generated") else {
        return;
    };
    let because = folder.evidence.clone();
    if model.install.manager == Manager::Pnpm || model.install.is_workspace() {
        let all = Own::Text("all".to_owned());
        facts
            .own
            .add("modules", all, folder.rank, folder.confidence, because);
    } else {
        let artifact = Artifact {
            from: folder.value.clone(),
            to: folder.value,
        };
        push(&mut facts.artifacts, found(artifact, folder.rank, because));
    }
}

/// Of an image that holds only what was built, the migrations are no part by themselves.
fn carry_migrations(view: &Dir<'_>, facts: &mut Facts) {
    let Some(migrate) = facts.migrate.best().cloned() else {
        return;
    };
    let there = |path: &&String| view.has(path) || view.has_dir(path);
    if !facts.artifacts.is_empty() {
        for path in migrate.value.needs.iter().filter(there) {
            let artifact = Artifact {
                from: path.clone(),
                to: path.clone(),
            };
            let evidence = migrate.evidence.clone();
            push(
                &mut facts.artifacts,
                found(artifact, migrate.rank, evidence),
            );
        }
    }
}

pub(super) fn found<T>(value: T, rank: Rank, evidence: Evidence) -> Found<T> {
    Found {
        value,
        rank,
        confidence: Confidence::Likely,
        evidence,
    }
}

/// A start script or a server framework is a program; a bundle of files may belong to another
/// language's program in the same folder.
fn sure(facts: &Facts) -> Confidence {
    match facts.start.best() {
        Some(best) if best.rank >= Rank::Framework => Confidence::Certain,
        _ if !facts.static_root.is_empty() => Confidence::Likely,
        _ => Confidence::Guess,
    }
}

/// Why a package is no program, when it is none.
pub(super) fn passed_over(component: &Component) -> Option<String> {
    let facts = &component.facts;
    let starts = facts
        .start
        .best()
        .is_some_and(|best| best.rank >= Rank::Framework);
    let serves = facts.kind.best().is_some_and(|kind| {
        matches!(kind.value, Kind::Web | Kind::Worker) && kind.rank >= Rank::Source
    }) && !facts.start.is_empty();
    if starts || serves || !facts.static_root.is_empty() {
        return None;
    }
    Some("no script, framework or server code makes it a program".to_owned())
}

/// A start script that is no development server outranks files for a web server.
fn kind(facts: &mut Facts) {
    let is_static = facts.kind.value() == Some(&Kind::Static);
    if let Some(best) = facts.start.best().cloned()
        && is_static
        && best.rank >= Rank::Manifest
    {
        facts.kind.certain(Kind::Web, Rank::Manifest, best.evidence);
    }
    if facts.kind.is_empty() {
        facts.kind.guess(
            Kind::Cli,
            Rank::Default,
            Evidence::rule("node/no-server", "no code that serves was seen"),
        );
    }
}

/// `-p 4000` or `--port=4000` in the start command; else what the program's own sources say.
fn port(facts: &mut Facts, own: bool) {
    if own
        && let Some(found) = facts
            .port
            .all()
            .iter()
            .find(|found| found.rank == Rank::Source)
            .cloned()
    {
        facts.port.add(
            found.value,
            Rank::Manifest,
            found.confidence,
            found.evidence,
        );
    }
    let Some(best) = facts.start.best() else {
        return;
    };
    let Command::Exec(words) = &best.value else {
        return;
    };
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let value = match word {
            "-p" | "--port" => words.next(),
            _ => word.strip_prefix("--port="),
        };
        if let Some(port) = value
            .and_then(|value| value.parse().ok())
            .filter(|port| *port > 0)
        {
            let evidence = best.evidence.clone();
            facts.port.certain(port, Rank::Manifest, evidence);
            return;
        }
    }
}
