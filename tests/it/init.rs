//! `init` without anyone to ask.

use insta::assert_snapshot;

use crate::support::TestRepo;

#[test]
fn the_files_are_written_and_the_next_commands_named() {
    let repo = TestRepo::web();
    let run = repo.run("init").exits(0);
    assert_eq!(
        repo.files_beside(&["go.mod", "main.go"]),
        [".dockerignore", "Dockerfile"]
    );
    assert_eq!(run.stdout, "");
    assert_snapshot!(run.stderr, @"
    created Dockerfile
    created .dockerignore

    Next:
      docker build -t project .
      docker run --rm -p 9000:9000 project
    ");
}

#[test]
fn a_second_run_changes_nothing() {
    let repo = TestRepo::web();
    repo.run("init").exits(0);
    let before = repo.everything();
    let run = repo.run("init").exits(0);
    assert_eq!(repo.everything(), before);
    assert!(
        run.stderr
            .starts_with("unchanged Dockerfile\nunchanged .dockerignore\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_guess_is_named_with_its_flag() {
    let run = TestRepo::web_without_port().run("init --yes").exits(0);
    assert_snapshot!(run.stderr.lines().next().unwrap_or_default(), @"guess: port 8080 (no port was found; this one is usual); --port decides it");
}

#[test]
fn a_flag_leaves_no_guess() {
    let repo = TestRepo::web_without_port();
    let run = repo.run("init --port 3000").exits(0);
    assert!(!run.stderr.contains("guess"), "{}", run.stderr);
    assert!(repo.read("Dockerfile").contains("EXPOSE 3000\n"));
}

#[test]
fn quiet_says_nothing() {
    let run = TestRepo::web_without_port().run("init --quiet").exits(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn a_dry_run_writes_nothing() {
    let repo = TestRepo::web();
    let before = repo.everything();
    let run = repo.run("init --dry-run").exits(0);
    assert!(
        run.stderr.starts_with("would create Dockerfile +"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("\nwould create .dockerignore +"));
    assert_eq!(run.stdout, "");
    assert_eq!(repo.everything(), before);
}

#[test]
fn a_diff_is_a_result() {
    let repo = TestRepo::web();
    let run = repo.run("init --dry-run --diff").exits(0);
    assert!(
        run.stdout.starts_with("--- /dev/null\n+++ b/Dockerfile\n"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("+++ b/.dockerignore\n"));
    repo.run("init --diff").exits(0);
    assert!(repo.has("Dockerfile"));
}

#[test]
fn a_change_of_mind_updates_our_own_files() {
    let repo = TestRepo::web();
    repo.run("init").exits(0);
    let run = repo.run("init --port 3000 --diff").exits(0);
    assert!(
        run.stderr
            .starts_with("updated Dockerfile\nunchanged .dockerignore\n"),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout.contains("-EXPOSE 9000\n+EXPOSE 3000\n"),
        "{}",
        run.stdout
    );
}

#[test]
fn another_folder_is_named_in_the_commands() {
    let repo = TestRepo::web();
    let root = repo.root();
    let outside = root.parent().expect("a folder above");
    let output = repo
        .command(&["init", "project"])
        .current_dir(outside)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("docker build -t project project\n"), "{said}");
}

#[test]
fn an_answer_that_cannot_be_guessed_ends_with_exit_3_and_the_flag() {
    let repo = TestRepo::empty()
        .go_module(".")
        .file("main.go", "package main\n\nfunc main() {}\n")
        .file(
            "Cargo.toml",
            "[package]\nname = \"twin\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        )
        .file(
            "Cargo.lock",
            "version = 4\n\n[[package]]\nname = \"twin\"\nversion = \"0.1.0\"\n",
        )
        .file("src/main.rs", "fn main() {}\n");
    let run = repo.run("init --yes").exits(3);
    assert_snapshot!(run.stderr, @"
    error[answer-needed]: .: the folder holds a go and a rust program
      help: give --language go or --language rust
    ");
    assert!(!repo.has("Dockerfile"));
    repo.run("init --yes --language rust").exits(0);
}

#[test]
fn arguments_go_behind_the_program_and_never_in_its_place() {
    // Behind an init the program stands in CMD.
    let repo = TestRepo::empty()
        .file("requirements.txt", "discord-py==2.4\n")
        .file(
            "bot.py",
            "import discord\n\nclient = discord.Client()\nclient.run(\"x\")\n",
        );
    repo.run("init --yes --args --debug").exits(0);
    let dockerfile = repo.read("Dockerfile");
    assert!(
        dockerfile.ends_with("\nCMD [\"python\", \"bot.py\", \"--debug\"]\n"),
        "{dockerfile}"
    );
    let repo = TestRepo::web();
    repo.run("init --yes --args serve").exits(0);
    assert!(repo.read("Dockerfile").ends_with("\nCMD [\"serve\"]\n"));
}
