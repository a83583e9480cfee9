//! `explain`: every decision with its reason.

use insta::assert_snapshot;

use crate::support::TestRepo;

#[test]
fn for_people() {
    let repo = TestRepo::two_mains().file("dockgen.toml", "port = 3000\n");
    let run = repo.run("explain --main ./cmd/left").exits(0);
    assert_eq!(run.stderr, "");
    assert_snapshot!(run.stdout, @"
    project  .
      language  go               certain  its manifest is here (go.mod)
      base      distroless       certain  a static binary needs no libraries
      health    tcp              certain  no path for health checks was seen in the sources
      kind      web              certain  the source says `http.ListenAndServe(address(), nil)` (cmd/left/main.go:5)
                not cli                   no code that serves was seen
      main      ./cmd/left       certain  the flag --main says so
                not ./cmd/right           it is a main package that serves (cmd/right/main.go)
      port      3000             certain  dockgen.toml says so (dockgen.toml:1)
                not 8080                  no port was found; this one is usual
      runtime   go 1.26          certain  go.mod is written with Go 1.26 (go.mod:3)
                not go 1.27               go.mod asks for Go 1.26 or newer (go.mod:3)
      writes    Dockerfile, .dockerignore
    ");
}

#[test]
fn what_was_passed_over_is_named() {
    let repo = TestRepo::web()
        .go_module("examples/hello")
        .file("examples/hello/main.go", "package main\n\nfunc main() {}\n");
    let run = repo.run("explain").exits(0);
    let end = run.stdout.find("passed over").unwrap_or_default();
    assert_snapshot!(&run.stdout[end..], @"
    passed over
      examples/hello (go)  example: the folder's name says example (examples)
    ");
}

#[test]
fn colours_are_for_terminals() {
    let repo = TestRepo::web();
    assert!(!repo.run("explain").stdout.contains('\u{1b}'));
    let coloured = repo.run("explain --color always").exits(0).stdout;
    assert!(coloured.contains("\u{1b}[1mweb\u{1b}[0m"), "{coloured}");
    let repo = TestRepo::web().variable("NO_COLOR", "1");
    assert!(!repo.run("explain").stdout.contains('\u{1b}'));
}

#[test]
fn for_programs() {
    let repo = TestRepo::web();
    let explained = repo.run("explain --format json").exits(0).json();
    let component = &explained["components"][0];
    assert_eq!(component["language"], "go");
    assert_eq!(component["writes"][0], "Dockerfile");
    let decisions = component["decisions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let port = decisions.iter().find(|decision| decision["what"] == "port");
    assert_snapshot!(serde_json::to_string_pretty(&port).expect("JSON"), @r#"
    {
      "what": "port",
      "chosen": "9000",
      "confidence": "certain",
      "because": {
        "rule": "go/listens",
        "at": {
          "path": "main.go",
          "line": 5,
          "column": 15
        },
        "why": "the source says `http.ListenAndServe(\":9000\", nil)`"
      }
    }
    "#);
}

#[test]
fn as_a_graph() {
    let run = TestRepo::web().run("explain --format mermaid").exits(0);
    assert_snapshot!(run.stdout, @r#"
    flowchart TD
      subgraph c0["project"]
        c0_context[/"build context"/]
        c0_image0(["golang:1.26-trixie"])
        c0_image1(["gcr.io/distroless/static-debian13:nonroot"])
        c0_stage0["base"]
        c0_stage1["build"]
        c0_stage2["probe"]
        c0_stage3[["project"]]
        c0_context -->|"go.mod<br>everything"| c0_stage1
        c0_image0 --> c0_stage0
        c0_image1 --> c0_stage3
        c0_stage0 --> c0_stage1
        c0_stage0 --> c0_stage2
        c0_stage1 -->|"/out/project"| c0_stage3
        c0_stage2 -->|"/out/probe"| c0_stage3
      end
    "#);
}

#[test]
fn a_component_that_needs_an_answer_does_not_hide_the_others() {
    let repo = TestRepo::two_components()
        .file(
            "shop/Cargo.toml",
            "[package]\nname = \"twin\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
        )
        .file("shop/Cargo.lock", "version = 4\n")
        .file("shop/src/main.rs", "fn main() {\n    let listener = std::net::TcpListener::bind(\"0.0.0.0:7001\").unwrap();\n    for _ in listener.incoming() {}\n}\n");
    let run = repo.run("explain").exits(3);
    assert!(run.stdout.starts_with("api  api\n"), "{}", run.stdout);
    assert!(
        run.stdout.contains(
            "shop: the folder holds a go and a rust program\n  give it with --set shop:language="
        ),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains("answer-needed"), "{}", run.stderr);
}
