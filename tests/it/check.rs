//! `check`: the same files without writing them.

use insta::assert_snapshot;

use crate::support::TestRepo;

#[test]
fn missing_files_are_a_difference() {
    let repo = TestRepo::web();
    let run = repo.run("check").exits(1);
    assert!(
        run.stdout.starts_with("--- /dev/null\n+++ b/Dockerfile\n"),
        "{}",
        run.stdout
    );
    assert_snapshot!(run.stderr, @"2 files are not as dockgen would write them; `dockgen init` writes them");
    assert_eq!(repo.files_beside(&["go.mod", "main.go"]), [""; 0]);
}

#[test]
fn files_as_they_should_be_are_exit_0() {
    let repo = TestRepo::web();
    repo.run("init").exits(0);
    let run = repo.run("check").exits(0);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("", "2 files up to date\n")
    );
}

#[test]
fn a_change_in_the_sources_is_found() {
    let repo = TestRepo::web();
    repo.run("init").exits(0);
    repo.write("main.go", &repo.read("main.go").replace(":9000", ":9001"));
    let run = repo.run("check").exits(1);
    assert!(
        run.stdout.contains("-EXPOSE 9000\n+EXPOSE 9001\n"),
        "{}",
        run.stdout
    );
    assert!(
        run.stderr.contains("`dockgen init` writes"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_edited_file_needs_force() {
    let repo = TestRepo::web();
    repo.run("init").exits(0);
    repo.write(
        "Dockerfile",
        &repo.read("Dockerfile").replace("9000", "9001"),
    );
    let run = repo.run("check").exits(1);
    assert!(
        run.stderr.contains("`dockgen init --force` writes"),
        "{}",
        run.stderr
    );
}

#[test]
fn the_flags_count_here_too() {
    let repo = TestRepo::web();
    repo.run("init --base scratch").exits(0);
    repo.run("check").exits(1);
    repo.run("check --base scratch").exits(0);
}

#[test]
fn a_report_says_the_same() {
    let repo = TestRepo::web();
    let run = repo.run("check --format json").exits(1);
    let report = run.json();
    assert_eq!(run.stderr, "");
    assert_eq!(report["exit"], 1);
    assert_eq!(report["files"][0]["path"], "Dockerfile");
    assert_eq!(report["files"][0]["kind"], "create");
    assert_eq!(report["files"][0]["written"], false);
}
