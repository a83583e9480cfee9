//! Main packages of a module, and what their files tell.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::GoMain;
use crate::repo::{Dir, RelPath, Source};

/// What else a main package tells.
pub(super) struct MainHints {
    /// The file that says `package main`.
    pub file: RelPath,
    /// Some file of the package opens a server.
    pub listens: bool,
}

static SERVES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\.(ListenAndServe|ListenAndServeTLS|Listen|Serve|NewServer)\(|gin\.(Default|New)\(|echo\.New\(|fiber\.New\(").ok()
});
static VERSION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)^(?:var\s+|\s+)([vV]ersion|[bB]uildVersion|appVersion)\s*(?:string)?\s*(?:=\s*"|$)"#,
    )
    .ok()
});

/// Folders that hold no program of the project's own.
const BESIDE: &[&str] = &[
    "vendor", "testdata", "example", "examples", "internal", "tools", "hack", "test", "tests",
];

/// Folders whose package clause is read, and files of a main package that are read for hints.
const MOST_FOLDERS: usize = 1_000;
const MOST_FILES: usize = 30;

/// The main packages of a module, sorted. All files of a folder belong to one package, so one file
/// a folder tells; `nested` are other modules below this one.
pub(super) fn find(view: &Dir<'_>, nested: &[&RelPath]) -> Vec<(GoMain, MainHints)> {
    let mut folders: BTreeMap<RelPath, Vec<RelPath>> = BTreeMap::new();
    for file in view.walk().filter(|file| is_go(file.name())) {
        let dir = file.parent().unwrap_or_default();
        let beside = dir
            .parts()
            .any(|part| BESIDE.contains(&part) || part.starts_with(['.', '_']));
        let full = view.path.join(dir.as_str());
        if !beside && !nested.iter().any(|module| full.is_in(module)) {
            folders.entry(dir).or_default().push(file);
        }
    }
    folders
        .into_iter()
        .take(MOST_FOLDERS)
        .filter_map(|(dir, files)| {
            let first = files
                .iter()
                .find(|file| file.name() == "main.go")
                .into_iter()
                .chain(&files);
            match first.take(4).find_map(|file| clause(view, file))? {
                Clause::Main(source) => Some(main(view, &dir, &files, source)),
                Clause::Other => None,
            }
        })
        .collect()
}

fn is_go(name: &str) -> bool {
    name.ends_with(".go") && !name.ends_with("_test.go")
}

/// What a file's package clause says.
enum Clause {
    Main(Source),
    Other,
}

/// `None` when the file is left out of builds or cannot be read, so that the next one is asked.
fn clause(view: &Dir<'_>, file: &RelPath) -> Option<Clause> {
    let source = view.text(file.as_str())?;
    if source
        .text
        .lines()
        .any(|line| line.starts_with("//go:build ignore"))
    {
        return None;
    }
    let name = source
        .text
        .lines()
        .find_map(|line| line.strip_prefix("package "))?;
    let is_main = name.split_whitespace().next() == Some("main");
    Some(if is_main {
        Clause::Main(source)
    } else {
        Clause::Other
    })
}

fn main(view: &Dir<'_>, dir: &RelPath, files: &[RelPath], first: Source) -> (GoMain, MainHints) {
    let mut listens = false;
    let mut version_variable = None;
    for source in files
        .iter()
        .take(MOST_FILES)
        .filter_map(|file| view.text(file.as_str()))
    {
        listens |= SERVES
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(&source.text));
        version_variable = version_variable.or_else(|| {
            let found = VERSION.as_ref()?.captures(&source.text)?;
            Some(format!("main.{}", found.get(1)?.as_str()))
        });
    }
    let package = if dir.is_root() {
        ".".to_owned()
    } else {
        format!("./{dir}")
    };
    (
        GoMain {
            package,
            version_variable,
        },
        MainHints {
            file: first.path,
            listens,
        },
    )
}
