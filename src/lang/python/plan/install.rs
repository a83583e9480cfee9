//! How the virtual environment comes to be.

use super::ProjectInstall;
use super::serve::Start;
use crate::diag::Result;
use crate::facts::{Component, Confidence, Evidence, Pin};
use crate::lang::python::{Installer, Other, PythonModel};
use crate::parse::version::Constraint;
use crate::plan::CopyStep;
use crate::plan::Resolver;
use crate::plan::images::BaseImage;
use crate::repo::RelPath;

pub(super) struct Install {
    pub installer: &'static str,
    pub dir: String,
    pub arguments: Vec<String>,
    /// What `poetry export` takes beside the lock file.
    pub select: Vec<String>,
    pub locked: bool,
    pub tools: Vec<String>,
    pub manifests: Vec<CopyStep>,
    pub project: Option<ProjectInstall>,
    pub server: Option<String>,
    pub sources: bool,
    pub exclude: Vec<String>,
    /// The sources run from a folder that Python has to be told.
    pub pythonpath: bool,
}

pub(super) fn plan(
    resolver: &mut Resolver<'_>,
    model: &PythonModel,
    start: &Start,
) -> Result<Install> {
    let component = resolver.component;
    let workspace = matches!(
        model.installer,
        Installer::Uv {
            workspace: true,
            ..
        }
    );
    // A package is installed where its console script is the entry, or where the entry is in it
    // and the folder above is not on the path anyway.
    let package = model.package.as_ref().filter(|package| {
        start.console_script
            || start.file.as_deref().is_some_and(|file| {
                package
                    .dirs
                    .iter()
                    .any(|dir| dir.contains('/') && file.starts_with(&format!("{dir}/")))
            })
    });
    let sources = package.is_none_or(|package| package.incomplete);
    let mut install = Install {
        installer: "none",
        dir: below(&model.install_dir, &component.root),
        arguments: Vec::new(),
        select: Vec::new(),
        locked: true,
        tools: Vec::new(),
        manifests: manifests(&model.inputs, model, &component.root),
        project: None,
        server: None,
        sources,
        exclude: exclude(model, component),
        pythonpath: package.is_none(),
    };
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let editable = package.is_some_and(|package| package.incomplete);
    match &model.installer {
        Installer::Nothing => {}
        Installer::Uv {
            frozen,
            member,
            default_groups,
            ..
        } => {
            install.installer = "uv";
            let mut common = words(&[if *default_groups {
                "--no-default-groups"
            } else {
                "--no-dev"
            }]);
            if let Some(member) = member {
                common.extend(words(&["--package", member]));
            }
            common.extend(optional(model));
            let mut first = words(&[if *frozen { "--frozen" } else { "--locked" }]);
            first.extend(common.clone());
            first.extend(words(&[if workspace {
                "--no-install-workspace"
            } else {
                "--no-install-project"
            }]));
            install.arguments = first;
            if !model.members.is_empty() || package.is_some() {
                let mut second = words(&["--locked"]);
                second.extend(common);
                if !editable {
                    second.extend(words(&["--no-editable"]));
                }
                install.project = Some(ProjectInstall {
                    copies: copies(model, component, package.is_some()),
                    arguments: second,
                    version_variable: None,
                });
            }
        }
        Installer::UvPip { file } => {
            install.installer = "uv-pip";
            install.arguments = words(&["-r", file]);
            install.arguments.extend(optional(model));
        }
        Installer::Pip { files, hashed } => {
            install.installer = "pip";
            if *hashed {
                install.arguments = words(&["--require-hashes"]);
            }
            for file in files {
                install.arguments.extend(words(&["-r", file]));
            }
        }
        Installer::Poetry { locked, hashed } => {
            install.installer = "poetry";
            install.locked = *locked;
            install.arguments = hashes(*locked && *hashed);
            install.select = select(model);
            install.tools = vec![
                tool(resolver, "poetry")?,
                tool(resolver, "poetry-plugin-export")?,
            ];
        }
        Installer::Pdm => {
            install.installer = "pdm";
            install.tools = vec![tool(resolver, "pdm")?];
        }
        Installer::Pipenv { locked, hashed } => {
            install.installer = "pipenv";
            install.locked = *locked;
            install.arguments = hashes(*locked && *hashed);
            install.tools = vec![tool(resolver, "pipenv")?];
        }
        Installer::Setup => {
            install.installer = "setup";
            install.arguments = if model.requirements.is_empty() {
                vec![with_extras(model)]
            } else {
                let files = model.requirements.iter();
                files.flat_map(|file| words(&["-r", file])).collect()
            };
        }
    }
    if install.project.is_none()
        && package.is_some()
        && !matches!(model.installer, Installer::Setup)
    {
        let arguments = if editable {
            words(&["--no-deps", "-e", "."])
        } else {
            words(&["--no-deps", "."])
        };
        install.project = Some(ProjectInstall {
            copies: copies(model, component, true),
            arguments,
            version_variable: None,
        });
        if install.installer == "none" {
            install.installer = "pip";
        }
    }
    if let Some(project) = &mut install.project {
        project.version_variable = package.and_then(|package| package.version_variable.clone());
    }
    for one in &model.optional {
        let kind = if one.extra { "extra" } else { "group" };
        let why = format!(
            "the {kind} {} is named for production, or has a server or a driver that nothing else has",
            one.name
        );
        let because = Evidence::file("python/groups", component.manifest.path.clone(), why);
        resolver.decide(
            "dependencies",
            format!("with the {kind} {}", one.name),
            Confidence::Likely,
            because,
        );
    }
    if let Some(name) = start.missing_server
        && let Some(other) = with_server(model, name)
    {
        let because = Evidence::file(
            "python/server",
            component.dir.join(&other.file),
            format!("{} has the server that the start command needs", other.file),
        );
        resolver.decide("server", name, Confidence::Likely, because);
        if other.whole {
            install
                .arguments
                .retain(|word| word.starts_with("--require"));
        }
        install.arguments.extend(words(&["-r", &other.file]));
        let mut inputs = model.inputs.clone();
        inputs.extend(other.inputs.clone());
        inputs.sort();
        inputs.dedup();
        install.manifests = manifests(&inputs, model, &component.root);
    } else if let Some(name) = start.missing_server {
        let requirement = tool(resolver, name)?;
        let because = Evidence::rule(
            "python/server",
            format!(
                "no server for production is among the dependencies; better add {name} to them"
            ),
        );
        resolver.decide("server", &requirement, Confidence::Guess, because);
        install.server = Some(requirement);
        if install.installer == "none" {
            install.installer = "pip";
        }
        if matches!(model.installer, Installer::Uv { .. })
            && let Some(project) = &mut install.project
        {
            // A later sync would remove what the lock file does not name.
            project.arguments.push("--inexact".to_owned());
        }
    }
    Ok(install)
}

