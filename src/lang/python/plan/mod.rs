//! Python: from facts to a plan.

mod command;
mod gunicorn;
mod install;
mod serve;

use serde::Serialize;

use crate::diag::Result;
use crate::facts::{Command, Confidence, Evidence, Kind};
use crate::lang::python::{Django, PythonModel};
use crate::parse::version::Constraint;
use crate::plan::health::health;
use crate::plan::images::BaseImage;
use crate::plan::{
    Copy, CopyStep, Failure, From, Made, Pair, Port, Resolver, Run, RunStage, Stage, Step,
};
use crate::repo::RelPath;
use serve::Start;

/// The work folder, and the virtual environment in it: where uv, Poetry and PDM put it too. The
/// path is the same in both stages, since console scripts name it.
const WORKDIR: &str = "/app";

/// What the templates of `python/install/` know.
#[derive(Debug, Serialize)]
struct InstallContext {
    /// What the installation needs from the context, before the sources.
    manifests: Vec<CopyStep>,
    /// Debian packages.
    packages: Vec<String>,
    /// The folder of the context that a whole project is built from.
    root: RelPath,
    workdir: &'static str,
    /// The image that uv is copied from.
    uv: Option<String>,
    /// `uv`, `uv-pip`, `pip`, `poetry`, `pdm`, `pipenv` or `setup`.
    installer: &'static str,
    /// Where the installer runs, below the work folder; `.` for the work folder itself.
    dir: String,
    /// The virtual environment as seen from there.
    venv: String,
    /// Arguments of the command that installs the dependencies.
    arguments: Vec<String>,
    /// Which groups and extras `poetry export` takes.
    select: Vec<String>,
    /// There is a lock file.
    locked: bool,
    /// The installer itself, pinned: `poetry==2.5.1`.
    tools: Vec<String>,
    /// How the project itself is installed; not at all when its sources run from their folder.
    project: Option<ProjectInstall>,
    /// A server that is none of the project's dependencies, pinned.
    server: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct ProjectInstall {
    /// The folders that are installed.
    pub copies: Vec<CopyStep>,
    /// Arguments of `uv sync`, or of `pip install`.
    pub arguments: Vec<String>,
    /// A build argument VERSION stands in for git under this variable's name.
    pub version_variable: Option<String>,
}

pub(super) fn plan(resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
    let component = resolver.component;
    let Some(model) = component.model.get::<PythonModel>() else {
        return Err(resolver.foreign());
    };
    let facts = &component.facts;
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
    let build_image = resolver.image("python", &line, "build")?;
    let run_image = resolver.image("python", &line, "slim")?;
    let uv_called = facts.own.flag("uv");
    let installed = install::plan(resolver, model, &start)?;
    let with_uv = matches!(installed.installer, "uv" | "uv-pip");
    let uv = if uv_called.is_some() || with_uv {
        Some(uv_image(resolver)?)
    } else {
        None
    };
    let (build_packages, mut run_packages) =
        install::packages(resolver, model, &build_image, &run_image);
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
    let mut run = RunStage::new(run_image, WORKDIR, health);
    "10001:10001".clone_into(&mut run.user);
    run.packages = run_packages;
    for name in ["PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"] {
        run.env.push(Pair::new(name, "1"));
    }
    run.env.extend(start.env);
    if installed.pythonpath
        && let Some(root) = &start.root
    {
        run.env
            .push(Pair::new("PYTHONPATH", format!("{WORKDIR}/{root}")));
    }
    if let Some(uv) = uv.as_ref().filter(|_| uv_called.is_some()) {
        let copy = Copy::stage(&uv.reference, "/uv", "/usr/local/bin/");
        run.steps.push(copy.into());
        run.images.push(uv.clone());
    }
    let stages = stages(
        resolver,
        &installed,
        build_image,
        build_packages,
        uv.as_ref(),
    );
    if installed.installer != "none" {
        let venv = format!("{WORKDIR}/.venv");
        run.path.push(format!("{venv}/bin"));
        run.steps.push(Copy::stage("build", &venv, &venv).into());
    }
    if installed.sources {
        run.steps.push(Step::Copy(Copy {
            exclude: installed.exclude,
            ..Copy::context(component.dir.to_string(), ".")
        }));
    }
    let artifacts = facts.artifacts.iter().map(|found| {
        let artifact = &found.value;
        Step::Copy(Copy::context(&artifact.from, &artifact.to))
    });
    run.steps.extend(artifacts);
    run.steps.extend(collect.map(Step::Run));
    run.ports.extend(start.port.map(Port::tcp));
    run.entrypoint = entrypoint;
    run.cmd = start.command;
    Ok(Made::new(stages, run, &installed.manifests, WORKDIR))
}

/// What makes the virtual environment; nothing where there is nothing to install.
fn stages(
    resolver: &Resolver<'_>,
    installed: &install::Install,
    image: BaseImage,
    packages: Vec<String>,
    uv: Option<&BaseImage>,
) -> Vec<Stage> {
    let tool = installed.installer;
    if tool == "none" {
        return Vec::new();
    }
    let context = InstallContext {
        manifests: installed.manifests.clone(),
        packages: resolver.build_packages(packages),
        root: resolver.component.root.clone(),
        workdir: WORKDIR,
        uv: uv.map(|uv| uv.reference.clone()),
        installer: tool,
        venv: if installed.dir == "." {
            ".venv".to_owned()
        } else {
            format!("{WORKDIR}/.venv")
        },
        dir: installed.dir.clone(),
        arguments: installed.arguments.clone(),
        select: installed.select.clone(),
        locked: installed.locked,
        tools: installed.tools.clone(),
        project: installed.project.clone(),
        server: installed.server.clone(),
    };
    let template = |name: &str| format!("python/install/{name}.j2");
    let mut stages = Vec::new();
    let last = if matches!(tool, "poetry" | "pipenv") {
        let from = From::Image(image.clone());
        let usual = template(tool);
        stages.push(Stage::new("requirements", from, usual, &context));
        "exported"
    } else {
        tool
    };
    let own = resolver.template(&template(last));
    let build = Stage::new("build", From::Image(image), own, &context);
    stages.push(build.with_images(uv.cloned()));
    stages
}

fn uv_image(resolver: &mut Resolver<'_>) -> Result<BaseImage> {
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

/// The command that gathers Django's static files.
fn collect(resolver: &mut Resolver<'_>, django: &Django) -> Option<Run> {
    let evidence = django.collect.clone()?;
    resolver.decide(
        "static files",
        "collectstatic",
        Confidence::Certain,
        evidence,
    );
    let mut env = Vec::new();
    if django.managed != django.settings {
        env.push(Pair::new("DJANGO_SETTINGS_MODULE", &django.settings));
    }
    env.extend(
        django
            .required
            .iter()
            .map(|(name, value)| Pair::new(name, value)),
    );
    Some(Run {
        why: if env.is_empty() {
            ""
        } else {
            "These values only let the settings load; the container gets its own."
        },
        mounts: Vec::new(),
        env,
        command: Command::exec(["python", &django.manage, "collectstatic", "--noinput"]),
    })
}
