//! Projects that a build backend can turn into an installed package.

use super::Package;
use super::project::Project;
use crate::repo::Dir;

/// The package that a build of the project gives; `None` for a project that is only a folder of
/// sources with dependencies.
pub(super) fn package(view: &Dir<'_>, project: &Project) -> Option<Package> {
    if project.packaged == Some(false) || project.backend.is_none() && project.packaged.is_none() {
        return None;
    }
    let name = project.manifest.name.clone()?;
    let module = name.replace(['-', '.'], "_");
    let lower = module.to_ascii_lowercase();
    let is_there = |dir: &String| view.has_dir(dir) || view.has(&format!("{dir}.py"));
    let mut dirs: Vec<String> = project
        .package_dirs
        .iter()
        .map(|dir| {
            dir.trim_start_matches("./")
                .trim_end_matches(['/', '*'])
                .to_owned()
        })
        .filter(is_there)
        .collect();
    if dirs.is_empty() {
        dirs = [&module, &lower]
            .into_iter()
            .flat_map(|name| [format!("src/{name}"), name.clone()])
            .filter(is_there)
            .take(1)
            .collect();
    }
    if dirs.is_empty() {
        let root = if view.has_dir("src") { "src" } else { "." };
        dirs = packages_in(view, root);
        // Of several folders beside each other no backend guesses which one is meant.
        if root == "." && dirs.len() > 1 {
            return None;
        }
    }
    if dirs.is_empty() {
        return None;
    }
    let backend = project.backend.as_deref().unwrap_or("uv_build");
    let asks_git = |name: &str| {
        project
            .build_requires
            .iter()
            .any(|required| required == name)
    };
    let upper: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect();
    let version_variable = if asks_git("setuptools-scm") || asks_git("hatch-vcs") {
        Some(format!("SETUPTOOLS_SCM_PRETEND_VERSION_FOR_{upper}"))
    } else if asks_git("poetry-dynamic-versioning") {
        Some("POETRY_DYNAMIC_VERSIONING_BYPASS".to_owned())
    } else if backend.starts_with("pdm") && project.dynamic {
        Some("PDM_BUILD_SCM_VERSION".to_owned())
    } else {
        None
    };
    let data = || {
        dirs.iter().any(|dir| {
            view.child(dir)
                .walk()
                .any(|file| !super::is_python(&file) && file.name() != "py.typed")
        })
    };
    let incomplete = backend.contains("setuptools") && !project.package_data && data();
    Some(Package {
        name,
        dirs,
        version_variable,
        incomplete,
    })
}

/// Folders with an `__init__.py` directly below `root`, `src` or `.`.
fn packages_in(view: &Dir<'_>, root: &str) -> Vec<String> {
    let home = if root == "." {
        view.clone()
    } else {
        view.child(root)
    };
    let mut found: Vec<String> = home
        .walk()
        .filter(|file| file.depth() == 2 && file.name() == "__init__.py")
        .filter_map(|file| file.parent())
        .map(|dir| dir.as_str().to_owned())
        .filter(|dir| !matches!(dir.as_str(), "tests" | "test" | "docs"))
        .map(|dir| {
            if root == "." {
                dir
            } else {
                format!("{root}/{dir}")
            }
        })
        .collect();
    found.dedup();
    found
}
