//! From what was detected to the plan of every image: a language makes the stages, this puts
//! around them what is common to all.

mod defaults;
mod feeds;
mod ignore;
mod labels;
pub mod question;
mod said;
mod secrets;
mod select;

use rayon::prelude::*;

use crate::detect::Detection;
use crate::diag::Diagnostic;
use crate::facts::{
    BuildSecret, Command, Component, Confidence, Facts, Found, Kind, Role, SecretSource,
};
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
    let read = detection.components.iter().chain(&detection.feeders);
    let withheld = read.flat_map(|component| &component.facts.withheld);
    let withheld = withheld.map(|found| &found.value).collect();
    let secrets = secrets::Secrets::find(repo, packs.secrets(), &withheld);
    let results: Vec<Result<(Image, Vec<Diagnostic>), Failure>> = selected
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
            let mut made = language.plan(&mut resolver, kind)?;
            made.with_secrets(&component.facts);
            is_there(repo, component, &made.needed)?;
            resolver.tell_loopback(kind);
            resolver.tell_advice();
            resolver.tell_authors();
            Ok(finish(repo, detection, resolver, kind, made, fed, &secrets))
        })
        .collect();
    let several = selected.len() + open.len() > 1;
    let mut images = Vec::new();
    let mut diagnostics: Vec<Diagnostic> = selected.iter().copied().flat_map(warnings).collect();
    for result in results {
        match result {
            Ok((image, told)) => {
                images.push(image);
                // Several images may share a context.
                for diagnostic in told {
                    if !diagnostics
                        .iter()
                        .any(|known| known.message == diagnostic.message)
                    {
                        diagnostics.push(diagnostic);
                    }
                }
            }
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
        diagnostics,
        open,
    })
}

/// What a detector knows to go wrong with a component as it stands.
fn warnings(component: &Component) -> impl Iterator<Item = Diagnostic> {
    component.facts.warnings.iter().map(|found| {
        let warning = Diagnostic::warning("project-needs-work", found.value.clone());
        match &found.evidence.at {
            Some(at) => warning.at(at.clone()),
            None => warning,
        }
    })
}

fn finish(
    repo: &Repo,
    detection: &Detection,
    mut resolver: Resolver<'_>,
    kind: Kind,
    made: Made,
    fed: Fed<'_>,
    secrets: &secrets::Secrets<'_>,
) -> (Image, Vec<Diagnostic>) {
    let component = resolver.component;
    let facts = &component.facts;
    let Made {
        mut stages,
        mut run,
        mut needed,
        project_dir: _,
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
        given(&mut resolver, kind, &mut run, &mut needed);
        defaults::copy(repo, &mut resolver, kind, &mut run, &mut needed);
    }
    said::last_stage(&mut run, &mut resolver);
    let name = said::name(&mut resolver).unwrap_or_else(|| component.name.clone());
    make_folders(&mut stages, &mut run);
    let migrate = migration(&mut resolver, kind);
    let build_secrets = build_secrets(&mut resolver, &fed.components);
    let (required, needs) = needs::variables(facts, kind, &run.env);
    let mut decisions = resolver.decisions;
    decisions.extend(needs);
    let ignored = ignore::ignored(
        repo,
        detection,
        component,
        &needed,
        &fed.components,
        secrets,
    );
    decisions.extend(ignored.decisions);
    decisions.sort_by(|a, b| {
        (a.confidence == Confidence::Guess)
            .cmp(&(b.confidence == Confidence::Guess))
            .reverse()
            .then(a.what.cmp(&b.what))
    });
    let image = Image {
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
        build_secrets,
        ignore: ignored.groups,
        exposed: ignored.exposed,
        decisions,
    };
    (image, ignored.diagnostics)
}

/// What the build copies by name is in the repository, or a manifest names what is missing.
fn is_there(repo: &Repo, component: &Component, needed: &[String]) -> Result<(), Failure> {
    let is_missing = |path: &RelPath| !path.is_root() && !repo.has(path) && !repo.has_dir(path);
    let missing = needed
        .iter()
        .filter(|path| !path.contains(['*', '?', '[', '\\']))
        .filter_map(|path| RelPath::new(path))
        .find(is_missing);
    let Some(missing) = missing else {
        return Ok(());
    };
    let manifest = &component.manifest.path;
    let message = format!("{manifest} needs {missing}, which is not in the repository");
    let problem = Diagnostic::error("missing-file", message)
        .at(crate::diag::Location::file(manifest.clone()))
        .with_help("add it, or take it out of the manifest");
    Err(problem.into())
}

/// What the builds of a program and of its frontends need, each id once.
fn build_secrets(resolver: &mut Resolver<'_>, fed: &[&Component]) -> Vec<BuildSecret> {
    let all = std::iter::once(resolver.component).chain(fed.iter().copied());
    let found: Vec<&Found<BuildSecret>> = all
        .flat_map(|component| &component.facts.build_secrets)
        .collect();
    let mut secrets: Vec<BuildSecret> = Vec::new();
    for secret in found.iter().map(|found| &found.value) {
        if !secrets.iter().any(|known| known.id == secret.id) {
            secrets.push(secret.clone());
        }
    }
    if let Some(first) = found.first() {
        let names: Vec<&str> = secrets
            .iter()
            .map(|secret| match secret.source {
                SecretSource::Ssh => "ssh",
                _ => secret.id.as_str(),
            })
            .collect();
        let because = first.evidence.clone();
        resolver.decide("build secrets", names.join(", "), first.confidence, because);
    }
    secrets
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
fn given(resolver: &mut Resolver<'_>, kind: Kind, run: &mut RunStage, needed: &mut Vec<String>) {
    let facts = &resolver.component.facts;
    if let Some(signal) = facts.stop_signal.best()
        && run.stop_signal.is_none()
    {
        run.stop_signal = Some(signal.value.clone());
        let because = signal.evidence.clone();
        resolver.decide("stop signal", &signal.value, signal.confidence, because);
    }
    let alone = run.cmd.is_empty() && !run.entrypoint.is_empty();
    if alone
        && let Some(found) = arguments(facts, kind)
        && resolver.setting("start").is_none()
    {
        run.cmd.clone_from(&found.value);
        let shown = Command::Exec(found.value);
        resolver.decide("arguments", shown, found.confidence, found.evidence);
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

/// What the program is given: what the authors' own files say, or the subcommand that serves with
/// the flags that open it to the network. A command-line tool is told by whoever runs it.
fn arguments(facts: &Facts, kind: Kind) -> Option<Found<Vec<String>>> {
    if let Some(said) = facts.args.best() {
        return Some(said.clone());
    }
    let subcommand = facts.subcommand.best();
    let first = subcommand.or(facts.flags.first())?;
    if kind == Kind::Cli {
        return None;
    }
    let flags = facts.flags.iter().map(|flag| flag.value.clone());
    Some(Found {
        value: subcommand
            .map(|found| found.value.clone())
            .into_iter()
            .chain(flags)
            .collect(),
        rank: first.rank,
        confidence: first.confidence,
        evidence: first.evidence.clone(),
    })
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
