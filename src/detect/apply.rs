//! Detectors that match, and the facts that they add.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

use super::condition::{Cx, Held, Variables, every};
use super::needs;
use crate::code::is_loopback;
use crate::facts::{
    Artifact, Command, Confidence, Evidence, Facts, Found, HealthFact, Own, Rank, push, push_named,
};
use crate::lang::{Component, Framework, Sources};
use crate::pack::{Detector, FactValues, NumberOrText, PackSet};
use crate::parse::version::Constraint;
use crate::repo::RelPath;

struct Matched<'p> {
    detector: &'p Detector,
    /// How its conditions hold: in one way, or, with `each`, in several.
    held: Vec<Held>,
}

pub(super) fn apply(packs: &PackSet, component: &mut Component, sources: &Sources<'_>) {
    let language = component.language;
    let mut matched: Vec<Matched<'_>> = packs
        .detectors(language)
        .filter_map(|detector| {
            let cx = Cx {
                component,
                sources,
                packs,
                rule: &detector.id,
            };
            let held = every(&detector.when, &cx, &base_variables(component));
            (!held.is_empty()).then_some(Matched { detector, held })
        })
        .collect();
    let superseded: BTreeSet<&str> = matched
        .iter()
        .flat_map(|matched| matched.detector.supersedes.iter().map(String::as_str))
        .collect();
    matched.retain(|matched| !superseded.contains(matched.detector.id.as_str()));

    let mut frameworks = Vec::new();
    let mut asides = Vec::new();
    let mut facts = std::mem::take(&mut component.facts);
    for matched in &matched {
        let Some(first) = matched.held.first() else {
            continue;
        };
        let detector = matched.detector;
        let named = detector.name.is_some();
        let rank = if named { Rank::Framework } else { Rank::Source };
        // Of equals the first that is added stands above, so the later variants come first.
        for variant in detector.variant.iter().rev() {
            let cx = Cx {
                component,
                sources,
                packs,
                rule: &detector.id,
            };
            for held in every(&variant.when, &cx, &first.variables) {
                // What only rules something out has no place of its own.
                let evidence = match held.evidence.at {
                    Some(_) => &held.evidence,
                    None => &first.evidence,
                };
                let rank = if named { Rank::Variant } else { Rank::Source };
                let because = Because {
                    rank,
                    confidence: held.confidence,
                    evidence,
                    in_code: held.in_code,
                    dir: &component.dir,
                };
                add(
                    &mut facts,
                    &variant.facts,
                    &because,
                    &held.variables,
                    packs,
                    &mut asides,
                );
            }
        }
        for held in &matched.held {
            let because = Because {
                rank,
                confidence: held.confidence,
                evidence: &held.evidence,
                in_code: held.in_code,
                dir: &component.dir,
            };
            add(
                &mut facts,
                &detector.facts,
                &because,
                &held.variables,
                packs,
                &mut asides,
            );
        }
        if let Some(name) = &detector.name {
            frameworks.push(Framework {
                id: detector.id.clone(),
                name: name.clone(),
                confidence: first.confidence,
                evidence: first.evidence.clone(),
            });
        }
    }
    // What goes with a port counts when that port was chosen.
    let chosen = facts.port.best().map(|found| found.evidence.clone());
    for aside in asides {
        if chosen.as_ref() == Some(&aside.evidence) {
            let slot = &mut facts.loopback;
            slot.add(aside.value, aside.rank, aside.confidence, aside.evidence);
        }
    }
    component.facts = facts;
    component.frameworks = frameworks;
}

fn base_variables(component: &Component) -> Variables {
    Variables::from([("name".to_owned(), component.name.clone())])
}

struct Because<'a> {
    rank: Rank,
    confidence: Confidence,
    evidence: &'a Evidence,
    /// The program's own code says so.
    in_code: bool,
    /// The component's folder.
    dir: &'a RelPath,
}

impl Because<'_> {
    fn found<T>(&self, value: T) -> Found<T> {
        Found {
            value,
            rank: self.rank,
            confidence: self.confidence,
            evidence: self.evidence.clone(),
        }
    }
}

