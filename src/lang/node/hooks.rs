//! Scripts of the project's own packages that run with every install.

use super::package::Package;
use crate::repo::RelPath;

/// A script of the project's own packages that runs with every install.
#[derive(Clone, Debug)]
pub struct Hook {
    /// The package's folder, relative to the root.
    pub dir: RelPath,
    pub script: String,
    pub kind: HookKind,
    /// The part of the script that applies patches, where other parts stand beside it.
    pub patch: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookKind {
    /// Sets up git hooks or checks the package manager: nothing for an image.
    Idle,
    /// Needs only what is copied before the install, and belongs to production too.
    Patch,
    /// Reads sources, so it runs after they are there.
    Sources,
}

pub(super) fn hooks(all: &[&Package], root: &RelPath) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for package in all {
        for script in ["preinstall", "install", "postinstall", "prepare"] {
            if let Some(body) = package.script(script) {
                hooks.push(Hook {
                    dir: package.dir.below(root).unwrap_or_default(),
                    script: script.to_owned(),
                    kind: hook_kind(body, package),
                    patch: patch(body, package),
                });
            }
        }
    }
    hooks
}

pub(super) fn hook_kind(body: &str, package: &Package) -> HookKind {
    const IDLE: &[&str] = &[
        "husky",
        "lefthook",
        "simple-git-hooks",
        "lint-staged",
        "only-allow",
        "pre-commit",
        "git config",
        "echo",
        "exit 0",
        "true",
        "is-ci",
    ];
    let parts: Vec<&str> = parts(body).collect();
    let idle = |part: &&str| {
        IDLE.iter().any(|word| {
            part.starts_with(word)
                || part
                    .strip_prefix("npx ")
                    .is_some_and(|rest| rest.trim_start_matches("-y ").starts_with(word))
        })
    };
    if parts.iter().all(idle) {
        return HookKind::Idle;
    }
    if installs_patcher(package) && parts.iter().all(|part| patches(part)) {
        return HookKind::Patch;
    }
    HookKind::Sources
}

fn parts(body: &str) -> impl Iterator<Item = &str> {
    body.split(['&', '|', ';'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// Production can apply patches only with a tool that it installs.
fn installs_patcher(package: &Package) -> bool {
    package
        .table("dependencies")
        .any(|(name, _)| name == "patch-package")
}

/// `patch-package`, by itself or through a package manager.
fn patches(part: &str) -> bool {
    let mut words = part.split_whitespace().filter(|word| {
        !matches!(
            *word,
            "npx" | "yarn" | "pnpm" | "npm" | "bun" | "bunx" | "exec" | "run" | "-y" | "--yes"
        )
    });
    words.next() == Some("patch-package")
}

/// The part that applies patches; `None` where it is all of the script.
fn patch(body: &str, package: &Package) -> Option<String> {
    let found = parts(body).find(|part| patches(part))?;
    let alone = parts(body).all(patches);
    (installs_patcher(package) && !alone).then(|| found.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Repo;

    #[test]
    fn hooks_are_told_apart() {
        let repo = Repo::from_files([(
            "package.json",
            r#"{"dependencies": {"patch-package": "8"}}"#,
        )]);
        let package = Package::read(&repo.dir(&RelPath::root())).unwrap().unwrap();
        for (body, kind) in [
            ("husky", HookKind::Idle),
            ("husky || true", HookKind::Idle),
            ("npx only-allow pnpm", HookKind::Idle),
            ("patch-package", HookKind::Patch),
            ("yarn patch-package", HookKind::Patch),
            ("npx patch-package --error-on-fail", HookKind::Patch),
            ("node x.js && patch-package", HookKind::Sources),
            ("nuxt prepare", HookKind::Sources),
            ("husky && node scripts/x.js", HookKind::Sources),
        ] {
            assert_eq!(hook_kind(body, &package), kind, "{body}");
        }
        for (body, expected) in [
            ("patch-package", None),
            ("husky && yarn patch-package", Some("yarn patch-package")),
            ("prisma generate; patch-package", Some("patch-package")),
            ("node patch.js", None),
        ] {
            assert_eq!(patch(body, &package).as_deref(), expected, "{body}");
        }
    }
}
