//! What starts a program: scripts, modules, console scripts, the Procfile; and what the entry's
//! code tells about its kind.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::{Package, imports};
use crate::facts::{Command, Confidence, Evidence, Facts, Kind, Rank};
use crate::lang::{Component, Script, Sources};
use crate::repo::{Dir, RelPath, Source};

/// Names of scripts that start programs, the likeliest first.
const NAMES: &[&str] = &[
    "main",
    "app",
    "run",
    "server",
    "start",
    "bot",
    "worker",
    "service",
    "api",
    "web",
    "cli",
    "streamlit_app",
    "hello",
    "index",
    "application",
];

/// Scripts that work on a project and are not it.
const HELPERS: &[&str] = &[
    "setup",
    "conftest",
    "noxfile",
    "fabfile",
    "manage",
    "tasks",
    "settings",
    "config",
    "conf",
    "gunicorn_conf",
    "gunicorn_config",
    "gunicorn.conf",
    "wsgi",
    "asgi",
    "__init__",
    "__main__",
    "version",
    "_version",
    "celery",
    "celeryconfig",
    "locustfile",
    "dodo",
];

/// Scripts directly in a folder that may be its program, the likeliest first.
pub(super) fn root_scripts<'r>(view: &Dir<'r>) -> impl Iterator<Item = &'static str> + use<'r> {
    let view = view.clone();
    NAMES
        .iter()
        .copied()
        .filter(move |name| view.has(&format!("{name}.py")))
}

/// Candidates for the entry: files by the names of entries, a package's `__main__`, and what
/// else is a script.
pub(super) fn mains(view: &Dir<'_>, component: &mut Component) {
    let dir = component.dir.clone();
    let main = &mut component.facts.main;
    let file = |name: &str| dir.join(name);
    let mut first = true;
    for name in root_scripts(view) {
        let path = format!("{name}.py");
        let (rank, why) = if first {
            (Rank::Language, "its name is that of an entry")
        } else {
            (Rank::Default, "its name could be that of an entry")
        };
        first = false;
        let evidence = Evidence::file("python/main", file(&path), why);
        main.likely(path, rank, evidence);
    }
    for path in package_entries(view) {
        let rank = if first { Rank::Language } else { Rank::Default };
        first = false;
        let why = "python -m runs the package";
        main.likely(
            path.clone(),
            rank,
            Evidence::file("python/main-module", file(&path), why),
        );
    }
    for name in NAMES.iter().take(6) {
        for folder in ["src", "app"] {
            let path = format!("{folder}/{name}.py");
            if view.has(&path) {
                let rank = if first { Rank::Language } else { Rank::Default };
                first = false;
                let why = "its name is that of an entry";
                main.likely(
                    path.clone(),
                    rank,
                    Evidence::file("python/main", file(&path), why),
                );
            }
        }
    }
    if !first {
        return;
    }
    let others: Vec<&str> = view
        .files()
        .filter(|name| {
            name.strip_suffix(".py").is_some_and(|stem| {
                !HELPERS.contains(&stem)
                    && !stem.starts_with("test_")
                    && !stem.ends_with("_test")
                    && !is_client(view, stem)
            })
        })
        .take(40)
        .collect();
    let alone = others.len() == 1;
    for name in others {
        let guarded = view
            .text(name)
            .is_some_and(|source| source.text.contains("__main__"));
        if alone || guarded {
            let (confidence, why) = if alone {
                (Confidence::Likely, "it is the only script")
            } else {
                (Confidence::Guess, "it is a script that can be run")
            };
            let evidence = Evidence::file("python/main", file(name), why);
            main.add(name.to_owned(), Rank::Default, confidence, evidence);
        }
    }
}

/// A script that asks the server beside it.
fn is_client(view: &Dir<'_>, stem: &str) -> bool {
    let server = stem
        .strip_suffix("client")
        .map(|rest| format!("{rest}server.py"));
    server.is_some_and(|server| view.has(&server))
}

/// `pkg/__main__.py` in the folder or below `src`.
fn package_entries(view: &Dir<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (home, prefix) in [(view.clone(), ""), (view.child("src"), "src/")] {
        for file in home.walk().take(20_000) {
            let depth = file.depth();
            if file.name() == "__main__.py"
                && depth == 2
                && !file
                    .parts()
                    .any(|part| part.starts_with('.') || matches!(part, "tests" | "test" | "docs"))
            {
                found.push(format!("{prefix}{file}"));
            }
        }
    }
    found.dedup();
    found
}

