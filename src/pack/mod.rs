//! A pack is a folder of detectors and templates. The built-in one is embedded and has no
//! privilege but to stand last in the order.

mod detector;
mod folder;
mod folders;
mod keys;
mod registries;
mod roles;
mod secrets;
mod tree;
mod variables;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

pub use detector::{
    CodePatterns, Condition, Detector, FactValues, Glob, NumberOrText, Pattern, Strings, Variant,
};
pub use folders::FolderTable;
pub use keys::{Key, KeyTable};
pub use registries::{Registry, RegistryTable};
pub use roles::{Copies, OtherLanguage, Outputs, Reads, RoleRule, Roles, fits};
pub use secrets::{Classifier, FileClass, Name, Returns, SecretTable, SecretValue};
pub use tree::{Embedded, FileTree};
pub use variables::VariableTable;

use crate::code::Words;
use crate::diag::{Diagnostic, Result};
use crate::parse::typed_toml;
use crate::repo::{RelPath, Source};

/// `pack.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackManifest {
    /// The name by which templates of this pack can be extended: `{% extends "NAME:…" %}`.
    pub name: String,
    /// One line for `dockgen pack list`.
    #[serde(default)]
    pub description: String,
}

#[derive(Debug)]
pub struct Pack {
    pub manifest: PackManifest,
    pub detectors: Vec<Detector>,
    /// Template name (`go/base.Dockerfile.j2`) to its text.
    pub templates: BTreeMap<String, String>,
    /// The data tables at the top of `detectors/`: `images.toml`, `packages.toml`.
    pub tables: BTreeMap<String, Source>,
    pub services: Services,
    pub roles: Roles,
    /// `variables.toml`.
    pub variables: Option<VariableTable>,
    pub health: Health,
    /// `folders.toml`.
    pub folders: Option<FolderTable>,
    pub programs: Programs,
    /// `secrets.toml`.
    pub secrets: SecretTable,
    /// `registries.toml`.
    pub registries: RegistryTable,
    /// `keys.toml`.
    pub keys: KeyTable,
}

/// Where the keys of languages are declared.
const KEYS: &str = "detectors/keys.toml";

/// `programs.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programs {
    /// The Debian package by the name of a program.
    pub programs: BTreeMap<String, String>,
}

/// `services.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Services {
    /// Ports by the name of the service that is known by them.
    pub ports: BTreeMap<String, Vec<u16>>,
    /// Words in the names of functions and files that listen on further ports.
    #[serde(default)]
    pub beside: Vec<String>,
    /// Names of folders whose code asks other services, or serves beside the program.
    #[serde(default)]
    pub folders: Vec<String>,
}

/// `health.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Paths of routes, the surest first.
    pub routes: Vec<String>,
}

impl Health {
    /// The texts by which code names the routes: with a method before them too.
    fn paths(&self) -> String {
        let texts = self
            .routes
            .iter()
            .map(|route| format!("{route}|GET {route}"));
        texts.collect::<Vec<_>>().join("|")
    }

    /// The texts by which annotations name them, which leave the first stroke out.
    fn names(&self) -> String {
        let texts = self.routes.iter().flat_map(|route| {
            // `up` without a stroke is any word.
            let bare = route.trim_start_matches('/');
            let bare = Some(bare).filter(|bare| bare.contains("health") || bare.contains('/'));
            [Some(route.as_str()), bare]
        });
        texts.flatten().collect::<Vec<_>>().join("|")
    }
}

