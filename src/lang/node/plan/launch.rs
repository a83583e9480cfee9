//! How the program is started: from a command to the words of ENTRYPOINT and CMD.

use super::DIR;
use super::tools::Tools;
use crate::facts::{Command, Confidence, Found, Slot};
use crate::lang::node::install::Install;
use crate::lang::node::manager::Manager;
use crate::lang::node::{NodeModel, Runtime};
use crate::plan::images::BaseImage;
use crate::plan::{Failure, Resolver};

#[derive(Clone, Debug)]
pub(super) enum Launch {
    /// Arguments of `node`.
    Node(Vec<String>),
    /// Arguments of `bun`.
    Bun(Vec<String>),
    /// A program of an installed package, with its arguments.
    Installed(String, Vec<String>),
    /// Arguments of the package manager.
    Manager(Vec<String>),
    Shell(String),
}

/// Where the last stage has the init.
const INIT: &str = "/usr/local/bin/tini";

pub(super) fn choose(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
) -> Result<Found<Command>, Failure> {
    let facts = &resolver.component.facts;
    if let Some((file, evidence)) = resolver.setting("main") {
        let runtime = match model.runtime {
            Runtime::Node => "node",
            Runtime::Bun => "bun",
        };
        let mut slot = Slot::default();
        slot.certain(
            Command::exec([runtime, &file]),
            crate::facts::Rank::Dedicated,
            evidence,
        );
        if let Some(found) = resolver.choose("start", &slot, |text| Some(Command::parse(text)))? {
            return Ok(found);
        }
    }
    match resolver.choose("start", &facts.start, |text| Some(Command::parse(text)))? {
        Some(found) => Ok(found),
        None => Err(resolver.needs(
            "start",
            "no script and no file tells how the program starts",
            &[],
        )),
    }
}

pub(super) fn launch(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    start: &Found<Command>,
) -> Launch {
    if let (Some(because), Some(script)) = (&model.started_by_manager, &model.script)
        && start.rank <= crate::facts::Rank::Manifest
    {
        let manager = model.install.manager;
        let words: Vec<String> = if script == "start" && manager != Manager::Bun {
            vec!["start".to_owned()]
        } else {
            vec!["run".to_owned(), script.clone()]
        };
        let chosen = format!("{} {}", manager.command(), words.join(" "));
        resolver.decide("started by", chosen, Confidence::Likely, because.clone());
        return Launch::Manager(words);
    }
    let words = match &start.value {
        Command::Shell(text) => return Launch::Shell(text.clone()),
        Command::Exec(words) => words,
    };
    let (program, rest) = words
        .split_first()
        .map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let rest = || rest.to_vec();
    match program {
        "node" => Launch::Node(rest()),
        "bun" => {
            let mut rest = rest();
            if rest.first().is_some_and(|word| word == "run") {
                rest.remove(0);
            }
            Launch::Bun(rest)
        }
        "npm" | "pnpm" | "yarn" if program == model.install.manager.command() => {
            Launch::Manager(rest())
        }
        "npm" | "pnpm" | "yarn" | "npx" | "bunx" | "sh" | "bash" | "/bin/sh" => {
            Launch::Shell(start.value.to_string())
        }
        _ => {
            let file = resolver.component.facts.own.entry("bin", program);
            match file.and_then(|file| installed_file(model, file)) {
                Some(file) => {
                    let mut words = vec![file];
                    words.extend(rest());
                    Launch::Node(words)
                }
                None if model.install.pnp => {
                    let mut words = vec!["run".to_owned(), program.to_owned()];
                    words.extend(rest());
                    Launch::Manager(words)
                }
                None => Launch::Installed(program.to_owned(), rest()),
            }
        }
    }
}

/// A file of an installed package as seen from the program's folder, when it is known where the
/// package manager puts it. `file` starts with the package's name.
fn installed_file(model: &NodeModel, file: &str) -> Option<String> {
    let install: &Install = &model.install;
    if install.pnp {
        return None;
    }
    let own = format!("node_modules/{file}");
    if !install.is_workspace() || model.path.is_root() {
        return Some(own);
    }
    // A member's modules stand with it or with the root; only pnpm always links them to it.
    (install.manager == Manager::Pnpm).then_some(own)
}

impl Launch {
    pub(super) fn runtime(&self, model: &NodeModel) -> Runtime {
        match self {
            Self::Bun(_) => Runtime::Bun,
            Self::Node(_) | Self::Installed(..) => Runtime::Node,
            Self::Manager(_) | Self::Shell(_) => model.runtime,
        }
    }

