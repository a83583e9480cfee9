//! Rust: one step compiles the dependencies, the next one the program.

mod layout;
mod system;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::go::port;
use super::health::health;
use super::resolver::{Failure, Resolver};
use super::{Details, LanguagePlan, Pair};
use crate::diag::Diagnostic;
use crate::facts::{Command, Confidence, Evidence, Kind};
use crate::lang::rust::RustModel;
use layout::{StandIns, inside, manifests, stand_ins};
use system::{alpine_names, base, init, packages};

/// What the Rust templates know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each answers one question of the template"
)]
pub struct RustDetails {
    /// The program's file name in the image.
    pub binary: String,
    /// Where cargo runs in the build stage: the work folder or one below it.
    pub cargo_dir: String,
    /// The work folder's root as COPY names it from there.
    pub top: String,
    /// Where the build stage has the program.
    pub built: String,
    /// Arguments of `cargo build`, of which both steps must have the same.
    pub flags: Vec<String>,
    /// Builds the program: cargo with those arguments, or the user's own command.
    pub build: Command,
    /// Crates are fetched, so that a step of its own compiles them.
    pub dependencies: bool,
    /// Crates come from a registry or from git, not from a folder of the repository.
    pub registry: bool,
    /// The first of the manifests' COPY keeps their folders.
    pub parents: bool,
    /// What stands in for the sources while dependencies are compiled, relative to `cargo_dir`.
    pub stand_ins: StandIns,
    /// Arguments of `cargo clean` that remove what came of the stand-ins.
    pub clean: Vec<String>,
    /// The toolchain file that is left out, because the image is that toolchain: its name, and
    /// whether it stands below the project's root.
    pub without: Option<String>,
    pub without_below: bool,
    /// The toolchain file that rustup installs from, relative to the build context.
    pub rustup: Option<String>,
    /// The image starts from nothing and brings certificates itself.
    pub scratch: bool,
    /// The build stage is Alpine, where programs become static.
    pub musl: bool,
    /// Where the build stage has the init; absent when the program ends on SIGTERM by itself.
    pub init: Option<String>,
}

pub(super) fn plan(
    resolver: &mut Resolver<'_>,
    model: &RustModel,
    kind: Kind,
) -> Result<LanguagePlan, Failure> {
    let component = resolver.component;
    let facts = &component.facts;
    let line = resolver.runtime("rust")?;
    let main = resolver.choose("main", &facts.main, |text| {
        let known = model.binaries.iter().any(|binary| binary.name == text);
        known.then(|| text.to_owned())
    })?;
    let Some(binary) = main.and_then(|main| {
        model
            .binaries
            .iter()
            .find(|binary| binary.name == main.value)
    }) else {
        return Err(resolver.needs("main", "no program was found", &[]));
    };

    let build_image = resolver.image("rust", &line, "build")?;
    let rows = packages(resolver, model);
    let run_image = resolver.image("rust", &line, "slim")?;
    let mut build_packages: Vec<String> = Vec::new();
    let mut run_packages: Vec<String> = Vec::new();
    for row in &rows {
        build_packages.extend_from_slice(row.build(build_image.release.as_deref()));
        run_packages.extend_from_slice(row.run(run_image.release.as_deref()));
    }
    build_packages.extend(model.config.packages.iter().map(|&name| name.to_owned()));
    run_packages.extend(facts.run_packages.iter().map(|found| found.value.clone()));

    let base = base(resolver, &build_packages, &run_packages)?;
    let musl = matches!(base, "static" | "scratch" | "alpine");
    let (build, run) = if musl {
        let role = if base == "static" {
            "distroless-static"
        } else {
            base
        };
        (
            resolver.image("rust", &line, "build-alpine")?,
            resolver.image("rust", &line, role)?,
        )
    } else {
        (build_image, resolver.image("rust", &line, base)?)
    };
    if base == "slim" {
        run_packages.push("ca-certificates".to_owned());
    } else {
        run_packages.clear();
    }

    let (init, stop_signal) = init(resolver, musl);
    if init.is_some() {
        build_packages.push("tini".to_owned());
    }
    if musl {
        build_packages = alpine_names(&build_packages);
    }

    let port = port(resolver, kind, 8080)?;
    let health = health(resolver, kind, port, |path| {
        let port = match facts.port_variable.value() {
            Some(name) => name.clone(),
            None => port.unwrap_or_default().to_string(),
        };
        let mut command = vec!["/usr/local/bin/probe".to_owned(), port];
        command.extend(path.map(str::to_owned));
        command
    })?;

    let name = match binary.name.as_str() {
        taken @ ("probe" | "tini") => format!("{taken}-app"),
        name => name.to_owned(),
    };
    let program = format!("/usr/local/bin/{name}");
    let (mut entrypoint, cmd) = start(resolver, &program, &binary.name, run.shell)?;
    if init.is_some() {
        entrypoint.splice(0..0, ["/usr/local/bin/tini".to_owned(), "--".to_owned()]);
    }
    let build_command =
        resolver.choose("build", &facts.build, |text| Some(Command::parse(text)))?;
    if !model.locked {
        let why = "there is no Cargo.lock: each build takes the newest versions that fit";
        let because = Evidence::rule("rust/no-lock", why);
        resolver.decide("lock", "none", Confidence::Likely, because);
    }

    let flags = flags(model, &binary.name, &binary.features);
    let root = &component.root;
    let build_dir = "/app";
    let below = model.cargo_dir.below(root).unwrap_or_default();
    let cargo_dir = inside(build_dir, &below);
    let triple = model.config.target.as_deref().filter(|_| !musl);
    let folder = match triple {
        Some(triple) => format!("{cargo_dir}/target/{triple}/release"),
        None => format!("{cargo_dir}/target/release"),
    };
    let top = if below.is_root() {
        "./".to_owned()
    } else {
        format!("{build_dir}/")
    };
    let (manifests, parents) = manifests(model, root, &top);
    let by_rustup = model.toolchain.as_ref().filter(|file| file.by_rustup);
    let by_image = model.toolchain.as_ref().filter(|file| !file.by_rustup);
    if let Some(file) = by_rustup {
        let chosen = format!("{} by rustup", file.channel);
        resolver.decide(
            "toolchain",
            chosen,
            Confidence::Certain,
            file.evidence.clone(),
        );
    }
    Ok(LanguagePlan {
        template: "rust/base.Dockerfile.j2",
        image: BTreeMap::from([("build".to_owned(), build), ("run".to_owned(), run.clone())]),
        env: Vec::new(),
        build_env: build_env(model),
        build_packages,
        run_packages,
        manifests,
        build_dir: build_dir.to_owned(),
        workdir: "/app".to_owned(),
        user: run.user.unwrap_or_else(|| "65532:65532".to_owned()),
        port,
        health,
        entrypoint,
        cmd,
        stop_signal,
        details: Details::Rust(RustDetails {
            built: format!("{folder}/{}", binary.name),
            binary: name,
            cargo_dir,
            top,
            build: match build_command {
                Some(found) => found.value,
                None => Command::exec(
                    ["cargo", "build"]
                        .into_iter()
                        .chain(flags.iter().map(String::as_str)),
                ),
            },
            flags,
            dependencies: model.fetches,
            registry: model.fetches && model.config.vendor.is_none(),
            parents,
            stand_ins: stand_ins(model, &component.dir.join(binary.path.as_str())),
            clean: model
                .local
                .iter()
                .flat_map(|name| ["--package".to_owned(), name.clone()])
                .collect(),
            without: by_image.map(|file| file.path.name().to_owned()),
            without_below: by_image.is_some_and(|file| file.path.parent().as_ref() != Some(root)),
            rustup: by_rustup.map(|file| file.path.to_string()),
            scratch: base == "scratch",
            musl,
            init,
        }),
    })
}

