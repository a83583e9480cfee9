//! What one of the authors' files says about one program, before it is known which program that is.

use std::collections::BTreeSet;

use crate::facts::Evidence;
use crate::repo::{RelPath, Source, Span};
use crate::text::line_at;

/// One statement with its place.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub item: Item,
    pub at: Evidence,
}

/// A kind of statement. Paths of images are as the authors write them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Port(u16),
    PortVariable(String),
    /// A path that is asked for the program's health.
    Health(String),
    Start(Start),
    /// A folder in the container that the program writes to or that is mounted.
    Volume(String),
    /// A folder that the authors make for the program or give to its user.
    Writes(String),
    /// A package of the last stage, as it is named there.
    RunPackage(String),
    BuildPackage(String),
    Env(String, String),
    BuildEnv(String, String),
    /// A variable that whoever deploys must give.
    Required(String),
    StopSignal(String),
    /// What a build line builds: a Go package, a Cargo binary.
    Main(String),
    /// Build switches of Go, Cargo, Maven and Gradle.
    Tag(String),
    /// A variable that `-X` sets, and what its value is.
    Link(String, LinkValue),
    Feature(String),
    Profile(String),
    /// A script of package.json that builds.
    BuildScript(String),
    /// A file or folder of the context that the last stage gets: its path and its path in the image.
    File(RelPath, String),
    /// What is not taken over, in words.
    Left(String),
}

/// What a linker's `-X` gets, as far as its value tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkValue {
    Version,
    Other,
}

/// A command line that starts the program in the authors' image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    pub words: Vec<String>,
    /// The folder that it runs in; empty when that is not known.
    pub workdir: String,
}

/// All that one file says about one program.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub file: RelPath,
    /// What kind of file it is, the strongest first: of several that speak of one program the one
    /// with the smaller number goes first.
    pub weight: u8,
    /// The folder that the file is about.
    pub dir: RelPath,
    /// Words by which it names the program: folders, names of packages and services, binaries.
    pub names: BTreeSet<String>,
    /// Languages whose tools it uses, the last program's own first.
    pub languages: Vec<String>,
    pub told: Vec<Told>,
}

impl Said {
    pub(super) fn new(file: &RelPath, weight: u8) -> Self {
        Self {
            file: file.clone(),
            weight,
            dir: file.parent().unwrap_or_default(),
            names: BTreeSet::new(),
            languages: Vec::new(),
            told: Vec::new(),
        }
    }

    pub(super) fn tell(&mut self, source: &Source, span: &Span, item: Item, why: &str) {
        let at = Evidence::span("authors/file", source, span, why);
        self.told.push(Told { item, at });
    }
}

/// The line of the first place of a text; the file's first line when it is not there.
pub(super) fn line_of(source: &Source, needle: &str) -> Span {
    line_at(&source.text, source.text.find(needle).unwrap_or_default())
}
