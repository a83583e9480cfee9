//! The plan: everything decided, nothing left to a template. `dockgen plan` prints it.

mod data;
mod decision;
mod go;
mod health;
mod html;
mod ignore;
pub mod images;
pub mod java;
pub mod limits;
mod node;
pub mod options;
pub mod packages;
mod python;
pub mod question;
mod resolver;
mod rust;
pub mod settings;
mod site;

use std::collections::BTreeMap;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

pub use decision::{Alternative, Decision};
pub use health::Health;
pub use resolver::{Failure, Need, Resolver};

use crate::detect::Detection;
use crate::diag::{Diagnostic, Result};
use crate::facts::{Artifact, Confidence, Kind};
use crate::lang::{Component, Model};
use crate::pack::PackSet;
use crate::parse::has_hidden;
use crate::repo::{RelPath, Repo};
use images::{Catalogue, Image, Line};
use packages::Packages;
use settings::Settings;

/// What will be written for a repository.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Plan {
    /// Sorted by folder.
    pub components: Vec<ComponentPlan>,
    #[serde(skip)]
    pub diagnostics: Vec<Diagnostic>,
}

/// One image and the files that make it. Templates see exactly these names.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ComponentPlan {
    /// Lower case letters, digits and `-`; the image's title and its name in commands.
    pub name: String,
    /// The component's folder, relative to the build context.
    pub dir: RelPath,
    /// The folder that the build stage works in: the component's, or its workspace's root.
    pub project: RelPath,
    pub language: String,
    pub frameworks: Vec<String>,
    pub kind: Kind,
    /// Base images by role; `run` is always there.
    pub image: BTreeMap<String, Image>,
    /// The version lines of the runtimes in those images, by the runtime's id, each with the end
    /// of its support.
    pub lines: BTreeMap<String, Line>,
    /// OCI labels of the last stage, sorted.
    pub labels: Vec<Pair>,
    /// Environment of the build commands.
    pub build_env: Vec<Pair>,
    /// Environment of the running container.
    pub env: Vec<Pair>,
    /// Debian packages for the build stage and for the last one.
    pub build_packages: Vec<String>,
    pub run_packages: Vec<String>,
    /// What the dependency step needs from the context, before the sources.
    pub manifests: Vec<CopyStep>,
    /// From the build stage to the last one, relative to both work folders.
    pub artifacts: Vec<Artifact>,
    /// Where the sources stand in the build stage and the program in the last one.
    pub build_dir: String,
    pub workdir: String,
    /// `uid:gid`, both numbers, never 0.
    pub user: String,
    /// Folders that the program writes to, relative to `workdir`.
    pub writable: Vec<String>,
    pub port: Option<u16>,
    /// The variable that the program reads its port from; then `env` sets it to `port`.
    pub port_variable: Option<String>,
    pub health: Health,
    /// Exec form. An image's own entrypoint is replaced when this is empty only where the plan says so.
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    /// The signal that ends the program when it is not SIGTERM.
    pub stop_signal: Option<String>,
    /// What only the language's templates know, under the language's name.
    #[serde(flatten)]
    pub details: Details,
    /// Lines of the ignore file.
    pub ignore: Vec<IgnoreGroup>,
    pub outputs: Vec<Output>,
    pub decisions: Vec<Decision>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Pair {
    pub name: String,
    pub value: String,
}

/// One COPY of context files into a folder of the build stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CopyStep {
    /// Relative to the build context.
    pub from: Vec<String>,
    /// Relative to `build_dir`; ends with `/`.
    pub to: String,
}

/// Lines of the ignore file under one heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IgnoreGroup {
    pub heading: String,
    pub patterns: Vec<String>,
}

/// A file to write, with the template that makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Output {
    pub path: RelPath,
    pub template: String,
}

/// What only one language's templates know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Details {
    Go(go::GoDetails),
    Java(java::JavaDetails),
    Python(python::PythonDetails),
    Rust(rust::RustDetails),
    Node(node::NodeDetails),
    Static(html::StaticDetails),
}

impl Details {
    /// Paths of the context that only the language's templates copy.
    fn copied(&self) -> Vec<String> {
        match self {
            Self::Rust(rust) => rust.rustup.iter().cloned().collect(),
            Self::Static(site) => vec![site.pages.clone()],
            _ => Vec::new(),
        }
    }
}

/// What a language's planner gives; the common part is put around it.
pub(crate) struct LanguagePlan {
    pub template: &'static str,
    pub image: BTreeMap<String, Image>,
    pub env: Vec<Pair>,
    pub build_env: Vec<Pair>,
    /// Debian packages that dependencies need, beside those that detectors add.
    pub build_packages: Vec<String>,
    pub run_packages: Vec<String>,
    pub manifests: Vec<CopyStep>,
    pub build_dir: String,
    pub workdir: String,
    pub user: String,
    pub port: Option<u16>,
    pub health: Health,
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    pub stop_signal: Option<String>,
    pub details: Details,
}

