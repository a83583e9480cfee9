//! The model of `detectors/secrets.toml`.

mod names;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

pub use names::{Classifier, Name};

use super::Pattern;

/// What is secret, whatever the language.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecretTable {
    files: Vec<FileClass>,
    values: Vec<ValueClass>,
    named: Named,
    addresses: BTreeMap<String, Vec<String>>,
    public: Public,
    /// The class of files that are secret since they hold a token for a package registry.
    pub settings: FileClass,
    #[serde(skip)]
    globs: OnceLock<Option<Globs>>,
}

/// A class of files by their names.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileClass {
    pub class: String,
    /// Completes "left out, since".
    pub why: String,
    /// Lines of every ignore file.
    pub patterns: Vec<String>,
    /// Lines of the ignore file of a repository that has such a file.
    #[serde(default)]
    pub rare: Vec<String>,
    /// Lines of an ignore file that name files of the class for everybody to read.
    #[serde(default)]
    pub except: Vec<String>,
    pub returns: Option<Returns>,
}

/// What a file of a class that git tracks must hold to be in the build context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Returns {
    /// Variables that browsers may see, and nothing else.
    Public,
    /// No secret by its value.
    Clean,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueClass {
    what: String,
    pattern: Pattern,
    #[serde(default)]
    example: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    patterns: Vec<Pattern>,
    harmless: Pattern,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Public {
    built: Vec<String>,
    prefixes: Vec<String>,
    names: Vec<String>,
}

impl FileClass {
    /// All patterns, each with whether it is an exception.
    fn all(&self) -> impl Iterator<Item = (&String, bool)> {
        let usual = self.patterns.iter().chain(&self.rare);
        let except = self.except.iter().map(|pattern| (pattern, true));
        usual.map(|pattern| (pattern, false)).chain(except)
    }
}

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretValue {
    /// `credentials in an address`; for people.
    pub what: String,
    /// The option or variable that it is the value of.
    pub name: Option<String>,
    /// The value alone.
    pub value: Range<usize>,
    /// What it is a part of: the whole address.
    pub whole: Range<usize>,
}

#[derive(Debug)]
struct Globs {
    set: GlobSet,
    of: Vec<GlobOf>,
}

/// Where a glob stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct GlobOf {
    class: usize,
    /// Its place among the class's lines.
    line: usize,
    /// It takes back what the class says.
    exception: bool,
}

impl SecretTable {
    /// The classes of files, in the order of the ignore file.
    pub fn classes(&self) -> &[FileClass] {
        &self.files
    }