/// Console scripts of a project that is installed.
pub(super) fn scripts(scripts: &[Script], package: &Package, facts: &mut Facts) {
    let alone = scripts.len() == 1;
    for script in scripts {
        let (rank, confidence, why) = if alone {
            (
                Rank::Language,
                Confidence::Certain,
                "it is the project's only console script",
            )
        } else if super::requirement::normal(&script.name)
            == super::requirement::normal(&package.name)
        {
            (
                Rank::Language,
                Confidence::Likely,
                "this console script is named like the project",
            )
        } else {
            (
                Rank::Default,
                Confidence::Guess,
                "it is one of several console scripts",
            )
        };
        let because = Evidence {
            rule: "python/console-script".to_owned(),
            at: Some(script.at.clone()),
            why: why.to_owned(),
        };
        super::start(
            facts,
            Command::exec([&script.name]),
            rank,
            confidence,
            because,
        );
    }
}

/// The Procfile's `web` process, else its only other one. `release` is a step of deployments and
/// never a start command.
pub(super) fn procfile(view: &Dir<'_>, facts: &mut Facts) {
    let Some(source) = view.text("Procfile") else {
        return;
    };
    let mut processes: Vec<(&str, &str)> = source
        .text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, command)| (name.trim(), command.trim()))
        .filter(|(name, command)| *name != "release" && !command.is_empty())
        .collect();
    // The sort is stable: `web` comes first and the rest keeps its order.
    processes.sort_by_key(|(name, _)| *name != "web");
    let Some((name, command)) = processes.first() else {
        return;
    };
    let web = *name == "web";
    if !web && processes.len() > 1 {
        return;
    }
    let at = source.find(command).unwrap_or(0..0);
    let why = format!("the Procfile starts {name} so");
    let evidence = Evidence::span("python/procfile", &source, &at, why);
    facts
        .start
        .certain(Command::parse(command), Rank::Dedicated, evidence.clone());
    let kind = if web { Kind::Web } else { Kind::Worker };
    facts.kind.certain(kind, Rank::Dedicated, evidence);
}

