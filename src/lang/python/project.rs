//! What a project says of itself: pyproject.toml in its dialects, Pipfile, setup.cfg, setup.py.

use super::requirement::{Requirement, normal};
use crate::diag::{Location, Result};
use crate::facts::Evidence;
use crate::lang::{Dependency, Manifest, Script};
use crate::parse::{Tree, toml};
use crate::repo::{Dir, RelPath, Source};

/// The parts of a project's declaration that the rest works with.
#[derive(Debug, Default)]
pub(super) struct Project {
    pub manifest: Manifest,
    /// Requirements with whether production installs them.
    pub requirements: Vec<(Requirement, bool)>,
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

    fn add(&mut self, requirement: Requirement, production: bool, at: Location) {
        let production = production && !requirement.foreign;
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
        for (_, group) in groups.entries() {
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
            self::poetry(&mut project, poetry, dir, &source);
        }
        if let Some(uv) = tool.get("uv") {
            self::uv(&mut project, uv, dir, &source);
        }
        packages(&mut project, tool);
    }
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
        requirements(project, list, true, source);
    }
    if let Some(extras) = table.get("optional-dependencies") {
        for (_, list) in extras.entries() {
            requirements(project, list, false, source);
        }
    }
    if let Some(list) = table.get("scripts") {
        scripts(project, list, source);
    }
}

fn requirements(project: &mut Project, list: &Tree, production: bool, source: &Source) {
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
fn scripts(project: &mut Project, table: &Tree, source: &Source) {
    for (name, target) in table.entries() {
        let Some(body) = target.text().or_else(|| target.get("reference")?.text()) else {
            continue;
        };
        let plain = |text: &str, more: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_alphanumeric() || more.contains(c))
        };
        if plain(name, "._-") && plain(body, "._-:") {
            project.manifest.scripts.push(Script {
                name: name.clone(),
                body: body.to_owned(),
                at: Location::in_source(source, &target.span),
            });
        }
    }
}

/// `[tool.poetry]`.
fn poetry(project: &mut Project, table: &Tree, dir: &Dir<'_>, source: &Source) {
    let text = |key: &str| table.get(key).and_then(Tree::text).map(str::to_owned);
    let manifest = &mut project.manifest;
    manifest.name = manifest.name.take().or_else(|| text("name"));
    manifest.version = manifest.version.take().or_else(|| text("version"));
    manifest.description = manifest.description.take().or_else(|| text("description"));
    manifest.license = manifest.license.take().or_else(|| text("license"));
    manifest.repository = manifest.repository.take().or_else(|| text("repository"));
    project.packaged = table.get("package-mode").and_then(Tree::boolean);
    if let Some(version) = table.get("requires-poetry") {
        tool_version(project, version, "poetry", source);
    }
    if let Some(list) = table.get("scripts") {
        scripts(project, list, source);
    }
    let mut groups = vec![
        (table.get("dependencies"), true),
        (table.get("dev-dependencies"), false),
    ];
    if let Some(named) = table.get("group") {
        groups.extend(
            named
                .entries()
                .iter()
                .map(|(_, group)| (group.get("dependencies"), false)),
        );
    }
    for (list, production) in groups {
        for (name, wanted) in list.map(Tree::entries).unwrap_or_default() {
            if name == "python" {
                if let Some(text) = wanted.text().filter(|_| project.python.is_none()) {
                    let why = format!("poetry's constraint on python is {text}");
                    let evidence =
                        Evidence::span("python/poetry-python", source, &wanted.span, why);
                    project.python = Some((text.to_owned(), evidence));
                }
                continue;
            }
            named(project, name, wanted, production, dir, source);
        }
    }
}

/// A dependency as a key with a version or a table: Poetry's and the Pipfile's form.
fn named(
    project: &mut Project,
    name: &str,
    wanted: &Tree,
    production: bool,
    dir: &Dir<'_>,
    source: &Source,
) {
    let table = wanted.items().first().unwrap_or(wanted);
    let version = table
        .text()
        .or_else(|| table.get("version")?.text())
        .unwrap_or_default();
    let optional = table.get("optional").and_then(Tree::boolean) == Some(true);
    let mut extras: Vec<String> = table
        .get("extras")
        .map(|list| list.texts().map(normal).collect())
        .unwrap_or_default();
    extras.sort();
    if let Some(path) = table
        .get("path")
        .or_else(|| table.get("file"))
        .and_then(Tree::text)
        && production
        && let Some(path) = dir.path.resolve(path)
    {
        project.local.push(path);
    }
    let requirement = Requirement {
        name: normal(name),
        extras,
        specifier: if version == "*" {
            String::new()
        } else {
            version.to_owned()
        },
        url: table.get("git").map(|_| "git".to_owned()),
        foreign: table
            .get("markers")
            .and_then(Tree::text)
            .is_some_and(super::requirement::is_foreign),
    };
    project.add(
        requirement,
        production && !optional,
        Location::in_source(source, &wanted.span),
    );
}

