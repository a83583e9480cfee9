//! Broken and hostile texts: an answer or a diagnostic with the file, nothing injected, nothing
//! changed on failure, no panic and no hang.

use std::fs;

use dockgen::parse::is_hidden;

use crate::support::{Run, Tree, projects};

/// Runs `init --yes` and checks what must hold for any input.
pub fn init(what: &str, tree: &Tree) -> Run {
    let before = tree.entries();
    let run = tree.run(&["init", "--yes"]);
    let told = format!("{what}:\n{}{}", run.stdout, run.stderr);
    assert!(
        matches!(run.code, Some(0 | 2 | 3)),
        "exit {:?} for {told}",
        run.code
    );
    for text in [&run.stdout, &run.stderr] {
        let hidden = text.chars().find(|c| is_hidden(*c) && !"\n\t".contains(*c));
        assert_eq!(hidden, None, "on the terminal for {told}");
    }
    let mut after = tree.entries();
    if run.code == Some(0) {
        after.retain(|path, _| {
            let made = before.contains_key(path);
            if !made && path.is_file() {
                harmless(&told, &fs::read_to_string(tree.path(path)).unwrap());
            }
            made
        });
    } else {
        assert!(run.stderr.contains("error"), "no reason for {told}");
    }
    assert_eq!(before, after, "files changed for {told}");
    run
}

