//! Arrows between modules go one way: the order of ARCHITECTURE.md, read against the sources.

use std::fs;
use std::path::Path;

use regex::Regex;
use walkdir::WalkDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The modules in their order, each of which uses only those before it.
fn order() -> Vec<String> {
    let text = fs::read_to_string(Path::new(ROOT).join("ARCHITECTURE.md")).unwrap();
    let (_, rest) = text
        .split_once("A module uses only modules before it")
        .unwrap();
    let (_, rest) = rest.split_once(':').unwrap();
    let (list, _) = rest.split_once(".\n").unwrap();
    let names = list.split('`').skip(1).step_by(2);
    names.map(str::to_owned).collect()
}

/// A source without its comments and its unit tests, which may start the whole pipeline.
fn code(path: &Path) -> String {
    if path.ends_with("tests.rs") {
        return String::new();
    }
    let text = fs::read_to_string(path).unwrap();
    let own = text.split("#[cfg(test)]\nmod tests {").next();
    let lines = own.unwrap_or_default().lines();
    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What a source names of the crate: `crate::a::B`, and each of `crate::{a::B, c}`.
fn named(code: &str) -> Vec<String> {
    let single = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let group = Regex::new(r"(?s)\bcrate::\{(.*?)\};").unwrap();
    let part = Regex::new(r"(?:^|,)\s*([a-z_]+)").unwrap();
    let mut names: Vec<String> = single
        .captures_iter(code)
        .map(|found| found[1].to_owned())
        .collect();
    for found in group.captures_iter(code) {
        // Only names at the top of the group are modules of the crate.
        let mut depth = 0_i32;
        let top: String = found[1]
            .chars()
            .filter(|c| {
                depth += i32::from(*c == '{') - i32::from(*c == '}');
                depth == 0
            })
            .collect();
        names.extend(part.captures_iter(&top).map(|found| found[1].to_owned()));
    }
    names
}

#[test]
fn no_module_uses_one_that_stands_behind_it() {
    let order = order();
    let rank = |name: &str| order.iter().position(|known| known == name);
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for entry in WalkDir::new(Path::new(ROOT).join("src")).sort_by_file_name() {
        let entry = entry.unwrap();
        let path = entry.path();
        let inside = path.strip_prefix(Path::new(ROOT).join("src")).unwrap();
        let first = inside.iter().next().unwrap_or_default();
        let module = first.to_string_lossy().trim_end_matches(".rs").to_owned();
        if path.extension().is_none_or(|it| it != "rs") || matches!(&*module, "lib" | "main") {
            continue;
        }
        let Some(own) = rank(&module) else {
            wrong.push(format!("{module} has no place in ARCHITECTURE.md"));
            continue;
        };
        for name in named(&code(path)) {
            arrows += 1;
            match rank(&name) {
                Some(other) if other <= own => {}
                Some(_) => wrong.push(format!("{} uses {name}", inside.display())),
                None => wrong.push(format!("{} uses {name}, which is none", inside.display())),
            }
        }
    }
    assert!(arrows > 500, "only {arrows} arrows were seen");
    assert!(wrong.is_empty(), "against the order:\n{}", wrong.join("\n"));
}

#[test]
fn the_order_is_that_of_the_crate() {
    let text = fs::read_to_string(Path::new(ROOT).join("src/lib.rs")).unwrap();
    let modules = Regex::new(r"(?m)^pub mod ([a-z_]+);").unwrap();
    let modules: Vec<&str> = modules
        .captures_iter(&text)
        .map(|found| found.get(1).unwrap().as_str())
        .collect();
    assert_eq!(order(), modules);
}

#[test]
fn a_name_is_found_however_it_is_written() {
    let code = "use crate::{\n    parse::{json, toml},\n    repo::Repo, cli};\nfn f() -> crate::diag::Result {}\n";
    let mut names = named(code);
    names.sort();
    assert_eq!(names, ["cli", "diag", "parse", "repo"]);
}
