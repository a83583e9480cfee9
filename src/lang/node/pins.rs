//! Which packages a lock file fixes, in which versions, and on which versions of Node.js their
//! authors run them.
//!
//! The lines of a lock file are read one by one, as its manager writes them: a lock file is the
//! largest text of a repository, and a tree of all of it would be the slowest step.

use super::manager::Manager;
use super::package::Package;
use crate::diag::Location;
use crate::facts::{Bound, Evidence, Pin, Pins, Slot, Weight};
use crate::parse::version::{Constraint, TOP, Version};
use crate::repo::{Dir, Source};

/// A package of a lock file.
#[derive(Clone, Debug)]
pub(super) struct Locked {
    pin: Pin,
    /// `engines.node`, where the lock file repeats it.
    engine: Option<String>,
}

/// Everything in the lock file, in its order; without one, what the manifests fix.
pub(super) fn read(
    root: &Dir<'_>,
    manager: Manager,
    file: Option<&str>,
    all: &[&Package],
) -> Vec<Locked> {
    let Some(source) = file.and_then(|file| root.text(file)) else {
        return all.iter().flat_map(|package| asked(package)).collect();
    };
    let mut reader = Reader {
        source: &source,
        line: 0,
        found: Vec::new(),
    };
    match manager {
        Manager::Npm => reader.npm(),
        Manager::Pnpm => reader.pnpm(),
        Manager::Yarn | Manager::YarnBerry => reader.yarn(),
        Manager::Bun => reader.bun(),
    }
    reader.found
}

/// What one package of the project is installed with: all that is locked, for a build needs the
/// whole, its manager, and the bounds that packages which it names itself set.
pub(super) fn of(
    package: &Package,
    locked: &[Locked],
    manager: Manager,
    version: &Slot<Constraint>,
) -> Pins {
    let mut pins = Pins {
        packages: locked.iter().map(|found| found.pin.clone()).collect(),
        bounds: Vec::new(),
    };
    if let Some(found) = version.best()
        && let Some(version) = newest(&found.value)
    {
        pins.packages.push(Pin {
            name: manager.command().to_owned(),
            text: found.value.to_string(),
            version,
            at: found.evidence.at.clone(),
        });
    }
    for (name, wanted) in package.table("dependencies") {
        let range = Constraint::node(wanted);
        let Some(found) = locked.iter().find(|found| {
            found.pin.name == name
                && range
                    .as_ref()
                    .is_none_or(|range| range.allows(&found.pin.version))
        }) else {
            continue;
        };
        let Some(engine) = &found.engine else {
            continue;
        };
        // A floor alone is kept by every line that an image is of.
        if let Some(runs) = Constraint::node(engine)
            && !runs.allows(&Version::new([TOP]))
        {
            pins.bounds.push(Bound {
                runs,
                weight: Weight::Tried,
                evidence: Evidence {
                    rule: "node/engines-of".to_owned(),
                    at: found.pin.at.clone(),
                    why: format!("{name} {} is made for Node.js {engine}", found.pin.text),
                },
            });
        }
    }
    pins
}

/// Requirements of a manifest that leave no other release line than one.
fn asked(package: &Package) -> Vec<Locked> {
    ["dependencies", "devDependencies", "optionalDependencies"]
        .iter()
        .flat_map(|table| package.table(table))
        .filter_map(|(name, wanted)| {
            let version = newest(&Constraint::node(wanted)?)?;
            Some(Locked {
                pin: Pin {
                    name: name.to_owned(),
                    version,
                    text: wanted.to_owned(),
                    at: Some(Location::file(package.source.path.clone())),
                },
                engine: None,
            })
        })
        .collect()
}

/// The newest version that an exact version, a line or `^` and `~` allow; none for wider ranges.
fn newest(constraint: &Constraint) -> Option<Version> {
    let text = constraint.to_string();
    let bare = text.trim_start_matches(['^', '~', '=', 'v']);
    let simple = bare
        .bytes()
        .all(|b| b.is_ascii_digit() || b".xX*".contains(&b));
    let version = Version::parse(bare).filter(|_| simple)?;
    let kept = match text.as_bytes().first() {
        Some(b'^') if version.major() > 0 => 1,
        Some(b'^' | b'~') => 2,
        _ => version.parts().len(),
    };
    Some(if kept < 3 {
        version.truncated(kept).filled(TOP)
    } else {
        version
    })
}

struct Reader<'s> {
    source: &'s Source,
    line: usize,
    found: Vec<Locked>,
}

