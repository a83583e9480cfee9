//! The pipeline that every verb runs up to its own point.

use camino::Utf8Path;
use clap::ArgMatches;

use super::args::ProjectArgs;
use super::exit::Failure;
use super::settings;
use super::ui::Ui;
use crate::detect::{Detection, detect};
use crate::diag::Diagnostic;
use crate::pack::PackSet;
use crate::plan::settings::Settings;
use crate::plan::{Plan, Tables, resolve};
use crate::render::render;
use crate::repo::{Limits, Repo};
use crate::write::{Change, OutputFile, compare};

pub(super) struct Pipeline {
    pub root: camino::Utf8PathBuf,
    pub repo: Repo,
    pub packs: PackSet,
    pub tables: Tables,
    pub detection: Detection,
    pub settings: Settings,
}

impl Pipeline {
    /// Up to the detection. What went wrong on the way is told; nothing found is an error.
    pub(super) fn detect(
        args: &ProjectArgs,
        matches: Option<&ArgMatches>,
        ui: &Ui,
    ) -> Result<Self, Failure> {
        let root: &Utf8Path = &args.path;
        let repo = Repo::open(root, Limits::default())?;
        let settings = settings::load(args, matches, &repo)?;
        let packs = PackSet::builtin()?;
        let tables = Tables::load(&packs)?;
        let detection = detect(&repo, &packs);
        for diagnostic in &detection.diagnostics {
            ui.diagnostic(diagnostic);
        }
        if detection.components.is_empty() {
            return Err(nothing_found(&repo).into());
        }
        Ok(Self {
            root: root.to_owned(),
            repo,
            packs,
            tables,
            detection,
            settings,
        })
    }

    pub(super) fn plan(&self) -> Result<Plan, Failure> {
        Ok(resolve(
            &self.repo,
            &self.detection,
            &self.settings,
            &self.tables,
        )?)
    }

    pub(super) fn render(&self, plan: &Plan) -> Result<Vec<OutputFile>, Failure> {
        Ok(render(&self.packs, plan, &self.repo)?)
    }

    pub(super) fn compare(&self, files: &[OutputFile]) -> Result<Vec<Change>, Failure> {
        Ok(compare(&self.root, files)?)
    }
}

fn nothing_found(repo: &Repo) -> Diagnostic {
    let names: std::collections::BTreeSet<&str> = crate::lang::LANGUAGES
        .iter()
        .flat_map(|language| language.manifests().iter().copied())
        .collect();
    let message = if repo.files().is_empty() {
        "the folder is empty"
    } else {
        "no program was found here"
    };
    Diagnostic::error("nothing-found", message).with_help(format!(
        "dockgen looks for: {}",
        names.into_iter().collect::<Vec<_>>().join(", ")
    ))
}
