//! From what was detected to the plan of every image: a language makes the stages, this puts
//! around them what is common to all.

mod feeds;
mod ignore;
mod labels;
pub mod question;
mod said;
mod select;

use rayon::prelude::*;

use crate::detect::Detection;
use crate::diag::Diagnostic;
use crate::facts::{Command, Component, Confidence, Found, Kind, Role};
use crate::lang::language;
use crate::pack::PackSet;
use crate::plan::needs;
use crate::plan::settings::Settings;
use crate::plan::{
    Copy, Failure, From, Image, Made, Output, Pair, Plan, Resolver, RunStage, Scope, Stage, Step,
    Syntax, Tables,
};
use crate::repo::{RelPath, Repo};
use feeds::Fed;
pub use said::overlay;

/// Makes the plan of every component that the settings select. A component that lacks an answer
/// stops the others only where there are none.
pub fn assemble(
    repo: &Repo,
    detection: &Detection,
    settings: &Settings,
    packs: &PackSet,
    tables: &Tables,
) -> Result<Plan, Failure> {
    let (selected, mut open) = select::select(detection, settings)?;
    // The root of a repository is not its example's.
    let alone = selected.len() == 1
        && detection.components.len() == 1
        && selected[0].role.role != Role::Example;
    let results: Vec<Result<Image, Failure>> = selected
        .par_iter()
        .map(|component| {
            let mut resolver = Resolver::new(component, settings, packs, tables);
            let fed = feeds::fed(&mut resolver, detection, tables)?;
            resolver.assets.clone_from(&fed.assets);
            let kind = resolver.kind()?;
            let language = language(component.language).ok_or_else(|| {
                Diagnostic::error(
                    "no-language",
                    format!("dockgen has no language {}", component.language),
                )
            })?;
            let made = language.plan(&mut resolver, kind)?;
            resolver.tell_loopback(kind);
            resolver.tell_advice();
            resolver.tell_authors();
            Ok(finish(repo, detection, resolver, kind, made, fed))
        })
        .collect();
    let several = selected.len() + open.len() > 1;
    let mut images = Vec::new();
    for result in results {
        match result {
            Ok(image) => images.push(image),
            Err(failure) if several && failure.is_open() => open.push(failure.named()),
            Err(failure) => return Err(failure),
        }
    }
    if images.is_empty() && !open.is_empty() {
        // The first component's is told, on every run.
        return Err(open.swap_remove(0));
    }
    let outputs = images
        .iter()
        .enumerate()
        .flat_map(|(at, image)| outputs(at, image, alone))
        .collect();
    Ok(Plan {
        images,
        outputs,
        diagnostics: selected.iter().copied().filter_map(warning).collect(),
        open,
    })
}

/// What a detector knows to go wrong with a component as it stands.
fn warning(component: &Component) -> Option<Diagnostic> {
    let found = component.facts.extra.get("warning")?.best()?;
    let warning = Diagnostic::warning("project-needs-work", found.value.clone());
    Some(match &found.evidence.at {
        Some(at) => warning.at(at.clone()),
        None => warning,
    })
}

fn finish(
    repo: &Repo,
    detection: &Detection,
    mut resolver: Resolver<'_>,
    kind: Kind,
    made: Made,
    fed: Fed<'_>,
) -> Image {
    let component = resolver.component;
    let facts = &component.facts;
    let Made {
        mut stages,
        mut run,
        mut needed,
    } = made;
    needed.extend(fed.needed);
    stages.splice(0..0, fed.stages);
    serve_assets(&mut run, &resolver);
    run.labels = labels::labels(component);
    run.packages = merged(run.packages, &facts.run_packages);
    said::arguments(&mut run, &mut resolver);
    if kind != Kind::Static {
        environment(&mut run, component);
        run.writable = merged(run.writable, &facts.writable);
        given(&mut resolver, &mut run, &mut needed);
    }
    said::last_stage(&mut run, &mut resolver);
    let name = said::name(&mut resolver).unwrap_or_else(|| component.name.clone());
    make_folders(&mut stages, &mut run);
    let migrate = migration(&mut resolver, kind);
    let (required, needs) = needs::variables(facts, kind, &run.env);
    let mut decisions = resolver.decisions;
    decisions.extend(needs);
    decisions.sort_by(|a, b| {
        (a.confidence == Confidence::Guess)
            .cmp(&(b.confidence == Confidence::Guess))
            .reverse()
            .then(a.what.cmp(&b.what))
    });
    Image {
        name,
        dir: component.dir.clone(),
        project: component.root.clone(),
        language: component.language.to_owned(),
        frameworks: component
            .frameworks
            .iter()
            .map(|framework| framework.name.clone())
            .collect(),
        kind,
        lines: resolver.lines,
        stages,
        run,
        required,
        migrate,
        ignore: ignore::groups(repo, detection, component, &needed, &fed.components),
        decisions,
    }
}

