//! A component of a repository: one program or site, with what its manifest says.

use std::any::Any;
use std::fmt;

use serde::Serialize;

use super::{Confidence, Evidence, Facts, Feed, Pins, Verdict};
use crate::diag::Location;
use crate::repo::RelPath;

/// One program (or site) of the repository.
#[derive(Debug, Serialize)]
pub struct Component {
    /// The folder of its manifest.
    pub dir: RelPath,
    /// The folder whose lock file or workspace installs it; `dir` itself or a parent.
    pub root: RelPath,
    /// Folders beside `dir` whose code is part of the program: libraries of its workspace.
    #[serde(skip)]
    pub code: Vec<RelPath>,
    pub language: &'static str,
    /// From the manifest or the folder; lower case letters, digits and `-`.
    pub name: String,
    /// How sure it is that this is a program and not only a helper of another language's.
    pub sure: Confidence,
    /// Whether its own build packs it as a program that is started alone; absent where a language's
    /// builds do not tell.
    #[serde(skip)]
    pub made_to_run: Option<bool>,
    /// Other components of the repository are built on it.
    #[serde(skip)]
    pub used: bool,
    pub manifest: Manifest,
    pub frameworks: Vec<Framework>,
    /// What it is for; judged over the whole repository, after the facts.
    pub role: Verdict,
    /// Built files of other components that it needs, sorted by their folder.
    pub feeds: Vec<Feed>,
    pub facts: Facts,
    /// Packages in the versions that are installed, and what their files say of the runtime.
    #[serde(skip)]
    pub pins: Pins,
    #[serde(skip)]
    pub model: Model,
}

/// What is common to all manifests.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Manifest {
    pub path: RelPath,
    pub name: Option<String>,
    pub version: Option<String>,
    pub description: Option<String>,
    /// An SPDX expression, as written.
    pub license: Option<String>,
    /// Where the sources are published.
    pub repository: Option<String>,
    #[serde(skip)]
    pub dependencies: Vec<Dependency>,
    #[serde(skip)]
    pub scripts: Vec<Script>,
    /// Keys of the configuration that the application ships (Java's `application.properties`),
    /// nested ones joined by dots.
    #[serde(skip)]
    pub settings: Vec<Script>,
}

#[derive(Clone, Debug)]
pub struct Dependency {
    /// As the ecosystem names it: `next`, `github.com/gin-gonic/gin`, `org.springframework.boot:spring-boot-starter-web`.
    pub name: String,
    /// The requirement as written; empty when there is none.
    pub version: String,
    /// True when the running program needs it.
    pub production: bool,
    pub at: Location,
}

#[derive(Clone, Debug)]
pub struct Script {
    pub name: String,
    pub body: String,
    pub at: Location,
}

impl Manifest {
    pub fn dependency(&self, name: &str) -> Option<&Dependency> {
        self.dependencies
            .iter()
            .find(|dependency| dependency.name == name)
    }

    pub fn script(&self, name: &str) -> Option<&Script> {
        self.scripts.iter().find(|script| script.name == name)
    }

    /// The script that builds what is deployed.
    pub fn build_script(&self) -> Option<&Script> {
        BUILD_SCRIPTS.iter().find_map(|name| self.script(name))
    }
}

/// Names of scripts that build what is deployed, the surest first: a name that says production or
/// container means that another script builds something else.
pub const BUILD_SCRIPTS: &[&str] = &[
    "build:docker",
    "build:prod",
    "build:production",
    "build-prod",
    "build",
    "build:app",
    "build:all",
    "build-all",
    "release",
    "prod",
    "dist",
    "export",
    "generate",
    "bundle",
    "compile",
];

/// A detector that matched.
#[derive(Clone, Debug, Serialize)]
pub struct Framework {
    pub id: String,
    pub name: String,
    pub confidence: Confidence,
    pub evidence: Evidence,
}

/// What only a language itself, reader and planner, knows of a component: opaque to all others.
#[derive(Debug)]
pub struct Model(Box<dyn LanguageModel>);

/// Any type that a language keeps its knowledge in.
pub trait LanguageModel: Any + fmt::Debug + Send + Sync {}

impl<T: Any + fmt::Debug + Send + Sync> LanguageModel for T {}

impl Model {
    pub fn new(model: impl LanguageModel) -> Self {
        Self(Box::new(model))
    }

    /// The model as the language's own type; `None` when it is another language's.
    pub fn get<M: LanguageModel>(&self) -> Option<&M> {
        let model: &dyn Any = self.0.as_ref();
        model.downcast_ref()
    }

    /// As [`Self::get`], to change it.
    pub fn get_mut<M: LanguageModel>(&mut self) -> Option<&mut M> {
        let model: &mut dyn Any = self.0.as_mut();
        model.downcast_mut()
    }
}

impl Component {
    /// A component whose project root is its own folder.
    pub fn new(
        language: &'static str,
        dir: RelPath,
        manifest: Manifest,
        model: impl LanguageModel,
    ) -> Self {
        let name = identifier(manifest.name.as_deref().unwrap_or_else(|| dir.name()));
        Self {
            root: dir.clone(),
            code: Vec::new(),
            dir,
            language,
            name,
            sure: Confidence::Certain,
            made_to_run: None,
            used: false,
            manifest,
            frameworks: Vec::new(),
            role: Verdict::program(),
            feeds: Vec::new(),
            facts: Facts::default(),
            pins: Pins::default(),
            model: Model::new(model),
        }
    }

    pub fn has_framework(&self, id: &str) -> bool {
        self.frameworks.iter().any(|framework| framework.id == id)
    }
}

/// A name that is safe everywhere: lower case letters, digits and single `-`, at most 63 long.
/// `app` when nothing is left.
pub fn identifier(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
        if name.len() == 63 {
            break;
        }
    }
    let name = name.trim_matches('-');
    if name.is_empty() {
        "app".to_owned()
    } else {
        name.to_owned()
    }
}
