//! Broken and hostile repositories: an answer or a diagnostic with the file, nothing injected,
//! nothing changed on failure, no panic and no hang.

use std::fs;

use dockgen::parse::is_hidden;

use crate::support::{NASTY, Run, Tree, projects};

/// Runs `init --yes` and checks what must hold for any input.
fn init(what: &str, tree: &Tree) -> Run {
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

#[test]
fn a_huge_manifest_is_not_read() {
    for (language, files) in projects() {
        for (path, _) in files {
            let tree = Tree::with(files);
            fs::File::create(tree.path(path))
                .unwrap()
                .set_len(200 << 20)
                .unwrap();
            let run = init(&format!("{path} of 200 MB in {language}"), &tree);
            if *path == files[0].0 && language != "static" {
                assert!(run.stderr.contains("larger than"), "{path}: {}", run.stderr);
                assert!(
                    run.stderr.contains(&format!("--> {path}")),
                    "{}",
                    run.stderr
                );
            }
        }
    }
}

#[test]
fn what_is_no_file_is_no_manifest() {
    for (language, files) in projects() {
        for (path, _) in files {
            let tree = Tree::with(files);
            fs::remove_file(tree.path(path)).unwrap();
            fs::create_dir(tree.path(path)).unwrap();
            init(&format!("a folder named {path} in {language}"), &tree);
            tree.write(format!("{path}/x"), "");
            init(
                &format!("a folder with a file named {path} in {language}"),
                &tree,
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn links_pipes_and_devices_are_not_followed() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    for (language, files) in projects() {
        for (path, text) in files {
            fs::write(outside.path().join("secret"), text).unwrap();
            let secret = outside.path().join("secret").display().to_string();
            for (what, target) in [
                ("a loop", path.rsplit('/').next().unwrap()),
                ("a dangling link", "nowhere"),
                ("a link to a folder", "."),
                ("a link to the folder above", ".."),
                ("a link out", secret.as_str()),
                ("a link to a device", "/dev/zero"),
                ("a link to a terminal", "/dev/tty"),
                ("a link to the process", "/proc/self/environ"),
            ] {
                let tree = Tree::with(files);
                fs::remove_file(tree.path(path)).unwrap();
                symlink(target, tree.path(path)).unwrap();
                let run = init(&format!("{path} is {what} in {language}"), &tree);
                // The sources alone are enough for a Python program.
                if *path == files[0].0 && !matches!(language, "static" | "python") {
                    assert_eq!(run.code, Some(2), "{path} is {what}: {}", run.stderr);
                }
            }
            let tree = Tree::with(files);
            fs::remove_file(tree.path(path)).unwrap();
            let made = std::process::Command::new("mkfifo")
                .arg(tree.path(path))
                .status();
            if made.is_ok_and(|status| status.success()) {
                init(&format!("{path} is a pipe in {language}"), &tree);
            }
        }
        let tree = Tree::with(files);
        symlink(tree.root(), tree.path("loop")).unwrap();
        symlink("/", tree.path("all")).unwrap();
        symlink("..", tree.path("above")).unwrap();
        let run = init("links to folders", &tree);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_read_behind_a_link_to_a_folder() {
    use camino::Utf8Path;
    use dockgen::repo::{Limits, RelPath, Repo};

    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "x").unwrap();
    let tree = Tree::with(&[("inside/a", "x")]);
    std::os::unix::fs::symlink(outside.path(), tree.path("out")).unwrap();
    let root = tree.root();
    let repo = Repo::open(Utf8Path::from_path(&root).unwrap(), Limits::default()).unwrap();
    let read = |path: &str| repo.read(&RelPath::new(path).unwrap()).is_ok();
    assert!(read("inside/a") && !read("out/secret") && !read("out"));
}

#[cfg(unix)]
#[test]
fn outputs_are_not_written_through_links() {
    use std::os::unix::fs::symlink;

    let (_, files) = projects().next().unwrap();
    for output in ["Dockerfile", ".dockerignore"] {
        let outside = tempfile::tempdir().unwrap();
        let victim = outside.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        let tree = Tree::with(files);
        symlink(&victim, tree.path(output)).unwrap();
        for args in [&["init", "--yes"][..], &["init", "--yes", "--force"]] {
            let run = tree.run(args);
            assert_eq!(run.code, Some(2), "{}", run.stderr);
            assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
            assert!(
                fs::symlink_metadata(tree.path(output))
                    .unwrap()
                    .is_symlink()
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_is_named() {
    use std::os::unix::fs::PermissionsExt;

    for (language, files) in projects() {
        let (path, _) = files[0];
        let tree = Tree::with(files);
        fs::set_permissions(tree.path(path), fs::Permissions::from_mode(0)).unwrap();
        if fs::File::open(tree.path(path)).is_ok() {
            return; // root reads everything
        }
        let run = init(&format!("{path} is unreadable in {language}"), &tree);
        assert!(
            language == "static" || run.stderr.contains(path),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn a_hostile_folder_name_stays_a_name() {
    let names = || NASTY.iter().filter(|name| !name.contains(['/', '\0']));
    let odd = |name: &str| name.chars().any(is_hidden) || name.contains('\\');
    for (language, files) in projects() {
        let tree = Tree::new();
        for name in names() {
            for (path, text) in files {
                tree.write(format!("{name}/{path}"), text);
            }
        }
        let run = init(&format!("{language} in hostile folders"), &tree);
        assert_eq!(run.code, Some(0), "{language}: {}", run.stderr);
        assert!(
            run.stderr.contains("name is not plain text"),
            "{}",
            run.stderr
        );
        for name in names() {
            let made = tree.path(format!("{name}/Dockerfile")).is_file();
            assert_eq!(made, !odd(name), "{language} in {name:?}: {}", run.stderr);
        }
        let check = tree.run(&["check"]);
        assert_eq!(check.code, Some(0), "{}{}", check.stdout, check.stderr);
        // Alone, the files go to the root and say the folder's name.
        for name in ["a b$(touch x)'\"", "--from=evil", "<<EOF", "[a]*?"] {
            let tree = Tree::new();
            for (path, text) in files {
                tree.write(format!("{name}/{path}"), text);
            }
            let run = init(&format!("{language} in {name:?}"), &tree);
            assert_eq!(run.code, Some(0), "{language} in {name:?}: {}", run.stderr);
        }
    }
}

#[test]
fn a_hostile_file_name_stays_a_name() {
    for (language, files) in projects() {
        let tree = Tree::with(files);
        for name in NASTY.iter().filter(|name| !name.contains(['/', '\0'])) {
            for ending in [
                "", ".go", ".py", ".js", ".html", ".rs", ".java", ".toml", ".lock",
            ] {
                tree.write(format!("{name}{ending}"), "x");
                tree.write(format!("static/{name}{ending}"), "x");
            }
        }
        tree.write("a".repeat(255), "");
        tree.write(format!("{}.py", "b".repeat(252)), "");
        tree.write(format!("{0}/{0}/{0}/package.json", "c".repeat(255)), "{}");
        let run = init(&format!("hostile file names in {language}"), &tree);
        assert!(run.stderr.contains("odd-file-name"), "{}", run.stderr);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_left_out() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    for (language, files) in projects() {
        let tree = Tree::with(files);
        let name = OsStr::from_bytes(b"caf\xe9");
        tree.write(std::path::Path::new(name).join(files[0].0), files[0].1);
        tree.write(
            name.to_owned()
                .as_os_str()
                .to_owned()
                .into_string()
                .unwrap_err()
                .as_os_str()
                .to_owned()
                .as_os_str()
                .as_bytes()
                .escape_ascii()
                .to_string(),
            "",
        );
        let run = init(&format!("a name that is not UTF-8 in {language}"), &tree);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("caf"), "{}", run.stderr);
    }
}

#[test]
fn a_deep_tree_ends_at_the_budget() {
    for (language, files) in projects() {
        let tree = Tree::with(files);
        let deep = "d/".repeat(1000);
        tree.write(format!("{deep}{}", files[0].0), files[0].1);
        let run = init(&format!("a tree of depth 1000 in {language}"), &tree);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(run.stderr.contains("too-deep"), "{}", run.stderr);
    }
}

#[test]
fn many_files_end_at_the_budget() {
    use camino::Utf8Path;
    use dockgen::repo::{Limits, Repo};

    let tree = Tree::new();
    for folder in 0..30 {
        for file in 0..100 {
            tree.write(format!("{folder}/{file}"), "");
        }
    }
    for (path, text) in projects().next().unwrap().1 {
        tree.write(path, text);
    }
    let root = tree.root();
    let limits = Limits {
        files: 1_000,
        ..Limits::default()
    };
    let open = || Repo::open(Utf8Path::from_path(&root).unwrap(), limits).unwrap();
    let (first, second) = (open(), open());
    assert!(first.files().len() > 900);
    assert!(
        first.files() == second.files(),
        "the same files on every run"
    );
    assert!(
        first.files().iter().any(|file| file.depth() == 1),
        "the root first"
    );
    assert_eq!(first.diagnostics()[0].code, "too-many-files");
}

#[test]
fn many_components_are_all_planned() {
    let tree = Tree::new();
    let all: Vec<_> = projects().collect();
    for at in 0..60 {
        let (language, files) = all[at % all.len()];
        for (path, text) in files {
            tree.write(format!("services/{language}-{at}/{path}"), text);
        }
    }
    let run = init("60 components", &tree);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let count = tree
        .entries()
        .keys()
        .filter(|path| path.file_name().is_some_and(|name| name == "Dockerfile"))
        .count();
    assert_eq!(count, 60);
    // Each names at most so many of the others.
    for (path, held) in tree.entries() {
        let lines = held.matches("\\n").count();
        assert!(
            !path.ends_with("Dockerfile.dockerignore") || lines < 100,
            "{path:?}: {lines} lines"
        );
    }
}