/// Entrypoint and arguments: the program alone, or the start command of a setting or a detector.
fn start(
    resolver: &mut Resolver<'_>,
    program: &str,
    binary: &str,
    shell: bool,
) -> Result<(Vec<String>, Vec<String>), Failure> {
    let slot = &resolver.component.facts.start;
    let found = resolver.choose("start", slot, |text| Some(Command::parse(text)))?;
    match found.map(|found| found.value) {
        None => Ok((vec![program.to_owned()], Vec::new())),
        Some(Command::Exec(words)) => {
            let first = words.first().map_or("", String::as_str);
            if first.rsplit('/').next() == Some(binary) {
                Ok((
                    vec![program.to_owned()],
                    words.into_iter().skip(1).collect(),
                ))
            } else {
                Ok((words, Vec::new()))
            }
        }
        Some(Command::Shell(text)) if shell => Ok((
            vec!["/bin/sh".to_owned(), "-c".to_owned(), text],
            Vec::new(),
        )),
        Some(Command::Shell(text)) => Err(Diagnostic::error(
            "impossible-start",
            format!("the start command `{text}` needs a shell, which the image does not have"),
        )
        .with_help("give a command without a shell, or --base slim")
        .into()),
    }
}

fn build_env(model: &RustModel) -> Vec<Pair> {
    let mut env = Vec::new();
    let mut add = |name: &str, value: &str| {
        env.push(Pair {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    };
    if model.config.target_dir {
        add("CARGO_TARGET_DIR", "target");
    }
    if model.config.wrapper {
        add("RUSTC_WRAPPER", "");
    }
    if model.sqlx.is_some() {
        add("SQLX_OFFLINE", "true");
    }
    env
}

fn flags(model: &RustModel, binary: &str, features: &[String]) -> Vec<String> {
    let mut flags = vec!["--release".to_owned()];
    let mut add = |words: &[&str]| flags.extend(words.iter().map(|&word| word.to_owned()));
    if model.locked {
        add(&["--locked"]);
    }
    if model.workspace {
        add(&["--package", &model.package]);
    }
    add(&["--bin", binary]);
    if !features.is_empty() {
        add(&["--features", &features.join(",")]);
    }
    flags
}
