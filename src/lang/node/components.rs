//! Which packages are programs, before their sources are looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::install::Install;
use super::manager::Manager;
use super::package::Package;
use super::pins;
use super::script::{self, Program};
use super::workspace::{self, Workspace};
use super::{Neighbour, NodeModel, Runtime, tools};
use crate::diag::Diagnostic;
use crate::facts::{Command, Evidence, Rank, Slot};
use crate::lang::{Component, Script};
use crate::repo::{Dir, RelPath, Repo};

pub(super) fn find(
    repo: &Repo,
    dirs: &[RelPath],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Component> {
    let mut packages: BTreeMap<RelPath, Package> = BTreeMap::new();
    for dir in dirs {
        match Package::read(&repo.dir(dir)) {
            Some(Ok(package)) => {
                packages.insert(dir.clone(), package);
            }
            Some(Err(diagnostic)) => diagnostics.push(diagnostic),
            None => {}
        }
    }
    let workspaces = workspace::workspaces(repo, &packages, diagnostics);
    let mut of_member: BTreeMap<&RelPath, usize> = BTreeMap::new();
    let mut wanted: BTreeSet<&RelPath> = BTreeSet::new();
    for (index, workspace) in workspaces.iter().enumerate() {
        for member in &workspace.members {
            of_member.insert(member, index);
        }
        wanted.extend(workspace::libraries(workspace, &packages));
    }

    let handed = handed_over(&packages, &workspaces);
    let mut installs: BTreeMap<RelPath, Arc<Install>> = BTreeMap::new();
    let mut components = Vec::new();
    for (dir, package) in &packages {
        let workspace = of_member
            .get(dir)
            .copied()
            .or_else(|| {
                workspaces
                    .iter()
                    .position(|workspace| workspace.root == *dir)
            })
            .and_then(|index| workspaces.get(index))
            .filter(|workspace| !workspace.members.is_empty());
        let is_root = workspace.is_some_and(|workspace| workspace.root == *dir);
        let is_member = workspace.is_some() && !is_root;
        let is_library = is_member && wanted.contains(dir) && package.script("start").is_none();
        if is_library && !handed.to.contains_key(dir)
            || handed.from.contains(dir)
            || is_root && !is_program(&repo.dir(dir), package)
            || handed.inside.contains(dir)
        {
            continue;
        }
        let root = workspace.map_or(dir, |workspace| &workspace.root);
        let install = installs.entry(root.clone()).or_insert_with(|| {
            let members: Vec<&Package> = workspace
                .map(|workspace| {
                    workspace
                        .members
                        .iter()
                        .filter_map(|dir| packages.get(dir))
                        .collect()
                })
                .unwrap_or_default();
            let root = packages.get(root).unwrap_or(package);
            Arc::new(Install::read(repo, root, &members, diagnostics))
        });
        components.push(component(
            repo,
            package,
            workspace,
            install,
            &packages,
            handed.to.get(dir),
        ));
    }
    components
}

/// A workspace's root is a program of its own when it starts or builds something itself or has a main file, and not
/// by a tool that runs the scripts of its members.
fn is_program(view: &Dir<'_>, package: &Package) -> bool {
    let own = |script: &str| {
        package.script(script).is_some_and(|body| {
            ![
                "turbo",
                "nx ",
                "lerna",
                "--workspaces",
                "-ws",
                "--filter",
                "-r ",
                "--recursive",
                "workspaces foreach",
                "concurrently",
                "npm-run-all",
                "wsrun",
                "run-p ",
                "moon ",
            ]
            .iter()
            .any(|tool| body.contains(tool))
        })
    };
    let main = ["main", "module"]
        .iter()
        .filter_map(|key| package.text(&[key]))
        .any(|file| view.has(file.trim_start_matches("./")));
    own("start") || package.script("start").is_none() && (own("build") || main)
}

/// Packages that the start script of a package above them runs.
#[derive(Default)]
struct Handed {
    /// The package that is run, with the command and its reason.
    to: BTreeMap<RelPath, (Option<Command>, Option<String>, Evidence)>,
    /// The package whose script only hands over.
    from: BTreeSet<RelPath>,
    /// Packages whose file the root starts itself.
    inside: BTreeSet<RelPath>,
}

fn handed_over(packages: &BTreeMap<RelPath, Package>, workspaces: &[Workspace]) -> Handed {
    let mut handed = Handed::default();
    for (dir, package) in packages {
        let Some(body) = package.script("start") else {
            continue;
        };
        let scripts: Vec<Script> = package.manifest().scripts;
        let program = script::follow(body, &scripts);
        let members = workspaces.iter().find(|workspace| workspace.root == *dir);
        if let Some(member) = &program.member {
            let target = dir
                .resolve(&member.package)
                .filter(|target| target != dir && packages.contains_key(target))
                .or_else(|| {
                    let members = &members?.members;
                    members
                        .iter()
                        .find(|dir| {
                            packages.get(*dir).and_then(Package::name) == Some(&member.package)
                        })
                        .cloned()
                });
            if let Some(target) = target {
                let because = package.evidence(
                    "node/start-script",
                    &["scripts", "start"],
                    format!("the script start in {} runs it", package.source.path),
                );
                let (command, script) = if member.script.is_empty() {
                    (Some(program.command.clone()), None)
                } else {
                    (None, Some(member.script.clone()))
                };
                handed.to.insert(target, (command, script, because));
                handed.from.insert(dir.clone());
            }
        } else if let Some(members) = members
            && let Some(inside) = started_file(&program)
                .and_then(|file| dir.resolve(&file))
                .and_then(|file| members.members.iter().find(|member| file.is_in(member)))
        {
            handed.inside.insert(inside.clone());
        }
    }
    handed
}

/// The file that a command gives to its runtime.
fn started_file(program: &Program) -> Option<String> {
    let Command::Exec(words) = &program.command else {
        return None;
    };
    words
        .iter()
        .skip(1)
        .find(|word| !word.starts_with('-'))
        .cloned()
}

fn component(
    repo: &Repo,
    package: &Package,
    workspace: Option<&Workspace>,
    install: &Arc<Install>,
    packages: &BTreeMap<RelPath, Package>,
    handed: Option<&(Option<Command>, Option<String>, Evidence)>,
) -> Component {
    let dir = &package.dir;
    let root = install.root.clone();
    let below = |dir: &RelPath| dir.below(&root).unwrap_or_default();
    let is_root = root == *dir;
    let (builds, runs) = match workspace {
        // The root's scripts are free to reach every member.
        Some(workspace) if is_root => (Vec::new(), workspace.members.clone()),
        Some(workspace) => (
            workspace::needed(dir, workspace, packages, false),
            workspace::needed(dir, workspace, packages, true),
        ),
        None => (Vec::new(), Vec::new()),
    };
    let installed = |list: &[RelPath], production: bool| {
        std::iter::once(dir)
            .chain(workspace.map(|workspace| &workspace.root))
            .chain(list)
            .filter_map(|dir| packages.get(dir))
            .any(|package| {
                if production {
                    package.has_production()
                } else {
                    package.has_development()
                }
            })
    };
    let mut node = Slot::default();
    let mut bun = Slot::default();
    let root_package = workspace.and_then(|workspace| packages.get(&workspace.root));
    let both: Vec<&Package> = std::iter::once(package)
        .chain(root_package.filter(|_| !is_root))
        .collect();
    tools::node(repo, dir, &both, &mut node);
    tools::bun(repo, dir, root_package.unwrap_or(package), &mut bun);
    if install.manager == Manager::Bun {
        for found in install.package_manager_version.all() {
            bun.add(
                found.value.clone(),
                found.rank,
                found.confidence,
                found.evidence.clone(),
            );
        }
    }
    let model = NodeModel {
        package: package.name().map(str::to_owned),
        path: below(dir),
        builds: builds
            .iter()
            .filter_map(|dir| packages.get(dir))
            .map(|package| Neighbour {
                dir: below(&package.dir),
                name: package.name().unwrap_or_default().to_owned(),
                builds: package.script("build").is_some(),
            })
            .collect(),
        production: installed(&runs, true),
        development: installed(&builds, false),
        modules_of: runs
            .iter()
            .filter(|run| *run != dir)
            .filter(|run| {
                packages
                    .get(*run)
                    .is_some_and(|package| package.has_production() || package.has_development())
            })
            .map(below)
            .collect(),
        runs: runs.iter().map(below).collect(),
        schemas: Vec::new(),
        esm: package.text(&["type"]) == Some("module"),
        node,
        bun,
        runtime: Runtime::Node,
        arguments: Vec::new(),
        script: None,
        calls_manager: None,
        started_by_manager: None,
        ends: None,
        install: Arc::clone(install),
    };
    let mut component = Component::new("node", dir.clone(), package.manifest(), model);
    component.root = root;
    component.pins = pins::of(
        package,
        &install.locked,
        install.manager,
        &install.package_manager_version,
    );
    if !is_root {
        component.code = runs;
    }
    component.facts.package_manager = install.package_manager.clone();
    component.facts.package_manager_version = install.package_manager_version.clone();
    if let Some((command, script, because)) = handed {
        let facts = &mut component.facts;
        if let Some(command) = command {
            facts
                .start
                .certain(command.clone(), Rank::Dedicated, because.clone());
        }
        if let Some(script) = script
            && let Some(found) = component.manifest.script(script)
        {
            let program = script::follow(&found.body, &component.manifest.scripts);
            let at = Some(found.at.clone());
            let because = Evidence {
                at,
                ..because.clone()
            };
            facts
                .start
                .certain(program.command, Rank::Manifest, because);
        }
    }
    main_file(package, &mut component);
    leftovers(&mut component);
    if install.manager == Manager::YarnBerry {
        component.facts.ignore_all(
            "node/yarn",
            "every install of Yarn makes these",
            &[
                "**/.pnp.*",
                "**/.yarn/unplugged",
                "**/.yarn/install-state.gz",
            ],
        );
    }
    component
}

/// `main` and `module` name the file that others import, which for a program is the program.
fn main_file(package: &Package, component: &mut Component) {
    for key in ["main", "module"] {
        if let Some(file) = package.text(&[key]) {
            let because = package.evidence("node/main", &[key], format!("{key} is {file}"));
            component
                .facts
                .main
                .likely(file.to_owned(), Rank::Manifest, because);
        }
    }
}

fn leftovers(component: &mut Component) {
    component.facts.ignore_all(
        "node/leftovers",
        "package managers and build tools leave these behind",
        &[
            "**/node_modules",
            "**/.next",
            "**/.nuxt",
            "**/.output",
            "**/.svelte-kit",
            "**/.turbo",
            "**/.vite",
            "**/.cache",
            "/coverage",
            "**/*.tsbuildinfo",
            "**/.pnpm-store",
            "**/*.test.[jt]s",
            "**/*.spec.[jt]s",
            "**/__tests__",
        ],
    );
}
