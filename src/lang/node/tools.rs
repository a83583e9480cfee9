//! Files that name versions of tools: `.nvmrc`, `.node-version`, `.tool-versions`, mise.

use super::package::Package;
use crate::facts::{Evidence, Rank, Slot};
use crate::parse::version::Constraint;
use crate::parse::{Node, toml};
use crate::repo::{Dir, RelPath, Repo};

/// What a project says about the version of Node.js, in its folder and those above: the nearer
/// file counts, and a file for versions before the manifest.
pub(super) fn node(repo: &Repo, dir: &RelPath, packages: &[&Package], slot: &mut Slot<Constraint>) {
    let mut at = Some(dir.clone());
    while let Some(dir) = at {
        let view = repo.dir(&dir);
        version_file(&view, ".nvmrc", slot);
        version_file(&view, ".node-version", slot);
        versions(&view, "node", "nodejs", slot);
        at = dir.parent();
    }
    for package in packages {
        let fields: [(&[&str], Rank); 3] = [
            (&["volta", "node"], Rank::Dedicated),
            (&["devEngines", "runtime", "version"], Rank::Manifest),
            (&["engines", "node"], Rank::Manifest),
        ];
        for (path, rank) in fields {
            let other = path.first() == Some(&"devEngines")
                && package.text(&["devEngines", "runtime", "name"]) != Some("node");
            if !other
                && let Some(text) = package.text(path)
                && let Some(constraint) = Constraint::node(text)
            {
                let why = format!("{} says {text}", path.join("."));
                slot.certain(
                    constraint,
                    rank,
                    package.evidence("node/engines", path, why),
                );
            }
        }
    }
}

/// What a project says about the version of Bun.
pub(super) fn bun(repo: &Repo, dir: &RelPath, package: &Package, slot: &mut Slot<Constraint>) {
    let mut at = Some(dir.clone());
    while let Some(dir) = at {
        let view = repo.dir(&dir);
        version_file(&view, ".bun-version", slot);
        versions(&view, "bun", "bun", slot);
        at = dir.parent();
    }
    if let Some(text) = package.text(&["engines", "bun"])
        && let Some(constraint) = Constraint::node(text)
    {
        let why = format!("engines.bun says {text}");
        let because = package.evidence("node/engines", &["engines", "bun"], why);
        slot.certain(constraint, Rank::Manifest, because);
    }
}

/// A file whose only line is a version.
pub(super) fn version_file(view: &Dir<'_>, name: &str, slot: &mut Slot<Constraint>) {
    let Some(source) = view.text(name) else {
        return;
    };
    let line = source
        .text
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().trim())
        .find(|line| !line.is_empty());
    if let Some(text) = line
        && let Some(constraint) = Constraint::node(text)
    {
        let why = format!("{name} says {text}");
        let because = Evidence::file("node/version-file", source.path.clone(), why);
        slot.certain(constraint, Rank::Dedicated, because);
    }
}

/// `.tool-versions` of asdf, and mise's files. `asdf` and `mise` are the tool's name in each.
pub(super) fn versions(view: &Dir<'_>, mise: &str, asdf: &str, slot: &mut Slot<Constraint>) {
    if let Some(source) = view.text(".tool-versions") {
        for line in source.text.lines() {
            let mut words = line.split_whitespace();
            if let (Some(tool), Some(text)) = (words.next(), words.next())
                && (tool == asdf || tool == mise)
                && let Some(constraint) = Constraint::node(text)
            {
                let span = source.find(line).unwrap_or(0..0);
                let why = format!(".tool-versions says {text}");
                let because = Evidence::span("node/tool-versions", &source, &span, why);
                slot.certain(constraint, Rank::Dedicated, because);
            }
        }
    }
    for name in ["mise.toml", ".mise.toml", ".config/mise.toml"] {
        let Some(source) = view.text(name) else {
            continue;
        };
        let Ok(tree) = toml(&source) else { continue };
        let Some(tool) = tree.at(&["tools", mise]) else {
            continue;
        };
        let version = match &tool.node {
            Node::List(items) => items.first(),
            Node::Table(_) => tool.get("version"),
            _ => Some(tool),
        };
        if let Some(text) = version.and_then(crate::parse::Tree::scalar)
            && let Some(constraint) = Constraint::node(text)
        {
            let why = format!("{name} says {mise} {text}");
            let because = Evidence::span("node/mise", &source, &tool.span, why);
            slot.certain(constraint, Rank::Dedicated, because);
        }
    }
}
