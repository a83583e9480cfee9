//! What `--format json` of init and check prints. Fields are only ever added; what changes its
//! meaning raises the version.

use camino::Utf8Path;
use schemars::JsonSchema;
use serde::Serialize;

use super::approve::Approved;
use super::exit::{Exit, Failure};
use super::next;
use super::ui::Ui;
use crate::diag::{Diagnostic, Location};
use crate::facts::Kind;
use crate::plan::options::option;
use crate::plan::{Image, Output, Plan, RequiredVariable};
use crate::repo::RelPath;
use crate::write::{Change, ChangeKind};

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Report {
    /// Of this form.
    version: u32,
    /// The exit code of the process.
    exit: u8,
    components: Vec<Component>,
    files: Vec<File>,
    guesses: Vec<Guess>,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Component {
    name: String,
    dir: RelPath,
    language: String,
    frameworks: Vec<String>,
    kind: Kind,
    port: Option<u16>,
    /// Variables that the program needs and the image does not set.
    required: Vec<RequiredVariable>,
    /// The commands that build and run the image, as arguments.
    build: Vec<String>,
    run: Vec<String>,
    /// The command that brings the database to the program's version; empty when there is none.
    migrate: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct File {
    path: RelPath,
    /// The folder of the component that the file is for.
    component: Option<RelPath>,
    kind: ChangeKind,
    /// Whether this run has written it.
    written: bool,
    /// Unified; empty for a file that is as it should be.
    diff: String,
}

/// A decision without certain ground.
#[derive(Debug, Serialize, JsonSchema)]
struct Guess {
    component: RelPath,
    what: String,
    chosen: String,
    why: String,
    at: Option<Location>,
    /// The flag that decides it, where there is one.
    flag: Option<String>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            version: 1,
            exit: 0,
            components: Vec::new(),
            files: Vec::new(),
            guesses: Vec::new(),
            diagnostics: Vec::new(),
        }
    }
}

impl Report {
    pub(super) fn plan(&mut self, plan: &Plan, root: &Utf8Path) {
        self.components = plan
            .with_outputs()
            .map(|(image, outputs)| Component::of(image, &outputs, root))
            .collect();
        self.guesses = plan.images.iter().flat_map(guesses).collect();
    }

    pub(super) fn changes(&mut self, changes: &[Change], plan: &Plan) {
        let owner = |path: &RelPath| {
            let mut images = plan.with_outputs();
            let image =
                images.find(|(_, outputs)| outputs.iter().any(|output| output.path == *path));
            image.map(|(image, _)| image.dir.clone())
        };
        self.files = changes
            .iter()
            .map(|change| File {
                path: change.path.clone(),
                component: owner(&change.path),
                kind: change.kind,
                written: false,
                diff: change.diff.clone(),
            })
            .collect();
    }

    pub(super) fn written(&mut self, changes: &[Change], approved: &Approved) {
        for (file, change) in self.files.iter_mut().zip(changes) {
            file.written = approved.writes(change);
        }
    }

    /// Adds how the run ended and prints the whole.
    pub(super) fn print(mut self, result: &Result<Exit, Failure>, ui: &Ui<'_>) {
        self.diagnostics = ui.told();
        self.exit = match result {
            Ok(exit) => *exit as u8,
            Err(failure) => {
                self.diagnostics
                    .extend(failure.diagnostic.as_deref().cloned());
                failure.exit as u8
            }
        };
        ui.json(&self);
    }
}

impl Component {
    fn of(component: &Image, outputs: &[&Output], root: &Utf8Path) -> Self {
        let commands = next::of(component, outputs, root);
        Self {
            name: component.name.clone(),
            dir: component.dir.clone(),
            language: component.language.clone(),
            frameworks: component.frameworks.clone(),
            kind: component.kind,
            port: component.run.port(),
            required: component.required.clone(),
            build: commands.build,
            run: commands.run,
            migrate: commands.migrate,
        }
    }
}

fn guesses(component: &Image) -> impl Iterator<Item = Guess> {
    component.guesses().map(|guess| Guess {
        component: component.dir.clone(),
        what: guess.what.clone(),
        chosen: guess.chosen.clone(),
        why: guess.because.why.clone(),
        at: guess.because.at.clone(),
        flag: option(&guess.what).map(crate::plan::options::Opt::flag),
    })
}
