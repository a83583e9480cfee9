//! The configuration that an application ships: `application.properties` and its YAML form, read
//! by Spring Boot, Quarkus and Micronaut alike.

use crate::diag::{Diagnostic, Location, Result};
use crate::lang::Script;
use crate::parse::{Node, Tree, yaml};
use crate::repo::{Dir, Source};

/// Where the frameworks look, the stronger first.
/// From general knowledge; documented in Spring Boot's reference, "External Application Properties"; properties win over YAML.
const FILES: &[&str] = &[
    "src/main/resources/config/application.properties",
    "src/main/resources/config/application.yml",
    "src/main/resources/config/application.yaml",
    "src/main/resources/application.properties",
    "src/main/resources/application.yml",
    "src/main/resources/application.yaml",
];

/// The profiles that are active when nobody names others.
const ACTIVE: &str = "spring.profiles.active";
/// Profiles that are looked at.
const MAX_PROFILES: usize = 8;

/// Keys that are kept; a longer file is cut there.
const MAX_KEYS: usize = 2_000;

/// Every key with its value as written, the stronger file first.
pub(super) fn settings(module: &Dir<'_>, diagnostics: &mut Vec<Diagnostic>) -> Vec<Script> {
    let mut settings = read(module, "", diagnostics);
    let active = settings.iter().find(|setting| setting.name == ACTIVE);
    let active = active
        .map(|setting| setting.body.clone())
        .unwrap_or_default();
    // A later profile's files are stronger than an earlier one's, and all are than those of none.
    for profile in active.split(',').map(str::trim).take(MAX_PROFILES) {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if profile.is_empty() || !profile.chars().all(plain) {
            continue;
        }
        let mut stronger = read(module, &format!("-{profile}"), diagnostics);
        settings.retain(|old| !stronger.iter().any(|new| new.name == old.name));
        stronger.append(&mut settings);
        settings = stronger;
    }
    settings.truncate(MAX_KEYS);
    settings
}

/// The keys of the files whose names end like this before the dot.
fn read(module: &Dir<'_>, ending: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Script> {
    let mut settings: Vec<Script> = Vec::new();
    for file in FILES {
        let file = file.replace("application.", &format!("application{ending}."));
        let Some(source) = module.text(&file) else {
            continue;
        };
        let found = if file.ends_with(".properties") {
            properties(&source)
        } else {
            match documents(&source) {
                Ok(found) => found,
                Err(diagnostic) => {
                    diagnostics.push(diagnostic);
                    continue;
                }
            }
        };
        for setting in found {
            if settings.len() < MAX_KEYS && !settings.iter().any(|old| old.name == setting.name) {
                settings.push(setting);
            }
        }
    }
    settings
}

/// The keys of all documents of a YAML file that hold in every profile; a later one is stronger.
fn documents(source: &Source) -> Result<Vec<Script>> {
    let mut settings: Vec<Script> = Vec::new();
    for (place, text) in source.text.split("\n---").take(MAX_PROFILES).enumerate() {
        let document = Source::new(source.path.clone(), text.to_owned());
        let tree = match yaml(&document) {
            Ok(tree) => tree,
            // Positions hold in the first one only.
            Err(diagnostic) if place == 0 => return Err(diagnostic),
            Err(_) => continue,
        };
        let mut found = Vec::new();
        flatten(&tree, "", source, &mut found);
        let some_only = |key: &Script| {
            matches!(
                key.name.as_str(),
                "spring.config.activate.on-profile" | "spring.profiles"
            )
        };
        if found.iter().any(some_only) {
            continue;
        }
        settings.retain(|old| !found.iter().any(|new| new.name == old.name));
        settings.append(&mut found);
    }
    Ok(settings)
}

/// Lines of `key=value`, `key: value` or `key value`; a backslash at the end continues a line.
fn properties(source: &Source) -> Vec<Script> {
    let mut found = Vec::new();
    let mut lines = source.text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mut line = line.trim().to_owned();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        while line.ends_with('\\') {
            line.pop();
            let Some((_, next)) = lines.next() else { break };
            line.push_str(next.trim());
        }
        let (key, value) = line
            .split_once(['=', ':', ' '])
            .unwrap_or((line.as_str(), ""));
        found.push(Script {
            name: key.trim().to_owned(),
            body: value.trim_start_matches(['=', ':', ' ']).trim().to_owned(),
            at: Location {
                path: source.path.clone(),
                line: Some(number + 1),
                column: Some(1),
            },
        });
    }
    found.truncate(MAX_KEYS);
    found
}

fn flatten(tree: &Tree, key: &str, source: &Source, found: &mut Vec<Script>) {
    if found.len() >= MAX_KEYS {
        return;
    }
    match &tree.node {
        Node::Table(entries) => {
            for (name, value) in entries {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                if key.len() < 200 {
                    flatten(value, &key, source, found);
                }
            }
        }
        Node::Text(text) | Node::Number(text) => found.push(setting(key, text, source)),
        Node::Bool(value) => {
            found.push(setting(key, if *value { "true" } else { "false" }, source));
        }
        Node::List(_) | Node::Null => {}
    }
}

/// YAML gives no places: the file stands for the line.
fn setting(key: &str, value: &str, source: &Source) -> Script {
    Script {
        name: key.to_owned(),
        body: value.to_owned(),
        at: Location::file(source.path.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{RelPath, Repo};

    #[test]
    fn both_forms_give_the_same_keys() {
        let repo = Repo::from_files([
            (
                "src/main/resources/application.properties",
                "# c\nserver.port = ${PORT:8080}\nspring.application.name:demo\nlong=a\\\n  b\nflag\n",
            ),
            (
                "src/main/resources/application.yml",
                "server:\n  port: 9090\n  servlet:\n    context-path: /api\nmanagement.server.port: 9000\n",
            ),
        ]);
        let mut diagnostics = Vec::new();
        let settings = settings(&repo.dir(&RelPath::root()), &mut diagnostics);
        let get = |key: &str| {
            settings
                .iter()
                .find(|s| s.name == key)
                .map(|s| s.body.as_str())
        };
        assert_eq!(get("server.port"), Some("${PORT:8080}"));
        assert_eq!(get("spring.application.name"), Some("demo"));
        assert_eq!(get("long"), Some("ab"));
        assert_eq!(get("server.servlet.context-path"), Some("/api"));
        assert_eq!(get("management.server.port"), Some("9000"));
        assert!(diagnostics.is_empty());
    }

    #[test]
    fn the_profile_that_is_active_by_default_is_stronger() {
        let repo = Repo::from_files([
            (
                "src/main/resources/application.yml",
                "spring.profiles.active: dev\nserver.port: 80\na: b\n",
            ),
            (
                "src/main/resources/application-dev.yml",
                "server.port: 8085\n",
            ),
        ]);
        let settings = settings(&repo.dir(&RelPath::root()), &mut Vec::new());
        let get = |key: &str| settings.iter().find(|s| s.name == key).map(|s| &s.body[..]);
        assert_eq!((get("server.port"), get("a")), (Some("8085"), Some("b")));
    }
}
