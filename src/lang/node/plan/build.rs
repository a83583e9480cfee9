//! The build stage.

use super::base::Base;
use super::install::{command, everything};
use super::{Build, DIR};
use crate::facts::Command;
use crate::lang::node::NodeModel;
use crate::lang::node::hooks::HookKind;
use crate::lang::node::install::Runner;
use crate::lang::node::manager::Manager;
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
    let is_script = chosen.evidence.rule == "node/build-script";
    let mut commands: Vec<Command> = hooks_after_sources(model, base);
    let hooks = !commands.is_empty();
    if is_script || chosen.rank < crate::facts::Rank::Dedicated {
        commands.extend(builds(model, base, &chosen.value, is_script));
    } else {
        commands.push(chosen.value);
    }
    let facts = &resolver.component.facts;
    let caches = facts
        .extra
        .get("cache")
        .map(|slot| {
            slot.all()
                .iter()
                .map(|found| super::image::absolute(DIR, &model.path, &found.value))
                // The fields of a mount are separated by commas.
                .filter(|target| {
                    target
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"/._@-".contains(&b))
                })
                .map(|target| format!("target={target}"))
                .collect()
        })
        .unwrap_or_default();
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
fn builds(model: &NodeModel, base: &Base, chosen: &Command, is_script: bool) -> Vec<Command> {
    let install = &model.install;
    let tool = &base.tools.command;
    let member = install.is_workspace() && !model.path.is_root();
    let name = model.package.as_deref().unwrap_or_default();
    if member && !name.is_empty() {
        match install.runner {
            Some(Runner::Turbo) if is_script => {
                let filter = format!("--filter={name}");
                return vec![execute(model, base, &["turbo", "run", "build", &filter])];
            }
            Some(Runner::Nx) => return vec![execute(model, base, &["nx", "build", name])],
            _ => {}
        }
    }
    if !is_script {
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
    }
    if !member {
        return vec![command(tool, &["run", "build"])];
    }
    let neighbours = model.builds.iter().filter(|neighbour| neighbour.builds);
    if install.manager == Manager::Pnpm && !name.is_empty() {
        // Three points: with the packages that it needs, those first.
        let filter = format!("{name}...");
        return vec![command(tool, &["--filter", &filter, "run", "build"])];
    }
    neighbours
        .map(|neighbour| (neighbour.dir.as_str(), neighbour.name.as_str()))
        .chain([(model.path.as_str(), name)])
        .map(|(path, name)| match install.manager {
            Manager::Npm => command(tool, &["run", "build", "-w", path]),
            Manager::Pnpm => command(tool, &["--dir", path, "run", "build"]),
            Manager::Yarn | Manager::YarnBerry => {
                command(tool, &["workspace", name, "run", "build"])
            }
            Manager::Bun => command(tool, &["run", "--cwd", path, "build"]),
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
