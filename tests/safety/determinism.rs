//! The same tree gives the same bytes, wherever, whenever and by whomever dockgen is run.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use camino::Utf8PathBuf;
use dockgen::assemble::assemble;
use dockgen::detect::detect;
use dockgen::plan::settings::Settings;
use dockgen::render::render;
use dockgen::repo::{Limits, Repo};
use dockgen::write::{ChangeKind, apply, compare};

use crate::support::{BUILTIN, Tree, fixtures, projects, run};

/// Repositories of every language, the first two golden cases of each, and one of many components.
fn trees() -> Vec<(String, Box<dyn Fn() -> Tree>)> {
    let mut trees: Vec<(String, Box<dyn Fn() -> Tree>)> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for dir in fixtures() {
        let case = dir.parent().unwrap().to_owned();
        let language = case.parent().unwrap().display().to_string();
        if case.join("args.txt").exists()
            || seen.iter().filter(|old| **old == language).count() == 2
        {
            continue;
        }
        seen.push(language);
        trees.push((
            case.display().to_string(),
            Box::new(move || Tree::copy_of(&dir)),
        ));
    }
    trees.push((
        "many".to_owned(),
        Box::new(|| {
            let tree = Tree::new();
            for at in 0..4 {
                for (language, files) in projects() {
                    for (path, text) in files {
                        tree.write(format!("apps/{language}-{at}/{path}"), text);
                    }
                }
            }
            tree
        }),
    ));
    trees
}

/// What is written and what the verbs print; `init` also names the path as it was typed.
fn results(tree: &Tree, dir: &Path, path: &str, env: &[(&str, &OsStr)]) -> Vec<String> {
    let init = run(dir, &["init", "--yes", path], env);
    assert_eq!(init.code, Some(0), "{}", init.stderr);
    let mut results = Vec::new();
    for verb in ["explain", "plan"] {
        results.push(run(dir, &[verb, path], env).stdout);
    }
    results.extend(
        tree.entries()
            .into_iter()
            .map(|(path, held)| format!("{}: {held}", path.display())),
    );
    results
}

#[test]
fn the_working_directory_does_not_matter() {
    for (name, make) in trees() {
        let (first, second, third) = (make(), make(), make());
        let from_inside = results(&first, &first.root(), ".", &[]);
        let above = second.root().parent().unwrap().to_owned();
        let from_above = results(&second, &above, "project", &[]);
        let absolute = third.root().display().to_string();
        let from_afar = results(&third, Path::new("/"), &absolute, &[]);
        assert!(
            from_inside == from_above && from_inside == from_afar,
            "{name} differs"
        );
    }
}

#[test]
fn the_environment_does_not_matter() {
    let home = tempfile::tempdir().unwrap();
    for (name, make) in trees() {
        let (first, second) = (make(), make());
        let empty = results(&first, &first.root(), ".", &[]);
        let full: &[(&str, &OsStr)] = &[
            ("TZ", OsStr::new("Pacific/Kiritimati")),
            ("LANG", OsStr::new("tr_TR.UTF-8")),
            ("LC_ALL", OsStr::new("tr_TR.UTF-8")),
            ("HOME", home.path().as_os_str()),
            ("PATH", OsStr::new("/nonexistent")),
            ("USER", OsStr::new("someone")),
            ("PORT", OsStr::new("9999")),
            ("NODE_ENV", OsStr::new("test")),
            ("GOFLAGS", OsStr::new("-mod=vendor")),
            ("CARGO_HOME", OsStr::new("/nonexistent")),
            ("RUST_BACKTRACE", OsStr::new("1")),
            ("COLUMNS", OsStr::new("40")),
            ("SOURCE_DATE_EPOCH", OsStr::new("0")),
        ];
        let second_results = results(&second, &second.root(), ".", full);
        assert!(empty == second_results, "{name} differs");
    }
}

#[test]
fn a_second_run_changes_nothing() {
    let (packs, tables) = &*BUILTIN;
    for dir in fixtures() {
        let tree = Tree::copy_of(&dir);
        let root = Utf8PathBuf::try_from(tree.root()).unwrap();
        let run = || {
            let repo = Repo::open(&root, Limits::default()).unwrap();
            let detection = detect(&repo, packs);
            let settings = Settings::default();
            let assembled = assemble(&repo, &detection, &settings, packs, tables);
            let plan = assembled.ok()?;
            let files = render(packs, &plan, &repo).unwrap();
            Some(compare(&root, &files).unwrap())
        };
        // Without the settings of its arguments a case may have an open question.
        let Some(changes) = run() else { continue };
        assert!(
            changes
                .iter()
                .all(|change| change.kind == ChangeKind::Create)
        );
        apply(&root, &changes, &|_| false).unwrap();
        for change in run().unwrap() {
            assert_eq!(
                change.kind,
                ChangeKind::Same,
                "{}: {}",
                dir.display(),
                change.diff
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn neither_umask_nor_the_number_of_processors_matters() {
    let program = env!("CARGO_BIN_EXE_dockgen");
    for (name, make) in trees() {
        let plain = make();
        let expected = results(&plain, &plain.root(), ".", &[]);
        for before in [
            "umask 077;",
            "umask 0;",
            "command -v taskset >/dev/null && set -- taskset -c 0 \"$@\";",
        ] {
            let tree = make();
            let script = format!("{before} exec \"$@\"");
            let path = std::env::var_os("PATH").unwrap_or_default();
            let done = Command::new("sh")
                .args(["-c", &script, "sh", program, "init", "--yes"])
                .current_dir(tree.root())
                .env_clear()
                .env("PATH", path)
                .output()
                .unwrap();
            assert!(
                done.status.success(),
                "{}",
                String::from_utf8_lossy(&done.stderr)
            );
            let held: Vec<String> = tree
                .entries()
                .into_iter()
                .map(|(path, held)| format!("{}: {held}", path.display()))
                .collect();
            assert!(expected.ends_with(&held), "{name} differs after {before}");
        }
    }
}
