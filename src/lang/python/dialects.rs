//! What tools have added to a project's declaration: tables of pyproject.toml, and the Pipfile.

use super::groups::Optional;
use super::project::{Project, requirements, scripts};
use super::requirement::{Requirement, normal};
use crate::diag::{Location, Result};
use crate::facts::Evidence;
use crate::parse::{Tree, toml};
use crate::repo::{Dir, Source};

/// `[tool.poetry]`.
pub(super) fn poetry(project: &mut Project, table: &Tree, dir: &Dir<'_>, source: &Source) {
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
    for (name, list) in table.get("extras").map(Tree::entries).unwrap_or_default() {
        project.optional.push(Optional::listed(name, true, list));
    }
    if let Some(named) = table.get("group") {
        for (name, group) in named.entries() {
            if let Some(list) = group.get("dependencies") {
                project.optional.push(Optional::keyed(name, list));
            }
        }
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
pub(super) fn uv(project: &mut Project, table: &Tree, dir: &Dir<'_>, source: &Source) {
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
pub(super) fn packages(project: &mut Project, tool: &Tree) {
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