impl Pack {
    /// Reads `pack.toml`, every detector and every template; the first fault stops it.
    /// Without keys of its own it has those of `known`.
    fn load_with(tree: &dyn FileTree, known: Option<&KeyTable>) -> Result<Self> {
        let source = |path: &str| -> Result<Source> {
            let name = RelPath::new(path).ok_or_else(|| {
                Diagnostic::error("unsafe-path", format!("{path:?} is no path of a pack"))
            })?;
            let name = tree.prefix().join(name.as_str());
            Ok(Source::new(name, tree.text(path)?))
        };
        let paths = tree.paths();
        let has = |path: &str| paths.iter().any(|known| known == path);
        let manifest = match known {
            Some(_) if !has("pack.toml") => PackManifest::default(),
            _ => typed_toml(&source("pack.toml")?)?,
        };
        let mut pack = Self {
            manifest,
            detectors: Vec::new(),
            templates: BTreeMap::new(),
            tables: BTreeMap::new(),
            services: Services::default(),
            roles: Roles::default(),
            variables: None,
            health: Health::default(),
            folders: None,
            programs: Programs::default(),
            secrets: SecretTable::default(),
            registries: RegistryTable::default(),
            keys: KeyTable::default(),
        };
        // What a detector may say.
        if has(KEYS) {
            pack.keys = typed_toml(&source(KEYS)?)?;
        }
        let keys = known.filter(|_| !has(KEYS)).unwrap_or(&pack.keys);
        let mut detectors = Vec::new();
        for path in &paths {
            if let Some(name) = path.strip_prefix("templates/") {
                pack.templates
                    .insert(name.to_owned(), source(path)?.text.to_string());
            } else if let Some(name) = path.strip_prefix("detectors/") {
                let source = source(path)?;
                match name.strip_suffix(".toml").filter(|name| name.contains('/')) {
                    Some(id) => detectors.push(Detector::parse(id, &source, keys)?),
                    None if name == "services.toml" => pack.services = typed_toml(&source)?,
                    None if name == "roles.toml" => pack.roles = typed_toml(&source)?,
                    None if name == "variables.toml" => {
                        pack.variables = Some(typed_toml(&source)?);
                    }
                    None if name == "health.toml" => pack.health = typed_toml(&source)?,
                    None if name == "folders.toml" => pack.folders = Some(typed_toml(&source)?),
                    None if name == "secrets.toml" => pack.secrets = typed_toml(&source)?,
                    None if name == "registries.toml" => pack.registries = typed_toml(&source)?,
                    None if name == "programs.toml" => pack.programs = typed_toml(&source)?,
                    None if path == KEYS => {}
                    None => {
                        pack.tables.insert(name.to_owned(), source);
                    }
                }
            }
        }
        pack.detectors = detectors;
        Ok(pack)
    }

    /// What dockgen knows by itself.
    pub fn builtin() -> Result<Self> {
        Self::load_with(&Embedded, None)
    }
}

/// The language of detectors of what is the same in all languages.
pub const ANY: &str = "any";

/// Packs in the order in which they are asked, the built-in one last.
#[derive(Debug)]
pub struct PackSet {
    packs: Vec<Pack>,
    /// By language, the words of all code patterns.
    words: BTreeMap<String, Words>,
}

