//! Languages: read a manifest, find the components, fill the facts.
//!
//! A language is Rust because lock files, workspaces and inheritance of manifests need code;
//! frameworks are data.

pub mod go;
pub mod html;
pub mod java;
pub mod node;
pub mod python;
pub mod rust;
mod sources;

use serde::Serialize;

pub use sources::Sources;

use crate::diag::{Diagnostic, Location};
use crate::facts::{Confidence, Evidence, Facts, Pins};
use crate::repo::{RelPath, Repo};

/// What a language reads from a repository.
pub trait Language: Sync {
    /// `go`, `node`; the name of its folders in `detectors/` and `templates/`.
    fn id(&self) -> &'static str;

    /// Names of files that make a folder worth a look.
    fn manifests(&self) -> &'static [&'static str];

    /// Endings of source files that detectors may scan, such as `go`.
    fn sources(&self) -> &'static [&'static str];

    /// The components among `dirs`, the folders that hold one of [`Self::manifests`], sorted. A workspace's
    /// members that are only libraries are none. A broken manifest becomes a diagnostic.
    fn components(
        &self,
        repo: &Repo,
        dirs: &[RelPath],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Component>;

    /// Facts that need the component's sources or what the detectors found. Runs after them.
    fn refine(&self, _repo: &Repo, _component: &mut Component, _sources: &Sources<'_>) {}

    /// Why a component is no program after all, once everything is known about it; then it is
    /// left out, unless nothing else would be left.
    fn passed_over(&self, _component: &Component) -> Option<String> {
        None
    }

    /// True for a language whose components are dropped inside those of others (plain HTML).
    fn only_alone(&self) -> bool {
        false
    }
}

/// Every language. The order does not matter: of two languages in one folder the component that
/// is surer to be a program stays ([`Component::sure`]).
pub const LANGUAGES: &[&dyn Language] = &[
    &go::Go,
    &java::Java,
    &node::Node,
    &python::Python,
    &rust::Rust,
    &html::Html,
];

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
    pub manifest: Manifest,
    pub frameworks: Vec<Framework>,
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
}

/// A detector that matched.
#[derive(Clone, Debug, Serialize)]
pub struct Framework {
    pub id: String,
    pub name: String,
    pub confidence: Confidence,
    pub evidence: Evidence,
}

/// What only the language itself (and its planner) needs to know of a component.
#[derive(Debug)]
pub enum Model {
    Go(go::GoModel),
    Java(java::JavaModel),
    Python(Box<python::PythonModel>),
    Rust(rust::RustModel),
    Node(node::NodeModel),
    /// Plain HTML: all is in the facts.
    Static,
}

impl Component {
    /// A component whose project root is its own folder.
    pub fn new(language: &'static str, dir: RelPath, manifest: Manifest, model: Model) -> Self {
        let name = identifier(manifest.name.as_deref().unwrap_or_else(|| dir.name()));
        Self {
            root: dir.clone(),
            code: Vec::new(),
            dir,
            language,
            name,
            sure: Confidence::Certain,
            manifest,
            frameworks: Vec::new(),
            facts: Facts::default(),
            pins: Pins::default(),
            model,
        }
    }

    pub fn has_framework(&self, id: &str) -> bool {
        self.frameworks.iter().any(|framework| framework.id == id)
    }
}

/// The dependencies that a manifest itself fixes in one version.
fn pins(dependencies: &[Dependency]) -> Pins {
    let mut pins = Pins::default();
    for dependency in dependencies {
        let at = Some(dependency.at.clone());
        pins.pin(&dependency.name, &dependency.version, at);
    }
    pins
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