/// Extras and groups as uv is told them.
fn optional(model: &PythonModel) -> Vec<String> {
    model
        .optional
        .iter()
        .flat_map(|one| {
            let flag = if one.extra { "--extra" } else { "--group" };
            [flag.to_owned(), one.name.clone()]
        })
        .collect()
}

/// Groups and extras as `poetry export` is told them.
fn select(model: &PythonModel) -> Vec<String> {
    let groups = model.optional.iter().filter(|one| !one.extra);
    let groups: Vec<&str> = std::iter::once("main")
        .chain(groups.map(|one| one.name.as_str()))
        .collect();
    let mut words = vec!["--only".to_owned(), groups.join(",")];
    for one in model.optional.iter().filter(|one| one.extra) {
        words.extend(["--extras".to_owned(), one.name.clone()]);
    }
    words
}

/// The project itself, as pip is told it.
fn with_extras(model: &PythonModel) -> String {
    let extras = model.optional.iter().filter(|one| one.extra);
    let extras: Vec<&str> = extras.map(|one| one.name.as_str()).collect();
    if extras.is_empty() {
        ".".to_owned()
    } else {
        format!(".[{}]", extras.join(","))
    }
}

/// The requirements file beside those that are installed that brings a server.
fn with_server<'m>(model: &'m PythonModel, server: &str) -> Option<&'m Other> {
    let Installer::Pip { hashed, .. } = &model.installer else {
        return None;
    };
    model
        .others
        .iter()
        .filter(|other| other.hashed == *hashed && other.packages.contains_key(server))
        // The one that is about the server, and not one that has it among other things.
        .min_by_key(|other| (!other.file.contains(server), other.packages.len()))
}

/// What a build of the project needs: its own folder when it is a package, and the members among
/// its dependencies. Other folders stay out, so that changes there build nothing again.
fn copies(model: &PythonModel, component: &Component, own: bool) -> Vec<CopyStep> {
    let mut dirs = model.members.clone();
    if own {
        dirs.push(component.dir.clone());
    }
    dirs.sort();
    // What stands inside another one comes with it.
    let all = dirs.clone();
    dirs.retain(|dir| !all.iter().any(|other| other != dir && dir.is_in(other)));
    dirs.iter()
        .map(|dir| CopyStep {
            from: vec![dir.to_string()],
            to: match below(dir, &component.root).as_str() {
                "." => ".".to_owned(),
                dir => format!("{dir}/"),
            },
        })
        .collect()
}

