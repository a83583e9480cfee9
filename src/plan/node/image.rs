//! What the last stage holds.

use schemars::JsonSchema;
use serde::Serialize;

use super::install::Modules;
use super::launch::{Launch, workdir};
use super::{Build, DIR};
use crate::facts::{Confidence, Evidence};
use crate::lang::node::NodeModel;
use crate::plan::resolver::Resolver;
use crate::repo::RelPath;

/// One COPY of the last stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Copy {
    /// The stage that it comes from; the build context without one.
    pub stage: Option<String>,
    pub from: String,
    pub to: String,
    /// Without folders of modules.
    pub exclude: bool,
    /// `uid:gid` where the program writes to it; empty for root.
    pub owner: String,
}

pub(super) struct Last {
    pub copies: Vec<Copy>,
    pub workdir: String,
}

/// A path of a member below a work folder.
pub(super) fn absolute(dir: &str, member: &RelPath, path: &str) -> String {
    let path = path.trim_start_matches("./");
    let member = member.join(path);
    if member.is_root() {
        dir.to_owned()
    } else {
        format!("{dir}/{member}")
    }
}

pub(super) fn last_stage(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    launch: &Launch,
    build: Option<&Build>,
    modules: &Modules,
    user: &str,
) -> Last {
    let install = &model.install;
    let component = resolver.component;
    let facts = &component.facts;
    let mut copies = Vec::new();
    let from = |stage: &str, from: String, to: String| Copy {
        stage: Some(stage.to_owned()),
        from,
        to,
        exclude: false,
        owner: String::new(),
    };
    let context = |from: String, to: &str| Copy {
        stage: None,
        from,
        to: to.to_owned(),
        exclude: false,
        owner: String::new(),
    };
    let workdir = workdir(model);
    let self_contained = modules.stage.is_none();
    let artifacts = build.is_some() && !facts.artifacts.is_empty();
    // What the modules stage holds but modules: manifests, settings of the package manager.
    let whole = install.is_workspace() || install.pnp;

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
        if !(self_contained && facts.extra.contains_key("modules"))
            && !(whole && modules.stage == Some("modules"))
        {
            let manifest = component.manifest.path.to_string();
            copies.push(context(manifest, "./"));
        }
        if !self_contained {
            for member in &model.runs {
                let folder = absolute(DIR, member, "");
                copies.push(Copy {
                    exclude: true,
                    ..from("build", folder.clone(), folder)
                });
            }
        }
        for found in &facts.artifacts {
            let artifact = &found.value;
            let source = absolute(DIR, &model.path, &artifact.from);
            copies.push(from("build", source, destination(&artifact.to)));
        }
        // Folders that the build leaves empty, for the program to write to.
        for found in &facts.writable {
            let source = absolute(DIR, &model.path, &found.value);
            copies.push(Copy {
                owner: user.to_owned(),
                ..from("build", source, destination(&found.value))
            });
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
        copies.push(Copy {
            exclude: true,
            ..from("build", DIR.to_owned(), format!("{DIR}/"))
        });
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
    let _ = launch;
    Last { copies, workdir }
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
