//! Secrets: none in the build context, none in a written file, none in what is printed, whatever
//! the language and the package manager.

use std::fs;

use dockgen::parse::ignorefile::IgnoreFile;
use proptest::prelude::*;
use proptest::sample::select;

use crate::hostile::init;
use crate::support::{Run, Tree, projects};

/// A value that stands in every planted secret, and nowhere else.
const CANARY: &str = "Zq7canary9Xw";

/// Files that hold the canary, as people leave them in a checkout: of each class and each way to
/// write a name.
const SECRET_FILES: &[&str] = &[
    ".env",
    ".env.production",
    ".env.local",
    ".ENV",
    ".Env.Prod",
    "prod.env",
    "config/app.env",
    ".envrc",
    ".flaskenv",
    ".dev.vars",
    "deploy/.env.staging",
    "tls.pem",
    "certs/server.key",
    "certs/SERVER.KEY",
    "store.p12",
    "store.jks",
    "app.keystore",
    "putty.ppk",
    "secret.gpg",
    "private.asc",
    "vault.kdbx",
    "id_rsa",
    "keys/id_ed25519",
    "keys/deploy_key",
    ".ssh/config",
    "service-account.json",
    "gcp/my-service-account-key.json",
    "app-firebase-adminsdk-1a2b3.json",
    ".aws/credentials",
    ".azure/accessTokens.json",
    ".gcloud/credentials.db",
    ".kube/config",
    "admin.kubeconfig",
    "kubeconfig",
    "infra/terraform.tfvars",
    "infra/terraform.tfstate",
    ".netrc",
    "_netrc",
    ".git-credentials",
    ".docker/config.json",
    ".pgpass",
    ".my.cnf",
    ".htpasswd",
    ".s3cfg",
    ".vault-token",
    ".pypirc",
    ".cargo/credentials.toml",
    ".m2/settings.xml",
    ".streamlit/secrets.toml",
    "dump.sql",
    "data/app.sqlite3",
    "data/app.db",
    "backup/prod.sql.gz",
    ".bash_history",
    ".psql_history",
    ".dockgen-a1b2c3.tmp",
];

/// Lines that a `.gitignore` may hold around secrets: none of them makes one visible.
const GIT_LINES: &[&str] = &[
    ".env",
    ".env.*",
    "*.pem",
    "**/*.key",
    "!.env",
    "!*.pem",
    "!**/*",
    "!/certs/",
    "!*",
    "*",
    "/*",
    "!/.env.production",
    "certs",
    "!keys/id_ed25519",
    "!**/.aws/credentials",
    "node_modules/",
    "\\!x",
    "# .env",
    "",
];

fn ignore_file(tree: &Tree) -> String {
    let paths = [".dockerignore", "Dockerfile.dockerignore"];
    let found = paths.iter().find(|path| tree.path(path).is_file());
    fs::read_to_string(tree.path(found.expect("an ignore file"))).unwrap()
}

/// What was written and printed holds no canary, and the context none of the files.
fn holds_none(what: &str, tree: &Tree, run: &Run, files: &[&str]) {
    assert_eq!(run.code, Some(0), "{what}: {}{}", run.stdout, run.stderr);
    assert!(
        !run.stdout.contains(CANARY) && !run.stderr.contains(CANARY),
        "{what} is printed:\n{}{}",
        run.stdout,
        run.stderr
    );
    for (path, text) in tree.entries() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let written = name.starts_with("Dockerfile") || name == ".dockerignore";
        assert!(!written || !text.contains(CANARY), "{what}: {text}");
    }
    let text = ignore_file(tree);
    let ignore = IgnoreFile::parse(&text);
    for file in files {
        assert!(ignore.excludes(file), "{what} leaves {file}:\n{text}");
    }
    let explain = tree.run(&["explain"]);
    assert!(!explain.stdout.contains(CANARY), "{}", explain.stdout);
}

#[test]
fn no_secret_file_is_in_the_context() {
    for (language, files) in projects() {
        let tree = Tree::with(files);
        for file in SECRET_FILES {
            tree.write(file, format!("PASSWORD={CANARY}\n"));
        }
        let run = init(&format!("secret files in {language}"), &tree);
        holds_none(language, &tree, &run, SECRET_FILES);
        let explain = tree.run(&["explain"]);
        // A site's ignore file leaves out all that begins with a point.
        if language == "static" {
            continue;
        }
        for class in ["environment files", "keys and key stores", "histories"] {
            assert!(explain.stdout.contains(class), "{}", explain.stdout);
        }
    }
}

