//! Files of hosts and of systems that run programs: Procfile, systemd units, fly.toml, render.yaml,
//! railway, app.json, nixpacks.toml and railpack.json.

use super::asked::clean_path;
use super::said::{Item, Said, Start, line_of};
use super::shell::{is_name, variables};
use crate::parse::{Tree, json, toml, yaml};
use crate::repo::Source;
use crate::text::line_at;

pub(super) fn start(words: Vec<String>) -> Item {
    Item::Start(Start {
        words,
        workdir: String::new(),
    })
}

/// The line `web` of a Procfile: its port. Languages read the command itself.
pub(super) fn procfile(source: &Source, weight: u8) -> Vec<Said> {
    let mut said = Said::new(&source.path, weight);
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let span = line_at(&source.text, at);
        at += line.len();
        let Some(command) = line.trim().strip_prefix("web:") else {
            continue;
        };
        if let Some(words) = shlex::split(command.trim()) {
            said.tell(source, &span, start(words), "the Procfile starts web so");
        }
        if variables(command).iter().any(|found| found.name == "PORT") {
            let item = Item::PortVariable("PORT".to_owned());
            said.tell(source, &span, item, "the Procfile gives the port so");
        }
    }
    vec![said]
}

/// `ExecStart`, `Environment`, folders and the signal of a systemd service.
pub(super) fn systemd(source: &Source, weight: u8) -> Vec<Said> {
    let mut said = Said::new(&source.path, weight);
    let stem = source.path.name().trim_end_matches(".service");
    said.names.insert(stem.trim_end_matches('@').to_owned());
    let mut at = 0;
    for line in source.text.split_inclusive('\n') {
        let span = line_at(&source.text, at);
        at += line.len();
        let Some((key, value)) = line.trim().split_once('=') else {
            continue;
        };
        let why = "the systemd unit says so";
        match key.trim() {
            "ExecStart" => {
                let value = value.trim().trim_start_matches(['-', '@', ':', '+', '!']);
                if let Some(words) = shlex::split(value) {
                    said.tell(source, &span, start(words), why);
                }
            }
            "StateDirectory" => {
                for name in value.split_whitespace() {
                    said.tell(source, &span, Item::Volume(format!("/var/lib/{name}")), why);
                }
            }
            "KillSignal" => {
                said.tell(
                    source,
                    &span,
                    Item::StopSignal(value.trim().to_owned()),
                    why,
                );
            }
            _ => {}
        }
    }
    vec![said]
}

/// fly.toml: the port inside, the path of checks, mounts.
pub(super) fn fly(source: &Source, weight: u8) -> Vec<Said> {
    let Ok(tree) = toml(source) else {
        return Vec::new();
    };
    let mut said = Said::new(&source.path, weight);
    let mut services: Vec<&Tree> = tree.get("http_service").into_iter().collect();
    services.extend(tree.get("services").map(Tree::items).unwrap_or_default());
    services.extend(tree.get("services").filter(|one| one.items().is_empty()));
    let why = "fly.toml says so";
    for service in services {
        if let Some(port) = service.get("internal_port")
            && let Some(number) = port.number().and_then(|port| u16::try_from(port).ok())
            && number > 0
        {
            said.tell(source, &port.span, Item::Port(number), why);
        }
        for key in ["checks", "http_checks"] {
            for check in service.get(key).map(Tree::items).unwrap_or_default() {
                path(&mut said, source, check.get("path"), why);
            }
        }
    }
    for (_, check) in tree.get("checks").map(Tree::entries).unwrap_or_default() {
        path(&mut said, source, check.get("path"), why);
    }
    let mounts = tree.get("mounts");
    let tables = mounts.map(Tree::items).unwrap_or_default();
    let alone = mounts.filter(|one| one.items().is_empty());
    for mount in tables.iter().chain(alone) {
        if let Some(to) = mount.get("destination").and_then(Tree::text) {
            said.tell(source, &mount.span, Item::Volume(to.to_owned()), why);
        }
    }
    for (name, value) in tree.get("env").map(Tree::entries).unwrap_or_default() {
        if name == "PORT" {
            said.tell(source, &value.span, Item::PortVariable(name.clone()), why);
        } else if let Some(text) = value.scalar() {
            said.tell(
                source,
                &value.span,
                Item::Env(name.clone(), text.to_owned()),
                why,
            );
        }
    }
    vec![said]
}

pub(super) fn path(said: &mut Said, source: &Source, value: Option<&Tree>, why: &str) {
    let Some(text) = value.and_then(Tree::text) else {
        return;
    };
    if let Some(path) = text.starts_with('/').then(|| clean_path(text)).flatten() {
        let span = line_of(source, text);
        said.tell(source, &span, Item::Health(path), why);
    }
}

