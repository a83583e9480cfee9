//! Python: projects of pip, uv, Poetry, PDM and Pipenv, and scripts without any.

mod dialects;
mod django;
mod entry;
mod folders;
mod groups;
mod imports;
mod installer;
mod lexer;
mod lock;
mod package;
mod plan;
mod project;
mod reach;
mod requirement;
mod requirements;
mod runtime;
mod setuptools;
mod several;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use imports::module;
pub use installer::Installer;

pub use groups::Optional;
pub use several::Other;

use super::{Component, Entered, Language, Manifest, Reach, Sources};
use crate::diag::Diagnostic;
use crate::facts::{
    Bound, BuildSecret, Command, Confidence, Evidence, Found, Kind, Pins, Rank, Weight,
};
use crate::parse::version::{Constraint, Version};
use crate::plan::{Failure, Made, Resolver};
use crate::repo::{Dir, RelPath, Repo};
use workspace::Folder;

pub struct Python;

/// What the plan needs to know of a Python program.
#[derive(Debug, Default)]
pub struct PythonModel {
    pub installer: Installer,
    /// The requirements files, one of which lists the project itself.
    pub requirements: Vec<String>,
    /// Extras and groups that production installs beside the dependencies.
    pub optional: Vec<Optional>,
    /// Requirements files that are not installed unless the start command needs them.
    pub others: Vec<Other>,
    /// Files that the dependency step reads, relative to the repository.
    pub inputs: Vec<RelPath>,
    /// Folders that are installed as dependencies, relative to the repository.
    pub local: Vec<RelPath>,
    /// Workspace members among the dependencies, relative to the repository.
    pub members: Vec<RelPath>,
    /// The folder that the installer runs in, relative to the repository.
    pub install_dir: RelPath,
    /// The project itself can be installed.
    pub package: Option<Package>,
    /// What production installs, by normal name; the version is empty where it is not pinned.
    pub packages: BTreeMap<String, String>,
    /// Direct requirements with an extra, as `name[extra]`.
    pub extras: Vec<String>,
    /// The lower bounds of direct requirements that are not pinned.
    pub floors: BTreeMap<String, Version>,
    /// A dependency comes from a git repository.
    pub vcs: bool,
    /// Variables that hold what the package index wants to know.
    pub secrets: Vec<String>,
    /// The folder that the modules of a file are imported from, relative to the component; by file.
    pub roots: BTreeMap<String, String>,
    /// Entries (`file:object`) whose object is a function that makes the application.
    pub factories: BTreeSet<String>,
    /// Settings that the project's gunicorn.conf.py makes.
    pub gunicorn_conf: Option<BTreeSet<String>>,
    pub django: Option<Django>,
}

/// A project that a build backend can turn into an installed package.
#[derive(Clone, Debug, Default)]
pub struct Package {
    /// The distribution's name.
    pub name: String,
    /// Import packages, relative to the component: `src/app`, `app`.
    pub dirs: Vec<String>,
    /// The backend asks git for the version, by way of this variable when there is no git.
    pub version_variable: Option<String>,
    /// An installed copy lacks files that the package's folder has.
    pub incomplete: bool,
}

/// What Django's settings decide about the image.
#[derive(Clone, Debug, Default)]
pub struct Django {
    /// The module that the server loads.
    pub settings: String,
    /// The module that manage.py loads.
    pub managed: String,
    /// manage.py, relative to the component.
    pub manage: String,
    /// The settings say where static files are gathered.
    pub collect: Option<Evidence>,
    /// Variables without which the settings cannot be loaded, with stand-ins for the build.
    pub required: Vec<(String, String)>,
}

impl Language for Python {
    fn id(&self) -> &'static str {
        "python"
    }

    fn manifests(&self) -> &'static [&'static str] {
        &[
            "pyproject.toml",
            "requirements.txt",
            "Pipfile",
            "setup.py",
            "setup.cfg",
            "pylock.toml",
            "manage.py",
            "production.txt",
            "prod.txt",
            "base.txt",
            "main.py",
            "app.py",
            "bot.py",
            "server.py",
            "start.py",
            "run.py",
            "worker.py",
            "hello.py",
            "streamlit_app.py",
        ]
    }

    fn sources(&self) -> &'static [&'static str] {
        &["py"]
    }

    fn components(
        &self,
        repo: &Repo,
        dirs: &[RelPath],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Component> {
        let folders = workspace::folders(repo, dirs, diagnostics);
        let programs = workspace::programs(repo, &folders);
        programs
            .into_iter()
            .map(|at| component(repo, &folders, at, diagnostics))
            .collect()
    }

    fn reach(&self, component: &Component, main: Option<&str>, reach: &mut Reach<'_>) -> Entered {
        match component.model.get::<PythonModel>() {
            Some(model) => reach::reach(component, model, main, reach),
            None => Entered::Nowhere,
        }
    }

    fn refine(&self, _repo: &Repo, component: &mut Component, sources: &Sources<'_>) {
        entry::refine(component, sources);
        if component.has_framework("python/django") {
            django::refine(component, sources);
        }
        folders::refine(&mut component.facts, sources);
    }

    fn plan(&self, resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
        plan::plan(resolver, kind)
    }
}