fn add(
    facts: &mut Facts,
    values: &FactValues,
    cause: &Because<'_>,
    variables: &Variables,
    packs: &PackSet,
    asides: &mut Vec<Found<String>>,
) {
    let &Because {
        rank,
        confidence,
        evidence,
        in_code,
        dir,
    } = cause;
    // A program's own default stands above its framework's.
    let said = if in_code { rank.max(Rank::Code) } else { rank };
    let text = |text: &str| render(text, variables);
    let because = || evidence.clone();
    macro_rules! slot {
        ($field:ident, $value:expr) => {
            slot!($field, $value, rank)
        };
        ($field:ident, $value:expr, $rank:expr) => {
            if let Some(value) = $value {
                facts.$field.add(value, $rank, confidence, because());
            }
        };
    }
    slot!(
        runtime,
        values
            .runtime
            .as_deref()
            .and_then(text)
            .and_then(|version| Constraint::line(&version))
    );
    slot!(kind, values.kind);
    slot!(main, values.main.as_deref().and_then(text));
    slot!(
        build,
        values
            .build
            .as_ref()
            .and_then(|command| render_command(command, variables))
    );
    slot!(
        start,
        values
            .start
            .as_ref()
            .and_then(|command| render_command(command, variables))
    );
    slot!(
        args,
        values.args.as_ref().and_then(|words| {
            words
                .iter()
                .map(|word| text(word))
                .collect::<Option<Vec<_>>>()
        })
    );
    slot!(
        port,
        match &values.port {
            Some(NumberOrText::Number(port)) => Some(*port),
            Some(NumberOrText::Text(port)) => text(port)
                .and_then(|port| port.parse().ok())
                .filter(|port| *port > 0),
            None => None,
        },
        said
    );
    slot!(
        port_variable,
        values.port_variable.as_deref().and_then(text),
        said
    );
    slot!(
        health,
        match &values.health {
            Some(HealthFact::Http(path)) => text(path)
                .filter(|path| path.starts_with('/'))
                .map(HealthFact::Http),
            other => other.clone(),
        },
        said
    );
    slot!(
        subcommand,
        values
            .subcommand
            .as_deref()
            .and_then(text)
            .map(|name| name.to_ascii_lowercase())
    );
    slot!(static_root, values.static_root.as_deref().and_then(text));
    slot!(spa, values.spa);
    slot!(template, values.template.as_deref().and_then(text));
    slot!(program, values.program.clone());
    slot!(build_reads_env, values.build_reads_env);
    slot!(migrate, values.migrate.clone());
    slot!(handles_sigterm, values.handles_sigterm);
    for (key, value) in &values.own {
        if let Some(value) = render_own(value, variables) {
            facts.own.add(key, value, rank, confidence, because());
        }
    }
    let found = |value: String| cause.found(value);
    match values.loopback.as_deref().and_then(text) {
        Some(address) if values.port.is_some() => asides.push(found(address)),
        address => slot!(loopback, address),
    }
    for artifact in &values.artifacts {
        if let (Some(from), Some(to)) = (text(&artifact.from), text(&artifact.to)) {
            let value = Artifact { from, to };
            push(&mut facts.artifacts, cause.found(value));
        }
    }
    if let Some(path) = values.configuration.as_deref().and_then(text)
        && let Some(from) = dir.resolve(&path)
    {
        let from = from.to_string();
        let value = Artifact { from, to: path };
        push(&mut facts.files, cause.found(value));
    }
    if let Some(path) = values.default_file.as_deref().and_then(text) {
        push(&mut facts.default_files, found(path));
    }
    for (list, values) in [
        (&mut facts.build_packages, &values.build_packages),
        (&mut facts.run_packages, &values.run_packages),
        (&mut facts.ignore, &values.ignore),
        (&mut facts.flags, &values.flags),
        (&mut facts.immutable, &values.immutable),
        (&mut facts.warnings, &values.warnings),
        (&mut facts.advice, &values.advice),
    ] {
        for value in values.iter().filter_map(|value| text(value)) {
            push(list, found(value));
        }
    }
    let file = variables.get("file").map_or("", String::as_str);
    let aside = packs.variables().is_some_and(|table| table.is_aside(file));
    let folders = |paths: &[String]| -> Vec<String> {
        let table = packs.folders().filter(|_| !aside);
        // What a detector says by itself is right as it is; what it has read may be anything.
        let path = |path: &String| {
            if path.contains("{{") {
                table?.folder(&text(path)?)
            } else {
                Some(path.clone())
            }
        };
        paths.iter().filter_map(path).collect()
    };
    for folder in folders(&values.writable) {
        push(&mut facts.writable, found(folder));
    }
    for folder in folders(&values.volumes) {
        // The work folder itself holds the program, which a volume there would keep at its first
        // version.
        let list = match folder.as_str() {
            "." => &mut facts.writable,
            _ => &mut facts.volumes,
        };
        push(list, found(folder));
    }
    let programs = values.programs.iter().filter(|_| !aside);
    for package in programs.filter_map(|name| packs.package_of(&text(name)?)) {
        push(&mut facts.run_packages, found(package.to_owned()));
    }
    for name in &values.required_env.0 {
        if let Some(name) = text(name) {
            needs::add(facts, packs, &name, file, found(String::new()));
        }
    }
    for name in values.stand_ins.0.iter().filter_map(|name| text(name)) {
        needs::stand_in(facts, packs, &name, found(String::new()));
    }
    for (list, values) in [
        (&mut facts.env, &values.env),
        (&mut facts.build_env, &values.build_env),
    ] {
        for (name, value) in values {
            if let (Some(name), Some(value)) = (text(name), text(value)) {
                push_named(list, cause.found((name, value)));
            }
        }
    }
}

