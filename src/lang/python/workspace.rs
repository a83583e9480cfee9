//! Folders with Python in them, and which of them are programs.

use std::sync::LazyLock;

use globset::{Glob, GlobSet, GlobSetBuilder};
use regex::Regex;

use super::project::{self, Project};
use super::requirement::normal;
use super::{dialects, setuptools};
use crate::diag::Diagnostic;
use crate::repo::{Dir, RelPath, Repo};

/// A folder that holds a manifest or a script.
#[derive(Debug)]
pub(super) struct Folder {
    pub dir: RelPath,
    pub project: Project,
    /// There is a manifest and not only a script.
    pub manifest: bool,
}

impl Folder {
    pub(super) fn is_project(&self) -> bool {
        self.manifest
    }

    pub(super) fn name(&self) -> Option<String> {
        self.project.manifest.name.as_deref().map(normal)
    }
}

/// Requirements files that are looked for in a folder `requirements`, the best first.
pub(super) const SPLIT: &[&str] = &["production.txt", "prod.txt", "requirements.txt", "base.txt"];

/// Names of scripts that make a folder without a manifest a program.
const SCRIPTS: &[&str] = &[
    "main.py",
    "app.py",
    "bot.py",
    "server.py",
    "start.py",
    "run.py",
    "worker.py",
    "hello.py",
    "streamlit_app.py",
];

/// Manifests of other languages: a script beside or below one of them is a helper of theirs.
const FOREIGN: &[&str] = &[
    "package.json",
    "go.mod",
    "Cargo.toml",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "Gemfile",
];

/// Reads what stands in the folders. A broken manifest is told and its folder goes on without it.
pub(super) fn folders(
    repo: &Repo,
    dirs: &[RelPath],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Folder> {
    let mut homes: Vec<RelPath> = dirs
        .iter()
        .filter_map(|dir| {
            // requirements/production.txt belongs to the folder above.
            if dir.name() == "requirements" && SPLIT.iter().any(|name| repo.dir(dir).has(name)) {
                return dir.parent();
            }
            Some(dir.clone())
        })
        .filter(|dir| !in_environment(repo, dir))
        .collect();
    homes.sort();
    homes.dedup();
    let mut folders: Vec<Folder> = Vec::new();
    for dir in homes {
        let view = repo.dir(&dir);
        let has_requirements = view.has("requirements.txt")
            || SPLIT
                .iter()
                .any(|name| view.child("requirements").has(name));
        // Django's manage.py in a sub-folder belongs to the project above it.
        let inner = folders
            .iter()
            .any(|above: &Folder| above.manifest && dir.is_in(&above.dir));
        let mut manifest =
            has_requirements || view.has("pylock.toml") || view.has("manage.py") && !inner;
        let declared = if view.has("pyproject.toml") {
            Some(project::pyproject(&view))
        } else if view.has("Pipfile") {
            Some(dialects::pipfile(&view))
        } else {
            setuptools::setuptools(&view).map(Ok)
        };
        manifest |= declared.is_some();
        let project = match declared.transpose() {
            Ok(project) => project.unwrap_or_default(),
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                continue;
            }
        };
        // Without the list of what to install, an image could only be wrong.
        if view.has("requirements.txt") && view.text("requirements.txt").is_none() {
            continue;
        }
        if manifest || is_script_folder(repo, &view, &folders) {
            folders.push(Folder {
                dir,
                project,
                manifest,
            });
        }
    }
    folders
}

/// Inside a virtual environment that somebody made in the tree.
fn in_environment(repo: &Repo, dir: &RelPath) -> bool {
    let mut at = Some(dir.clone());
    while let Some(dir) = at {
        if dir.name() == "site-packages" || repo.dir(&dir).has("pyvenv.cfg") {
            return true;
        }
        at = dir.parent();
    }
    false
}

/// A script makes a folder a program only where nobody else claims it.
fn is_script_folder(repo: &Repo, view: &Dir<'_>, above: &[Folder]) -> bool {
    if !SCRIPTS.iter().any(|name| view.has(name)) {
        return false;
    }
    if view.path.is_root() {
        return true;
    }
    let root = repo.dir(&RelPath::root());
    let foreign = |dir: &Dir<'_>| FOREIGN.iter().any(|name| dir.has(name));
    view.path.depth() == 1
        && !foreign(&root)
        && !foreign(view)
        && !above.iter().any(|folder| view.path.is_in(&folder.dir))
}

/// The folders, by their place in the list, that hold a program to deploy: not the libraries
/// among a workspace's members, nor what another folder installs as its dependency.
pub(super) fn programs(repo: &Repo, folders: &[Folder]) -> Vec<usize> {
    let used: Vec<RelPath> = folders
        .iter()
        .flat_map(|folder| {
            let siblings = folder.project.siblings.iter().filter_map(|name| {
                let found = folders
                    .iter()
                    .find(|other| other.name().as_ref() == Some(name))?;
                Some(found.dir.clone())
            });
            folder.project.local.iter().cloned().chain(siblings)
        })
        .collect();
    let mut programs: Vec<usize> = folders
        .iter()
        .enumerate()
        .filter(|(_, folder)| !used.contains(&folder.dir))
        .filter(|(_, folder)| {
            let nested: Vec<&RelPath> = folders
                .iter()
                .map(|other| &other.dir)
                .filter(|dir| **dir != folder.dir && dir.is_in(&folder.dir))
                .collect();
            is_program(&repo.dir(&folder.dir), folder, &nested)
        })
        .map(|(at, _)| at)
        .collect();
    if programs.is_empty()
        && let Some(first) = folders.iter().position(|folder| {
            folder.manifest && folder.project.members.is_empty() && !used.contains(&folder.dir)
        })
    {
        // Nothing tells what starts it; the plan asks.
        programs.push(first);
    }
    // A folder with nothing but scripts is a helper once there are projects.
    if programs.iter().any(|at| folders[*at].manifest) {
        programs.retain(|at| folders[*at].manifest || folders[*at].dir.is_root());
    }
    programs
}

