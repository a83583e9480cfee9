//! The plan: everything decided, nothing left to a template. `dockgen plan` prints it.

pub mod data;
mod decision;
pub mod health;
mod image;
pub mod images;
pub mod limits;
mod made;
pub mod needs;
pub mod options;
mod output;
pub mod packages;
mod port;
mod resolver;
pub mod settings;
pub mod site;

use schemars::JsonSchema;
use serde::Serialize;

pub use decision::{Alternative, Decision};
pub use health::Health;
pub use image::{
    Asset, Copy, CopyStep, From, IgnoreGroup, Image, Pair, Port, Protocol, Run, RunStage, Stage,
    Step,
};
pub use made::Made;
pub use needs::RequiredVariable;
pub use output::{Output, Scope, Syntax};
pub use port::port;
pub use resolver::{Failure, Need, Resolver};

use crate::diag::{Diagnostic, Result};
use crate::pack::PackSet;
use images::Catalogue;
use limits::Limits;
use packages::Packages;

/// What will be written for a repository.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Plan {
    /// Sorted by folder.
    pub images: Vec<Image>,
    /// The files, those of one image together.
    pub outputs: Vec<Output>,
    #[serde(skip)]
    pub diagnostics: Vec<Diagnostic>,
    /// Components that are left out, each for want of an answer that its failure names.
    #[serde(skip)]
    pub open: Vec<Failure>,
}

impl Plan {
    /// The files of one image, by its place in [`Self::images`].
    pub fn outputs_of(&self, image: usize) -> impl Iterator<Item = &Output> {
        self.outputs
            .iter()
            .filter(move |output| output.scope == Scope::Image(image))
    }

    /// Each image with its files.
    pub fn with_outputs(&self) -> impl Iterator<Item = (&Image, Vec<&Output>)> {
        self.images
            .iter()
            .enumerate()
            .map(|(at, image)| (image, self.outputs_of(at).collect()))
    }
}

/// The data tables that all planners need.
pub struct Tables {
    pub catalogue: Catalogue,
    /// Tools that a Dockerfile installs, with the versions that it pins.
    pub tools: Catalogue,
    pub packages: Packages,
    /// Which lines of a runtime the versions of packages work on.
    pub limits: Limits,
}

impl Tables {
    /// Reads the tables of the packs; a missing or broken one is a fault of the pack.
    pub fn load(packs: &PackSet) -> Result<Self> {
        Ok(Self {
            catalogue: Catalogue::parse(packs.needed_table("images.toml")?)?,
            tools: Catalogue::parse(packs.needed_table("tools.toml")?)?,
            packages: Packages::parse(packs.needed_table("packages.toml")?)?,
            limits: Limits::parse(packs.needed_table("limits.toml")?)?,
        })
    }
}
