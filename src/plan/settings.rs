//! Decisions of the user, each with where it came from.

use serde::Serialize;

use super::options::{OPTIONS, option};
use crate::diag::{Diagnostic, Result, suggest};
use crate::repo::RelPath;

/// Where a setting came from, the weakest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A key of dockgen.toml, with its line.
    File(usize),
    /// The wizard.
    Answer,
    /// A `DOCKGEN_` variable by name.
    Environment(String),
    /// A flag as typed.
    Flag(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(line) => write!(f, "dockgen.toml:{line}"),
            Self::Answer => f.write_str("your answer"),
            Self::Environment(name) => write!(f, "the variable {name}"),
            Self::Flag(flag) => write!(f, "the flag {flag}"),
        }
    }
}

#[derive(Clone, Debug)]
struct Setting {
    /// The component it is for; all of them without one.
    component: Option<RelPath>,
    key: &'static str,
    value: String,
    origin: Origin,
}

/// All settings of a run, validated when they are added.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    settings: Vec<Setting>,
    /// Folders of the components to plan; empty means all.
    pub components: Vec<RelPath>,
}

impl Settings {
    /// Adds one; an unknown key or a value that does not fit is an error that names the origin.
    pub fn add(
        &mut self,
        component: Option<RelPath>,
        key: &str,
        value: impl Into<String>,
        origin: Origin,
    ) -> Result<()> {
        let value = value.into();
        let Some(option) = option(key) else {
            let known = OPTIONS.iter().map(|option| option.key);
            let help = match suggest(key, known.clone()) {
                Some(close) => format!("did you mean {close}?"),
                None => format!("known settings: {}", known.collect::<Vec<_>>().join(", ")),
            };
            return Err(Diagnostic::error(
                "unknown-setting",
                format!("{origin}: there is no setting {key}"),
            )
            .with_help(help));
        };
        if let Some(fault) = option.fault(&value) {
            return Err(
                Diagnostic::error("invalid-setting", format!("{origin}: {key} {fault}"))
                    .with_help(option.help),
            );
        }
        self.settings.push(Setting {
            component,
            key: option.key,
            value,
            origin,
        });
        Ok(())
    }

    /// The strongest value for a component: by origin, then the component's own before a general one.
    pub fn get(&self, dir: &RelPath, key: &str) -> Option<(&str, &Origin)> {
        self.settings
            .iter()
            .filter(|setting| {
                setting.key == key && setting.component.as_ref().is_none_or(|own| own == dir)
            })
            .max_by(|a, b| {
                let rank = |setting: &Setting| match setting.origin {
                    Origin::File(_) => 0,
                    Origin::Answer => 1,
                    Origin::Environment(_) => 2,
                    Origin::Flag(_) => 3,
                };
                (rank(a), a.component.is_some()).cmp(&(rank(b), b.component.is_some()))
            })
            .map(|setting| (setting.value.as_str(), &setting.origin))
    }
}