/// How many files are looked into for an application object, where no name tells.
const PROBE: usize = 400;

/// Names of files in which programs start.
const LIKELY: &[&str] = &[
    "app.py",
    "main.py",
    "asgi.py",
    "wsgi.py",
    "server.py",
    "api.py",
    "worker.py",
    "__init__.py",
];

fn is_program(view: &Dir<'_>, folder: &Folder, nested: &[&RelPath]) -> bool {
    static APP: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?m)^\w+\s*(?::\s*[\w.]+\s*)?=\s*(?:\w+\.)?(?:FastAPI|Flask|Starlette|Litestar|FastHTML|fast_app|Sanic|Quart|Celery|Dash|Bottle|Robyn|Blacksheep|Application|App)\(|^(?:import|from) streamlit|^def (?:create|make)_app\(|^\w+\s*(?::\s*[\w.]+\s*)?=\s*(?:create|make)_app\(|\bgrpc\.(?:aio\.)?server\(|^\s+(?:\w+\.)+run_polling\(",
        )
        .ok()
    });
    if !folder.project.manifest.scripts.is_empty()
        || ["manage.py", "Procfile", "__main__.py"]
            .iter()
            .any(|name| view.has(name))
        || super::entry::root_scripts(view).next().is_some()
    {
        return true;
    }
    let own = |file: &RelPath| {
        nested.is_empty() || {
            let full = view.path.join(file.as_str());
            !nested.iter().any(|dir| full.is_in(dir))
        }
    };
    let mut tried = 0;
    // The likely names first, so that a large project's own budget reaches them.
    let likely = |file: &RelPath| LIKELY.contains(&file.name());
    let (first, rest): (Vec<RelPath>, Vec<RelPath>) = view
        .walk()
        .filter(super::is_python)
        .take(20_000)
        .partition(likely);
    for file in first.into_iter().chain(rest) {
        let beside = file.parent().is_some_and(|dir| {
            dir.parts().any(|part| {
                part.starts_with('.')
                    || matches!(
                        part,
                        "tests" | "test" | "docs" | "examples" | "site-packages" | "node_modules"
                    )
            })
        });
        if beside || file.depth() > 5 || !own(&file) {
            continue;
        }
        if file.name() == "__main__.py" {
            return true;
        }
        tried += 1;
        if tried > PROBE {
            break;
        }
        if let (Some(pattern), Some(source)) = (APP.as_ref(), view.text(file.as_str()))
            && pattern.is_match(&source.text)
        {
            return true;
        }
    }
    false
}

/// The folder of the workspace that `at` is a member of, itself included: its root and members.
pub(super) fn of(folders: &[Folder], at: usize) -> Option<(usize, Vec<usize>)> {
    let dir = &folders[at].dir;
    folders.iter().enumerate().find_map(|(root, folder)| {
        if folder.project.members.is_empty() || !dir.is_in(&folder.dir) {
            return None;
        }
        let members: Vec<usize> = members(folders, root);
        (root == at || members.contains(&at)).then_some((root, members))
    })
}

fn members(folders: &[Folder], root: usize) -> Vec<usize> {
    let home = &folders[root];
    let (Some(included), Some(excluded)) =
        (globs(&home.project.members), globs(&home.project.excluded))
    else {
        return Vec::new();
    };
    folders
        .iter()
        .enumerate()
        .filter(|(at, folder)| {
            *at != root
                && folder.dir.below(&home.dir).is_some_and(|dir| {
                    included.is_match(dir.as_str()) && !excluded.is_match(dir.as_str())
                })
        })
        .map(|(at, _)| at)
        .collect()
}

/// What is no glob matches nothing.
fn globs(texts: &[String]) -> Option<GlobSet> {
    let mut set = GlobSetBuilder::new();
    for text in texts.iter().take(200) {
        let text = text.trim_end_matches('/').trim_start_matches("./");
        if let Ok(glob) = Glob::new(text) {
            set.add(glob);
        }
    }
    set.build().ok()
}

/// The workspace members that a folder depends on, over any number of steps.
pub(super) fn siblings(folders: &[Folder], at: usize) -> Vec<RelPath> {
    let mut found: Vec<usize> = Vec::new();
    let mut todo = vec![at];
    while let Some(next) = todo.pop() {
        for name in &folders[next].project.siblings {
            if let Some(place) = folders
                .iter()
                .position(|other| other.name().as_ref() == Some(name))
                && place != at
                && !found.contains(&place)
            {
                found.push(place);
                todo.push(place);
            }
        }
    }
    let mut dirs: Vec<RelPath> = found
        .iter()
        .map(|place| folders[*place].dir.clone())
        .collect();
    dirs.sort();
    dirs
}
