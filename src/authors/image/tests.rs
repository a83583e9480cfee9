use super::*;
use crate::authors::table::built_in;

fn told(files: &[(&str, &str)]) -> Vec<String> {
    let repo = Repo::from_files(files.iter().copied());
    let path = RelPath::new(files[0].0).unwrap();
    let source = repo.scan(&path).unwrap();
    let said = read(&repo, &built_in(), &source, 2, &Called::default()).unwrap();
    said.told
        .iter()
        .map(|told| match &told.item {
            Item::Start(start) => format!("start {} in {}", start.words.join(" "), start.workdir),
            other => format!("{other:?}"),
        })
        .collect()
}

fn has(told: &[String], wanted: &str) {
    assert!(
        told.iter().any(|one| one == wanted),
        "{wanted} in {told:#?}"
    );
}

#[test]
fn the_last_stage_and_those_that_feed_it() {
    let told = told(&[
        (
            "Dockerfile",
            "ARG V=22\nFROM node:$V AS base\nRUN apk add openssl\nFROM base AS build\nRUN apk add make\n\
             ENV NEXT_TELEMETRY_DISABLED=1\nRUN SKIP_ENV_VALIDATION=1 npm run build:docker\n\
             FROM base AS unused\nRUN apk add vim\nFROM base\nWORKDIR /app\nENV PORT=3000\nEXPOSE $PORT\n\
             VOLUME [\"/data\"]\nRUN mkdir uploads\nCOPY --from=build /app/dist ./dist\nCOPY start.sh /\n\
             HEALTHCHECK CMD wget -q http://localhost:$PORT/up || exit 1\nSTOPSIGNAL SIGINT\nUSER node\n\
             ENTRYPOINT [\"tini\", \"--\"]\nCMD [\"/start.sh\"]\n",
        ),
        (
            "start.sh",
            "#!/bin/sh\nnode migrate.js\nexec node dist/main.js --port ${APP_PORT:-3000}\n",
        ),
    ]);
    for wanted in [
        "RunPackage(\"openssl\")",
        "BuildPackage(\"make\")",
        "BuildEnv(\"NEXT_TELEMETRY_DISABLED\", \"1\")",
        "BuildEnv(\"SKIP_ENV_VALIDATION\", \"1\")",
        "BuildScript(\"build:docker\")",
        "PortVariable(\"PORT\")",
        "PortVariable(\"APP_PORT\")",
        "Port(3000)",
        "Volume(\"/data\")",
        "Writes(\"/app/uploads\")",
        "Health(\"/up\")",
        "StopSignal(\"SIGINT\")",
        "start node dist/main.js --port 3000 in /app",
    ] {
        has(&told, wanted);
    }
    assert!(
        !told
            .iter()
            .any(|one| one.contains("vim") || one.contains("Left"))
    );
}

#[test]
fn arguments_and_files_that_they_name() {
    let told = told(&[
        (
            "Dockerfile",
            "FROM quay.io/x/busybox:latest\nCOPY dist/app /bin/app\nCOPY etc/app.yml /etc/app/app.yml\n\
             RUN mkdir -p /state && chmod 777 /state\nENTRYPOINT [\"/bin/app\"]\n\
             CMD [\"serve\", \"--config=/etc/app/app.yml\", \"--dir=/state\"]\n",
        ),
        ("etc/app.yml", "a: 1\n"),
    ]);
    for wanted in [
        "start /bin/app serve --config=/etc/app/app.yml --dir=/state in ",
        "File(RelPath(\"etc/app.yml\"), \"/etc/app/app.yml\")",
        "Writes(\"/state\")",
        "Left(\"chmod 777\")",
        "Left(\"the root user\")",
        "Left(\"a base image without a version\")",
    ] {
        has(&told, wanted);
    }
}

#[test]
fn stages_for_development_are_not_taken() {
    let told = told(&[(
        "Dockerfile",
        "FROM python:3.13 AS prod\nUSER app\nCMD [\"gunicorn\", \"a:b\"]\nFROM prod AS dev\nCMD [\"flask\", \"run\"]\n",
    )]);
    has(&told, "start gunicorn a:b in ");
    for text in [
        "",
        "FROM",
        "FROM a\nFROM a AS test",
        "RUN x",
        "FROM scratch\nCMD [\"a",
    ] {
        let repo = Repo::from_files([("Dockerfile", text)]);
        let source = repo.scan(&RelPath::new("Dockerfile").unwrap()).unwrap();
        let _ = read(&repo, &built_in(), &source, 2, &Called::default());
    }
}
