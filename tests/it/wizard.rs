//! The wizard: which questions, which files, which dockgen.toml.

use insta::assert_snapshot;

use crate::scripted::Reply::{CtrlC, Default, Escape, No, Pick, Several, Type, Yes};
use crate::scripted::wizard;
use crate::support::TestRepo;

#[test]
fn nothing_open_means_one_question() {
    let repo = TestRepo::web();
    let (run, asked) = wizard(&repo, "init", &[Yes]);
    run.exits(0);
    assert_snapshot!(asked, @"
    Write 2 files?
      > yes
    ");
    assert!(repo.read("Dockerfile").contains("EXPOSE 9000\n"));
    assert!(!repo.has("dockgen.toml"));
}

#[test]
fn what_is_open_is_asked_and_kept() {
    let repo = TestRepo::two_mains();
    let replies = [Pick("./cmd/right"), Type("3000"), Yes, Yes];
    let (run, asked) = wizard(&repo, "init", &replies);
    let run = run.exits(0);
    assert_snapshot!(asked, @"
    Which program should the image run?
      - ./cmd/left  it is a main package that serves (cmd/left/main.go)
      - ./cmd/right  it is a main package that serves (cmd/right/main.go)
      - something else
      > ./cmd/right
    Which port does the program listen on? (8080)
      > 3000
    Keep the answers in dockgen.toml for the next run?
      > yes
    Write 3 files?
      > yes
    ");
    assert_snapshot!(repo.read("dockgen.toml"), @r#"
    # Decisions about the container files that dockgen writes.
    main = "./cmd/right"
    port = 3000
    "#);
    assert!(repo.read("Dockerfile").contains("EXPOSE 3000\n"));
    assert!(repo.read("Dockerfile").contains("/out/right"));
    assert!(
        run.stderr
            .ends_with("docker run --rm -p 3000:3000 project\n"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout, "", "the dialogue is no result");

    // What was answered is not asked again, on a terminal or without one.
    let (again, asked) = wizard(&repo, "init", &[]);
    again.exits(0);
    assert_eq!(asked, "");
    repo.run("check").exits(0);
}

#[test]
fn answers_need_not_be_kept() {
    let repo = TestRepo::web_without_port();
    let (run, _) = wizard(&repo, "init", &[Default, No, Yes]);
    let run = run.exits(0);
    let same = "The same without questions:\n  dockgen init --yes [ROOT] --port 8080\n";
    assert!(run.stderr.contains(same), "{}", run.stderr);
    assert_eq!(
        repo.files_beside(&["go.mod", "main.go"]),
        [".dockerignore", "Dockerfile"]
    );
}

#[test]
fn the_components_that_are_wanted() {
    let repo = TestRepo::two_components();
    let (run, asked) = wizard(&repo, "init", &[Several(&["shop"]), Yes, Yes]);
    run.exits(0);
    assert_snapshot!(asked, @"
    Which of them get an image?
      - api  go web
      - shop  go web
      > shop
    Keep the answers in dockgen.toml for the next run?
      > yes
    Write 3 files?
      > yes
    ");
    assert_snapshot!(repo.read("dockgen.toml"), @r#"
    # Decisions about the container files that dockgen writes.
    components = ["shop"]
    "#);
    assert!(repo.has("shop/Dockerfile"));
    assert!(!repo.has("api/Dockerfile"));
}

#[test]
fn all_components_leave_nothing_to_keep() {
    let repo = TestRepo::two_components();
    let (run, _) = wizard(&repo, "init", &[Default, Pick("yes")]);
    let run = run.exits(0);
    assert!(repo.has("api/Dockerfile") && repo.has("shop/Dockerfile"));
    assert_snapshot!(&run.stderr[run.stderr.find("created").unwrap()..], @"
    created api/Dockerfile
    created api/Dockerfile.dockerignore
    created shop/Dockerfile
    created shop/Dockerfile.dockerignore

    Next:
      docker build -t api -f [ROOT]/api/Dockerfile [ROOT]
      docker run --rm -p 9000:9000 api
      docker build -t shop -f [ROOT]/shop/Dockerfile [ROOT]
      docker run --rm -p 7000:7000 shop
    ");
}

#[test]
fn an_answer_of_one_component_stands_in_its_table() {
    let repo = TestRepo::two_components().file(
        "shop/main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(where(), nil) }\n",
    );
    let replies = [Default, Type("7001"), Yes, Pick("diff"), Pick("yes")];
    let (run, asked) = wizard(&repo, "init", &replies);
    run.exits(0);
    assert!(
        asked.contains("shop: Which port does the program listen on? (8080)"),
        "{asked}"
    );
    assert_snapshot!(repo.read("dockgen.toml"), @"
    # Decisions about the container files that dockgen writes.
    [component.shop]
    port = 7001
    ");
}

#[test]
fn a_program_that_seems_to_serve_nothing_is_asked_about() {
    let repo = TestRepo::empty()
        .go_module(".")
        .file("main.go", "package main\n\nfunc main() { custom.Run() }\n");
    let (run, asked) = wizard(&repo, "init", &[Pick("web"), Default, No, Yes]);
    run.exits(0);
    assert_snapshot!(asked, @"
    What kind of program is it?
      - cli  no code that serves was seen
      - web
      - worker
      > web
    Which port does the program listen on? (8080)
      > 8080
    Keep the answers in dockgen.toml for the next run?
      > no
    Write 2 files?
      > yes
    ");
    assert!(repo.read("Dockerfile").contains("HEALTHCHECK"));
}

#[test]
fn what_is_given_is_not_asked() {
    let repo = TestRepo::two_mains().variable("DOCKGEN_PORT", "3000");
    let (run, _) = wizard(&repo, "init --main ./cmd/left", &[Yes]);
    run.exits(0);
    assert!(repo.read("Dockerfile").contains("EXPOSE 3000\n"));
    assert!(!repo.has("dockgen.toml"), "nothing was answered");
}

#[test]
fn a_wrong_answer_is_told_and_asked_again() {
    let repo = TestRepo::two_mains();
    let replies = [
        Pick("something else"),
        Type("./cmd/middle"),
        Pick("./cmd/left"),
        Type("none"),
        Type("3000"),
        No,
        Yes,
    ];
    let (run, asked) = wizard(&repo, "init", &replies);
    let run = run.exits(0);
    assert_snapshot!(asked, @"
    Which program should the image run?
      - ./cmd/left  it is a main package that serves (cmd/left/main.go)
      - ./cmd/right  it is a main package that serves (cmd/right/main.go)
      - something else
      > something else
    Which program should the image run?
      > ./cmd/middle
    Which program should the image run?
      - ./cmd/left  it is a main package that serves (cmd/left/main.go)
      - ./cmd/right  it is a main package that serves (cmd/right/main.go)
      - something else
      > ./cmd/left
    Which port does the program listen on? (8080)
      > none
      ! must be a number from 1 to 65535, not none
    Which port does the program listen on? (8080)
      > 3000
    Keep the answers in dockgen.toml for the next run?
      > no
    Write 2 files?
      > yes
    ");
    assert!(
        run.stderr.contains("main = ./cmd/middle does not fit here"),
        "{}",
        run.stderr
    );
}

#[test]
fn nobody_is_asked_with_yes_or_for_a_report() {
    for words in ["init --yes", "init --format json"] {
        let repo = TestRepo::web_without_port();
        wizard(&repo, words, &[]).0.exits(0);
        assert!(repo.has("Dockerfile"), "{words}");
    }
}

#[test]
fn a_file_of_theirs_is_asked_about() {
    let repo = TestRepo::web()
        .file("Dockerfile", "FROM golang\n")
        .file(".dockerignore", "main.go\n");
    let replies = [Pick("diff"), Pick("yes"), Pick("no"), Yes];
    let (run, asked) = wizard(&repo, "init", &replies);
    let run = run.exits(0);
    assert_snapshot!(asked, @"
    Replace Dockerfile, not written by dockgen?
      - diff  show what would change
      - no  keep the file as it is
      - yes  replace it
      - all  replace this and the files after it
      - quit  write nothing
      > diff
    Replace Dockerfile, not written by dockgen?
      - diff  show what would change
      - no  keep the file as it is
      - yes  replace it
      - all  replace this and the files after it
      - quit  write nothing
      > yes
    Replace .dockerignore, not written by dockgen?
      - diff  show what would change
      - no  keep the file as it is
      - yes  replace it
      - quit  write nothing
      > no
    Write 1 file?
      > yes
    ");
    assert!(
        run.stderr.contains("-FROM golang\n"),
        "the diff was asked for"
    );
    assert!(
        run.stderr.contains("kept .dockerignore\n"),
        "{}",
        run.stderr
    );
    assert_eq!(repo.read(".dockerignore"), "main.go\n");
    assert!(repo.read("Dockerfile").contains("ENTRYPOINT"));
}

#[test]
fn a_kept_ignore_file_that_hides_sources_is_a_warning() {
    let repo = TestRepo::web().file(".dockerignore", "go.*\n");
    let (run, _) = wizard(&repo, "init", &[Pick("no"), Yes]);
    let run = run.exits(0);
    assert_snapshot!(&run.stderr[run.stderr.find("warning").unwrap()..run.stderr.find("\ncreate").unwrap()], @"
    warning[ignored-source]: the build will fail at Dockerfile: COPY of go.mod, but the ignore file leaves out go.mod
      help: .dockerignore is kept; take out of it what the build needs
    ");
}

#[test]
fn all_is_for_the_files_that_come_after() {
    let repo = TestRepo::web()
        .file("Dockerfile", "FROM golang\n")
        .file(".dockerignore", "bin\n");
    let (run, _) = wizard(&repo, "init", &[Pick("no"), Pick("yes"), Yes]);
    run.exits(0);
    assert_eq!(repo.read("Dockerfile"), "FROM golang\n");

    let repo = TestRepo::two_components()
        .file("api/Dockerfile", "FROM golang\n")
        .file("api/Dockerfile.dockerignore", "a\n")
        .file("shop/Dockerfile", "FROM golang\n");
    let replies = [Default, Pick("no"), Pick("all"), Pick("yes")];
    wizard(&repo, "init", &replies).0.exits(0);
    assert_eq!(
        repo.read("api/Dockerfile"),
        "FROM golang\n",
        "a no stays a no"
    );
    assert!(repo.read("api/Dockerfile.dockerignore").contains(".git\n"));
    assert!(repo.read("shop/Dockerfile").contains("ENTRYPOINT"));
}

#[test]
fn nothing_is_written_when_the_user_stops() {
    let stops: [(&[_], i32); 6] = [
        (&[Escape], 3),
        (&[CtrlC], 130),
        (&[Pick("quit")], 3),
        (&[Pick("yes"), CtrlC], 130),
        (&[Pick("yes"), No], 3),
        (&[Pick("yes"), Escape], 3),
    ];
    for (replies, exit) in stops {
        let repo = TestRepo::web().file("Dockerfile", "FROM golang\n");
        let before = repo.everything();
        let (run, _) = wizard(&repo, "init", replies);
        let run = run.exits(exit);
        assert_eq!(repo.everything(), before, "{replies:?}");
        let told = run.stderr.contains("Nothing was written.");
        assert_eq!(told, exit == 3, "{}", run.stderr);
    }
}

#[test]
fn a_dry_run_asks_what_is_open_but_not_whether_to_write() {
    let repo = TestRepo::web_without_port();
    let before = repo.everything();
    let (run, _) = wizard(&repo, "init --dry-run", &[Type("3000")]);
    let run = run.exits(0);
    assert!(
        run.stderr.contains("would create Dockerfile"),
        "{}",
        run.stderr
    );
    assert_eq!(repo.everything(), before);
}

#[test]
fn what_was_found_is_shown_before_anything_is_asked() {
    let (run, _) = wizard(&TestRepo::two_components(), "init", &[Escape]);
    let run = run.exits(3);
    assert_snapshot!(run.stderr, @r#"
    Found 2 programs in [ROOT]:

    api  api
      language  go    certain  its manifest is here (api/go.mod)
      kind      web   certain  the source says `http.ListenAndServe(":9000", nil)` (api/main.go:5)
      port      9000  certain  the source says `http.ListenAndServe(":9000", nil)` (api/main.go:5)

    shop  shop
      language  go    certain  its manifest is here (shop/go.mod)
      kind      web   certain  the source says `http.ListenAndServe(":7000", nil)` (shop/main.go:5)
      port      7000  certain  the source says `http.ListenAndServe(":7000", nil)` (shop/main.go:5)

    Nothing was written.
    "#);
}

#[test]
fn a_guess_that_is_not_asked_about_is_told_just_before_the_question() {
    let repo = TestRepo::empty().file("requirements.txt", "flask\n").file(
        "server.py",
        "from flask import Flask\napp = Flask(__name__)\n",
    );
    let (run, _) = wizard(&repo, "init", &[Yes]);
    let run = run.exits(0);
    let guess = run.stderr.find("\nguess: ").unwrap();
    assert!(run.stderr[..guess].contains("+ENTRYPOINT") || run.stderr[..guess].contains("+CMD"));
    assert!(
        run.stderr[guess..].contains("\ncreate Dockerfile"),
        "{}",
        run.stderr
    );
}
