//! `--pack`: detectors and templates of a folder stand before the built-in ones.

use insta::assert_snapshot;

use crate::support::TestRepo;

const DETECTOR: &str = r#"name = "Zapline"
language = "node"

[[when]]
dependency = "zapline"

[facts]
kind = "web"
start = ["node", "zap.js", "--serve"]
port = 7311
env = { ZAPLINE_ENV = "production" }
own.replaces = ["zapline dev"]
"#;

/// A program on a framework that dockgen does not know, and a pack.
fn with(files: &[(&str, &str)]) -> TestRepo {
    let manifest = r#"{ "name": "shop", "dependencies": { "zapline": "1.0.0" }, "scripts": { "start": "zapline dev" } }"#;
    let lock = r#"{ "name": "shop", "lockfileVersion": 3, "packages": { "": { "dependencies": { "zapline": "1.0.0" } }, "node_modules/zapline": { "version": "1.0.0" } } }"#;
    let repo = TestRepo::empty()
        .file("shop/package.json", manifest)
        .file("shop/package-lock.json", lock)
        .file("shop/zap.js", "require('zapline').serve();\n");
    files
        .iter()
        .fold(repo, |repo, (path, text)| repo.file(path, text))
}

#[test]
fn a_framework_is_added_without_compiling() {
    let repo = with(&[("zap/detectors/node/zapline.toml", DETECTOR)]);
    let before = repo.run("plan shop --kind worker").exits(0).json();
    assert_ne!(before["images"][0]["run"]["env"][0]["name"], "ZAPLINE_ENV");
    let plan = repo.run("plan shop --pack zap").exits(0).stdout;
    for said in ["zap.js", "--serve", "7311", "ZAPLINE_ENV", "Zapline"] {
        assert!(plan.contains(said), "{said}: {plan}");
    }
    repo.run("init shop --yes --pack zap").exits(0);
    assert!(repo.read("shop/Dockerfile").contains("EXPOSE 7311"));
    repo.run("check shop --pack zap").exits(0);
    let explained = repo.run("explain shop --pack zap").exits(0).stdout;
    assert!(explained.contains("7311"), "{explained}");
}

#[test]
fn what_has_the_same_name_is_replaced_and_can_be_extended() {
    let express = r#"name = "Express of ours"
language = "node"
when = [{ dependency = "zapline" }]
facts.port = 7400
facts.kind = "web"
facts.start = ["node", "zap.js"]
"#;
    let labels = "LABEL team=\"ours\"\n{% include \"builtin:partials/labels.j2\" %}";
    let repo = with(&[
        ("ours/detectors/node/express.toml", express),
        ("ours/templates/partials/labels.j2", labels),
    ]);
    repo.run("init shop --yes --pack ours").exits(0);
    let text = repo.read("shop/Dockerfile");
    assert!(text.contains("EXPOSE 7400"), "{text}");
    assert!(text.contains("LABEL team=\"ours\""), "{text}");
}

#[test]
fn of_two_packs_the_first_is_asked_first() {
    let second = DETECTOR.replace("7311", "7322");
    let repo = with(&[
        ("a/detectors/node/zapline.toml", DETECTOR),
        ("b/detectors/node/zapline.toml", &second),
    ]);
    let plan = repo.run("plan shop --pack b --pack a").exits(0).stdout;
    assert!(plan.contains("7322") && !plan.contains("7311"), "{plan}");
    repo.run("plan shop --pack a --pack a").exits(2);
}

#[test]
fn a_typo_is_shown_where_it_stands() {
    let repo = with(&[(
        "zap/detectors/node/zapline.toml",
        &DETECTOR.replace("own.replaces", "own.replace"),
    )]);
    let run = repo.run("plan shop --pack zap").exits(2);
    assert_snapshot!(run.stderr, @r#"
    error[detector-key]: `replace` is no key of node
      --> zap/detectors/node/zapline.toml:12:5
       |
    12 | own.replace = ["zapline dev"]
       |     ^^^^^^^
       |
       = help: did you mean `replaces`?
    "#);
}

#[test]
fn a_folder_that_is_no_pack_is_refused() {
    let good = ("p/detectors/node/zapline.toml", DETECTOR);
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], "p is not a folder"),
        (&[("p/notes.txt", "x")], "neither detectors/ nor templates/"),
        (
            &[good, ("p/detectors/images.toml", "")],
            "p/detectors/images.toml",
        ),
        (
            &[good, ("p/pack.toml", "name = \"builtin\"")],
            "another pack has the name",
        ),
        (
            &[good, ("p/pack.toml", "nmae = \"x\"")],
            "did you mean `name`?",
        ),
        (
            &[(
                "p/detectors/node/x.toml",
                "language = \"node\"\nwhen = [{ file = \"x\", matches = \"(\" }]",
            )],
            "p/detectors/node/x.toml",
        ),
        (
            &[("p/detectors/cobol/x.toml", "language = \"cobol\"")],
            "there is no language cobol",
        ),
        (
            &[(
                "p/detectors/node/x.toml",
                "language = \"node\"\nsupersedes = [\"node/exprss\"]",
            )],
            "did you mean `node/express`?",
        ),
        (
            &[(
                "p/detectors/node/x.toml",
                "language = \"node\"\nfacts.template = \"node/biuld.j2\"",
            )],
            "p/detectors/node/x.toml:2",
        ),
        (
            &[("p/templates/image.Dockerfile.j2", "{% if %}")],
            "templates/image.Dockerfile.j2:1",
        ),
        (
            &[(
                "p/templates/image.Dockerfile.j2",
                "{% include \"image.Dockerfile.j2\" %}",
            )],
            "pack-template",
        ),
        (
            &[("p/templates/image.Dockerfile.j2", "FROM x\nRUN oops\n")],
            "pack-template",
        ),
    ];
    for (files, said) in cases {
        let run = with(files).run("plan shop --kind worker --pack p");
        let run = if run.exit == 0 {
            with(files).run("init shop --yes --kind worker --pack p")
        } else {
            run
        };
        assert_eq!(run.exit, 2, "{files:?}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{files:?}: {}", run.stderr);
    }
}

#[test]
fn the_budgets_of_a_pack_hold() {
    let deep = format!(
        "language = \"node\"\nwhen = [{}{}]",
        "{ all = [".repeat(5_000),
        "] }".repeat(5_000)
    );
    let wide = "x".repeat(300 << 10);
    for text in [deep, format!("# {wide}")] {
        let repo = with(&[("p/detectors/node/x.toml", &text)]);
        let run = repo.run("plan shop --pack p").exits(2);
        assert!(
            run.stderr.contains("p/detectors/node/x.toml"),
            "{}",
            run.stderr
        );
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_a_pack() {
    let repo = with(&[
        ("p/detectors/node/zapline.toml", DETECTOR),
        ("elsewhere.toml", "language = \"node\"\n"),
    ]);
    let link = repo.root().join("p/detectors/node/out.toml");
    std::os::unix::fs::symlink("../../../elsewhere.toml", link).expect("a link");
    let run = repo.run("plan shop --pack p").exits(2);
    assert!(
        run.stderr.contains("a link that leads out"),
        "{}",
        run.stderr
    );
}
