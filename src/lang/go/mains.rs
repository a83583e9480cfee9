//! Main packages of a module, and what their files tell.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::GoMain;
use super::header::{Header, is_for_linux};
use crate::repo::{Dir, RelPath, Source};

/// What else a main package tells.
pub(super) struct MainHints {
    /// The file that says `package main`.
    pub file: RelPath,
    /// Some file of the package opens a server.
    pub listens: bool,
    /// Import paths, for what they tell about the module's own packages.
    pub imports: Vec<String>,
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

/// Folders of programs that help to make, test or measure the others.
const HELPERS: &[&str] = &[
    "gen",
    "codegen",
    "docs",
    "doc",
    "script",
    "scripts",
    "e2e",
    "ci",
    "dev",
    "release",
    "testing",
    "integration",
    "loadtest",
    "playground",
    "demo",
    "samples",
    "benchmarks",
];

/// How the names of such folders begin.
const HELPERS_BEGIN: &[&str] = &["generat", "gen-", "gen_", "fuzz", "bench", "mock", "test"];

/// True for a package, such as `./cmd/gen-docs`, that is beside what the module is for.
pub(super) fn is_helper(package: &str) -> bool {
    package.split('/').any(|part| {
        HELPERS.contains(&part) || HELPERS_BEGIN.iter().any(|start| part.starts_with(start))
    })
}

/// Folders whose package clause is read, and files of a main package that are read for hints.
const MOST_FOLDERS: usize = 1_000;
const MOST_FILES: usize = 30;

/// The main packages of a module, sorted. All files of a folder belong to one package, so one file
/// a folder tells; `nested` are other modules below this one.
pub(super) fn find(view: &Dir<'_>, nested: &[&RelPath]) -> Vec<(GoMain, MainHints)> {
    let mut folders: BTreeMap<RelPath, Vec<RelPath>> = BTreeMap::new();
    for file in view.walk().filter(|file| is_for_linux(file.name())) {
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

/// What a file's package clause says.
enum Clause {
    Main(Source),
    Other,
}

/// `None` when the file is left out of builds or cannot be read, so that the next one is asked.
fn clause(view: &Dir<'_>, file: &RelPath) -> Option<Clause> {
    let source = view.text(file.as_str())?;
    let header = Header::read(&source.text)?;
    if !header.built {
        return None;
    }
    let is_main = header.package == "main";
    Some(if is_main {
        Clause::Main(source)
    } else {
        Clause::Other
    })
}

fn main(view: &Dir<'_>, dir: &RelPath, files: &[RelPath], first: Source) -> (GoMain, MainHints) {
    let mut listens = false;
    let mut version_variable = None;
    let mut imports = Vec::new();
    for source in files
        .iter()
        .take(MOST_FILES)
        .filter_map(|file| view.text(file.as_str()))
    {
        if let Some(header) = Header::read(&source.text).filter(|header| header.built) {
            imports.extend(header.imports.into_iter().map(str::to_owned));
        }
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
            imports,
        },
    )
}