fn harmless(told: &str, text: &str) {
    for line in text.lines() {
        let line = line.trim_start();
        assert!(
            !line.starts_with("RUN touch")
                && !line.starts_with("touch")
                && !line.starts_with("FROM evil"),
            "injected for {told}\n{text}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_terminal_is_not_driven() {
    let hidden = "\u{1b}]0;x\u{7}\u{9b}31m\u{202e}\u{200b}";
    for (language, files) in projects() {
        let tree = Tree::with(files);
        let script = format!(
            "{{\"name\":\"a\",\"description\":\"{hidden}\",\"scripts\":{{\"start\":\"node x.js {hidden}\"}}}}"
        );
        tree.write(
            "web/package.json",
            script
                .replace('\u{1b}', "\\u001b")
                .replace('\u{7}', "\\u0007"),
        );
        tree.write("web/x.js", format!("app.listen(3000) // {hidden}"));
        tree.write("Procfile", format!("web: {hidden}\n"));
        // Someone else's file, of which a diff is shown.
        tree.write("Dockerfile", format!("FROM {hidden}\n"));
        let settings = format!("'{}' = 1\n", hidden.replace(['\u{1b}', '\u{7}'], ""));
        for verb in [
            &["init", "--yes", "--diff"][..],
            &["init", "--yes", "--format", "json"],
            &["explain"],
            &["explain", "--format", "mermaid"],
            &["plan"],
            &["check"],
        ] {
            for settings in [settings.as_str(), ""] {
                tree.write("dockgen.toml", settings);
                let run = tree.run(verb);
                for text in [&run.stdout, &run.stderr] {
                    let found = text.chars().find(|c| is_hidden(*c) && !"\n\t".contains(*c));
                    assert_eq!(found, None, "{language}: {verb:?}\n{text}");
                }
            }
        }
    }
}

#[test]
fn the_projects_to_start_from_are_understood() {
    for (language, files) in projects() {
        let run = init(language, &Tree::with(files));
        assert_eq!(run.code, Some(0), "{language}: {}", run.stderr);
    }
}

#[test]
fn a_manifest_that_is_cut_off_is_named_with_the_place() {
    for (language, files) in projects() {
        let (manifest, text) = files[0];
        let mut told = 0;
        for end in 0..text.len() {
            // Each length in a short file, some in a long one.
            if end % (text.len() / 24 + 1) != 0 && end + 3 < text.len() {
                continue;
            }
            let tree = Tree::with(files);
            tree.write(manifest, &text[..end]);
            let run = init(&format!("{manifest} cut off at {end}"), &tree);
            told += usize::from(run.stderr.contains(&format!("--> {manifest}:")));
        }
        let structured = !matches!(language, "go" | "python" | "static");
        assert!(told > 3 || !structured, "{language}: {told} with a place");
    }
}

#[test]
fn bytes_that_are_no_text_are_named_with_the_line() {
    for (language, files) in projects() {
        for (path, text) in files {
            let mut bytes = text.as_bytes().to_vec();
            let second_line = text.find('\n').unwrap() + 1;
            bytes.insert(second_line, 0xff);
            let tree = Tree::with(files);
            tree.write(path, bytes);
            let run = init(&format!("{path} with a byte 0xff"), &tree);
            if *path == files[0].0 && language != "static" {
                assert!(
                    run.stderr.contains(&format!("--> {path}:2")),
                    "{}",
                    run.stderr
                );
            }
        }
    }
}

#[test]
fn odd_bytes_of_text_do_no_harm() {
    for (language, files) in projects() {
        for (path, text) in files {
            // Each in a folder of its own; nothing here is found, or everything is.
            let tree = Tree::new();
            for (what, odd) in [
                ("empty", String::new()),
                ("blank", "\n\n  \n".to_owned()),
                ("mark", format!("\u{feff}{text}")),
                ("mark-alone", "\u{feff}".to_owned()),
                ("crlf", text.replace('\n', "\r\n")),
                ("cr", text.replace('\n', "\r")),
                ("zeroes", "\0".repeat(4096)),
                ("doubled", text.repeat(2)),
                ("backwards", text.chars().rev().collect()),
                ("long-line", "a".repeat(1 << 20)),
                ("many-lines", "a b\n".repeat(100_000)),
                ("digits", "9".repeat(100_000)),
            ] {
                for (path, text) in files {
                    tree.write(format!("{what}/{path}"), text);
                }
                tree.write(format!("{what}/{path}"), odd);
            }
            init(&format!("odd {path} in {language}"), &tree);
        }
    }
}

#[test]
fn deep_nesting_ends_with_a_diagnostic() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    // The language whose project the file is put into, and the file.
    let files = [
        ("node", "package.json", deep("[", "]")),
        ("node", "package.json", deep("{\"a\":", "}")),
        (
            "node",
            "package.json",
            format!("{{\"name\":\"a\",\"x\":{}}}", deep("[", "]")),
        ),
        ("node", "pnpm-workspace.yaml", deep("[", "]")),
        ("node", "pnpm-workspace.yaml", deep("- ", "")),
        (
            "node",
            "pnpm-workspace.yaml",
            "packages:\n".to_owned() + &deep("{a: ", "}"),
        ),
        ("node", "server.js", deep("(", ")")),
        ("node", ".nvmrc", deep("[", "]")),
        ("rust", "Cargo.toml", format!("a = {}", deep("[", "]"))),
        ("rust", "Cargo.toml", format!("a = {}", deep("{a=", "}"))),
        ("rust", "Cargo.toml", format!("[{}a]", "a.".repeat(100_000))),
        ("rust", "Cargo.lock", format!("a = {}", deep("[", "]"))),
        (
            "python",
            "pyproject.toml",
            format!("[project]\ndependencies = {}", deep("[", "]")),
        ),
        ("python", "requirements.txt", deep("(", ")")),
        ("python", "main.py", deep("(", ")")),
        ("java", "pom.xml", deep("<a>", "</a>")),
        (
            "java",
            "pom.xml",
            format!("<project>{}</project>", deep("<modules>", "</modules>")),
        ),
        ("go", "go.mod", deep("(", ")")),
        (
            "go",
            "main.go",
            format!("package main\nvar x = {}", deep("(", ")")),
        ),
        ("go", "dockgen.toml", format!("port = {}", deep("[", "]"))),
        ("static", "index.html", deep("<a>", "</a>")),
        ("static", "Staticfile", deep("[", "]")),
    ];
    for (language, path, text) in files {
        let Some((_, project)) = projects().find(|(id, _)| *id == language) else {
            continue;
        };
        let tree = Tree::with(project);
        tree.write(path, &text);
        init(&format!("deep {path} in {language}"), &tree);
    }
}

#[test]
fn bombs_stay_small() {
    let mut entities =
        String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE project [\n<!ENTITY a0 \"lol\">\n");
    let mut anchors = String::from("a0: &a0 [lol]\n");
    for level in 1..30 {
        let previous = level - 1;
        entities += &format!(
            "<!ENTITY a{level} \"{}\">\n",
            format!("&a{previous};").repeat(10)
        );
        let aliases = vec![format!("*a{previous}"); 10].join(", ");
        anchors += &format!("a{level}: &a{level} [{aliases}]\n");
    }
    entities += "]>\n<project><artifactId>&a29;</artifactId></project>\n";
    anchors += "packages: *a29\n";
    let outside = "<!DOCTYPE project [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<project><artifactId>&x;</artifactId></project>";
    for (owner, path, text) in [
        ("java", "pom.xml", entities.as_str()),
        ("java", "pom.xml", outside),
        ("node", "pnpm-workspace.yaml", &anchors),
        ("node", "pnpm-lock.yaml", &anchors),
        ("static", "Staticfile", &anchors),
    ] {
        for (language, project) in projects().filter(|(language, _)| *language == owner) {
            let tree = Tree::with(project);
            tree.write(path, text);
            let run = init(&format!("bomb {path} in {language}"), &tree);
            assert!(!run.stderr.contains("root:"), "{}", run.stderr);
            let is_own = project[0].0 == path;
            assert!(
                !is_own || run.stderr.contains(&format!("--> {path}")),
                "{}",
                run.stderr
            );
        }
    }
}

/// What is wrong with a repository is its owner's to mend: exit 2 or 3 with the file, never 70.
#[test]
fn faults_of_a_repository_are_not_ours() {
    let file = |language: &str| projects().find(|(name, _)| *name == language).unwrap().1;
    let tree = Tree::with(file("node"));
    tree.write(
        "package.json",
        "{ \"name\": \"api\", \"scripts\": { \"start\": \"node server.js\" }, \"dependencies\": { \"x\": \"file:./gone\" } }",
    );
    let run = init("a dependency on a folder that is not there", &tree);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("needs gone"), "{}", run.stderr);
    for build in ["<<EOF", "cargo build \\\\"] {
        let tree = Tree::with(file("rust"));
        tree.write("dockgen.toml", format!("build = \"{build}\"\n"));
        let run = init("a build command that does not end", &tree);
        assert_eq!(run.code, Some(2), "{build}: {}", run.stderr);
    }
    let tree = Tree::with(file("python"));
    tree.write(
        "Procfile",
        format!("web: uvicorn main:app {}\n", "a".repeat(66_000)),
    );
    let run = init("a start command of 66 kB", &tree);
    assert!(run.stderr.contains("unusable-command"), "{}", run.stderr);
    let tree = Tree::with(file("rust"));
    tree.write(
        "Cargo.toml",
        format!(
            "{}\n[workspace]\nmembers = [\"{}\"]\n",
            file("rust")[0].1,
            "{".repeat(500)
        ),
    );
    init("a glob that cannot be compiled", &tree);
}
