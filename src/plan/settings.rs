//! Decisions of the user, each with where it came from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::options::{Form, OPTIONS, Opt, option};
use crate::diag::{Diagnostic, Location, Result, suggest};
use crate::facts::Evidence;
use crate::pack::SecretTable;
use crate::repo::RelPath;

/// The file in which a team keeps its decisions, at the root of the repository.
pub const FILE: &str = "dockgen.toml";

/// Stands for the folder of every component.
pub const EVERY: &str = "*";

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

impl Origin {
    /// Where the four stand among each other; what is inside does not matter.
    fn rank(&self) -> u8 {
        match self {
            Self::File(_) => 0,
            Self::Answer => 1,
            Self::Environment(_) => 2,
            Self::Flag(_) => 3,
        }
    }

    /// As a reason for a decision.
    pub fn evidence(&self) -> Evidence {
        let evidence = Evidence::rule("setting", self.why());
        Evidence {
            at: self.location(),
            ..evidence
        }
    }

    fn why(&self) -> String {
        match self {
            Self::File(_) => format!("{FILE} says so"),
            Self::Answer => "it was answered so".to_owned(),
            Self::Environment(name) => format!("the variable {name} says so"),
            Self::Flag(flag) => format!("the flag {flag} says so"),
        }
    }

    pub fn location(&self) -> Option<Location> {
        match self {
            Self::File(line) => Some(Location {
                path: RelPath::root().join(FILE),
                line: Some(*line),
                column: None,
            }),
            _ => None,
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(line) => write!(f, "{FILE}:{line}"),
            Self::Answer => f.write_str("your answer"),
            Self::Environment(name) => write!(f, "the variable {name}"),
            Self::Flag(flag) => write!(f, "the flag {flag}"),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Setting {
    /// The component it is for; all of them without one.
    pub component: Option<RelPath>,
    pub option: &'static Opt,
    pub value: String,
    pub origin: Origin,
    /// Whether a plan has asked for it. One that no plan asks for has no effect, and the user
    /// should hear of that. Shared by clones, since a plan may be made more than once.
    used: Arc<AtomicBool>,
}

/// All settings of a run, validated when they are added.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    given: Vec<Setting>,
    /// Folders of the components to plan; empty means all programs.
    pub components: Vec<RelPath>,
    /// Every component is planned, whatever its role.
    pub all: bool,
    components_from: Option<Origin>,
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
            return Err(unknown(key, &origin));
        };
        if let Some(fault) = option.fault(&value) {
            let message = match origin {
                // The caller points into the file.
                Origin::File(_) => format!("{key} {fault}"),
                _ => format!("{origin}: {key} {fault}"),
            };
            let close = match option.form {
                Form::Choice(choices) => suggest(&value, choices.iter().copied()),
                _ => None,
            };
            let help = close.map_or_else(
                || option.help.to_owned(),
                |close| format!("did you mean {close}?"),
            );
            return Err(Diagnostic::error("invalid-setting", message).with_help(help));
        }
        // A repository must not choose how far a build may reach out: `--network`, `--security`.
        if matches!(origin, Origin::File(_))
            && option.key == "build"
            && value.trim_start().starts_with("--")
        {
            let message = format!("{key} begins with an option of RUN: {value}");
            return Err(Diagnostic::error("invalid-setting", message).with_help(
                "a person may give it on the command line, as --build; a file of the repository may not",
            ));
        }
        if option.form == Form::Folders {
            let folders = value
                .split(',')
                .filter_map(|folder| RelPath::new(folder.trim()));
            self.select(folders.collect(), origin);
            return Ok(());
        }
        self.given.push(Setting {
            component,
            option,
            value,
            origin,
            used: Arc::default(),
        });
        Ok(())
    }

    /// Chooses the components to plan, all by `*`; the strongest origin wins, the later of two
    /// equal ones.
    pub fn select(&mut self, components: Vec<RelPath>, origin: Origin) {
        if self
            .components_from
            .as_ref()
            .is_none_or(|old| old.rank() <= origin.rank())
        {
            self.all = components.iter().any(|dir| dir.as_str() == EVERY);
            self.components = if self.all { Vec::new() } else { components };
            self.components_from = Some(origin);
        }
    }

    /// Who chose the components; `None` when nobody did.
    pub fn selected_by(&self) -> Option<&Origin> {
        self.components_from.as_ref()
    }

    /// The strongest value for a component: by origin, then the component's own before a general
    /// one, then the later. The caller means to use it.
    pub fn get(&self, dir: &RelPath, key: &str) -> Option<(&str, &Origin)> {
        for setting in self.matching(dir, key) {
            setting.used.store(true, Ordering::Relaxed);
        }
        let best = self.strongest(dir, key)?;
        Some((best.value.as_str(), &best.origin))
    }

