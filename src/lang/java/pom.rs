//! One `pom.xml` and what it inherits from parents inside the repository.
//!
//! Written from general knowledge; documented in Maven's documentation, "Introduction to the POM" and "POM reference".

use std::collections::BTreeMap;

use super::profiles::{Active, Chosen, active};
use crate::diag::{Diagnostic, Location, Result};
use crate::parse::{Tree, xml};
use crate::repo::{RelPath, Repo, Source, Span};

/// Steps of replacing `${…}` in one text, and the longest text that may come of it.
const MAX_STEPS: usize = 50;
const MAX_TEXT: usize = 1_000;
/// Parents above each other.
const MAX_PARENTS: usize = 20;

/// The text of one POM.
#[derive(Debug)]
pub(super) struct Pom {
    pub source: Source,
    pub dir: RelPath,
    project: Tree,
}

/// A group, an artifact and a version, as far as they are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coordinates {
    pub group: String,
    pub artifact: String,
    pub version: String,
}

impl Coordinates {
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.group, self.artifact)
    }
}

impl Pom {
    pub(super) fn read(repo: &Repo, dir: &RelPath) -> Result<Self> {
        let source = repo.dir(dir).read("pom.xml")?;
        let tree = xml(&source)?;
        match tree.get("project") {
            Some(project) => Ok(Self {
                project: project.clone(),
                source,
                dir: dir.clone(),
            }),
            None => Err(Diagnostic::error(
                "maven-no-project",
                "the file's root is no project element",
            )
            .at(Location::file(source.path.clone()))
            .with_help("a POM starts with <project>")),
        }
    }

    pub(super) fn at(&self, path: &[&str]) -> Option<&Tree> {
        self.project.at(path)
    }

    fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path)
            .and_then(Tree::text)
            .filter(|text| !text.is_empty())
    }

    /// Folders of the modules that this POM names, those of profiles included: their POMs must be
    /// there for Maven to start.
    pub(super) fn modules(&self) -> Vec<RelPath> {
        let lists = [&["modules"][..], &["subprojects"][..]]
            .into_iter()
            .filter_map(|path| self.at(path))
            .chain(
                children(self.at(&["profiles"])).filter_map(|(_, profile)| profile.get("modules")),
            );
        lists
            .flat_map(Tree::entries)
            .filter_map(|(_, module)| self.dir.resolve(module.text()?))
            .map(folder_of)
            .collect()
    }

    fn parent_coordinates(&self) -> Option<Coordinates> {
        Some(Coordinates {
            group: self.text(&["parent", "groupId"])?.to_owned(),
            artifact: self.text(&["parent", "artifactId"])?.to_owned(),
            version: self
                .text(&["parent", "version"])
                .unwrap_or_default()
                .to_owned(),
        })
    }

    fn artifact(&self) -> Option<&str> {
        self.text(&["artifactId"])
    }

    /// The parent's folder when it is one of the repository's POMs.
    fn parent_dir(&self) -> Option<RelPath> {
        self.at(&["parent"])?;
        let path = match self.at(&["parent", "relativePath"]) {
            Some(path) => path.text().filter(|path| !path.is_empty())?,
            None => "../pom.xml",
        };
        let target = self.dir.resolve(path)?;
        Some(folder_of(target))
    }
}

/// A POM is named by its folder or by its file.
fn folder_of(path: RelPath) -> RelPath {
    match path.name().rsplit_once('.') {
        Some((_, "xml")) => path.parent().unwrap_or_default(),
        _ => path,
    }
}

/// A POM with its parents in the repository, the nearest first.
#[derive(Debug)]
pub(super) struct Chain<'p> {
    poms: Vec<&'p Pom>,
    /// Of each of them, in the same order.
    profiles: Vec<Active<'p>>,
    /// The parent that is not in the repository.
    pub outside: Option<Coordinates>,
}

/// A text of a POM with its place.
#[derive(Clone, Debug)]
pub(super) struct Placed<'p> {
    pub text: String,
    pub source: &'p Source,
    pub span: Span,
}

