//! `detectors/authors.toml`: what other systems' words mean, and what is not taken over.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::diag::Result;
use crate::facts::looks_secret;
use crate::pack::PackSet;
use crate::parse::typed_toml;
use crate::repo::Source;

/// The whole file; its comments say what each part is.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    #[expect(
        dead_code,
        reason = "for people, who see when it was last gone through"
    )]
    as_of: String,
    run: Vec<String>,
    build: Vec<String>,
    alias: BTreeMap<String, Vec<String>>,
    needless: BTreeMap<String, String>,
    environment: Environment,
    beside: Words,
    images: BTreeMap<String, Vec<String>>,
    tools: BTreeMap<String, Vec<String>>,
    start: Start,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    programs: Vec<String>,
    development: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    names: Vec<String>,
    starts: Vec<String>,
    ends: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    words: Vec<String>,
    files: Vec<String>,
}

/// What becomes of a package that the authors install.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Package<'t> {
    /// Debian's packages for it, for the last stage.
    Run(Vec<&'t str>),
    /// The same for the build stage.
    Build(Vec<&'t str>),
    Needless(&'t str),
    Unknown,
}

impl Table {
    /// The table of the first pack that has one; an empty one when none has.
    pub(super) fn of(packs: &PackSet) -> Self {
        packs
            .table("authors.toml")
            .and_then(|source| Self::parse(source).ok())
            .unwrap_or_default()
    }

    pub(super) fn parse(source: &Source) -> Result<Self> {
        typed_toml(source)
    }

    pub(super) fn package(&self, name: &str) -> Package<'_> {
        if let Some(why) = self.needless.get(name) {
            return Package::Needless(why);
        }
        let alias = self.alias.get(name);
        let listed = |list: &'_ Vec<String>, name: &str| list.iter().any(|known| known == name);
        let is_run = |name: &str| listed(&self.run, name);
        let names: Vec<&str> = match alias {
            Some(names) => names.iter().map(String::as_str).collect(),
            None => self
                .run
                .iter()
                .chain(&self.build)
                .find(|known| *known == name)
                .map(String::as_str)
                .into_iter()
                .collect(),
        };
        match names.first() {
            None if alias.is_some() => Package::Needless("the written image has no use for it"),
            None => Package::Unknown,
            Some(first) if is_run(first) => Package::Run(names),
            Some(_) => Package::Build(names),
        }
    }

    /// Whether a variable with a literal value may go into an image: it is the program's own and no
    /// secret, by its name and by its value.
    pub(super) fn takes_variable(&self, name: &str, value: &str) -> bool {
        let own = &self.environment;
        let theirs = own.names.iter().any(|known| known == name)
            || own
                .starts
                .iter()
                .any(|start| name.starts_with(start.as_str()))
            || own.ends.iter().any(|end| name.ends_with(end.as_str()));
        !theirs && super::shell::is_name(name) && !looks_secret(name) && is_harmless(value)
    }

    /// Whether the name of a stage, script or build tag says that it is not for production.
    pub(super) fn is_beside(&self, name: &str) -> bool {
        has_word(name, &self.beside.words)
    }

    /// The same of the name of a file or folder.
    pub(super) fn is_file_beside(&self, name: &str) -> bool {
        self.is_beside(name) || has_word(name, &self.beside.files)
    }

    /// The language whose tool a program is.
    pub(super) fn language_of_tool(&self, program: &str) -> Option<&str> {
        let name = program.rsplit('/').next().unwrap_or(program);
        self.tools
            .iter()
            .find(|(_, names)| names.iter().any(|known| known == name))
            .map(|(language, _)| language.as_str())
    }

    /// Whether the written image has a program by this name too.
    pub(super) fn starts(&self, name: &str) -> bool {
        self.start.programs.iter().any(|known| known == name)
    }

    /// Whether a word makes a command one for development.
    pub(super) fn is_development(&self, word: &str) -> bool {
        self.start.development.iter().any(|known| known == word)
    }

    /// The language that a base image is for.
    pub(super) fn language_of(&self, image: &str) -> Option<&str> {
        let path = image.split(['@', '$']).next().unwrap_or(image);
        let last = path.rsplit('/').next().unwrap_or(path);
        let name = last.split(':').next().unwrap_or(last);
        self.images
            .iter()
            .find(|(_, names)| {
                names
                    .iter()
                    .any(|known| known == name || path.split(':').next() == Some(known.as_str()))
            })
            .map(|(language, _)| language.as_str())
    }
}

fn has_word(name: &str, words: &[String]) -> bool {
    name.to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| words.iter().any(|known| known == word))
}

/// A short value of plain characters that is no address with a name and a password in it, no long
/// random text and no path of the authors' image.
fn is_harmless(value: &str) -> bool {
    let plain = value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._-+:/,= @%*?!".contains(&b));
    let random = value.len() >= 24
        && value.bytes().all(|b| b.is_ascii_alphanumeric())
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic());
    plain
        && !value.trim().is_empty()
        && value.len() <= 120
        && !random
        && !value.contains("://")
        && !value.contains('@')
        && !value.starts_with('/')
        && !value.contains(":/")
        && !value.to_lowercase().contains("changeme")
        && !value.to_lowercase().contains("secret")
        && !value.to_lowercase().contains("password")
}

#[cfg(test)]
pub(super) fn built_in() -> Table {
    let path = crate::repo::RelPath::new("detectors/authors.toml").unwrap();
    let text = include_str!("../../detectors/authors.toml");
    Table::parse(&Source::new(path, text)).unwrap_or_else(|problem| panic!("{problem:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_debians_names() {
        let table = built_in();
        assert_eq!(table.package("ffmpeg"), Package::Run(vec!["ffmpeg"]));
        assert_eq!(table.package("iputils"), Package::Run(vec!["iputils-ping"]));
        assert_eq!(
            table.package("alpine-sdk"),
            Package::Build(vec!["build-essential", "git"])
        );
        assert!(matches!(table.package("su-exec"), Package::Needless(_)));
        assert_eq!(table.package("linux-image-9"), Package::Unknown);
        for name in table.alias.values().flatten() {
            let known =
                table.run.contains(name) || table.build.contains(name) || name == "libc6-dev";
            assert!(known, "{name} is in neither list");
        }
    }

    #[test]
    fn variables_that_are_taken() {
        let table = built_in();
        for (name, value, taken) in [
            ("NODE_ENV", "production", true),
            ("RUST_LOG", "app=info", true),
            ("SECRET_KEY", "x", false),
            ("DATABASE_URL", "postgres://u:p@h/d", false),
            ("PATH", "/venv/bin", false),
            ("PYTHON_VERSION", "3.1", false),
            ("PIP_NO_CACHE_DIR", "1", false),
            ("SESSION", "aB3dE5fG7hI9jK1lM3nO5pQ7", false),
            ("A B", "c", false),
        ] {
            assert_eq!(table.takes_variable(name, value), taken, "{name}={value}");
        }
    }

    #[test]
    fn images_have_languages() {
        let table = built_in();
        for (image, language) in [
            ("node:22-alpine", Some("node")),
            ("docker.io/library/golang:1.26@sha256:aa", Some("go")),
            ("gcr.io/distroless/nodejs22-debian12", Some("node")),
            ("oven/bun:1", Some("bun")),
            ("lukemathwalker/cargo-chef:latest-rust-1", Some("rust")),
            ("alpine:3.22", None),
        ] {
            assert_eq!(table.language_of(image), language, "{image}");
        }
    }
}
