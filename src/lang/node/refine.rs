//! What needs the sources, or what the detectors found: the start command, the runtime, and what
//! the program reads beside its code.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::manager::Manager;
use super::script::{self, Program};
use super::{NodeModel, Runtime};
use crate::facts::{
    Artifact, Command, Confidence, Evidence, Facts, Found, Kind, Rank, Slot, push, push_named,
};
use crate::lang::{Component, Model, Sources};
use crate::repo::{Dir, RelPath, Repo, Source};

pub(super) fn refine(repo: &Repo, component: &mut Component, sources: &Sources<'_>) {
    let view = repo.dir(&component.dir);
    let mut facts = std::mem::take(&mut component.facts);
    let programs = start(&view, component, &mut facts);
    build(component, &mut facts);
    let Model::Node(model) = &mut component.model else {
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
    manager_at_run_time(model, sources);
    model.arguments = arguments(sources);
    if !model.arguments.is_empty() || !facts.static_root.is_empty() {
        public_settings(&view, &mut facts);
    }
    let own = starts_source(&view, &facts);
    model.ends = facts
        .extra
        .get("sigterm")
        .into_iter()
        .flat_map(Slot::all)
        .find(|found| !own || found.rank <= Rank::Source)
        .map(|found| found.evidence.clone());
    kind(&mut facts);
    port(&mut facts, own);
    let built = built_folder(&view, &facts);
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
        for (name, evidence) in read_at_run_time(&view, sources, &facts, &folder) {
            push(
                &mut facts.artifacts,
                found(artifact(name), Rank::Source, evidence),
            );
        }
    }
    component.sure = sure(&facts);
    component.facts = facts;
}