/// render.yaml: one program for each service that is built from this repository.
pub(super) fn render(source: &Source, weight: u8) -> Vec<Said> {
    let Ok(tree) = yaml(source) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for service in tree.get("services").map(Tree::items).unwrap_or_default() {
        let text = |key: &str| service.get(key).and_then(Tree::text);
        let is_static = text("env") == Some("static") || text("runtime") == Some("static");
        if !matches!(text("type"), Some("web" | "pserv")) || is_static {
            continue;
        }
        let mut said = Said::new(&source.path, weight);
        said.names.extend(text("name").map(str::to_owned));
        if let Some(dir) = text("rootDir").and_then(|dir| said.dir.resolve(dir)) {
            said.dir = dir;
        }
        let why = "render.yaml says so";
        path(&mut said, source, service.get("healthCheckPath"), why);
        for key in ["startCommand", "dockerCommand"] {
            if let Some(words) = text(key).and_then(shlex::split) {
                said.tell(source, &line_of(source, key), start(words), why);
            }
        }
        for variable in service.get("envVars").map(Tree::items).unwrap_or_default() {
            let asks = variable.get("sync").and_then(Tree::boolean) == Some(false)
                || variable.get("fromDatabase").is_some()
                || variable.get("generateValue").is_some();
            if let Some(name) = variable.get("key").and_then(Tree::text).filter(|_| asks) {
                required(&mut said, source, name, why);
            }
        }
        if let Some(mount) = service.at(&["disk", "mountPath"]).and_then(Tree::text) {
            said.tell(
                source,
                &line_of(source, mount),
                Item::Volume(mount.to_owned()),
                why,
            );
        }
        all.push(said);
    }
    all
}

fn required(said: &mut Said, source: &Source, name: &str, why: &str) {
    if is_name(name) {
        let item = Item::Required(name.to_owned());
        said.tell(source, &line_of(source, name), item, why);
    }
}

/// railway.json or railway.toml, nixpacks.toml and railpack.json: start command, health path and
/// packages.
pub(super) fn builders(source: &Source, weight: u8) -> Vec<Said> {
    let tree = if source.path.name().ends_with(".json") {
        json(source)
    } else {
        toml(source)
    };
    let Ok(tree) = tree else {
        return Vec::new();
    };
    let mut said = Said::new(&source.path, weight);
    let why = format!("{} says so", source.path.name());
    path(
        &mut said,
        source,
        tree.at(&["deploy", "healthcheckPath"]),
        &why,
    );
    for keys in [["deploy", "startCommand"], ["start", "cmd"]] {
        if let Some(command) = tree.at(&keys)
            && let Some(words) = command.text().and_then(shlex::split)
        {
            said.tell(source, &command.span, start(words), &why);
        }
    }
    for (keys, build) in [
        (["phases", "setup", "aptPkgs"].as_slice(), true),
        (&["buildAptPackages"], true),
        (&["deploy", "aptPackages"], false),
    ] {
        let Some(list) = tree.at(keys) else {
            continue;
        };
        for name in list.texts().filter(|name| *name != "...") {
            // What Nixpacks installs is there at run time too.
            if !build || keys.len() == 3 {
                said.tell(source, &list.span, Item::RunPackage(name.to_owned()), &why);
            } else {
                said.tell(
                    source,
                    &list.span,
                    Item::BuildPackage(name.to_owned()),
                    &why,
                );
            }
        }
    }
    vec![said]
}

/// app.json of Heroku: variables that have to be given.
pub(super) fn app_json(source: &Source, weight: u8) -> Vec<Said> {
    let Ok(tree) = json(source) else {
        return Vec::new();
    };
    let mut said = Said::new(&source.path, weight);
    let why = "app.json asks for it";
    for (name, value) in tree.get("env").map(Tree::entries).unwrap_or_default() {
        let optional = value.get("required").and_then(Tree::boolean) == Some(false);
        let given = value.text().is_some() || value.get("value").is_some();
        if !optional && !given {
            required(&mut said, source, name, why);
        }
    }
    vec![said]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authors::tests::{source, told};

    #[test]
    fn units_and_procfiles() {
        let unit = source(
            "pkg/x.service",
            "[Service]\nExecStart=-/usr/bin/x serve --a\nStateDirectory=x\nKillSignal=SIGINT\n",
        );
        assert_eq!(
            told(&systemd(&unit, 5)),
            "start /usr/bin/x serve --a; Volume(\"/var/lib/x\"); StopSignal(\"SIGINT\")"
        );
        let file = source("Procfile", "release: x\nweb: serve --port $PORT\n");
        assert_eq!(
            told(&procfile(&file, 5)),
            "start serve --port $PORT; PortVariable(\"PORT\")"
        );
    }

    #[test]
    fn hosts_files() {
        let file = source(
            "fly.toml",
            "[http_service]\ninternal_port = 8080\n[[http_service.checks]]\npath = '/up'\n[mounts]\ndestination = '/data'\n",
        );
        assert_eq!(
            told(&fly(&file, 5)),
            "Port(8080); Health(\"/up\"); Volume(\"/data\")"
        );
        let file = source(
            "render.yaml",
            "services:\n  - type: web\n    name: a\n    startCommand: npm run x\n    healthCheckPath: /h\n    envVars:\n      - key: A\n        sync: false\n      - key: B\n        value: c\n",
        );
        assert_eq!(
            told(&render(&file, 5)),
            "Health(\"/h\"); start npm run x; Required(\"A\")"
        );
        let file = source(
            "railway.json",
            r#"{"deploy": {"startCommand": "a b", "healthcheckPath": "/up"}}"#,
        );
        assert_eq!(told(&builders(&file, 5)), "Health(\"/up\"); start a b");
        let file = source(
            "app.json",
            r#"{"env": {"A": {"description": "x"}, "B": {"required": false}, "C": "d"}}"#,
        );
        assert_eq!(told(&app_json(&file, 5)), "Required(\"A\")");
    }
}