#[test]
fn a_folder_of_sources_is_no_secret() {
    let (_, files) = projects().find(|(language, _)| *language == "go").unwrap();
    let tree = Tree::with(files);
    tree.write("pkg/kubeconfig/load.go", "package kubeconfig\n");
    tree.write("store.db/open.go", "package store\n");
    tree.write("pkg/admin/kubeconfig", CANARY);
    tree.write("pkg/kubeconfig/.env", CANARY);
    let run = init("folders named like secrets", &tree);
    holds_none(
        "folders",
        &tree,
        &run,
        &["pkg/admin/kubeconfig", "pkg/kubeconfig/.env"],
    );
    let text = ignore_file(&tree);
    let ignore = IgnoreFile::parse(&text);
    for source in ["pkg/kubeconfig/load.go", "store.db/open.go"] {
        assert!(!ignore.excludes(source), "{source}:\n{text}");
    }
}

#[test]
fn what_the_build_needs_is_told() {
    let tree = Tree::with(&[
        ("go.mod", "module example.com/api\n\ngo 1.22\n"),
        (
            "main.go",
            "package main\n\nimport _ \"embed\"\n\n//go:embed certs/ca.pem\nvar ca []byte\n\nfunc main() { http.ListenAndServe(\":8080\", nil) }\n",
        ),
        ("certs/ca.pem", "x"),
        ("certs/other.pem", "x"),
    ]);
    let run = init("an embedded certificate", &tree);
    assert!(run.stderr.contains("secret-in-context"), "{}", run.stderr);
    assert!(run.stderr.contains("certs/ca.pem"), "{}", run.stderr);
    let text = ignore_file(&tree);
    let ignore = IgnoreFile::parse(&text);
    assert!(!ignore.excludes("certs/ca.pem") && ignore.excludes("certs/other.pem"));
}

/// An index of git, version 2, that lists `paths`.
fn git_index(paths: &[&str]) -> Vec<u8> {
    let mut bytes = b"DIRC\0\0\0\x02".to_vec();
    bytes.extend(u32::try_from(paths.len()).unwrap().to_be_bytes());
    for path in paths {
        let start = bytes.len();
        bytes.extend([0; 60]);
        bytes.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
        bytes.extend(path.as_bytes());
        bytes.push(0);
        while !(bytes.len() - start).is_multiple_of(8) {
            bytes.push(0);
        }
    }
    bytes.extend([0; 20]);
    bytes
}

#[test]
fn a_public_file_comes_back_only_when_git_tracks_it_and_nothing_in_it_is_secret() {
    let (_, files) = projects()
        .find(|(language, _)| *language == "node")
        .unwrap();
    let public =
        "# Shown to everybody\nVITE_API_URL=https://api.example.com\nNODE_ENV=production\n";
    let long = "a1B2c3D4e5F6a1B2c3D4e5F6a1B2c3D4e5F6";
    let rows = [
        (public.to_owned(), true, true),
        (public.to_owned(), false, false),
        (
            format!("{public}DATABASE_URL=postgres://u:p@db/x\n"),
            true,
            false,
        ),
        (format!("{public}PASSWORD=x\n"), true, false),
        (format!("VITE_KEY=ghp_{long}\n"), true, false),
        (format!("VITE_ADMIN_PASSWORD={CANARY}\n"), true, false),
        (String::new(), true, false),
    ];
    for (text, tracked, visible) in rows {
        let tree = Tree::with(files);
        tree.write(".env.production", &text);
        let paths: &[&str] = if tracked {
            &[".env.production", "package.json"]
        } else {
            &["package.json"]
        };
        fs::create_dir(tree.path(".git")).unwrap();
        fs::write(tree.path(".git/index"), git_index(paths)).unwrap();
        init("a public file", &tree);
        let ignore = ignore_file(&tree);
        let shown = !IgnoreFile::parse(&ignore).excludes(".env.production");
        assert_eq!(shown, visible, "{text} tracked: {tracked}\n{ignore}");
    }
}