impl<'p> Chain<'p> {
    pub(super) fn of(repo: &Repo, dir: &RelPath, all: &'p BTreeMap<RelPath, Pom>) -> Option<Self> {
        let mut poms = vec![all.get(dir)?];
        let mut outside = None;
        while let Some(last) = poms.last().copied()
            && let Some(wanted) = last.parent_coordinates()
        {
            let parent = last
                .parent_dir()
                .and_then(|dir| all.get(&dir))
                .filter(|parent| parent.artifact() == Some(wanted.artifact.as_str()))
                .filter(|parent| poms.iter().all(|known| known.dir != parent.dir));
            match parent {
                Some(parent) if poms.len() < MAX_PARENTS => poms.push(parent),
                _ => {
                    outside = Some(wanted);
                    break;
                }
            }
        }
        let profiles = poms.iter().map(|pom| active(repo, pom, dir)).collect();
        Some(Self {
            poms,
            profiles,
            outside,
        })
    }

    /// The POM itself.
    pub(super) fn own(&self) -> &'p Pom {
        self.poms[0]
    }

    pub(super) fn all(&self) -> &[&'p Pom] {
        &self.poms
    }

    /// Every element at this path that takes part in the build, the nearest POM first: those of
    /// its active profiles, then its own.
    pub(super) fn every<'c>(
        &'c self,
        path: &'c [&str],
    ) -> impl Iterator<Item = (&'p Pom, &'p Tree)> + 'c {
        self.poms
            .iter()
            .zip(&self.profiles)
            .flat_map(move |(pom, active)| {
                active
                    .profiles
                    .iter()
                    .filter_map(|profile| profile.at(path))
                    .chain(pom.at(path))
                    .map(|tree| (*pom, tree))
            })
    }

    /// The properties that active profiles set, the nearest first: what `@name@` in a filtered
    /// file becomes.
    pub(super) fn profile_properties(&self) -> Vec<(String, String)> {
        let lists = self.profiles.iter().flat_map(|of| &of.profiles);
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, value) in lists.flat_map(|profile| children(profile.get("properties"))) {
            if let Some(value) = value.text().and_then(|text| self.resolve(text))
                && found.iter().all(|(known, _)| known != name)
            {
                found.push((name.clone(), value));
            }
        }
        found
    }

    /// The names of all profiles, of the POM and its parents.
    pub(super) fn profile_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .poms
            .iter()
            .flat_map(|pom| children(pom.at(&["profiles"])))
            .filter_map(|(_, profile)| profile.get("id")?.text())
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// The profiles that the build must name, each once.
    pub(super) fn chosen(&self) -> Vec<&Chosen> {
        let mut found: Vec<&Chosen> = Vec::new();
        for chosen in self.profiles.iter().filter_map(|of| of.chosen.as_ref()) {
            if found.iter().all(|known| known.name != chosen.name) {
                found.push(chosen);
            }
        }
        found
    }

    pub(super) fn artifact(&self) -> &'p str {
        self.own().artifact().unwrap_or_default()
    }

    pub(super) fn group(&self) -> Option<String> {
        self.poms
            .iter()
            .find_map(|pom| {
                pom.text(&["groupId"])
                    .or_else(|| pom.text(&["parent", "groupId"]))
            })
            .map(str::to_owned)
    }

    pub(super) fn version(&self) -> Option<String> {
        let raw = self.poms.iter().find_map(|pom| {
            pom.text(&["version"])
                .or_else(|| pom.text(&["parent", "version"]))
        })?;
        self.resolve(raw)
    }

    /// A text of the nearest POM that has it, of the POM itself only with `inherited` false.
    pub(super) fn text(&self, path: &[&str], inherited: bool) -> Option<String> {
        self.placed(path, inherited).map(|placed| placed.text)
    }

    pub(super) fn placed(&self, path: &[&str], inherited: bool) -> Option<Placed<'p>> {
        let count = if inherited { self.poms.len() } else { 1 };
        self.poms.iter().take(count).find_map(|pom| {
            let tree = pom.at(path)?;
            self.place(pom, tree)
        })
    }

    pub(super) fn place(&self, pom: &'p Pom, tree: &Tree) -> Option<Placed<'p>> {
        Some(Placed {
            text: self.resolve(tree.text()?).filter(|text| !text.is_empty())?,
            source: &pom.source,
            span: tree.span.clone(),
        })
    }

    /// A property with its value resolved: the nearest POM that sets it, its active profiles first.
    pub(super) fn property(&self, name: &str) -> Option<Placed<'p>> {
        let (pom, tree) = self.raw_property(name)?;
        self.place(pom, tree)
    }

    fn raw_property(&self, name: &str) -> Option<(&'p Pom, &'p Tree)> {
        self.every(&["properties"])
            .find_map(|(pom, properties)| Some((pom, properties.get(name)?)))
    }

    /// The text with every `${…}` replaced; `None` when one of them is not known.
    pub(super) fn resolve(&self, text: &str) -> Option<String> {
        self.replace(text, |_| None)
    }

    /// As [`Self::resolve`], with `other` asked for a value first.
    pub(super) fn replace(
        &self,
        text: &str,
        other: impl Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let mut text = text.to_owned();
        for _ in 0..MAX_STEPS {
            let Some(start) = text.find("${") else {
                return Some(text);
            };
            let end = start + text[start..].find('}')?;
            let name = &text[start + 2..end];
            let value = other(name).or_else(|| self.value_of(name))?;
            text.replace_range(start..=end, &value);
            if text.len() > MAX_TEXT {
                return None;
            }
        }
        None
    }

    fn value_of(&self, name: &str) -> Option<String> {
        if let Some((_, tree)) = self.raw_property(name) {
            return tree.text().map(str::to_owned);
        }
        let name = name.strip_prefix("pom.").unwrap_or(name);
        match name.strip_prefix("project.").unwrap_or(name) {
            "artifactId" => Some(self.artifact().to_owned()),
            "groupId" => self.group(),
            "version" => self
                .poms
                .iter()
                .find_map(|pom| {
                    pom.text(&["version"])
                        .or_else(|| pom.text(&["parent", "version"]))
                })
                .map(str::to_owned),
            "name" => self.own().text(&["name"]).map(str::to_owned),
            "packaging" => self.own().text(&["packaging"]).map(str::to_owned),
            "parent.version" => self.own().text(&["parent", "version"]).map(str::to_owned),
            "parent.groupId" => self.own().text(&["parent", "groupId"]).map(str::to_owned),
            "parent.artifactId" => self
                .own()
                .text(&["parent", "artifactId"])
                .map(str::to_owned),
            _ => None,
        }
    }
}

