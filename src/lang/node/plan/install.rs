//! Commands that install packages and build the program.

use super::base::Base;
use super::launch::Launch;
use crate::facts::{Command, Confidence, Evidence};
use crate::lang::node::NodeModel;
use crate::lang::node::hooks::{Hook, HookKind};
use crate::lang::node::lock::Lock;
use crate::lang::node::manager::Manager;
use crate::plan::Resolver;
use crate::plan::{CopyStep, Pair};

/// The cache that an install keeps, as fields of a mount.
pub(super) fn cache(model: &NodeModel) -> String {
    if !model.production && !model.development {
        return String::new();
    }
    let install = &model.install;
    match install.manager {
        Manager::Npm => "target=/root/.npm",
        Manager::Pnpm => "target=/root/.local/share/pnpm/store",
        Manager::Yarn => "target=/usr/local/share/.cache/yarn,sharing=locked",
        // Without node_modules the cache is the installation and stays in the tree.
        Manager::YarnBerry if install.pnp || install.zero_install => "",
        Manager::YarnBerry => "target=/root/.yarn/berry/cache",
        Manager::Bun => "target=/root/.bun/install/cache",
    }
    .to_owned()
}

/// Variables of the install. Where Yarn keeps its cache has changed from version to version: in
/// the tree when the cache is the installation, else where the mount is.
pub(super) fn env(model: &NodeModel) -> Vec<Pair> {
    let install = &model.install;
    if install.manager != Manager::YarnBerry || install.zero_install {
        return Vec::new();
    }
    vec![Pair {
        name: "YARN_ENABLE_GLOBAL_CACHE".to_owned(),
        value: if install.pnp { "0" } else { "1" }.to_owned(),
    }]
}

/// COPY steps of what the install reads; and whether they keep their folders.
pub(super) fn manifests(model: &NodeModel) -> (Vec<CopyStep>, bool) {
    let install = &model.install;
    let files: Vec<&String> = install.manifests.iter().chain(&install.files).collect();
    let parents = install.nested;
    let from = files
        .iter()
        .map(|file| {
            if install.root.is_root() {
                (*file).clone()
            } else if parents {
                // What stands in front of the point is not kept.
                format!("{}/./{file}", install.root)
            } else {
                install.root.join(file).to_string()
            }
        })
        .collect();
    let step = CopyStep {
        from,
        to: "./".to_owned(),
    };
    (vec![step], parents)
}

pub(super) fn command(tools: &[String], rest: &[&str]) -> Command {
    Command::exec(tools.iter().map(String::as_str).chain(rest.iter().copied()))
}

/// Takes scripts out of the manifests that the next command would run too early, or for nothing.
fn without_hooks(base: &Base, hooks: &[&Hook]) -> Vec<Command> {
    let tool: &[&str] = if base.tools.npm {
        &["npm", "pkg", "delete"]
    } else {
        &["bun", "pm", "pkg", "delete"]
    };
    let mut commands: Vec<(&str, Vec<String>)> = Vec::new();
    for hook in hooks {
        let key = format!("scripts.{}", hook.script);
        match commands.last_mut() {
            Some((dir, words)) if *dir == hook.dir.as_str() => words.push(key),
            _ => {
                let mut words: Vec<String> = tool.iter().map(ToString::to_string).collect();
                if !hook.dir.is_root() {
                    words.extend(["--prefix".to_owned(), hook.dir.to_string()]);
                }
                words.push(key);
                commands.push((hook.dir.as_str(), words));
            }
        }
    }
    commands
        .into_iter()
        .map(|(_, words)| Command::Exec(words))
        .collect()
}

/// Leaves of scripts that do more only the part that applies patches, which production needs too.
fn only_patches<'h>(base: &Base, hooks: &'h [Hook]) -> impl Iterator<Item = Command> + use<'h> {
    let tool: &[&str] = if base.tools.npm {
        &["npm", "pkg", "set"]
    } else {
        &["bun", "pm", "pkg", "set"]
    };
    let tool: Vec<String> = tool.iter().map(ToString::to_string).collect();
    hooks.iter().filter_map(move |hook| {
        let patch = hook.patch.as_ref()?;
        let mut words = tool.clone();
        if !hook.dir.is_root() {
            words.extend(["--prefix".to_owned(), hook.dir.to_string()]);
        }
        words.push(format!("scripts.{}={patch}", hook.script));
        Some(Command::Exec(words))
    })
}

/// The install of everything, as the build needs it.
pub(super) fn everything(model: &NodeModel, base: &Base) -> Vec<Command> {
    let install = &model.install;
    let early: Vec<&Hook> = install
        .hooks
        .iter()
        .filter(|hook| hook.kind == HookKind::Sources)
        .collect();
    let mut commands = without_hooks(base, &early);
    commands.push(whole(model, base));
    commands
}

fn whole(model: &NodeModel, base: &Base) -> Command {
    let install = &model.install;
    let tool = &base.tools.command;
    let frozen = matches!(install.lock, Lock::Fits(_));
    match install.manager {
        Manager::Npm if frozen => command(tool, &["ci", "--no-audit", "--no-fund"]),
        Manager::Npm => command(tool, &["install", "--no-audit", "--no-fund"]),
        Manager::Pnpm | Manager::Bun if frozen => command(tool, &["install", "--frozen-lockfile"]),
        Manager::Pnpm => command(tool, &["install", "--no-frozen-lockfile"]),
        Manager::Yarn if frozen => {
            command(tool, &["install", "--frozen-lockfile", "--non-interactive"])
        }
        Manager::Yarn => command(tool, &["install", "--non-interactive"]),
        Manager::YarnBerry if frozen => command(tool, &["install", "--immutable"]),
        Manager::YarnBerry => command(tool, &["install", "--no-immutable"]),
        Manager::Bun => command(tool, &["install"]),
    }
}

