//! `images`: the catalogue with the end of each line's support.

use crate::support::TestRepo;

fn line(table: &str, start: &str) -> String {
    table
        .lines()
        .find(|line| line.trim_start().starts_with(start))
        .map_or_else(
            || panic!("no line {start} in\n{table}"),
            |line| line.split_whitespace().collect::<Vec<_>>().join(" "),
        )
}

#[test]
fn lines_have_their_end_and_ended_ones_are_marked() {
    let run = TestRepo::empty().run("images").exits(0);
    assert_eq!(run.stderr, "");
    assert_eq!(line(&run.stdout, "Node.js"), "Node.js node");
    let node = &run.stdout[run.stdout.find("Node.js").unwrap_or_default()..];
    assert_eq!(
        line(node, "25 "),
        "25 ended on 2026-06-01 node:25-trixie-slim"
    );
    assert!(line(node, "24 ").starts_with("24 until 2028-04-30 lts node:24-"));
    assert!(node.contains("default, lts"));
}

#[test]
fn the_day_decides_what_has_ended() {
    let repo = TestRepo::empty().variable("SOURCE_DATE_EPOCH", "1750000000");
    let node = repo.run("images node").exits(0).stdout;
    assert_eq!(line(&node, "25 "), "25 until 2026-06-01");
}

#[test]
fn one_runtime_has_the_image_of_each_role() {
    let node = TestRepo::empty().run("images node").exits(0).stdout;
    assert_eq!(node.lines().next(), Some("Node.js  node"));
    assert!(line(&node, "distroless").starts_with("distroless gcr.io/distroless/nodejs"));
    assert!(!node.contains("python"));
}

#[test]
fn for_programs() {
    let table = TestRepo::empty()
        .run("images --format json")
        .exits(0)
        .json();
    assert_eq!(table["today"], "2026-11-24");
    let lines = table["lines"].as_array().cloned().unwrap_or_default();
    let node = |version: &str| {
        let found = lines
            .iter()
            .find(|line| line["runtime"] == "node" && line["version"] == version);
        found.cloned().unwrap_or_default()
    };
    assert_eq!(node("25")["ended"], true);
    assert_eq!(node("24")["ended"], false);
    assert_eq!(node("24")["images"][0]["role"], "build");
    assert!(node("24")["source"]["title"].is_string());
}
