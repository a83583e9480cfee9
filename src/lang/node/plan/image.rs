//! What the last stage holds.

use super::install::Modules;
use super::launch::{Launch, workdir};
use super::{Build, DIR};
use crate::facts::{Artifact, Command, Confidence, Evidence, Found};
use crate::lang::node::NodeModel;
use crate::lang::node::manager::Manager;
use crate::plan::{Copy, Resolver};
use crate::repo::RelPath;

pub(super) struct Last {
    pub copies: Vec<Copy>,
    pub workdir: String,
}

/// A path of a member of the project in `dir`, an absolute folder. A build may put its result
/// beside the member or the project: `../backend/static`.
pub(super) fn absolute(dir: &str, member: &RelPath, path: &str) -> String {
    let mut at = RelPath::root().join(dir).join(member.as_str());
    for part in path.split('/') {
        at = match part {
            // Above the root is the root, as in any file system.
            ".." => at.parent().unwrap_or_default(),
            part => at.join(part),
        };
    }
    format!("/{}", at.as_str())
}

pub(super) fn last_stage(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    launch: &Launch,
    start: &Command,
    build: Option<&Build>,
    modules: &Modules,
) -> Last {
    let install = &model.install;
    let component = resolver.component;
    let facts = &component.facts;
    let mut copies = Vec::new();
    let from = |stage: &str, from: String, to: String| Copy::stage(stage, from, to);
    let context = |from: String, to: &str| Copy::context(from, to);
    // Modules come from a stage of their own.
    let without_modules = || vec!["**/node_modules".to_owned()];
    let workdir = workdir(model);
    let self_contained = modules.stage.is_none();
    let artifacts =
        build.is_some() && !facts.artifacts.is_empty() && covered(launch, start, &facts.artifacts);
    // What the modules stage holds but modules: manifests, settings of the package manager.
    // Yarn runs scripts only where it finds what its install has noted.
    let noted = install.manager == Manager::YarnBerry && launch.needs_manager();
    let whole = install.is_workspace() || install.pnp || noted;

    match modules.stage {
        Some("modules") if whole => {
            copies.push(from("modules", DIR.to_owned(), format!("{DIR}/")));
        }
        Some(stage) => {
            let folder = format!("{DIR}/node_modules");
            let to = if workdir == DIR {
                "./node_modules".to_owned()
            } else {
                folder.clone()
            };
            copies.push(from(stage, folder, to));
            if stage == "build" && install.is_workspace() {
                let folder = absolute(DIR, &model.path, "node_modules");
                if !model.path.is_root() {
                    copies.push(from(stage, folder.clone(), folder));
                }
                // pnpm links what a package needs beside that package alone.
                if install.manager == Manager::Pnpm {
                    for sibling in &model.modules_of {
                        let folder = absolute(DIR, sibling, "node_modules");
                        copies.push(from(stage, folder.clone(), folder));
                    }
                }
            }
        }
        None => {}
    }
    let sources = |path: &RelPath| component.root.join(path.as_str()).to_string();
    let dot = |path: String| {
        if path.is_empty() {
            ".".to_owned()
        } else {
            path
        }
    };
    if artifacts {
        let bundled = self_contained && facts.own.text("modules").is_some();
        let there = whole && modules.stage == Some("modules");
        if !bundled && !there {
            let manifest = component.manifest.path.to_string();
            copies.push(context(manifest, "./"));
        }
        if !self_contained {
            for member in &model.runs {
                let folder = absolute(DIR, member, "");
                copies.push(Copy {
                    exclude: without_modules(),
                    ..from("build", folder.clone(), folder)
                });
            }
        }
        for found in &facts.artifacts {
            let artifact = &found.value;
            let source = absolute(DIR, &model.path, &artifact.from);
            copies.push(from("build", source, destination(&artifact.to)));
        }
        for folder in &model.schemas {
            let folder = absolute(DIR, folder, "");
            // Copied by itself, or in a package's whole folder, which goes to where it was.
            let carried = copies.iter().any(|copy| {
                let below = |dir: &str| folder.strip_prefix(dir)?.strip_prefix('/');
                copy.stage.as_deref() == Some("build")
                    && (copy.from.contains(&folder)
                        || copy.from.contains(&copy.to) && below(&copy.to).is_some())
            });
            if !carried {
                copies.push(Copy {
                    exclude: without_modules(),
                    ..from("build", folder.clone(), folder)
                });
            }
        }
        let list: Vec<&str> = facts
            .artifacts
            .iter()
            .map(|found| found.value.from.as_str())
            .collect();
        let because = facts.artifacts.first().map(|found| found.evidence.clone());
        if let Some(because) = because {
            resolver.decide("artifacts", list.join(", "), Confidence::Likely, because);
        }
    } else if build.is_some() {
        let mut tree = |folder: String, to: String| {
            copies.push(Copy {
                exclude: without_modules(),
                ..from("build", folder, to)
            });
        };
        if install.is_workspace() && !model.path.is_root() {
            for member in model.runs.iter().chain([&model.path]) {
                let folder = absolute(DIR, member, "");
                tree(folder.clone(), folder);
            }
        } else {
            tree(DIR.to_owned(), format!("{DIR}/"));
        }
        let why = "the program runs from its sources beside what the build makes";
        resolver.decide(
            "artifacts",
            "the whole tree",
            Confidence::Likely,
            Evidence::rule("node/tree", why),
        );
    } else if install.is_workspace() && !model.path.is_root() {
        for member in model.runs.iter().chain([&model.path]) {
            copies.push(context(dot(sources(member)), &absolute(DIR, member, "")));
        }
    } else {
        copies.push(context(dot(sources(&RelPath::root())), "./"));
    }
    Last { copies, workdir }
}

/// Whether the file that is started is among what the build makes, and not one of the sources.
fn covered(launch: &Launch, start: &Command, artifacts: &[Found<Artifact>]) -> bool {
    let words: &[String] = match (launch, start) {
        (Launch::Node(words) | Launch::Bun(words), _) => words,
        (Launch::Installed(..), _) => return true,
        (Launch::Manager(_), Command::Exec(words)) => words.get(1..).unwrap_or_default(),
        (Launch::Manager(_), Command::Shell(_)) | (Launch::Shell(_), _) => return false,
    };
    let Some(file) = words.iter().find_map(|word| {
        let file = RelPath::new(word)?;
        (!word.starts_with('-')).then_some(file)
    }) else {
        return false;
    };
    let installed = RelPath::root().join("node_modules");
    file.is_in(&installed)
        || artifacts.iter().any(|found| {
            let to = found.value.to.trim_start_matches("./");
            to.starts_with('/') || RelPath::new(to).is_some_and(|folder| file.is_in(&folder))
        })
}

/// A folder's destination is written relative to the work folder.
fn destination(to: &str) -> String {
    if to.starts_with('/') {
        return format!("{}/", to.trim_end_matches('/'));
    }
    let to = to.trim_start_matches("./");
    if to.is_empty() || to == "." {
        "./".to_owned()
    } else {
        format!("./{to}")
    }
}
