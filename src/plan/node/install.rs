//! Commands that install packages and build the program.

use super::{Base, Build, DIR};
use crate::facts::{Command, Confidence, Evidence, Slot};
use crate::lang::node::NodeModel;
use crate::lang::node::install::{Hook, HookKind, Runner};
use crate::lang::node::lock::Lock;
use crate::lang::node::manager::Manager;
use crate::parse::version::{Constraint, Version};
use crate::plan::images::Line;
use crate::plan::node::launch::Launch;
use crate::plan::resolver::Resolver;
use crate::plan::{CopyStep, Pair};

/// What the base stage adds for the package manager.
pub(super) struct Tools {
    /// For `npm install -g`.
    pub packages: Vec<String>,
    pub force: bool,
    /// How the package manager is called.
    pub command: Vec<String>,
    /// What it needs in the running container.
    pub run_env: Vec<Pair>,
    /// There is npm in the image.
    pub npm: bool,
}

/// Images of Node.js up to this line bring Yarn 1. Source: nodejs/docker-node, 2026-08-21.
const LAST_WITH_YARN: u64 = 25;

pub(super) fn tools(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    line: &Line,
    image: &str,
) -> Tools {
    let install = &model.install;
    let mut tools = Tools {
        packages: Vec::new(),
        force: false,
        command: vec![install.manager.command().to_owned()],
        run_env: Vec::new(),
        npm: image == "node",
    };
    let has_yarn = line.version.major() <= LAST_WITH_YARN;
    let versions = &resolver.component.facts.package_manager_version;
    match install.manager {
        Manager::Npm | Manager::Bun => {}
        Manager::Pnpm => {
            let version = spec(versions, &["10", "11", "9", "8", "12", "7", "6"]);
            if Version::parse(&version).is_some_and(|version| version.major() >= 11) {
                // It would install once more before it runs a script.
                tools.run_env.push(Pair {
                    name: "pnpm_config_verify_deps_before_run".to_owned(),
                    value: "false".to_owned(),
                });
            }
            tools.packages.push(format!("pnpm@{version}"));
        }
        Manager::Yarn if has_yarn => {}
        Manager::Yarn => tools
            .packages
            .push(format!("yarn@{}", spec(versions, &["1"]))),
        Manager::YarnBerry => {
            if let Some(release) = &install.release {
                tools.command = vec!["node".to_owned(), release.clone()];
            } else {
                tools
                    .packages
                    .push(format!("@yarnpkg/cli-dist@{}", spec(versions, &["4", "3"])));
                tools.force = has_yarn;
            }
        }
    }
    if let (Some(package), Some(found)) = (tools.packages.first(), versions.best()) {
        let (package, confidence, because) =
            (package.clone(), found.confidence, found.evidence.clone());
        resolver.decide("package manager version", package, confidence, because);
    }
    tools
}

/// A version for npm to install: exact where the project pins one, else the line whose newest
/// version satisfies. `lines` are tried in order for wider ranges.
fn spec(versions: &Slot<Constraint>, lines: &[&str]) -> String {
    let first = lines.first().copied().unwrap_or("latest");
    let Some(constraint) = versions.value() else {
        return first.to_owned();
    };
    let text = constraint.to_string();
    let text = text.trim().trim_start_matches(['v', '=']);
    let simple = text
        .trim_start_matches(['^', '~'])
        .bytes()
        .all(|b| b.is_ascii_digit() || b".xX*".contains(&b));
    if simple && let Some(version) = Version::parse(text.trim_start_matches(['^', '~'])) {
        let keep = match (text.as_bytes().first(), version.major()) {
            (Some(b'^'), 1..) => 1,
            (Some(b'~'), _) => 2,
            _ => version.parts().len(),
        };
        return version.truncated(keep).to_string();
    }
    // The line of the lock file comes first when the range allows it.
    let from_lock = versions
        .others()
        .iter()
        .find_map(|found| match &found.value {
            Constraint::Line(version) => Some(version.to_string()),
            _ => None,
        });
    from_lock
        .iter()
        .map(String::as_str)
        .chain(lines.iter().copied())
        .find(|line| Version::parse(line).is_some_and(|line| constraint.allows_line(&line, None)))
        .unwrap_or(first)
        .to_owned()
}

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