    /// The same value for those who only look.
    pub fn peek(&self, dir: &RelPath, key: &str) -> Option<&str> {
        self.strongest(dir, key)
            .map(|setting| setting.value.as_str())
    }

    fn strongest(&self, dir: &RelPath, key: &str) -> Option<&Setting> {
        self.matching(dir, key)
            .max_by_key(|setting| (setting.origin.rank(), setting.component.is_some()))
    }

    fn matching(&self, dir: &RelPath, key: &str) -> impl Iterator<Item = &Setting> {
        self.given.iter().filter(move |setting| {
            setting.option.key == key && setting.component.as_ref().is_none_or(|own| own == dir)
        })
    }

    /// Those that no plan has asked for yet.
    pub fn unused(&self) -> impl Iterator<Item = &Setting> {
        self.given
            .iter()
            .filter(|setting| !setting.used.load(Ordering::Relaxed))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.given.iter()
    }

    /// The first value that would put a secret into a written file.
    pub fn check_secrets(&self, table: &SecretTable) -> Result<()> {
        let found = self.iter().find_map(|setting| {
            let found = table.secret_in(&setting.value)?;
            Some((setting, found))
        });
        let Some((setting, found)) = found else {
            return Ok(());
        };
        let (key, origin) = (setting.option.key, &setting.origin);
        let message = format!("{origin}: {key} holds {}", found.what);
        Err(Diagnostic::error("secret-in-setting", message).with_help(
            "what is written stays in the repository and in the image: write $NAME there, and give \
             NAME when the container starts",
        ))
    }

    /// Takes an answer back, so that it can be asked for again.
    pub fn forget_answer(&mut self, dir: &RelPath, key: &str) {
        self.given.retain(|setting| {
            setting.origin != Origin::Answer
                || setting.option.key != key
                || setting.component.as_ref() != Some(dir)
        });
    }
}

/// There is no such setting: the nearest name, or all of them.
pub fn unknown(key: &str, origin: &Origin) -> Diagnostic {
    let known = OPTIONS.iter().map(|option| option.key);
    let help = match suggest(key, known.clone()) {
        Some(close) => format!("did you mean {close}?"),
        None => format!("known settings: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Diagnostic::error(
        "unknown-setting",
        format!("{origin}: there is no setting {key}"),
    )
    .with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(path: &str) -> RelPath {
        RelPath::new(path).unwrap()
    }

    #[test]
    fn the_stronger_origin_wins_then_the_own_value_then_the_later() {
        let mut settings = Settings::default();
        let api = dir("api");
        let mut add = |own: bool, value: &str, origin: Origin| {
            let component = own.then(|| api.clone());
            settings.add(component, "port", value, origin).unwrap();
            settings
                .get(&api, "port")
                .map(|(value, _)| value.to_owned())
                .unwrap()
        };
        assert_eq!(add(true, "1", Origin::File(1)), "1");
        assert_eq!(add(false, "2", Origin::File(2)), "1");
        assert_eq!(add(false, "3", Origin::Answer), "3");
        assert_eq!(add(false, "4", Origin::Environment("X".to_owned())), "4");
        assert_eq!(add(false, "5", Origin::Flag("--port".to_owned())), "5");
        assert_eq!(add(false, "6", Origin::Flag("--set port".to_owned())), "6");
        assert_eq!(add(true, "7", Origin::Flag("--set port".to_owned())), "7");
        assert_eq!(
            settings.get(&dir("web"), "port").map(|(value, _)| value),
            Some("6")
        );
    }

    #[test]
    fn a_weaker_origin_does_not_choose_the_components() {
        let mut settings = Settings::default();
        settings.select(vec![dir("a")], Origin::Environment("X".to_owned()));
        settings.select(vec![dir("b")], Origin::File(1));
        assert_eq!(settings.components, [dir("a")]);
        settings
            .add(None, "components", "b, c", Origin::Flag("--set".to_owned()))
            .unwrap();
        assert_eq!(settings.components, [dir("b"), dir("c")]);
        let outside = settings.add(None, "components", "../x", Origin::Answer);
        assert_eq!(outside.unwrap_err().code, "invalid-setting");
    }

    #[test]
    fn what_no_plan_asks_for_is_known() {
        let mut settings = Settings::default();
        settings.add(None, "port", "80", Origin::Answer).unwrap();
        settings.add(None, "start", "x", Origin::Answer).unwrap();
        let clone = settings.clone();
        clone.get(&RelPath::root(), "port");
        let unused: Vec<&str> = settings.unused().map(|unused| unused.option.key).collect();
        assert_eq!(unused, ["start"]);
    }
}
