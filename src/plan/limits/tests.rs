use super::*;
use crate::plan::images::Catalogue;
use crate::repo::RelPath;

const LIMITS: &str = include_str!("../../../detectors/limits.toml");
const IMAGES: &str = include_str!("../../../detectors/images.toml");

fn source(name: &str, text: &str) -> Source {
    Source::new(RelPath::root().join(name), text.to_owned())
}

fn table(rows: &str) -> Result<Limits> {
    let head = "as_of = \"2026-11-24\"\n[sources]\nx = { title = \"x\", as_of = \"2026-11-24\" }\n";
    let text = format!("{head}[runtime]\npython = [{rows}]\n");
    Limits::parse(&source("limits.toml", &text))
}

fn pin(name: &str, version: &str) -> Pin {
    Pin {
        name: name.to_owned(),
        version: Version::parse(version).unwrap(),
        text: version.to_owned(),
        at: None,
    }
}

/// The line by the built-in tables: the project's constraint, then pins as `name version`.
fn line(runtime: &str, wanted: &Constraint, pins: &[&str], bounds: &[Bound]) -> Solved {
    let catalogue = Catalogue::parse(&source("images.toml", IMAGES)).unwrap();
    let limits = Limits::parse(&source("limits.toml", LIMITS)).unwrap();
    let pins: Vec<Pin> = pins
        .iter()
        .filter_map(|text| text.split_once(' '))
        .map(|(name, version)| pin(name, version))
        .collect();
    let mut all = bounds.to_vec();
    all.extend(limits.bounds(runtime, runtime, &pins));
    solve(&catalogue, runtime, wanted, &all).unwrap()
}

fn tried(runs: &str) -> Bound {
    Bound {
        runs: Constraint::node(runs).unwrap(),
        weight: Weight::Tried,
        evidence: Evidence::rule("test", runs),
    }
}

fn version(runtime: &str, wanted: &Constraint, pins: &[&str], bounds: &[Bound]) -> String {
    line(runtime, wanted, pins, bounds).line.version.to_string()
}

#[test]
fn the_oldest_line_out_of_reach_limits() {
    let limits = table(
        r#"{ package = ["A", "b[c]"], first = { "3.12" = "1.26", "3.14" = "2.3.2" }, source = "x" },
           { package = "a", versions = ">=3", runs = "<3.13", why = "is odd", source = "x" }"#,
    )
    .unwrap();
    let runs = |name: &str, version: &str| -> Vec<String> {
        limits
            .bounds("python", "Python", &[pin(name, version)])
            .iter()
            .map(|bound| bound.runs.to_string())
            .collect()
    };
    assert_eq!(runs("a", "1.25"), ["<3.12"]);
    assert_eq!(runs("a", "1.26.4"), ["<3.14"]);
    assert_eq!(runs("a", "3.1"), ["<3.13"]);
    assert!(runs("b[c]", "2.3.2").is_empty());
    assert!(runs("other", "1").is_empty());
    let ready = |name: &str, version: &str, line: &str| {
        limits.ready(
            "python",
            &pin(name, version),
            &Version::parse(line).unwrap(),
        )
    };
    assert_eq!(ready("a", "1.25", "3.11"), Some(true));
    assert_eq!(ready("a", "1.25", "3.12"), Some(false));
    assert_eq!(ready("other", "1", "3.12"), None);
}

#[test]
fn mistakes_have_a_place() {
    for bad in [
        r#"{ package = "a", first = { "3.12" = "x" }, source = "x" }"#,
        r#"{ package = "a", first = { "x" = "1" }, source = "x" }"#,
        r#"{ package = "a", first = { "3.12" = "1" }, source = "y" }"#,
        r#"{ package = "a", first = { "3.12" = "2", "3.13" = "1" }, source = "x" }"#,
        r#"{ package = ["a", "A"], first = { "3.12" = "1" }, source = "x" }"#,
        r#"{ package = "a", source = "x" }"#,
        r#"{ package = "a", versions = "<1", runs = "<3", source = "x" }"#,
        r#"{ package = "a", versions = "no", runs = "<3", why = "y", source = "x" }"#,
        r#"{ package = "a", versions = "<1", runs = "<3", why = "y", odd = 1, source = "x" }"#,
    ] {
        assert!(table(bad).unwrap_err().at.is_some(), "{bad}");
    }
}

