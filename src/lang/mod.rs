//! Languages: read a manifest, find the components, fill the facts.
//!
//! A language is Rust because lock files, workspaces and inheritance of manifests need code;
//! frameworks are data.

pub mod go;
pub mod html;
pub mod java;
pub mod node;
pub mod python;
mod reach;
pub mod rust;
mod sources;

pub use reach::{Entered, Reach, Reached, Verdict};
pub use sources::{Budget, Sources};

use crate::diag::Diagnostic;
pub use crate::facts::{Component, Dependency, Framework, Manifest, Script, identifier};
use crate::facts::{Kind, Pins};
use crate::plan::{Failure, Made, Resolver};
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

    /// Follows the imports of the program's entry: `main` where the user names one, else what the
    /// component's facts and files tell.
    fn reach(
        &self,
        _component: &Component,
        _main: Option<&str>,
        _reach: &mut Reach<'_>,
    ) -> Entered {
        Entered::Nowhere
    }

    /// Facts that need the component's sources or what the detectors found. Runs after them.
    fn refine(&self, _repo: &Repo, _component: &mut Component, _sources: &Sources<'_>) {}

    /// Why a component is no program after all, once everything is known about it; then it is
    /// left out, unless nothing else would be left.
    fn passed_over(&self, _component: &Component) -> Option<String> {
        None
    }

    /// Decides everything about the image of a component of this language: its stages and the one
    /// that runs.
    fn plan(&self, resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure>;

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

/// The ids of the languages, sorted.
pub fn languages() -> Vec<&'static str> {
    let mut known: Vec<&str> = LANGUAGES.iter().map(|language| language.id()).collect();
    known.sort_unstable();
    known
}

/// The language of an id such as `go`.
pub fn language(id: &str) -> Option<&'static dyn Language> {
    LANGUAGES
        .iter()
        .copied()
        .find(|language| language.id() == id)
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