    /// For many paths; see [`Classifier::name`].
    pub fn classifier(&self) -> Classifier<'_> {
        Classifier::new(self)
    }

    /// The first value in a text that is a secret by its form.
    pub fn value_in(&self, text: &str) -> Option<SecretValue> {
        Self::first_of(self.values.iter(), text)
    }

    /// As [`Self::value_in`], but for what a sample file may show.
    pub fn value_in_sample(&self, text: &str) -> Option<SecretValue> {
        Self::first_of(self.values.iter().filter(|class| !class.example), text)
    }

    fn first_of<'t>(
        classes: impl Iterator<Item = &'t ValueClass>,
        text: &str,
    ) -> Option<SecretValue> {
        let found = classes.filter_map(|class| {
            let regex = class.pattern.regex()?;
            let mut captures = regex.captures_iter(text.as_bytes());
            captures.find_map(|captures| {
                let whole = captures.get(0)?.range();
                let value = captures.name("secret").map_or(whole.clone(), |m| m.range());
                text.get(value.clone())?;
                text.get(whole.clone())?;
                Some(SecretValue {
                    what: class.what.clone(),
                    name: None,
                    value,
                    whole,
                })
            })
        });
        found.min_by_key(|found| found.whole.start)
    }

    /// The first value in a command that is a secret by its form or by the name in front of it.
    pub fn secret_in(&self, command: &str) -> Option<SecretValue> {
        let by_name = self.named.patterns.iter().filter_map(|pattern| {
            let regex = pattern.regex()?;
            let mut captures = regex.captures_iter(command.as_bytes());
            captures.find_map(|captures| {
                let value = captures.name("secret")?.range();
                let name = command.get(captures.name("name")?.range())?;
                self.is_literal(command.get(value.clone())?)
                    .then(|| SecretValue {
                        what: format!("a literal value of {name}"),
                        name: Some(name.to_owned()),
                        whole: value.clone(),
                        value,
                    })
            })
        });
        by_name
            .chain(self.value_in(command))
            .min_by_key(|found| found.whole.start)
    }

    /// Whether a value could be a secret: neither a variable nor a path, a number or a switch.
    pub fn is_literal(&self, value: &str) -> bool {
        let harmless = &self.named.harmless;
        !harmless
            .regex()
            .is_some_and(|regex| regex.is_match(value.as_bytes()))
    }

    /// The variable that usually holds an address of this scheme.
    pub fn variable_of(&self, scheme: &str) -> Option<&str> {
        let scheme = scheme.to_lowercase();
        let mut known = self.addresses.iter();
        known
            .find(|(_, schemes)| schemes.contains(&scheme))
            .map(|(name, _)| name.as_str())
    }

    /// Whether the value of a variable is one that any browser may see.
    pub fn is_public(&self, name: &str) -> bool {
        let Public {
            prefixes, names, ..
        } = &self.public;
        prefixes
            .iter()
            .any(|start| name.starts_with(start.as_str()))
            || names.iter().any(|known| known == name)
    }

    /// Whether a build for production reads a file of this name by itself.
    pub fn is_built(&self, name: &str) -> bool {
        self.public.built.iter().any(|known| known == name)
    }

    /// The patterns, for tests of a pack.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let values = self.values.iter().map(|class| &class.pattern);
        values
            .chain(&self.named.patterns)
            .chain([&self.named.harmless])
    }

    fn globs(&self) -> Option<&Globs> {
        let built = self.globs.get_or_init(|| {
            let mut set = GlobSetBuilder::new();
            let mut of = Vec::new();
            for (at, class) in self.files.iter().enumerate() {
                for (line, (text, exception)) in class.all().enumerate() {
                    let glob = GlobBuilder::new(&text.to_lowercase())
                        .literal_separator(true)
                        .build()
                        .ok()?;
                    set.add(glob);
                    of.push(GlobOf {
                        class: at,
                        line,
                        exception,
                    });
                }
            }
            Some(Globs {
                set: set.build().ok()?,
                of,
            })
        });
        built.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::PackSet;
    use crate::repo::RelPath;

    #[test]
    fn names_are_told_by_class_in_any_case() {
        let packs = PackSet::builtin().unwrap();
        let table = packs.secrets();
        let mut classifier = table.classifier();
        let mut class = |path: &str| {
            let path = RelPath::new(path).unwrap();
            match classifier.name(&path) {
                Some(Name::Secret(class)) => Some(class.class.as_str()),
                _ => None,
            }
        };
        for (path, wanted) in [
            (".env", "environment files"),
            ("a/PROD.ENV", "environment files"),
            ("a/.Env.Local", "environment files"),
            ("a/b/.ssh/config", "keys and key stores"),
            ("x/ID_RSA", "keys and key stores"),
            (
                "deploy/my-firebase-adminsdk-x1.json",
                "credentials of clouds and clusters",
            ),
            (".docker/config.json", "credentials of tools"),
            ("data/app.db", "databases and dumps"),
            ("home/.bash_history", "histories"),
            ("a/.dockgen-x1.tmp", "unfinished writes of dockgen"),
        ] {
            assert_eq!(class(path), Some(wanted), "{path}");
        }
        for path in [
            ".env.example",
            "a/.env.production.example",
            "env.ts",
            "src/environment.rs",
            "kubeconfig/load.go",
            "keys.go",
            "locales/en/auth.json",
            "models/deploy_key.go",
        ] {
            assert_eq!(class(path), None, "{path}");
        }
    }

    #[test]
    fn values_are_told_from_what_only_looks_like_them() {
        let packs = PackSet::builtin().unwrap();
        let table = packs.secrets();
        for pattern in table.patterns() {
            assert!(pattern.regex().is_some(), "{pattern:?}");
        }
        let hub = format!("ghp_{}", "a1".repeat(18));
        for (text, value) in [
            ("serve --db postgres://u:hunter2@db/x", "hunter2"),
            ("serve --password hunter2", "hunter2"),
            ("serve --admin-password='two words'", "'two words'"),
            ("API_TOKEN=abc serve", "abc"),
            ("java -Dspring.datasource.password=abc -jar a.jar", "abc"),
            (
                "serve --x ghp_a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
                hub.as_str(),
            ),
        ] {
            let found = table.secret_in(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(&text[found.value], value, "{text}");
        }
        for text in [
            "serve --password $PASSWORD",
            "serve --password-file /run/secrets/x",
            "serve --token=${TOKEN:-}",
            "serve --db postgres://db/x",
            "serve --db postgres://$USER:$PASS@db/x",
            "manage.py create_token user",
            "serve --max-tokens 4096",
            "serve --secret /run/secrets/x",
            "git@example.com:a/b.git",
            "node --require dotenv/config index.js",
        ] {
            assert_eq!(table.secret_in(text), None, "{text}");
        }
    }
}
