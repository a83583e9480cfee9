//! What must be true of all built-in data: detectors, templates, images, fixtures.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use camino::Utf8Path;
use dockgen::assemble::assemble;
use dockgen::detect::{Detection, detect};
use dockgen::pack::{Pack, PackSet};
use dockgen::plan::settings::{Origin, Settings};
use dockgen::plan::{Plan, Tables};
use dockgen::render::render;
use dockgen::repo::{Limits, Repo};
use walkdir::WalkDir;

use crate::support::fixtures;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A golden case, detected.
struct Case {
    name: String,
    repo: Repo,
    detection: Detection,
    settings: Settings,
}

fn cases(packs: &PackSet) -> Vec<Case> {
    fixtures()
        .into_iter()
        .map(|dir| {
            let case = dir.parent().unwrap();
            let repo = Repo::open(Utf8Path::from_path(&dir).unwrap(), Limits::default()).unwrap();
            let arguments = fs::read_to_string(case.join("args.txt")).unwrap_or_default();
            let mut settings = Settings::default();
            for pair in arguments.lines().collect::<Vec<_>>().chunks(2) {
                if let [flag, value] = pair {
                    add(&mut settings, flag.trim_start_matches('-'), value);
                }
            }
            Case {
                name: case.strip_prefix(ROOT).unwrap().display().to_string(),
                detection: detect(&repo, packs),
                repo,
                settings,
            }
        })
        .collect()
}

fn add(settings: &mut Settings, key: &str, value: &str) {
    settings
        .add(None, key, value, Origin::Flag(format!("--{key}")))
        .unwrap();
}

fn plan(case: &Case, settings: &Settings, tables: &Tables) -> Option<Plan> {
    let packs = PackSet::builtin().unwrap();
    let assembled = assemble(&case.repo, &case.detection, settings, &packs, tables);
    match assembled {
        Ok(plan) => Some(plan),
        Err(failure) => {
            let ours = ["no-image", "bad-output", "template", "unknown-runtime"];
            let diagnostic = failure.diagnostic;
            assert!(
                !ours.contains(&diagnostic.code),
                "{}: {}",
                case.name,
                diagnostic.message
            );
            None
        }
    }
}

#[test]
fn every_detector_compiles_and_is_named_after_its_file() {
    let pack = Pack::builtin().unwrap();
    for detector in &pack.detectors {
        detector.check().unwrap();
        let file = Path::new(ROOT).join(format!("detectors/{}.toml", detector.id));
        assert!(file.is_file(), "{} is no file", detector.id);
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-/".contains(c);
        assert!(detector.id.chars().all(plain), "{}", detector.id);
        assert!(
            detector.language == dockgen::pack::ANY
                || dockgen::lang::language(&detector.language).is_some(),
            "{}: there is no language {}",
            detector.id,
            detector.language
        );
        assert!(
            detector
                .docs
                .as_ref()
                .is_none_or(|docs| docs.starts_with("https://")),
            "{}: docs are an address",
            detector.id
        );
    }
}

#[test]
fn what_a_detector_supersedes_exists_and_does_not_supersede_it() {
    let pack = Pack::builtin().unwrap();
    let supersedes: BTreeMap<&str, &[String]> = pack
        .detectors
        .iter()
        .map(|detector| (detector.id.as_str(), detector.supersedes.as_slice()))
        .collect();
    for start in supersedes.keys() {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = vec![start];
        while let Some(id) = next.pop() {
            let Some(others) = supersedes.get(id) else {
                panic!("{start} supersedes {id}, which is no detector");
            };
            for other in *others {
                assert!(other != start, "{start} supersedes itself by way of {id}");
                if reached.insert(other) {
                    next.push(other);
                }
            }
        }
    }
}

#[test]
fn every_detector_is_matched_by_a_fixture() {
    let packs = PackSet::builtin().unwrap();
    let mut found = String::new();
    for case in cases(&packs) {
        // Frameworks carry the id; facts carry it as the rule of their evidence.
        found += &serde_json::to_string(&case.detection).unwrap();
    }
    let missing: Vec<&str> = packs
        .packs()
        .iter()
        .flat_map(|pack| &pack.detectors)
        .map(|detector| detector.id.as_str())
        .filter(|id| !found.contains(&format!("\"{id}\"")))
        .collect();
    assert!(missing.is_empty(), "no fixture matches {missing:?}");
}

