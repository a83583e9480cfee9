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
    let parts: Vec<&str> = body
        .split(['&', '|', ';'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
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
    let installs_patcher = package
        .table("dependencies")
        .any(|(name, _)| name == "patch-package");
    if parts.iter().all(|part| *part == "patch-package") && installs_patcher {
        return HookKind::Patch;
    }
    HookKind::Sources
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
            ("nuxt prepare", HookKind::Sources),
            ("husky && node scripts/x.js", HookKind::Sources),
        ] {
            assert_eq!(hook_kind(body, &package), kind, "{body}");
        }
    }
}
