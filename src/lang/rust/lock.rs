//! `Cargo.lock`: which crates a package ends up with.

use std::collections::{BTreeMap, BTreeSet};

use crate::diag::Result;
use crate::facts::Pins;
use crate::parse;
use crate::parse::Tree;
use crate::repo::Source;

pub(super) struct Lock {
    crates: Vec<Locked>,
    by_name: BTreeMap<String, Vec<usize>>,
}

struct Locked {
    name: String,
    version: String,
    /// From a registry or a git repository, and not a folder of this one.
    fetched: bool,
    dependencies: Vec<String>,
}

/// What a package's dependencies lead to.
#[derive(Debug, Default)]
pub(super) struct Closure {
    pub names: BTreeSet<String>,
    /// One of them is fetched from somewhere.
    pub fetched: bool,
    /// Crates whose sources bring the C library that they bind.
    pub bundled: BTreeSet<String>,
}

/// Crates whose feature `bundled` makes them compile the library with `cc`, which they otherwise
/// do not depend on.
const BUNDLED_BY_CC: &[&str] = &["libsqlite3-sys"];

impl Lock {
    /// The versions of these crates.
    pub(super) fn pins(&self, names: &BTreeSet<String>) -> Pins {
        let mut pins = Pins::default();
        for found in self
            .crates
            .iter()
            .filter(|found| names.contains(&found.name))
        {
            pins.pin(&found.name, &found.version, None);
        }
        pins
    }

    pub(super) fn read(source: &Source) -> Result<Self> {
        let tree = parse::toml(source)?;
        let mut lock = Self {
            crates: Vec::new(),
            by_name: BTreeMap::new(),
        };
        for table in tree.get("package").map(Tree::items).unwrap_or_default() {
            let text = |key: &str| table.get(key).and_then(Tree::text).unwrap_or_default();
            let name = text("name").to_owned();
            let dependencies = table.get("dependencies").into_iter();
            lock.by_name
                .entry(name.clone())
                .or_default()
                .push(lock.crates.len());
            lock.crates.push(Locked {
                name,
                version: text("version").to_owned(),
                fetched: table.get("source").is_some(),
                dependencies: dependencies
                    .flat_map(Tree::texts)
                    .map(str::to_owned)
                    .collect(),
            });
        }
        Ok(lock)
    }

    /// All crates that these lead to, themselves included.
    pub(super) fn closure<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Closure {
        let mut closure = Closure::default();
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut open: Vec<usize> = names
            .into_iter()
            .flat_map(|name| self.find(name).collect::<Vec<_>>())
            .collect();
        while let Some(at) = open.pop() {
            let Some(found) = self.crates.get(at).filter(|_| seen.insert(at)) else {
                continue;
            };
            closure.names.insert(found.name.clone());
            closure.fetched |= found.fetched;
            let by_cc = BUNDLED_BY_CC.contains(&found.name.as_str());
            if by_cc && found.dependencies.iter().any(|name| name == "cc") {
                closure.bundled.insert(found.name.clone());
            }
            open.extend(found.dependencies.iter().flat_map(|name| self.find(name)));
        }
        closure
    }

    /// The crates of `name`, `name version` or `name version (source)`.
    fn find<'l>(&'l self, dependency: &'l str) -> impl Iterator<Item = usize> + 'l {
        let mut words = dependency.split(' ');
        let name = words.next().unwrap_or_default();
        let version = words.next();
        self.by_name
            .get(name)
            .into_iter()
            .flatten()
            .copied()
            .filter(move |at| {
                version.is_none_or(|version| {
                    self.crates
                        .get(*at)
                        .is_some_and(|found| found.version == version)
                })
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::RelPath;

    #[test]
    fn a_closure_follows_versions() {
        let text = r#"
version = 4
[[package]]
name = "app"
version = "0.1.0"
dependencies = ["a", "b 2.0.0"]
[[package]]
name = "a"
version = "1.0.0"
source = "registry"
dependencies = ["libsqlite3-sys"]
[[package]]
name = "b"
version = "1.0.0"
dependencies = ["openssl-sys"]
[[package]]
name = "b"
version = "2.0.0"
[[package]]
name = "libsqlite3-sys"
version = "0.30.0"
source = "registry"
dependencies = ["cc", "pkg-config"]
[[package]]
name = "cc"
version = "1.0.0"
source = "registry"
"#;
        let lock = Lock::read(&Source::new(RelPath::root().join("Cargo.lock"), text)).unwrap();
        let closure = lock.closure(["app"]);
        let names: Vec<&str> = closure.names.iter().map(String::as_str).collect();
        assert_eq!(names, ["a", "app", "b", "cc", "libsqlite3-sys"]);
        assert!(closure.fetched);
        assert!(closure.bundled.contains("libsqlite3-sys"));
        assert!(!lock.closure(["b 2.0.0"]).fetched);
    }
}