impl<'s> Reader<'s> {
    fn lines(&self) -> impl Iterator<Item = (usize, &'s str)> + use<'s> {
        self.source
            .text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
    }

    fn add(&mut self, name: &str, version: &str) {
        if let Some(number) = Version::parse(version)
            && !name.is_empty()
            && !version.contains("-use.local")
        {
            self.found.push(Locked {
                pin: Pin {
                    name: name.to_owned(),
                    version: number,
                    text: version.to_owned(),
                    at: Some(Location {
                        path: self.source.path.clone(),
                        line: Some(self.line),
                        column: Some(1),
                    }),
                },
                engine: None,
            });
        }
    }

    fn engine(&mut self, text: &str) {
        if let Some(last) = self.found.last_mut() {
            last.engine = Some(text.to_owned());
        }
    }

    /// `"node_modules/a": {` or, before version 2, `"a": {`, then `"version": "1.2.3"`.
    fn npm(&mut self) {
        const TABLES: &[&str] = &[
            "",
            "packages",
            "requires",
            "dependencies",
            "devDependencies",
            "optionalDependencies",
            "peerDependencies",
            "peerDependenciesMeta",
            "bin",
            "funding",
        ];
        let mut entry: Option<&str> = None;
        let mut engines = false;
        for (at, line) in self.lines() {
            let line = line.trim().trim_end_matches(',');
            if let Some(key) = line.strip_suffix(": {") {
                let key = key.trim_matches('"');
                engines = key == "engines";
                if !engines {
                    let name = key.rsplit("node_modules/").next().unwrap_or(key);
                    entry = (!TABLES.contains(&key)).then_some(name);
                    self.line = at;
                }
            } else if line == "}" {
                engines = false;
            } else if let Some((key, value)) = line.split_once(": ") {
                let value = value.trim_matches('"');
                match (key, entry) {
                    ("\"version\"", Some(name)) => {
                        self.add(name, value);
                        entry = None;
                    }
                    ("\"node\"", _) if engines => self.engine(value),
                    _ => {}
                }
            }
        }
    }

    /// `/a/1.2.3:`, `/a@1.2.3:` or `a@1.2.3:` below `packages`, then `engines: {node: '>=4'}`.
    fn pnpm(&mut self) {
        let mut inside = false;
        for (at, line) in self.lines() {
            if !line.starts_with(' ') && !line.is_empty() {
                inside = line.starts_with("packages:");
                continue;
            }
            if !inside {
                continue;
            }
            if let Some(key) = line.strip_prefix("  ").filter(|key| !key.starts_with(' ')) {
                let key = key.split(": {").next().unwrap_or(key);
                let key = key.trim_end_matches(':').trim_matches(['\'', '"']);
                let key = key.trim_start_matches('/');
                let key = key.split('(').next().unwrap_or(key);
                // Before version 6 a slash stood before the version.
                let slash = key
                    .rfind('/')
                    .filter(|place| key[place + 1..].starts_with(|c: char| c.is_ascii_digit()));
                let place = slash.or_else(|| key.rfind('@')).unwrap_or(0);
                let parts = key.split_at(place);
                self.line = at;
                let version = parts.1.trim_start_matches(['@', '/']);
                self.add(parts.0, version.split('_').next().unwrap_or(version));
            } else if let Some((_, rest)) = line
                .trim()
                .strip_prefix("engines:")
                .and_then(|list| list.split_once("node:"))
            {
                let rest = rest.trim_start();
                let text = match rest.chars().next() {
                    Some(quote @ ('\'' | '"')) => rest[1..].split(quote).next(),
                    _ => rest.split([',', '}']).next(),
                };
                self.engine(text.unwrap_or_default().trim());
            }
        }
    }

    /// `a@^1.0.0, a@^1.1.0:`, then `version "1.2.3"` or `version: 1.2.3`.
    fn yarn(&mut self) {
        let mut entry: Option<&str> = None;
        for (at, line) in self.lines() {
            if !line.starts_with([' ', '#']) && line.ends_with(':') {
                let first = line.trim_matches(['"', ':']);
                let first = first.split(',').next().unwrap_or(first).trim_matches('"');
                let name = first
                    .char_indices()
                    .skip(1)
                    .find(|(_, c)| *c == '@')
                    .map_or(first, |(place, _)| &first[..place]);
                entry = Some(name);
                self.line = at;
            } else if let Some(version) = line.strip_prefix("  version")
                && let Some(name) = entry.take()
            {
                self.add(name, version.trim_matches([' ', ':', '"']));
            }
        }
    }

    /// `"a": ["a@1.2.3", …`.
    fn bun(&mut self) {
        for (at, line) in self.lines() {
            if let Some((_, list)) = line.split_once("\": [\"")
                && let Some(spec) = list.split('"').next()
                && let Some(place) = spec.rfind('@').filter(|place| *place > 0)
            {
                self.line = at;
                self.add(&spec[..place], &spec[place + 1..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{RelPath, Repo};

    fn found(manager: Manager, file: &str, text: &str) -> Vec<String> {
        let repo = Repo::from_files([(file, text)]);
        read(&repo.dir(&RelPath::root()), manager, Some(file), &[])
            .iter()
            .map(|locked| {
                let engine = locked.engine.as_deref().unwrap_or("-");
                format!("{} {} {engine}", locked.pin.name, locked.pin.text)
            })
            .collect()
    }

    #[test]
    fn every_lock_file_names_its_packages() {
        let npm = r#"{
  "packages": {
    "": {
      "name": "app",
      "version": "9.9.9",
      "engines": {
        "node": ">=1"
      }
    },
    "node_modules/@s/a": {
      "version": "1.2.3",
      "dependencies": {
        "version": "2.0.0"
      },
      "engines": {
        "node": ">=4 <12"
      }
    },
    "node_modules/@s/a/node_modules/b": {
      "version": "2.0.0-rc.1"
    }
  }
}"#;
        assert_eq!(
            found(Manager::Npm, "package-lock.json", npm),
            ["@s/a 1.2.3 >=4 <12", "b 2.0.0-rc.1 -"]
        );
        let first = "{\n  \"dependencies\": {\n    \"a\": {\n      \"version\": \"1.0.0\",\n      \"requires\": {\n        \"b\": \"^2\"\n      }\n    }\n  }\n}";
        assert_eq!(
            found(Manager::Npm, "package-lock.json", first),
            ["a 1.0.0 -"]
        );
        for pnpm in [
            "lockfileVersion: 5.4\npackages:\n\n  /@s/a/1.2.3_react@17.0.2:\n    engines: {node: '>=4'}\n    dev: true\n  /b/2.0.0:\n    dev: true\n",
            "lockfileVersion: '6.0'\npackages:\n\n  /@s/a@1.2.3(react@17.0.2):\n    engines: {npm: '1', node: '>=4'}\n  /b@2.0.0:\n    dev: true\n",
            "lockfileVersion: '9.0'\npackages:\n\n  '@s/a@1.2.3':\n    engines: {node: '>=4'}\n\n  b@2.0.0:\n    engines: {}\nsnapshots:\n  c@1.0.0: {}\n",
        ] {
            let all = found(Manager::Pnpm, "pnpm-lock.yaml", pnpm);
            assert!(all[0].starts_with("@s/a 1.2.3"), "{all:?}");
            assert!(all[0].ends_with(">=4"), "{all:?}");
            assert_eq!(all[1], "b 2.0.0 -");
            assert_eq!(all.len(), 2);
        }
        for yarn in [
            "# yarn lockfile v1\n\n\"@s/a@^1.0.0\", \"@s/a@^1.1.0\":\n  version \"1.2.3\"\n  dependencies:\n    b \"2\"\n\nb@2:\n  version \"2.0.0\"\n",
            "__metadata:\n  version: 8\n\n\"@s/a@npm:^1.0.0, @s/a@npm:^1.1.0\":\n  version: 1.2.3\n\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n\n\"b@npm:2\":\n  version: 2.0.0\n",
        ] {
            let all = found(Manager::Yarn, "yarn.lock", yarn);
            let all: Vec<&str> = all
                .iter()
                .map(String::as_str)
                .filter(|found| !found.starts_with("__"))
                .collect();
            assert_eq!(all, ["@s/a 1.2.3 -", "b 2.0.0 -"]);
        }
        let bun = "{\n  \"packages\": {\n    \"@s/a\": [\"@s/a@1.2.3\", \"\", {}, \"sha512-x\"],\n    \"c/b\": [\"b@2.0.0\", \"\", {}, \"\"],\n  }\n}";
        assert_eq!(
            found(Manager::Bun, "bun.lock", bun),
            ["@s/a 1.2.3 -", "b 2.0.0 -"]
        );
    }

    #[test]
    fn an_open_requirement_fixes_its_line() {
        for (wanted, expected) in [
            ("11.1.0", Some("11.1.0")),
            ("^11.1.0", Some("11.999999.999999")),
            ("~11.1.0", Some("11.1.999999")),
            ("^0.3.1", Some("0.3.999999")),
            ("11", Some("11.999999.999999")),
            (">=11", None),
            ("*", None),
        ] {
            let version = Constraint::node(wanted).and_then(|range| newest(&range));
            assert_eq!(
                version.map(|version| version.to_string()).as_deref(),
                expected,
                "{wanted}"
            );
        }
    }
}