/// Tests and documentation, unless the program itself uses them.
fn leave_out(view: &Dir<'_>, sources: &Sources<'_>, facts: &mut Facts) {
    static TESTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(r"(?m)^[ \t]*(?:from|import)[ \t]+(?:[\w.]*\.)?(?:tests?|test_\w+|conftest)\b")
    });
    static DOCS: LazyLock<Option<Regex>> =
        LazyLock::new(|| pattern(r#"["'](?:\./)?docs?(?:/|["'])"#));
    let mentions = |what: &LazyLock<Option<Regex>>| {
        sources.all().any(|source| {
            what.as_ref()
                .is_some_and(|what| what.is_match(&source.text))
        })
    };
    let is_test = |file: &RelPath| {
        file.parts().any(|part| matches!(part, "tests" | "test"))
            || file.name().starts_with("test_")
            || file.name() == "conftest.py"
    };
    if view.walk().take(20_000).any(|file| is_test(&file)) && !mentions(&TESTS) {
        facts.ignore_all(
            "python/tests",
            "no source of the program imports them",
            &["**/tests", "**/test", "**/test_*.py", "**/conftest.py"],
        );
    }
    let named = view
        .text("pyproject.toml")
        .is_some_and(|source| source.text.contains("docs/"));
    if view.has_dir("docs") && !named && !mentions(&DOCS) {
        facts.ignore_all(
            "python/docs",
            "no source of the program reads it",
            &["/docs"],
        );
    }
}

/// What the sources tell once the detectors have found the entry.
pub(super) fn refine(component: &mut Component, sources: &Sources<'_>) {
    let view = sources.view();
    leave_out(&view, sources, &mut component.facts);
    let conf = view.text("gunicorn.conf.py");
    let Some((model, facts, _)) = super::parts(component) else {
        return;
    };
    if let Some(conf) = conf {
        model.gunicorn_conf = Some(assigned(&conf));
        bind(&conf, facts);
    }
    let entries: Vec<String> = facts
        .main
        .all()
        .iter()
        .map(|found| found.value.clone())
        .collect();
    for entry in entries {
        let (file, object) = entry.split_once(':').unwrap_or((entry.as_str(), ""));
        let Some(path) = RelPath::new(file) else {
            continue;
        };
        let Some(source) = sources.read(&path) else {
            continue;
        };
        model
            .roots
            .entry(file.to_owned())
            .or_insert_with(|| imports::root(&view, &path, &source.text));
        if is_function(&source.text, object) {
            model.factories.insert(entry.clone());
        }
    }
    // Only a plain script's own code tells how it runs: a server's entry waits by itself.
    let script = facts.main.best().map(|found| found.value.clone());
    if let Some(script) = script.filter(|script| !script.contains(':'))
        && let Some(source) = RelPath::new(&script).and_then(|path| sources.read(&path))
        && let Some(evidence) = waits(&source)
    {
        facts.kind.likely(Kind::Worker, Rank::Source, evidence);
    }
}

fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

fn found(pattern: Option<&Regex>, source: &Source, rule: &str) -> Option<Evidence> {
    let at = pattern?.find(&source.text)?;
    let line = at.as_str().trim().lines().next().unwrap_or_default();
    let shown: String = line
        .chars()
        .filter(|c| !crate::parse::is_hidden(*c))
        .take(60)
        .collect();
    let why = format!("the source says `{shown}`");
    Some(Evidence::span(rule, source, &at.range(), why))
}

/// Code that goes on until it is told to end.
fn waits(source: &Source) -> Option<Evidence> {
    static WAITS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        pattern(
            r"(?m)^[ \t]*while[ \t]+(?:True|1|not[ \t(]|self\.|running\b).*:|\.run_forever\(|\bcount\(\d*\):|\.start_consuming\(|\.wait\(\)[ \t]*$|signal\.pause\(|\bBlockingScheduler\(",
        )
    });
    found(WAITS.as_ref(), source, "python/loop")
}

fn is_function(text: &str, object: &str) -> bool {
    !object.is_empty()
        && text.lines().any(|line| {
            line.trim_start_matches("async ")
                .strip_prefix("def ")
                .and_then(|rest| rest.strip_prefix(object))
                .is_some_and(|rest| rest.starts_with('('))
        })
}

/// The port that gunicorn.conf.py binds.
fn bind(conf: &Source, facts: &mut Facts) {
    static BIND: LazyLock<Option<Regex>> =
        LazyLock::new(|| pattern(r#"(?m)^bind\s*=[^\n]*?[:"'](\d{2,5})\b[^\n]*$"#));
    let Some(at) = BIND.as_ref().and_then(|bind| bind.captures(&conf.text)) else {
        return;
    };
    let span = at.get(0).map_or(0..0, |all| all.range());
    let evidence = Evidence::span(
        "python/gunicorn-conf",
        conf,
        &span,
        "gunicorn.conf.py binds this port",
    );
    if let Ok(port) = at[1].parse() {
        facts.port.certain(port, Rank::Dedicated, evidence.clone());
    }
    if at[0].contains("PORT") {
        facts
            .port_variable
            .certain("PORT".to_owned(), Rank::Dedicated, evidence);
    }
}

/// Names that a configuration file written in Python assigns at its top level.
fn assigned(source: &Source) -> BTreeSet<String> {
    source
        .text
        .lines()
        .filter_map(|line| {
            let (name, rest) = line.split_once('=')?;
            let name = name.split(':').next()?.trim_end();
            let is_name =
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            (is_name && !rest.starts_with('=')).then(|| name.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new(RelPath::new("main.py").unwrap(), text)
    }

    #[test]
    fn loops() {
        for yes in [
            "while True:\n",
            "    while not stop.is_set():\n",
            "for n in count(1):\n",
        ] {
            assert!(waits(&source(yes)).is_some(), "{yes}");
        }
        assert!(waits(&source("print('hello')\n")).is_none());
    }

    #[test]
    fn names_of_a_configuration_file() {
        let names = assigned(&source(
            "bind = 'x'\nworkers: int = 2\n  inner = 1\nif a == b:\n",
        ));
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["bind", "workers"]);
    }
}
