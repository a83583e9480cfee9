//! The model of `detectors/roles.toml`: which components are programs, and which give their built
//! files to another one.

use serde::Deserialize;

use super::detector::{Condition, Globs, Pattern, Strings, check_all};
use crate::diag::{Diagnostic, Result};
use crate::facts::Role;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Roles {
    /// The first rule that holds decides.
    pub rule: Vec<RoleRule>,
    /// Languages that dockgen does not write for.
    pub unknown: Vec<OtherLanguage>,
    /// Where programs name the folder of files that they serve or embed.
    pub reads: Vec<Reads>,
    /// Where builds of assets name the folder that they write.
    pub output: Vec<Outputs>,
    /// Where files are copied from one folder to another.
    pub copies: Vec<Copies>,
    /// Manifests that make a folder without a component worth a line.
    pub manifests: Vec<String>,
    /// Names of folders that hold the part of a program that browsers get.
    pub frontends: Vec<String>,
    /// Names of files that only keep a folder in git.
    pub placeholders: Vec<String>,
    /// Words in a start command that say a server for development; one word stands at the end of
    /// the command or before a flag.
    pub dev_servers: Vec<String>,
    /// Words in a component's name which say that it is no part of another one that uses it.
    pub programs: Vec<String>,
    /// Words in a root manifest's name that say that the whole repository is one of examples.
    pub examples: Vec<String>,
}

/// A role and what makes a component have it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    pub role: Role,
    /// Completes "because".
    pub why: String,
    /// Only components of these languages; of all without one.
    #[serde(default)]
    pub language: Strings,
    /// Any part of the component's path is one of these names; `*` at an end stands for the rest.
    /// Where `when` is given as well, both must hold.
    #[serde(default)]
    pub folder: Strings,
    /// The last part of the path.
    #[serde(default)]
    pub name: Strings,
    /// Any of these detectors has matched.
    #[serde(default)]
    pub framework: Strings,
    /// Any block may hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// The rule does not hold for what serves or works until it is ended.
    #[serde(default)]
    pub unless_serves: bool,
    /// Not even looked into.
    #[serde(default)]
    pub unseen: bool,
}

/// A language that dockgen does not write for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtherLanguage {
    pub name: String,
    /// Files that make a folder one of its projects: names, with `*` at an end.
    pub manifest: Strings,
    /// Files, relative to that folder, of which one makes it a program for sure.
    #[serde(default)]
    pub program: Strings,
    /// A pattern in the manifest that does.
    #[serde(default)]
    pub matches: Option<Pattern>,
    /// Without such a sign it is a helper of other languages.
    #[serde(default)]
    pub only_programs: bool,
}

/// A place where a program names folders. The groups `path` (one) or `paths` (several, with blanks
/// between them) hold them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reads {
    pub language: String,
    /// Names of files, with `*` at an end.
    pub file: Strings,
    /// Files without this text are not searched.
    pub literal: String,
    pub pattern: Pattern,
    /// The compiler reads the files; relative to the source file then.
    #[serde(default)]
    pub embedded: bool,
    /// Completes "because".
    pub why: String,
}

/// A place where a build names the folder that it writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outputs {
    /// Relative to the package; `*` stays within a name.
    pub file: Globs,
    pub pattern: Pattern,
}

/// Files whose lines may copy what was built. The pattern's groups: `from` and `to`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copies {
    /// Relative to the repository; `*` stays within a name.
    pub file: Globs,
    pub pattern: Pattern,
}

impl Roles {
    /// Compiles every pattern and glob.
    pub fn check(&self) -> Result<()> {
        check_all("roles.toml", self.rule.iter().flat_map(|rule| &rule.when))?;
        let patterns = self
            .reads
            .iter()
            .map(|reads| &reads.pattern)
            .chain(self.output.iter().map(|output| &output.pattern))
            .chain(self.copies.iter().map(|copies| &copies.pattern))
            .chain(
                self.unknown
                    .iter()
                    .filter_map(|other| other.matches.as_ref()),
            );
        for pattern in patterns {
            pattern.check().map_err(|error| {
                Diagnostic::error("detector-pattern", format!("roles.toml: {error}"))
            })?;
        }
        Ok(())
    }
}

/// Whether a name is `pattern`, in which a `*` at the start or the end stands for any text.
pub fn fits(pattern: &str, name: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(inner), Some(_)) => name.contains(inner.trim_end_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}