/// Members and other local dependencies below the component's own folder: the virtual
/// environment has them. Odd names are left in, where they do no harm.
fn exclude(model: &PythonModel, component: &Component) -> Vec<String> {
    let mut found: Vec<String> = model
        .inputs
        .iter()
        .filter(|file| file.name() == "pyproject.toml")
        .filter_map(RelPath::parent)
        .chain(model.local.iter().cloned())
        .filter(|dir| *dir != component.dir)
        .filter_map(|dir| dir.below(&component.dir))
        .map(|dir| dir.to_string())
        .filter(|dir| {
            dir.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn hashes(hashed: bool) -> Vec<String> {
    if hashed {
        vec!["--require-hashes".to_owned()]
    } else {
        Vec::new()
    }
}

/// A tool with the version that the catalogue names, as pip writes it.
fn tool(resolver: &mut Resolver<'_>, name: &str) -> Result<String> {
    let facts = &resolver.component.facts;
    let asked = match facts.package_manager.value() {
        Some(manager) if manager == name => facts.package_manager_version.best().cloned(),
        _ => None,
    };
    let wanted = asked
        .as_ref()
        .map_or(Constraint::Any, |found| found.value.clone());
    let line = resolver.tools.choose(name, &wanted)?;
    let version = line.newest.clone().unwrap_or_else(|| line.version.clone());
    if let Some(found) = asked {
        resolver.decide(name, &version, found.confidence, found.evidence);
    }
    // PDM pins its own dependencies in an extra.
    let extra = if name == "pdm" { "[locked]" } else { "" };
    Ok(format!("{name}{extra}=={version}"))
}

fn below(dir: &RelPath, root: &RelPath) -> String {
    dir.below(root).unwrap_or_default().to_string()
}

/// The files that the dependency step reads, one COPY for each folder, in the folders' order.
fn manifests(inputs: &[RelPath], model: &PythonModel, root: &RelPath) -> Vec<CopyStep> {
    let mut steps: Vec<CopyStep> = Vec::new();
    for file in inputs {
        let folder = below(&file.parent().unwrap_or_default(), root);
        let to = if folder == "." {
            "./".to_owned()
        } else {
            format!("{folder}/")
        };
        match steps.iter_mut().find(|step| step.to == to) {
            Some(step) => step.from.push(file.to_string()),
            None => steps.push(CopyStep {
                from: vec![file.to_string()],
                to,
            }),
        }
    }
    for dir in &model.local {
        let to = format!("{}/", below(dir, root));
        steps.push(CopyStep {
            from: vec![dir.to_string()],
            to,
        });
    }
    steps
}

/// Debian packages that the dependencies need, for the build and for the last stage.
pub(super) fn packages(
    resolver: &mut Resolver<'_>,
    model: &PythonModel,
    build: &BaseImage,
    run: &BaseImage,
) -> (Vec<String>, Vec<String>) {
    let names = model
        .packages
        .keys()
        .chain(&model.extras)
        .map(String::as_str);
    let mut for_build: Vec<String> = Vec::new();
    let mut for_run: Vec<String> = Vec::new();
    let mut decisions = Vec::new();
    // A package without a wheel for this Python is compiled.
    let compiled: Vec<&Pin> = match resolver.lines.get("python") {
        Some(line) => resolver
            .component
            .pins
            .packages
            .iter()
            .filter(|pin| resolver.limits.ready("python", pin, &line.version) == Some(false))
            .collect(),
        None => Vec::new(),
    };
    if let Some(pin) = compiled.first() {
        let compilers = ["gcc", "g++", "libc6-dev", "make"];
        for_build.extend(compilers.map(str::to_owned));
        let why = format!(
            "{} {} has no wheel for this Python and is compiled",
            pin.name, pin.text
        );
        decisions.push((compilers.join(" "), why));
    }
    let sources = compiled.iter().map(|pin| pin.name.as_str());
    let rows = resolver
        .packages
        .needed("python", names)
        .into_iter()
        .chain(resolver.packages.needed("python-sources", sources));
    for row in rows {
        let building = row.build(build.release.as_deref());
        let running = row.run(run.release.as_deref());
        for_build.extend_from_slice(building);
        for_run.extend_from_slice(running);
        let mut all: Vec<&str> = building.iter().chain(running).map(String::as_str).collect();
        all.dedup();
        let name = row.dependency.first().cloned().unwrap_or_default();
        let note = row
            .note
            .as_ref()
            .map(|note| format!("; {note}"))
            .unwrap_or_default();
        decisions.push((all.join(" "), format!("{name} needs them{note}")));
    }
    for (chosen, why) in decisions {
        let because = Evidence::rule("python/system-packages", why);
        resolver.decide("packages", chosen, Confidence::Likely, because);
    }
    if model.vcs {
        for_build.push("git".to_owned());
        let because = Evidence::rule("python/git", "a dependency comes from a git repository");
        resolver.decide("packages", "git", Confidence::Certain, because);
    }
    for list in [&mut for_build, &mut for_run] {
        list.sort();
        list.dedup();
    }
    (for_build, for_run)
}