fn component(
    repo: &Repo,
    folders: &[Folder],
    at: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Component {
    let folder = &folders[at];
    let view = repo.dir(&folder.dir);
    let mut installed = installer::choose(repo, folders, at, diagnostics);
    let mut manifest = std::mem::take(&mut installed.manifest);
    if manifest.path.is_root()
        && let Some(script) = entry::root_scripts(&view).next()
    {
        manifest.path = folder.dir.join(&format!("{script}.py"));
    }
    let root = installed
        .model
        .inputs
        .iter()
        .filter_map(RelPath::parent)
        .chain(installed.model.local.iter().cloned())
        .chain([installed.model.install_dir.clone()])
        .fold(folder.dir.clone(), |root, dir| {
            super::go::common(&root, &dir)
        });
    let scripts = manifest.scripts.clone();
    let pins = pins(&installed.model, installed.ceiling);
    let secrets = installed.model.secrets.clone();
    let mut component = Component::new("python", folder.dir.clone(), manifest, installed.model);
    let file = &component.manifest.path;
    let asked = |name: String| Found {
        value: BuildSecret::variable(name),
        rank: Rank::Manifest,
        confidence: Confidence::Certain,
        evidence: Evidence::file(
            "python/requirements",
            file.clone(),
            "the requirements name it",
        ),
    };
    component.facts.build_secrets = secrets.into_iter().map(asked).collect();
    component.root = root;
    component.pins = pins;
    if !folder.is_project() {
        component.sure = Confidence::Guess;
    }
    let root_view = repo.dir(&component.root);
    let facts = &mut component.facts;
    runtime::version_files(&view, &root_view, &mut facts.runtime);
    runtime::manifest(folder.project.python.as_ref(), &mut facts.runtime);
    facts.package_manager.certain(
        installed.name.to_owned(),
        Rank::Manifest,
        installed.evidence,
    );
    if let Some((constraint, evidence)) = installed.version {
        facts
            .package_manager_version
            .certain(constraint, Rank::Manifest, evidence);
    }
    entry::mains(&view, &mut component);
    let Some(model) = component.model.get::<PythonModel>() else {
        return component;
    };
    if let Some(package) = &model.package {
        entry::scripts(&scripts, package, &mut component.facts);
    }
    entry::procfile(&view, &mut component.facts);
    component.facts.kind.guess(
        Kind::Cli,
        Rank::Default,
        Evidence::rule("python/no-server", "no code that serves or waits was seen"),
    );
    ignore(&view, &mut component);
    component
}

/// The installed versions, those of extras too, and the newest Python that locked wheels are for.
fn pins(model: &PythonModel, ceiling: Option<(u64, Evidence)>) -> Pins {
    let mut pins = Pins::default();
    for (name, version) in &model.packages {
        pins.pin(name, version, None);
    }
    for extra in &model.extras {
        if let Some((name, _)) = extra.split_once('[')
            && let Some(version) = model.packages.get(name)
        {
            pins.pin(extra, version, None);
        }
    }
    if let Some((minor, evidence)) = ceiling
        && let Some(runs) = Constraint::python(&format!("<3.{}", minor + 1))
    {
        pins.bounds.push(Bound {
            runs,
            weight: Weight::Breaks,
            evidence,
        });
    }
    pins
}

/// What Python and its tools leave behind, and what only tests and editors of the code need.
fn ignore(view: &Dir<'_>, component: &mut Component) {
    component.facts.ignore_all(
        "python/leftovers",
        "Python and its tools leave these behind",
        &[
            "**/__pycache__",
            "**/*.py[cod]",
            "**/*.egg-info",
            "**/.venv",
            "**/.pytest_cache",
            "**/.mypy_cache",
            "**/.ruff_cache",
            "**/.tox",
            "**/.nox",
            "**/.coverage*",
            "**/htmlcov",
            "**/.ipynb_checkpoints",
            // The image decides which interpreter it is; tools would look for another one.
            ".python-version",
        ],
    );
    for name in ["venv", "env"] {
        if view.child(name).has("pyvenv.cfg") || !view.has_dir(name) {
            component.facts.ignore_all(
                "python/venv",
                "a virtual environment",
                &[&format!("/{name}")],
            );
        }
    }
    for name in ["build", "dist"] {
        if !view.child(name).walk().any(|file| is_python(&file)) {
            component.facts.ignore_all(
                "python/builds",
                "build backends write here",
                &[&format!("/{name}")],
            );
        }
    }
}

/// Source files; the ending is spelled in lower case wherever Python is to find them.
fn is_python(file: &RelPath) -> bool {
    file.name()
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "py")
}

/// The Python model beside the facts and the manifest, for steps that only Python components reach.
fn parts(
    component: &mut Component,
) -> Option<(&mut PythonModel, &mut crate::facts::Facts, &Manifest)> {
    let model = component.model.get_mut::<PythonModel>()?;
    Some((model, &mut component.facts, &component.manifest))
}

/// A start command of the language's own rank.
fn start(
    facts: &mut crate::facts::Facts,
    command: Command,
    rank: Rank,
    confidence: Confidence,
    because: Evidence,
) {
    facts.start.add(command, rank, confidence, because);
}