fn found<T>(value: T, rank: Rank, evidence: Evidence) -> Found<T> {
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

/// Scripts that start a program, the surest for production first.
const SCRIPTS: &[&str] = &[
    "start:prod",
    "start:production",
    "start",
    "prod",
    "serve:prod",
    "serve",
];

/// Fills the start slot; gives the programs behind the scripts.
fn start(view: &Dir<'_>, component: &Component, facts: &mut Facts) -> Vec<(String, Program)> {
    let manifest = &component.manifest;
    let mut programs: Vec<(String, Program)> =
        procfile(view, component, facts).into_iter().collect();
    let to_be_built = main_is_built(view, component, facts);
    for name in SCRIPTS {
        let Some(script) = manifest.script(name) else {
            continue;
        };
        let mut program = script::follow(&script.body, &manifest.scripts);
        if program.member.is_some() {
            program.command = Command::Shell(script.body.clone());
        }
        name_main(&mut program.command, facts);
        let mut why = format!("the script {name} runs it");
        let (rank, confidence) = if replaced(facts, &program.command) {
            why = format!("the script {name} says so, but it is for development or replaced");
            (Rank::Language, Confidence::Guess)
        } else if let Some(tool) = &program.watched {
            why = format!("the script {name} runs it under {tool}, which is for development");
            (Rank::Source, Confidence::Likely)
        } else if to_be_built && compiles(&program.command) || *name == "serve" {
            (Rank::Source, Confidence::Guess)
        } else {
            (Rank::Manifest, Confidence::Certain)
        };
        if !program.dropped.is_empty() {
            why = format!("{why}; {} runs in the build", program.dropped.join(", "));
        }
        let evidence = Evidence {
            rule: "node/start-script".to_owned(),
            at: Some(script.at.clone()),
            why,
        };
        facts
            .start
            .add(program.command.clone(), rank, confidence, evidence);
        programs.push(((*name).to_owned(), program));
    }
    files(view, component, facts);
    programs
}

/// `node .` runs what `main` names.
fn name_main(command: &mut Command, facts: &Facts) {
    if let Command::Exec(words) = command
        && let [runtime, folder] = words.as_mut_slice()
        && runtime == "node"
        && matches!(folder.as_str(), "." | "./")
        && let Some(main) = facts.main.value().and_then(|main| RelPath::new(main))
    {
        *folder = main.to_string();
    }
}

/// The line `web` of a Procfile, which hosts start by.
fn procfile(view: &Dir<'_>, component: &Component, facts: &mut Facts) -> Option<(String, Program)> {
    let source = view.text("Procfile")?;
    let (line, text) = source
        .text
        .lines()
        .find_map(|line| Some((line, line.strip_prefix("web:")?)))?;
    let mut program = script::follow(text, &component.manifest.scripts);
    if program.member.is_some() {
        return None;
    }
    name_main(&mut program.command, facts);
    let span = source.find(line).unwrap_or(0..0);
    let why = "the Procfile's line web runs it";
    let evidence = Evidence::span("node/procfile", &source, &span, why);
    facts
        .start
        .certain(program.command.clone(), Rank::Dedicated, evidence);
    Some(("start".to_owned(), program))
}

/// Compiles sources each time it starts them.
fn compiles(command: &Command) -> bool {
    matches!(
        command.program(),
        Some("ts-node" | "ts-node-esm" | "tsx" | "babel-node" | "swc-node" | "esrun")
    )
}

/// A detector names commands that its own facts replace: `extra.replaces = "ng serve|ng s"`.
fn replaced(facts: &Facts, command: &Command) -> bool {
    let Command::Exec(words) = command else {
        return false;
    };
    // `vite` is `vite --host` too, but not `vite build`; `vite *` would be.
    let starts_with = |start: &str| {
        let mut wanted: Vec<&str> = start.split_whitespace().collect();
        let open = wanted.last() == Some(&"*");
        wanted.truncate(wanted.len() - usize::from(open));
        let same = wanted.iter().zip(words).all(|(a, b)| a == b);
        let next = words.get(wanted.len());
        words.len() >= wanted.len()
            && same
            && (open || wanted.len() > 1 || next.is_none_or(|next| next.starts_with('-')))
    };
    let server = !facts.static_root.is_empty()
        && matches!(
            command.program(),
            Some("serve" | "http-server" | "live-server" | "sirv" | "servor")
        );
    server
        || facts.extra.get("replaces").is_some_and(|slot| {
            slot.all()
                .iter()
                .flat_map(|found| found.value.split('|'))
                .any(|start| !start.trim().is_empty() && starts_with(start))
        })
}

fn main_is_built(view: &Dir<'_>, component: &Component, facts: &Facts) -> bool {
    component.manifest.script("build").is_some()
        && facts
            .main
            .value()
            .is_some_and(|main| !view.has(main.trim_start_matches("./")))
}

/// Where programs usually start, the likeliest first.
const USUAL: &[&str] = &[
    "server.js",
    "server.mjs",
    "server.ts",
    "index.js",
    "index.mjs",
    "index.ts",
    "app.js",
    "main.js",
    "main.ts",
    "src/server.js",
    "src/index.js",
    "src/app.js",
    "src/main.js",
    "src/server.ts",
    "src/index.ts",
    "src/main.ts",
];

/// Files that are the program where no script says so.
fn files(view: &Dir<'_>, component: &Component, facts: &mut Facts) {
    let bun =
        matches!(&component.model, Model::Node(model) if model.install.manager == Manager::Bun);
    let runtime = if bun { "bun" } else { "node" };
    let mains: Vec<(String, Evidence)> = facts
        .main
        .all()
        .iter()
        .map(|found| (found.value.clone(), found.evidence.clone()))
        .collect();
    let has_build = component.manifest.script("build").is_some();
    for (file, evidence) in mains {
        let Some(path) = RelPath::new(&file) else {
            continue;
        };
        let is_folder = view.has(path.join("index.js").as_str());
        let built =
            has_build && path.depth() > 1 && !view.has_dir(path.parts().next().unwrap_or_default());
        if view.has(path.as_str()) || is_folder || built {
            facts.start.likely(
                Command::exec([runtime, path.as_str()]),
                Rank::Source,
                evidence,
            );
        }
    }
    for file in USUAL {
        if view.has(file) {
            facts.start.guess(
                Command::exec([runtime, file]),
                Rank::Language,
                Evidence::file(
                    "node/usual-file",
                    view.path.join(file),
                    "programs often start there",
                ),
            );
        }
    }
}

/// The build script, unless it only checks types.
fn build(component: &Component, facts: &mut Facts) {
    let Model::Node(model) = &component.model else {
        return;
    };
    if let Some(script) = component.manifest.script("build")
        && !only_checks(&script.body)
    {
        facts.build.certain(
            Command::exec([model.install.manager.command(), "run", "build"]),
            Rank::Manifest,
            Evidence {
                rule: "node/build-script".to_owned(),
                at: Some(script.at.clone()),
                why: "there is a script build".to_owned(),
            },
        );
    }
}

/// Makes nothing that an image could hold.
pub(super) fn only_checks(body: &str) -> bool {
    body.split("&&").all(|part| {
        let words: Vec<&str> = part.split_whitespace().collect();
        match words.as_slice() {
            ["tsc" | "vue-tsc", rest @ ..] => rest.contains(&"--noEmit"),
            ["eslint" | "prettier" | "echo" | "biome", ..] => true,
            _ => false,
        }
    })
}

fn manager_at_run_time(model: &mut NodeModel, sources: &Sources<'_>) {
    static CALLS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"\b(?:exec|execSync|execFile|execFileSync|spawn|spawnSync|execa|execaSync|execaCommand)\(\s*\[?\s*["'`](npm|npx|pnpm|yarn)\b"#).ok()
    });
    static READS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\bnpm_(?:config_user_agent|lifecycle_event|lifecycle_script|package_name|package_version|execpath)\b").ok()
    });
    for source in sources.all().filter(is_program) {
        let evidence = |pattern: &LazyLock<Option<Regex>>, rule: &str, why: &str| {
            let found = pattern.as_ref()?.find(&source.text)?;
            Some(Evidence::span(
                rule,
                &source,
                &found.range(),
                why.replace("{}", found.as_str()),
            ))
        };
        if model.calls_manager.is_none() {
            model.calls_manager = evidence(
                &CALLS,
                "node/calls-manager",
                "the program calls the package manager",
            );
        }
        if model.started_by_manager.is_none() {
            model.started_by_manager = evidence(
                &READS,
                "node/reads-manager",
                "the program reads {}, which only the package manager sets",
            );
        }
    }
}

