//! Which files a program's entry reaches. A language says what a file imports; the rest is common:
//! each file is looked at once, the nearest to the entry first, within a bound.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use crate::repo::{Dir, RelPath, Repo, Source};

/// Bytes of all followed files together.
const MOST_BYTES: usize = 64 << 20;

/// How a walk began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// No entry can be told.
    Nowhere,
    /// At files that are likely to be entries; code that they do not reach may be the program's too.
    Perhaps,
    /// At the program's entry.
    Surely,
}

/// What a language makes of a file that was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is code of the program, so it proves something.
    Proves,
    /// As [`Proof::Proves`], without these parts, which are for tests.
    ProvesBut(Vec<Range<usize>>),
    /// It is compiled or loaded, but says nothing about the program: generated, a test's.
    Silent,
}

/// A walk from the entry along imports.
pub struct Reach<'r> {
    repo: &'r Repo,
    seen: BTreeSet<RelPath>,
    queue: VecDeque<RelPath>,
    found: Vec<Source>,
    unused: BTreeSet<String>,
    most_files: usize,
    bytes: usize,
    cut: bool,
}

/// What a walk has found.
pub struct Reached {
    /// The program's own files, the nearest to the entry first.
    pub files: Vec<Source>,
    /// Dependencies of the manifest that no reached file imports; empty where a language cannot tell.
    pub unused: BTreeSet<String>,
    /// The bound was met, and further files were left unread.
    pub cut: bool,
}

impl<'r> Reach<'r> {
    pub fn new(repo: &'r Repo, most_files: usize) -> Self {
        Self {
            repo,
            seen: BTreeSet::new(),
            queue: VecDeque::new(),
            found: Vec::new(),
            unused: BTreeSet::new(),
            most_files,
            bytes: 0,
            cut: false,
        }
    }

    pub fn repo(&self) -> &'r Repo {
        self.repo
    }

    pub fn dir(&self, path: &RelPath) -> Dir<'r> {
        self.repo.dir(path)
    }

    /// Puts a file into the queue; true when the repository has it, whether it is new or not.
    pub fn enter(&mut self, file: &RelPath) -> bool {
        if self.seen.contains(file) {
            return true;
        }
        if !self.repo.has(file) {
            return false;
        }
        self.seen.insert(file.clone());
        if !is_test(file.name()) {
            self.queue.push_back(file.clone());
        }
        true
    }

    /// Remembers something that is no file, such as a package's folder; true the first time.
    pub fn is_new(&mut self, mark: &RelPath) -> bool {
        self.seen.insert(mark.clone())
    }

    /// Goes through the queue. `imports` is given each file and enters those that it needs.
    pub fn follow(&mut self, mut imports: impl FnMut(&mut Self, &Source) -> Proof) {
        let mut files = 0;
        while let Some(file) = self.queue.pop_front() {
            if files >= self.most_files || self.bytes >= MOST_BYTES {
                self.cut = true;
                self.queue.clear();
                return;
            }
            let Some(source) = self.repo.scan(&file) else {
                continue;
            };
            files += 1;
            self.bytes += source.text.len();
            let proof = imports(self, &source);
            if proof == Proof::Silent || is_silent(&file) || is_generated(&source.text) {
                continue;
            }
            self.found.push(match proof {
                Proof::ProvesBut(parts) if !parts.is_empty() => blank(&source, &parts),
                _ => source,
            });
        }
    }

    /// A dependency of the manifest that the program does without.
    pub fn leave_unused(&mut self, dependency: &str) {
        self.unused.insert(dependency.to_owned());
    }

    pub fn finish(self) -> Reached {
        let unused = if self.cut {
            BTreeSet::new()
        } else {
            self.unused
        };
        Reached {
            files: self.found,
            unused,
            cut: self.cut,
        }
    }
}

/// The text with blanks for some parts, so that all else stays at its line and column.
fn blank(source: &Source, parts: &[Range<usize>]) -> Source {
    let mut text = String::with_capacity(source.text.len());
    let mut done = 0;
    for part in parts {
        let (Some(before), Some(inside)) = (
            source.text.get(done..part.start),
            source.text.get(part.clone()),
        ) else {
            continue;
        };
        text.push_str(before);
        for c in inside.chars() {
            if c == '\n' {
                text.push('\n');
            } else {
                text.extend(std::iter::repeat_n(' ', c.len_utf8()));
            }
        }
        done = part.end;
    }
    text.push_str(source.text.get(done..).unwrap_or_default());
    Source::new(source.path.clone(), text)
}

