//! The configuration that an application ships: `application.properties` and its YAML form, read
//! by Spring Boot, Quarkus and Micronaut alike.

use crate::diag::{Diagnostic, Location};
use crate::lang::Script;
use crate::parse::{Node, Tree, yaml_documents};
use crate::repo::{Dir, RelPath, Repo, Source};

/// Where the frameworks look, the stronger first; `*` stands for `application` or its form for one
/// profile.
/// From general knowledge; documented in Spring Boot's reference, "External Application Properties"; properties win over YAML.
const FILES: &[&str] = &[
    "src/main/resources/config/*.properties",
    "src/main/resources/config/*.yml",
    "src/main/resources/config/*.yaml",
    "src/main/resources/*.properties",
    "src/main/resources/*.yml",
    "src/main/resources/*.yaml",
];

/// The folder of files by other names, and how the names begin of those that are something else.
const RESOURCES: &str = "src/main/resources";
const NOT_SETTINGS: &[&str] = &["application", "messages", "ValidationMessages", "log"];

/// Keys that are kept; a longer file is cut there.
const MAX_KEYS: usize = 2_000;

/// Files by other names that are read of one program, and profiles that are followed.
const MAX_OTHERS: usize = 50;
const MAX_PROFILES: usize = 20;

/// The settings of one part of a file, and the profile that it is for.
struct Document {
    settings: Vec<Script>,
    profile: Option<String>,
}

/// Every key with its value, the stronger file first: those of the component and, where it has no
/// file of that name, of the modules in `code` that it is made of. The profiles that are active
/// when nothing else is said count; `${key:default}` becomes the value of a key that is known, and
/// `@name@` in the list of profiles that of a property in `filter`, which the build puts there.
pub(super) fn settings(
    repo: &Repo,
    component: &RelPath,
    code: &[RelPath],
    filter: &[(String, String)],
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Script> {
    let dirs: Vec<Dir<'_>> = std::iter::once(component)
        .chain(code)
        .map(|dir| repo.dir(dir))
        .collect();
    let mut read = |stem: &str| -> Vec<Document> {
        FILES
            .iter()
            .filter_map(|file| {
                let file = file.replace('*', stem);
                dirs.iter().find_map(|dir| dir.text(&file))
            })
            .flat_map(|source| match documents(&source) {
                Ok(found) => found,
                Err(diagnostic) => {
                    diagnostics.push(diagnostic);
                    Vec::new()
                }
            })
            .collect()
    };
    let base = read("application");
    let profiles = profiles(&merged(&base, &[]), filter);
    // The last of the profiles is the strongest.
    let mut all: Vec<Document> = profiles
        .iter()
        .rev()
        .flat_map(|profile| read(&format!("application-{profile}")))
        .collect();
    all.extend(base);
    let mut settings = merged(&all, &profiles);
    if !has_port(&settings) {
        add(&mut settings, by_another_name(&dirs, &profiles));
    }
    replace_keys(&mut settings);
    settings
}

fn has_port(settings: &[Script]) -> bool {
    settings.iter().any(|setting| setting.name == "server.port")
}

/// Adds what is not set yet.
fn add(settings: &mut Vec<Script>, weaker: Vec<Script>) {
    for setting in weaker {
        if settings.len() < MAX_KEYS && !settings.iter().any(|old| old.name == setting.name) {
            settings.push(setting);
        }
    }
}

/// What the documents set that count with these profiles, the strongest first.
fn merged(documents: &[Document], profiles: &[String]) -> Vec<Script> {
    let mut settings = Vec::new();
    for document in documents {
        let counts =
            document
                .profile
                .as_deref()
                .is_none_or(|wanted| match wanted.strip_prefix('!') {
                    Some(other) => !profiles.iter().any(|profile| profile == other),
                    None => profiles.iter().any(|profile| profile == wanted),
                });
        if counts {
            add(&mut settings, document.settings.clone());
        }
    }
    settings
}

/// Profiles that the settings themselves switch on.
fn profiles(settings: &[Script], filter: &[(String, String)]) -> Vec<String> {
    ["spring.profiles.active", "spring.profiles.include"]
        .iter()
        .filter_map(|key| settings.iter().find(|setting| setting.name == *key))
        .flat_map(|setting| {
            let value = setting.body.as_str();
            let property = value
                .strip_prefix('@')
                .and_then(|rest| rest.strip_suffix('@'))
                .and_then(|name| filter.iter().find(|(known, _)| known == name))
                .map(|(_, value)| value.as_str());
            let default = value
                .strip_prefix("${")
                .and_then(|rest| rest.strip_suffix('}')?.split_once(':'))
                .map(|(_, default)| default);
            property
                .or(default)
                .unwrap_or(value)
                .split(',')
                .map(str::trim)
        })
        .filter(|name| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        })
        .take(MAX_PROFILES)
        .map(str::to_owned)
        .collect()
}

