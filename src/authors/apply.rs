//! From statements to facts: what is for this program, safe and still there is taken over, the rest
//! is told as left.

use std::collections::BTreeMap;

use super::assign::is_named;
use super::said::{Item, LinkValue, Said, Start, Told};
use super::table::{Package, Table};
use crate::facts::{
    Artifact, Command, Confidence, Evidence, Facts, Found, HealthFact, Kind, Rank, RequiredEnv,
    push, push_named, push_required,
};
use crate::lang::{Component, identifier};
use crate::repo::{RelPath, Repo};

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
pub(super) fn apply(cx: &Cx<'_>, component: &mut Component, said: &Said) {
    // A web server in front of built files: how it runs says nothing about a server of ours.
    let site = said
        .languages
        .first()
        .is_some_and(|first| first == "static");
    let mut left = Vec::new();
    let mut starts = Vec::new();
    let workdir = workdir(said);
    for told in &said.told {
        match &told.item {
            Item::Left(what) => left.push((what.clone(), told.at.clone())),
            Item::Start(start) if !site => starts.push((start.clone(), told.at.clone())),
            _ if site && is_run(&told.item) => {}
            _ => one(cx, component, said, told, &workdir, &mut left),
        }
    }
    if !site {
        ports(cx, &mut component.facts, said);
        // Of several the last is the most particular: `entrypoint` goes before `command`.
        if let Some((start, at)) = starts.last() {
            begin(cx, component, said, start, at, &mut left);
        }
    }
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

fn workdir(said: &Said) -> String {
    said.told
        .iter()
        .find_map(|told| match &told.item {
            Item::Start(start) if !start.workdir.is_empty() => Some(start.workdir.clone()),
            _ => None,
        })
        .unwrap_or_default()
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
                    push(&mut facts.volumes, found(path, at));
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

/// Folders of the system, in which no program keeps its data.
const SYSTEM: &[&str] = &[
    "bin", "boot", "dev", "etc", "home", "install", "lib", "lib64", "media", "mnt", "opt", "proc",
    "root", "run", "sbin", "srv", "sys", "tmp", "usr", "wheels", "build", "src", "app", "code",
    "out",
];

/// A folder that holds data: relative to the authors' work folder where it lies in it, else absolute.
fn folder(path: &str, workdir: &str) -> Option<String> {
    let plain = |path: &str| {
        path.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b))
            && path.len() <= 120
    };
    if !plain(path) {
        return None;
    }
    let path = path.trim_end_matches('/');
    if workdir.len() > 1
        && let Some(rest) = path.strip_prefix(workdir)
    {
        return rest
            .strip_prefix('/')
            .filter(|rest| RelPath::new(rest).is_some())
            .map(str::to_owned);
    }
    let absolute = RelPath::new(path.strip_prefix('/')?)?;
    let mut parts = absolute.parts();
    let first = parts.next()?;
    let data = first == "var"
        && parts.next() == Some("lib")
        && !matches!(parts.next(), None | Some("apt" | "dpkg"));
    let above = workdir.starts_with(path);
    (!above && (data || first != "var" && !SYSTEM.contains(&first))).then(|| format!("/{absolute}"))
}

