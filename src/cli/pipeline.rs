//! The pipeline that every verb runs up to its own point.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::panic::resume_unwind;

use camino::Utf8PathBuf;
use clap::ArgMatches;

use super::args::ProjectArgs;
use super::exit::Failure;
use super::ui::Ui;
use super::{ended, settings};
use crate::assemble::{assemble, overlay};
use crate::detect::{Detection, Wanted, detect_wanted};
use crate::diag::{Diagnostic, Severity};
use crate::lang::Component;
use crate::pack::PackSet;
use crate::plan::settings::Settings;
use crate::plan::{Plan, Tables};
use crate::render::render;
use crate::repo::{Limits, Repo};
use crate::write::{Change, OutputFile, compare};

/// What a verb gets from the command line around it.
pub(super) struct Context<'a, 'p> {
    pub matches: &'a ArgMatches,
    pub variables: &'a [(OsString, OsString)],
    pub today: &'a str,
    pub ui: &'a Ui<'p>,
}

pub(super) struct Pipeline {
    pub root: Utf8PathBuf,
    /// Never freed: the process ends with it, and a large repository has very many paths.
    pub repo: ManuallyDrop<Repo>,
    pub packs: PackSet,
    pub tables: Tables,
    /// Never freed either.
    pub detection: ManuallyDrop<Detection>,
    pub settings: Settings,
}

impl Pipeline {
    /// Up to the detection. What went wrong on the way is told; nothing found is an error.
    pub(super) fn detect(args: &ProjectArgs, context: &Context<'_, '_>) -> Result<Self, Failure> {
        let ui = context.ui;
        // Neither needs the other, and each takes a good part of the time until the first word.
        let (repo, known) = std::thread::scope(|scope| {
            let known = scope.spawn(|| knowledge(&args.packs));
            let repo = Repo::open(&args.path, Limits::default());
            let known = known.join();
            (repo, known.unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let repo = repo?;
        let settings = settings::load(args, context.matches, context.variables, &repo, ui)?;
        let (packs, tables) = known?;
        settings.check_secrets(packs.secrets())?;
        let detection = detect_for(&repo, &packs, &settings);
        for diagnostic in &detection.diagnostics {
            ui.diagnostic(diagnostic);
        }
        if detection.components.is_empty() {
            return Err(nothing_found(&repo, &detection).into());
        }
        settings::check_components(&settings, &detection)?;
        Ok(Self {
            root: args.path.clone(),
            repo: ManuallyDrop::new(repo),
            packs,
            tables,
            detection: ManuallyDrop::new(detection),
            settings,
        })
    }

    /// The components that the settings choose, all when they choose none.
    pub(super) fn selected(&self) -> impl Iterator<Item = &Component> {
        let wanted = &self.settings.components;
        self.detection
            .components
            .iter()
            .filter(move |component| wanted.is_empty() || wanted.contains(&component.dir))
    }

    /// Looks again, from the entries that the settings now name.
    pub(super) fn detect_again(&mut self) {
        let detection = detect_for(&self.repo, &self.packs, &self.settings);
        self.detection = ManuallyDrop::new(detection);
    }

    /// The plan, without a word about it.
    pub(super) fn plan(&self) -> Result<Plan, Failure> {
        self.plan_with(&self.settings)
    }

    pub(super) fn plan_with(&self, settings: &Settings) -> Result<Plan, Failure> {
        let (repo, detection) = (&self.repo, &self.detection);
        Ok(assemble(
            repo,
            detection,
            settings,
            &self.packs,
            &self.tables,
        )?)
    }

    /// What there is to say about a plan that is taken: its own diagnostics, support that has
    /// ended, settings without effect.
    pub(super) fn tell(&self, plan: &Plan, context: &Context<'_, '_>) {
        let ended = ended::warnings(plan, &self.tables.catalogue, context.today);
        let unused = settings::without_effect(&self.settings, plan);
        let open = plan.open.iter().map(|failure| &failure.diagnostic);
        for diagnostic in plan
            .diagnostics
            .iter()
            .chain(&ended)
            .chain(&unused)
            .chain(open)
        {
            context.ui.diagnostic(diagnostic);
        }
    }

    pub(super) fn render(&self, plan: &Plan) -> Result<Vec<OutputFile>, Failure> {
        render(&self.packs, plan, &self.repo).map_err(|fault| {
            let theirs = self.packs.packs().len() > 1;
            match fault.code {
                // With templates of a pack a faulty file is no bug of ours.
                "template" | "bad-output" if theirs => Diagnostic {
                    code: "pack-template",
                    help: Some("correct the template of --pack; nothing was written".to_owned()),
                    ..fault
                }
                .into(),
                _ => fault.into(),
            }
        })
    }

    pub(super) fn compare(&self, files: &[OutputFile]) -> Result<Vec<Change>, Failure> {
        Ok(compare(&self.root, files)?)
    }
}

/// What is found in the code that the chosen entries reach.
fn detect_for(repo: &Repo, packs: &PackSet, settings: &Settings) -> Detection {
    let wanted = Wanted {
        dirs: settings.components.clone(),
        all: settings.all,
    };
    let mut detection = detect_wanted(repo, packs, &wanted, &|dir| {
        settings.peek(dir, "main").map(str::to_owned)
    });
    overlay(&mut detection, settings);
    detection
}

/// What dockgen knows about the world.
fn knowledge(folders: &[Utf8PathBuf]) -> Result<(PackSet, Tables), Diagnostic> {
    let packs = PackSet::with_folders(folders)?;
    let tables = Tables::load(&packs)?;
    Ok((packs, tables))
}

fn nothing_found(repo: &Repo, detection: &Detection) -> Diagnostic {
    if detection
        .diagnostics
        .iter()
        .any(|problem| problem.severity == Severity::Error)
    {
        return Diagnostic::error("nothing-found", "no program could be read here")
            .with_help("correct what is named above, then run the command again");
    }
    let unknown: Vec<&str> = detection
        .passed_over
        .iter()
        .filter(|passed| passed.role.is_none())
        .map(|passed| passed.why.as_str())
        .collect();
    if let Some(first) = unknown.first() {
        let others = detection
            .passed_over
            .iter()
            .any(|passed| passed.role.is_some());
        let problem = Diagnostic::error("unknown-language", *first);
        return problem.with_help(if others {
            "`--all` plans what else is here; `dockgen explain --all` says what that is"
        } else {
            "write the Dockerfile by hand, or give the folder of another program"
        });
    }
    let message = match (repo.files().is_empty(), detection.passed_over.is_empty()) {
        (true, _) => "the folder is empty",
        (false, true) => "no program was found here",
        (false, false) => "only programs that are passed over were found here",
    };
    let names: BTreeSet<&str> = crate::lang::LANGUAGES
        .iter()
        .flat_map(|language| language.manifests().iter().copied())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    Diagnostic::error("nothing-found", message).with_help(format!(
        "give the root of the repository; dockgen looks for {}",
        names.join(", ")
    ))
}
