//! Which package manager installs a project, and in which version.

use serde::Serialize;

use super::package::Package;
use super::tools;
use crate::facts::{Evidence, Facts, Rank, Slot};
use crate::parse::version::Constraint;
use crate::repo::{Dir, Source};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manager {
    Npm,
    Pnpm,
    /// Yarn 1.
    Yarn,
    /// Yarn 2 and later.
    YarnBerry,
    Bun,
}

impl Manager {
    /// The name of its command.
    pub fn command(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::Yarn | Self::YarnBerry => "yarn",
            Self::Bun => "bun",
        }
    }

    /// The name that decisions show.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yarn => "yarn 1",
            Self::YarnBerry => "yarn",
            other => other.command(),
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "npm" => Self::Npm,
            "pnpm" => Self::Pnpm,
            "yarn 1" => Self::Yarn,
            "yarn" => Self::YarnBerry,
            "bun" => Self::Bun,
            _ => return None,
        })
    }
}

/// Lock files, the most telling first: one of npm's is left behind by a stray `npm install`.
const LOCKS: &[(&str, Manager)] = &[
    ("pnpm-lock.yaml", Manager::Pnpm),
    ("bun.lock", Manager::Bun),
    ("bun.lockb", Manager::Bun),
    ("yarn.lock", Manager::Yarn),
    ("npm-shrinkwrap.json", Manager::Npm),
    ("package-lock.json", Manager::Npm),
];

/// Fills the slots of the package manager and its version from the install root.
pub(super) fn find(root: &Dir<'_>, package: &Package, facts: &mut Facts) -> Manager {
    let berry = is_berry(root);
    let yarn = if berry {
        Manager::YarnBerry
    } else {
        Manager::Yarn
    };
    named(package, yarn, facts);
    for (file, manager) in LOCKS {
        if root.has(file) {
            let manager = if *manager == Manager::Yarn {
                yarn
            } else {
                *manager
            };
            facts.package_manager.certain(
                manager.name().to_owned(),
                Rank::Manifest,
                Evidence::file(
                    "node/lock",
                    root.path.join(file),
                    format!("{file} is its lock file"),
                ),
            );
        }
    }
    for (file, manager) in [
        (".yarnrc.yml", Manager::YarnBerry),
        ("pnpm-workspace.yaml", Manager::Pnpm),
        ("bunfig.toml", Manager::Bun),
    ] {
        if root.has(file) {
            facts.package_manager.likely(
                manager.name().to_owned(),
                Rank::Framework,
                Evidence::file(
                    "node/settings",
                    root.path.join(file),
                    format!("{file} is there"),
                ),
            );
        }
    }
    for (key, manager) in [
        ("pnpm", Manager::Pnpm),
        ("bun", Manager::Bun),
        ("yarn", yarn),
    ] {
        if let Some(wanted) = package.text(&["engines", key]) {
            let because = package.evidence(
                "node/engines",
                &["engines", key],
                format!("engines.{key} says {wanted}"),
            );
            facts
                .package_manager
                .likely(manager.name().to_owned(), Rank::Source, because);
        }
    }
    facts.package_manager.likely(
        Manager::Npm.name().to_owned(),
        Rank::Default,
        Evidence::rule("node/npm", "nothing names another package manager"),
    );
    let manager = facts
        .package_manager
        .value()
        .and_then(|name| Manager::parse(name))
        .unwrap_or(Manager::Npm);
    versions(root, package, manager, &mut facts.package_manager_version);
    manager
}

/// What the manifest says by name: `packageManager`, then `devEngines`.
fn named(package: &Package, yarn: Manager, facts: &mut Facts) {
    let mut add = |name: &str, version: &str, path: &[&str]| {
        let major = crate::parse::version::Version::parse(version).map(|version| version.major());
        let manager = match (name, major) {
            ("npm", _) => Manager::Npm,
            ("pnpm", _) => Manager::Pnpm,
            ("bun", _) => Manager::Bun,
            ("yarn", Some(1)) => Manager::Yarn,
            ("yarn", Some(_)) => Manager::YarnBerry,
            ("yarn", None) => yarn,
            _ => return,
        };
        let key = path.first().copied().unwrap_or_default();
        facts.package_manager.certain(
            manager.name().to_owned(),
            Rank::Dedicated,
            package.evidence("node/package-manager", path, format!("{key} names {name}")),
        );
    };
    if let Some(text) = package.text(&["packageManager"])
        && let Some((name, version)) = text.split_once('@')
    {
        add(name, version, &["packageManager"]);
    }
    if let Some(name) = package.text(&["devEngines", "packageManager", "name"]) {
        let version = package
            .text(&["devEngines", "packageManager", "version"])
            .unwrap_or_default();
        add(
            name,
            version.trim_start_matches(['^', '~', '>', '=']),
            &["devEngines", "packageManager", "name"],
        );
    }
}