/// Settings in a file that the program asks for by a name of its own: the first that has the port,
/// one that is called a server's before others.
fn by_another_name(dirs: &[Dir<'_>], profiles: &[String]) -> Vec<Script> {
    let mut files: Vec<(bool, Source)> = dirs
        .iter()
        .filter(|dir| dir.has_dir(RESOURCES))
        .flat_map(|dir| {
            let folder = dir.child(RESOURCES);
            let mut names: Vec<String> = folder
                .files()
                .filter(|name| {
                    matches!(
                        name.rsplit_once('.'),
                        Some((_, "properties" | "yml" | "yaml"))
                    ) && !NOT_SETTINGS.iter().any(|start| name.starts_with(start))
                })
                .map(str::to_owned)
                .collect();
            names.sort();
            names
                .into_iter()
                .filter_map(move |name| Some((!name.contains("server"), folder.text(&name)?)))
        })
        .take(MAX_OTHERS)
        .collect();
    files.sort_by_key(|(other, _)| *other);
    files
        .iter()
        // Such a file may as well be something else: what cannot be read is none of the settings.
        .filter_map(|(_, source)| Some(merged(&documents(source).ok()?, profiles)))
        .find(|settings| has_port(settings))
        .unwrap_or_default()
}

/// Puts the values of known keys in the place of `${key}` and `${key:default}`; what may be a
/// variable stays.
fn replace_keys(settings: &mut [Script]) {
    for at in 0..settings.len() {
        let Some(inner) = settings[at]
            .body
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'))
        else {
            continue;
        };
        let (key, default) = match inner.split_once(':') {
            Some((key, default)) => (key, Some(default.to_owned())),
            None => (inner, None),
        };
        let known = settings
            .iter()
            .find(|setting| setting.name == key)
            .map(|setting| setting.body.clone());
        let is_key = key.contains('.');
        if let Some(value) = known.or(default.filter(|_| is_key)) {
            settings[at].body = value;
        }
    }
}

/// The parts of a file, the strongest first.
fn documents(source: &Source) -> Result<Vec<Document>, Diagnostic> {
    let mut found: Vec<Vec<Script>> = if source.path.name().ends_with(".properties") {
        vec![properties(source)]
    } else {
        yaml_documents(source)?
            .iter()
            .map(|tree| {
                let mut found = Vec::new();
                flatten(tree, "", source, &mut found);
                found
            })
            .collect()
    };
    // A later part overrides an earlier one.
    found.reverse();
    Ok(found
        .into_iter()
        .map(|settings| Document {
            profile: settings
                .iter()
                .find(|setting| {
                    matches!(
                        setting.name.as_str(),
                        "spring.config.activate.on-profile" | "spring.profiles"
                    )
                })
                .map(|setting| setting.body.clone()),
            settings,
        })
        .collect())
}

/// Spring takes `contextPath` and `context-path` for the same.
fn kebab(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut before = '.';
    for c in key.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            out.push('-');
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
        before = c;
    }
    out
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
            name: kebab(key.trim()),
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
        name: kebab(key),
        body: value.to_owned(),
        at: Location::file(source.path.clone()),
    }
}

#[cfg(test)]
mod tests;
