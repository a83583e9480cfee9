#![allow(
    clippy::disallowed_methods,
    reason = "the tests look at the disk from outside"
)]

use std::fs;

use super::ChangeKind::{Create, Edited, Foreign, Same, Update};
use super::*;

struct Dir(tempfile::TempDir);

impl Dir {
    fn new(files: &[(&str, &str)]) -> Self {
        let dir = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = dir.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        dir
    }

    fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Every file and folder, so that leftovers show.
    fn list(&self) -> Vec<String> {
        let entries = walkdir::WalkDir::new(self.root())
            .min_depth(1)
            .sort_by_file_name();
        let name = |path: &std::path::Path| {
            path.strip_prefix(self.root())
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        };
        entries
            .into_iter()
            .map(|entry| name(entry.unwrap().path()))
            .collect()
    }
}

fn output(path: &str, body: &str) -> OutputFile {
    OutputFile {
        path: RelPath::new(path).unwrap(),
        text: stamp(body),
    }
}

fn kinds(changes: &[Change]) -> Vec<ChangeKind> {
    changes.iter().map(|change| change.kind).collect()
}

fn paths(texts: &[&str]) -> Vec<RelPath> {
    texts
        .iter()
        .map(|text| RelPath::new(text).unwrap())
        .collect()
}

const NO: &dyn Fn(&Change) -> bool = &|_| false;
const YES: &dyn Fn(&Change) -> bool = &|_| true;

#[test]
fn each_kind_is_known_and_theirs_is_kept_without_a_yes() {
    let edited = stamp("FROM a\n").replace("FROM a", "FROM mine");
    let dir = Dir::new(&[
        ("update", &stamp("old\n")),
        ("same", &stamp("new\n")),
        ("same-crlf", &stamp("new\n").replace('\n', "\r\n")),
        ("edited", &edited),
        ("foreign", "theirs\n"),
    ]);
    let names = ["create", "update", "same", "same-crlf", "edited", "foreign"];
    let files = names.map(|name| output(name, "new\n"));
    let changes = compare(dir.root(), &files).unwrap();
    assert_eq!(
        kinds(&changes),
        [Create, Update, Same, Same, Edited, Foreign]
    );
    assert_eq!(changes[2].diff, "");
    assert!(changes[5].diff.contains("-theirs\n"));

    let refused = Policy::Refuse.admit(&changes).unwrap_err();
    assert_eq!(refused.code, "needs-approval");
    assert!(refused.message.contains("edited (") && refused.message.contains("foreign ("));
    assert!(Policy::Force.admit(&changes).is_ok());

    let report = apply(dir.root(), &changes, NO).unwrap();
    assert_eq!(report.created, paths(&["create"]));
    assert_eq!(report.updated, paths(&["update"]));
    assert_eq!(report.unchanged, paths(&["same", "same-crlf"]));
    assert_eq!(report.kept, paths(&["edited", "foreign"]));
    assert_eq!(dir.read("update"), stamp("new\n"));
    assert_eq!(dir.read("foreign"), "theirs\n");

    let changes = compare(dir.root(), &files).unwrap();
    assert_eq!(
        apply(dir.root(), &changes, YES).unwrap().updated,
        paths(&["edited", "foreign"])
    );
    let changes = compare(dir.root(), &files).unwrap();
    assert!(
        kinds(&changes).iter().all(|kind| *kind == Same),
        "writing twice changes nothing"
    );
}

#[test]
fn line_ends_and_folders_are_those_of_the_project() {
    let dir = Dir::new(&[("Dockerfile", &stamp("FROM a\n").replace('\n', "\r\n"))]);
    let files = [output("Dockerfile", "FROM b\n"), output("a/b/c", "x\n")];
    let changes = compare(dir.root(), &files).unwrap();
    assert!(!changes[0].diff.contains('\r'));
    apply(dir.root(), &changes, NO).unwrap();
    assert_eq!(
        dir.read("Dockerfile"),
        stamp("FROM b\n").replace('\n', "\r\n")
    );
    assert_eq!(dir.list(), ["Dockerfile", "a", "a/b", "a/b/c"]);
}

#[test]
fn not_utf8_is_foreign() {
    let dir = Dir::new(&[]);
    fs::write(dir.root().join("f"), b"\xff\xfe\n").unwrap();
    let changes = compare(dir.root(), &[output("f", "x\n")]).unwrap();
    assert_eq!(kinds(&changes), [Foreign]);
}

