//! Which Python a project asks for, and which versions of its tools.

use crate::facts::{Evidence, Rank, Slot};
use crate::parse::version::Constraint;
use crate::parse::{Tree, toml};
use crate::repo::{Dir, Source};

/// Files that name the interpreter, in the order of their weight among equals: the nearer and
/// the more exact first.
pub(super) fn version_files(view: &Dir<'_>, root: &Dir<'_>, slot: &mut Slot<Constraint>) {
    let mut dirs = vec![view];
    if root.path != view.path {
        dirs.push(root);
    }
    for dir in dirs {
        if let Some(source) = dir.text(".python-version") {
            dedicated(slot, &source, first_line(&source), ".python-version");
        }
        if let Some(source) = dir.text("runtime.txt") {
            dedicated(slot, &source, first_line(&source), "runtime.txt");
        }
        for (file, version) in tool_versions(dir, "python") {
            let name = file.path.name().to_owned();
            dedicated(slot, &file, Some(version), &name);
        }
    }
}

fn dedicated(slot: &mut Slot<Constraint>, file: &Source, text: Option<String>, name: &str) {
    let Some(text) = text else {
        return;
    };
    // `3.13t` is the build without the interpreter's lock, of which there is no image.
    let constraint = match text.as_str() {
        "latest" => Some(Constraint::Latest("latest".to_owned())),
        text => Constraint::python(text.trim_end_matches('t')),
    };
    if let Some(constraint) = constraint {
        let at = file.find(&text).unwrap_or(0..0);
        let why = format!("{name} names Python {text}");
        slot.certain(
            constraint,
            Rank::Dedicated,
            Evidence::span("python/version-file", file, &at, why),
        );
    }
}

/// The first line that is no comment. Several versions are for tools that test with all of them.
fn first_line(source: &Source) -> Option<String> {
    source
        .text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
}

/// What mise and asdf say of a tool: the lock file first, since it holds what `latest` means.
pub(super) fn tool_versions(dir: &Dir<'_>, tool: &str) -> Vec<(Source, String)> {
    let mut found = Vec::new();
    for name in ["mise.lock", "mise.toml", ".mise.toml"] {
        let Some(source) = dir.text(name) else {
            continue;
        };
        let Ok(tree) = toml(&source) else {
            continue;
        };
        let wanted = tree.at(&["tools", tool]).and_then(|wanted| {
            let wanted = wanted.items().first().unwrap_or(wanted);
            wanted
                .scalar()
                .or_else(|| wanted.get("version").and_then(Tree::scalar))
        });
        if let Some(version) = wanted.map(str::to_owned) {
            found.push((source, version));
        }
    }
    if let Some(source) = dir.text(".tool-versions") {
        let version = source.text.lines().find_map(|line| {
            let mut words = line.split('#').next()?.split_whitespace();
            (words.next()? == tool).then(|| words.next())?
        });
        if let Some(version) = version.map(str::to_owned) {
            found.push((source, version));
        }
    }
    found
}

/// The manifest's constraint.
pub(super) fn manifest(python: Option<&(String, Evidence)>, slot: &mut Slot<Constraint>) {
    if let Some((text, evidence)) = python
        && let Some(constraint) = Constraint::python(text)
    {
        slot.certain(constraint, Rank::Manifest, evidence.clone());
    }
}