/// Secrets that the install reads, as fields of mounts.
pub(super) fn secrets(model: &NodeModel) -> Vec<String> {
    let install = &model.install;
    let mut secrets: Vec<String> = install
        .tokens
        .iter()
        .map(|name| format!("id={name},env={name}"))
        .collect();
    if install.secret_npmrc {
        secrets.push(format!("id=npmrc,target={DIR}/.npmrc"));
    }
    secrets
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

fn command(tools: &[String], rest: &[&str]) -> Command {
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

/// The install of everything, as the build needs it.
fn everything(model: &NodeModel, base: &Base) -> Vec<Command> {
    let install = &model.install;
    let early: Vec<&Hook> = install
        .hooks
        .iter()
        .filter(|hook| hook.kind == HookKind::Sources)
        .collect();
    let mut commands = without_hooks(base, &early);
    let tool = &base.tools.command;
    let frozen = matches!(install.lock, Lock::Fits(_));
    commands.push(match install.manager {
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
    });
    commands
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
    let asked = resolver
        .component
        .facts
        .extra
        .get("modules")
        .and_then(Slot::best)
        .cloned();
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
        .filter(|hook| hook.kind != HookKind::Patch)
        .collect();
    let mut commands = without_hooks(base, &dropped);
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
    let filter = format!("{name}...");
    match (install.manager, member) {
        (Manager::Npm, Some(member)) => words.extend(["-w", member]),
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
    let folders = facts
        .writable
        .iter()
        .map(|found| super::image::absolute(DIR, &model.path, &found.value))
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
        folders,
    }))
}

/// The scripts that an install would have run before the sources were there.
fn hooks_after_sources(model: &NodeModel, base: &Base) -> Vec<Command> {
    model
        .install
        .hooks
        .iter()
        .filter(|hook| hook.kind == HookKind::Sources)
        .map(|hook| {
            if hook.dir.is_root() {
                command(&base.tools.command, &["run", &hook.script])
            } else {
                Command::exec(["npm", "run", "--prefix", hook.dir.as_str(), &hook.script])
            }
        })
        .collect()
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
        Manager::Bun => return Command::exec(["bunx"].iter().chain(words).copied()),
        Manager::Pnpm => &["exec"],
        Manager::Yarn | Manager::YarnBerry => &["run"],
    };
    let all: Vec<&str> = start.iter().chain(words).copied().collect();
    command(&base.tools.command, &all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Rank;

    fn version(wanted: &str, lock: Option<&str>) -> String {
        let mut slot = Slot::default();
        let because = || Evidence::rule("test", "test");
        slot.certain(Constraint::node(wanted).unwrap(), Rank::Manifest, because());
        if let Some(lock) = lock {
            let line = Constraint::line(lock).unwrap();
            slot.likely(line, Rank::Framework, because());
        }
        spec(&slot, &["10", "11", "9"])
    }

    #[test]
    fn a_manager_is_as_exact_as_the_project_asks() {
        for (wanted, lock, expected) in [
            ("10.4.1", None, "10.4.1"),
            ("^9.1.0", None, "9"),
            ("~9.1.0", None, "9.1"),
            ("11.5.x", None, "11.5"),
            ("9", None, "9"),
            (">=9", None, "10"),
            (">=9", Some("9"), "9"),
            (">=11", Some("9"), "11"),
            ("latest", None, "10"),
        ] {
            assert_eq!(version(wanted, lock), expected, "{wanted} {lock:?}");
        }
        assert_eq!(spec(&Slot::default(), &["4"]), "4");
    }
}
