//! What starts the program: an application behind a server that production needs, a command of
//! the project's own, or a script.

use std::collections::BTreeSet;

use super::command::{development, port_in, program, strip, words};
use super::gunicorn;
use crate::diag::Diagnostic;
use crate::facts::{Command, Confidence, Evidence, Facts, Found, Kind, Rank, Slot};
use crate::lang::python::{PythonModel, module};
use crate::plan::Pair;
use crate::plan::{Failure, Resolver};

/// How the container starts.
#[derive(Debug, Default)]
pub(super) struct Start {
    /// Exec form.
    pub command: Vec<String>,
    pub env: Vec<Pair>,
    pub port: Option<u16>,
    /// The variable that the server reads its port from; `env` sets it.
    pub port_variable: Option<String>,
    /// As process 1 it ends on SIGTERM.
    pub handles_term: bool,
    /// The server has to be installed beside the dependencies.
    pub missing_server: Option<&'static str>,
    /// The command is a console script of the project, which only an installed project has.
    pub console_script: bool,
    /// The file of the entry, relative to the component.
    pub file: Option<String>,
    /// The folder that its modules are imported from, when it is not the component's own.
    pub root: Option<String>,
}

/// Programs that end on SIGTERM when they are process 1: servers and workers with a handler.
pub(super) const ENDS: &[&str] = &[
    "uvicorn",
    "gunicorn",
    "hypercorn",
    "granian",
    "daphne",
    "celery",
    "streamlit",
    "fastapi",
    "rq",
    "dramatiq",
    "arq",
    "taskiq",
    "huey_consumer",
    "huey_consumer.py",
    "faststream",
];

/// Servers for each kind of application, the usual one first; it is installed when none is there.
const ASGI: &[&str] = &["uvicorn", "granian", "hypercorn", "daphne"];
const WSGI: &[&str] = &["gunicorn", "granian", "waitress"];

/// The port where the servers listen when nothing says otherwise.
const PORT: u16 = 8000;

pub(super) fn start(
    resolver: &mut Resolver<'_>,
    model: &PythonModel,
    kind: Kind,
) -> Result<Start, Failure> {
    let facts = &resolver.component.facts;
    let interface = facts.own.text("interface").map(|found| found.value);
    let entry = facts.main.best().filter(|found| found.value.contains(':'));
    let chosen_main = resolver.setting("main").is_some();
    let mut commands = facts.start.clone();
    if resolver.setting("start").is_none()
        && let Some(found) = commands.best()
        && let Some(server) = development(&found.value)
    {
        let why = format!("{server} is a development server: {}", found.evidence.why);
        resolver.decide(
            "start",
            "not as the project does",
            Confidence::Likely,
            Evidence {
                why,
                ..found.evidence.clone()
            },
        );
        let mut rest = Slot::default();
        for other in commands.others() {
            rest.add(
                other.value.clone(),
                other.rank,
                other.confidence,
                other.evidence.clone(),
            );
        }
        commands = rest;
    }
    // A script or console script by which the authors start it is more than an application object
    // that was seen in the sources.
    let deployed = |found: &Found<Command>| {
        let program = found.value.program().unwrap_or_default();
        let scripts = &resolver.component.manifest.scripts;
        found.rank == Rank::Authors
            && entry.is_none_or(|entry| entry.rank < Rank::Authors)
            && (matches!(program, "python" | "python3")
                || scripts.iter().any(|script| script.name == program))
    };
    let dedicated = commands
        .best()
        .is_some_and(|found| found.rank >= Rank::Dedicated || deployed(found));
    if resolver.setting("start").is_some() || dedicated && !chosen_main {
        let found = resolver.choose("start", &commands, |text| Some(Command::parse(text)))?;
        if let Some(found) = found {
            return Ok(explicit(resolver, model, kind, &found));
        }
    }
    if let Some(interface) = &interface
        && (entry.is_some() || chosen_main)
        && let Some(found) = resolver.choose("main", &facts.main, entry_text)?
    {
        if found.value.contains(':') {
            return serve(resolver, model, &found, interface);
        }
        return Ok(script(resolver, model, kind, &found.value)?);
    }
    if !chosen_main && let Some(found) = resolver.choose("start", &commands, |_| None)? {
        return Ok(explicit(resolver, model, kind, &found));
    }
    match resolver.choose("main", &facts.main, entry_text)? {
        Some(found) => Ok(script(resolver, model, kind, &found.value)?),
        None => Err(resolver.needs("start", "nothing tells what starts the program", &[])),
    }
}

/// `app/main.py`, `app/main.py:app`, `app.main:app`; names of modules become files.
fn entry_text(text: &str) -> Option<String> {
    let (left, object) = text.split_once(':').unwrap_or((text, ""));
    let plain = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || "_./-()".contains(c))
    };
    if left.is_empty() || left.starts_with(['-', '/']) || !plain(left) || !plain(object) {
        return None;
    }
    let is_file = left
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "py");
    let file = if is_file {
        left.to_owned()
    } else {
        format!("{}.py", left.replace('.', "/"))
    };
    Some(if object.is_empty() {
        file
    } else {
        format!("{file}:{object}")
    })
}