/// Folders that a build makes or an install fills.
fn is_built(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(
            part,
            "node_modules"
                | ".next"
                | "dist"
                | "build"
                | "out"
                | ".output"
                | "bin"
                | ".venv"
                | "venv"
                | "target"
                | "public"
        )
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

/// Words of commands that are for development.
const DEVELOPMENT: &[&str] = &[
    "runserver",
    "--reload",
    "nodemon",
    "dev",
    "start:dev",
    "start:debug",
    "--debug",
    "air",
    "watch",
    "--watch",
    "webpack-dev-server",
    "ts-node-dev",
    "develop",
    "preview",
];

/// The start command: arguments of the program that is built, or a command of its own.
fn begin(
    cx: &Cx<'_>,
    component: &mut Component,
    said: &Said,
    start: &Start,
    at: &Evidence,
    left: &mut Vec<(String, Evidence)>,
) {
    let words = super::script::unwrap(&start.words);
    let Some((program, rest)) = words.split_first() else {
        return;
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let development = words
        .iter()
        .any(|word| DEVELOPMENT.contains(&word.as_str()))
        || matches!(
            (name, rest.first().map(String::as_str)),
            ("flask" | "go" | "cargo", Some("run"))
        );
    if development {
        left.push((
            format!("{}, which is for development", words.join(" ")),
            at.clone(),
        ));
        return;
    }
    let hidden = words
        .iter()
        .any(|word| crate::parse::has_hidden(word) || word.len() > 400);
    if hidden || words.iter().any(|word| word.contains('$')) {
        return;
    }
    let mut mapped = Vec::new();
    for word in &words {
        match placed(cx, component, said, word, &start.workdir) {
            Ok(word) => mapped.push(word),
            Err(path) if word == program => mapped.push(path),
            Err(path) => {
                left.push((
                    format!("arguments that name {path}, which only their image has"),
                    at.clone(),
                ));
                return;
            }
        }
    }
    let after = |count: usize| mapped.iter().skip(count).cloned().collect::<Vec<_>>();
    let jar = mapped.iter().position(|word| word == "-jar");
    let facts = &mut component.facts;
    if let Some(jar) = jar {
        let rest = after(jar + 2);
        if !rest.is_empty() {
            facts.args.likely(rest, RANK, at.clone());
        }
        return;
    }
    let script = component.manifest.script(name).is_some();
    let outputs = said
        .names
        .iter()
        .any(|word| word.ends_with(&format!("/{name}")));
    if !script
        && (is_named(component, name) || outputs)
        && !name.contains('.')
        && !component.facts.main.is_empty()
    {
        if mapped.len() > 1 {
            component.facts.args.likely(after(1), RANK, at.clone());
        }
        return;
    }
    let file = rest
        .iter()
        .zip(mapped.iter().skip(1))
        .find(|(word, _)| {
            !word.starts_with('-')
                && word
                    .rsplit('/')
                    .next()
                    .is_some_and(|name| name.contains('.'))
        })
        .map(|(_, mapped)| mapped.clone());
    let there = |path: &str| {
        RelPath::new(path).is_some_and(|path| cx.repo.has(&component.dir.join(path.as_str())))
    };
    let manager = matches!(
        name,
        "npm" | "pnpm" | "yarn" | "bun" | "npx" | "bunx" | "turbo"
    );
    if manager || name.ends_with(".sh") || program.starts_with('/') && !script && file.is_none() {
        return;
    }
    // Where a build's output lies is the authors' layout; a framework knows the one that is written.
    let rank = match &file {
        Some(file) if !there(file) && !file.contains(':') => Rank::Source,
        _ => RANK,
    };
    name.clone_into(&mut mapped[0]);
    component
        .facts
        .start
        .likely(Command::Exec(mapped), rank, at.clone());
}

/// A word of a command as it is in an image whose work folder holds the component; the path that is
/// in no such image as the error.
fn placed(
    cx: &Cx<'_>,
    component: &mut Component,
    said: &Said,
    word: &str,
    workdir: &str,
) -> Result<String, String> {
    let (before, value) = match word.split_once('=') {
        Some((before, value)) if word.starts_with('-') => (format!("{before}="), value),
        _ => (String::new(), word),
    };
    if !value.starts_with('/') || value.len() < 2 {
        let local = value.strip_prefix("./").unwrap_or(value);
        return Ok(format!("{before}{local}"));
    }
    if let Some(rest) = value.strip_prefix(workdir)
        && workdir.len() > 1
        && let Some(rest) = rest.strip_prefix('/')
    {
        return Ok(format!("{before}{rest}"));
    }
    for told in &said.told {
        match &told.item {
            Item::File(path, target) if value == target && cx.repo.has(path) => {
                let file = Artifact {
                    from: path.to_string(),
                    to: target.clone(),
                };
                push(&mut component.facts.files, found(file, &told.at));
                return Ok(word.to_owned());
            }
            Item::Volume(folder) | Item::Writes(folder)
                if value == folder || value.starts_with(&format!("{folder}/")) =>
            {
                if !component
                    .facts
                    .volumes
                    .iter()
                    .any(|known| value.starts_with(&known.value))
                {
                    continue;
                }
                return Ok(word.to_owned());
            }
            _ => {}
        }
    }
    Err(value.to_owned())
}

/// The script that builds, when it is another one than `build` and the manifest has it. That it is
/// named in both makes it more than either.
fn build_script(cx: &Cx<'_>, component: &mut Component, said: &Said, name: &str, at: &Evidence) {
    let beside = name
        .split(':')
        .any(|word| word != "build" && cx.table.is_beside(word));
    if name == "build"
        || beside
        || said.weight > super::DOCKERFILE
        || component.manifest.script(name).is_none()
    {
        return;
    }
    let manager = component
        .facts
        .package_manager
        .value()
        .cloned()
        .unwrap_or_else(|| "npm".to_owned());
    let command = Command::exec([manager.as_str(), "run", name]);
    component
        .facts
        .build
        .likely(command, Rank::Dedicated, at.clone());
}

/// Build switches: those of the first file, and in it of the first line, that has some.
fn switches(cx: &Cx<'_>, component: &mut Component, said: &Said) {
    let line = |told: &Told| told.at.at.as_ref().and_then(|at| at.line);
    let facts = &mut component.facts;
    let lists: [(&mut Vec<Found<String>>, fn(&Item) -> Option<&String>); 4] = [
        (&mut facts.tags, |item| match item {
            Item::Tag(tag) => Some(tag),
            _ => None,
        }),
        (&mut facts.version_variables, |item| match item {
            Item::Link(name, LinkValue::Version) => Some(name),
            _ => None,
        }),
        (&mut facts.features, |item| match item {
            Item::Feature(feature) => Some(feature),
            _ => None,
        }),
        (&mut facts.profiles, |item| match item {
            Item::Profile(profile) => Some(profile),
            _ => None,
        }),
    ];
    for (list, pick) in lists {
        if !list.is_empty() {
            continue;
        }
        let all: Vec<(&String, &Told)> = said
            .told
            .iter()
            .filter_map(|told| Some((pick(&told.item)?, told)))
            .filter(|(value, _)| !cx.table.is_beside(value))
            .collect();
        let first = all.first().map(|(_, told)| line(told));
        let one_line = said.weight > super::RELEASE;
        for (value, told) in all {
            if !one_line || Some(line(told)) == first {
                push(list, found(value.clone(), &told.at));
            }
        }
    }
    if said.weight > super::RELEASE {
        return;
    }
    let known: Vec<String> = facts
        .main
        .all()
        .iter()
        .map(|found| found.value.clone())
        .collect();
    for told in &said.told {
        let Item::Main(main) = &told.item else {
            continue;
        };
        let wanted = main.trim_start_matches("./").trim_end_matches('/');
        let Some(value) = known.iter().find(|value| {
            let value = value.trim_start_matches("./");
            value == wanted || wanted.ends_with(&format!("/{value}"))
        }) else {
            continue;
        };
        let named = identifier(wanted.rsplit('/').next().unwrap_or(wanted)) == component.name;
        let confidence = if named {
            Confidence::Likely
        } else {
            Confidence::Guess
        };
        facts
            .main
            .add(value.clone(), RANK, confidence, told.at.clone());
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
