//! Lock files: which packages production installs, and for which interpreters they have wheels.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::Optional;
use super::requirement::{Requirement, is_foreign, normal};
use crate::diag::Result;
use crate::parse::{Tree, json, toml};
use crate::repo::{RelPath, Repo};

/// What production installs, by name in normal form.
#[derive(Debug, Default)]
pub(super) struct Lock {
    pub packages: BTreeMap<String, Locked>,
    /// Something comes from a version-control system, which gives no hash to compare.
    pub vcs: bool,
}

#[derive(Debug, Default)]
pub(super) struct Locked {
    pub version: String,
    /// Names of the wheels that the lock file lists.
    pub wheels: Vec<String>,
}

impl Lock {
    /// The newest minor version of Python 3 that every package with compiled parts has a Linux
    /// wheel for, with the package that has none for the next one. `None` when nothing limits.
    pub(super) fn ceiling(&self) -> Option<(u64, String)> {
        self.packages
            .iter()
            .filter_map(|(name, locked)| {
                let minor = newest_wheel(&locked.wheels)?;
                Some((minor, format!("{name} {}", locked.version)))
            })
            .min_by_key(|(minor, _)| *minor)
    }
}

/// The newest interpreter among Linux wheels; `None` when one fits all, or when there are none.
fn newest_wheel(wheels: &[String]) -> Option<u64> {
    let mut newest = None;
    for wheel in wheels {
        // name-version[-build]-python-abi-platform.whl, PEP 427.
        let mut tags = wheel.strip_suffix(".whl")?.rsplit('-');
        let (platform, abi, python) = (tags.next()?, tags.next()?, tags.next()?);
        if platform == "any" || abi == "abi3" && platform.contains("linux") {
            return None;
        }
        if platform.contains("manylinux") {
            if abi == "none" {
                return None;
            }
            let minor = python
                .split('.')
                .filter_map(|tag| tag.strip_prefix("cp3")?.parse().ok())
                .max();
            newest = newest.max(minor);
        }
    }
    newest
}

/// uv.lock, from the component's own entry on, with these extras and groups of it.
pub(super) fn uv(repo: &Repo, file: &RelPath, name: &str, optional: &[Optional]) -> Result<Lock> {
    let tree = toml(&repo.read(file)?)?;
    let packages = tree.get("package").map(Tree::items).unwrap_or_default();
    let mut by_name: BTreeMap<String, Vec<&Tree>> = BTreeMap::new();
    for package in packages {
        if let Some(name) = package.get("name").and_then(Tree::text) {
            by_name.entry(normal(name)).or_default().push(package);
        }
    }
    let mut lock = Lock::default();
    let mut seen = BTreeSet::new();
    let mut todo = vec![(normal(name), None::<String>)];
    todo.extend(
        optional
            .iter()
            .map(|one| (normal(name), Some(one.name.clone()))),
    );
    while let Some(wanted) = todo.pop() {
        if !seen.insert(wanted.clone()) {
            continue;
        }
        let (name, extra) = wanted;
        for package in by_name.get(&name).map(Vec::as_slice).unwrap_or_default() {
            let list = match &extra {
                None => package.get("dependencies"),
                Some(extra) => ["optional-dependencies", "dev-dependencies"]
                    .iter()
                    .find_map(|table| package.at(&[table, extra.as_str()])),
            };
            for dependency in list.map(Tree::items).unwrap_or_default() {
                let marker = dependency.get("marker").and_then(Tree::text);
                if marker.is_some_and(is_foreign) {
                    continue;
                }
                let Some(name) = dependency.get("name").and_then(Tree::text).map(normal) else {
                    continue;
                };
                for extra in dependency
                    .get("extra")
                    .map(Tree::texts)
                    .into_iter()
                    .flatten()
                {
                    todo.push((name.clone(), Some(extra.to_owned())));
                }
                todo.push((name, None));
            }
            let source = package.get("source");
            let has = |key: &str| source.is_some_and(|source| source.get(key).is_some());
            lock.vcs |= has("git");
            if has("editable") || has("virtual") || has("directory") {
                continue;
            }
            lock.packages
                .insert(name.clone(), locked(package, "wheels"));
        }
    }
    Ok(lock)
}

/// poetry.lock of any version since 1.0.
/// `more` is set when the direct ones are more than the group `main` has.
pub(super) fn poetry(
    repo: &Repo,
    file: &RelPath,
    direct: &[Requirement],
    more: bool,
) -> Result<Lock> {
    let tree = toml(&repo.read(file)?)?;
    let packages = tree.get("package").map(Tree::items).unwrap_or_default();
    let mut all: BTreeMap<String, &Tree> = BTreeMap::new();
    for package in packages {
        if let Some(name) = package.get("name").and_then(Tree::text) {
            all.insert(normal(name), package);
        }
    }
    let marked = packages.iter().any(|package| {
        package
            .get("groups")
            .or_else(|| package.get("category"))
            .is_some()
    });
    let main: BTreeSet<String> = if marked {
        all.iter()
            .filter(|(_, package)| {
                package.get("category").and_then(Tree::text) == Some("main")
                    || package
                        .get("groups")
                        .is_some_and(|groups| groups.texts().any(|group| group == "main"))
            })
            .filter(|(_, package)| package.get("optional").and_then(Tree::boolean) != Some(true))
            .map(|(name, _)| name.clone())
            .collect()
    } else {
        BTreeSet::new()
    };
    let main: BTreeSet<String> = if marked && !more {
        main
    } else {
        main.into_iter().chain(closure(&all, direct)).collect()
    };
    let files = tree.at(&["metadata", "files"]);
    let mut lock = Lock::default();
    for name in main {
        let Some(package) = all.get(&name) else {
            continue;
        };
        let mut entry = locked(package, "files");
        if let Some(list) = files.and_then(|files| files.get(&name)) {
            entry.wheels.extend(wheels(list));
        }
        lock.vcs |= package.at(&["source", "type"]).and_then(Tree::text) == Some("git");
        lock.packages.insert(name, entry);
    }
    Ok(lock)
}

