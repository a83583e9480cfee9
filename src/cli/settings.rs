//! From flags, variables and dockgen.toml to [`Settings`], each value with its origin.

mod file;

pub(super) use file::TABLES;

use clap::ArgMatches;
use clap::parser::ValueSource;
use std::ffi::{OsStr, OsString};

use super::args::ProjectArgs;
use super::ui::Ui;
use crate::detect::Detection;
use crate::diag::{Diagnostic, Result, suggest};
use crate::plan::Plan;
use crate::plan::options::{Form, OPTIONS, Opt};
use crate::plan::settings::{EVERY, FILE, Origin, Setting, Settings};
use crate::repo::{RelPath, Repo};

const PREFIX: &str = "DOCKGEN_";

/// All settings of this run.
pub(super) fn load(
    args: &ProjectArgs,
    matches: &ArgMatches,
    variables: &[(OsString, OsString)],
    repo: &Repo,
    ui: &Ui<'_>,
) -> Result<Settings> {
    let mut settings = Settings::default();
    let dir = repo.dir(&RelPath::root());
    if dir.has(FILE) {
        file::read(&dir.read(FILE)?, &mut settings)?;
    }
    from_variables(variables, &mut settings, ui)?;
    for option in OPTIONS.iter().filter(|option| given(matches, option)) {
        let flag = Origin::Flag(option.flag());
        if option.form == Form::Folders {
            let names = matches.get_many::<String>(option.key).into_iter().flatten();
            let folders = names
                .map(|name| folder(name))
                .collect::<Result<Vec<RelPath>>>()?;
            settings.select(folders, flag);
        } else if let Some(value) = matches.get_one::<String>(option.key) {
            settings.add(None, option.key, value, flag)?;
        }
    }
    if args.all {
        let every = RelPath::new(EVERY).into_iter().collect();
        settings.select(every, Origin::Flag("--all".to_owned()));
    }
    for set in &args.set {
        from_set(set, &mut settings)?;
    }
    Ok(settings)
}

fn given(matches: &ArgMatches, option: &Opt) -> bool {
    matches.value_source(option.key) == Some(ValueSource::CommandLine)
}

/// `DOCKGEN_PORT` and the like. One that does not exist is a warning: the environment belongs to
/// more than this program.
fn from_variables(
    variables: &[(OsString, OsString)],
    settings: &mut Settings,
    ui: &Ui<'_>,
) -> Result<()> {
    let mut ours: Vec<(&str, &OsStr)> = variables
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?, value.as_os_str())))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    ours.sort_unstable();
    for (name, value) in ours {
        let Some(option) = OPTIONS.iter().find(|option| option.variable() == name) else {
            ui.diagnostic(&unknown_variable(name));
            continue;
        };
        let value = value.to_str().ok_or_else(|| {
            Diagnostic::error(
                "invalid-setting",
                format!("the variable {name} is not UTF-8 text"),
            )
        })?;
        // `DOCKGEN_PORT= dockgen init` means no value, as it does to most programs.
        if !value.is_empty() {
            settings.add(
                None,
                option.key,
                value,
                Origin::Environment(name.to_owned()),
            )?;
        }
    }
    Ok(())
}

fn unknown_variable(name: &str) -> Diagnostic {
    let known: Vec<String> = OPTIONS.iter().map(Opt::variable).collect();
    // The prefix is alike in all of them and says nothing.
    let ends = known.iter().map(|name| &name[PREFIX.len()..]);
    let help = match suggest(&name[PREFIX.len()..], ends) {
        Some(close) => format!("did you mean {PREFIX}{close}?"),
        None => format!("known variables: {}", known.join(", ")),
    };
    Diagnostic::warning(
        "unknown-variable",
        format!("the variable {name} is none that dockgen reads"),
    )
    .with_help(help)
}

/// `--set KEY=VALUE` or `--set DIR:KEY=VALUE`.
fn from_set(set: &str, settings: &mut Settings) -> Result<()> {
    let Some((name, value)) = set.split_once('=') else {
        return Err(Diagnostic::error(
            "invalid-setting",
            format!("--set {set}: there is no = in it"),
        )
        .with_help("write --set KEY=VALUE or --set DIR:KEY=VALUE"));
    };
    let (component, key) = match name.rsplit_once(':') {
        Some((dir, key)) => (Some(folder(dir)?), key),
        None => (None, name),
    };
    settings.add(component, key, value, Origin::Flag(format!("--set {name}")))
}

fn folder(text: &str) -> Result<RelPath> {
    RelPath::new(text).ok_or_else(|| {
        Diagnostic::error(
            "invalid-setting",
            format!("{text} is no folder of the repository"),
        )
        .with_help("name it relative to the root, with / between parts")
    })
}

/// A value for a component that is not there is a mistake, in a flag as in the file.
pub(super) fn check_components(settings: &Settings, detection: &Detection) -> Result<()> {
    let known = |dir: &RelPath| {
        detection
            .components
            .iter()
            .any(|component| component.dir == *dir)
    };
    let stray = settings.iter().find_map(|setting| {
        let dir = setting.component.as_ref().filter(|dir| !known(dir))?;
        Some((dir, setting))
    });
    let Some((dir, setting)) = stray else {
        return Ok(());
    };
    let mut problem = Diagnostic::error(
        "no-such-component",
        about(setting, &format!("there is no component in {dir}")),
    );
    problem.at = setting.origin.location();
    let found: Vec<String> = detection
        .components
        .iter()
        .map(|component| component.dir.to_string())
        .collect();
    Err(problem.with_help(format!("found: {}", found.join(", "))))
}

/// A sentence about a setting; one from the file is told with its place instead.
fn about(setting: &Setting, text: &str) -> String {
    match setting.origin.location() {
        Some(_) => text.to_owned(),
        None => format!("{}: {text}", setting.origin),
    }
}

/// Settings that changed nothing: the user meant something by them.
pub(super) fn without_effect(settings: &Settings, plan: &Plan) -> Vec<Diagnostic> {
    let languages: Vec<&str> = plan
        .images
        .iter()
        .map(|component| component.language.as_str())
        .collect();
    let planned = |setting: &&Setting| {
        setting
            .component
            .as_ref()
            .is_none_or(|dir| plan.images.iter().any(|component| component.dir == *dir))
    };
    settings
        .unused()
        .filter(planned)
        .map(|setting| {
            let whom = match &setting.component {
                Some(dir) => dir.to_string(),
                None => languages.join(", "),
            };
            let text = format!("{} has no effect here", setting.option.key);
            let mut problem = Diagnostic::warning("unused-setting", about(setting, &text));
            problem.at = setting.origin.location();
            problem.with_help(format!("nothing is decided by it for {whom}"))
        })
        .collect()
}