/// `[tool.uv]`.
fn uv(project: &mut Project, table: &Tree, dir: &Dir<'_>, source: &Source) {
    if let Some(package) = table.get("package").and_then(Tree::boolean) {
        project.packaged = Some(package);
    }
    if let Some(list) = table.get("dev-dependencies") {
        requirements(project, list, false, source);
    }
    project.default_groups = table.get("default-groups").is_some();
    if let Some(version) = table.get("required-version") {
        tool_version(project, version, "uv", source);
    }
    if let Some(workspace) = table.get("workspace") {
        let globs = |key: &str| -> Vec<String> {
            workspace
                .get(key)
                .map(|list| list.texts().map(str::to_owned).collect())
                .unwrap_or_default()
        };
        project.members = globs("members");
        project.excluded = globs("exclude");
    }
    for (name, wanted) in table.get("sources").map(Tree::entries).unwrap_or_default() {
        let name = normal(name);
        // A source counts only for what production installs.
        if !project.depends_on(&name) {
            continue;
        }
        let wanted = wanted.items().first().unwrap_or(wanted);
        if wanted.get("workspace").and_then(Tree::boolean) == Some(true) {
            project.siblings.push(name);
        } else if let Some(path) = wanted.get("path").and_then(Tree::text) {
            project.local.extend(dir.path.resolve(path));
        } else {
            project.vcs |= wanted.get("git").is_some();
        }
    }
}

fn tool_version(project: &mut Project, version: &Tree, tool: &str, source: &Source) {
    if let Some(text) = version.text() {
        let why = format!("the project requires {tool} {text}");
        let evidence = Evidence::span("python/tool-version", source, &version.span, why);
        project.tool_version = Some((text.to_owned(), evidence));
    }
}

/// Where build backends are told that the packages are, and whether they take data files along.
fn packages(project: &mut Project, tool: &Tree) {
    let mut dirs: Vec<String> = Vec::new();
    for item in tool
        .at(&["poetry", "packages"])
        .map(Tree::items)
        .unwrap_or_default()
    {
        if let Some(include) = item.get("include").and_then(Tree::text) {
            let from = item.get("from").and_then(Tree::text).unwrap_or(".");
            dirs.push(format!("{from}/{include}"));
        }
    }
    for path in [
        &["hatch", "build", "targets", "wheel", "packages"][..],
        &["hatch", "build", "targets", "wheel", "only-include"][..],
        &["setuptools", "packages", "find", "where"][..],
        &["setuptools", "py-modules"][..],
    ] {
        if let Some(list) = tool.at(path) {
            dirs.extend(list.texts().map(str::to_owned));
        }
    }
    if let Some(list) = tool.at(&["setuptools", "packages"]) {
        dirs.extend(list.texts().map(|name| name.replace('.', "/")));
    }
    if let Some(name) = tool.at(&["flit", "module", "name"]).and_then(Tree::text) {
        dirs.push(name.to_owned());
    }
    let backend = tool.at(&["uv", "build-backend"]);
    if let Some(name) = backend.and_then(|table| table.get("module-name")) {
        let root = backend
            .and_then(|table| table.get("module-root"))
            .and_then(Tree::text)
            .unwrap_or("src");
        let names: Vec<&str> = name.text().into_iter().chain(name.texts()).collect();
        dirs.extend(
            names
                .iter()
                .map(|name| format!("{root}/{}", name.replace('.', "/"))),
        );
    }
    project.package_dirs = dirs;
    project.package_data = tool.at(&["setuptools", "package-data"]).is_some();
}

