//! Where things stand in the build stage: manifests, what stands in for sources, paths.

use serde::Serialize;

use crate::lang::rust::RustModel;
use crate::plan::CopyStep;
use crate::repo::RelPath;

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct StandIns {
    pub folders: Vec<String>,
    pub libraries: Vec<String>,
    /// The program that is built.
    pub main: String,
    /// Build scripts, and other programs that cargo looks for.
    pub mains: Vec<String>,
    /// A lint refuses what has no documentation.
    pub documented: bool,
}

/// One COPY of all manifests, which keeps their folders where there are several, and one for each
/// folder of sources that crates need.
pub(super) fn manifests(model: &RustModel, root: &RelPath, top: &str) -> (Vec<CopyStep>, bool) {
    let parents = model
        .manifests
        .iter()
        .any(|path| path.parent().as_ref() != Some(root));
    // `/./` marks where the kept part of a path begins.
    let from = |path: &RelPath| match path.below(root) {
        Some(below) if parents && !root.is_root() => format!("{root}/./{below}"),
        _ => path.to_string(),
    };
    let mut steps = vec![CopyStep {
        from: model.manifests.iter().map(from).collect(),
        to: top.to_owned(),
    }];
    for folder in &model.sources {
        let below = folder.below(root).unwrap_or_default();
        let base = top.trim_start_matches("./");
        steps.push(CopyStep {
            from: vec![folder.to_string()],
            to: format!("{base}{below}/"),
        });
    }
    (steps, parents)
}

pub(super) fn stand_ins(model: &RustModel, main: &RelPath) -> StandIns {
    let seen = |path: &RelPath| seen_from(&model.cargo_dir, path);
    let mains: Vec<&RelPath> = model.mains.iter().filter(|path| *path != main).collect();
    let mut folders: Vec<String> = model
        .libraries
        .iter()
        .chain(mains.iter().copied())
        .chain([main])
        .filter_map(RelPath::parent)
        .filter(|dir| *dir != model.cargo_dir)
        .map(|dir| seen(&dir))
        .collect();
    if folders.is_empty() {
        folders.push(".".to_owned());
    }
    folders.sort();
    folders.dedup();
    StandIns {
        folders,
        libraries: model.libraries.iter().map(seen).collect(),
        main: seen(main),
        mains: mains.into_iter().map(seen).collect(),
        documented: model.documented,
    }
}

/// A path as seen from a folder, with `..` where it is not below it.
pub(super) fn seen_from(dir: &RelPath, path: &RelPath) -> String {
    let shared = dir
        .parts()
        .zip(path.parts())
        .take_while(|(left, right)| left == right)
        .count();
    let up = std::iter::repeat_n("..", dir.depth() - shared);
    up.chain(path.parts().skip(shared))
        .collect::<Vec<_>>()
        .join("/")
}

pub(super) fn inside(dir: &str, below: &RelPath) -> String {
    if below.is_root() {
        dir.to_owned()
    } else {
        format!("{dir}/{below}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_a_folder() {
        let path = |text: &str| RelPath::new(text).unwrap();
        assert_eq!(seen_from(&path(""), &path("src/main.rs")), "src/main.rs");
        assert_eq!(seen_from(&path("api"), &path("api/build.rs")), "build.rs");
        assert_eq!(
            seen_from(&path("a/b"), &path("a/lib/src/lib.rs")),
            "../lib/src/lib.rs"
        );
    }
}
