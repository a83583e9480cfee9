//! Packages whose build writes files for browsers, and the folders that they write.

use crate::facts::Evidence;
use crate::pack::PackSet;
use crate::parse::json;
use crate::repo::{RelPath, Repo, Source};

/// A package that can build something.
#[derive(Debug)]
pub(super) struct Package {
    pub dir: RelPath,
    /// Folders that its own files name as what the build writes.
    pub outputs: Vec<Output>,
}

#[derive(Clone, Debug)]
pub(super) struct Output {
    pub dir: RelPath,
    pub evidence: Evidence,
}

/// Folders that builds of assets write when nothing says otherwise, relative to the package.
pub(super) const USUAL: &[&str] = &["dist", "build", "out", ".output/public", "public/build"];

/// Scripts that build.
const BUILDS: &[&str] = &[
    "build",
    "build-prod",
    "build:prod",
    "build:app",
    "build:production",
    "release",
    "prod",
    "dist",
    "export",
    "generate",
    "bundle",
    "compile",
];

/// The packages among `dirs` that have a build.
pub(super) fn packages(repo: &Repo, packs: &PackSet, dirs: &[RelPath]) -> Vec<Package> {
    dirs.iter()
        .filter(|dir| super::unseen(packs, dir).is_none())
        .filter_map(|dir| {
            let source = repo.dir(dir).text("package.json")?;
            let tree = json(&source).ok()?;
            let scripts = tree.get("scripts")?;
            BUILDS.iter().find(|name| scripts.get(name).is_some())?;
            Some(Package {
                outputs: outputs(repo, packs, dir),
                dir: dir.clone(),
            })
        })
        .collect()
}

fn outputs(repo: &Repo, packs: &PackSet, dir: &RelPath) -> Vec<Output> {
    let view = repo.dir(dir);
    let mut found: Vec<Output> = Vec::new();
    for rule in packs.roles().flat_map(|roles| &roles.output) {
        let Some(regex) = rule.pattern.regex() else {
            continue;
        };
        for file in files_of(repo, dir, &rule.file.0) {
            let Some(source) = view.text(file.as_str()) else {
                continue;
            };
            for captures in regex.captures_iter(source.text.as_bytes()).take(20) {
                let (Some(all), Some(path)) = (captures.get(0), captures.name("path")) else {
                    continue;
                };
                let Ok(path) = std::str::from_utf8(path.as_bytes()) else {
                    continue;
                };
                // A path in a file of a sub-folder may start at either.
                let own = dir.join(file.parent().unwrap_or_default().as_str());
                for base in [dir.clone(), own] {
                    if let Some(output) = output(&base, path, dir)
                        && !found.iter().any(|known| known.dir == output)
                    {
                        found.push(Output {
                            dir: output,
                            evidence: names(&source, &all.range()),
                        });
                    }
                }
            }
        }
    }
    found
}

fn names(source: &Source, span: &crate::repo::Span) -> Evidence {
    Evidence::span("role/output", source, span, "its build writes there")
}

fn output(base: &RelPath, path: &str, dir: &RelPath) -> Option<RelPath> {
    base.resolve(path.trim_start_matches('/'))
        .filter(|output| output != dir && !output.is_root())
}

/// The files of a folder that globs name, at most two folders down.
pub(super) fn files_of(repo: &Repo, dir: &RelPath, globs: &[crate::pack::Glob]) -> Vec<RelPath> {
    let view = repo.dir(dir);
    let mut files: Vec<RelPath> = Vec::new();
    for glob in globs {
        if let Some(folder) = glob.literal_folder() {
            let view = view.child(folder);
            let all = view
                .files()
                .map(|name| RelPath::root().join(folder).join(name));
            files.extend(all.filter(|file| glob.matches(file.as_str())));
        } else {
            let all = view.walk().take(5_000).filter(|file| file.depth() <= 3);
            files.extend(all.filter(|file| glob.matches(file.as_str())));
        }
    }
    files.sort();
    files.dedup();
    files.truncate(60);
    files
}
