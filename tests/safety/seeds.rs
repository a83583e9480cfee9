//! Repositories in memory to which hostile texts are done: the golden cases, and manifests that
//! fill every field there is. A slot is one string or word of a manifest.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use walkdir::WalkDir;

use crate::support::fixtures;

pub type Files = BTreeMap<String, String>;

pub struct Seed {
    pub name: String,
    pub files: Files,
    pub slots: Vec<Slot>,
}

#[derive(Clone)]
pub struct Slot {
    pub path: String,
    /// The text that stands for the value, without its quotes.
    pub at: Range<usize>,
    form: Form,
}

/// How a value is written at its place.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Json,
    Toml,
    /// A key or a scalar that stands without quotes and gets them.
    Bare,
    Xml,
    Raw,
}

/// Manifests with every field that an output could carry; `«»` around them is not needed, since
/// slots are found by the form of the file.
const FULL: &[(&str, &[(&str, &str)])] = &[
    (
        "node",
        &[
            (
                "package.json",
                r#"{
  "name": "@acme/api",
  "version": "1.2.3",
  "description": "An API",
  "license": "MIT",
  "author": "A B <a@example.com>",
  "homepage": "https://example.com",
  "repository": { "type": "git", "url": "git+https://example.com/acme/api.git" },
  "main": "server.js",
  "type": "module",
  "bin": { "api": "bin/api.js" },
  "engines": { "node": ">=20", "npm": "10" },
  "packageManager": "npm@10.8.0",
  "volta": { "node": "22.1.0" },
  "scripts": {
    "build": "tsc -p .",
    "prestart": "node migrate.js",
    "start": "node --enable-source-maps server.js --port 3000",
    "start:prod": "NODE_ENV=production node server.js"
  },
  "dependencies": { "express": "^4.19.0", "pg": "^8.0.0" },
  "devDependencies": { "typescript": "^5.5.0" },
  "files": ["dist"],
  "workspaces": ["packages/*"]
}
"#,
            ),
            (
                "package-lock.json",
                r#"{ "name": "@acme/api", "lockfileVersion": 3, "packages": { "": { "name": "@acme/api" } } }"#,
            ),
            (
                "tsconfig.json",
                r#"{ "compilerOptions": { "outDir": "dist", "rootDir": "src" } }"#,
            ),
            (
                "server.js",
                "import express from 'express';\nconst app = express();\napp.get('/healthz', () => {});\napp.listen(process.env.PORT || 3000);\n",
            ),
            (".nvmrc", "22\n"),
            (".npmrc", "engine-strict=true\n"),
            (
                "Procfile",
                "web: node server.js --name x\nworker: node worker.js\n",
            ),
            (".gitignore", "dist\n*.log\n!keep.log\n/tmp/\n"),
            (".env.example", "PORT=3000\nSECRET=abc\n"),
        ],
    ),
    (
        "python",
        &[
            (
                "pyproject.toml",
                r#"[project]
name = "acme-api"
version = "1.2.3"
description = "An API"
license = "MIT"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["fastapi>=0.110", "uvicorn[standard]>=0.29", "psycopg2>=2.9"]

[project.optional-dependencies]
extra = ["redis>=5"]

[project.scripts]
acme = "acme.main:main"

[project.urls]
Homepage = "https://example.com"
Repository = "https://example.com/acme/api"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"#,
            ),
            (
                "requirements.txt",
                "fastapi==0.115.0\nuvicorn[standard]==0.30.0 ; python_version >= '3.8'\n-r more.txt\n",
            ),
            (
                "main.py",
                "import os\nfrom fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/healthz')\ndef health():\n    return {}\n",
            ),
            (".python-version", "3.12\n"),
            ("runtime.txt", "python-3.12.1\n"),
            (
                "Procfile",
                "web: uvicorn main:app --host 0.0.0.0 --port $PORT\nrelease: python migrate.py\n",
            ),
            ("README.md", "# API\n"),
        ],
    ),
    (
        "rust",
        &[
            (
                "Cargo.toml",
                r#"[package]
name = "acme-api"
version = "1.2.3"
edition = "2021"
rust-version = "1.75"
description = "An API"
license = "MIT OR Apache-2.0"
repository = "https://example.com/acme/api"
default-run = "api"

[[bin]]
name = "api"
path = "src/main.rs"

[[bin]]
name = "tool"
path = "src/tool.rs"

[dependencies]
axum = "0.7"
openssl = { version = "0.10", features = ["v110"] }

[features]
default = ["tls"]
tls = []
"#,
            ),
            (
                "Cargo.lock",
                "version = 4\n\n[[package]]\nname = \"acme-api\"\nversion = \"1.2.3\"\n",
            ),
            (
                "rust-toolchain.toml",
                "[toolchain]\nchannel = \"1.80\"\ncomponents = [\"clippy\"]\n",
            ),
            (
                "src/main.rs",
                "fn main() {\n    let port = std::env::var(\"PORT\").unwrap_or(\"8080\".into());\n    serve(\"0.0.0.0:8080\", \"/healthz\", \"static/x\");\n}\n",
            ),
            ("src/tool.rs", "fn main() {}\n"),
            ("static/x", ""),
        ],
    ),
    (
        "java",
        &[
            (
                "pom.xml",
                r#"<?xml version="1.0" encoding="UTF-8"?>
<project>
  <modelVersion>4.0.0</modelVersion>
  <parent>
    <groupId>org.springframework.boot</groupId>
    <artifactId>spring-boot-starter-parent</artifactId>
    <version>3.3.0</version>
  </parent>
  <groupId>com.example</groupId>
  <artifactId>api</artifactId>
  <version>1.2.3</version>
  <name>Api</name>
  <description>An API</description>
  <url>https://example.com</url>
  <licenses><license><name>MIT</name></license></licenses>
  <scm><url>https://example.com/acme/api</url></scm>
  <properties>
    <java.version>21</java.version>
    <main.class>com.example.Api</main.class>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.springframework.boot</groupId>
      <artifactId>spring-boot-starter-web</artifactId>
    </dependency>
  </dependencies>
  <build>
    <finalName>api</finalName>
    <plugins>
      <plugin>
        <groupId>org.springframework.boot</groupId>
        <artifactId>spring-boot-maven-plugin</artifactId>
        <configuration><mainClass>${main.class}</mainClass></configuration>
      </plugin>
    </plugins>
  </build>
</project>
"#,
            ),
            (
                "src/main/java/com/example/Api.java",
                "package com.example;\n\npublic class Api {\n    public static void main(String[] args) {}\n}\n",
            ),
            (
                "src/main/resources/application.properties",
                "server.port=8081\nspring.application.name=api\nmanagement.endpoints.web.base-path=/manage\n",
            ),
            (".sdkmanrc", "java=21.0.4-tem\n"),
            ("system.properties", "java.runtime.version=21\n"),
        ],
    ),
    (
        "go",
        &[
            (
                "go.mod",
                "module example.com/acme/api\n\ngo 1.22\n\ntoolchain go1.22.3\n\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n\tgithub.com/mattn/go-sqlite3 v1.14.0\n)\n\nreplace example.com/acme/lib => ./lib\n",
            ),
            ("go.sum", ""),
            (
                "cmd/api/main.go",
                "package main\n\nimport \"net/http\"\n\nvar version = \"dev\"\n\nfunc main() {\n\thttp.HandleFunc(\"/healthz\", nil)\n\topen(\"static/app.css\")\n\thttp.ListenAndServe(os.Getenv(\"PORT\"), nil)\n}\n",
            ),
            ("static/app.css", ""),
            ("lib/go.mod", "module example.com/acme/lib\n"),
            (".go-version", "1.22\n"),
            (".gitignore", "bin/\n*.test\n"),
        ],
    ),
    (
        "static",
        &[
            (
                "index.html",
                "<!doctype html>\n<title>Hello</title>\n<link rel=\"stylesheet\" href=\"style.css\">\n",
            ),
            ("style.css", ""),
        ],
    ),
    (
        "settings",
        &[
            ("go.mod", "module example.com/api\n"),
            ("main.go", "package main\n"),
            (
                "dockgen.toml",
                "port = 8080\nkind = \"web\"\nhealth = \"/healthz\"\n",
            ),
        ],
    ),
];