/// Pipfile.
pub(super) fn pipfile(dir: &Dir<'_>) -> Result<Project> {
    let source = dir.read("Pipfile")?;
    let tree = toml(&source)?;
    let mut project = Project::default();
    project.manifest.path = source.path.clone();
    project.packaged = Some(false);
    for (key, production) in [("packages", true), ("dev-packages", false)] {
        for (name, wanted) in tree.get(key).map(Tree::entries).unwrap_or_default() {
            named(&mut project, name, wanted, production, dir, &source);
        }
    }
    for key in ["python_full_version", "python_version"] {
        if let Some(version) = tree.at(&["requires", key])
            && let Some(text) = version.scalar()
        {
            let why = format!("the Pipfile requires Python {text}");
            let evidence = Evidence::span("python/pipfile", &source, &version.span, why);
            project.python = Some((text.to_owned(), evidence));
            break;
        }
    }
    Ok(project)
}

/// setup.cfg and setup.py, as far as they can be read without running them.
pub(super) fn setuptools(dir: &Dir<'_>) -> Option<Project> {
    let cfg = dir.text("setup.cfg");
    let py = dir.text("setup.py");
    let first = py.as_ref().or(cfg.as_ref())?;
    let mut project = Project::default();
    project.manifest.path = first.path.clone();
    project.backend = Some("setuptools".to_owned());
    project.package_data = dir.has("MANIFEST.in");
    if let Some(source) = &cfg {
        setup_cfg(&mut project, source);
    }
    if let Some(source) = &py {
        setup_py(&mut project, source);
    }
    Some(project)
}

fn setup_cfg(project: &mut Project, source: &Source) {
    let mut section = String::new();
    let mut key = String::new();
    let mut offset = 0;
    for raw in source.text.split_inclusive('\n') {
        let span = offset..offset + raw.trim_end().len();
        offset += raw.len();
        let line = raw.trim_end();
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
            key.clear();
            continue;
        }
        let value = if line.starts_with([' ', '\t']) {
            line.trim()
        } else if let Some((name, value)) = line.split_once('=') {
            name.trim().clone_into(&mut key);
            value.trim()
        } else {
            continue;
        };
        if value.is_empty() || value.starts_with('#') {
            continue;
        }
        let at = Location::in_source(source, &span);
        match (section.as_str(), key.as_str()) {
            ("metadata", "name") => project.manifest.name = Some(value.to_owned()),
            ("options", "install_requires") => {
                if let Some(requirement) = Requirement::parse(value) {
                    project.add(requirement, true, at);
                }
            }
            ("options", "python_requires") => {
                let why = format!("python_requires is {value}");
                let evidence = Evidence::span("python/python-requires", source, &span, why);
                project.python = Some((value.to_owned(), evidence));
            }
            ("options", "include_package_data" | "package_data") => project.package_data = true,
            ("options.entry_points", "console_scripts") => {
                if let Some((name, target)) = value.split_once('=') {
                    project.manifest.scripts.push(Script {
                        name: name.trim().to_owned(),
                        body: target.trim().to_owned(),
                        at,
                    });
                }
            }
            _ => {}
        }
    }
}

/// The lists that setup.py usually spells out; what it computes stays unknown.
fn setup_py(project: &mut Project, source: &Source) {
    let text: &str = &source.text;
    if let Some(list) = after(text, "install_requires=[", ']') {
        for quoted in quoted(list) {
            if let Some(requirement) = Requirement::parse(quoted) {
                let at = source.find(quoted).unwrap_or(0..0);
                project.add(requirement, true, Location::in_source(source, &at));
            }
        }
    }
    if let Some((_, list)) =
        after(text, "console_scripts", ']').and_then(|list| list.split_once('['))
    {
        for quoted in quoted(list).filter(|item| item.contains('=') && item.contains(':')) {
            if let Some((name, target)) = quoted.split_once('=') {
                let at = source.find(quoted).unwrap_or(0..0);
                project.manifest.scripts.push(Script {
                    name: name.trim().to_owned(),
                    body: target.trim().to_owned(),
                    at: Location::in_source(source, &at),
                });
            }
        }
    }
    if let Some(version) =
        after(text, "python_requires=", '\n').and_then(|part| quoted(part).next())
    {
        let why = format!("python_requires is {version}");
        let evidence = Evidence::file("python/python-requires", source.path.clone(), why);
        project.python = Some((version.to_owned(), evidence));
    }
    if let Some(name) = after(text, "name=", '\n').and_then(|part| quoted(part).next()) {
        project.manifest.name = Some(name.to_owned());
    }
    project.package_data |= text.contains("package_data");
}

fn after<'t>(text: &'t str, start: &str, end: char) -> Option<&'t str> {
    let from = text.find(start)? + start.len();
    let rest = text.get(from..)?;
    rest.get(..rest.find(end).unwrap_or(rest.len()))
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split(['"', '\'']).skip(1).step_by(2)
}