#[test]
fn every_template_is_used_by_a_fixture() {
    let packs = PackSet::builtin().unwrap();
    let tables = Tables::load(&packs).unwrap();
    let templates = &packs.packs()[0].templates;
    let mut next: Vec<String> = Vec::new();
    for case in cases(&packs) {
        if let Some(plan) = plan(&case, &case.settings, &tables) {
            next.extend(plan.outputs.into_iter().map(|output| output.template));
            let stages = plan.images.into_iter().flat_map(|image| image.stages);
            next.extend(stages.map(|stage| stage.template));
        }
    }
    let mut used: BTreeSet<String> = BTreeSet::new();
    while let Some(name) = next.pop() {
        // `"python/install/" ~ manager` may be any template of the folder.
        let named: Vec<&String> = templates
            .keys()
            .filter(|known| **known == name || name.ends_with('/') && known.starts_with(&name))
            .collect();
        assert!(!named.is_empty(), "there is no template {name}");
        for name in named {
            if !used.insert(name.clone()) {
                continue;
            }
            for tag in ["extends", "include", "import", "from"] {
                let parts = templates[name]
                    .split(&format!("{{% {tag} \""))
                    .skip(1)
                    .map(str::to_owned)
                    .collect::<Vec<_>>();
                next.extend(
                    parts
                        .iter()
                        .filter_map(|rest| rest.split('"').next())
                        .map(str::to_owned),
                );
            }
        }
    }
    let unused: Vec<&String> = templates
        .keys()
        .filter(|name| !used.contains(*name))
        .collect();
    assert!(unused.is_empty(), "no fixture uses {unused:?}");
}

#[test]
fn templates_keep_to_their_rules() {
    let pack = Pack::builtin().unwrap();
    for (name, text) in &pack.templates {
        for (at, line) in text.lines().enumerate() {
            let place = format!("templates/{name}:{}", at + 1);
            for tag in ["{%-", "-%}", "{{-", "-}}"] {
                assert!(
                    !line.contains(tag),
                    "{place}: {tag} hides what the line gives"
                );
            }
            let escapes = line.contains("| safe") || line.contains("|safe");
            assert!(
                !escapes,
                "{place}: a value goes through the filter of its place"
            );
            let is_from = line.trim_start().starts_with("FROM ");
            assert!(
                !is_from
                    || line.contains(".reference }}")
                    || line.contains(" AS ") && !line.contains(':'),
                "{place}: images come from the catalogue"
            );
        }
        assert!(text.ends_with('\n') && !text.contains('\r'), "{name}");
    }
}

#[test]
fn every_choice_has_its_images() {
    let packs = PackSet::builtin().unwrap();
    let tables = Tables::load(&packs).unwrap();
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in tables.catalogue.runtimes() {
        assert!(
            !row.images.is_empty(),
            "{} {} has no image",
            row.runtime,
            row.line.version
        );
        lines
            .entry(row.runtime)
            .or_default()
            .push(row.line.version.to_string());
    }
    for case in cases(&packs) {
        let try_all = |key: &str, values: &[String]| {
            for value in values {
                let mut settings = case.settings.clone();
                add(&mut settings, key, value);
                let Some(plan) = plan(&case, &settings, &tables) else {
                    continue;
                };
                if let Err(fault) = render(&packs, &plan, &case.repo) {
                    panic!("{} with {key} {value}: {}", case.name, fault.message);
                }
            }
        };
        let bases = ["distroless", "slim", "alpine", "scratch"].map(str::to_owned);
        try_all("base", &bases);
        let languages: BTreeSet<&str> = case
            .detection
            .components
            .iter()
            .map(|found| found.language)
            .collect();
        for language in languages {
            try_all("runtime", lines.get(language).map_or(&[], Vec::as_slice));
        }
    }
}

