//! Flag over variable over answer over dockgen.toml over detection.

use crate::scripted::Reply::{Pick, Type, Yes};
use crate::scripted::wizard;
use crate::support::TestRepo;

/// The port, and why, that the plan of this repository has.
fn port(repo: &TestRepo, flags: &str) -> (String, String) {
    let plan = repo.run(&format!("plan {flags}")).exits(0).json();
    let decisions = plan["images"][0]["decisions"].as_array().cloned();
    let port = decisions
        .into_iter()
        .flatten()
        .find(|decision| decision["what"] == "port")
        .expect("a port is decided");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&port["chosen"]), text(&port["because"]["why"]))
}

#[test]
fn each_source_stands_above_the_next() {
    // From the weakest to the strongest, and so every pair of them.
    let repo = TestRepo::web();
    assert_eq!(port(&repo, "").0, "9000", "detection");

    let repo = repo.file("dockgen.toml", "port = 9001\n");
    assert_eq!(port(&repo, "").0, "9001", "file over detection");

    let variable = TestRepo::web().variable("DOCKGEN_PORT", "9002");
    assert_eq!(port(&variable, "").0, "9002", "variable over detection");

    let repo = repo.variable("DOCKGEN_PORT", "9002");
    assert_eq!(port(&repo, "").0, "9002", "variable over file");

    assert_eq!(
        port(&TestRepo::web(), "--port 9003").0,
        "9003",
        "flag over detection"
    );
    let file = TestRepo::web().file("dockgen.toml", "port = 9001\n");
    assert_eq!(port(&file, "--port 9003").0, "9003", "flag over file");
    assert_eq!(
        port(&variable, "--port 9003").0,
        "9003",
        "flag over variable"
    );
    assert_eq!(port(&repo, "--port 9003").0, "9003", "flag over all");
}

#[test]
fn the_origin_is_named() {
    let repo = TestRepo::web()
        .file("dockgen.toml", "# ours\nport = 9001\n")
        .variable("DOCKGEN_BASE", "scratch");
    let run = repo.run("explain --health none").exits(0);
    for line in [
        "dockgen.toml says so (dockgen.toml:2)",
        "the variable DOCKGEN_BASE says so",
        "the flag --health says so",
        "not 9000",
    ] {
        assert!(run.stdout.contains(line), "{line} in\n{}", run.stdout);
    }
}

#[test]
fn an_answer_stands_above_the_file_and_is_not_asked_for_above_it() {
    // A question that the file leaves open is answered; the other one is not asked.
    let repo = TestRepo::two_mains().file("dockgen.toml", "main = \"./cmd/right\"\n");
    wizard(&repo, "init", &[Type("3000"), Yes, Yes]).0.exits(0);
    assert_eq!(
        repo.read("dockgen.toml"),
        "main = \"./cmd/right\"\nport = 3000\n"
    );
    // What a variable or a flag says is not asked for either.
    let repo = TestRepo::two_mains().variable("DOCKGEN_PORT", "3000");
    wizard(&repo, "init", &[Pick("./cmd/left"), Yes, Yes])
        .0
        .exits(0);
    assert_eq!(
        repo.read("dockgen.toml").lines().last(),
        Some("main = \"./cmd/left\"")
    );
}

#[test]
fn a_component_of_its_own_stands_above_all_of_them_within_one_source() {
    let repo =
        TestRepo::two_components().file("dockgen.toml", "port = 1\n[component.shop]\nport = 2\n");
    let ports = |flags: &str| -> Vec<u64> {
        let plan = repo.run(&format!("plan {flags}")).exits(0).json();
        let components = plan["images"].as_array().cloned().unwrap_or_default();
        components
            .iter()
            .filter_map(|one| one["run"]["ports"][0]["number"].as_u64())
            .collect()
    };
    assert_eq!(ports(""), [1, 2]);
    assert_eq!(
        ports("--port 3"),
        [3, 3],
        "a flag for all stands above a file's for one"
    );
    assert_eq!(ports("--set api:port=4"), [4, 2]);
    assert_eq!(ports("--set api:port=4 --port 3"), [4, 3]);
}

#[test]
fn of_two_flags_the_later_counts() {
    assert_eq!(port(&TestRepo::web(), "--set port=1 --set port=2").0, "2");
    TestRepo::web().run("plan --port 1 --port 2").exits(2);
}

#[test]
fn an_empty_variable_says_nothing() {
    let repo = TestRepo::web().variable("DOCKGEN_PORT", "");
    assert_eq!(port(&repo, "").0, "9000");
}

#[test]
fn three_parts_name_one_version_and_fewer_a_line() {
    let image = |runtime: &str| {
        let run = TestRepo::web().run(&format!("plan --runtime {runtime}"));
        let plan = run.exits(0).json();
        plan["images"][0]["stages"][0]["from"]["image"]["reference"].to_string()
    };
    assert_eq!(image("1.26"), "\"golang:1.26-trixie\"");
    assert_eq!(image("1.26.2"), "\"golang:1.26.2-trixie\"");
}
