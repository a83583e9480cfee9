//! Whether npm's lock file fits the manifest: `npm ci` refuses one that does not.

use super::package::Package;
use crate::diag::Diagnostic;
use crate::parse::version::{Constraint, Version};
use crate::parse::{Tree, json};
use crate::repo::{Dir, RelPath, Source};

/// What is known about the lock file of an install root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Its file name.
    Fits(String),
    /// Its file name, and what the manifest has and it has not.
    Stale(String, String),
    Missing,
}

impl Lock {
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Fits(file) | Self::Stale(file, _) => Some(file),
            Self::Missing => None,
        }
    }
}

/// Reads npm's lock file and compares its entry of each package with the manifest. A lock that
/// cannot be read is taken as it is: the build will say what is wrong with it.
pub(super) fn npm(
    root: &Dir<'_>,
    file: &str,
    packages: &[&Package],
    diagnostics: &mut Vec<Diagnostic>,
) -> Lock {
    let fits = Lock::Fits(file.to_owned());
    let tree =
        root.read(file).and_then(
            |source| match head(&source).filter(|_| packages.len() == 1) {
                Some(head) => json(&head),
                None => json(&source),
            },
        );
    let tree = match tree {
        Ok(tree) => tree,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return fits;
        }
    };
    let Some(entries) = tree.get("packages") else {
        return fits;
    };
    for package in packages {
        let key = package.dir.below(&root.path).unwrap_or_default();
        let Some(entry) = entries.get(key.as_str()) else {
            return Lock::Stale(file.to_owned(), format!("the package in {key}"));
        };
        let different = difference(package, entry);
        if different.is_empty() {
            continue;
        }
        let whole = root.read(file).and_then(|source| json(&source));
        let entries = whole.as_ref().ok().and_then(|tree| tree.get("packages"));
        for (name, wanted) in different {
            if !entries.is_some_and(|entries| satisfied(entries, &key, &name, &wanted)) {
                return Lock::Stale(file.to_owned(), format!("{name} {wanted}"));
            }
        }
    }
    fits
}

/// The lock file up to the first installed package: all that matters where there is no workspace,
/// and a hundredth of the file.
fn head(source: &Source) -> Option<Source> {
    let (head, _) = source.text.split_once("\"node_modules/")?;
    let head = head.trim_end().trim_end_matches(',');
    Some(Source::new(source.path.clone(), format!("{head}}}}}")))
}

fn difference(package: &Package, entry: &Tree) -> Vec<(String, String)> {
    let mut different = Vec::new();
    for table in ["dependencies", "devDependencies", "optionalDependencies"] {
        let locked = entry.get(table);
        for (name, wanted) in package.table(table) {
            // npm moves a name that stands in both tables to the optional one.
            let moved = table == "dependencies"
                && package
                    .table("optionalDependencies")
                    .any(|(optional, _)| optional == name);
            let known = locked
                .and_then(|locked| locked.get(name))
                .and_then(Tree::text);
            if !moved && known != Some(wanted) {
                different.push((name.to_owned(), wanted.to_owned()));
            }
        }
    }
    different
}

/// npm takes another requirement as well when the locked version satisfies it.
fn satisfied(entries: &Tree, key: &RelPath, name: &str, wanted: &str) -> bool {
    let place = RelPath::root().join("node_modules").join(name);
    let own = key.join(place.as_str());
    let Some(entry) = entries
        .get(own.as_str())
        .or_else(|| entries.get(place.as_str()))
    else {
        return false;
    };
    let (Some(version), Some(range)) = (
        entry
            .get("version")
            .and_then(Tree::text)
            .and_then(Version::parse),
        Constraint::node(wanted),
    ) else {
        // A link, an address or a tag: only npm can tell.
        return true;
    };
    range.allows(&version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Repo;

    fn state(manifest: &str, lock: &str) -> Lock {
        let repo = Repo::from_files([("package.json", manifest), ("package-lock.json", lock)]);
        let root = repo.dir(&RelPath::root());
        let package = Package::read(&root).unwrap().unwrap();
        npm(&root, "package-lock.json", &[&package], &mut Vec::new())
    }

    #[test]
    fn a_lock_file_fits_or_says_what_is_missing() {
        let lock = r#"{"packages": {"": {"dependencies": {"a": "^1.0.0"}}, "node_modules/a": {"version": "1.2.0"}}}"#;
        let fits = Lock::Fits("package-lock.json".to_owned());
        for good in [
            r#"{"dependencies": {"a": "^1.0.0"}}"#,
            r#"{"dependencies": {"a": ">=1.1.0"}}"#,
            r#"{"dependencies": {"a": "latest"}}"#,
            "{}",
        ] {
            assert_eq!(state(good, lock), fits, "{good}");
        }
        for bad in [
            r#"{"dependencies": {"a": "^2.0.0"}}"#,
            r#"{"dependencies": {"a": "^1.0.0", "b": "1"}}"#,
        ] {
            assert!(matches!(state(bad, lock), Lock::Stale(..)), "{bad}");
        }
        assert_eq!(state(r#"{"dependencies": {"a": "1"}}"#, "{"), fits);
    }
}