/// A project of each package manager with its credentials written where it reads them: paths and
/// texts, what must be withheld, what the Dockerfile mounts, what the build command gives.
struct Manager {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    withheld: &'static [&'static str],
    mounts: &'static [&'static str],
    gives: &'static [&'static str],
}

const NODE: (&str, &str) = (
    "package.json",
    "{ \"name\": \"api\", \"scripts\": { \"start\": \"node a.js\" }, \"dependencies\": { \"@acme/x\": \"1.0.0\" } }",
);
const SERVER: (&str, &str) = (
    "a.js",
    "require('http').createServer(() => {}).listen(3000);\n",
);
const MAIN_PY: (&str, &str) = (
    "main.py",
    "from fastapi import FastAPI\n\napp = FastAPI()\n",
);
const GO: (&str, &str) = (
    "go.mod",
    "module example.com/api\n\ngo 1.22\n\nrequire git.example.com/acme/x v1.0.0\n",
);
const MAIN_GO: (&str, &str) = (
    "main.go",
    "package main\n\nimport _ \"git.example.com/acme/x\"\n\nfunc main() { http.ListenAndServe(\":8080\", nil) }\n",
);
const POM: (&str, &str) = (
    "pom.xml",
    "<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>com.example</groupId>\n  <artifactId>api</artifactId>\n  <version>1.0</version>\n  <properties>\n    <maven.compiler.release>21</maven.compiler.release>\n  </properties>\n</project>\n",
);
const APP_JAVA: (&str, &str) = (
    "src/main/java/com/example/App.java",
    "package com.example;\n\npublic class App {\n    public static void main(String[] args) {}\n}\n",
);
const GRADLE: (&str, &str) = (
    "build.gradle",
    "plugins { id 'application' }\napplication { mainClass = 'com.example.App' }\nrepositories { maven { url = 'https://maven.example.com'; credentials { username = System.getenv('MAVEN_USER'); password = System.getenv('MAVEN_PASS') } } }\n",
);
const CARGO: (&str, &str) = (
    "Cargo.toml",
    "[package]\nname = \"api\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nx = { version = \"1\", registry = \"acme\" }\n",
);
const MAIN_RS: (&str, &str) = ("src/main.rs", "fn main() {}\n");

