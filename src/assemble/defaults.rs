//! The file that a program reads when nobody names another one, from where its repository keeps it.

use crate::facts::Kind;
use crate::plan::{Copy, Resolver, RunStage};
use crate::repo::{RelPath, Repo};

/// Copies the repository's file to where the program looks for it; a command-line tool is given
/// one by whoever runs it.
pub(super) fn copy(
    repo: &Repo,
    resolver: &mut Resolver<'_>,
    kind: Kind,
    run: &mut RunStage,
    needed: &mut Vec<String>,
) {
    let component = resolver.component;
    if kind == Kind::Cli || !component.facts.files.is_empty() {
        return;
    }
    let mut files = component.facts.default_files.iter();
    let Some((found, file)) = files.find_map(|found| {
        let file = kept(repo, &component.dir, &found.value)?;
        Some((found, file))
    }) else {
        return;
    };
    let to = if found.value.starts_with('/') {
        found.value.clone()
    } else {
        format!("./{}", found.value.trim_start_matches("./"))
    };
    needed.push(file.to_string());
    run.steps.push(Copy::context(file.to_string(), to).into());
    let because = found.evidence.clone();
    resolver.decide("configuration", &file, found.confidence, because);
}

/// The file at the path itself, else the only one of its name that lies least deep and is no test's.
fn kept(repo: &Repo, dir: &RelPath, path: &str) -> Option<RelPath> {
    if let Some(own) = dir.resolve(path).filter(|own| repo.has(own)) {
        return Some(own);
    }
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    let aside = |file: &RelPath| {
        file.parts().any(|part| {
            part.contains("test") || matches!(part, ".github" | "vendor" | "node_modules")
        })
    };
    let files: Vec<&RelPath> = repo
        .files_in(dir)
        .filter(|file| file.name() == name && !aside(file))
        .take(200)
        .collect();
    let least = files.iter().map(|file| file.depth()).min()?;
    let mut nearest = files.into_iter().filter(|file| file.depth() == least);
    match (nearest.next(), nearest.next()) {
        (Some(only), None) => Some(only.clone()),
        _ => None,
    }
}