/// The data tables that planning needs.
pub struct Tables {
    pub catalogue: Catalogue,
    /// Tools that a Dockerfile installs, with the versions that it pins.
    pub tools: Catalogue,
    pub packages: Packages,
    /// Modules of the JDK that jlink must be told of.
    pub modules: java::modules::Modules,
    /// Which lines of a runtime the versions of packages work on.
    pub limits: limits::Limits,
}

impl Tables {
    /// Reads the tables of the packs; a missing or broken one is a fault of the pack.
    pub fn load(packs: &PackSet) -> Result<Self> {
        let table = |name: &str| {
            packs.table(name).ok_or_else(|| {
                Diagnostic::error("pack-file-missing", format!("no pack has {name}"))
            })
        };
        Ok(Self {
            catalogue: Catalogue::parse(table("images.toml")?)?,
            tools: Catalogue::parse(table("tools.toml")?)?,
            packages: Packages::parse(table("packages.toml")?)?,
            modules: java::modules::Modules::parse(table("jlink.toml")?)?,
            limits: limits::Limits::parse(table("limits.toml")?)?,
        })
    }
}

/// Makes the plan of every component that the settings select.
pub fn resolve(
    repo: &Repo,
    detection: &Detection,
    settings: &Settings,
    tables: &Tables,
) -> Result<Plan, Failure> {
    let selected = select(detection, settings)?;
    let alone = selected.len() == 1 && detection.components.len() == 1;
    let plans: Vec<Result<ComponentPlan, Failure>> = selected
        .par_iter()
        .map(|component| {
            let mut resolver = Resolver {
                component,
                settings,
                catalogue: &tables.catalogue,
                tools: &tables.tools,
                packages: &tables.packages,
                modules: &tables.modules,
                limits: &tables.limits,
                decisions: Vec::new(),
                lines: BTreeMap::new(),
            };
            let kind = resolver.kind()?;
            let made = match &component.model {
                Model::Go(model) => go::plan(&mut resolver, model, kind)?,
                Model::Java(model) => java::plan(&mut resolver, model, kind)?,
                Model::Python(model) => python::plan(&mut resolver, model, kind)?,
                Model::Rust(model) => rust::plan(&mut resolver, model, kind)?,
                Model::Static => html::plan(&mut resolver)?,
                Model::Node(model) => node::plan(&mut resolver, model, kind)?,
            };
            resolver.tell_loopback(kind);
            resolver.tell_advice();
            let decisions = std::mem::take(&mut resolver.decisions);
            let mut finished = finish(repo, detection, component, kind, made, decisions, alone);
            finished.lines = resolver.lines;
            Ok(finished)
        })
        .collect();
    // Of several failures the first component's is told, on every run.
    let components = plans.into_iter().collect::<Result<_, Failure>>()?;
    Ok(Plan {
        components,
        diagnostics: selected.iter().copied().filter_map(warning).collect(),
    })
}

/// What a detector knows to go wrong with a component as it stands.
fn warning(component: &Component) -> Option<Diagnostic> {
    let found = component.facts.extra.get("warning")?.best()?;
    let warning = Diagnostic::warning("project-needs-work", found.value.clone());
    Some(match &found.evidence.at {
        Some(at) => warning.at(at.clone()),
        None => warning,
    })
}

/// The components that the user wants, all when nothing is said.
fn select<'d>(
    detection: &'d Detection,
    settings: &Settings,
) -> Result<Vec<&'d Component>, Failure> {
    let mut selected: Vec<&Component> = Vec::new();
    for component in &detection.components {
        let wanted = settings.components.is_empty() || settings.components.contains(&component.dir);
        let language = settings
            .get(&component.dir, "language")
            .map(|(language, _)| language);
        if wanted && language.is_none_or(|language| language == component.language) {
            selected.push(component);
        }
    }
    for dir in &settings.components {
        if !selected.iter().any(|component| component.dir == *dir) {
            let known: Vec<String> = detection
                .components
                .iter()
                .map(|component| component.dir.to_string())
                .collect();
            return Err(Diagnostic::error(
                "no-such-component",
                format!("there is no component in {dir}"),
            )
            .with_help(format!(
                "found: {}",
                if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.join(", ")
                }
            ))
            .into());
        }
    }
    for pair in selected.windows(2) {
        if pair[0].dir == pair[1].dir {
            return Err(Failure {
                diagnostic: Diagnostic::error(
                    "answer-needed",
                    format!(
                        "{}: the folder holds a {} and a {} program",
                        pair[0].dir, pair[0].language, pair[1].language
                    ),
                )
                .with_help(format!(
                    "give --language {} or --language {}",
                    pair[0].language, pair[1].language
                )),
                needs: Some(Box::new(Need {
                    component: pair[0].dir.clone(),
                    key: "language",
                    candidates: vec![pair[0].language.to_owned(), pair[1].language.to_owned()],
                })),
            });
        }
    }
    Ok(selected)
}