/// The command that brings the database to the program's version; a file server has none.
fn migration(resolver: &mut Resolver<'_>, kind: Kind) -> Vec<String> {
    let found = resolver.component.facts.migrate.best().cloned();
    let Some(found) = found.filter(|_| kind != Kind::Static) else {
        return Vec::new();
    };
    let because = found.evidence.clone();
    resolver.decide("migrations", &found.value, found.confidence, because);
    found.value.command
}

/// Puts files that others build behind the program's own, before anything runs on them.
fn serve_assets(run: &mut RunStage, resolver: &Resolver<'_>) {
    let first_run = run
        .steps
        .iter()
        .position(|step| matches!(step, Step::Run(_)))
        .unwrap_or(run.steps.len());
    let copies = resolver.served().into_iter().map(Step::Copy);
    run.steps.splice(first_run..first_run, copies);
}

/// Adds what detectors know of the environment; a web server for files reads none of it.
fn environment(run: &mut RunStage, component: &Component) {
    let facts = &component.facts;
    let mut add = |name: &str, value: String| {
        if !run.env.iter().any(|pair| pair.name == name) {
            run.env.push(Pair::new(name, value));
        }
    };
    for found in &facts.env {
        let (name, value) = &found.value;
        add(name, value.clone());
    }
    if let (Some(name), Some(port)) = (facts.port_variable.value(), run.ports.first()) {
        add(name, port.number.to_string());
        run.port_variable = Some(name.clone());
    }
}

/// Arguments of a program that is the entrypoint alone, the files that they name, the folders that
/// are mounted and the signal: what the authors' own files give the container.
fn given(resolver: &mut Resolver<'_>, run: &mut RunStage, needed: &mut Vec<String>) {
    let facts = &resolver.component.facts;
    if let Some(signal) = facts.stop_signal.best()
        && run.stop_signal.is_none()
    {
        run.stop_signal = Some(signal.value.clone());
        let because = signal.evidence.clone();
        resolver.decide("stop signal", &signal.value, signal.confidence, because);
    }
    let arguments = facts.args.best();
    if let Some(found) = arguments
        && run.cmd.is_empty()
        && !run.entrypoint.is_empty()
        && resolver.setting("start").is_none()
    {
        run.cmd.clone_from(&found.value);
        let shown = Command::Exec(found.value.clone());
        resolver.decide("arguments", shown, found.confidence, found.evidence.clone());
    }
    for found in &facts.files {
        let file = &found.value;
        let named = |word: &String| word.ends_with(file.to.as_str());
        if run.cmd.iter().any(named) {
            needed.push(file.from.clone());
            run.steps
                .push(Copy::context(file.from.clone(), file.to.clone()).into());
        }
    }
    for found in &facts.volumes {
        let folder = &found.value;
        let absolute = if folder.starts_with('/') {
            folder.clone()
        } else {
            format!("{}/{folder}", run.workdir.trim_end_matches('/'))
        };
        run.volumes.push(absolute);
    }
    run.writable = merged(std::mem::take(&mut run.writable), &facts.volumes);
    run.volumes.sort();
    run.volumes.dedup();
    if let Some(found) = facts.volumes.first() {
        let folders = run.volumes.join(", ");
        resolver.decide("volumes", folders, found.confidence, found.evidence.clone());
    }
}

/// Sorted and without repetitions.
fn merged(mut texts: Vec<String>, found: &[Found<String>]) -> Vec<String> {
    texts.extend(found.iter().map(|found| found.value.clone()));
    texts.sort();
    texts.dedup();
    texts
}

/// Where the base has no shell, a stage makes the folders that the program writes to.
fn make_folders(stages: &mut Vec<Stage>, run: &mut RunStage) {
    if run.base.shell || run.writable.is_empty() {
        return;
    }
    let Some(first) = stages.first().map(|stage| stage.name.clone()) else {
        return;
    };
    let name = "folders";
    stages.push(Stage::new(
        name,
        From::Stage(first),
        "stages/folders.j2",
        &(),
    ));
    run.folders = Some(name.to_owned());
    for folder in &run.writable {
        run.steps.push(Step::Copy(Copy {
            owner: run.user.clone(),
            ..Copy::stage(name, "/folder", folder)
        }));
    }
}

fn outputs(at: usize, image: &Image, alone: bool) -> [Output; 2] {
    let (dir, ignore) = if alone || image.dir.is_root() {
        (RelPath::root(), ".dockerignore")
    } else {
        (image.dir.clone(), "Dockerfile.dockerignore")
    };
    let output = |name: &str, template: &str, syntax: Syntax| Output {
        path: dir.join(name),
        template: template.to_owned(),
        scope: Scope::Image(at),
        syntax,
    };
    [
        output("Dockerfile", "image.Dockerfile.j2", Syntax::Dockerfile),
        output(ignore, "dockerignore.j2", Syntax::Ignore),
    ]
}
