//! Every folder of tests/fixtures/<language>/<case>/ is a test: dockgen reads `in/` and must give
//! exactly `out/` and `explain.txt`, byte for byte; missing and surplus files both fail.
//!
//! Ignore files are compared only by the cases that keep them in `out/` (an empty file there is
//! enough for the first blessing). Those of all others must hold what every ignore file promises,
//! so that one more line of the common part does not change each case.
//!
//! `BLESS=1 cargo test --test golden` writes what it got instead. CI never sets it.

#![allow(
    clippy::disallowed_methods,
    reason = "the harness makes folders, reads fixtures and starts the program"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use dockgen::parse::ignorefile::IgnoreFile;
use libtest_mimic::{Arguments, Failed, Trial};
use walkdir::WalkDir;

type Files = BTreeMap<String, String>;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let trials = cases(&root)
        .into_iter()
        .map(|dir| {
            let name = dir
                .strip_prefix(&root)
                .expect("a case is below the fixtures")
                .display()
                .to_string();
            Trial::test(name, move || run(&dir).map_err(Failed::from))
        })
        .collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn cases(root: &Path) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = WalkDir::new(root)
        .min_depth(2)
        .max_depth(2)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_dir())
        .map(walkdir::DirEntry::into_path)
        .collect();
    cases.sort();
    cases
}

/// Arguments of a case beside `init --yes`, one a line in `args.txt`.
fn arguments(case: &Path) -> Vec<String> {
    std::fs::read_to_string(case.join("args.txt"))
        .unwrap_or_default()
        .lines()
        .map(str::to_owned)
        .collect()
}

fn run(case: &Path) -> Result<(), String> {
    let before = files(&case.join("in"));
    if before.is_empty() {
        return Err("the case has no in/ folder with files".to_owned());
    }
    let temp = tempfile::tempdir().map_err(|error| error.to_string())?;
    // A constant name: a nameless project is named after its folder.
    let work = temp.path().join("project");
    copy(&case.join("in"), &work).map_err(|error| error.to_string())?;

    let arguments = arguments(case);
    let init = dockgen(
        &work,
        "init",
        &[&["--yes".to_owned()], arguments.as_slice()].concat(),
    );
    if !init.status.success() {
        return Err(format!(
            "init ended with {}:\n{}",
            init.status,
            String::from_utf8_lossy(&init.stderr)
        ));
    }
    let mut got = files(&work);
    for (path, text) in &before {
        if got.get(path) == Some(text) {
            got.remove(path);
        } else {
            return Err(format!("init changed or removed {path}"));
        }
    }
    let explain = dockgen(&work, "explain", &arguments);
    let explain = String::from_utf8(explain.stdout).map_err(|error| error.to_string())?;

    let mut expected = files(&case.join("out"));
    for (path, text) in got.iter().filter(|(path, _)| is_ignore_file(path)) {
        promises(path, text)?;
    }
    if !expected.keys().any(|path| is_ignore_file(path)) {
        got.retain(|path, _| !is_ignore_file(path));
    }
    if std::env::var_os("BLESS").is_some() {
        return bless(case, &got, &explain).map_err(|error| error.to_string());
    }
    expected.insert(
        "explain.txt".to_owned(),
        std::fs::read_to_string(case.join("explain.txt")).unwrap_or_default(),
    );
    got.insert("explain.txt".to_owned(), explain);
    same(&expected, &got)?;

    let again = dockgen(&work, "check", &arguments);
    if again.status.code() != Some(0) {
        return Err(format!(
            "check after init ended with {}:\n{}",
            again.status,
            String::from_utf8_lossy(&again.stdout)
        ));
    }
    Ok(())
}

fn is_ignore_file(path: &str) -> bool {
    path.ends_with(".dockerignore")
}

/// Paths that no build context holds, whatever the language. Those that the build needs all the
/// same are named in `out/` of the cases that are about them.
const NEVER: &[&str] = &[
    ".git/config",
    ".dockerignore",
    "Dockerfile",
    "a/Dockerfile.dockerignore",
    "dockgen.toml",
    ".env",
    "a/b/.env.local",
    "a/tls.key",
    "a/.ssh/id_ed25519",
];

/// What holds for the ignore file of every case.
fn promises(path: &str, text: &str) -> Result<(), String> {
    let file = IgnoreFile::parse(text);
    if let Some(bad) = file.bad_lines().first() {
        return Err(format!("{path}:{}: {} is no pattern", bad.line, bad.text));
    }
    match NEVER.iter().find(|never| !file.excludes(never)) {
        Some(visible) => Err(format!("{path} leaves {visible} in the context:\n{text}")),
        None => Ok(()),
    }
}

fn dockgen(dir: &Path, verb: &str, arguments: &[String]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_dockgen"))
        .arg(verb)
        .args(arguments)
        .current_dir(dir)
        .env_clear()
        .output()
        .expect("the built program runs")
}

fn same(expected: &Files, got: &Files) -> Result<(), String> {
    let mut report = String::new();
    for path in expected
        .keys()
        .chain(got.keys().filter(|path| !expected.contains_key(*path)))
    {
        match (expected.get(path), got.get(path)) {
            (Some(_), None) => report.push_str(&format!("missing: {path}\n")),
            (None, Some(text)) => report.push_str(&format!("surplus: {path}\n{text}\n")),
            (Some(old), Some(new)) if old != new => {
                let diff = similar::TextDiff::from_lines(old, new);
                report.push_str(
                    &diff
                        .unified_diff()
                        .header(&format!("expected/{path}"), &format!("got/{path}"))
                        .to_string(),
                );
            }
            _ => {}
        }
    }
    if report.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{report}\nif this is meant: BLESS=1 cargo test --test golden"
    ))
}

fn bless(case: &Path, got: &Files, explain: &str) -> std::io::Result<()> {
    let out = case.join("out");
    if out.exists() {
        std::fs::remove_dir_all(&out)?;
    }
    for (path, text) in got {
        let path = out.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a folder"))?;
        std::fs::write(path, text)?;
    }
    std::fs::write(case.join("explain.txt"), explain)
}

/// Path to text of every file below `dir`; none when there is no such folder.
fn files(dir: &Path) -> Files {
    WalkDir::new(dir)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry
                .path()
                .strip_prefix(dir)
                .expect("walked below it")
                .to_string_lossy()
                .replace('\\', "/");
            let text = String::from_utf8_lossy(
                &std::fs::read(entry.path()).expect("a fixture can be read"),
            )
            .into_owned();
            (path, text)
        })
        .collect()
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in WalkDir::new(from) {
        let entry = entry?;
        let target = to.join(entry.path().strip_prefix(from).expect("walked below it"));
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