#[test]
fn a_failure_leaves_everything_as_it_was() {
    let dir = Dir::new(&[("a", &stamp("old\n"))]);
    let files = [
        output("a", "new\n"),
        output("n/b", "new\n"),
        output("z", "new\n"),
    ];
    let changes = compare(dir.root(), &files).unwrap();
    // What appears between the comparison and the write must not be run over.
    fs::create_dir(dir.root().join("z")).unwrap();
    assert_eq!(
        apply(dir.root(), &changes, YES).unwrap_err().code,
        "unsafe-path"
    );
    assert_eq!(dir.list(), ["a", "z"]);
    assert_eq!(dir.read("a"), stamp("old\n"));

    fs::remove_dir(dir.root().join("z")).unwrap();
    fs::write(dir.root().join("z"), "theirs").unwrap();
    assert_eq!(
        apply(dir.root(), &changes, YES).unwrap_err().code,
        "changed-meanwhile"
    );
    assert_eq!(dir.list(), ["a", "z"]);
    assert_eq!(dir.read("a"), stamp("old\n"));
}

#[test]
fn paths_that_are_no_plain_file_are_refused() {
    let dir = Dir::new(&[("folder/x", ""), ("file", "")]);
    for path in ["", "folder", "file/below"] {
        let error = compare(dir.root(), &[output(path, "x\n")]).unwrap_err();
        assert_eq!(error.code, "unsafe-path", "{path:?}");
    }
    let twice = [output("a", "x"), output("./a", "y")];
    assert_eq!(
        compare(dir.root(), &twice).unwrap_err().code,
        "duplicate-output"
    );
    let missing = dir.root().join("missing");
    assert_eq!(
        compare(&missing, &[output("a", "x")]).unwrap_err().code,
        "read-failed"
    );
}

#[cfg(unix)]
#[test]
fn symlinks_are_followed_only_to_folders_of_the_project() {
    use std::os::unix::fs::symlink;

    let outside = Dir::new(&[("secret", "s")]);
    let dir = Dir::new(&[("real/x", "")]);
    symlink(outside.root().join("secret"), dir.root().join("Dockerfile")).unwrap();
    symlink(outside.root(), dir.root().join("out")).unwrap();
    symlink("nowhere", dir.root().join("dangling")).unwrap();
    symlink("real", dir.root().join("inside")).unwrap();
    for path in [
        "Dockerfile",
        "out/new",
        "out/deep/new",
        "dangling",
        "dangling/x",
        "inside",
    ] {
        let error = compare(dir.root(), &[output(path, "x\n")]).unwrap_err();
        assert_eq!(error.code, "unsafe-path", "{path}");
    }
    let changes = compare(dir.root(), &[output("inside/new", "x\n")]).unwrap();
    apply(dir.root(), &changes, NO).unwrap();
    assert_eq!(dir.read("real/new"), stamp("x\n"));

    // A link that takes a folder's place after the comparison.
    let changes = compare(dir.root(), &[output("late/new", "x\n")]).unwrap();
    symlink(outside.root(), dir.root().join("late")).unwrap();
    assert_eq!(
        apply(dir.root(), &changes, YES).unwrap_err().code,
        "unsafe-path"
    );
    assert_eq!(outside.list(), ["secret"]);
}

#[cfg(unix)]
#[test]
fn the_mode_is_kept_and_new_files_are_not_private() {
    use std::os::unix::fs::PermissionsExt;

    let dir = Dir::new(&[("run.sh", &stamp("old\n")), ("umask", "")]);
    let mode = |name: &str| {
        fs::metadata(dir.root().join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    fs::set_permissions(dir.root().join("run.sh"), fs::Permissions::from_mode(0o751)).unwrap();
    let files = [output("run.sh", "new\n"), output("new", "new\n")];
    let changes = compare(dir.root(), &files).unwrap();
    apply(dir.root(), &changes, NO).unwrap();
    assert_eq!(mode("run.sh"), 0o751);
    assert_eq!(mode("new"), mode("umask"));
}

#[test]
fn a_merged_text_keeps_the_kind_until_it_is_what_is_there() {
    let dir = Dir::new(&[("f", "theirs\n")]);
    let files = [output("f", "new\n")];
    let change = || compare(dir.root(), &files).unwrap().remove(0);
    let merged = change().with_text("theirs\nnew\n");
    assert_eq!(merged.kind, Foreign);
    assert!(merged.diff.ends_with(" theirs\n+new\n"));
    assert_eq!(change().with_text("theirs\n").kind, Same);
    apply(dir.root(), &[merged], YES).unwrap();
    assert_eq!(dir.read("f"), "theirs\nnew\n");
}
