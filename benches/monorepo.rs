//! A monorepo of 500 services and 100,000 files: `dockgen plan` of all of them against a bare
//! `ignore` walk of the same tree, both as whole processes, in turn, in one run.
//!
//! `cargo bench` prints the medians and their ratio. The target is a ratio of at most 3.
//! `cargo bench --bench monorepo -- make DIR` only makes the tree, for a profiler.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark makes its own tree, starts the program and prints figures"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SERVICES: usize = 500;
const FILES_OF_A_SERVICE: usize = 200;
const RUNS: usize = 9;

fn main() {
    // `cargo bench` adds `--bench`.
    let arguments: Vec<String> = std::env::args()
        .filter(|argument| argument != "--bench")
        .collect();
    if let [_, verb, path] = arguments.as_slice()
        && verb == "walk"
    {
        println!("{}", walk(Path::new(path)));
        return;
    }
    if let [_, verb, path] = arguments.as_slice()
        && verb == "make"
    {
        make_tree(Path::new(path)).expect("the tree is made");
        return;
    }
    let temp = tempfile::tempdir().expect("a temporary folder");
    let files = make_tree(temp.path()).expect("the tree is made");
    let this = std::env::current_exe().expect("this program's path");
    let path = temp.path().to_str().expect("a plain path");

    let walk = || run(Command::new(&this).args(["walk", path]));
    let plan = || run(Command::new(env!("CARGO_BIN_EXE_dockgen")).args(["plan", "--quiet", path]));
    // The first run of each fills the page cache and is not counted.
    walk();
    plan();
    let mut walks = Vec::new();
    let mut plans = Vec::new();
    for _ in 0..RUNS {
        walks.push(walk());
        plans.push(plan());
    }
    let mut ratios: Vec<f64> = plans
        .iter()
        .zip(&walks)
        .map(|(plan, walk)| plan.as_secs_f64() / walk.as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    println!("tree: {SERVICES} services, {files} files");
    println!(
        "bare walk:     {:>8.1} ms (median of {RUNS})",
        median(&mut walks)
    );
    println!(
        "dockgen plan:  {:>8.1} ms (median of {RUNS})",
        median(&mut plans)
    );
    println!(
        "ratio: median {:.2}, min {:.2}, max {:.2}",
        ratios[RUNS / 2],
        ratios[0],
        ratios[RUNS - 1]
    );
}

fn run(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let took = start.elapsed();
    assert!(
        status.is_ok_and(|status| status.success()),
        "{command:?} failed"
    );
    took
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// The walk that any tool must make: every file, nothing read.
fn walk(root: &Path) -> usize {
    ignore::WalkBuilder::new(root)
        .standard_filters(false)
        .build()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .count()
}

/// Services of every language in turn, each with its manifest, a main file and sources in folders.
fn make_tree(root: &Path) -> std::io::Result<usize> {
    let mut files = 0;
    for service in 0..SERVICES {
        let dir = root.join(format!(
            "services/group-{:02}/service-{service:03}",
            service / 25
        ));
        let language = &LANGUAGES[service % LANGUAGES.len()];
        for (name, text) in language.own {
            let path = dir.join(name);
            fs::create_dir_all(path.parent().unwrap_or(&dir))?;
            fs::write(
                path,
                text.replace("SERVICE", &format!("service-{service:03}")),
            )?;
            files += 1;
        }
        for number in 0..FILES_OF_A_SERVICE - language.own.len() {
            let folder = dir.join(format!("src/part{:02}", number / 15));
            if number % 15 == 0 {
                fs::create_dir_all(&folder)?;
            }
            fs::write(
                folder.join(format!("file{number:03}.{}", language.ending)),
                language.source,
            )?;
            files += 1;
        }
    }
    Ok(files)
}

struct Language {
    ending: &'static str,
    own: &'static [(&'static str, &'static str)],
    source: &'static str,
}

const LANGUAGES: &[Language] = &[
    Language {
        ending: "go",
        own: &[
            ("go.mod", "module example.com/SERVICE\n\ngo 1.26\n"),
            (
                "main.go",
                "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n",
            ),
        ],
        source: "package part\n\n// Sum adds.\nfunc Sum(a, b int) int {\n\treturn a + b\n}\n",
    },
    Language {
        ending: "js",
        own: &[
            (
                "package.json",
                "{\"name\": \"SERVICE\", \"scripts\": {\"start\": \"node server.js\"}, \"dependencies\": {\"express\": \"^5.0.0\"}}\n",
            ),
            (
                "package-lock.json",
                "{\"name\": \"SERVICE\", \"lockfileVersion\": 3, \"packages\": {\"\": {\"name\": \"SERVICE\", \"dependencies\": {\"express\": \"^5.0.0\"}}}}\n",
            ),
            (
                "server.js",
                "const app = require('express')();\napp.get('/healthz', (q, r) => r.end());\napp.listen(3000);\n",
            ),
        ],
        source: "exports.sum = (a, b) => a + b;\n",
    },
    Language {
        ending: "py",
        own: &[
            ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.34.0\n"),
            (
                "main.py",
                "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/healthz\")\ndef health():\n    return {}\n",
            ),
        ],
        source: "def add(a, b):\n    return a + b\n",
    },
    Language {
        ending: "rs",
        own: &[
            (
                "Cargo.toml",
                "[package]\nname = \"SERVICE\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\naxum = \"0.8\"\n",
            ),
            ("Cargo.lock", "version = 4\n"),
            ("src/main.rs", "fn main() {\n    println!(\"hello\");\n}\n"),
        ],
        source: "pub fn sum(a: u32, b: u32) -> u32 {\n    a + b\n}\n",
    },
    Language {
        ending: "java",
        own: &[
            (
                "pom.xml",
                "<project><modelVersion>4.0.0</modelVersion><groupId>com.example</groupId><artifactId>SERVICE</artifactId><version>1.0</version><properties><maven.compiler.release>21</maven.compiler.release></properties></project>\n",
            ),
            (
                "src/main/java/Main.java",
                "public class Main {\n    public static void main(String[] args) {}\n}\n",
            ),
        ],
        source: "class Part {\n    int sum(int a, int b) {\n        return a + b;\n    }\n}\n",
    },
];
