//! Which tool installs a project, and what it needs for that.

use std::collections::BTreeMap;

use super::groups;
use super::lock::{self, Lock};
use super::package::package;
use super::project::Project;
use super::requirement::Requirement;
use super::several::{self, Chosen};
use super::workspace::{self, Folder};
use super::{PythonModel, runtime};
use crate::diag::{Diagnostic, Location};
use crate::facts::Evidence;
use crate::lang::Manifest;
use crate::parse::version::{Constraint, Version};
use crate::repo::{Dir, RelPath, Repo};

/// The tool that puts the dependencies into the virtual environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Installer {
    /// There is nothing to install.
    #[default]
    Nothing,
    /// `uv sync` with uv.lock.
    Uv {
        /// Metadata of a member comes from its build backend, so the lock cannot be compared
        /// before the sources are there.
        frozen: bool,
        /// The project has workspace members.
        workspace: bool,
        /// The member to install, when it is not the workspace's root.
        member: Option<String>,
        /// More groups than `dev` are installed by default.
        default_groups: bool,
    },
    /// `uv pip install -r` with pyproject.toml or pylock.toml.
    UvPip { file: String },
    /// `pip install -r`; the files are relative to the component.
    Pip { files: Vec<String>, hashed: bool },
    /// `poetry export`, then pip.
    Poetry { locked: bool, hashed: bool },
    /// `pdm sync`.
    Pdm,
    /// `pipenv requirements`, then pip.
    Pipenv { locked: bool, hashed: bool },
    /// `pip install .`, because only running the build tells the dependencies.
    Setup,
}

pub(super) struct Installed {
    pub model: PythonModel,
    pub manifest: Manifest,
    pub name: &'static str,
    pub evidence: Evidence,
    /// The newest Python 3 that the locked wheels are for, and what says so.
    pub ceiling: Option<(u64, Evidence)>,
    /// The version of the tool that the project asks for.
    pub version: Option<(Constraint, Evidence)>,
}

