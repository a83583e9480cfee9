//! Packages that a command line installs.

use std::collections::BTreeMap;

use super::shell::{Simple, expand};

/// Names of packages of `apt-get install`, `apt install` and `apk add`, without versions. A name
/// that is a variable of the same script (`$RUN_DEPS`) gives what stands in it.
pub(super) fn installed(
    command: &Simple,
    text: &str,
    values: &BTreeMap<String, String>,
) -> Vec<String> {
    let words = &command.words;
    let program = words
        .iter()
        .position(|word| matches!(word.as_str(), "apt-get" | "apt" | "apk" | "aptitude"));
    let Some(program) = program else {
        return Vec::new();
    };
    let rest = &words[program + 1..];
    let Some(verb) = rest
        .iter()
        .position(|word| word == "install" || word == "add")
    else {
        return Vec::new();
    };
    let mut names = Vec::new();
    let mut rest = rest[verb + 1..].iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            // `--virtual .build-deps` are packages for one step of the build.
            "--virtual" | "-t" => {
                if word == "--virtual" {
                    return Vec::new();
                }
                rest.next();
            }
            "--repository" | "-X" | "-o" | "--target-release" => {
                rest.next();
            }
            word if word.starts_with('-') => {}
            word if word.starts_with('$') => {
                let name = word.trim_start_matches('$').trim_matches(['{', '}']);
                let local = assigned(text, name).unwrap_or_default();
                let inner = expand(word, values).unwrap_or(local);
                let build = name.to_lowercase().contains("build");
                if !build {
                    names.extend(inner.split_whitespace().map(str::to_owned));
                }
            }
            word => names.push(word.to_owned()),
        }
    }
    for name in &mut names {
        let end = name
            .find(['=', '~', '<', '>', ':', '@'])
            .unwrap_or(name.len());
        name.truncate(end);
    }
    names.retain(|name| is_package(name));
    names
}

/// The value that a script gives one of its variables.
fn assigned(text: &str, name: &str) -> Option<String> {
    super::shell::commands(text)
        .into_iter()
        .flat_map(|command| command.assigned)
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
}

fn is_package(name: &str) -> bool {
    name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-._".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authors::shell::commands;

    fn all(text: &str) -> String {
        commands(text)
            .iter()
            .flat_map(|command| installed(command, text, &BTreeMap::new()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn names_of_packages() {
        for (text, names) in [
            (
                "apt-get update && apt-get install -y --no-install-recommends git=1:2 ffmpeg:arm64 && rm -rf x",
                "git ffmpeg",
            ),
            ("apk --no-cache add tini su-exec~=1", "tini su-exec"),
            ("apk add --virtual .deps gcc && apk del .deps", ""),
            ("D=\" a1 b2 \" && apt install $D", "a1 b2"),
            ("BUILD_DEPS=gcc && apt-get install $BUILD_DEPS", ""),
            (
                "DEBIAN_FRONTEND=noninteractive apt-get -qq install x1 '$(id)'",
                "x1",
            ),
            ("npm install git", ""),
        ] {
            assert_eq!(all(text), names, "{text}");
        }
    }
}