/// The files below some folders of this repository, without what builds leave behind.
fn committed(folders: &[&str]) -> Vec<(String, Vec<u8>)> {
    let made = [
        "target",
        "node_modules",
        ".git",
        ".venv",
        "dist",
        "__pycache__",
        ".next",
    ];
    folders
        .iter()
        .flat_map(|folder| {
            WalkDir::new(Path::new(ROOT).join(folder))
                .into_iter()
                .filter_entry(|entry| {
                    !made.contains(&entry.file_name().to_str().unwrap_or_default())
                })
        })
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry
                .path()
                .strip_prefix(ROOT)
                .unwrap()
                .display()
                .to_string();
            (path, fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn no_fixture_file_is_hidden_from_git() {
    let root = Path::new(ROOT).join("tests/fixtures");
    let files = |respect: bool| -> BTreeSet<String> {
        ignore::WalkBuilder::new(&root)
            .standard_filters(false)
            .git_ignore(respect)
            .parents(respect)
            .require_git(false)
            .build()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
            .map(|entry| {
                entry
                    .path()
                    .strip_prefix(ROOT)
                    .unwrap()
                    .display()
                    .to_string()
            })
            .collect()
    };
    let mut hidden: Vec<String> = files(false).difference(&files(true)).cloned().collect();
    // Some are hidden on purpose, and git was told to take them.
    let tracked = Command::new("git")
        .args(["ls-files", "tests/fixtures"])
        .current_dir(ROOT)
        .output();
    match tracked {
        Ok(output) if output.status.success() => {
            let tracked = String::from_utf8_lossy(&output.stdout);
            hidden.retain(|path| !tracked.lines().any(|line| line == path));
        }
        _ => return, // no repository here
    }
    assert!(
        hidden.is_empty(),
        "a .gitignore hides {hidden:#?}; add them with `git add -f`"
    );
}

#[test]
fn no_data_names_a_package_registry() {
    // In two halves, so that this file names none either.
    let hosts = [
        ("registry.npmjs", ".org"),
        ("registry.yarnpkg", ".com"),
        ("files.pythonhosted", ".org"),
        ("pypi", ".org"),
        ("proxy.golang", ".org"),
        ("sum.golang", ".org"),
        ("repo.maven.apache", ".org"),
        ("repo1.maven", ".org"),
        ("static.crates", ".io"),
        ("rubygems", ".org"),
        ("packagist", ".org"),
        ("api.nuget", ".org"),
    ];
    let folders = [
        "tests",
        "examples",
        "detectors",
        "templates",
        "src",
        "benches",
    ];
    for (path, bytes) in committed(&folders) {
        let text = String::from_utf8_lossy(&bytes);
        for (first, second) in hosts {
            assert!(
                !text.contains(&format!("{first}{second}")),
                "{path} names {first}{second}"
            );
        }
        let is_lock = path.contains("lock") || path.ends_with("shrinkwrap.json");
        assert!(
            !is_lock || !text.contains("\"resolved\""),
            "{path} holds download addresses"
        );
    }
}

/// A key that nobody asks for does nothing, and one that is not declared no detector can set.
#[test]
fn declared_keys_are_those_that_planners_read() {
    let pack = Pack::builtin().unwrap();
    let asked = regex::Regex::new(r#"\bown\s*\.(?:flag|text|list|entry|add)\(\s*"([a-z_]+)""#);
    let asked = asked.unwrap();
    let row = regex::Regex::new(r#"(?m)^fact = "([a-z_]+)""#).unwrap();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let mut known = BTreeSet::new();
    for language in dockgen::lang::languages() {
        let keys: BTreeSet<String> = pack.keys.of(language).map(|key| key.name.clone()).collect();
        let mut used = BTreeSet::new();
        let folder = Path::new(ROOT).join("src/lang").join(language);
        let sources = WalkDir::new(folder).into_iter().filter_map(Result::ok);
        let files = sources.filter(|entry| entry.path().extension().is_some_and(|it| it == "rs"));
        for entry in files {
            let text = read(entry.path());
            used.extend(asked.captures_iter(&text).map(|found| found[1].to_owned()));
        }
        if language == "java" {
            let table = read(&Path::new(ROOT).join("detectors/jlink.toml"));
            used.extend(row.captures_iter(&table).map(|found| found[1].to_owned()));
        }
        assert_eq!(keys, used, "{language}");
        known.insert(language);
    }
    for key in pack.keys.all() {
        assert!(known.contains(key.language.as_str()), "{}", key.language);
        assert!(key.meaning.ends_with('.'), "{}", key.name);
    }
}
