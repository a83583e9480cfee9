//! Rust: one step compiles the dependencies, the next one the program.

mod layout;
mod system;

use serde::Serialize;

use crate::diag::Diagnostic;
use crate::facts::{Command, Confidence, Evidence, Kind};
use crate::lang::rust::RustModel;
use crate::plan::health::probed;
use crate::plan::{
    Copy, CopyStep, Failure, From, Made, Pair, Port, Resolver, RunStage, Stage, Step, port,
};
use crate::repo::RelPath;
use layout::{StandIns, inside, manifests, stand_ins};
use system::{alpine_names, base, init, packages};

/// What `rust/base.j2` knows.
#[derive(Debug, Serialize)]
struct BaseContext {
    /// Packages of Debian, or of Alpine with `musl`.
    packages: Vec<String>,
    /// The stage is Alpine, where programs become static.
    musl: bool,
}

/// What `rust/build.j2` knows.
#[derive(Debug, Serialize)]
struct BuildContext {
    /// What the dependency step needs from the context, before the sources.
    manifests: Vec<CopyStep>,
    /// Files that other components build for the compiler.
    assets: Vec<Copy>,
    /// The folder of the context that is built.
    project: RelPath,
    build_env: Vec<Pair>,
    /// Where cargo runs in the build stage: the work folder or one below it.
    cargo_dir: String,
    /// The work folder's root as COPY names it from there.
    top: String,
    /// Arguments of `cargo build`, of which both steps must have the same.
    flags: Vec<String>,
    /// Builds the program: cargo with those arguments, or the user's own command.
    build: Command,
    /// Crates are fetched, so that a step of its own compiles them.
    dependencies: bool,
    /// Crates come from a registry or from git, not from a folder of the repository.
    registry: bool,
    /// The first of the manifests' COPY keeps their folders.
    parents: bool,
    /// What stands in for the sources while dependencies are compiled, relative to `cargo_dir`.
    stand_ins: StandIns,
    /// Arguments of `cargo clean` that remove what came of the stand-ins.
    clean: Vec<String>,
    /// The toolchain file that is left out, because the image is that toolchain: its name, and
    /// whether it stands below the project's root.
    without: Option<String>,
    without_below: bool,
    /// The toolchain file that rustup installs from, relative to the build context.
    rustup: Option<String>,
}

pub(super) fn plan(resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
    let component = resolver.component;
    let Some(model) = component.model.get::<RustModel>() else {
        return Err(resolver.foreign());
    };
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
    let slim = resolver.image("rust", &line, "slim")?;
    let mut build_packages: Vec<String> = Vec::new();
    let mut run_packages: Vec<String> = Vec::new();
    for row in &rows {
        build_packages.extend_from_slice(row.build(build_image.release.as_deref()));
        run_packages.extend_from_slice(row.run(slim.release.as_deref()));
    }
    build_packages.extend(model.config.packages.iter().map(|&name| name.to_owned()));
    run_packages.extend(facts.run_packages.iter().map(|found| found.value.clone()));

    let base = base(resolver, &build_packages, &run_packages)?;
    let musl = matches!(base, "static" | "scratch" | "alpine");
    let (build, run_image) = if musl {
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
    let health = probed(resolver, kind, port)?;

    let name = match binary.name.as_str() {
        taken @ ("probe" | "tini") => format!("{taken}-app"),
        name => name.to_owned(),
    };
    let program = format!("/usr/local/bin/{name}");
    let (mut entrypoint, cmd) = start(resolver, &program, &binary.name, run_image.shell)?;
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
    let below = model.cargo_dir.below(root).unwrap_or_default();
    let cargo_dir = inside(BUILD_DIR, &below);
    let triple = model.config.target.as_deref().filter(|_| !musl);
    let folder = match triple {
        Some(triple) => format!("{cargo_dir}/target/{triple}/release"),
        None => format!("{cargo_dir}/target/release"),
    };
    let top = if below.is_root() {
        "./".to_owned()
    } else {
        format!("{BUILD_DIR}/")
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
    let mut run = RunStage::new(run_image, "/app", health);
    if run.base.user.is_none() {
        "65532:65532".clone_into(&mut run.user);
    }
    let base_context = BaseContext {
        packages: resolver.build_packages(build_packages),
        musl,
    };
    let build_context = BuildContext {
        manifests: manifests.clone(),
        project: root.clone(),
        assets: resolver.embedded(BUILD_DIR),
        build_env: resolver.build_env(build_env(model)),
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
    };
    let from_base = || From::Stage("base".to_owned());
    let mut stages = vec![
        Stage::new("base", From::Image(build), "rust/base.j2", &base_context),
        Stage::new(
            "build",
            from_base(),
            resolver.template("rust/build.j2"),
            &build_context,
        ),
    ];
    if base == "scratch" {
        let certificates = "/etc/ssl/certs/ca-certificates.crt";
        let copy = Copy::stage("build", certificates, "/etc/ssl/certs/");
        run.steps.push(copy.into());
    }
    if !run.health.command.is_empty() {
        stages.push(Stage::new("probe", from_base(), "rust/probe.j2", &()));
        let copy = Copy::stage("probe", "/probe/probe", "/usr/local/bin/");
        run.steps.push(copy.into());
    }
    if let Some(init) = &init {
        let why = "As PID 1 the program would ignore SIGTERM, for which it has no handler.";
        let copy = Copy::stage("build", init, "/usr/local/bin/tini").because(why);
        run.steps.push(copy.into());
    }
    let compiled = format!("{folder}/{}", binary.name);
    let copy = Copy::stage("build", compiled, format!("/usr/local/bin/{name}"));
    run.steps.push(copy.into());
    run.steps.extend(facts.artifacts.iter().map(|found| {
        let from = format!("{BUILD_DIR}/{}", found.value.from);
        Step::Copy(Copy::stage("build", from, &found.value.to))
    }));
    run.packages = run_packages;
    run.ports.extend(port.map(Port::tcp));
    run.entrypoint = entrypoint;
    run.cmd = cmd;
    run.stop_signal = stop_signal;
    let mut made = Made::new(stages, run, &manifests, BUILD_DIR);
    made.needed.extend(build_context.rustup);
    Ok(made)
}

/// The work folder of the build stage.
const BUILD_DIR: &str = "/app";

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