/// Variables that frameworks put into what browsers get, by the prefix that tells so. A name that
/// looks like a secret is none of them: it has no place in a browser or in an ARG.
fn arguments(sources: &Sources<'_>) -> Vec<String> {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\benv\.((?:NEXT_PUBLIC|VITE|REACT_APP|VUE_APP|GATSBY|EXPO_PUBLIC|PUBLIC)_[A-Z0-9_]+)\b").ok()
    });
    const SECRETS: &[&str] = &[
        "KEY",
        "APIKEY",
        "AUTH",
        "CREDENTIAL",
        "CREDENTIALS",
        "PASSWORD",
        "PASSWD",
        "SECRET",
        "TOKEN",
    ];
    let Some(pattern) = NAME.as_ref() else {
        return Vec::new();
    };
    let mut names: BTreeSet<String> = BTreeSet::new();
    for source in sources.all() {
        for found in pattern.captures_iter(&source.text) {
            let name = &found[1];
            if !name.split('_').any(|part| SECRETS.contains(&part)) {
                names.insert(name.to_owned());
            }
        }
    }
    names.into_iter().take(50).collect()
}

/// Committed settings of the build, which hold what browsers may see.
fn public_settings(view: &Dir<'_>, facts: &mut Facts) {
    for file in [".env", ".env.production"] {
        if view.has(file) {
            let why = "the build reads it, and git does not ignore it";
            let evidence = Evidence::file("node/env-file", view.path.join(file), why);
            push(
                &mut facts.keep,
                found(file.to_owned(), Rank::Source, evidence),
            );
        }
    }
}

