//! The build stage.

use super::base::Base;
use super::install::{command, everything};
use super::{Build, DIR};
use crate::facts::{Command, Found};
use crate::lang::node::NodeModel;
use crate::lang::node::hooks::HookKind;
use crate::lang::node::install::Runner;
use crate::lang::node::manager::Manager;
use crate::lang::node::start::BUILD_SCRIPT;
use crate::plan::Resolver;
use crate::repo::RelPath;

/// The build stage, when there is something to build.
pub(super) fn build(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    base: &Base,
) -> crate::diag::Result<Option<Build>> {
    let facts = &resolver.component.facts;
    let Some(chosen) = resolver.choose("build", &facts.build, |text| Some(Command::parse(text)))?
    else {
        return Ok(None);
    };
    let install = &model.install;
    let script = script(resolver, &chosen);
    let mut commands: Vec<Command> = hooks_after_sources(model, base);
    let hooks = !commands.is_empty();
    if script.is_some() || chosen.rank < crate::facts::Rank::Dedicated {
        commands.extend(builds(model, base, &chosen.value, script.as_deref()));
    } else {
        commands.push(chosen.value);
    }
    let facts = &resolver.component.facts;
    let caches = facts.own.list("cache");
    let caches = caches
        .map(|folder| super::image::absolute(DIR, &model.path, folder))
        // The fields of a mount are separated by commas.
        .filter(|target| {
            target
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"/._@-".contains(&b))
        })
        .map(|target| format!("target={target}"))
        .collect();
    let installs = model.production || model.development || install.pnp;
    Ok(Some(Build {
        install: if installs {
            everything(model, base)
        } else {
            Vec::new()
        },
        commands,
        hooks,
        arguments: model.arguments.clone(),
        caches,
    }))
}

/// The name of the script that builds: the one whose files another program needs, or the manifest's.
fn script(resolver: &Resolver<'_>, chosen: &Found<Command>) -> Option<String> {
    if chosen.evidence.rule != BUILD_SCRIPT {
        return None;
    }
    let own = match &chosen.value {
        Command::Exec(words) => words.last().cloned(),
        Command::Shell(_) => None,
    };
    resolver.script.map(str::to_owned).or(own)
}

/// The scripts that an install would have run before the sources were there.
fn hooks_after_sources(model: &NodeModel, base: &Base) -> Vec<Command> {
    model
        .install
        .hooks
        .iter()
        .filter(|hook| hook.kind == HookKind::Sources && concerns(model, &hook.dir))
        .map(|hook| {
            if hook.dir.is_root() {
                command(&base.tools.command, &["run", &hook.script])
            } else {
                Command::exec(["npm", "run", "--prefix", hook.dir.as_str(), &hook.script])
            }
        })
        .collect()
}

/// Whether a package of the install root is the program's own, one that it needs, or the root.
fn concerns(model: &NodeModel, dir: &RelPath) -> bool {
    dir.is_root()
        || model.path.is_root()
        || model.path == *dir
        || model.runs.contains(dir)
        || model.builds.iter().any(|neighbour| neighbour.dir == *dir)
}

/// The build script of the package, after those of the packages that it needs; or a framework's
/// own build command.
fn builds(model: &NodeModel, base: &Base, chosen: &Command, script: Option<&str>) -> Vec<Command> {
    let install = &model.install;
    let tool = &base.tools.command;
    let member = install.is_workspace() && !model.path.is_root();
    let name = model.package.as_deref().unwrap_or_default();
    if member && !name.is_empty() {
        match (install.runner, script) {
            (Some(Runner::Turbo), Some("build")) => {
                let filter = format!("--filter={name}");
                return vec![execute(model, base, &["turbo", "run", "build", &filter])];
            }
            (Some(Runner::Nx), Some("build") | None) => {
                return vec![execute(model, base, &["nx", "build", name])];
            }
            _ => {}
        }
    }
    let Some(script) = script else {
        let Command::Exec(words) = chosen else {
            return vec![chosen.clone()];
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if !member {
            return vec![execute(model, base, &words)];
        }
        let path = model.path.as_str();
        let mut all: Vec<&str> = match install.manager {
            Manager::Npm => vec!["exec", "-w", path, "--"],
            Manager::Pnpm => vec!["--dir", path, "exec"],
            Manager::Yarn | Manager::YarnBerry => vec!["workspace", name],
            Manager::Bun => vec!["--cwd", path, "x"],
        };
        all.extend(words);
        return vec![command(tool, &all)];
    };
    if !member {
        return vec![command(tool, &["run", script])];
    }
    if install.manager == Manager::Pnpm && !name.is_empty() {
        // Three points: with the packages that it needs, those first.
        let with_needed = format!("{name}...");
        if script == "build" {
            return vec![command(tool, &["--filter", &with_needed, "run", "build"])];
        }
        let needed = format!("{name}^...");
        let mut all = Vec::new();
        if model.builds.iter().any(|neighbour| neighbour.builds) {
            all.push(command(tool, &["--filter", &needed, "run", "build"]));
        }
        all.push(command(tool, &["--filter", name, "run", script]));
        return all;
    }
    let neighbours = model.builds.iter().filter(|neighbour| neighbour.builds);
    neighbours
        .map(|neighbour| (neighbour.dir.as_str(), neighbour.name.as_str(), "build"))
        .chain([(model.path.as_str(), name, script)])
        .map(|(path, name, script)| match install.manager {
            Manager::Npm => command(tool, &["run", script, "-w", path]),
            Manager::Pnpm => command(tool, &["--dir", path, "run", script]),
            Manager::Yarn | Manager::YarnBerry => {
                command(tool, &["workspace", name, "run", script])
            }
            Manager::Bun => command(tool, &["run", "--cwd", path, script]),
        })
        .collect()
}

/// A program of an installed package.
fn execute(model: &NodeModel, base: &Base, words: &[&str]) -> Command {
    let start: &[&str] = match model.install.manager {
        Manager::Npm => return Command::exec(["npx"].iter().chain(words).copied()),
        // Not `bunx`: of Bun's image only the program itself is copied.
        Manager::Bun => return Command::exec(["bun", "x"].iter().chain(words).copied()),
        Manager::Pnpm => &["exec"],
        Manager::Yarn | Manager::YarnBerry => &["run"],
    };
    let all: Vec<&str> = start.iter().chain(words).copied().collect();
    command(&base.tools.command, &all)
}