    pub(super) fn needs_manager(&self) -> bool {
        matches!(self, Self::Manager(_))
            || matches!(self, Self::Shell(text) if text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "npm" | "pnpm" | "yarn" | "npx")))
    }

    pub(super) fn needs_shell(&self) -> bool {
        !matches!(self, Self::Node(_))
    }

    /// The development dependency whose program is started.
    pub(super) fn development_tool(&self, resolver: &Resolver<'_>) -> Option<String> {
        let dependencies = &resolver.component.manifest.dependencies;
        let only_development = |name: &str| {
            dependencies
                .iter()
                .any(|dependency| dependency.name == name)
                && !dependencies
                    .iter()
                    .any(|dependency| dependency.name == name && dependency.production)
        };
        let names: Vec<String> = match self {
            Self::Installed(program, _) => vec![program.clone()],
            // `node --import tsx src/index.ts`, `node node_modules/x/bin.js`
            Self::Node(words) | Self::Bun(words) => words
                .iter()
                .map(|word| {
                    let name = word.rsplit('=').next().unwrap_or(word);
                    let name = name.strip_prefix("node_modules/").unwrap_or(name);
                    let mut parts = name.split('/');
                    match parts.next() {
                        Some(scope) if scope.starts_with('@') => {
                            format!("{scope}/{}", parts.next().unwrap_or_default())
                        }
                        first => first.unwrap_or_default().to_owned(),
                    }
                })
                .collect(),
            Self::Shell(text) => text.split_whitespace().map(str::to_owned).collect(),
            Self::Manager(_) => Vec::new(),
        };
        names.into_iter().find(|name| only_development(name))
    }

    /// ENTRYPOINT and CMD.
    pub(super) fn words(
        &self,
        model: &NodeModel,
        tools: &Tools,
        run: &BaseImage,
        init: bool,
        workdir: &str,
    ) -> (Vec<String>, Vec<String>) {
        let mut entrypoint = Vec::new();
        if init {
            entrypoint.extend([INIT.to_owned(), "--".to_owned()]);
        }
        let mut cmd = match self {
            Self::Node(words) => {
                let mut words = words.clone();
                words.splice(0..0, loaders(model));
                if run.shell {
                    entrypoint_or_cmd("node", &words)
                } else {
                    if init {
                        entrypoint.extend(run.entrypoint.first().cloned());
                    }
                    words
                }
            }
            Self::Bun(words) => entrypoint_or_cmd("bun", words),
            Self::Installed(program, words) => entrypoint_or_cmd(program, words),
            Self::Manager(words) => {
                let mut all = tools.command.clone();
                all.extend(words.clone());
                all
            }
            Self::Shell(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), with_exec(text)],
        };
        // The release of Yarn stands in the root, from where a member is not started.
        if let Self::Manager(_) = self
            && workdir != DIR
            && let Some(file) = cmd.get_mut(1).filter(|word| word.starts_with(".yarn/"))
        {
            *file = format!("{DIR}/{file}");
        }
        (entrypoint, cmd)
    }

    /// Folders in which programs of packages are found by name.
    pub(super) fn path(&self, model: &NodeModel, workdir: &str) -> Vec<String> {
        if !matches!(self, Self::Installed(..) | Self::Shell(_)) {
            return Vec::new();
        }
        let mut folders = vec![format!("{workdir}/node_modules/.bin")];
        if model.install.is_workspace() && !model.path.is_root() {
            folders.push(format!("{DIR}/node_modules/.bin"));
        }
        folders
    }
}

/// What Node.js must load first to find modules without `node_modules`.
fn loaders(model: &NodeModel) -> Vec<String> {
    let install = &model.install;
    if !install.pnp {
        return Vec::new();
    }
    let yarn_2 = install
        .release
        .as_deref()
        .is_some_and(|release| release.contains("yarn-2."));
    let file = if yarn_2 { ".pnp.js" } else { ".pnp.cjs" };
    let mut words = vec!["-r".to_owned(), format!("{DIR}/{file}")];
    if model.esm {
        let loader = format!("{DIR}/.pnp.loader.mjs");
        words.extend(["--experimental-loader".to_owned(), loader]);
    }
    words
}

fn entrypoint_or_cmd(program: &str, words: &[String]) -> Vec<String> {
    std::iter::once(program.to_owned())
        .chain(words.iter().cloned())
        .collect()
}

/// The last command of a line takes the shell's place, so that signals reach it.
fn with_exec(text: &str) -> String {
    let (before, last) = match text.rsplit_once("&&") {
        Some((before, last)) => (format!("{before}&& "), last.trim()),
        None => (String::new(), text.trim()),
    };
    let simple = !last.contains(['|', ';', '&', '(', '{', '\n', '='])
        && !last.starts_with("exec ")
        && !last.is_empty();
    if simple {
        format!("{before}exec {last}")
    } else {
        text.to_owned()
    }
}

/// The folder that the program starts in.
pub(super) fn workdir(model: &NodeModel) -> String {
    super::image::absolute(DIR, &model.path, "")
}

#[cfg(test)]
mod tests {
    use super::with_exec;

    #[test]
    fn the_last_command_takes_the_shells_place() {
        for (text, expected) in [
            ("a && node x.js", "a && exec node x.js"),
            ("node $FILE", "exec node $FILE"),
            ("A=1 node x.js", "A=1 node x.js"),
            ("a | b", "a | b"),
            ("a & b", "a & b"),
        ] {
            assert_eq!(with_exec(text), expected);
        }
    }
}
