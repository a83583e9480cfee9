//! Roles: what each component is for, judged once over the whole repository.

mod assets;
mod feeds;
mod reads;
mod unknown;

use super::condition::{Cx, Variables, every};
use crate::facts::{Confidence, Evidence, Kind, Rank, Role, Verdict};
use crate::lang::{Component, Sources};
use crate::pack::{PackSet, RoleRule, fits};
use crate::repo::{RelPath, Repo};

pub(super) use feeds::feeds;
pub(super) use unknown::{Unknown, unknown};

/// Whether code was seen that serves, or works until it is ended.
pub(super) fn serves(packs: &PackSet, component: &Component) -> bool {
    let facts = &component.facts;
    let seen = facts.kind.best().is_some_and(|kind| {
        matches!(kind.value, Kind::Web | Kind::Worker) && kind.rank >= Rank::Source
    });
    let Some(start) = facts.start.best() else {
        return seen;
    };
    // What starts only by a guess may be any code with a server in it.
    let guessed = start.confidence == Confidence::Guess && start.rank <= Rank::Language;
    seen && !guessed && !is_dev_server(packs, &start.value.to_string())
}

fn is_dev_server(packs: &PackSet, command: &str) -> bool {
    let words: Vec<&str> = command
        .split([' ', '\'', '"'])
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .collect();
    let is = |known: &String| {
        let known: Vec<&str> = known.split(' ').collect();
        words.windows(known.len()).enumerate().any(|(at, window)| {
            let next = words.get(at + known.len());
            window == known && (known.len() > 1 || next.is_none_or(|next| next.starts_with('-')))
        })
    };
    packs.roles().any(|roles| roles.dev_servers.iter().any(is))
}

/// Whether what serves is in the component's own folder, and not in what it is made of; what its
/// build packs as a program is one, wherever its server is from.
fn serves_itself(packs: &PackSet, component: &Component) -> bool {
    serves(packs, component)
        && (component.made_to_run == Some(true)
            || served_by(component).is_none_or(|path| path.is_in(&component.dir)))
}

/// Whether the component's name says that it is a program.
fn is_named(packs: &PackSet, component: &Component) -> bool {
    let mut words = component.name.split('-');
    words.any(|word| {
        packs
            .roles()
            .any(|roles| roles.programs.iter().any(|known| known == word))
    })
}

/// Whether others are built on the component, and the start that it has is for those who work on
/// it: its build packs no program, and no name says that it is one.
fn is_for_developers(packs: &PackSet, component: &Component) -> bool {
    component.used
        && component.made_to_run == Some(false)
        && !(serves_itself(packs, component) && is_named(packs, component))
}

/// Whether a component that could serve by itself is there for a larger one: one that adds more to
/// it than a wrapper does, uses no other of its kind, and is not outdone by its name.
fn is_swallowed<'c>(
    packs: &PackSet,
    component: &Component,
    user: &Component,
    others: impl Iterator<Item = &'c Component>,
) -> bool {
    let adds = user
        .code
        .iter()
        .filter(|dir| **dir != component.dir && **dir != user.dir && !component.code.contains(dir))
        .count();
    let equals = others
        .filter(|other| user.code.contains(&other.dir) && other.dir != user.dir)
        .filter(|other| serves_itself(packs, other))
        .count();
    !is_named(packs, component) && adds > 0 && equals == 0 && serves(packs, user)
}

/// The file that says so.
fn served_by(component: &Component) -> Option<&RelPath> {
    let kind = component.facts.kind.best()?;
    Some(&kind.evidence.at.as_ref()?.path)
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
    let serves = serves(packs, component);
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
        let named = !rule.folder.0.is_empty() || !rule.name.0.is_empty();
        match part {
            Some(part) if rule.when.is_empty() => return verdict(rule, part),
            None if named => continue,
            _ => {}
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

/// Components that are parts of others: what they are compiled into, what they lie in.
pub(super) fn parts(packs: &PackSet, components: &mut [Component]) {
    let mut found: Vec<(usize, Verdict)> = Vec::new();
    for (at, component) in components.iter().enumerate() {
        if component.role.role != Role::Program {
            continue;
        }
        let others = || {
            components
                .iter()
                .enumerate()
                .filter(move |(other, _)| *other != at)
                .map(|(_, other)| other)
        };
        if let Some(verdict) = part_of(packs, component, others()) {
            found.push((at, verdict));
        }
    }
    for (at, verdict) in found {
        components[at].role = verdict;
    }
}

fn part_of<'c>(
    packs: &PackSet,
    component: &Component,
    mut others: impl Iterator<Item = &'c Component> + Clone,
) -> Option<Verdict> {
    let itself = serves_itself(packs, component);
    let say =
        |role: Role, rule: &str, why: String| Some(Verdict::new(role, Evidence::rule(rule, why)));
    let same = |other: &&Component| other.language == component.language;
    let home = &component.dir;
    if is_for_developers(packs, component) {
        let why = "others are built on it, and its build packs no program".to_owned();
        return say(Role::Library, "role/used", why);
    }
    // Its code is compiled into another one's program.
    let user = others.clone().filter(same).find(|other| {
        other.role.role == Role::Program
            && other.code.contains(home)
            && !component.code.contains(&other.dir)
    });
    if let Some(user) =
        user.filter(|user| !itself || is_swallowed(packs, component, user, others.clone()))
    {
        return say(
            Role::Library,
            "role/part",
            format!("it is a part of {}", user.dir),
        );
    }
    // What serves is a program that it uses: a generator, a command for it.
    if serves(packs, component)
        && !itself
        && let Some(used) = others.clone().filter(same).find(|other| {
            component.code.contains(&other.dir)
                && served_by(component).is_some_and(|path| path.is_in(&other.dir))
                && serves_itself(packs, other)
                && !is_for_developers(packs, other)
        })
    {
        let why = format!("it is a command around {}, which serves", used.dir);
        return say(Role::Tool, "role/around", why);
    }
    let outer = others.clone().find(|other| {
        matches!(
            other.role.role,
            Role::Desktop | Role::Mobile | Role::Extension
        ) && home != &other.dir
            && home.is_in(&other.dir)
    });
    if let Some(outer) = outer.filter(|_| !itself) {
        let why = format!("it is a part of the {} in {}", outer.role.role, outer.dir);
        return say(outer.role.role, "role/inside", why);
    }
    let is_cli = component.facts.kind.value() == Some(&Kind::Cli) && !serves(packs, component);
    if !is_cli {
        return None;
    }
    let inside = others.clone().filter(same).find(|other| {
        home != &other.dir && home.is_in(&other.dir) && other.role.role == Role::Program
    });
    if let Some(outer) = inside
        && (serves(packs, outer) || component.sure == Confidence::Guess)
    {
        let why = format!(
            "it ends by itself, in the folder of the program in {}",
            outer.dir
        );
        return say(Role::Tool, "role/inside", why);
    }
    // A root whose members are the programs.
    let inner = others.find(|other| {
        same(other)
            && home != &other.dir
            && other.dir.is_in(home)
            && other.role.role == Role::Program
            && (serves(packs, other) || !other.facts.static_root.is_empty())
    });
    let hands_over = component.language == "node" || component.language == "python";
    if let Some(inner) = inner.filter(|_| hands_over && component.facts.static_root.is_empty()) {
        let why = format!("nothing of its own serves; the program is in {}", inner.dir);
        return say(Role::Workspace, "role/above", why);
    }
    None
}