const MANAGERS: &[Manager] = &[
    Manager {
        name: "npm with spaces around the sign",
        files: &[
            NODE,
            SERVER,
            (".npmrc", "//npm.example.com/:_authToken = Zq7canary9Xw\n"),
        ],
        withheld: &[".npmrc"],
        mounts: &["type=secret,id=npmrc,target=/app/.npmrc,required=true"],
        gives: &["id=npmrc,src=.npmrc"],
    },
    Manager {
        name: "npm with a lower-case variable",
        files: &[
            NODE,
            SERVER,
            (".npmrc", "//npm.example.com/:_authToken=${npm_token}\n"),
        ],
        withheld: &[],
        mounts: &["type=secret,id=npm_token,env=npm_token"],
        gives: &["id=npm_token,env=npm_token"],
    },
    Manager {
        name: "npm with credentials in an address",
        files: &[
            NODE,
            SERVER,
            (
                ".npmrc",
                "registry=https://u:Zq7canary9Xw@npm.example.com/\n",
            ),
        ],
        withheld: &[".npmrc"],
        mounts: &["id=npmrc,target=/app/.npmrc"],
        gives: &["id=npmrc,src=.npmrc"],
    },
    Manager {
        name: "npm with a member's file",
        files: &[
            (
                "package.json",
                "{ \"name\": \"all\", \"private\": true, \"workspaces\": [\"packages/*\"], \"scripts\": { \"start\": \"node a.js\" }, \"dependencies\": { \"x\": \"1.0.0\" } }",
            ),
            SERVER,
            (
                "packages/lib/package.json",
                "{ \"name\": \"lib\", \"main\": \"i.js\" }",
            ),
            (
                "packages/lib/.npmrc",
                "//npm.example.com/:_password=Zq7canary9Xw\n",
            ),
        ],
        withheld: &["packages/lib/.npmrc"],
        mounts: &[],
        gives: &[],
    },
    Manager {
        name: "yarn 1",
        files: &[
            NODE,
            SERVER,
            ("yarn.lock", "# yarn lockfile v1\n"),
            (
                ".yarnrc",
                "\"//npm.example.com/:_authToken\" \"Zq7canary9Xw\"\n",
            ),
        ],
        withheld: &[".yarnrc"],
        mounts: &["id=yarnrc,target=/app/.yarnrc"],
        gives: &["id=yarnrc,src=.yarnrc"],
    },
    Manager {
        name: "yarn berry",
        files: &[
            NODE,
            SERVER,
            ("yarn.lock", "__metadata:\n  version: 8\n"),
            (
                ".yarnrc.yml",
                "nodeLinker: node-modules\nnpmScopes:\n  acme:\n    npmAuthToken: Zq7canary9Xw\n    npmRegistryServer: \"https://npm.example.com\"\n",
            ),
        ],
        withheld: &[".yarnrc.yml"],
        mounts: &["id=yarnrc-yml,target=/app/.yarnrc.yml"],
        gives: &["id=yarnrc-yml,src=.yarnrc.yml"],
    },
    Manager {
        name: "yarn berry with a variable that has a default",
        files: &[
            NODE,
            SERVER,
            ("yarn.lock", "__metadata:\n  version: 8\n"),
            (
                ".yarnrc.yml",
                "nodeLinker: node-modules\nnpmAuthToken: \"${ACME_TOKEN:-}\"\n",
            ),
        ],
        withheld: &[],
        mounts: &["type=secret,id=ACME_TOKEN,env=ACME_TOKEN"],
        gives: &["id=ACME_TOKEN,env=ACME_TOKEN"],
    },
    Manager {
        name: "bun",
        files: &[
            NODE,
            SERVER,
            ("bun.lock", "{}"),
            (
                "bunfig.toml",
                "[install.scopes]\nacme = { token = \"Zq7canary9Xw\", url = \"https://npm.example.com/\" }\n",
            ),
        ],
        withheld: &["bunfig.toml"],
        mounts: &["id=bunfig,target=/app/bunfig.toml"],
        gives: &["id=bunfig,src=bunfig.toml"],
    },
    Manager {
        name: "pip.conf",
        files: &[
            ("requirements.txt", "fastapi==0.115.0\nuvicorn==0.30.0\n"),
            MAIN_PY,
            (
                "pip.conf",
                "[global]\nindex-url = https://u:Zq7canary9Xw@py.example.com/simple\n",
            ),
        ],
        withheld: &["pip.conf"],
        mounts: &["id=pip-conf,target=/root/.config/pip/pip.conf"],
        gives: &["id=pip-conf,src=pip.conf"],
    },
    Manager {
        name: "requirements with credentials",
        files: &[
            (
                "requirements.txt",
                "--extra-index-url https://u:Zq7canary9Xw@py.example.com/simple\nfastapi==0.115.0\nuvicorn==0.30.0\n",
            ),
            MAIN_PY,
        ],
        withheld: &["requirements.txt"],
        mounts: &["id=requirements,target=/app/requirements.txt"],
        gives: &["id=requirements,src=requirements.txt"],
    },
    Manager {
        name: "Pipfile",
        files: &[
            (
                "Pipfile",
                "[[source]]\nname = \"acme\"\nurl = \"https://$PIP_USER:${pip_pass}@py.example.com/simple\"\nverify_ssl = true\n\n[packages]\nfastapi = \"*\"\nuvicorn = \"*\"\n",
            ),
            MAIN_PY,
        ],
        withheld: &[],
        mounts: &["id=PIP_USER,env=PIP_USER", "id=pip_pass,env=pip_pass"],
        gives: &["id=PIP_USER,env=PIP_USER"],
    },
    Manager {
        name: "Poetry",
        files: &[
            (
                "pyproject.toml",
                "[tool.poetry]\nname = \"api\"\nversion = \"0.1.0\"\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = \"^3.12\"\nfastapi = \"*\"\nuvicorn = \"*\"\n\n[[tool.poetry.source]]\nname = \"acme-private\"\nurl = \"https://py.example.com/simple\"\npriority = \"supplemental\"\n",
            ),
            MAIN_PY,
        ],
        withheld: &[],
        mounts: &[
            "id=POETRY_HTTP_BASIC_ACME_PRIVATE_PASSWORD,env=POETRY_HTTP_BASIC_ACME_PRIVATE_PASSWORD",
        ],
        gives: &["id=POETRY_HTTP_BASIC_ACME_PRIVATE_USERNAME,env="],
    },
    Manager {
        name: "uv",
        files: &[
            (
                "pyproject.toml",
                "[project]\nname = \"api\"\nversion = \"0.1.0\"\nrequires-python = \">=3.12\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n\n[[tool.uv.index]]\nname = \"acme\"\nurl = \"https://py.example.com/simple\"\n",
            ),
            ("uv.lock", "version = 1\nrequires-python = \">=3.12\"\n"),
            MAIN_PY,
        ],
        withheld: &[],
        mounts: &["id=UV_INDEX_ACME_USERNAME,env=UV_INDEX_ACME_USERNAME"],
        gives: &["id=UV_INDEX_ACME_PASSWORD,env="],
    },
    Manager {
        name: "Go with GOPRIVATE",
        files: &[
            GO,
            MAIN_GO,
            ("go.sum", "git.example.com/acme/x v1.0.0 h1:x=\n"),
            (
                "Makefile",
                "DB = postgres://u:p@localhost/x\nexport GOPRIVATE=git.example.com/acme\nbuild:\n\tgo build\n",
            ),
        ],
        withheld: &[],
        mounts: &[
            "type=secret,id=netrc,target=/root/.netrc",
            "GOPRIVATE=git.example.com/acme go mod download",
        ],
        gives: &["--secret \"id=netrc,src=$HOME/.netrc\""],
    },
    Manager {
        name: "Go with a .netrc",
        files: &[
            GO,
            MAIN_GO,
            ("go.sum", "git.example.com/acme/x v1.0.0 h1:x=\n"),
            (
                ".netrc",
                "machine git.example.com login u password Zq7canary9Xw\n",
            ),
        ],
        withheld: &[".netrc"],
        mounts: &["type=secret,id=netrc,target=/root/.netrc"],
        gives: &["id=netrc,src=.netrc"],
    },
    Manager {
        name: "Maven's own settings",
        files: &[
            POM,
            APP_JAVA,
            (
                ".mvn/settings.xml",
                "<settings><servers><server><id>acme</id><username>u</username><password>Zq7canary9Xw</password></server></servers></settings>",
            ),
            (".mvn/maven.config", "-s\n.mvn/settings.xml\n"),
        ],
        withheld: &[".mvn/settings.xml"],
        mounts: &["id=maven-settings,target=/src/.mvn/settings.xml,required=true"],
        gives: &["id=maven-settings,src=.mvn/settings.xml"],
    },
    Manager {
        name: "Maven with variables",
        files: &[
            POM,
            APP_JAVA,
            (
                "settings.xml",
                "<settings><servers><server><id>acme</id><username>${env.MVN_USER}</username><password>${env.MVN_PASS}</password></server></servers></settings>",
            ),
        ],
        withheld: &[],
        mounts: &[
            "id=MVN_PASS,env=MVN_PASS",
            "id=maven-settings,target=/root/.m2/settings.xml",
        ],
        gives: &[
            "id=MVN_USER,env=MVN_USER",
            "id=maven-settings,src=settings.xml",
        ],
    },
    Manager {
        name: "Gradle",
        files: &[
            GRADLE,
            APP_JAVA,
            ("settings.gradle", "rootProject.name = 'api'\n"),
            (
                "gradle.properties",
                "org.gradle.caching=true\nacmePassword=Zq7canary9Xw\n",
            ),
        ],
        withheld: &["gradle.properties"],
        mounts: &[
            "id=gradle-properties,target=/src/gradle.properties",
            "id=MAVEN_PASS,env=MAVEN_PASS",
            "id=MAVEN_USER,env=MAVEN_USER",
        ],
        gives: &["id=gradle-properties,src=gradle.properties"],
    },
    Manager {
        name: "Cargo",
        files: &[
            CARGO,
            MAIN_RS,
            (
                ".cargo/config.toml",
                "[registries.acme]\nindex = \"sparse+https://cargo.example.com/index/\"\n",
            ),
        ],
        withheld: &[],
        mounts: &["id=CARGO_REGISTRIES_ACME_TOKEN,env=CARGO_REGISTRIES_ACME_TOKEN"],
        gives: &["id=CARGO_REGISTRIES_ACME_TOKEN,env="],
    },
    Manager {
        name: "Cargo with a token",
        files: &[
            CARGO,
            MAIN_RS,
            (
                ".cargo/config.toml",
                "[registries.acme]\nindex = \"sparse+https://cargo.example.com/index/\"\ntoken = \"Zq7canary9Xw\"\n",
            ),
            (
                ".cargo/credentials.toml",
                "[registry]\ntoken = \"Zq7canary9Xw\"\n",
            ),
        ],
        withheld: &[".cargo/config.toml", ".cargo/credentials.toml"],
        mounts: &[
            "id=cargo-config,target=/app/.cargo/config.toml",
            "id=cargo-credentials,target=/usr/local/cargo/credentials.toml",
        ],
        gives: &[
            "id=cargo-config,src=.cargo/config.toml",
            "id=cargo-credentials,src=.cargo/credentials.toml",
        ],
    },
    Manager {
        name: "git over SSH",
        files: &[
            (
                "package.json",
                "{ \"name\": \"api\", \"scripts\": { \"start\": \"node a.js\" }, \"dependencies\": { \"x\": \"git+ssh://git@git.example.com/acme/x.git\" } }",
            ),
            SERVER,
        ],
        withheld: &[],
        mounts: &["--mount=type=ssh ", "openssh-client"],
        gives: &["--ssh default"],
    },
];