/// What the last stage's modules come from.
pub(super) struct Modules {
    /// Empty when there are none, or when the build stage's are taken.
    pub commands: Vec<Command>,
    /// The stage that has them.
    pub stage: Option<&'static str>,
}

/// The install of what production needs.
pub(super) fn modules(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    launch: &Launch,
    base: &Base,
    has_build: bool,
) -> Modules {
    let install = &model.install;
    let none = Modules {
        commands: Vec::new(),
        stage: None,
    };
    let asked = resolver.component.facts.own.text("modules");
    if let Some(found) = asked.as_ref().filter(|found| found.value == "none") {
        let because = found.evidence.clone();
        let because = Evidence {
            why: format!("the build's output holds what it needs: {}", because.why),
            ..because
        };
        resolver.decide("modules", "none", Confidence::Certain, because);
        return none;
    }
    let tool = launch.development_tool(resolver).map(|tool| {
        let why = format!("the start command runs {tool}, which is a development dependency");
        (Confidence::Guess, Evidence::rule("node/modules", why))
    });
    let all = tool.or_else(|| {
        let asked = asked.filter(|found| found.value == "all" && has_build)?;
        Some((Confidence::Likely, asked.evidence))
    });
    if let Some((confidence, because)) = all {
        resolver.decide("modules", "all", confidence, because);
        return Modules {
            commands: if has_build {
                Vec::new()
            } else {
                everything(model, base)
            },
            stage: Some(if has_build { "build" } else { "modules" }),
        };
    }
    if !model.production && !install.pnp {
        let because = Evidence::rule(
            "node/modules",
            "the manifest names no production dependency",
        );
        resolver.decide("modules", "none", Confidence::Certain, because);
        return none;
    }
    if install.manager == Manager::YarnBerry && !install.focus {
        let why = "this Yarn leaves out development modules only with its plugin workspace-tools";
        let because = Evidence::rule("node/modules", why);
        resolver.decide("modules", "all", Confidence::Likely, because);
    } else {
        let why = "development dependencies stay in the build";
        let because = Evidence::rule("node/modules", why);
        resolver.decide("modules", "production only", Confidence::Certain, because);
    }
    let dropped: Vec<&Hook> = install
        .hooks
        .iter()
        .filter(|hook| hook.kind != HookKind::Patch && hook.patch.is_none())
        .collect();
    let mut commands = without_hooks(base, &dropped);
    commands.extend(only_patches(base, &install.hooks));
    let tool = &base.tools.command;
    let frozen = matches!(install.lock, Lock::Fits(_));
    let member = install
        .is_workspace()
        .then_some(model.path.as_str())
        .filter(|path| !path.is_empty());
    let name = model.package.as_deref().unwrap_or_default();
    let mut words: Vec<&str> = match (install.manager, frozen) {
        (Manager::Npm, true) => vec!["ci", "--omit=dev"],
        (Manager::Npm, false) => vec!["install", "--omit=dev"],
        (Manager::Pnpm, true) => vec!["install", "--frozen-lockfile", "--prod"],
        (Manager::Pnpm, false) => vec!["install", "--no-frozen-lockfile", "--prod"],
        (Manager::Yarn, true) => vec![
            "install",
            "--frozen-lockfile",
            "--non-interactive",
            "--production",
        ],
        (Manager::Yarn, false) => vec!["install", "--non-interactive", "--production"],
        (Manager::YarnBerry, _) if install.focus => vec!["workspaces", "focus", "--production"],
        (Manager::YarnBerry, true) => vec!["install", "--immutable"],
        (Manager::YarnBerry, false) => vec!["install", "--no-immutable"],
        (Manager::Bun, true) => vec!["install", "--frozen-lockfile", "--production"],
        (Manager::Bun, false) => vec!["install", "--production"],
    };
    if install.manager == Manager::Npm && !frozen && !install.is_workspace() && model.development {
        // Without a lock file npm settles peers by all that is asked for, and may find no answer
        // for production alone where it finds one for the whole.
        commands.push(whole(model, base));
        words = vec!["prune", "--omit=dev"];
    }
    let filter = format!("{name}...");
    match (install.manager, member) {
        (Manager::Npm, Some(member)) => {
            words.extend(["-w", member]);
            // The root's scripts run as well, and find their tools only where they are installed.
            let patched = |hook: &Hook| hook.kind == HookKind::Patch || hook.patch.is_some();
            if install
                .hooks
                .iter()
                .any(|hook| hook.dir.is_root() && patched(hook))
            {
                words.push("--include-workspace-root");
            }
        }
        (Manager::Npm, None) if install.is_workspace() => {
            words.extend(["--workspaces", "--include-workspace-root"]);
        }
        (Manager::Pnpm, Some(_)) if !name.is_empty() => words.extend(["--filter", &filter]),
        (Manager::YarnBerry, Some(_)) if install.focus && !name.is_empty() => words.push(name),
        (Manager::YarnBerry, None) if install.focus && install.is_workspace() => {
            words.push("--all");
        }
        _ => {}
    }
    if install.manager == Manager::Npm {
        words.extend(["--no-audit", "--no-fund"]);
    }
    commands.push(command(tool, &words));
    Modules {
        commands,
        stage: Some("modules"),
    }
}
