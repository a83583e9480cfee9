//! Secrets: names of variables that must not become ENV or ARG, and what a build gets by mounts.

use schemars::JsonSchema;
use serde::Serialize;

use crate::repo::RelPath;

/// A secret of the build. It is mounted for single commands and stands in no layer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct BuildSecret {
    /// Its name on the command line of the build; the variable's own name for one.
    pub id: String,
    pub source: SecretSource,
    /// Where a file goes: absolute, or relative to where the build holds the project.
    pub target: Option<String>,
    /// The build cannot do without.
    pub required: bool,
}

/// Where the one who builds takes a secret from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretSource {
    /// A variable of the environment.
    Variable,
    /// A file of the repository that is not in the build context.
    File(RelPath),
    /// A file of the person who builds, relative to the home folder: `.netrc`.
    Home(String),
    /// The agent that holds the keys for SSH.
    Ssh,
}

impl BuildSecret {
    pub fn variable(name: impl Into<String>) -> Self {
        Self {
            id: name.into(),
            source: SecretSource::Variable,
            target: None,
            required: false,
        }
    }

    /// The fields of `--mount` in a stage that holds the project in `project_dir`.
    pub fn mount(&self, project_dir: &str) -> String {
        let id = &self.id;
        let mut mount = match (&self.source, &self.target) {
            (SecretSource::Ssh, _) => return "type=ssh".to_owned(),
            (_, Some(target)) if target.starts_with('/') => {
                format!("type=secret,id={id},target={target}")
            }
            (_, Some(target)) => format!("type=secret,id={id},target={project_dir}/{target}"),
            (_, None) => format!("type=secret,id={id},env={id}"),
        };
        if self.required {
            mount.push_str(",required=true");
        }
        mount
    }
}

/// The words that BuildKit's `SecretsUsedInArgOrEnv` looks for in names.
const WORDS: &[&str] = &[
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "password",
    "pword",
    "passwd",
    "secret",
    "token",
];

/// What hadolint's DL3064 looks for anywhere in a name.
const PARTS: &[&str] = &[
    "api_key",
    "client_key",
    "password",
    "private",
    "secret",
    "token",
    "username",
];

/// Whether a linter takes a variable of this name for a secret, since ENV and ARG stay in an
/// image's history.
pub fn looks_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split('_').collect();
    let harmless = words
        .iter()
        .any(|word| matches!(*word, "public" | "file" | "version"));
    !harmless && words.iter().any(|word| WORDS.contains(word))
        || PARTS.iter().any(|part| lower.contains(part))
}
