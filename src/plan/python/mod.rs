//! Python: from facts to a plan.

mod command;
mod gunicorn;
mod install;
mod serve;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::health::health;
use super::resolver::{Failure, Resolver};
use super::{CopyStep, Details, LanguagePlan, Pair};
use crate::diag::Result;
use crate::facts::{Command, Confidence, Evidence, Kind, Slot};
use crate::lang::python::{Django, PythonModel};
use crate::parse::version::Constraint;
use serve::Start;

/// The work folder, and the virtual environment in it: where uv, Poetry and PDM put it too. The
/// path is the same in both stages, since console scripts name it.
const WORKDIR: &str = "/app";

/// What the Python templates know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PythonDetails {
    /// `uv`, `uv-pip`, `pip`, `poetry`, `pdm`, `pipenv`, `setup` or `none`: the file below
    /// `python/install/` that writes the build stage.
    pub installer: String,
    /// Where the installer runs, below the work folder; `.` for the work folder itself.
    pub dir: String,
    /// The virtual environment as seen from there.
    pub venv: String,
    /// Arguments of the command that installs the dependencies.
    pub arguments: Vec<String>,
    /// Which groups and extras `poetry export` takes.
    pub select: Vec<String>,
    /// There is a lock file.
    pub locked: bool,
    /// The installer itself, pinned: `poetry==2.5.1`.
    pub tools: Vec<String>,
    /// Build secrets that the package index asks for; each becomes a variable of the same name.
    pub secrets: Vec<String>,
    /// How the project itself is installed; not at all when its sources run from their folder.
    pub project: Option<ProjectInstall>,
    /// A server that is none of the project's dependencies, pinned.
    pub server: Option<String>,
    /// The last stage needs the sources.
    pub sources: bool,
    /// Folders that the last stage does not need, because they are installed: workspace members.
    pub exclude: Vec<String>,
    /// The program calls uv.
    pub uv: bool,
    /// Django's static files are gathered in the last stage.
    pub collect: Option<Collect>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProjectInstall {
    /// The folders that are installed.
    pub copies: Vec<CopyStep>,
    /// Arguments of `uv sync`, or of `pip install`.
    pub arguments: Vec<String>,
    /// A build argument VERSION stands in for git under this variable's name.
    pub version_variable: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Collect {
    /// Stand-ins for variables without which the settings do not load.
    pub env: Vec<Pair>,
    pub command: Command,
}

pub(super) fn plan(
    resolver: &mut Resolver<'_>,
    model: &PythonModel,
    kind: Kind,
) -> Result<LanguagePlan, Failure> {
    let facts = &resolver.component.facts;
    let line = resolver.runtime("python")?;
    let start = serve::start(resolver, model, kind)?;
    let because = Evidence::rule(
        "python/slim",
        "wheels need glibc, and Debian's is the usual one",
    );
    resolver.base(&["slim"], because, |base| match base {
        "alpine" => "most wheels are built for glibc, and Alpine has musl".to_owned(),
        "distroless" => {
            "its interpreter is Debian's, not the one that the packages are installed for"
                .to_owned()
        }
        _ => "Python needs its interpreter and a libc".to_owned(),
    })?;
    let mut image = BTreeMap::from([
        (
            "build".to_owned(),
            resolver.image("python", &line, "build")?,
        ),
        ("run".to_owned(), resolver.image("python", &line, "slim")?),
    ]);
    let uv_called = facts.extra.get("uv").and_then(Slot::best);
    let installed = install::plan(resolver, model, &start)?;
    if uv_called.is_some() || matches!(installed.installer, "uv" | "uv-pip") {
        image.insert("uv".to_owned(), uv_image(resolver)?);
    }
    let (build_packages, mut run_packages) =
        install::packages(resolver, model, &image["build"], &image["run"]);
    let mut entrypoint = Vec::new();
    if start.handles_term {
        let because = Evidence::rule("python/pid-1", "the process ends on SIGTERM by itself");
        resolver.decide("init", "none", Confidence::Certain, because);
    } else {
        let because = Evidence::rule(
            "python/pid-1",
            "Python as process 1 ignores SIGTERM, and no handler for it was seen",
        );
        resolver.decide("init", "tini", Confidence::Certain, because);
        run_packages.push("tini".to_owned());
        entrypoint = vec!["/usr/bin/tini".to_owned(), "--".to_owned()];
    }
    let health = health(resolver, kind, start.port, |path| check(&start, path))?;
    let collect = model
        .django
        .as_ref()
        .and_then(|django| collect(resolver, django));
    let mut env = start.env;
    if installed.pythonpath
        && let Some(root) = &start.root
    {
        env.push(pair("PYTHONPATH", format!("{WORKDIR}/{root}")));
    }
    Ok(LanguagePlan {
        template: "python/base.Dockerfile.j2",
        image,
        env,
        build_env: Vec::new(),
        manifests: installed.manifests,
        build_packages,
        run_packages,
        build_dir: WORKDIR.to_owned(),
        workdir: WORKDIR.to_owned(),
        user: "10001:10001".to_owned(),
        port: start.port,
        health,
        entrypoint,
        cmd: start.command,
        stop_signal: None,
        details: Details::Python(PythonDetails {
            installer: installed.installer.to_owned(),
            venv: if installed.dir == "." {
                ".venv".to_owned()
            } else {
                format!("{WORKDIR}/.venv")
            },
            dir: installed.dir,
            arguments: installed.arguments,
            select: installed.select,
            locked: installed.locked,
            tools: installed.tools,
            secrets: model.secrets.clone(),
            project: installed.project,
            server: installed.server,
            sources: installed.sources,
            exclude: installed.exclude,
            uv: uv_called.is_some(),
            collect,
        }),
    })
}

fn pair(name: &str, value: impl Into<String>) -> Pair {
    Pair {
        name: name.to_owned(),
        value: value.into(),
    }
}

fn uv_image(resolver: &mut Resolver<'_>) -> Result<super::images::Image> {
    let facts = &resolver.component.facts;
    let asked = match facts.package_manager.value().map(String::as_str) {
        Some("uv") => facts.package_manager_version.best(),
        _ => None,
    };
    let wanted = asked.map_or(Constraint::Any, |found| found.value.clone());
    let line = resolver.catalogue.choose("uv", &wanted)?;
    if let Some(found) = asked {
        let because = found.evidence.clone();
        resolver.decide("uv", &line.version, found.confidence, because);
    }
    resolver.image("uv", &line, "build")
}

/// A check that the interpreter makes: of a path where one is known, else that the port answers.
/// The port is read where the server reads it, so that both can be moved together. `http.client`
/// asks no proxy and follows no redirect, as `urllib` would.
fn check(start: &Start, path: Option<&str>) -> Vec<String> {
    let port = match &start.port_variable {
        Some(name) => format!("os.environ['{name}']"),
        None => start.port.unwrap_or_default().to_string(),
    };
    let os = if start.port_variable.is_some() {
        "os, "
    } else {
        ""
    };
    let code = match path {
        Some(_) => format!(
            "import http.client, {os}sys; c = http.client.HTTPConnection('127.0.0.1', {port}, timeout=2); c.request('GET', sys.argv[1]); sys.exit(c.getresponse().status >= 400)"
        ),
        None => {
            format!("import {os}socket; socket.create_connection(('127.0.0.1', {port}), 2)")
        }
    };
    ["python", "-c", &code]
        .into_iter()
        .chain(path)
        .map(str::to_owned)
        .collect()
}

fn collect(resolver: &mut Resolver<'_>, django: &Django) -> Option<Collect> {
    let evidence = django.collect.clone()?;
    resolver.decide(
        "static files",
        "collectstatic",
        Confidence::Certain,
        evidence,
    );
    let mut env = Vec::new();
    if django.managed != django.settings {
        env.push(pair("DJANGO_SETTINGS_MODULE", &django.settings));
    }
    env.extend(
        django
            .required
            .iter()
            .map(|(name, value)| pair(name, value)),
    );
    Some(Collect {
        env,
        command: Command::exec(["python", &django.manage, "collectstatic", "--noinput"]),
    })
}