#[test]
fn the_newest_supported_line_that_all_leave() {
    let any = Constraint::Any;
    for (runtime, pins, expected) in [
        ("python", &["numpy 2.3.3"][..], "3.14"),
        ("python", &["numpy 2.2.1", "Flask 1.0"], "3.13"),
        ("python", &["uvloop 0.17.0", "httptools 0.5.0"], "3.11"),
        ("python", &["psycopg[binary] 3.1.12"], "3.12"),
        ("python", &["redis 3.5.3"], "3.11"),
        ("python", &["SQLAlchemy 2.0.23"], "3.12"),
        ("node", &["express 5.0.0"], "26"),
        ("node", &["restify 7.1.1"], "22"),
        ("node", &["jwa 1.4.1"], "24"),
        ("node", &["better-sqlite3 11.10.0"], "22"),
        ("node", &["better-sqlite3 12.9.0"], "24"),
        ("go", &["github.com/bytedance/sonic 1.15.1"], "1.27"),
        ("java", &["gradle 8.10.2"], "21"),
        ("rust", &["time 0.3.36"], "1"),
    ] {
        assert_eq!(version(runtime, &any, pins, &[]), expected, "{pins:?}");
    }
}

#[test]
fn an_ended_line_is_better_than_one_that_breaks() {
    let any = Constraint::Any;
    for (runtime, pins, expected) in [
        ("python", &["asyncpg 0.26.0"][..], "3.10"),
        ("node", &["webpack 4.46.0"], "16"),
        ("node", &["node-sass 9.0.0"], "20"),
        ("go", &["github.com/bytedance/sonic 1.12.4"], "1.23"),
        ("rust", &["time 0.3.20"], "1.79"),
    ] {
        assert_eq!(version(runtime, &any, pins, &[]), expected, "{pins:?}");
    }
    let solved = line("node", &any, &["webpack 4.46.0"], &[]);
    let (plain, bound) = solved.instead_of.unwrap();
    assert_eq!(plain.version.to_string(), "26");
    assert!(bound.evidence.why.starts_with("webpack 4.46.0"));
    assert!(solved.unmet.is_empty());
}

#[test]
fn the_project_s_own_constraint_stands_above_all() {
    let python = |text: &str| Constraint::python(text).unwrap();
    let solved = line("python", &python(">=3.13"), &["uvloop 0.17.0"], &[]);
    assert_eq!(solved.line.version.to_string(), "3.14");
    assert_eq!(solved.unmet.len(), 1);
    assert!(solved.instead_of.is_none());
    // One odd package does not silence the others.
    let pins = ["uvloop 0.17.0", "numpy 2.2.1", "lxml 5.3.0"];
    let solved = line("python", &python(">=3.12"), &pins, &[]);
    assert_eq!(solved.line.version.to_string(), "3.13");
    assert_eq!(solved.unmet.len(), 1);
    assert_eq!(
        version("python", &python("3.12"), &["uvloop 0.17.0"], &[]),
        "3.12"
    );
}

#[test]
fn what_was_only_not_tried_never_leads_to_an_ended_line() {
    let any = Constraint::Any;
    for (runtime, bounds, expected) in [
        ("node", &["^18 || ^20 || ^22"][..], "22"),
        ("node", &["^14 || ^16 || ^18"], "22"),
        ("node", &["^22 || ^24", "<=22"], "22"),
        ("go", &["<1.27"], "1.26"),
        ("go", &["<1.22"], "1.26"),
        ("go", &["<1.30"], "1.27"),
    ] {
        let bounds: Vec<Bound> = bounds.iter().map(|runs| tried(runs)).collect();
        assert_eq!(version(runtime, &any, &[], &bounds), expected, "{bounds:?}");
    }
    let floor = Constraint::at_least("1.27").unwrap();
    assert_eq!(version("go", &floor, &[], &[tried("<1.28")]), "1.27");
    let pins = ["github.com/bytedance/sonic 1.12.4"];
    assert_eq!(version("go", &any, &pins, &[tried("<1.22")]), "1.23");
}
