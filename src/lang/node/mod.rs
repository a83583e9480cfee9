//! Node.js and Bun: packages, workspaces, package managers, scripts.

mod components;
pub mod hooks;
pub mod install;
mod lexer;
pub mod lock;
pub mod manager;
mod package;
mod pins;
mod plan;
mod reach;
mod reads;
mod refine;
mod resolve;
mod schema;
mod script;
mod start;
mod tools;
mod workspace;

use std::sync::Arc;

use super::{Component, Entered, Language, Reach, Sources};
use crate::diag::Diagnostic;
use crate::facts::{Evidence, Kind, Slot};
use crate::parse::version::Constraint;
use crate::plan::{Failure, Made, Resolver};
use crate::repo::{RelPath, Repo};
use install::Install;

pub struct Node;

/// The program that runs the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    Node,
    Bun,
}

/// What the plan needs to know of a package.
#[derive(Debug)]
pub struct NodeModel {
    /// Shared by the packages of a workspace.
    pub install: Arc<Install>,
    /// The package's name with its scope.
    pub package: Option<String>,
    /// The folder relative to the install root.
    pub path: RelPath,
    /// Members that the build needs, each after those that it needs itself.
    pub builds: Vec<Neighbour>,
    /// Folders of members that the running program needs, relative to the install root.
    pub runs: Vec<RelPath>,
    /// Those among them that have dependencies of their own.
    pub modules_of: Vec<RelPath>,
    /// Folders of the database's schema and migrations, relative to the install root.
    pub schemas: Vec<RelPath>,
    /// Modules that production needs, in this package or one that it needs.
    pub production: bool,
    pub development: bool,
    /// `"type": "module"`.
    pub esm: bool,
    pub node: Slot<Constraint>,
    pub bun: Slot<Constraint>,
    /// Set when the sources have been seen.
    pub runtime: Runtime,
    /// Variables that the build puts into what browsers get, sorted.
    pub arguments: Vec<String>,
    /// The script that the best start command comes from.
    pub script: Option<String>,
    /// Why the running program needs the package manager in its image.
    pub calls_manager: Option<Evidence>,
    /// Why the program must be started by the package manager.
    pub started_by_manager: Option<Evidence>,
    /// Why the program can be trusted to end on SIGTERM as process 1.
    pub ends: Option<Evidence>,
}

/// A package of the workspace that another one needs.
#[derive(Clone, Debug)]
pub struct Neighbour {
    /// Relative to the install root.
    pub dir: RelPath,
    pub name: String,
    /// It has a build script.
    pub builds: bool,
}

impl Language for Node {
    fn id(&self) -> &'static str {
        "node"
    }

    fn manifests(&self) -> &'static [&'static str] {
        &["package.json", "package.json5"]
    }

    fn sources(&self) -> &'static [&'static str] {
        &[
            "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "astro",
            "prisma",
        ]
    }

    fn components(
        &self,
        repo: &Repo,
        dirs: &[RelPath],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Component> {
        components::find(repo, dirs, diagnostics)
    }

    fn reach(&self, component: &Component, main: Option<&str>, reach: &mut Reach<'_>) -> Entered {
        match component.model.get::<NodeModel>() {
            Some(model) => reach::reach(component, model, main, reach),
            None => Entered::Nowhere,
        }
    }

    fn refine(&self, repo: &Repo, component: &mut Component, sources: &Sources<'_>) {
        refine::refine(repo, component, sources);
    }

    fn plan(&self, resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
        plan::plan(resolver, kind)
    }

    fn passed_over(&self, component: &Component) -> Option<String> {
        refine::passed_over(component)
    }
}
