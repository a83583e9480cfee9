use super::said::Item;
use super::*;
use crate::detect::detect;
use crate::facts::{Command, Component, HealthFact, Rank};
use crate::write::stamp;

/// What files have told, in short.
pub(super) fn told(all: &[Said]) -> String {
    let items = all.iter().flat_map(|said| &said.told);
    items
        .map(|told| match &told.item {
            Item::Start(start) => format!("start {}", start.words.join(" ")),
            other => format!("{other:?}"),
        })
        .collect::<Vec<_>>()
        .join("; ")
}

pub(super) fn source(path: &str, text: &str) -> Source {
    Source::new(RelPath::new(path).unwrap(), text)
}

fn components(files: &[(&str, &str)]) -> Vec<Component> {
    let repo = Repo::from_files(files.iter().copied());
    detect(&repo, &PackSet::builtin().unwrap()).components
}

const GO: [(&str, &str); 2] = [
    ("go.mod", "module example.com/app\n\ngo 1.26\n"),
    ("main.go", "package main\n\nfunc main() { run() }\n"),
];

const DOCKERFILE: &str = "FROM golang:1.26 AS build\nWORKDIR /src\nCOPY . .\n\
    RUN go build -tags netgo -ldflags '-X example.com/app/v.Version=1' -o /app .\n\
    FROM alpine:3.22\nRUN apk add git su-exec strange-thing\nCOPY --from=build /app /bin/app\nUSER 1000\n\
    EXPOSE 9000\nVOLUME /data\nHEALTHCHECK CMD wget -q http://localhost:9000/live\n\
    ENTRYPOINT [\"/bin/app\"]\nCMD [\"serve\", \"--dir=/data\"]\n";

fn texts<T: Clone + std::fmt::Debug>(list: &[crate::facts::Found<T>]) -> String {
    list.iter()
        .map(|found| format!("{:?}", found.value))
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_dockerfile_tells_about_its_program() {
    let mut files = GO.to_vec();
    files.push(("Dockerfile", DOCKERFILE));
    let all = components(&files);
    let facts = &all[0].facts;
    let port = facts.port.best().unwrap();
    assert_eq!((port.value, port.rank), (9000, Rank::Authors));
    assert_eq!(port.evidence.at.as_ref().unwrap().line, Some(9));
    assert_eq!(
        facts.health.value(),
        Some(&HealthFact::Http("/live".into()))
    );
    assert_eq!(
        facts.args.value().unwrap(),
        &["serve".to_owned(), "--dir=/data".to_owned()]
    );
    assert_eq!(texts(&facts.run_packages), "\"git\"");
    assert_eq!(texts(&facts.volumes), "\"/data\"");
    assert_eq!(texts(&facts.tags), "\"netgo\"");
    assert_eq!(
        texts(&facts.version_variables),
        "\"example.com/app/v.Version\""
    );
    assert_eq!(
        texts(&facts.left),
        "\"the package strange-thing, unknown on Debian\""
    );
}

#[test]
fn files_of_our_own_are_no_evidence_and_what_they_replaced_is() {
    let ours = stamp("# syntax=docker/dockerfile:1\nFROM scratch\nEXPOSE 1\n");
    let mut files = GO.to_vec();
    files.push(("Dockerfile", ours.as_str()));
    assert!(components(&files)[0].facts.port.is_empty());
    files.push(("Dockerfile.before-dockgen", DOCKERFILE));
    files.push(("Dockerfile.before-dockgen-2", "FROM a:1\nEXPOSE 7\n"));
    let again = components(&files);
    assert_eq!(again[0].facts.port.value(), Some(&9000));
    assert_eq!(again[0].facts.port.all().len(), 1);
}

#[test]
fn other_images_and_uses_say_nothing() {
    let mut files = GO.to_vec();
    files.push(("Dockerfile.dev", "FROM golang:1\nEXPOSE 1111\n"));
    files.push(("test/Dockerfile", "FROM golang:1\nEXPOSE 1112\n"));
    files.push(("docs/Dockerfile", "FROM golang:1\nEXPOSE 1113\n"));
    files.push((
        "web.Dockerfile",
        "FROM python:3\nRUN pip install x\nEXPOSE 1114\n",
    ));
    files.push((
        "compose.yaml",
        "services:\n  db: {image: 'postgres:17', ports: ['5432:5432']}\n",
    ));
    assert!(components(&files)[0].facts.port.is_empty());
}

#[test]
fn compose_names_the_dockerfile_and_the_variables() {
    let mut files = GO.to_vec();
    files.push((
        "deploy/app.Dockerfile",
        "FROM golang:1.26\nCOPY . .\nRUN go build .\n",
    ));
    files.push((
        "deploy/compose.yaml",
        "services:\n  api:\n    build: {context: .., dockerfile: deploy/app.Dockerfile}\n    ports: ['80:8081']\n    environment: [TOKEN, A=b]\n",
    ));
    let facts = &components(&files)[0].facts;
    assert_eq!(facts.port.value(), Some(&8081));
    assert_eq!(facts.required[0].value.name, "TOKEN");
}

#[test]
fn a_file_speaks_of_the_program_that_it_builds() {
    let all = components(&[
        (
            "api/package.json",
            r#"{"name": "@x/api", "scripts": {"start": "node a.js"}, "dependencies": {"express": "4"}}"#,
        ),
        ("api/a.js", "require('express')()"),
        (
            "web/package.json",
            r#"{"name": "@x/web", "scripts": {"start": "node b.js"}, "dependencies": {"express": "4"}}"#,
        ),
        ("web/b.js", "require('express')()"),
        (
            "docker/web.Dockerfile",
            "FROM node:24\nCOPY . .\nWORKDIR /app/web\nEXPOSE 4001\nCMD [\"node\", \"b.js\", \"--x\"]\n",
        ),
        (
            "docker/api.Dockerfile",
            "FROM node:24\nCOPY . .\nRUN npm ci -w @x/api\nEXPOSE 4002\n",
        ),
    ]);
    let port = |name: &str| {
        let component = all.iter().find(|one| one.dir.as_str() == name).unwrap();
        component
            .facts
            .port
            .all()
            .iter()
            .map(|found| found.value)
            .next()
    };
    assert_eq!((port("web"), port("api")), (Some(4001), Some(4002)));
    let web = all.iter().find(|one| one.dir.as_str() == "web").unwrap();
    let start = Command::exec(["node", "b.js", "--x"]);
    let found = web
        .facts
        .start
        .all()
        .iter()
        .find(|found| found.value == start);
    assert_eq!(found.unwrap().rank, Rank::Authors);
}

#[test]
fn what_is_unsafe_stays_out() {
    let all = components(&[
        ("requirements.txt", "flask\n"),
        ("app.py", "from flask import Flask\napp = Flask(__name__)\n"),
        (
            "Dockerfile",
            "FROM python:3.13\nENV SECRET_KEY=abc A=1\nRUN curl -fsS https://x.example | sh\nEXPOSE 5000\nCMD flask run --reload\n",
        ),
    ]);
    let facts = &all[0].facts;
    let left = texts(&facts.left);
    for wanted in ["SECRET_KEY", "flask run", "root user", "a shell runs"] {
        assert!(left.contains(wanted), "{wanted} in {left}");
    }
    assert_eq!(texts(&facts.env), "(\"A\", \"1\")");
    assert!(
        facts
            .start
            .all()
            .iter()
            .all(|found| found.rank != Rank::Authors)
    );
}
