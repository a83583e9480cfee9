//! Profiles of a POM: which of them take part when a module is built.
//!
//! Written from Maven's documentation, "Introduction to Build Profiles".

use super::pom::{Pom, children};
use crate::diag::Location;
use crate::parse::Tree;
use crate::repo::{RelPath, Repo};

/// What authors call the profile of their own machines, and that of the program as it is shipped.
const DEVELOPMENT: &[&str] = &["dev", "develop", "development", "local"];
const PRODUCTION: &[&str] = &["prod", "production", "prd"];

/// A profile that the build must name.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    pub name: String,
    pub at: Location,
}

/// The profiles of one POM that take part.
#[derive(Debug, Default)]
pub(super) struct Active<'p> {
    /// The stronger first.
    pub profiles: Vec<&'p Tree>,
    /// The one that `-P` switches on.
    pub chosen: Option<Chosen>,
}

/// The profiles of `pom` that take part when the module in `module` is built. The one for
/// production takes the place of the one for development, where the latter is the default.
pub(super) fn active<'p>(repo: &Repo, pom: &'p Pom, module: &RelPath) -> Active<'p> {
    let all: Vec<&Tree> = children(pom.at(&["profiles"]))
        .map(|(_, profile)| profile)
        .collect();
    let named = |names: &[&str], profile: &Tree| id(profile).is_some_and(|id| names.contains(&id));
    let develops = all
        .iter()
        .any(|profile| by_default(profile) && named(DEVELOPMENT, profile));
    let chosen = all
        .iter()
        .find(|profile| develops && named(PRODUCTION, profile))
        .copied();
    let mut profiles: Vec<&Tree> = all
        .iter()
        .filter(|profile| {
            chosen.is_some_and(|chosen| id(chosen) == id(profile)) || holds(repo, profile, module)
        })
        .copied()
        .collect();
    // One that is there for another reason switches the defaults off.
    if profiles.is_empty() {
        profiles = all
            .into_iter()
            .filter(|profile| by_default(profile))
            .collect();
    }
    profiles.reverse();
    Active {
        profiles,
        chosen: chosen.and_then(|profile| {
            Some(Chosen {
                name: id(profile)?.to_owned(),
                at: Location::in_source(&pom.source, &profile.span),
            })
        }),
    }
}

fn id(profile: &Tree) -> Option<&str> {
    profile.get("id").and_then(Tree::text)
}

fn by_default(profile: &Tree) -> bool {
    profile
        .at(&["activation", "activeByDefault"])
        .and_then(Tree::text)
        == Some("true")
}

/// Whether everything that the activation asks for is so in a build without properties, on Linux.
fn holds(repo: &Repo, profile: &Tree, module: &RelPath) -> bool {
    let mut asked = false;
    for (key, value) in children(profile.get("activation")) {
        let so = match key.as_str() {
            "file" => of_file(repo, value, module),
            "property" => of_property(value),
            "os" => of_system(value),
            // A lower bound is below the line that is built with.
            "jdk" => value
                .text()
                .is_some_and(|text| text.starts_with('[') && text.trim_end().ends_with(",)")),
            _ => continue,
        };
        if !so {
            return false;
        }
        asked = true;
    }
    asked
}

/// Maven looks from the module that is built, also for a profile of its parent.
fn of_file(repo: &Repo, file: &Tree, module: &RelPath) -> bool {
    let is_there = |text: &str| {
        let text = text
            .trim_start_matches("${project.basedir}/")
            .trim_start_matches("${basedir}/");
        module
            .resolve(text)
            .map(|path| repo.has(&path) || repo.has_dir(&path))
    };
    let text = |key: &str| file.get(key).and_then(Tree::text);
    match (text("exists"), text("missing")) {
        (Some(path), None) => is_there(path) == Some(true),
        (None, Some(path)) => is_there(path) == Some(false),
        _ => false,
    }
}

/// No property is set: only what asks for the absence of one, or of one value, is so.
fn of_property(property: &Tree) -> bool {
    let negated = |key: &str| {
        property
            .get(key)
            .and_then(Tree::text)
            .is_some_and(|text| text.starts_with('!'))
    };
    negated("name") && property.get("value").is_none() || negated("value")
}

fn of_system(system: &Tree) -> bool {
    children(Some(system)).all(|(key, value)| {
        let text = value.text().unwrap_or_default().to_lowercase();
        match key.as_str() {
            "family" | "name" => match text.strip_prefix('!') {
                Some(other) => !matches!(other, "unix" | "linux"),
                None => matches!(text.as_str(), "unix" | "linux"),
            },
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(profiles: &str) -> (Vec<String>, Option<String>) {
        let text = format!("<project><profiles>{profiles}</profiles></project>");
        let repo = Repo::from_files([("pom.xml", text.as_str()), ("app/conf/a.yml", "a: 1")]);
        let pom = Pom::read(&repo, &RelPath::root()).unwrap();
        let active = active(&repo, &pom, &RelPath::new("app").unwrap());
        (
            active
                .profiles
                .iter()
                .filter_map(|profile| id(profile).map(str::to_owned))
                .collect(),
            active.chosen.map(|chosen| chosen.name),
        )
    }

    fn profile(name: &str, activation: &str) -> String {
        format!("<profile><id>{name}</id><activation>{activation}</activation></profile>")
    }

    const DEFAULT: &str = "<activeByDefault>true</activeByDefault>";

    #[test]
    fn what_switches_a_profile_on() {
        for (activation, is_on) in [
            ("<file><exists>conf/a.yml</exists></file>", true),
            ("<file><exists>${basedir}/conf/a.yml</exists></file>", true),
            ("<file><missing>conf/a.yml</missing></file>", false),
            ("<file><missing>conf/b.yml</missing></file>", true),
            ("<file><exists>/etc/passwd</exists></file>", false),
            ("<property><name>!skip</name></property>", true),
            ("<property><name>skip</name></property>", false),
            (
                "<property><name>env</name><value>!ci</value></property>",
                true,
            ),
            ("<jdk>[9,)</jdk>", true),
            ("<jdk>1.8</jdk>", false),
            ("<os><family>unix</family></os>", true),
            ("<os><family>!windows</family></os>", true),
            ("<os><family>windows</family></os>", false),
            ("<jdk>[9,)</jdk><os><name>mac</name></os>", false),
            ("", false),
        ] {
            let (found, _) = names(&profile("one", activation));
            assert_eq!(!found.is_empty(), is_on, "{activation}");
        }
    }

    #[test]
    fn defaults_give_way() {
        let both = profile("dev", DEFAULT) + &profile("other", "<jdk>[9,)</jdk>");
        assert_eq!(names(&both), (vec!["other".to_owned()], None));
        let plain = profile("dev", DEFAULT) + &profile("prod", "");
        let prod = "prod".to_owned();
        assert_eq!(names(&plain), (vec![prod.clone()], Some(prod)));
        let all = profile("all", DEFAULT) + &profile("prod", "");
        assert_eq!(names(&all), (vec!["all".to_owned()], None));
    }
}
