//! Projects to start from, runs of the program with a time limit, and trees compared.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use dockgen::pack::PackSet;
use dockgen::plan::Tables;
use tempfile::TempDir;
use walkdir::WalkDir;

/// The built-in pack and its tables.
pub static BUILTIN: LazyLock<(PackSet, Tables)> = LazyLock::new(|| {
    let packs = PackSet::builtin().unwrap();
    let tables = Tables::load(&packs).unwrap();
    (packs, tables)
});

/// The smallest project of each language that gets an image: language, then paths and texts, the
/// manifest first.
pub const PROJECTS: &[(&str, &[(&str, &str)])] = &[
    (
        "go",
        &[
            ("go.mod", "module example.com/api\n\ngo 1.22\n"),
            (
                "main.go",
                "package main\n\nfunc main() { http.ListenAndServe(\":8080\", nil) }\n",
            ),
        ],
    ),
    (
        "java",
        &[
            (
                "pom.xml",
                "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>com.example</groupId>\n  <artifactId>api</artifactId>\n  <version>1.0</version>\n  <properties>\n    <maven.compiler.release>21</maven.compiler.release>\n  </properties>\n</project>\n",
            ),
            (
                "src/main/java/com/example/App.java",
                "package com.example;\n\npublic class App {\n    public static void main(String[] args) {}\n}\n",
            ),
        ],
    ),
    (
        "node",
        &[
            (
                "package.json",
                "{\n  \"name\": \"api\",\n  \"version\": \"1.0.0\",\n  \"main\": \"server.js\",\n  \"scripts\": { \"start\": \"node server.js\" }\n}\n",
            ),
            (
                "server.js",
                "require('http').createServer(() => {}).listen(3000);\n",
            ),
        ],
    ),
    (
        "python",
        &[
            ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n"),
            (
                "main.py",
                "from fastapi import FastAPI\n\napp = FastAPI()\n",
            ),
        ],
    ),
    (
        "rust",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2021\"\n",
            ),
            ("src/main.rs", "fn main() {}\n"),
            (
                "Cargo.lock",
                "version = 4\n\n[[package]]\nname = \"api\"\nversion = \"0.1.0\"\n",
            ),
        ],
    ),
    (
        "static",
        &[("index.html", "<!doctype html>\n<title>Hello</title>\n")],
    ),
];

/// The projects of languages that this build of dockgen knows.
pub fn projects() -> impl Iterator<Item = (&'static str, &'static [(&'static str, &'static str)])> {
    PROJECTS
        .iter()
        .filter(|(language, _)| dockgen::lang::language(language).is_some())
        .copied()
}

/// Texts that try to become something else than a value.
pub const NASTY: &[&str] = &[
    "q\nRUN touch /injected",
    "q\r\nRUN touch /injected",
    "q\\\nRUN touch /injected",
    "$(touch /injected)",
    "`touch /injected`",
    "${IFS}$HOME",
    "'; touch /injected; '",
    "\"; touch /injected; \"",
    "\" && touch /injected && \"",
    "q && touch /injected",
    "| touch /injected",
    "<<EOF",
    "<<\"GO\"\nGO\nRUN touch /injected",
    "# syntax=evil/frontend:1",
    "# escape=`",
    "# check=skip=all",
    "#comment",
    "${{ github.token }}",
    "{{ 7 * 7 }}",
    "{% include 'x' %}",
    "--from=evil",
    "-x",
    "--",
    "q\\",
    "\\",
    "q b",
    "q\tb",
    " ",
    "*",
    "[q]",
    "!q",
    "q,b=c",
    "\u{202e}txt.exe",
    "q\u{2028}RUN touch /injected",
    "q\u{85}RUN touch /injected",
    "q\u{0}b",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}]0;title\u{7}",
    "\u{feff}q",
    "\u{200b}",
    "ü漢字🦀",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x",
    "%n%s",
    "https://example.com/\"\nRUN touch /injected",
];

/// Texts that are values, only odd ones.
pub const ODD: &[&str] = &[
    "",
    "0",
    "-1",
    "65536",
    "99999999999999999999",
    "1e400",
    "0x10",
    "1.2.3.4.5.6.7.8.9",
    ">=0 <0",
    "^^1",
    "latest",
    "scratch",
    "con",
    "true",
    "null",
    ".",
    "..",
    "a:b@c",
    "workspace:*",
    "file:.",
];

/// The folders `in` of all golden cases, sorted.
pub fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut found: Vec<PathBuf> = WalkDir::new(&root)
        .min_depth(3)
        .max_depth(3)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name() == "in" && entry.file_type().is_dir())
        .map(walkdir::DirEntry::into_path)
        .collect();
    found.sort();
    assert!(!found.is_empty(), "there are fixtures");
    found
}

/// A folder named `project` that is removed with the value.
pub struct Tree {
    temp: TempDir,
}

impl Tree {
    pub fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("project")).unwrap();
        Self { temp }
    }

    pub fn with(files: &[(&str, &str)]) -> Self {
        let tree = Self::new();
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    pub fn copy_of(dir: &Path) -> Self {
        let tree = Self::new();
        for entry in WalkDir::new(dir).into_iter().filter_map(Result::ok) {
            if entry.file_type().is_file() {
                let path = entry.path().strip_prefix(dir).unwrap();
                tree.write(path, fs::read(entry.path()).unwrap());
            }
        }
        tree
    }

    pub fn root(&self) -> PathBuf {
        self.temp.path().join("project")
    }

    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.root().join(path)
    }

    pub fn write(&self, path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Every entry below the root with its kind and its text or target; links are not followed and
    /// a text longer than a manifest counts by its length. A folder's length is the file system's
    /// affair.
    pub fn entries(&self) -> BTreeMap<PathBuf, String> {
        WalkDir::new(self.root())
            .min_depth(1)
            .into_iter()
            .filter_map(Result::ok)
            .map(|entry| {
                let path = entry.path();
                let kind = entry.file_type();
                let size = entry.metadata().map_or(0, |meta| meta.len());
                let held = if kind.is_symlink() {
                    format!("link to {:?}", fs::read_link(path).unwrap())
                } else if kind.is_file() && size < 1 << 20 {
                    format!(
                        "{:?}",
                        fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                    )
                } else if kind.is_dir() {
                    "folder".to_owned()
                } else {
                    format!("{kind:?} of {size} bytes")
                };
                (path.strip_prefix(self.root()).unwrap().to_owned(), held)
            })
            .collect()
    }

    pub fn run(&self, args: &[&str]) -> Run {
        run(&self.root(), args, &[])
    }
}

pub struct Run {
    /// `None` for a death by signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// No run may take longer, here or on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Runs the program in `dir` with no other environment than `env`.
pub fn run(dir: &Path, args: &[&str], env: &[(&str, &OsStr)]) -> Run {
    let output = tempfile::tempdir().unwrap();
    let stream = |name: &str| fs::File::create(output.path().join(name)).unwrap();
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_dockgen"))
        .args(args)
        .current_dir(dir)
        .env_clear()
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(stream("out"))
        .stderr(stream("err"))
        .spawn()
        .expect("the built program runs");
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("dockgen {args:?} ran for more than {LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(3));
    };
    let text = |name: &str| {
        String::from_utf8(fs::read(output.path().join(name)).unwrap()).expect("output is UTF-8")
    };
    Run {
        code: status.code(),
        stdout: text("out"),
        stderr: text("err"),
    }
}
