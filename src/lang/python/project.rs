//! What a project says of itself, and pyproject.toml's standard part of it.

use super::dialects;
use super::groups::Optional;
use super::requirement::{Requirement, is_name, normal};
use crate::diag::{Location, Result};
use crate::facts::Evidence;
use crate::lang::{Dependency, Manifest, Script};
use crate::parse::{Tree, toml};
use crate::repo::{Dir, RelPath, Source};

/// The parts of a project's declaration that the rest works with.
#[derive(Debug, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that a file states"
)]
pub(super) struct Project {
    pub manifest: Manifest,
    /// Production installs something, although it may not be understood.
    pub declares: bool,
    /// Requirements with whether production installs them.
    pub requirements: Vec<(Requirement, bool)>,
    /// Extras and groups.
    pub optional: Vec<Optional>,
    /// The constraint on the interpreter, as written.
    pub python: Option<(String, Evidence)>,
    /// Tables of tools that are there: `poetry`, `pdm`, `uv`.
    pub tools: Vec<String>,
    /// The `[build-system]`, or a file that is one (setup.py, setup.cfg).
    pub backend: Option<String>,
    /// What the build itself needs, in normal form.
    pub build_requires: Vec<String>,
    /// The project says that it is a package, or that it is none.
    pub packaged: Option<bool>,
    /// Where the project says that its packages are, relative to its folder.
    pub package_dirs: Vec<String>,
    /// `[project]` leaves the dependencies to a build backend.
    pub dynamic_dependencies: bool,
    /// Other fields that a build backend fills in, such as the version.
    pub dynamic: bool,
    /// Folders of the repository that are dependencies (`path = "../lib"`).
    pub local: Vec<RelPath>,
    /// Names of workspace members that it depends on, in normal form.
    pub siblings: Vec<String>,
    /// A dependency comes from a version-control system.
    pub vcs: bool,
    /// Globs of `[tool.uv.workspace]`.
    pub members: Vec<String>,
    pub excluded: Vec<String>,
    /// `[tool.uv]` installs more groups than `dev` by itself.
    pub default_groups: bool,
    /// The version of the package manager that the project asks for, as written.
    pub tool_version: Option<(String, Evidence)>,
    /// Files of a package that are no code are declared (setuptools leaves out the others).
    pub package_data: bool,
}

impl Project {
    pub(super) fn depends_on(&self, name: &str) -> bool {
        self.requirements
            .iter()
            .any(|(requirement, production)| *production && requirement.name == name)
    }

    pub(super) fn add(&mut self, requirement: Requirement, production: bool, at: Location) {
        let production = production && !requirement.foreign;
        self.declares |= production;
        self.vcs |= production
            && requirement
                .url
                .as_deref()
                .is_some_and(|url| url.starts_with("git"));
        self.manifest.dependencies.push(Dependency {
            name: requirement.name.clone(),
            version: requirement.specifier.clone(),
            production,
            at,
        });
        self.requirements.push((requirement, production));
    }

    /// A console script, when its name and its target are such.
    pub(super) fn add_script(&mut self, name: &str, body: &str, at: Location) {
        let plain = |text: &str, more: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_alphanumeric() || more.contains(c))
        };
        let (name, body) = (name.trim(), body.trim());
        if plain(name, "._-") && plain(body, "._-:") && body.contains(':') {
            self.manifest.scripts.push(Script {
                name: name.to_owned(),
                body: body.to_owned(),
                at,
            });
        }
    }

    pub(super) fn add_all(
        &mut self,
        items: impl IntoIterator<Item = (Requirement, Location)>,
        production: bool,
    ) {
        for (requirement, at) in items {
            self.add(requirement, production, at);
        }
    }
}

/// pyproject.toml.
pub(super) fn pyproject(dir: &Dir<'_>) -> Result<Project> {
    let source = dir.read("pyproject.toml")?;
    let tree = toml(&source)?;
    let mut project = Project::default();
    project.manifest.path = source.path.clone();
    if let Some(system) = tree.get("build-system") {
        project.backend = Some(
            system
                .get("build-backend")
                .and_then(Tree::text)
                .unwrap_or("setuptools.build_meta:__legacy__")
                .to_owned(),
        );
        if let Some(requires) = system.get("requires") {
            project.build_requires = requires
                .texts()
                .filter_map(Requirement::parse)
                .map(|requirement| requirement.name)
                .collect();
        }
    }
    if let Some(table) = tree.get("project") {
        standard(&mut project, table, &source);
    }
    if let Some(groups) = tree.get("dependency-groups") {
        for (name, group) in groups.entries() {
            project.optional.push(Optional::listed(name, false, group));
            requirements(&mut project, group, false, &source);
        }
    }
    if let Some(tool) = tree.get("tool") {
        project.tools = tool
            .entries()
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        if let Some(poetry) = tool.get("poetry") {
            dialects::poetry(&mut project, poetry, dir, &source);
        }
        if let Some(uv) = tool.get("uv") {
            dialects::uv(&mut project, uv, dir, &source);
        }
        dialects::packages(&mut project, tool);
    }
    // Names reach commands; one that no tool takes is none.
    let name = &mut project.manifest.name;
    *name = name.take().filter(|name| is_name(name));
    Ok(project)
}

/// `[project]`, PEP 621.
fn standard(project: &mut Project, table: &Tree, source: &Source) {
    let text = |key: &str| table.get(key).and_then(Tree::text).map(str::to_owned);
    let manifest = &mut project.manifest;
    manifest.name = text("name");
    manifest.version = text("version");
    manifest.description = text("description");
    manifest.license = table
        .get("license")
        .and_then(|license| license.text().or_else(|| license.get("text")?.text()))
        .map(str::to_owned);
    manifest.repository = table.get("urls").and_then(|urls| {
        urls.entries()
            .iter()
            .find(|(name, _)| {
                matches!(
                    normal(name).as_str(),
                    "repository" | "source" | "source-code" | "github"
                )
            })
            .and_then(|(_, url)| url.text())
            .map(str::to_owned)
    });
    if let Some(python) = table.get("requires-python")
        && let Some(text) = python.text()
    {
        project.python = Some((
            text.to_owned(),
            Evidence::span(
                "python/requires-python",
                source,
                &python.span,
                format!("requires-python is {text}"),
            ),
        ));
    }
    if let Some(dynamic) = table.get("dynamic") {
        project.dynamic = dynamic.texts().next().is_some();
        project.dynamic_dependencies = dynamic.texts().any(|field| field == "dependencies");
    }
    if let Some(list) = table.get("dependencies") {
        project.declares |= !list.items().is_empty();
        requirements(project, list, true, source);
    }
    if let Some(extras) = table.get("optional-dependencies") {
        for (name, list) in extras.entries() {
            project.optional.push(Optional::listed(name, true, list));
            requirements(project, list, false, source);
        }
    }
    if let Some(list) = table.get("scripts") {
        scripts(project, list, source);
    }
}

pub(super) fn requirements(project: &mut Project, list: &Tree, production: bool, source: &Source) {
    for item in list.items() {
        if let Some(requirement) = item.text().and_then(Requirement::parse) {
            project.add(
                requirement,
                production,
                Location::in_source(source, &item.span),
            );
        }
    }
}

/// Console scripts: `name = "package.module:function"`.
pub(super) fn scripts(project: &mut Project, table: &Tree, source: &Source) {
    for (name, target) in table.entries() {
        let Some(body) = target.text().or_else(|| target.get("reference")?.text()) else {
            continue;
        };
        project.add_script(name, body, Location::in_source(source, &target.span));
    }
}
