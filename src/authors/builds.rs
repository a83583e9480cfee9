//! Build lines: what `go build`, `cargo build`, Maven, Gradle and package managers are told, in
//! whatever file the line stands.

use std::collections::BTreeMap;

use super::said::{Item, LinkValue};
use super::shell::{Simple, commands, expand};

/// What a command's build switches say; nothing for a command that builds nothing.
pub(super) fn read(command: &Simple, values: &BTreeMap<String, String>) -> Vec<Item> {
    let mut words = command.words.as_slice();
    // `xx-go build`, `env A=b go build`.
    while let Some((first, rest)) = words.split_first() {
        let passes = matches!(first.as_str(), "env" | "exec" | "time" | "nice" | "sudo")
            || !first.starts_with('-') && first.contains('=');
        if !passes {
            break;
        }
        words = rest;
    }
    let Some((program, rest)) = words.split_first() else {
        return Vec::new();
    };
    let program = program.rsplit('/').next().unwrap_or(program);
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let mut items = match (program, rest.as_slice()) {
        ("go" | "xx-go" | "$(GO)" | "${GO}" | "$GO", ["build" | "install", rest @ ..]) => {
            go(rest, values)
        }
        ("cargo" | "xx-cargo" | "cross", ["build" | "install" | "b" | "auditable", rest @ ..]) => {
            cargo(rest, values)
        }
        ("mvn" | "mvnw" | "gradle" | "gradlew", rest) => java(rest, values),
        ("npm" | "pnpm" | "yarn" | "bun", rest) => script(program, rest, values),
        _ => return Vec::new(),
    };
    for (name, value) in &command.assigned {
        if let Some(value) = expand(value, values) {
            items.push(Item::BuildEnv(name.clone(), value));
        }
    }
    items
}

/// The values of flags in both forms, `-x v` and `-x=v`.
fn flag<'w>(words: &'w [&'w str], names: &[&str]) -> Vec<&'w str> {
    let mut all = Vec::new();
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        if names.contains(&word) {
            all.extend(words.peek().copied());
        } else if let Some((name, value)) = word.split_once('=')
            && names.contains(&name)
        {
            all.push(value);
        }
    }
    all
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', '\t', '\n'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

fn go(words: &[&str], values: &BTreeMap<String, String>) -> Vec<Item> {
    let mut items = Vec::new();
    for tags in flag(words, &["-tags", "--tags"]) {
        items.extend(tags_of(tags, values));
    }
    for flags in flag(words, &["-ldflags", "--ldflags"]) {
        items.extend(links(flags));
    }
    for package in words.iter().rev().take_while(|word| !word.starts_with('-')) {
        let local = *package == "." || package.starts_with("./") || package.starts_with("cmd/");
        if local && !package.contains(['$', '*', '{']) && !package.ends_with("...") {
            items.push(Item::Main((*package).to_owned()));
        }
    }
    items
}

/// Go build tags in a text; those that need a value that is not known are left out.
pub(super) fn tags_of(text: &str, values: &BTreeMap<String, String>) -> Vec<Item> {
    expand(text, values)
        .iter()
        .flat_map(|text| list(text))
        .filter(|tag| is_word(tag))
        .map(|tag| Item::Tag(tag.to_owned()))
        .collect()
}

/// The `-X` of linker flags. The value decides what the variable is; no value is taken over.
pub(super) fn links(text: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let word = word.trim_matches(['"', '\'']);
        let setting = match word.strip_prefix("-X") {
            Some("") => words.next().unwrap_or_default(),
            Some(joined) => joined.trim_start_matches('='),
            None => continue,
        };
        let setting = setting.trim_matches(['"', '\'']);
        let Some((variable, value)) = setting.split_once('=') else {
            continue;
        };
        let last = variable.rsplit('.').next().unwrap_or_default();
        let plain = variable
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._/-".contains(&b));
        if !plain || last.is_empty() || !variable.contains('.') {
            continue;
        }
        let both = format!("{last} {value}").to_lowercase();
        let other = [
            "commit", "revision", "date", "branch", "user", "sha", "time", "builtby",
        ]
        .iter()
        .any(|word| last.to_lowercase().contains(word));
        let is_version =
            !other && (both.contains("version") || value.to_lowercase().contains("tag"));
        let kind = if is_version {
            LinkValue::Version
        } else {
            LinkValue::Other
        };
        items.push(Item::Link(variable.to_owned(), kind));
    }
    items
}