/// The packages that the direct ones need, through `[package.dependencies]`.
fn closure(all: &BTreeMap<String, &Tree>, direct: &[Requirement]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut todo: Vec<String> = direct.iter().map(|found| found.name.clone()).collect();
    while let Some(name) = todo.pop() {
        let Some(package) = all.get(&name) else {
            continue;
        };
        if seen.insert(name) {
            let list = package
                .get("dependencies")
                .map(Tree::entries)
                .unwrap_or_default();
            todo.extend(list.iter().map(|(name, _)| normal(name)));
        }
    }
    seen
}

/// pdm.lock.
pub(super) fn pdm(repo: &Repo, file: &RelPath) -> Result<Lock> {
    let tree = toml(&repo.read(file)?)?;
    let mut lock = Lock::default();
    for package in tree.get("package").map(Tree::items).unwrap_or_default() {
        let production = package
            .get("groups")
            .is_none_or(|groups| groups.texts().any(|group| group == "default"));
        if let Some(name) = package
            .get("name")
            .and_then(Tree::text)
            .filter(|_| production)
        {
            lock.vcs |= package.get("git").is_some();
            lock.packages.insert(normal(name), locked(package, "files"));
        }
    }
    Ok(lock)
}

/// pylock.toml, PEP 751.
pub(super) fn pylock(repo: &Repo, file: &RelPath) -> Result<Lock> {
    let tree = toml(&repo.read(file)?)?;
    let mut lock = Lock::default();
    for package in tree.get("packages").map(Tree::items).unwrap_or_default() {
        if let Some(name) = package.get("name").and_then(Tree::text) {
            lock.vcs |= package.get("vcs").is_some();
            lock.packages
                .insert(normal(name), locked(package, "wheels"));
        }
    }
    Ok(lock)
}

/// Pipfile.lock.
pub(super) fn pipenv(repo: &Repo, file: &RelPath) -> Result<Lock> {
    let tree = json(&repo.read(file)?)?;
    let mut lock = Lock::default();
    for (name, package) in tree.get("default").map(Tree::entries).unwrap_or_default() {
        let version = package
            .get("version")
            .and_then(Tree::text)
            .unwrap_or_default();
        lock.vcs |= package.get("git").is_some();
        let version = version.trim_start_matches('=').to_owned();
        lock.packages.insert(
            normal(name),
            Locked {
                version,
                wheels: Vec::new(),
            },
        );
    }
    Ok(lock)
}

fn locked(package: &Tree, files: &str) -> Locked {
    Locked {
        version: package
            .get("version")
            .and_then(Tree::text)
            .unwrap_or_default()
            .to_owned(),
        wheels: package.get(files).map(wheels).unwrap_or_default(),
    }
}

/// File names of the wheels in a list of `{ file = … }`, `{ name = … }` or `{ url = … }`.
fn wheels(list: &Tree) -> Vec<String> {
    list.items()
        .iter()
        .filter_map(|item| {
            ["file", "filename", "name", "url", "path"]
                .iter()
                .find_map(|key| item.get(key)?.text())
        })
        .filter_map(|path| path.rsplit('/').next())
        .filter(|name| {
            name.rsplit_once('.')
                .is_some_and(|(_, ending)| ending == "whl")
        })
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheels_limit_the_interpreter() {
        let wheels = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        let numpy = wheels(&[
            "numpy-2.2.3-cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "numpy-2.2.3-cp313-cp313t-manylinux_2_17_x86_64.whl",
            "numpy-2.2.3-cp312-cp312-manylinux_2_17_x86_64.whl",
            "numpy-2.2.3-cp314-cp314-win_amd64.whl",
        ]);
        assert_eq!(newest_wheel(&numpy), Some(13));
        for free in [
            &["six-1.0-py2.py3-none-any.whl"][..],
            &["ruff-1-py3-none-manylinux_2_17_x86_64.whl"],
            &["cryptography-50-cp311-abi3-manylinux_2_34_x86_64.whl"],
            &["psycopg2-2.9-cp313-cp313-win_amd64.whl"],
            &[],
        ] {
            assert_eq!(newest_wheel(&wheels(free)), None, "{free:?}");
        }
    }

    #[test]
    fn only_what_production_needs() {
        let repo = Repo::from_files([(
            "uv.lock",
            r#"
            [[package]]
            name = "app"
            version = "1"
            source = { virtual = "." }
            dependencies = [{ name = "psycopg", extra = ["binary"] }, { name = "tzdata", marker = "sys_platform == 'win32'" }]
            [package.dev-dependencies]
            dev = [{ name = "pytest" }]
            [[package]]
            name = "psycopg"
            version = "3.2"
            [package.optional-dependencies]
            binary = [{ name = "psycopg-binary" }]
            [[package]]
            name = "psycopg-binary"
            version = "3.2"
            [[package]]
            name = "tzdata"
            version = "1"
            [[package]]
            name = "pytest"
            version = "9"
            "#,
        )]);
        let lock = uv(&repo, &RelPath::new("uv.lock").unwrap(), "App", &[]).unwrap();
        let names: Vec<&str> = lock.packages.keys().map(String::as_str).collect();
        assert_eq!(names, ["psycopg", "psycopg-binary"]);
    }
}