#[test]
fn private_registries_reach_no_layer() {
    for manager in MANAGERS {
        let tree = Tree::with(manager.files);
        let run = init(manager.name, &tree);
        holds_none(manager.name, &tree, &run, manager.withheld);
        let dockerfile = fs::read_to_string(tree.path("Dockerfile")).unwrap();
        for mount in manager.mounts {
            assert!(
                dockerfile.contains(mount),
                "{}: no {mount} in\n{dockerfile}",
                manager.name
            );
        }
        let told = format!("{}{}", run.stdout, run.stderr);
        for given in manager.gives {
            assert!(
                told.contains(given),
                "{}: no {given} in\n{told}",
                manager.name
            );
        }
        let by_class = [".netrc", ".cargo/credentials.toml"];
        for path in manager
            .withheld
            .iter()
            .filter(|path| !by_class.contains(path))
        {
            assert!(
                told.contains("token-in-file") && told.contains(&format!("--> {path}:")),
                "{}: no line of {path} in\n{told}",
                manager.name
            );
        }
    }
}

/// Start commands, variables and labels with a secret in them: by language, paths and texts, and
/// the variable that it becomes.
type ByValue = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);
const BY_VALUE: &[ByValue] = &[
    (
        "a Procfile of Python",
        &[
            ("requirements.txt", "flask==3.0.0\ngunicorn==23.0.0\n"),
            ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
            (
                "Procfile",
                "web: gunicorn app:app --env DATABASE_URL=postgres://u:Zq7canary9Xw@db/x\n",
            ),
        ],
        "DATABASE_URL",
    ),
    (
        "a Procfile of Node",
        &[
            (
                "package.json",
                "{ \"name\": \"api\", \"scripts\": { \"start\": \"node a.js\" } }",
            ),
            SERVER,
            ("Procfile", "web: node a.js --admin-password Zq7canary9Xw\n"),
        ],
        "ADMIN_PASSWORD",
    ),
    (
        "a start script with a variable in front",
        &[
            (
                "package.json",
                "{ \"name\": \"api\", \"scripts\": { \"start\": \"API_TOKEN=Zq7canary9Xw node a.js\" } }",
            ),
            SERVER,
        ],
        "API_TOKEN",
    ),
    (
        "a Procfile of Java",
        &[
            POM,
            APP_JAVA,
            (
                "Procfile",
                "web: java -Dspring.datasource.password=Zq7canary9Xw -jar target/api-1.0.jar\n",
            ),
        ],
        "",
    ),
    (
        "the address of the repository",
        &[
            (
                "package.json",
                "{ \"name\": \"api\", \"repository\": \"https://u:Zq7canary9Xw@git.example.com/acme/api\", \"scripts\": { \"start\": \"node a.js\" } }",
            ),
            SERVER,
        ],
        "",
    ),
    (
        "a compose file of the authors",
        &[
            ("go.mod", "module example.com/api\n\ngo 1.22\n"),
            (
                "main.go",
                "package main\n\nfunc main() { http.ListenAndServe(\":8080\", nil) }\n",
            ),
            (
                "compose.yaml",
                "services:\n  api:\n    build: .\n    environment:\n      DB_PASSWORD: Zq7canary9Xw\n      CACHE: redis://:Zq7canary9Xw@cache/0\n    command: --token Zq7canary9Xw\n",
            ),
        ],
        "",
    ),
];

