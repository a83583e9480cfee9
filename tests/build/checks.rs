//! What an image is, before it runs: its configuration, its files, its size.

use libtest_mimic::Trial;
use regex::{Regex, RegexSet};
use serde_json::Value;

use crate::engine::Image;
use crate::example;

/// Base images bring their own variables (`GPG_KEY`), so a bare KEY is no secret.
const SECRET: &str =
    r"(?i)secret|token|passw|credential|(api|access|private|encryption|master)_?key\b";

/// Files, by the end of their path where it matters, that have no place in a last stage.
const LEFTOVERS: [&str; 4] = [
    // Compilers and toolchains.
    r"(^|/)s?bin/(\S+-)?(gcc|g\+\+|cc|c\+\+|clang|javac|rustc|cargo|rustup)(-[\d.]+)?$|/cc1(plus)?$|^usr/local/go/.|^usr/local/rustup/.",
    // Caches of package managers; an empty folder is none.
    r"(^|/)(root|home/[^/]+)/(\.cache|\.npm|\.m2|\.gradle|\.nuget|\.cargo/registry|\.bun/install)/(.*/)?[^/]+$|^usr/local/cargo/registry/.|(^|/)go/pkg/mod/.|(^|/)\.m2/repository/.|^var/cache/apt/.*\.(deb|bin)$|^var/lib/apt/lists/(.*/)?([^/]*_[^/]+)$",
    // History.
    r"(^|/)\.git/",
    // Files of secrets.
    r"(^|/)\.env(\.(local|production|development)(\.local)?)?$",
];

/// Looks at user, command, health check and variables; says who runs what.
pub(crate) fn configuration(image: &Image, expected: &example::Image) -> Result<String, String> {
    let config = image.inspect()?["Config"].take();
    let faults = configuration_faults(&config, expected.healthy, expected.shell);
    if !faults.is_empty() {
        return Err(faults.join("\n"));
    }
    Ok(format!(
        "user {}",
        config["User"].as_str().unwrap_or_default()
    ))
}

fn configuration_faults(config: &Value, healthy: bool, shell: bool) -> Vec<String> {
    let mut faults = Vec::new();

    let user = config["User"].as_str().unwrap_or_default();
    let id = user.split(':').next().unwrap_or_default();
    if !id.parse::<u32>().is_ok_and(|id| id != 0) {
        faults.push(format!(
            "USER is {user:?}, not the number of an ordinary user"
        ));
    }

    let command = command(config);
    if command.is_empty() {
        faults.push("there is neither ENTRYPOINT nor CMD".to_owned());
    }
    let starts_shell = command.get(1).is_some_and(|arg| arg == "-c")
        && command
            .first()
            .is_some_and(|program| program.ends_with("sh"));
    if starts_shell && !shell {
        faults.push(format!("a shell starts the app: {command:?}"));
    }

    let check = config["Healthcheck"]["Test"][0].as_str();
    let checked = check.is_some_and(|kind| kind != "NONE");
    if checked != healthy {
        faults.push(format!(
            "HEALTHCHECK is {}",
            if checked { "there" } else { "missing" }
        ));
    }

    let variables = strings(&config["Env"]);
    let names = variables
        .iter()
        .map(|pair| pair.split('=').next().unwrap_or_default());
    match Regex::new(SECRET) {
        Ok(secret) => faults.extend(
            names
                .filter(|name| secret.is_match(name))
                .map(|name| format!("ENV {name} looks like a secret")),
        ),
        Err(error) => faults.push(error.to_string()),
    }
    faults
}

