//! Packages whose build writes files for browsers, and the folders that they write.

use crate::facts::{BUILD_SCRIPTS, Evidence};
use crate::pack::PackSet;
use crate::parse::{Tree, json};
use crate::repo::{RelPath, Repo, Source};

/// A package that can build something.
#[derive(Debug)]
pub(super) struct Package {
    pub dir: RelPath,
    /// The script that builds, where nothing says that another one does.
    pub script: &'static str,
    /// Folders that its own files name as what the build writes.
    pub outputs: Vec<Output>,
}

impl Package {
    /// The script whose run writes a folder.
    pub(super) fn script_of(&self, output: &RelPath) -> String {
        self.outputs
            .iter()
            .find(|known| known.dir == *output)
            .and_then(|known| known.script.clone())
            .unwrap_or_else(|| self.script.to_owned())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Output {
    pub dir: RelPath,
    /// The file in it that the build writes, when it stands among others of the repository's own.
    pub file: Option<RelPath>,
    /// The script that names it, when the manifest does.
    pub script: Option<String>,
    pub evidence: Evidence,
}

/// Folders that builds of assets write when nothing says otherwise, relative to the package.
pub(super) const USUAL: &[&str] = &["dist", "build", "out", ".output/public", "public/build"];

/// The packages among `dirs` that have a build.
pub(super) fn packages(repo: &Repo, packs: &PackSet, dirs: &[RelPath]) -> Vec<Package> {
    dirs.iter()
        .filter(|dir| super::unseen(packs, dir).is_none())
        .filter_map(|dir| {
            let source = repo.dir(dir).text("package.json")?;
            let tree = json(&source).ok()?;
            let scripts = tree.get("scripts")?;
            let script = BUILD_SCRIPTS
                .iter()
                .find(|name| scripts.get(name).is_some())?;
            Some(Package {
                outputs: outputs(repo, packs, dir, scripts),
                script,
                dir: dir.clone(),
            })
        })
        .collect()
}

fn outputs(repo: &Repo, packs: &PackSet, dir: &RelPath, scripts: &Tree) -> Vec<Output> {
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
                        && let Some((folder, file)) = folder_and_file(output, dir)
                        && !found.iter().any(|known| known.dir == folder)
                    {
                        found.push(Output {
                            dir: folder,
                            file,
                            script: script_with(scripts, all.as_bytes()),
                            evidence: names(&source, &all.range()),
                        });
                    }
                }
            }
        }
    }
    found
}

/// What a build writes is a folder, or a file that browsers get in one.
fn folder_and_file(output: RelPath, package: &RelPath) -> Option<(RelPath, Option<RelPath>)> {
    let ending = output.name().rsplit_once('.').map(|(_, ending)| ending);
    match ending {
        Some("js" | "mjs" | "css") => {
            let folder = output.parent().filter(|folder| folder != package)?;
            Some((folder, Some(output)))
        }
        _ => Some((output, None)),
    }
}

/// The script of a manifest whose text a match is, when it builds: `watch` and `dev` write the same
/// folders.
fn script_with(scripts: &Tree, text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    BUILD_SCRIPTS
        .iter()
        .find(|name| {
            let body = scripts.get(name).and_then(Tree::text);
            body.is_some_and(|body| body.contains(text))
        })
        .map(|name| (*name).to_owned())
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