/// Files by these names belong to tests, whoever imports them.
pub(super) fn is_test(name: &str) -> bool {
    name.ends_with("_test.go")
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.starts_with("test_")
        || matches!(name, "conftest.py" | "tests.py")
        || name.ends_with(".d.ts")
        || ["playwright.", "cypress.", "vitest.", "jest."]
            .iter()
            .any(|tool| {
                name.strip_prefix(tool)
                    .is_some_and(|rest| rest.starts_with("config."))
            })
}

/// Files whose place or name says that they stand in for other code or were made by a tool.
pub(super) fn is_silent(file: &RelPath) -> bool {
    let folders = file.depth().saturating_sub(1);
    let stands_in = |part: &str| {
        matches!(
            part,
            "mock" | "mocks" | "__mocks__" | "testdata" | "testutil" | "testutils" | "fixtures"
        )
    };
    let name = file.name();
    file.parts().take(folders).any(stands_in)
        || name.ends_with(".pb.go")
        || name.ends_with("_pb2.py")
        || name.ends_with("_pb2_grpc.py")
        || name.ends_with(".min.js")
        || name.ends_with("_mock.go")
        || name.starts_with("mock_")
        || name.starts_with("mock.")
        || name.contains(".mock.")
}

/// The header that tools put above code which nobody edits.
/// Go's form is fixed: <https://go.dev/s/generatedcode>.
pub(super) fn is_generated(text: &str) -> bool {
    text.lines().take(40).any(|line| {
        let comment = line
            .strip_prefix("//")
            .or_else(|| line.strip_prefix('#'))
            .map(str::trim_start);
        comment.is_some_and(|comment| {
            (comment.starts_with("Code generated ") && comment.trim_end().ends_with("DO NOT EDIT."))
                || comment.starts_with("Generated by the protocol buffer compiler")
                || comment.starts_with("@generated")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    /// Lines that say `use FILE` are imports.
    fn follow(repo: &Repo, most: usize) -> Reached {
        let mut reach = Reach::new(repo, most);
        reach.enter(&path("main"));
        reach.follow(|reach, source| {
            for line in source.text.lines() {
                let target = line.strip_prefix("use ").and_then(RelPath::new);
                if let Some(target) = target {
                    reach.enter(&target);
                }
            }
            Proof::Proves
        });
        reach.finish()
    }

    #[test]
    fn circles_end_and_the_nearest_come_first() {
        let repo = Repo::from_files([
            ("main", "use main\nuse b\nuse a\nuse ../out\nuse missing\n"),
            ("a", "use c\nuse main\n"),
            ("b", "use c\n"),
            ("c", "use a\n"),
            ("other", "use a\n"),
        ]);
        let files: Vec<String> = follow(&repo, 100)
            .files
            .iter()
            .map(|source| source.path.to_string())
            .collect();
        assert_eq!(files, ["main", "b", "a", "c"]);
    }

    #[test]
    fn ten_thousand_imports_meet_the_bound() {
        let names: Vec<String> = (0..10_000).map(|number| format!("f{number}")).collect();
        let main: String = format!("use {}\n", names.join("\nuse "));
        let repo = Repo::from_files(
            names
                .iter()
                .map(|name| (name.as_str(), ""))
                .chain([("main", main.as_str())]),
        );
        let reached = follow(&repo, 50);
        assert_eq!(reached.files.len(), 50);
        assert!(reached.cut);
        assert!(!follow(&repo, 20_000).cut);
    }

    #[test]
    fn blanks_keep_every_place() {
        let source = Source::new(path("x"), "a\nb é\nc\n");
        let blanked = blank(&source, std::slice::from_ref(&(2..7)));
        assert_eq!(&*blanked.text, "a\n    \nc\n");
        assert_eq!(blanked.text.len(), source.text.len());
    }

    #[test]
    fn what_stands_in_or_was_made_proves_nothing() {
        for silent in [
            "a/mocks/x.go",
            "a/x.pb.go",
            "x_pb2.py",
            "web/jquery.min.js",
            "mock_store.go",
        ] {
            assert!(is_silent(&path(silent)), "{silent}");
        }
        for speaks in ["a/x.go", "smock/x.go", "hammock.go", "public/app.js"] {
            assert!(!is_silent(&path(speaks)), "{speaks}");
        }
        assert!(is_generated(
            "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x\n"
        ));
        assert!(!is_generated("package x\n// Code generated at night\n"));
    }
}
