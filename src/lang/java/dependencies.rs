//! Dependencies of a POM, and what else detectors may ask for: parents, lists of versions, plugins.

use super::plugins::Plugins;
use super::pom::{Chain, Coordinates, Placed, children};
use crate::diag::Location;
use crate::lang::Dependency;
use crate::parse::Tree;

const BOOT_PLUGIN: &str = "org.springframework.boot:spring-boot-maven-plugin";

/// The version of Spring Boot: of its parent, its plugin or its list of versions.
fn boot_version(chain: &Chain<'_>, plugins: &Plugins<'_, '_>) -> Option<String> {
    let (group, artifact) = BOOT_PLUGIN.split_once(':')?;
    plugins
        .version(group, artifact)
        .or_else(|| {
            chain
                .outside
                .as_ref()
                .filter(|outside| outside.group == group)
                .map(|outside| outside.version.clone())
        })
        .or_else(|| {
            imports(chain)
                .into_iter()
                .find(|(coordinates, _)| coordinates.group == group)
                .map(|(coordinates, _)| coordinates.version)
        })
}

/// What detectors may ask for: dependencies, the parent outside, imported lists of versions,
/// and the plugins that take part in the build; only the first run in production.
pub(super) fn manifest_dependencies<'r>(
    chain: &Chain<'r>,
    plugins: &Plugins<'_, 'r>,
    mut all: Vec<Dependency>,
) -> Vec<Dependency> {
    let own = chain.own();
    let mut push = |coordinates: Coordinates, at: Location| {
        all.push(Dependency {
            name: coordinates.name(),
            version: coordinates.version,
            production: false,
            at,
        });
    };
    let boot = boot_version(chain, plugins);
    if let Some(outside) = &chain.outside {
        let last = chain.all().last().copied().unwrap_or(own);
        let span = last.at(&["parent"]).map(|tree| tree.span.clone());
        push(
            outside.clone(),
            Location::in_source(&last.source, &span.unwrap_or_default()),
        );
    }
    for (coordinates, placed) in imports(chain) {
        push(
            coordinates,
            Location::in_source(placed.source, &placed.span),
        );
    }
    for plugin in plugins.active() {
        let name = format!("{}:{}", plugin.group, plugin.artifact);
        let is_boot = name == BOOT_PLUGIN;
        if is_boot && !plugins.repackages() {
            continue;
        }
        let version = if is_boot {
            boot.clone()
        } else {
            plugins.version(&plugin.group, &plugin.artifact)
        };
        push(
            Coordinates {
                version: version.unwrap_or_default(),
                group: plugin.group,
                artifact: plugin.artifact,
            },
            plugin.at,
        );
    }
    all
}

/// The POM's dependencies and its parents', with their places.
pub(super) fn dependencies(chain: &Chain<'_>) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    for (pom, list) in chain.every(&["dependencies"]) {
        for (_, tree) in children(Some(list)) {
            let text = |key: &str| {
                tree.get(key)
                    .and_then(Tree::text)
                    .and_then(|text| chain.resolve(text))
            };
            let (Some(group), Some(artifact)) = (text("groupId"), text("artifactId")) else {
                continue;
            };
            let name = format!("{group}:{artifact}");
            if found.iter().any(|known| known.name == name) {
                continue;
            }
            let managed = managed(chain, &group, &artifact);
            let of_managed = |key: &str| {
                managed
                    .and_then(|tree| tree.get(key))
                    .and_then(Tree::text)
                    .and_then(|text| chain.resolve(text))
            };
            let scope = text("scope").or_else(|| of_managed("scope"));
            found.push(Dependency {
                name,
                version: text("version")
                    .or_else(|| of_managed("version"))
                    .unwrap_or_default(),
                production: !matches!(
                    scope.as_deref(),
                    Some("test" | "provided" | "system" | "import")
                ) && text("type").as_deref() != Some("test-jar"),
                at: Location::in_source(&pom.source, &tree.span),
            });
        }
    }
    found
}

fn managed<'p>(chain: &Chain<'p>, group: &str, artifact: &str) -> Option<&'p Tree> {
    let mut lists = chain.every(&["dependencyManagement", "dependencies"]);
    lists.find_map(|(_, list)| {
        children(Some(list)).map(|(_, tree)| tree).find(|tree| {
            let is = |key: &str, value: &str| tree.get(key).and_then(Tree::text) == Some(value);
            is("groupId", group) && is("artifactId", artifact)
        })
    })
}

/// Lists of versions that the POM or a parent imports.
fn imports<'p>(chain: &Chain<'p>) -> Vec<(Coordinates, Placed<'p>)> {
    let mut found = Vec::new();
    for (pom, list) in chain.every(&["dependencyManagement", "dependencies"]) {
        for (_, tree) in children(Some(list)) {
            let text = |key: &str| {
                tree.get(key)
                    .and_then(Tree::text)
                    .and_then(|text| chain.resolve(text))
            };
            if text("scope").as_deref() == Some("import")
                && let (Some(group), Some(artifact)) = (text("groupId"), text("artifactId"))
            {
                let placed = Placed {
                    text: artifact.clone(),
                    source: &pom.source,
                    span: tree.span.clone(),
                };
                let version = text("version").unwrap_or_default();
                found.push((
                    Coordinates {
                        group,
                        artifact,
                        version,
                    },
                    placed,
                ));
            }
        }
    }
    found
}
