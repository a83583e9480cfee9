//! Files that another component builds for a program: a stage of the program's own image makes
//! them, and they go to where the program looks for them.

use crate::detect::Detection;
use crate::facts::{Component, Confidence, Kind, Rank, Slot};
use crate::lang::{identifier, language};
use crate::plan::{Asset, Failure, From, Made, Resolver, Stage, Step, Tables};
use crate::repo::RelPath;

/// The stages that build what feeds a program, and what the program takes of them.
#[derive(Default)]
pub(super) struct Fed<'d> {
    pub stages: Vec<Stage>,
    pub assets: Vec<Asset>,
    /// Paths of the build context that the stages copy by name.
    pub needed: Vec<String>,
    /// The components whose sources the build context must hold.
    pub components: Vec<&'d Component>,
}

/// Plans what feeds the resolver's component, and writes each of it down there as a decision.
pub(super) fn fed<'d>(
    of: &mut Resolver<'_>,
    detection: &'d Detection,
    tables: &Tables,
) -> Result<Fed<'d>, Failure> {
    let mut fed = Fed::default();
    for feed in &of.component.feeds {
        let Some(feeder) = detection.feeder(&feed.from) else {
            continue;
        };
        let Some(plug) = language(feeder.language) else {
            continue;
        };
        let mut resolver = Resolver::new(feeder, of.settings, of.packs, tables);
        let mut root = Slot::default();
        root.add(
            relative(&feeder.dir, &feed.output),
            Rank::Dedicated,
            Confidence::Certain,
            feed.evidence.clone(),
        );
        resolver.static_root = Some(root);
        resolver.script = Some(&feed.script);
        let mut made = plug.plan(&mut resolver, Kind::Static)?;
        made.with_secrets(&feeder.facts);
        let name = stage_name(feeder, &fed.stages);
        let Some(made) = renamed(made, &name) else {
            continue;
        };
        fed.assets.push(Asset {
            stage: name.clone(),
            from: made.output,
            target: feed.target.clone(),
            embedded: feed.embedded,
        });
        fed.needed.extend(made.needed);
        fed.stages.extend(made.stages);
        fed.components.push(feeder);
        let chosen = format!("{} (stage {name})", feed.from);
        of.decide(
            "frontend",
            chosen,
            Confidence::Likely,
            feed.evidence.clone(),
        );
    }
    Ok(fed)
}

struct Renamed {
    stages: Vec<Stage>,
    /// The folder of built files in the last of them.
    output: String,
    needed: Vec<String>,
}

/// The stages of a site under names that no stage of a program has. `None` where nothing is built.
fn renamed(made: Made, name: &str) -> Option<Renamed> {
    let (last, output) = made.run.steps.iter().find_map(|step| match step {
        Step::Copy(copy) => Some((copy.stage.clone()?, copy.from.first()?.clone())),
        Step::Run(_) => None,
    })?;
    let new = |old: &str| {
        if old == last {
            name.to_owned()
        } else {
            format!("{name}-{old}")
        }
    };
    let mut stages = made.stages;
    for stage in &mut stages {
        stage.name = new(&stage.name);
        if let From::Stage(from) = &mut stage.from {
            *from = new(from);
        }
    }
    Some(Renamed {
        stages,
        output,
        needed: made.needed,
    })
}

/// The feeder's folder, or its name where the folder says nothing; unique.
fn stage_name(feeder: &Component, stages: &[Stage]) -> String {
    /// Names of stages that languages and common code make.
    const TAKEN: &[&str] = &[
        "base",
        "build",
        "probe",
        "modules",
        "requirements",
        "jre",
        "folders",
        "init",
        "scratch",
        "context",
        "app",
    ];
    let folder = identifier(feeder.dir.name());
    let mut name = if feeder.dir.is_root() || TAKEN.contains(&folder.as_str()) {
        "frontend".to_owned()
    } else {
        folder
    };
    while stages.iter().any(|stage| stage.name == name) {
        name.push_str("-2");
    }
    name
}

/// `to` as seen from `dir`, with `..` where it lies beside.
fn relative(dir: &RelPath, to: &RelPath) -> String {
    let common = dir
        .parts()
        .zip(to.parts())
        .take_while(|(left, right)| left == right)
        .count();
    let up = dir.parts().count() - common;
    let parts: Vec<&str> = std::iter::repeat_n("..", up)
        .chain(to.parts().skip(common))
        .collect();
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_beside_is_reached_by_going_up() {
        let path = |text: &str| RelPath::new(text).unwrap();
        for (dir, to, expected) in [
            ("web", "web/dist", "dist"),
            ("web", "server/static", "../server/static"),
            ("a/b", "a/c", "../c"),
            ("web", "web", "."),
        ] {
            assert_eq!(relative(&path(dir), &path(to)), expected);
        }
    }
}
