//! From flags, variables and dockgen.toml to [`Settings`], each value with its origin.
#![allow(
    clippy::disallowed_methods,
    reason = "the one reader of the environment"
)]

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::args::ProjectArgs;
use crate::diag::{Diagnostic, Result, suggest};
use crate::parse::{Node, Tree, toml};
use crate::plan::options::{OPTIONS, option};
use crate::plan::settings::{Origin, Settings};
use crate::repo::{RelPath, Repo, Source};

/// The name of the file in which a team keeps its decisions.
pub(super) const FILE: &str = "dockgen.toml";

/// All settings of this run. The environment is read for `DOCKGEN_` variables only.
pub(super) fn load(
    args: &ProjectArgs,
    matches: Option<&ArgMatches>,
    repo: &Repo,
) -> Result<Settings> {
    let mut settings = Settings::default();
    if let Some(source) = repo.dir(&RelPath::root()).text(FILE) {
        from_file(&source, &mut settings)?;
    }
    for option in OPTIONS {
        let variable = option.variable();
        if let Some(value) = std::env::var_os(&variable) {
            let value = value.into_string().map_err(|_| {
                Diagnostic::error(
                    "invalid-setting",
                    format!("the variable {variable} is not UTF-8 text"),
                )
            })?;
            settings.add(None, option.key, value, Origin::Environment(variable))?;
        }
        let Some(matches) = matches else { continue };
        if matches.value_source(option.key) == Some(ValueSource::CommandLine)
            && let Some(value) = matches.get_one::<String>(option.key)
        {
            settings.add(None, option.key, value, Origin::Flag(option.flag()))?;
        }
    }
    for set in &args.set {
        let Some((key, value)) = set.split_once('=') else {
            return Err(Diagnostic::error(
                "invalid-setting",
                format!("--set {set}: there is no = in it"),
            )
            .with_help("write --set KEY=VALUE or --set DIR:KEY=VALUE"));
        };
        let (component, key) = match key.rsplit_once(':') {
            Some((dir, key)) => (Some(folder(dir)?), key),
            None => (None, key),
        };
        settings.add(component, key, value, Origin::Flag(format!("--set {key}")))?;
    }
    for dir in &args.components {
        settings.components.push(folder(dir)?);
    }
    Ok(settings)
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

/// Options at the top, and a table `[component."dir"]` for one component.
fn from_file(source: &Source, settings: &mut Settings) -> Result<()> {
    let tree = toml(source)?;
    for (key, value) in tree.entries() {
        if key != "component" {
            add(source, settings, None, key, value)?;
            continue;
        }
        for (dir, table) in value.entries() {
            let dir = RelPath::new(dir).ok_or_else(|| {
                Diagnostic::error(
                    "invalid-setting",
                    format!("{dir} is no folder of the repository"),
                )
                .pointing(source, table.span.clone())
            })?;
            for (key, value) in table.entries() {
                add(source, settings, Some(dir.clone()), key, value)?;
            }
        }
    }
    Ok(())
}

fn add(
    source: &Source,
    settings: &mut Settings,
    component: Option<RelPath>,
    key: &str,
    value: &Tree,
) -> Result<()> {
    if option(key).is_none() {
        let known = OPTIONS.iter().map(|option| option.key).chain(["component"]);
        let diagnostic = Diagnostic::error("unknown-setting", format!("there is no setting {key}"))
            .pointing(source, value.span.clone());
        let help = match suggest(key, known.clone()) {
            Some(close) => format!("did you mean {close}?"),
            None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
        };
        return Err(diagnostic.with_help(help));
    }
    let text = match &value.node {
        Node::Text(text) | Node::Number(text) => text.clone(),
        _ => {
            return Err(Diagnostic::error(
                "invalid-setting",
                format!("{key} must be text or a number"),
            )
            .pointing(source, value.span.clone()));
        }
    };
    let line = source.position(value.span.start).0;
    settings
        .add(component, key, text, Origin::File(line))
        .map_err(|diagnostic| diagnostic.pointing(source, value.span.clone()))
}
