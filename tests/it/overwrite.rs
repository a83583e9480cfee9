//! Files that someone wrote or edited are not replaced without a yes.

use insta::assert_snapshot;

use crate::support::TestRepo;

#[test]
fn a_foreign_file_is_refused_with_a_diff() {
    let repo = TestRepo::web().file("Dockerfile", "FROM golang:1.26\nCMD go run .\n");
    let before = repo.everything();
    let run = repo.run("init --yes").exits(3);
    assert_eq!(repo.everything(), before, "not even the other file");
    assert!(run.stdout.contains("-CMD go run .\n"), "{}", run.stdout);
    assert_snapshot!(run.stderr, @"
    error[needs-approval]: not replaced: Dockerfile (not written by dockgen)
    --> Dockerfile
     = help: look at the diff; --force replaces these files
    ");
}

#[test]
fn an_edited_file_is_refused() {
    let repo = TestRepo::web();
    repo.run("init").exits(0);
    repo.write(
        "Dockerfile",
        &repo.read("Dockerfile").replace("EXPOSE 9000\n", ""),
    );
    let before = repo.everything();
    let run = repo.run("init").exits(3);
    assert!(run.stdout.contains("+EXPOSE 9000\n"), "{}", run.stdout);
    assert!(
        run.stderr
            .contains("Dockerfile (edited since dockgen wrote it)"),
        "{}",
        run.stderr
    );
    assert_eq!(repo.everything(), before);
}

#[test]
fn all_that_stands_in_the_way_is_named_at_once() {
    let repo = TestRepo::web()
        .file("Dockerfile", "FROM golang\n")
        .file(".dockerignore", ".git\n");
    let run = repo.run("init").exits(3);
    assert!(
        run.stderr
            .contains("Dockerfile (not written by dockgen), .dockerignore (not"),
        "{}",
        run.stderr
    );
}

#[test]
fn force_replaces() {
    let repo = TestRepo::web().file("Dockerfile", "FROM golang\n");
    let run = repo.run("init --force").exits(0);
    assert!(
        run.stderr
            .starts_with("replaced Dockerfile\ncreated .dockerignore\n"),
        "{}",
        run.stderr
    );
    repo.run("check").exits(0);
}

#[test]
fn a_dry_run_ends_as_the_real_one_would() {
    let repo = TestRepo::web().file("Dockerfile", "FROM golang\n");
    let run = repo.run("init --dry-run").exits(3);
    assert!(
        run.stderr
            .starts_with("would keep Dockerfile\nwould create .dockerignore"),
        "{}",
        run.stderr
    );
    let run = repo.run("init --dry-run --force").exits(0);
    assert!(
        run.stderr.starts_with("would replace Dockerfile"),
        "{}",
        run.stderr
    );
}

#[test]
fn other_files_of_theirs_stay_as_they_are() {
    let repo = TestRepo::web()
        .file("compose.yaml", "services: {}\n")
        .file("docker/Dockerfile", "FROM scratch\n");
    repo.run("init").exits(0);
    assert_eq!(repo.read("compose.yaml"), "services: {}\n");
    assert_eq!(repo.read("docker/Dockerfile"), "FROM scratch\n");
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_repository_is_refused() {
    let repo = TestRepo::web();
    let outside = repo.root().with_file_name("outside");
    std::fs::write(&outside, "theirs").expect("it can be written");
    std::os::unix::fs::symlink(&outside, repo.root().join("Dockerfile")).expect("a link");
    let run = repo.run("init --force").exits(2);
    assert!(run.stderr.contains("unsafe-path"), "{}", run.stderr);
    assert_eq!(
        std::fs::read_to_string(&outside).unwrap_or_default(),
        "theirs"
    );
}

#[test]
fn a_replaced_dockerfile_stays_evidence() {
    let theirs = "FROM golang:1.26 AS build\nCOPY . .\nRUN go build -o /app .\nFROM alpine:3.22\n\
                  COPY --from=build /app /app\nUSER 1000\nEXPOSE 9100\nVOLUME /data\nENTRYPOINT [\"/app\"]\n";
    let repo = TestRepo::web_without_port().file("Dockerfile", theirs);
    repo.run("init --yes --force").exits(0);
    let kept = "Dockerfile.before-dockgen";
    assert_eq!(repo.read(kept), theirs);
    let written = repo.read("Dockerfile");
    assert!(written.contains("EXPOSE 9100\n"), "{written}");
    assert!(written.contains("VOLUME [\"/data\"]\n"), "{written}");
    let before = repo.everything();
    repo.run("check").exits(0);
    repo.run("init --yes").exits(0);
    assert_eq!(
        repo.everything(),
        before,
        "the same tree gives the same bytes"
    );

    // An edit is kept under a number and says nothing.
    repo.write("Dockerfile", &written.replace("EXPOSE 9100", "EXPOSE 9200"));
    repo.run("init --yes --force").exits(0);
    assert!(
        repo.read("Dockerfile.before-dockgen-2")
            .contains("EXPOSE 9200")
    );
    assert_eq!(repo.read("Dockerfile"), written);

    // A newer file of theirs takes the place of the older one.
    repo.write("Dockerfile", &theirs.replace("9100", "9300"));
    repo.run("init --yes --force").exits(0);
    assert!(repo.read(kept).contains("9300"));
    assert_eq!(repo.read("Dockerfile.before-dockgen-3"), theirs);
    assert!(repo.read("Dockerfile").contains("EXPOSE 9300\n"));
    repo.run("check").exits(0);
}
