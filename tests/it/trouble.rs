//! What goes wrong, and what it exits with.

use std::process::Stdio;

use insta::assert_snapshot;

use crate::support::TestRepo;

#[test]
fn an_empty_folder() {
    let run = TestRepo::empty().run("init").exits(2);
    assert!(
        run.stderr
            .starts_with("error[nothing-found]: the folder is empty\n  help: "),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("go.mod"), "{}", run.stderr);
}

#[test]
fn a_folder_without_programs() {
    let run = TestRepo::empty()
        .file("notes.txt", "x")
        .run("init")
        .exits(2);
    assert!(
        run.stderr.contains("no program was found here"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_folder_that_is_not_there() {
    let run = TestRepo::empty().run("init nowhere").exits(2);
    assert_snapshot!(run.stderr, @"
    error[no-such-folder]: nowhere is not a folder
      help: give the path of the repository's root
    ");
}

#[test]
fn a_broken_manifest_is_shown_and_the_rest_has_its_answer() {
    let repo = TestRepo::web()
        .file("tool/go.mod", "go 1.26\n")
        .file("tool/main.go", "package main\n\nfunc main() {}\n");
    let run = repo.run("init").exits(0);
    assert!(run.stderr.contains("error[go-no-module]"), "{}", run.stderr);
    assert!(repo.has("Dockerfile"));

    let repo = TestRepo::empty().file("go.mod", "go 1.26\n");
    let run = repo.run("init").exits(2);
    assert!(
        run.stderr.contains("no program could be read here"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_wrong_call() {
    for words in [
        "",
        "inti",
        "init --no-such-flag",
        "init --base debian",
        "init --port 0",
        "init --set port",
        "init --set prot=1",
        "init . more",
        "images nodd",
        "completions tcsh9",
        "man inti",
    ] {
        let run = TestRepo::web().run(words).exits(2);
        assert_eq!(run.stdout, "", "{words}");
        assert!(!run.stderr.is_empty(), "{words}");
    }
    let run = TestRepo::web().run("init --set prot=1").exits(2);
    assert_snapshot!(run.stderr, @"
    error[unknown-setting]: the flag --set prot: there is no setting prot
      help: did you mean port?
    ");
}

#[test]
fn an_impossible_wish_says_what_is_possible() {
    let repo = TestRepo::two_mains();
    let run = repo.run("init --main ./cmd/middle").exits(2);
    assert_snapshot!(run.stderr, @"
    error[invalid-setting]: .: main = ./cmd/middle does not fit here; the flag --main says so
      help: found here: ./cmd/left, ./cmd/right
    ");
    assert!(!repo.has("Dockerfile"));
}

#[test]
fn help_and_version_are_results() {
    for words in ["--help", "-h", "init --help", "--version"] {
        let run = TestRepo::empty().run(words).exits(0);
        assert!(!run.stdout.is_empty() && run.stderr.is_empty(), "{words}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let repo = TestRepo::web();
    for words in [&["images"][..], &["schema"], &["explain"], &["--help"]] {
        let mut child = repo
            .command(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*said), (Some(0), ""), "{words:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let output = TestRepo::web()
        .command(&["plan"])
        .stdout(full.expect("the device is there"))
        .stderr(Stdio::piped())
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("output-failed"));
}

#[test]
fn support_that_has_ended_is_a_warning_with_the_next_line() {
    let repo = TestRepo::web();
    let run = repo.run("init --runtime 1.25").exits(0);
    assert!(run.stderr.starts_with("warning[end-of-life]: .: support of go 1.25 ended on 2026-08-19\n  help: the next line is go 1.26"), "{}", run.stderr);
    assert!(
        !repo.read("Dockerfile").contains("2026"),
        "never part of a file"
    );

    // The day decides, not the catalogue.
    let repo = TestRepo::web().variable("SOURCE_DATE_EPOCH", "1750000000");
    let run = repo.run("init --runtime 1.25").exits(0);
    assert!(!run.stderr.contains("end-of-life"), "{}", run.stderr);
}

#[test]
fn control_characters_of_a_repository_reach_no_terminal() {
    let repo = TestRepo::empty()
        .file("go.mod", "module example.com/a\u{1b}[2Jb\n\ngo 1.26\u{7}\n")
        .file("main.go", "package main\n\nimport \"net/http\"\n\n// \u{1b}]0;x\u{7}\nfunc main() { http.ListenAndServe(\":90\u{1b}[31m00\", nil) }\n")
        .file("Dockerfile", "FROM x\u{1b}[2J\n")
        .file("dockgen.toml", "base = \"\\u001b[2J\"\n");
    for words in [
        "explain",
        "explain --format mermaid",
        "init",
        "init --diff",
        "check",
    ] {
        for flags in ["", " --base slim"] {
            let run = repo.run(&format!("{words}{flags}"));
            for text in [&run.stdout, &run.stderr] {
                let bad = text
                    .chars()
                    .find(|c| c.is_control() && !"\n\t".contains(*c));
                assert_eq!(bad, None, "{words}{flags}: {text:?}");
            }
        }
        repo.write("dockgen.toml", "");
    }
}

#[test]
fn of_many_warnings_of_a_kind_the_first_are_shown() {
    let repo = (0..12).fold(TestRepo::empty(), |repo, at| {
        repo.file(
            &format!("apps/web-{at}/package.json"),
            r#"{"name": "web", "scripts": {"start": "node server.js"}, "dependencies": {"express": "5"}}"#,
        )
        .file(&format!("apps/web-{at}/server.js"), "require('express')().listen(3000)")
        .file(&format!("apps/web-{at}/package-lock.json"), r#"{"lockfileVersion": 3, "packages": {}}"#)
    });
    let run = repo.run("explain").exits(0);
    let shown = run
        .stderr
        .matches("warning[stale-lock-file]: package")
        .count();
    assert_eq!(shown, 10, "{}", run.stderr);
    assert_eq!(run.stderr.matches("further ones are left out").count(), 1);
}
