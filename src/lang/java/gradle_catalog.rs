//! Gradle's version catalog.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::parse::{Tree, toml};
use crate::repo::Dir;

/// Plugins' ids or libraries' names by alias, and versions.
#[derive(Default)]
pub(super) struct CatalogOfVersions {
    pub plugins: BTreeMap<String, (String, String)>,
    pub libraries: BTreeMap<String, (String, String)>,
}

/// `gradle/libs.versions.toml`.
pub(super) fn catalog(root: &Dir<'_>, diagnostics: &mut Vec<Diagnostic>) -> CatalogOfVersions {
    let mut catalog = CatalogOfVersions::default();
    let Some(source) = root.text("gradle/libs.versions.toml") else {
        return catalog;
    };
    let tree = match toml(&source) {
        Ok(tree) => tree,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return catalog;
        }
    };
    let entries = |table: &str| tree.get(table).map(Tree::entries).unwrap_or_default();
    let version = |entry: &Tree| -> String {
        let version = entry.get("version");
        version
            .and_then(|version| version.text())
            .or_else(|| {
                let name = version?.get("ref")?.text()?;
                tree.at(&["versions", name])?.text()
            })
            .unwrap_or_default()
            .to_owned()
    };
    for (alias, entry) in entries("plugins") {
        let pair = match entry.text().and_then(|text| text.split_once(':')) {
            Some((id, version)) => Some((id.to_owned(), version.to_owned())),
            None => entry
                .get("id")
                .and_then(|id| id.text())
                .map(|id| (id.to_owned(), version(entry))),
        };
        catalog
            .plugins
            .extend(pair.map(|pair| (alias_key(alias), pair)));
    }
    for (alias, entry) in entries("libraries") {
        let text = entry.text().or_else(|| entry.get("module")?.text());
        let pair = match text {
            Some(text) => {
                let mut parts = text.splitn(3, ':');
                match (parts.next(), parts.next()) {
                    (Some(group), Some(artifact)) => Some((
                        format!("{group}:{artifact}"),
                        parts.next().map_or_else(|| version(entry), str::to_owned),
                    )),
                    _ => None,
                }
            }
            None => entry
                .get("group")
                .and_then(|group| group.text())
                .zip(entry.get("name").and_then(|name| name.text()))
                .map(|(group, name)| (format!("{group}:{name}"), version(entry))),
        };
        catalog
            .libraries
            .extend(pair.map(|pair| (alias_key(alias), pair)));
    }
    catalog
}

/// `-`, `_` and `.` are one and the same in an alias.
pub(super) fn alias_key(alias: &str) -> String {
    alias.replace(['-', '_'], ".")
}
