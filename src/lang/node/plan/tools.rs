//! The package manager's own program, and in which version it is installed.

use crate::facts::Slot;
use crate::lang::node::NodeModel;
use crate::lang::node::manager::Manager;
use crate::parse::version::{Constraint, Version};
use crate::plan::Pair;
use crate::plan::Resolver;
use crate::plan::images::Line;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Evidence, Rank};

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
