//! Workspaces: which packages are installed together, and which of them need which.

use std::collections::{BTreeMap, BTreeSet};

use super::package::Package;
use crate::diag::Diagnostic;
use crate::parse::{PathGlob, yaml};
use crate::repo::{RelPath, Repo};

/// A folder whose lock file installs several packages.
#[derive(Debug)]
pub(super) struct Workspace {
    pub root: RelPath,
    /// Folders of the packages, sorted, without the root itself.
    pub members: Vec<RelPath>,
}

/// Every workspace of the repository. A package in two of them belongs to the inner one.
pub(super) fn workspaces(
    repo: &Repo,
    packages: &BTreeMap<RelPath, Package>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Workspace> {
    let mut found: Vec<Workspace> = Vec::new();
    for (root, package) in packages.iter().rev() {
        let patterns = compile(&patterns(repo, package, diagnostics));
        if patterns.is_empty() {
            continue;
        }
        let members: Vec<RelPath> = packages
            .keys()
            .filter(|dir| *dir != root)
            .filter(|dir| !found.iter().any(|inner| inner.members.contains(dir)))
            .filter(|dir| {
                dir.below(root)
                    .is_some_and(|path| selected(&patterns, path.as_str()))
            })
            .cloned()
            .collect();
        found.push(Workspace {
            root: root.clone(),
            members,
        });
    }
    found
}

fn patterns(repo: &Repo, package: &Package, diagnostics: &mut Vec<Diagnostic>) -> Vec<String> {
    let owned = |tree: &crate::parse::Tree| tree.texts().map(str::to_owned).collect::<Vec<_>>();
    if let Some(source) = repo.dir(&package.dir).text("pnpm-workspace.yaml") {
        match yaml(&source) {
            Ok(tree) => return tree.get("packages").map(owned).unwrap_or_default(),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    let Some(workspaces) = package.tree.get("workspaces") else {
        return Vec::new();
    };
    owned(workspaces.get("packages").unwrap_or(workspaces))
}

fn compile(patterns: &[String]) -> Vec<(bool, PathGlob)> {
    patterns
        .iter()
        .filter_map(|pattern| {
            let (yes, glob) = match pattern.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, pattern.as_str()),
            };
            let glob = glob.trim_start_matches("./").trim_end_matches('/');
            Some((yes, PathGlob::new(glob)?))
        })
        .collect()
}

/// The last pattern that matches decides, as the package managers have it.
fn selected(patterns: &[(bool, PathGlob)], path: &str) -> bool {
    patterns
        .iter()
        .rev()
        .find(|(_, glob)| glob.is_match(path))
        .is_some_and(|(yes, _)| *yes)
}

/// The members that `start` needs, directly or by others, each after those that it needs itself;
/// `start` is left out. With `production` only as far as the running program goes.
pub(super) fn needed(
    start: &RelPath,
    workspace: &Workspace,
    packages: &BTreeMap<RelPath, Package>,
    production: bool,
) -> Vec<RelPath> {
    let by_name: BTreeMap<&str, &RelPath> = workspace
        .members
        .iter()
        .filter_map(|dir| Some((packages.get(dir)?.name()?, dir)))
        .collect();
    let mut order = Vec::new();
    let mut seen = BTreeSet::from([start]);
    // Depth first without recursion: a chain of packages may be as long as the repository is big.
    let mut stack: Vec<(&RelPath, Vec<&RelPath>)> =
        vec![(start, direct(start, &by_name, packages, production))];
    while let Some((dir, todo)) = stack.last_mut() {
        match todo.pop() {
            Some(next) if seen.insert(next) => {
                let its = direct(next, &by_name, packages, production);
                stack.push((next, its));
            }
            Some(_) => {}
            None => {
                if *dir != start {
                    order.push((*dir).clone());
                }
                stack.pop();
            }
        }
    }
    order
}

/// Members that another package of the workspace needs.
pub(super) fn libraries<'w>(
    workspace: &'w Workspace,
    packages: &BTreeMap<RelPath, Package>,
) -> Vec<&'w RelPath> {
    let needed: BTreeSet<&str> = workspace
        .members
        .iter()
        .chain([&workspace.root])
        .filter_map(|dir| packages.get(dir))
        .flat_map(|package| package.dependency_names(false))
        .collect();
    workspace
        .members
        .iter()
        .filter(|dir| {
            packages
                .get(*dir)
                .and_then(Package::name)
                .is_some_and(|name| needed.contains(name))
        })
        .collect()
}

fn direct<'a>(
    dir: &RelPath,
    by_name: &BTreeMap<&str, &'a RelPath>,
    packages: &BTreeMap<RelPath, Package>,
    production: bool,
) -> Vec<&'a RelPath> {
    let mut dirs: Vec<&RelPath> = packages
        .get(dir)
        .map(|package| {
            package
                .dependency_names(production)
                .filter_map(|name| by_name.get(name).copied())
                .collect()
        })
        .unwrap_or_default();
    // The stack takes from the end.
    dirs.sort_unstable_by(|a, b| b.cmp(a));
    dirs.dedup();
    dirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_can_take_away() {
        let patterns: Vec<String> = ["packages/*", "apps/**", "!**/test-*", "./libs/one/"]
            .map(str::to_owned)
            .to_vec();
        let patterns = compile(&patterns);
        for yes in ["packages/a", "apps/a/b", "libs/one"] {
            assert!(selected(&patterns, yes), "{yes}");
        }
        for no in ["packages/a/b", "apps/test-x", "libs/two", "packages"] {
            assert!(!selected(&patterns, no), "{no}");
        }
    }

    #[test]
    fn what_is_needed_comes_before_what_needs_it() {
        let repo = Repo::from_files([
            ("package.json", r#"{"workspaces": ["p/*"]}"#),
            (
                "p/app/package.json",
                r#"{"name": "app", "dependencies": {"ui": "*", "x": "1"}}"#,
            ),
            (
                "p/ui/package.json",
                r#"{"name": "ui", "dependencies": {"base": "*"}}"#,
            ),
            (
                "p/base/package.json",
                r#"{"name": "base", "devDependencies": {"app": "*"}}"#,
            ),
            ("p/other/package.json", r#"{"name": "other"}"#),
        ]);
        let packages: BTreeMap<RelPath, Package> = ["", "p/app", "p/ui", "p/base", "p/other"]
            .into_iter()
            .map(|dir| {
                let dir = RelPath::new(dir).unwrap();
                let package = Package::read(&repo.dir(&dir)).unwrap().unwrap();
                (dir, package)
            })
            .collect();
        let workspaces = workspaces(&repo, &packages, &mut Vec::new());
        let app = RelPath::new("p/app").unwrap();
        let order: Vec<String> = needed(&app, &workspaces[0], &packages, false)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(order, ["p/base", "p/ui"]);
    }
}
