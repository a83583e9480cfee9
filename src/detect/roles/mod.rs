//! Roles: what each component is for, judged once over the whole repository.

mod assets;
mod feeds;
mod reads;
mod unknown;

use super::condition::{Cx, Variables, every};
use crate::facts::{Evidence, Kind, Rank, Role, Verdict};
use crate::lang::{Component, Sources};
use crate::pack::{PackSet, RoleRule, fits};
use crate::repo::{RelPath, Repo};

pub(super) use feeds::feeds;
pub(super) use unknown::{Unknown, unknown};

/// Whether code was seen that serves, or works until it is ended.
pub(super) fn serves(component: &Component) -> bool {
    component.facts.kind.best().is_some_and(|kind| {
        matches!(kind.value, Kind::Web | Kind::Worker) && kind.rank >= Rank::Source
    })
}

/// The first rule by name that fits a folder, for components of `language`.
fn by_name<'p>(
    packs: &'p PackSet,
    dir: &RelPath,
    language: Option<&str>,
) -> Option<(&'p RoleRule, String)> {
    let named = |rule: &RoleRule| {
        let known = &rule.language.0;
        if language
            .is_some_and(|language| !known.is_empty() && !known.iter().any(|l| l == language))
        {
            return None;
        }
        let fit = |patterns: &[String], part: &str| patterns.iter().any(|p| fits(p, part));
        dir.parts()
            .find(|part| fit(&rule.folder.0, part))
            .or_else(|| Some(dir.name()).filter(|name| fit(&rule.name.0, name)))
            .map(str::to_owned)
    };
    packs
        .roles()
        .flat_map(|roles| &roles.rule)
        .filter(|rule| rule.when.is_empty() && rule.framework.0.is_empty())
        .find_map(|rule| Some((rule, named(rule)?)))
}

/// The role of a folder that nobody looks into, whatever it holds.
pub(super) fn unseen(packs: &PackSet, dir: &RelPath) -> Option<Verdict> {
    let (rule, part) = by_name(packs, dir, None).filter(|(rule, _)| rule.unseen)?;
    Some(verdict(rule, &part))
}

/// What a folder's name alone says; such a component is looked into, but after the others.
pub(super) fn aside(packs: &PackSet, dir: &RelPath, language: &str) -> Option<Verdict> {
    let (rule, part) = by_name(packs, dir, Some(language))?;
    Some(verdict(rule, &part))
}

fn verdict(rule: &RoleRule, part: &str) -> Verdict {
    let why = if part.is_empty() {
        rule.why.clone()
    } else {
        format!("{} ({part})", rule.why)
    };
    Verdict::new(rule.role, Evidence::rule("role/folder", why))
}

/// The role of a component by its name, its manifest and its facts.
pub(super) fn judge(packs: &PackSet, component: &Component, sources: &Sources<'_>) -> Verdict {
    let serves = serves(component);
    for rule in packs.roles().flat_map(|roles| &roles.rule) {
        let languages = &rule.language.0;
        if rule.unless_serves && serves
            || !languages.is_empty() && !languages.iter().any(|id| id == component.language)
        {
            continue;
        }
        let fit = |patterns: &[String], part: &str| patterns.iter().any(|p| fits(p, part));
        let part = component
            .dir
            .parts()
            .find(|part| fit(&rule.folder.0, part))
            .or_else(|| Some(component.dir.name()).filter(|name| fit(&rule.name.0, name)));
        if let Some(part) = part {
            return verdict(rule, part);
        }
        let cx = Cx {
            component,
            sources,
            packs,
            rule: "role/rule",
        };
        if !rule.when.is_empty()
            && let Some(held) = every(&rule.when, &cx, &Variables::new()).into_iter().next()
        {
            return Verdict::new(
                rule.role,
                Evidence {
                    why: rule.why.clone(),
                    ..held.evidence
                },
            );
        }
        if let Some(framework) = component
            .frameworks
            .iter()
            .find(|found| rule.framework.0.contains(&found.id))
        {
            let evidence = Evidence {
                why: rule.why.clone(),
                ..framework.evidence.clone()
            };
            return Verdict::new(rule.role, evidence);
        }
    }
    Verdict::program()
}

/// What says that the whole repository is one of examples: the name in a manifest at its root.
pub(super) fn all_examples(repo: &Repo, packs: &PackSet) -> Option<Evidence> {
    let root = RelPath::root();
    let view = repo.dir(&root);
    for (file, marks) in [
        ("pom.xml", ("<artifactId>", "</artifactId>")),
        ("package.json", ("\"name\":", ",")),
        ("settings.gradle", ("rootProject.name", "\n")),
        ("settings.gradle.kts", ("rootProject.name", "\n")),
    ] {
        let Some(source) = view.text(file) else {
            continue;
        };
        // A parent's name stands before the project's own.
        let text = source.text.split("</parent>").last().unwrap_or_default();
        let Some(start) = text.find(marks.0).map(|at| at + marks.0.len()) else {
            continue;
        };
        let name = text[start..].split(marks.1).next().unwrap_or_default();
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        let says = words.any(|word| {
            packs
                .roles()
                .any(|roles| roles.examples.iter().any(|known| known == word))
        });
        if says {
            return Some(Evidence::file(
                "role/examples",
                source.path.clone(),
                "the repository's own name says examples",
            ));
        }
    }
    None
}

/// Makes a component a part of another one whose program its code is compiled into.
pub(super) fn libraries(components: &mut [Component]) {
    let parts: Vec<(RelPath, RelPath, &'static str)> = components
        .iter()
        .filter(|user| user.role.role == Role::Program)
        .flat_map(|user| {
            let home = &user.dir;
            let code = user.code.iter().filter(move |dir| *dir != home);
            code.map(|dir| (dir.clone(), home.clone(), user.language))
        })
        .collect();
    for component in components.iter_mut() {
        if component.role.role != Role::Program {
            continue;
        }
        let user = parts
            .iter()
            .find(|(dir, _, language)| *dir == component.dir && *language == component.language);
        if let Some((_, user, _)) = user {
            let why = format!("it is a part of {user}");
            component.role = Verdict::new(Role::Library, Evidence::rule("role/part", why));
        }
    }
}