#[test]
fn secrets_by_value_become_variables() {
    for (what, files, variable) in BY_VALUE {
        let tree = Tree::with(files);
        let run = init(what, &tree);
        if run.code == Some(3) {
            // A start command that needs a shell where there is none is asked for.
            assert!(!run.stderr.contains(CANARY), "{what}: {}", run.stderr);
            continue;
        }
        holds_none(what, &tree, &run, &[]);
        if !variable.is_empty() {
            let told = format!("{}{}", run.stdout, run.stderr);
            assert!(told.contains(&format!("-e {variable}")), "{what}:\n{told}");
        }
    }
}

#[test]
fn a_setting_with_a_secret_is_refused_without_showing_it() {
    let (_, files) = projects().find(|(language, _)| *language == "go").unwrap();
    let address = format!("redis://:{CANARY}@cache/0");
    let args = format!("--token {CANARY}");
    let rows: [&[&str]; 3] = [
        &["--env", &format!("CACHE={address}")],
        &["--args", &args],
        &["--set", &format!("build-env=CACHE={address}")],
    ];
    for row in rows {
        let tree = Tree::with(files);
        let run = tree.run(&[&["init", "--yes"], row].concat());
        assert_eq!(run.code, Some(2), "{row:?}: {}", run.stderr);
        assert!(run.stderr.contains("secret-in-setting"), "{}", run.stderr);
        assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
        assert!(!tree.path("Dockerfile").exists());
    }
    let tree = Tree::with(files);
    tree.write(
        "dockgen.toml",
        format!("args = [\"--token\", \"{CANARY}\"]\n"),
    );
    let run = tree.run(&["init", "--yes"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(!run.stderr.contains(CANARY), "{}", run.stderr);
}

#[test]
fn a_repository_gives_no_options_of_run() {
    let (_, files) = projects()
        .find(|(language, _)| *language == "rust")
        .unwrap();
    for option in ["--security=insecure", "--network=host", "--mount=type=ssh"] {
        let tree = Tree::with(files);
        tree.write(
            "dockgen.toml",
            format!("build = \"{option} cargo build\"\n"),
        );
        let run = tree.run(&["init", "--yes"]);
        assert_eq!(run.code, Some(2), "{option}: {}", run.stderr);
        assert!(run.stderr.contains("option of RUN"), "{}", run.stderr);
        assert!(!tree.path("Dockerfile").exists());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn no_gitignore_makes_a_secret_visible(
        root in proptest::collection::vec(select(GIT_LINES), 0..8),
        nested in proptest::collection::vec(select(GIT_LINES), 0..5),
        dir in select(&["certs", "keys", "config", "deploy"][..]),
        at in any::<prop::sample::Index>(),
    ) {
        use dockgen::assemble::assemble;
        use dockgen::detect::detect;
        use dockgen::plan::settings::Settings;
        use dockgen::render::render;
        use dockgen::repo::Repo;

        let all: Vec<_> = projects().collect();
        let (language, files) = *at.get(&all);
        let (root, nested) = (root.join("\n"), nested.join("\n"));
        let below = format!("{dir}/.gitignore");
        let ignores = [(".gitignore", root.as_str()), (below.as_str(), nested.as_str())];
        let secrets = SECRET_FILES.iter().map(|file| (*file, CANARY));
        let repo = Repo::from_files(files.iter().copied().chain(ignores).chain(secrets));
        let (packs, tables) = &*crate::support::BUILTIN;
        let detection = detect(&repo, packs);
        let plan = assemble(&repo, &detection, &Settings::default(), packs, tables);
        let plan = plan.map_err(|failure| TestCaseError::fail(failure.diagnostic.message))?;
        let rendered = render(packs, &plan, &repo)
            .map_err(|problem| TestCaseError::fail(problem.message))?;
        for file in rendered.iter().filter(|file| file.path.as_str().ends_with("ignore")) {
            let ignore = IgnoreFile::parse(&file.text);
            for secret in SECRET_FILES {
                prop_assert!(ignore.excludes(secret), "{language}: {secret}\n{}", file.text);
            }
        }
    }
}