/// ENTRYPOINT and CMD as they are started.
fn command(config: &Value) -> Vec<String> {
    [strings(&config["Entrypoint"]), strings(&config["Cmd"])].concat()
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The first port that the image says it listens on.
pub(crate) fn exposed_port(image: &Image) -> Result<Option<u16>, String> {
    let inspected = image.inspect()?;
    let ports = inspected["Config"]["ExposedPorts"].as_object();
    Ok(ports
        .and_then(|ports| ports.keys().next())
        .and_then(|port| port.split('/').next()?.parse().ok()))
}

pub(crate) fn leftovers(image: &Image, expected: &example::Image) -> Result<(), String> {
    let names = image.create()?.file_names()?;
    let found = leftover_names(&names, &expected.absent)?;
    if found.is_empty() {
        return Ok(());
    }
    let shown: Vec<&str> = found.iter().take(10).map(String::as_str).collect();
    Err(format!(
        "{} files have no place in the image:\n{}",
        found.len(),
        shown.join("\n")
    ))
}

fn leftover_names(names: &[String], absent: &[String]) -> Result<Vec<String>, String> {
    let unwanted = RegexSet::new(LEFTOVERS).map_err(|error| error.to_string())?;
    Ok(names
        .iter()
        .filter(|name| {
            unwanted.is_match(name) || absent.iter().any(|part| name.contains(part.as_str()))
        })
        .cloned()
        .collect())
}

/// Holds the image against its limits; says what it weighs.
pub(crate) fn size(image: &Image, expected: &example::Image) -> Result<Vec<String>, String> {
    let inspected = image.inspect()?;
    let whole = inspected["Size"].as_f64().ok_or("the image has no size")? / 1e6;
    let mut figures = vec![format!("{whole:.1} MB")];
    if let Some(limit) = expected.max_mb
        && whole > limit
    {
        return Err(format!("the image has {whole:.1} MB, more than {limit}"));
    }
    if let Some(limit) = expected.binary_plus_mb {
        let started = command(&inspected["Config"]).into_iter().next();
        let path = expected
            .binary
            .clone()
            .or(started)
            .ok_or("no binary to weigh")?;
        let bytes = u32::try_from(image.create()?.file_size(&path)?)
            .map_err(|error| format!("{path}: {error}"))?;
        let rest = whole - f64::from(bytes) / 1e6;
        if rest > limit {
            return Err(format!(
                "beside {path} the image has {rest:.1} MB, more than {limit}"
            ));
        }
        figures.push(format!("{rest:.1} MB beside {path}"));
    }
    Ok(figures)
}

/// The rules above are tried without a builder.
pub(crate) fn trials() -> Vec<Trial> {
    let rule = |name: &str, test: fn() -> Result<(), String>| {
        Trial::test(name, move || Ok(test()?)).with_kind("rule")
    };
    vec![
        rule("configuration", || {
            let good = serde_json::json!({
                "User": "65532:65532", "Entrypoint": ["/api"], "Env": ["GPG_KEY=x", "PORT=1"],
                "Healthcheck": { "Test": ["CMD", "/probe"] },
            });
            let bad = serde_json::json!({
                "User": "root", "Cmd": ["/bin/sh", "-c", "x"], "Env": ["DB_PASSWORD=x"],
                "Healthcheck": { "Test": ["NONE"] },
            });
            let none = configuration_faults(&good, true, false);
            let four = configuration_faults(&bad, true, false);
            (none.is_empty() && four.len() == 4)
                .then_some(())
                .ok_or(format!("{none:?} {four:?}"))
        }),
        rule("leftovers", || {
            let bad = [
                "usr/bin/x86_64-linux-gnu-gcc-14",
                "usr/bin/cc",
                "usr/libexec/gcc/x86_64-linux-gnu/14/cc1",
                "usr/local/go/bin/go",
                "root/.cache/uv/x",
                "root/.npm/_cacache/x",
                "go/pkg/mod/cache/x",
                "app/.git/HEAD",
                "app/.env",
                "var/lib/apt/lists/deb.example_dists_trixie_InRelease",
                "app/node_modules/typescript/package.json",
            ];
            let good = [
                "usr/bin/node",
                "root/.cache/",
                "app/.envrc.md",
                "app/node_modules/etc/.gitignore",
                "usr/share/doc/gcc-14-base/copyright",
                "var/lib/apt/lists/partial/",
                "var/lib/apt/lists/lock",
                "usr/lib/python3/rustc.py",
            ];
            let names: Vec<String> = bad.iter().chain(&good).map(ToString::to_string).collect();
            let found = leftover_names(&names, &["node_modules/typescript".to_owned()])?;
            (found == bad)
                .then_some(())
                .ok_or(format!("found {found:?}"))
        }),
    ]
}
