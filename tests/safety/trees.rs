//! Hostile trees: huge files, links, pipes, names, depth, numbers.

use std::fs;

use dockgen::parse::is_hidden;

use crate::hostile::init;
use crate::support::{NASTY, Tree, projects};

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
        assert!(run.stderr.contains("odd-file-name"), "{}", run.stderr);
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
            !path.ends_with("Dockerfile.dockerignore") || lines < 160,
            "{path:?}: {lines} lines"
        );
    }
}