/// All seeds; the golden cases' inputs as they are on disk.
pub static SEEDS: LazyLock<Vec<Seed>> = LazyLock::new(|| {
    let full = FULL.iter().map(|(name, files)| {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Seed::new((*name).to_owned(), files.collect())
    });
    let golden = fixtures().into_iter().map(|dir| {
        let case = dir.parent().expect("a case");
        let files = WalkDir::new(&dir)
            .into_iter()
            .filter_map(Result::ok)
            .filter(|entry| entry.file_type().is_file())
            .filter_map(|entry| {
                let path = entry.path().strip_prefix(&dir).ok()?.to_str()?.to_owned();
                Some((path, fs::read_to_string(entry.path()).ok()?))
            });
        Seed::new(case.display().to_string(), files.collect())
    });
    full.chain(golden).collect()
});

impl Seed {
    fn new(name: String, files: Files) -> Self {
        let slots = files
            .iter()
            .flat_map(|(path, text)| slots(path, text))
            .collect();
        Self { name, files, slots }
    }

    /// The files with each of the slots holding `value`, written as its place wants it.
    pub fn filled(&self, slots: &[&Slot], value: &str) -> Files {
        let mut files = self.files.clone();
        let mut slots = slots.to_vec();
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.at.start));
        let mut done: BTreeMap<&str, usize> = BTreeMap::new();
        for slot in slots {
            // A slot in another one, or the same once more, is passed over.
            let free = done.entry(&slot.path).or_insert(usize::MAX);
            if slot.at.end <= *free {
                *free = slot.at.start;
                let text = files.get_mut(&slot.path).expect("the slot's file");
                text.replace_range(slot.at.clone(), &slot.form.write(value));
            }
        }
        files
    }
}