fn cargo(words: &[&str], values: &BTreeMap<String, String>) -> Vec<Item> {
    let mut items = Vec::new();
    for features in flag(words, &["--features", "-F"]) {
        let known = expand(features, values);
        items.extend(
            known
                .iter()
                .flat_map(|text| list(text))
                .filter(|feature| *feature != "default" && is_word(feature))
                .map(|feature| Item::Feature(feature.to_owned())),
        );
    }
    for name in flag(words, &["--bin", "--package", "-p"]) {
        if is_word(name) {
            items.push(Item::Main(name.to_owned()));
        }
    }
    items
}

fn java(words: &[&str], values: &BTreeMap<String, String>) -> Vec<Item> {
    let mut items = Vec::new();
    for word in words {
        let word = expand(word, values).unwrap_or_default();
        if let Some(profiles) = word.strip_prefix("-P") {
            items.extend(
                list(profiles)
                    .filter(|profile| {
                        profile
                            .bytes()
                            .all(|b| b.is_ascii_alphanumeric() || b"._=-!".contains(&b))
                    })
                    .map(|profile| Item::Profile(profile.to_owned())),
            );
        }
    }
    items
}

/// Commands of package managers that are no scripts.
const NO_SCRIPTS: &[&str] = &[
    "install",
    "i",
    "ci",
    "add",
    "exec",
    "dlx",
    "x",
    "prune",
    "rebuild",
    "config",
    "set",
    "cache",
    "fetch",
    "deploy",
    "workspaces",
    "workspace",
    "create",
    "global",
    "up",
    "update",
    "pm",
    "why",
    "start",
    "test",
    "version",
    "pack",
    "publish",
    "link",
    "dedupe",
    "store",
    "import",
    "plugin",
];

fn script(program: &str, words: &[&str], values: &BTreeMap<String, String>) -> Vec<Item> {
    let mut words = words.iter().copied();
    let mut items = Vec::new();
    let mut name = None;
    while let Some(word) = words.next() {
        match word {
            "run" | "run-script" if name.is_none() => {
                name = words.by_ref().find(|word| !word.starts_with('-'));
                break;
            }
            "--filter" | "-F" | "--workspace" | "-w" | "-C" | "--dir" | "--prefix" | "--cwd" => {
                words.next();
            }
            word if word.starts_with('-') => {}
            word => {
                if program != "npm" && !NO_SCRIPTS.contains(&word) {
                    name = Some(word);
                }
                break;
            }
        }
    }
    if let Some(name) = name.and_then(|name| expand(name, values))
        && name.contains("build")
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b":._-".contains(&b))
    {
        items.push(Item::BuildScript(name));
    }
    items
}

/// A word that is safe as an argument of a tool.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_./+-".contains(&b))
}

/// All build lines of a text, each with the offset of its command.
pub(super) fn lines(text: &str, values: &BTreeMap<String, String>) -> Vec<(usize, Vec<Item>)> {
    commands(text)
        .iter()
        .map(|command| (command.at, read(command, values)))
        .filter(|(_, items)| !items.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(text: &str) -> Vec<Item> {
        let values = BTreeMap::from([("DB".to_owned(), "sqlite,mysql".to_owned())]);
        lines(text, &values)
            .into_iter()
            .flat_map(|(_, items)| items)
            .collect()
    }

    #[test]
    fn switches_of_go() {
        assert_eq!(
            items(
                "CGO_ENABLED=0 go build -tags='netgo osusergo' -ldflags \"-s -X main.version=$V -X example.com/x/build.Commit=$(git x)\" -o /app ./cmd/api"
            ),
            [
                Item::Tag("netgo".into()),
                Item::Tag("osusergo".into()),
                Item::Link("main.version".into(), LinkValue::Version),
                Item::Link("example.com/x/build.Commit".into(), LinkValue::Other),
                Item::Main("./cmd/api".into()),
                Item::BuildEnv("CGO_ENABLED".into(), "0".into()),
            ]
        );
        assert!(items("go build -tags $(cat tags) ./...").is_empty());
    }

    #[test]
    fn switches_of_others() {
        assert_eq!(
            items("cargo build --features ${DB} --release --bin vault"),
            [
                Item::Feature("sqlite".into()),
                Item::Feature("mysql".into()),
                Item::Main("vault".into())
            ]
        );
        assert_eq!(
            items("./mvnw -B package -Pprod,docker -DskipTests"),
            [Item::Profile("prod".into()), Item::Profile("docker".into())]
        );
        assert_eq!(
            items("pnpm install && SKIP_ENV_VALIDATION=1 pnpm run build:docker"),
            [
                Item::BuildScript("build:docker".into()),
                Item::BuildEnv("SKIP_ENV_VALIDATION".into(), "1".into())
            ]
        );
        assert!(items("echo go build ./cmd/x; npm ci; rm -rf build").is_empty());
    }
}