/// A list or a table without the parts that have no value.
fn render_own(value: &Own, variables: &Variables) -> Option<Own> {
    let text = |text: &String| render(text, variables);
    Some(match value {
        Own::Flag(set) => Own::Flag(*set),
        Own::Text(value) => Own::Text(text(value)?),
        Own::List(parts) => Own::List(parts.iter().filter_map(text).collect()),
        Own::Table(rows) => Own::Table(
            rows.iter()
                .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
                .collect(),
        ),
    })
}

fn render_command(command: &Command, variables: &Variables) -> Option<Command> {
    match command {
        Command::Exec(words) => words
            .iter()
            .map(|word| render(word, variables))
            .collect::<Option<Vec<_>>>()
            .map(Command::Exec),
        // A variable in shell text would be repository text in a shell: only constants may stand there.
        Command::Shell(text) if text.contains("{{") => None,
        Command::Shell(text) => Some(Command::Shell(text.clone())),
    }
}

/// The text with its variables put in; `None` when one of them has no value, and then the fact
/// is left out.
fn render(text: &str, variables: &Variables) -> Option<String> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(10_000));
        environment.add_filter("module", |path: &str| {
            let path = path.strip_suffix(".py").unwrap_or(path);
            path.strip_suffix("/__init__")
                .unwrap_or(path)
                .replace('/', ".")
        });
        environment.add_filter("upper", |text: &str| text.to_ascii_uppercase());
        environment.add_filter("stem", |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            name.rsplit_once('.')
                .map_or(name, |(stem, _)| stem)
                .to_owned()
        });
        environment.add_test("undefined", minijinja::tests::is_undefined);
        // The host when only the same machine reaches it; else there is no value.
        environment.add_filter("loopback", |host: &str| {
            let none = || Error::new(ErrorKind::InvalidOperation, "the host is reached");
            is_loopback(host).then(|| host.to_owned()).ok_or_else(none)
        });
        environment.add_filter("parent", |path: &str| {
            path.rsplit_once('/')
                .map_or(".", |(parent, _)| parent)
                .to_owned()
        });
        environment
    });
    if !text.contains("{{") {
        return Some(text.to_owned());
    }
    // `{{ host if … }}` without an else is empty.
    let rendered = ENVIRONMENT.render_str(text, Serde(variables)).ok();
    rendered.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_without_a_value_leaves_the_fact_out() {
        let variables = Variables::from([("file".to_owned(), "app/main.py".to_owned())]);
        assert_eq!(
            render("{{ file | module }}:app", &variables).as_deref(),
            Some("app.main:app")
        );
        assert_eq!(
            render("{{ file }}", &variables).as_deref(),
            Some("app/main.py")
        );
        assert_eq!(render("{{ nothing }}", &variables), None);
        assert_eq!(render("constant", &variables).as_deref(), Some("constant"));
    }
}