fn slots(path: &str, text: &str) -> Vec<Slot> {
    static QUOTED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#""((?:[^"\\\n]|\\.)*)""#).unwrap());
    static SINGLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"'([^'\n]*)'").unwrap());
    static CONTENT: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r">([^<>\n]*[^<>\s][^<>\n]*)<").unwrap());
    static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"([^\s=:]+)").unwrap());
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^(?:\[+(?:[^\]\n]*\.)?([\w-]+)\]|([\w-]+)\s*=)").unwrap()
    });
    static SCALAR: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r#"(?m)(?::|^\s*-)[ ]+([^\s"'\[{#&|>*-][^\n#]*)$"#).unwrap());
    let ending = path.rsplit('.').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let patterns: &[(Form, &LazyLock<Regex>)] = match ending {
        "json" | "jsonc" => &[(Form::Json, &QUOTED)],
        "yaml" | "yml" => &[(Form::Json, &QUOTED), (Form::Bare, &SCALAR)],
        "toml" => &[(Form::Toml, &QUOTED), (Form::Bare, &KEY)],
        _ if name == "yarn.lock" => &[(Form::Json, &QUOTED)],
        "lock" => &[(Form::Toml, &QUOTED)],
        "xml" => &[(Form::Xml, &CONTENT), (Form::Xml, &QUOTED)],
        "go" | "rs" | "java" | "py" | "js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" | "html"
        | "kt" | "kts" | "gradle" => &[(Form::Raw, &QUOTED), (Form::Raw, &SINGLE)],
        _ => &[(Form::Raw, &WORD)],
    };
    let mut slots = Vec::new();
    for (form, pattern) in patterns {
        for found in pattern.captures_iter(text) {
            let Some(inner) = found.get(1).or_else(|| found.get(2)) else {
                continue;
            };
            slots.push(Slot {
                path: path.to_owned(),
                at: inner.range(),
                form: *form,
            });
        }
    }
    // A quote inside of other quotes would give slots that lie across each other.
    slots.sort_by_key(|slot| (slot.at.start, slot.at.end));
    let mut end = 0;
    slots.retain(|slot| {
        let free = slot.at.start >= end;
        end = if free { slot.at.end } else { end };
        free
    });
    slots.truncate(200);
    slots
}

impl Form {
    fn write(self, value: &str) -> String {
        match self {
            Self::Raw => value.to_owned(),
            Self::Bare => format!("\"{}\"", Self::Toml.write(value)),
            Self::Json => {
                let quoted = serde_json::to_string(value).expect("a string is JSON");
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Toml => value
                .chars()
                .map(|c| match c {
                    '"' | '\\' => format!("\\{c}"),
                    c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
                    c => c.to_string(),
                })
                .collect(),
            Self::Xml => value
                .chars()
                .map(|c| match c {
                    '<' => "&lt;".to_owned(),
                    '>' => "&gt;".to_owned(),
                    '&' => "&amp;".to_owned(),
                    '"' => "&quot;".to_owned(),
                    '\r' | '\n' | '\t' => format!("&#{};", u32::from(c)),
                    c => c.to_string(),
                })
                .collect(),
        }
    }
}