/// An application object behind a server.
fn serve(
    resolver: &mut Resolver<'_>,
    model: &PythonModel,
    found: &Found<String>,
    interface: &str,
) -> Result<Start, Failure> {
    let (file, object) = found.value.split_once(':').unwrap_or((&found.value, "app"));
    let factory = object.ends_with("()") || model.factories.contains(&found.value);
    let object = object.trim_end_matches("()");
    let root = root_of(model, file);
    let name = module(file, &root);
    let (servers, usual): (&[&'static str], &'static str) = if interface == "wsgi" {
        (WSGI, "gunicorn")
    } else {
        (ASGI, "uvicorn")
    };
    let facts = &resolver.component.facts;
    let present = servers
        .iter()
        .copied()
        .find(|server| has_server(facts, model, server));
    let server = present.unwrap_or(usual);
    let port = listen(resolver, server)?;
    let mut start = Start {
        port: Some(port),
        handles_term: ENDS.contains(&server),
        missing_server: present.is_none().then_some(usual),
        file: Some(file.to_owned()),
        root: (!root.is_empty()).then_some(root),
        ..Start::default()
    };
    if let Some(present) = present {
        let because = Evidence::rule(
            "python/server",
            format!("{present} is among the dependencies"),
        );
        resolver.decide("server", present, Confidence::Certain, because);
    }
    let target = format!("{name}:{object}");
    let called = if factory {
        format!("{target}()")
    } else {
        target.clone()
    };
    let mut command: Vec<String> = Vec::new();
    let mut words = |words: &[&str]| command.extend(words.iter().map(|word| (*word).to_owned()));
    match server {
        "gunicorn" => {
            words(&["gunicorn", &called]);
            gunicorn::settings(resolver, model, &BTreeSet::new(), &mut start);
        }
        "granian" => {
            words(&[
                "granian",
                "--interface",
                if interface == "wsgi" { "wsgi" } else { "asgi" },
            ]);
            if factory {
                words(&["--factory"]);
            }
            words(&[&target]);
            start.env.push(Pair::new("GRANIAN_HOST", "0.0.0.0"));
            start.port_variable = Some("GRANIAN_PORT".to_owned());
        }
        "hypercorn" => words(&["hypercorn", "--bind", &format!("0.0.0.0:{port}"), &called]),
        "daphne" => words(&["daphne", "-b", "0.0.0.0", "-p", &port.to_string(), &target]),
        "waitress" => {
            words(&["waitress-serve", &format!("--listen=0.0.0.0:{port}")]);
            if factory {
                words(&["--call"]);
            }
            words(&[&target]);
        }
        _ => {
            words(&["uvicorn"]);
            if factory {
                words(&["--factory"]);
            }
            words(&[&target]);
            start.env.push(Pair::new("UVICORN_HOST", "0.0.0.0"));
            start.port_variable = Some("UVICORN_PORT".to_owned());
        }
    }
    start.command = command;
    set_port(&mut start);
    Ok(start)
}

/// Whether a server is installed with the dependencies. What a framework's extra brings along
/// stands in no manifest: `fastapi[standard]`.
fn has_server(facts: &Facts, model: &PythonModel, server: &str) -> bool {
    let brought = facts.own.text("server");
    model.packages.contains_key(server) || brought.is_some_and(|brought| brought.value == server)
}

/// The port that the server is told: the project's own where it names one.
fn listen(resolver: &mut Resolver<'_>, server: &str) -> Result<u16, Failure> {
    let mut ports = resolver.component.facts.port.clone();
    let because = |more: &str| {
        Evidence::rule(
            "python/port",
            format!("{server} is told to listen there{more}"),
        )
    };
    match ports.value() {
        None => ports.certain(PORT, Rank::Default, because("")),
        Some(port) if *port < 1024 => ports.certain(
            PORT,
            Rank::Dedicated,
            because("; below 1024 not every platform lets a plain user listen"),
        ),
        Some(_) => {}
    }
    let found = resolver.choose("port", &ports, |text| text.parse().ok())?;
    Ok(found.map_or(PORT, |found| found.value))
}

fn set_port(start: &mut Start) {
    if let (Some(name), Some(port)) = (&start.port_variable, start.port) {
        start.env.push(Pair::new(name, port.to_string()));
    }
}

/// A command that the project or the user gives.
fn explicit(
    resolver: &mut Resolver<'_>,
    model: &PythonModel,
    kind: Kind,
    found: &Found<Command>,
) -> Start {
    let entry = resolver.component.facts.main.value().cloned();
    let file = entry.and_then(|entry| entry.split(':').next().map(str::to_owned));
    let root = file
        .as_deref()
        .map(|file| root_of(model, file))
        .filter(|root| !root.is_empty());
    let is_script = |name: &str| {
        resolver
            .component
            .manifest
            .scripts
            .iter()
            .any(|script| script.name == name)
    };
    let mut start = Start {
        file,
        ..Start::default()
    };
    let text = found.value.to_string();
    let (words, shell) = words(&found.value);
    let program = program(&words).to_owned();
    start.console_script = found.value.program().is_some_and(is_script);
    start.handles_term = ENDS.contains(&program.as_str()) || handles_sigterm(resolver);
    start.missing_server = ["gunicorn", "uvicorn"]
        .into_iter()
        .find(|server| program == *server && !has_server(&resolver.component.facts, model, server));
    start.command = match &root {
        Some(root) if !shell => words.iter().map(|word| strip(word, root)).collect(),
        _ => words,
    };
    start.root = root;
    let flag = |names: &[&str]| {
        text.split_whitespace().any(|word| {
            names
                .iter()
                .any(|name| word == *name || word.starts_with(&format!("{name}=")))
        })
    };
    let from_variable = text.contains("$PORT") || text.contains("${PORT");
    let port = resolver
        .setting("port")
        .and_then(|(text, _)| text.parse().ok());
    let port = port.or_else(|| port_in(&text));
    if kind == Kind::Web {
        start.port = port
            .or_else(|| resolver.component.facts.port.value().copied())
            .or(Some(PORT));
        if let Some(port) = start.port {
            let because = Evidence {
                why: format!("the start command listens there: {text}"),
                ..found.evidence.clone()
            };
            resolver.decide("port", port, Confidence::Likely, because);
        }
        start.port_variable = resolver.component.facts.port_variable.value().cloned();
        if from_variable {
            start.port_variable = Some("PORT".to_owned());
        }
    }
    match program.as_str() {
        "gunicorn" => {
            let mut flags = BTreeSet::new();
            for (names, setting) in [
                (&["-b", "--bind"][..], "bind"),
                (&["-w", "--workers"], "workers"),
                (&["-k", "--worker-class"], "worker_class"),
                (&["--threads"], "threads"),
                (&["--access-logfile"], "accesslog"),
            ] {
                if flag(names) {
                    flags.insert(setting.to_owned());
                }
            }
            let variable = start.port_variable.take();
            gunicorn::settings(resolver, model, &flags, &mut start);
            start.port_variable = start.port_variable.take().or(variable);
        }
        "uvicorn" => {
            if !flag(&["--host"]) {
                start.env.push(Pair::new("UVICORN_HOST", "0.0.0.0"));
            }
            if !flag(&["--port"]) {
                start.port_variable = Some("UVICORN_PORT".to_owned());
            }
        }
        _ => {}
    }
    set_port(&mut start);
    start
}

/// A script or a package that runs by itself.
fn script(
    resolver: &mut Resolver<'_>,
    model: &PythonModel,
    kind: Kind,
    entry: &str,
) -> Result<Start, Diagnostic> {
    let file = entry.split(':').next().unwrap_or(entry);
    let root = root_of(model, file);
    let parent = file.rsplit_once('/').map_or("", |(parent, _)| parent);
    let mut start = Start {
        handles_term: handles_sigterm(resolver),
        file: Some(file.to_owned()),
        ..Start::default()
    };
    start.command = if root == parent && !file.ends_with("__main__.py") {
        ["python", file].map(str::to_owned).to_vec()
    } else {
        let name = module(file, &root);
        let name = name.strip_suffix(".__main__").unwrap_or(&name);
        start.root = (!root.is_empty()).then_some(root);
        ["python", "-m", name].map(str::to_owned).to_vec()
    };
    let facts = &resolver.component.facts;
    if kind == Kind::Web || resolver.setting("port").is_some() {
        let mut ports = facts.port.clone();
        if ports.is_empty() {
            let because = Evidence::rule("python/port", "no port was found; this one is usual");
            ports.guess(PORT, Rank::Default, because);
        }
        start.port = resolver
            .choose("port", &ports, |text| text.parse().ok())?
            .map(|found| found.value);
        start.port_variable = facts.port_variable.value().cloned();
    }
    Ok(start)
}

/// A detector's fact: the sources, or a library that they call, handle SIGTERM.
fn handles_sigterm(resolver: &Resolver<'_>) -> bool {
    resolver.component.facts.handles_sigterm.value() == Some(&true)
}

fn root_of(model: &PythonModel, file: &str) -> String {
    model.roots.get(file).cloned().unwrap_or_else(|| {
        if file.starts_with("src/") && file.matches('/').count() > 1 {
            "src".to_owned()
        } else {
            String::new()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        assert_eq!(
            entry_text("app.main:app").as_deref(),
            Some("app/main.py:app")
        );
        assert_eq!(entry_text("app/main.py").as_deref(), Some("app/main.py"));
        assert_eq!(entry_text("$(id)"), None);
    }
}