impl PackSet {
    pub fn new(mut packs: Vec<Pack>) -> Self {
        let mut tables = packs.iter().map(|pack| &pack.health);
        let health = tables.find(|health| !health.routes.is_empty());
        let (paths, names) = health
            .map(|health| (health.paths(), health.names()))
            .unwrap_or_default();
        for detector in packs.iter_mut().flat_map(|pack| &mut pack.detectors) {
            detector.choose_health(&paths, &names);
        }
        let mut words: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for detector in packs.iter().flat_map(|pack| &pack.detectors) {
            let known = words.entry(detector.language.clone()).or_default();
            for condition in detector.conditions() {
                let patterns = condition.code.0.iter();
                known.extend(
                    patterns
                        .flat_map(crate::code::CodePattern::words)
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        let words = words
            .into_iter()
            .map(|(language, words)| (language, Words::new(words)))
            .collect();
        Self { packs, words }
    }

    /// The words of all code patterns of a language, to look for in one pass.
    pub fn words(&self, language: &str) -> Option<&Words> {
        self.words.get(language)
    }

    pub fn builtin() -> Result<Self> {
        Ok(Self::new(vec![Pack::builtin()?]))
    }

    /// Detectors of a language; one with the same id in an earlier pack replaces a later one.
    pub fn detectors<'a>(&'a self, language: &'a str) -> impl Iterator<Item = &'a Detector> {
        let mut seen = std::collections::BTreeSet::new();
        self.packs
            .iter()
            .flat_map(|pack| &pack.detectors)
            .filter(move |detector| detector.language == language || detector.language == ANY)
            .filter(move |detector| seen.insert(detector.id.as_str()))
    }

    /// Every template under its plain name (the first pack that has it) and as `pack:name`.
    pub fn all_templates(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for pack in self.packs.iter().rev() {
            for (name, text) in &pack.templates {
                all.insert(name.clone(), text.clone());
                all.insert(format!("{}:{name}", pack.manifest.name), text.clone());
            }
        }
        all
    }

    /// Whether another service than the program is known by a port, as it is by nearly all of
    /// those that only root may open.
    pub fn is_service(&self, port: u16) -> bool {
        if port < 1024 {
            return true;
        }
        let services = self.packs.iter().map(|pack| &pack.services);
        let mut ports = services.flat_map(|services| services.ports.values().flatten());
        ports.any(|known| *known == port)
    }

    /// What is known about variables, from the first pack that says it.
    pub fn variables(&self) -> Option<&VariableTable> {
        self.packs.iter().find_map(|pack| pack.variables.as_ref())
    }

    /// What is known about folders, from the first pack that says it.
    pub fn folders(&self) -> Option<&FolderTable> {
        self.packs.iter().find_map(|pack| pack.folders.as_ref())
    }

    /// What is secret, from the first pack that says it. A pack without the table has the
    /// built-in one behind it.
    pub fn secrets(&self) -> &SecretTable {
        static NOTHING: LazyLock<SecretTable> = LazyLock::new(SecretTable::default);
        let mut tables = self.packs.iter().map(|pack| &pack.secrets);
        tables
            .find(|table| !table.classes().is_empty())
            .unwrap_or(&NOTHING)
    }

    /// Where package managers keep credentials: the rows of all packs.
    pub fn registries(&self) -> impl Iterator<Item = &Registry> {
        let tables = self.packs.iter().map(|pack| &pack.registries);
        tables.flat_map(|table| &table.registries)
    }

    /// The Debian package of a program, from the first pack that knows it.
    pub fn package_of(&self, program: &str) -> Option<&str> {
        self.packs
            .iter()
            .find_map(|pack| pack.programs.programs.get(program))
            .map(String::as_str)
    }

    /// What the packs know about roles, the first pack's rules first.
    pub fn roles(&self) -> impl Iterator<Item = &Roles> {
        self.packs.iter().map(|pack| &pack.roles)
    }

    /// Whether a name is one of what programs serve beside their own port.
    pub fn is_beside(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let mut words = self.packs.iter().flat_map(|pack| &pack.services.beside);
        words.any(|word| name.contains(word.as_str()))
    }

    /// Whether a file's code is for other ports than the program's own, by the folders that it is in.
    pub fn is_elsewhere(&self, file: &RelPath) -> bool {
        let folders = file.parts().take(file.depth().saturating_sub(1));
        let known = |folder: &str| {
            let mut names = self.packs.iter().flat_map(|pack| &pack.services.folders);
            names.any(|name| name == folder)
        };
        folders.into_iter().any(known)
    }

    /// How early a route stands in `health.toml`.
    pub fn health_rank(&self, route: &str) -> usize {
        let route = route.trim_end_matches('/');
        let mut routes = self.packs.iter().flat_map(|pack| &pack.health.routes);
        routes
            .position(|known| known == route)
            .unwrap_or(usize::MAX)
    }

    /// The facts that only one language's planner reads, from the first pack that declares any.
    pub fn keys(&self) -> Option<&KeyTable> {
        let mut tables = self.packs.iter().map(|pack| &pack.keys);
        tables.find(|table| !table.all().is_empty())
    }

    /// A data table such as `images.toml`, from the first pack that has it.
    pub fn table(&self, name: &str) -> Option<&Source> {
        self.packs.iter().find_map(|pack| pack.tables.get(name))
    }

    /// As [`Self::table`], for one without which nothing can be planned.
    pub fn needed_table(&self, name: &str) -> Result<&Source> {
        self.table(name)
            .ok_or_else(|| Diagnostic::error("pack-file-missing", format!("no pack has {name}")))
    }

    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_the_built_in_pack_compiles() {
        let pack = Pack::builtin().unwrap();
        for detector in &pack.detectors {
            detector.check().unwrap();
        }
        pack.roles.check().unwrap();
    }
}
