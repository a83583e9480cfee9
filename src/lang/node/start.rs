//! The commands that build and start a package, from its scripts and files.

use super::NodeModel;
use super::manager::Manager;
use super::script::{self, Program};
use crate::facts::{Command, Confidence, Evidence, Facts, Found, Rank};
use crate::lang::Component;
use crate::repo::{Dir, RelPath};

/// Scripts that start a program, the surest for production first.
pub(super) const SCRIPTS: &[&str] = &[
    "start:prod",
    "start:production",
    "start",
    "prod",
    "serve:prod",
    "serve",
];

/// Fills the start slot; gives the programs behind the scripts.
pub(super) fn start(
    view: &Dir<'_>,
    component: &Component,
    facts: &mut Facts,
) -> Vec<(String, Program)> {
    let manifest = &component.manifest;
    let mut programs: Vec<(String, Program)> =
        procfile(view, component, facts).into_iter().collect();
    let to_be_built = main_is_built(view, component, facts);
    demote_development(facts);
    for name in SCRIPTS {
        let Some(script) = manifest.script(name) else {
            continue;
        };
        let mut program = script::follow(&script.body, &manifest.scripts);
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

/// What the Procfile or a package above says may be for developers, as a script of its own may be.
fn demote_development(facts: &mut Facts) {
    let is_development =
        |found: &Found<Command>| found.rank == Rank::Dedicated && replaced(facts, &found.value);
    let all = facts.start.all().iter();
    let development: Vec<Found<Command>> = all.filter(|one| is_development(one)).cloned().collect();
    facts.start.retain(|found| !development.contains(found));
    for Found {
        value, evidence, ..
    } in development
    {
        facts.start.guess(value, Rank::Language, evidence);
    }
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

/// A detector names commands that its own facts replace: `own.replaces = ["ng serve", "ng s"]`.
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
        || facts
            .own
            .list("replaces")
            .any(|start| !start.trim().is_empty() && starts_with(start))
}

fn main_is_built(view: &Dir<'_>, component: &Component, facts: &Facts) -> bool {
    component.manifest.script("build").is_some()
        && facts
            .main
            .value()
            .is_some_and(|main| !view.has(main.trim_start_matches("./")))
}

/// Where programs usually start, the likeliest first.
pub(super) const USUAL: &[&str] = &[
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
    let bun = component
        .model
        .get::<NodeModel>()
        .is_some_and(|model| model.install.manager == Manager::Bun);
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

/// The rule of a build command that a script of the manifest is.
pub(super) const BUILD_SCRIPT: &str = "node/build-script";

/// The build script, unless it only checks types.
pub(super) fn build(component: &Component, facts: &mut Facts) {
    let Some(model) = component.model.get::<NodeModel>() else {
        return;
    };
    if let Some(script) = component.manifest.build_script()
        && !only_checks(&script.body)
    {
        facts.build.certain(
            Command::exec([model.install.manager.command(), "run", &script.name]),
            Rank::Manifest,
            Evidence {
                rule: BUILD_SCRIPT.to_owned(),
                at: Some(script.at.clone()),
                why: format!("there is a script {}", script.name),
            },
        );
    }
}

/// Makes nothing that an image could hold.
fn only_checks(body: &str) -> bool {
    body.split("&&").all(|part| {
        let words: Vec<&str> = part.split_whitespace().collect();
        match words.as_slice() {
            ["tsc" | "vue-tsc", rest @ ..] => rest.contains(&"--noEmit"),
            ["eslint" | "prettier" | "echo" | "biome", ..] => true,
            _ => false,
        }
    })
}

/// The start command runs a file of the repository: what frameworks say of their own servers does
/// not hold for it.
pub(super) fn starts_source(view: &Dir<'_>, facts: &Facts) -> bool {
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