/// Settings of tools and scripts for developers are no part of the program.
fn is_program(source: &Source) -> bool {
    !source.path.name().contains(".config.")
        && !source
            .path
            .parts()
            .any(|part| matches!(part, "scripts" | "tools" | ".storybook"))
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

/// The start command runs a file of the repository: what frameworks say of their own servers does
/// not hold for it.
fn starts_source(view: &Dir<'_>, facts: &Facts) -> bool {
    facts.start.best().is_some_and(|best| {
        let Command::Exec(words) = &best.value else {
            return false;
        };
        matches!(best.value.program(), Some("node" | "bun"))
            && words
                .iter()
                .skip(1)
                .filter_map(|word| RelPath::new(word))
                .any(|file| view.has(file.as_str()))
    })
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

/// The folder that the build makes and the start command runs from: not in the repository.
fn built_folder(view: &Dir<'_>, facts: &Facts) -> Option<(String, Evidence)> {
    let best = facts.start.best()?;
    if facts.build.is_empty() {
        return None;
    }
    let Command::Exec(words) = &best.value else {
        return None;
    };
    if !matches!(best.value.program(), Some("node" | "bun")) {
        return None;
    }
    let file = words.iter().skip(1).rfind(|word| {
        !word.starts_with('-')
            && (word.contains('/') || !word.contains('.'))
            && RelPath::new(word).is_some()
    })?;
    let path = RelPath::new(file)?;
    let folder = path.parts().next()?;
    if view.has_dir(folder) || view.has(folder) || folder == "run" || folder == "node_modules" {
        return None;
    }
    Some((folder.to_owned(), best.evidence.clone()))
}

/// Folders and files at the package's top that the program names in a text or that the start
/// command needs: views, public files, settings.
fn read_at_run_time(
    view: &Dir<'_>,
    sources: &Sources<'_>,
    facts: &Facts,
    built: &str,
) -> Vec<(String, Evidence)> {
    static TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"["'`](?:\.{1,2}/|/)*([A-Za-z0-9_][A-Za-z0-9_.-]*)(?:/[^"'`\n]*)?["'`]"#).ok()
    });
    const NEVER: &[&str] = &[
        "src",
        "lib",
        "app",
        "test",
        "tests",
        "docs",
        "node_modules",
        "scripts",
        "package.json",
        "tsconfig.json",
        "e2e",
        "types",
    ];
    let Some(text) = TEXT.as_ref() else {
        return Vec::new();
    };
    let top: BTreeSet<String> = view
        .walk()
        .take(20_000)
        .filter_map(|file| Some(file.parts().next()?.to_owned()))
        .filter(|name| {
            !name.starts_with('.')
                && name != built
                && !NEVER.contains(&name.as_str())
                && !name.contains(".config.")
                && !["md", "ts", "tsx", "lock"]
                    .iter()
                    .any(|ending| name.ends_with(&format!(".{ending}")))
        })
        .collect();
    let mut read: Vec<(String, Evidence)> = Vec::new();
    if let Some(best) = facts.start.best()
        && let Command::Exec(words) = &best.value
    {
        for word in words.iter().skip(1) {
            let value = word.rsplit('=').next().unwrap_or(word);
            if let Some(first) =
                RelPath::new(value).and_then(|path| Some(path.parts().next()?.to_owned()))
                && top.contains(&first)
            {
                read.push((first, best.evidence.clone()));
            }
        }
    }
    for source in sources.all().filter(is_program) {
        for found in text.captures_iter(&source.text) {
            let Some(name) = found.get(1).filter(|name| top.contains(name.as_str())) else {
                continue;
            };
            if read.iter().any(|(known, _)| known == name.as_str())
                || imports(&source, name.start())
            {
                continue;
            }
            let why = format!("the program names {} in a text", name.as_str());
            let evidence = Evidence::span("node/read-at-run-time", &source, &name.range(), why);
            read.push((name.as_str().to_owned(), evidence));
        }
    }
    read
}

/// A module of the same tree, which the build has taken in.
fn imports(source: &Source, at: usize) -> bool {
    let start = source.text[..at].rfind('\n').map_or(0, |at| at + 1);
    let before = source.text[start..at].trim_start();
    (before.starts_with("import ") || before.starts_with("export ") || before.starts_with("} from"))
        && !before.ends_with("../")
}