/// The children of an element that may be absent.
pub(super) fn children(tree: Option<&Tree>) -> impl Iterator<Item = &(String, Tree)> {
    tree.map(Tree::entries).unwrap_or_default().iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poms(files: &[(&str, &str)]) -> BTreeMap<RelPath, Pom> {
        let repo = Repo::from_files(files.iter().copied());
        files
            .iter()
            .map(|(path, _)| {
                let dir = RelPath::new(path).unwrap().parent().unwrap();
                (dir.clone(), Pom::read(&repo, &dir).unwrap())
            })
            .collect()
    }

    #[test]
    fn properties_are_inherited_and_resolved() {
        let all = poms(&[
            (
                "pom.xml",
                "<project><parent><groupId>o</groupId><artifactId>outer</artifactId><version>3</version><relativePath/></parent>\
                 <groupId>g</groupId><artifactId>top</artifactId><version>${revision}</version>\
                 <properties><revision>1.2</revision><java>21</java><loop>${loop}</loop></properties></project>",
            ),
            (
                "app/pom.xml",
                "<project><parent><artifactId>top</artifactId><groupId>g</groupId><version>${revision}</version></parent>\
                 <artifactId>app</artifactId><properties><release>${java}</release></properties></project>",
            ),
        ]);
        let repo = Repo::from_files([("pom.xml", "")]);
        let chain = Chain::of(&repo, &RelPath::new("app").unwrap(), &all).unwrap();
        assert_eq!(chain.all().len(), 2);
        assert_eq!(chain.outside.as_ref().unwrap().name(), "o:outer");
        assert_eq!(chain.property("release").unwrap().text, "21");
        assert_eq!(chain.version().as_deref(), Some("1.2"));
        assert_eq!(chain.group().as_deref(), Some("g"));
        assert_eq!(
            chain
                .resolve("${project.artifactId}-${project.version}")
                .as_deref(),
            Some("app-1.2")
        );
        assert_eq!(chain.resolve("${loop}"), None);
        assert_eq!(chain.resolve("${unknown}"), None);
        assert_eq!(chain.resolve("${"), None);
    }
}