pub(super) fn choose(
    repo: &Repo,
    folders: &[Folder],
    at: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Installed {
    let folder = &folders[at];
    let view = repo.dir(&folder.dir);
    let mut choice = Choice {
        repo,
        view: &view,
        project: &folder.project,
        model: PythonModel {
            install_dir: folder.dir.clone(),
            ..PythonModel::default()
        },
        ceiling: None,
        manifest: folder.project.manifest.clone(),
        direct: folder
            .project
            .requirements
            .iter()
            .filter(|(_, production)| *production)
            .map(|(requirement, _)| requirement.clone())
            .collect(),
        diagnostics,
    };
    choice.model.local.clone_from(&folder.project.local);
    choice.model.vcs = folder.project.vcs;
    let (name, evidence) = choice.settle(folders, at);
    choice.model.package = package(&view, &folder.project);
    choice.pins();
    let version = tool_version(&view, &folder.project, name);
    Installed {
        model: choice.model,
        ceiling: choice.ceiling,
        manifest: choice.manifest,
        name,
        evidence,
        version,
    }
}

struct Choice<'a> {
    repo: &'a Repo,
    view: &'a Dir<'a>,
    project: &'a Project,
    model: PythonModel,
    ceiling: Option<(u64, Evidence)>,
    manifest: Manifest,
    /// What production asks for by name.
    direct: Vec<Requirement>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Choice<'_> {
    /// The first tool whose files are there, those with a lock before those without.
    fn settle(&mut self, folders: &[Folder], at: usize) -> (&'static str, Evidence) {
        let tools = |name: &str| self.project.tools.iter().any(|tool| tool == name);
        let (poetry, pdm) = (tools("poetry"), tools("pdm"));
        let workspace = workspace::of(folders, at);
        let lock_home = workspace
            .as_ref()
            .map_or(&self.view.path, |(root, _)| &folders[*root].dir)
            .clone();
        if self.repo.dir(&lock_home).has("uv.lock") && self.view.has("pyproject.toml") {
            return self.uv(folders, at, workspace.as_ref(), &lock_home);
        }
        if self.view.has("poetry.lock") && self.view.has("pyproject.toml") {
            return self.poetry(true);
        }
        if self.view.has("pdm.lock") && self.view.has("pyproject.toml") {
            return self.pdm();
        }
        if self.view.has("Pipfile.lock") && self.view.has("Pipfile") {
            return self.pipenv(true);
        }
        if self.view.has("pylock.toml") {
            self.take_lock("pylock.toml", lock::pylock);
            return self.uv_pip("pylock.toml", "pylock.toml locks the dependencies");
        }
        if let Some(chosen) = several::choose(self.repo, self.view) {
            return self.pip(chosen);
        }
        let declared = self.project.declares;
        if poetry && declared {
            return self.poetry(false);
        }
        if self.view.has("Pipfile") && declared {
            return self.pipenv(false);
        }
        let builds = self.project.backend.is_some() && package(self.view, self.project).is_some();
        if self.view.has("pyproject.toml")
            && !self.project.dynamic_dependencies
            && (declared || builds)
        {
            if declared {
                self.unlocked(if pdm { "pdm lock" } else { "uv lock" });
            }
            self.optional();
            return self.uv_pip("pyproject.toml", "pyproject.toml lists the dependencies");
        }
        if builds {
            let file = self
                .view
                .first(&["setup.py", "pyproject.toml"])
                .unwrap_or("setup.cfg");
            let why = "only the build backend knows the dependencies";
            self.optional();
            self.model.installer = Installer::Setup;
            return (
                "pip",
                Evidence::file("python/setup", self.view.path.join(file), why),
            );
        }
        (
            "none",
            Evidence::rule("python/no-dependencies", "there are no dependencies"),
        )
    }

    /// Takes in the extras and groups of production.
    fn optional(&mut self) {
        let chosen = groups::chosen(self.project);
        let named = |name: &str| {
            chosen
                .iter()
                .any(|one| one.packages.iter().any(|package| package == name))
        };
        for (requirement, production) in &self.project.requirements {
            if !*production && named(&requirement.name) {
                self.direct.push(requirement.clone());
            }
        }
        for dependency in &mut self.manifest.dependencies {
            dependency.production |= named(&dependency.name);
        }
        self.model.optional = chosen;
    }

    fn uv(
        &mut self,
        folders: &[Folder],
        at: usize,
        workspace: Option<&(usize, Vec<usize>)>,
        home: &RelPath,
    ) -> (&'static str, Evidence) {
        let file = home.join("uv.lock");
        self.optional();
        self.model.install_dir = home.clone();
        self.model.inputs = vec![home.join("pyproject.toml"), file.clone()];
        let mut frozen = self.project.dynamic;
        if let Some((root, members)) = workspace {
            for member in members.iter().map(|member| &folders[*member]) {
                self.model.inputs.push(member.dir.join("pyproject.toml"));
                frozen |= member.project.dynamic;
            }
            frozen |= folders[*root].project.dynamic;
        }
        if self.repo.dir(home).has("uv.toml") {
            self.model.inputs.push(home.join("uv.toml"));
        }
        self.model.members = workspace::siblings(folders, at);
        let name = self.project.manifest.name.clone().unwrap_or_default();
        self.model.installer = Installer::Uv {
            frozen,
            workspace: workspace.is_some(),
            member: workspace
                .filter(|(root, _)| *root != at)
                .and_then(|_| self.project.manifest.name.clone()),
            default_groups: self.project.default_groups,
        };
        let lock = lock::uv(self.repo, &file, &name, &self.model.optional);
        self.keep(lock, &file);
        ("uv", locked_by(&file))
    }

    fn poetry(&mut self, locked: bool) -> (&'static str, Evidence) {
        let file = self.view.path.join("poetry.lock");
        self.optional();
        self.inputs(&["pyproject.toml", "poetry.lock", "poetry.toml"]);
        if locked {
            let lock = lock::poetry(
                self.repo,
                &file,
                &self.direct,
                !self.model.optional.is_empty(),
            );
            self.keep(lock, &file);
        } else {
            self.unlocked("poetry lock");
        }
        self.model.installer = Installer::Poetry {
            locked,
            hashed: !self.model.vcs && self.model.local.is_empty(),
        };
        if locked {
            return ("poetry", locked_by(&file));
        }
        let why = "pyproject.toml has the table tool.poetry";
        (
            "poetry",
            Evidence::file("python/poetry", self.view.path.join("pyproject.toml"), why),
        )
    }

    fn pdm(&mut self) -> (&'static str, Evidence) {
        let file = self.view.path.join("pdm.lock");
        self.inputs(&["pyproject.toml", "pdm.lock"]);
        self.take_lock("pdm.lock", lock::pdm);
        self.model.installer = Installer::Pdm;
        ("pdm", locked_by(&file))
    }

    fn pipenv(&mut self, locked: bool) -> (&'static str, Evidence) {
        let file = self.view.path.join("Pipfile.lock");
        self.inputs(&["Pipfile", "Pipfile.lock"]);
        if locked {
            self.take_lock("Pipfile.lock", lock::pipenv);
        } else {
            self.unlocked("pipenv lock");
        }
        self.model.installer = Installer::Pipenv {
            locked,
            hashed: locked && !self.model.vcs && self.model.local.is_empty(),
        };
        if locked {
            return ("pipenv", locked_by(&file));
        }
        let file = self.view.path.join("Pipfile");
        (
            "pipenv",
            Evidence::file("python/pipenv", file, "there is a Pipfile"),
        )
    }

    fn uv_pip(&mut self, file: &str, why: &str) -> (&'static str, Evidence) {
        self.inputs(&[file, "uv.toml"]);
        self.model.installer = Installer::UvPip {
            file: file.to_owned(),
        };
        (
            "uv",
            Evidence::file("python/uv-pip", self.view.path.join(file), why),
        )
    }

    fn pip(&mut self, chosen: Chosen) -> (&'static str, Evidence) {
        let Chosen {
            files,
            found,
            others,
        } = chosen;
        let path = self
            .view
            .path
            .join(files.first().map_or("", String::as_str));
        self.model.others = others;
        self.model.inputs.clone_from(&found.files);
        self.model.local.extend(found.local);
        self.model.vcs |= found.vcs;
        self.model.secrets = found.variables;
        let pinned = found
            .items
            .iter()
            .all(|(item, _)| item.pin().is_some() || item.url.is_some());
        if !pinned {
            self.diagnostics.push(
                Diagnostic::note(
                    "python-unpinned",
                    format!("{path} leaves versions open, so two builds can differ"),
                )
                .at(Location::file(path.clone()))
                .with_help("pin them, for example with `uv pip compile` or `pip-compile`"),
            );
        }
        let mut listed = Project::default();
        listed.add_all(found.items, true);
        self.direct.extend(
            listed
                .requirements
                .into_iter()
                .map(|(requirement, _)| requirement),
        );
        self.manifest
            .dependencies
            .extend(listed.manifest.dependencies);
        if self.manifest.path.is_root() {
            self.manifest.path.clone_from(&path);
        }
        self.model.installer = if found.itself {
            // The project is in its own requirements: only its build tells all of them.
            self.model.requirements.clone_from(&files);
            Installer::Setup
        } else {
            Installer::Pip {
                files: files.clone(),
                hashed: found.hashed,
            }
        };
        let why = match files.as_slice() {
            [one] => format!("{one} lists the dependencies"),
            all => format!("{} list the dependencies of production", all.join(" and ")),
        };
        ("pip", Evidence::file("python/requirements", path, why))
    }

    fn inputs(&mut self, names: &[&str]) {
        self.model.inputs = names
            .iter()
            .filter(|name| self.view.has(name))
            .map(|name| self.view.path.join(name))
            .collect();
    }

    fn take_lock(&mut self, name: &str, read: fn(&Repo, &RelPath) -> Result<Lock, Diagnostic>) {
        let file = self.view.path.join(name);
        let lock = read(self.repo, &file);
        self.keep(lock, &file);
    }

    fn keep(&mut self, lock: Result<Lock, Diagnostic>, file: &RelPath) {
        match lock {
            Ok(lock) => {
                self.model.vcs |= lock.vcs;
                self.ceiling = lock.ceiling().map(|(minor, package)| {
                    let why = format!(
                        "{package} is locked without a wheel for Python 3.{}",
                        minor + 1
                    );
                    (minor, Evidence::file("python/wheels", file.clone(), why))
                });
                self.model.packages = lock
                    .packages
                    .into_iter()
                    .map(|(name, locked)| (name, locked.version))
                    .collect();
            }
            Err(diagnostic) => self.diagnostics.push(diagnostic),
        }
    }

    fn unlocked(&mut self, command: &str) {
        let path = self.manifest.path.clone();
        self.diagnostics.push(
            Diagnostic::note(
                "python-no-lock",
                format!("{path}: no lock file, so two builds can differ"),
            )
            .at(Location::file(path))
            .with_help(format!("run `{command}` and commit its file")),
        );
    }

    /// Versions and extras of what is asked for directly.
    fn pins(&mut self) {
        let mut packages = BTreeMap::new();
        for requirement in &self.direct {
            let pin = requirement.pin().unwrap_or_default().to_owned();
            packages.insert(requirement.name.clone(), pin);
            self.model.extras.extend(
                requirement
                    .extras
                    .iter()
                    .map(|extra| format!("{}[{extra}]", requirement.name)),
            );
            let floor = requirement
                .specifier
                .split(',')
                .find_map(|part| {
                    part.trim()
                        .strip_prefix(['>', '^', '~'])?
                        .trim_start_matches('=')
                        .trim()
                        .parse()
                        .ok()
                })
                .and_then(|text: String| Version::parse(&text));
            if let Some(floor) = floor {
                self.model.floors.insert(requirement.name.clone(), floor);
            }
        }
        packages.append(&mut self.model.packages);
        self.model.packages = packages;
    }
}

fn locked_by(file: &RelPath) -> Evidence {
    let why = format!("{} locks the dependencies", file.name());
    Evidence::file("python/lock", file.clone(), why)
}

/// The version of uv or Poetry that the project names.
fn tool_version(view: &Dir<'_>, project: &Project, tool: &str) -> Option<(Constraint, Evidence)> {
    if let Some((text, evidence)) = &project.tool_version
        && evidence.why.contains(tool)
        && let Some(constraint) = Constraint::python(text)
    {
        return Some((constraint, evidence.clone()));
    }
    runtime::tool_versions(view, tool)
        .into_iter()
        .find_map(|(file, text)| {
            let why = format!("{} names {tool} {text}", file.path.name());
            let constraint = Constraint::python(&text)?;
            Some((
                constraint,
                Evidence::file("python/tool-version", file.path, why),
            ))
        })
}
