//! The model of `detectors/registries.toml`.

use serde::Deserialize;

use super::Pattern;
use super::detector::Globs;

/// Where package managers keep what opens a private registry.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryTable {
    pub registries: Vec<Registry>,
}

/// Files of one package manager; the table says what each key means.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// For people.
    pub tool: String,
    pub languages: Vec<String>,
    pub files: Globs,
    #[serde(default)]
    pub everywhere: bool,
    /// The id of the file as a build secret.
    pub id: String,
    /// Absolute in the build stage; where the file stood without it.
    pub target: Option<String>,
    #[serde(default)]
    pub carries: bool,
    #[serde(default)]
    pub needs: Vec<Pattern>,
    pub harmless: Option<Pattern>,
    #[serde(default)]
    pub variables: Vec<String>,
    #[serde(default)]
    pub upper: bool,
    pub literal: Option<Pattern>,
    /// Variables of the package manager that `setting` may set.
    #[serde(default)]
    pub env: Vec<String>,
    pub setting: Option<Pattern>,
    pub ssh: Option<Pattern>,
    #[serde(default)]
    pub netrc: bool,
}

impl Registry {
    /// The variables of the build for a name that was found.
    pub fn variables_of(&self, name: &str) -> Vec<String> {
        if self.variables.is_empty() {
            return vec![name.to_owned()];
        }
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut name: String = name.chars().map(plain).collect();
        if self.upper {
            name.make_ascii_uppercase();
        }
        let variables = self.variables.iter();
        variables.map(|form| form.replace('*', &name)).collect()
    }

    /// The patterns, for tests of a pack.
    pub fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let single = [&self.harmless, &self.literal, &self.setting, &self.ssh];
        self.needs.iter().chain(single.into_iter().flatten())
    }
}

#[cfg(test)]
mod tests {
    use crate::pack::Pack;

    #[test]
    fn every_pattern_compiles_and_names_its_group() {
        let pack = Pack::builtin().unwrap();
        for registry in &pack.registries.registries {
            for pattern in registry.patterns() {
                assert!(pattern.regex().is_some(), "{pattern:?}");
            }
            assert!(registry.needs.iter().all(|needs| needs.names("name")));
            assert!(registry.literal.iter().all(|one| one.names("secret")));
        }
    }
}