fn finish(
    repo: &Repo,
    detection: &Detection,
    component: &Component,
    kind: Kind,
    made: LanguagePlan,
    mut decisions: Vec<Decision>,
    alone: bool,
) -> ComponentPlan {
    let facts = &component.facts;
    let mut env = made.env;
    // A web server for files reads none of what the program would.
    for found in facts.env.iter().filter(|_| kind != Kind::Static) {
        let (name, value) = &found.value;
        if !env.iter().any(|pair| pair.name == *name) {
            env.push(Pair {
                name: name.clone(),
                value: value.clone(),
            });
        }
    }
    let port_variable = facts
        .port_variable
        .value()
        .cloned()
        .filter(|_| made.port.is_some() && kind != Kind::Static);
    if let (Some(name), Some(port)) = (&port_variable, made.port)
        && !env.iter().any(|pair| pair.name == *name)
    {
        env.push(Pair {
            name: name.clone(),
            value: port.to_string(),
        });
    }
    let mut build_env = made.build_env;
    for found in &facts.build_env {
        let (name, value) = &found.value;
        if !build_env.iter().any(|pair| pair.name == *name) {
            build_env.push(Pair {
                name: name.clone(),
                value: value.clone(),
            });
        }
    }
    let texts = |list: &[crate::facts::Found<String>], more: Vec<String>| {
        let mut texts = more;
        texts.extend(list.iter().map(|found| found.value.clone()));
        texts.sort();
        texts.dedup();
        texts
    };
    let (dockerfile, ignore_file) = if alone || component.dir.is_root() {
        (
            RelPath::root().join("Dockerfile"),
            RelPath::root().join(".dockerignore"),
        )
    } else {
        (
            component.dir.join("Dockerfile"),
            component.dir.join("Dockerfile.dockerignore"),
        )
    };
    decisions.sort_by(|a, b| {
        (a.confidence == Confidence::Guess)
            .cmp(&(b.confidence == Confidence::Guess))
            .reverse()
            .then(a.what.cmp(&b.what))
    });
    let template = facts
        .template
        .value()
        .cloned()
        .unwrap_or_else(|| made.template.to_owned());
    let needed: Vec<String> = made
        .manifests
        .iter()
        .flat_map(|step| step.from.clone())
        .chain(made.details.copied())
        .collect();
    ComponentPlan {
        name: component.name.clone(),
        dir: component.dir.clone(),
        project: component.root.clone(),
        language: component.language.to_owned(),
        frameworks: component
            .frameworks
            .iter()
            .map(|framework| framework.name.clone())
            .collect(),
        kind,
        image: made.image,
        lines: BTreeMap::new(),
        labels: labels(component),
        build_env,
        env,
        build_packages: texts(&facts.build_packages, made.build_packages),
        run_packages: texts(&facts.run_packages, made.run_packages),
        manifests: made.manifests,
        artifacts: facts
            .artifacts
            .iter()
            .map(|found| found.value.clone())
            .collect(),
        build_dir: made.build_dir,
        workdir: made.workdir,
        user: made.user,
        writable: texts(&facts.writable, Vec::new()),
        port: made.port,
        port_variable,
        health: made.health,
        entrypoint: made.entrypoint,
        cmd: made.cmd,
        stop_signal: made.stop_signal,
        details: made.details,
        ignore: ignore::groups(repo, detection, component, &needed),
        outputs: vec![
            Output {
                path: dockerfile,
                template: template.clone(),
            },
            Output {
                path: ignore_file,
                template: "dockerignore.j2".to_owned(),
            },
        ],
        decisions,
    }
}

/// OCI labels that can be known from the sources; `revision` and `created` are the builder's.
fn labels(component: &Component) -> Vec<Pair> {
    let manifest = &component.manifest;
    let label = |key: &str, value: &str| Pair {
        name: format!("org.opencontainers.image.{key}"),
        value: value.to_owned(),
    };
    let mut labels = Vec::new();
    // A name taken from the checkout's own folder is not part of the tree: the same tree would
    // give other bytes elsewhere.
    if manifest.name.is_some() || !component.dir.is_root() {
        labels.push(label("title", &component.name));
    }
    let one_line = |text: &Option<String>| {
        text.as_deref()
            .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty() && text.len() <= 200 && !has_hidden(text))
    };
    if let Some(description) = one_line(&manifest.description) {
        labels.push(label("description", &description));
    }
    if let Some(license) = one_line(&manifest.license) {
        labels.push(label("licenses", &license));
    }
    if let Some(repository) =
        one_line(&manifest.repository).filter(|url| url.starts_with("https://"))
    {
        labels.push(label("source", &repository));
    }
    labels.sort();
    labels
}

impl ComponentPlan {
    /// Decisions that rest on a guess; `init --yes` names them.
    pub fn guesses(&self) -> impl Iterator<Item = &Decision> {
        self.decisions
            .iter()
            .filter(|decision| decision.confidence == Confidence::Guess)
    }
}