fn is_berry(root: &Dir<'_>) -> bool {
    root.has(".yarnrc.yml")
        || root
            .text("yarn.lock")
            .is_some_and(|lock| lock.text.contains("__metadata:"))
}

/// The versions of the manager that the project asks for.
fn versions(root: &Dir<'_>, package: &Package, manager: Manager, slot: &mut Slot<Constraint>) {
    let command = manager.command();
    if let Some((name, version)) = package
        .text(&["packageManager"])
        .and_then(|text| text.split_once('@'))
        && name == command
        // A hash may follow the version.
        && let Some(constraint) = Constraint::exact(version.split('+').next().unwrap_or(version))
    {
        slot.certain(
            constraint,
            Rank::Dedicated,
            package.evidence(
                "node/package-manager",
                &["packageManager"],
                "packageManager pins it",
            ),
        );
    }
    tools::versions(root, command, command, slot);
    if manager == Manager::Bun {
        tools::version_file(root, ".bun-version", slot);
    }
    let fields: [&[&str]; 2] = [
        &["devEngines", "packageManager", "version"],
        &["engines", command],
    ];
    for path in fields {
        let named = path.len() == 2
            || package.text(&["devEngines", "packageManager", "name"]) == Some(command);
        if named
            && let Some(text) = package.text(path)
            && let Some(constraint) = Constraint::node(text)
        {
            slot.certain(
                constraint,
                Rank::Manifest,
                package.evidence(
                    "node/engines",
                    path,
                    format!("{} says {text}", path.join(".")),
                ),
            );
        }
    }
    match manager {
        Manager::Pnpm => pnpm_lock(root, slot),
        Manager::YarnBerry => berry_lock(root, slot),
        _ => {}
    }
}

/// The pnpm that writes a lock file of this version and reads the project's settings. Source:
/// pnpm.io, compatibility and settings, 2026-08.
fn pnpm_lock(root: &Dir<'_>, slot: &mut Slot<Constraint>) {
    let Some(lock) = root.text("pnpm-lock.yaml") else {
        return;
    };
    let Some((written, span)) = lock_version(&lock) else {
        return;
    };
    let line = match written.as_str() {
        "5.3" => "6",
        "5.4" => "7",
        "6.0" | "6.1" => "8",
        _ if settings_of_11(root) => "11",
        _ => "10",
    };
    if let Some(constraint) = Constraint::line(line) {
        let because = Evidence::span(
            "node/pnpm-lock",
            &lock,
            &span,
            format!("the lock file is of version {written}"),
        );
        slot.likely(constraint, Rank::Framework, because);
    }
}

/// The Yarn that writes a lock file of this version; a newer one would write it anew. Source:
/// yarnpkg/berry, Project.ts, 2026-08.
fn berry_lock(root: &Dir<'_>, slot: &mut Slot<Constraint>) {
    let Some(lock) = root.text("yarn.lock") else {
        return;
    };
    let Some(line) = lock
        .text
        .lines()
        .skip_while(|line| !line.starts_with("__metadata:"))
        .nth(1)
    else {
        return;
    };
    let Some(written) = line.trim().strip_prefix("version:").map(str::trim) else {
        return;
    };
    let yarn = match written {
        "4" => "2",
        "5" | "6" => "3",
        _ => "4",
    };
    if let (Some(constraint), Some(span)) = (Constraint::line(yarn), lock.find(line)) {
        let why = format!("the lock file is of version {written}");
        let because = Evidence::span("node/yarn-lock", &lock, &span, why);
        slot.likely(constraint, Rank::Framework, because);
    }
}

fn lock_version(lock: &Source) -> Option<(String, std::ops::Range<usize>)> {
    let line = lock
        .text
        .lines()
        .take(5)
        .find(|line| line.starts_with("lockfileVersion:"))?;
    let version = line
        .split(':')
        .nth(1)?
        .trim()
        .trim_matches(['\'', '"'])
        .to_owned();
    Some((version, lock.find(line)?))
}

/// Build scripts are approved in `allowBuilds` from pnpm 11 on.
fn settings_of_11(root: &Dir<'_>) -> bool {
    root.text("pnpm-workspace.yaml").is_some_and(|source| {
        source
            .text
            .lines()
            .any(|line| line.starts_with("allowBuilds:"))
    })
}
