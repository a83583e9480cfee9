//! A repository in a temporary folder, and the built program run in it with an empty environment.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use walkdir::WalkDir;

/// 2026-11-24: warnings about ended support must not come with the years.
pub(crate) const TODAY: &str = "1795478400";

pub(crate) struct TestRepo {
    temp: TempDir,
    variables: Vec<(String, String)>,
}

/// How a run ended, with paths of this machine taken out.
pub(crate) struct Run {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl TestRepo {
    /// An empty folder with a constant name.
    pub(crate) fn empty() -> Self {
        let temp = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(temp.path().join("project")).expect("a folder in it");
        Self {
            temp,
            variables: vec![("SOURCE_DATE_EPOCH".to_owned(), TODAY.to_owned())],
        }
    }

    /// One web program in Go that leaves nothing open.
    pub(crate) fn web() -> Self {
        Self::empty()
            .go_module(".")
            .file("main.go", &serving(":9000"))
    }

    /// A web program in Go whose port cannot be seen.
    pub(crate) fn web_without_port() -> Self {
        Self::empty()
            .go_module(".")
            .file("main.go", &serving_somewhere())
    }

    /// Two programs in one Go module, neither better than the other, on a port that is not seen.
    pub(crate) fn two_mains() -> Self {
        Self::empty()
            .go_module(".")
            .file("cmd/left/main.go", &serving_somewhere())
            .file("cmd/right/main.go", &serving_somewhere())
    }

    /// Two Go modules, each with one web program.
    pub(crate) fn two_components() -> Self {
        Self::empty()
            .go_module("api")
            .file("api/main.go", &serving(":9000"))
            .go_module("shop")
            .file("shop/main.go", &serving(":7000"))
    }

    pub(crate) fn go_module(self, dir: &str) -> Self {
        let name = if dir == "." { "project" } else { dir };
        let path = Path::new(dir).join("go.mod");
        self.file(
            &path.to_string_lossy(),
            &format!("module example.com/{name}\n\ngo 1.26\n"),
        )
    }

    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.temp.path().join("project")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        let folder = path.parent().expect("a file has a folder");
        std::fs::create_dir_all(folder).expect("its folder can be made");
        std::fs::write(path, text).expect("it can be written");
    }

    /// The text of a file, or why there is none.
    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.root().join(path)).unwrap_or_else(|error| error.to_string())
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.root().join(path).exists()
    }

    /// Every file with its text, to see that nothing was changed.
    pub(crate) fn everything(&self) -> String {
        let mut all = String::new();
        for entry in WalkDir::new(self.root()).sort_by_file_name() {
            let entry = entry.expect("the folder can be walked");
            if entry.file_type().is_file() {
                let text = std::fs::read(entry.path()).expect("it can be read");
                let _ = writeln!(
                    all,
                    "{}\n{}",
                    entry.path().display(),
                    String::from_utf8_lossy(&text)
                );
            }
        }
        all
    }

    /// The names of the files that are there beside the ones given, sorted.
    pub(crate) fn files_beside(&self, known: &[&str]) -> Vec<String> {
        let root = self.root();
        WalkDir::new(&root)
            .sort_by_file_name()
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| {
                let path = entry.path().strip_prefix(&root).expect("it is below");
                path.to_string_lossy().replace('\\', "/")
            })
            .filter(|path| !known.contains(&path.as_str()))
            .collect()
    }

    /// Runs the program in the repository; words of `command` are split at blanks.
    pub(crate) fn run(&self, command: &str) -> Run {
        self.run_words(&command.split_whitespace().collect::<Vec<_>>())
    }

    pub(crate) fn run_words(&self, words: &[&str]) -> Run {
        let output = self
            .command(words)
            .output()
            .expect("the built program runs");
        Run {
            exit: output.status.code().unwrap_or(-1),
            stdout: self.scrubbed(&output.stdout),
            stderr: self.scrubbed(&output.stderr),
        }
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dockgen"));
        command
            .args(words)
            .current_dir(self.root())
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    fn scrubbed(&self, bytes: &[u8]) -> String {
        String::from_utf8_lossy(bytes).replace(&*self.root().to_string_lossy(), "[ROOT]")
    }

    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.variables
    }
}

impl Run {
    /// Ends the test unless the run ended so; says what the program said.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Self {
        assert_eq!(
            self.exit, exit,
            "\nstdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }
}

fn serving(address: &str) -> String {
    format!(
        "package main\n\nimport \"net/http\"\n\nfunc main() {{ http.ListenAndServe(\"{address}\", nil) }}\n"
    )
}

fn serving_somewhere() -> String {
    "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(address(), nil) }\n"
        .to_owned()
}
