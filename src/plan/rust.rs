use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::go::port;
use super::health::health;
use super::packages::Row;
use super::resolver::{Failure, Resolver};
use super::{CopyStep, Details, LanguagePlan, Pair};
use crate::diag::Diagnostic;
use crate::facts::{Command, Confidence, Evidence, Kind, Slot};
use crate::lang::rust::RustModel;
use crate::repo::RelPath;

/// What the Rust templates know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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

#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct StandIns {
    pub folders: Vec<String>,
    pub libraries: Vec<String>,
    /// The program that is built.
    pub main: String,
    /// Build scripts, and other programs that cargo looks for.
    pub mains: Vec<String>,
    /// A lint refuses what has no documentation.
    pub documented: bool,
}

/// What distroless `cc` holds beyond a static image.
/// Source: GoogleContainerTools/distroless, `cc` and `base` of Debian 13.
const DISTROLESS: &[&str] = &[
    "ca-certificates",
    "libc6",
    "libgcc-s1",
    "libgomp1",
    "libssl3",
    "libssl3t64",
    "libstdc++6",
    "libzstd1",
    "tzdata",
    "zlib1g",
];

/// Tools that a build needs, by their names in Debian and in Alpine. Libraries are not here: a
/// static program would need static ones.
const ALPINE: &[(&str, &str)] = &[
    ("clang", "clang"),
    ("cmake", "cmake"),
    ("g++", "g++"),
    ("git", "git"),
    ("libclang-dev", "clang-dev"),
    ("make", "make"),
    ("protobuf-compiler", "protobuf-dev"),
    ("tini", "tini-static"),
];

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
    if let Some(found) = facts.extra.get("loopback").and_then(Slot::best) {
        let mut because = found.evidence.clone();
        because.why = format!(
            "{}, and nothing outside the container reaches that",
            because.why
        );
        resolver.decide("address", "loopback", Confidence::Guess, because);
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

/// The rows for system packages that the program's crates need, each with its reason.
fn packages<'a>(resolver: &mut Resolver<'a>, model: &RustModel) -> Vec<&'a Row> {
    let table = resolver.packages;
    let names = model.crates.iter().map(String::as_str);
    let rows: Vec<&Row> = table
        .needed("rust", names)
        .into_iter()
        .filter(|row| {
            let bundled = row
                .dependency
                .iter()
                .any(|name| model.bundled.contains(name));
            // With a lock file, what is bundled shows in it; a feature alone may be another crate's.
            let asked = !model.locked
                && row
                    .unless_features
                    .iter()
                    .any(|feature| model.features.contains(feature));
            !bundled && !asked
        })
        .collect();
    for row in &rows {
        let packages = [row.build(None), row.run(None)].concat().join(" ");
        let crates = row
            .dependency
            .iter()
            .filter(|name| model.crates.contains(*name))
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        let because = Evidence::rule("rust/native", format!("the crate {crates} needs them"));
        resolver.decide("packages", packages, Confidence::Likely, because);
    }
    rows
}

fn base(
    resolver: &mut Resolver<'_>,
    build_packages: &[String],
    run_packages: &[String],
) -> Result<&'static str, Failure> {
    let missing: Vec<&String> = run_packages
        .iter()
        .filter(|name| !DISTROLESS.contains(&name.as_str()))
        .collect();
    let library = build_packages
        .iter()
        .find(|name| ALPINE.iter().all(|(debian, _)| debian != name))
        .cloned();
    let (mut possible, because) = match missing.first() {
        Some(library) => (
            vec!["slim"],
            Evidence::rule(
                "rust/library",
                format!("the program needs {library}, which distroless does not have"),
            ),
        ),
        None => (
            vec!["distroless", "slim"],
            Evidence::rule(
                "rust/glibc",
                "the program needs glibc and libgcc, and nothing else of a system",
            ),
        ),
    };
    if missing.is_empty() && library.is_none() {
        possible.extend(["static", "scratch", "alpine"]);
    }
    let missing = missing.first().map(ToString::to_string);
    let chosen = resolver.base(&possible, because, |_| match (&missing, &library) {
        (Some(name), _) => format!("the program needs {name}, which only Debian has here"),
        (None, Some(name)) => {
            format!("the build needs Debian's {name}, and there is no static one")
        }
        (None, None) => "there is no such image for Rust".to_owned(),
    })?;
    Ok(chosen)
}

/// Rust programs ignore SIGTERM as PID 1 unless they handle it, so an init passes it on. A program
/// that waits for Ctrl-C is stopped by that signal.
fn init(resolver: &mut Resolver<'_>, musl: bool) -> (Option<String>, Option<String>) {
    let extra = &resolver.component.facts.extra;
    if let Some(found) = extra.get("sigterm").and_then(Slot::best).cloned() {
        resolver.decide("init", "none", found.confidence, found.evidence);
        return (None, None);
    }
    let interrupt = extra.get("sigint").and_then(Slot::best).cloned();
    let because = Evidence::rule(
        "rust/init",
        "no handler of SIGTERM was seen, and as PID 1 a program without one ignores it",
    );
    resolver.decide("init", "tini", Confidence::Likely, because);
    let path = if musl {
        "/sbin/tini-static"
    } else {
        "/usr/bin/tini-static"
    };
    let signal = interrupt.map(|found| {
        resolver.decide("stop-signal", "SIGINT", found.confidence, found.evidence);
        "SIGINT".to_owned()
    });
    (Some(path.to_owned()), signal)
}

fn alpine_names(debian: &[String]) -> Vec<String> {
    debian
        .iter()
        .filter_map(|name| ALPINE.iter().find(|(own, _)| own == name))
        .map(|(_, alpine)| (*alpine).to_owned())
        .collect()
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

/// One COPY of all manifests, which keeps their folders where there are several, and one for each
/// folder of sources that crates need.
fn manifests(model: &RustModel, root: &RelPath, top: &str) -> (Vec<CopyStep>, bool) {
    let parents = model
        .manifests
        .iter()
        .any(|path| path.parent().as_ref() != Some(root));
    // `/./` marks where the kept part of a path begins.
    let from = |path: &RelPath| match path.below(root) {
        Some(below) if parents && !root.is_root() => format!("{root}/./{below}"),
        _ => path.to_string(),
    };
    let mut steps = vec![CopyStep {
        from: model.manifests.iter().map(from).collect(),
        to: top.to_owned(),
    }];
    for folder in &model.sources {
        let below = folder.below(root).unwrap_or_default();
        let base = top.trim_start_matches("./");
        steps.push(CopyStep {
            from: vec![folder.to_string()],
            to: format!("{base}{below}/"),
        });
    }
    (steps, parents)
}

fn stand_ins(model: &RustModel, main: &RelPath) -> StandIns {
    let seen = |path: &RelPath| seen_from(&model.cargo_dir, path);
    let mains: Vec<&RelPath> = model.mains.iter().filter(|path| *path != main).collect();
    let mut folders: Vec<String> = model
        .libraries
        .iter()
        .chain(mains.iter().copied())
        .chain([main])
        .filter_map(RelPath::parent)
        .filter(|dir| *dir != model.cargo_dir)
        .map(|dir| seen(&dir))
        .collect();
    if folders.is_empty() {
        folders.push(".".to_owned());
    }
    folders.sort();
    folders.dedup();
    StandIns {
        folders,
        libraries: model.libraries.iter().map(seen).collect(),
        main: seen(main),
        mains: mains.into_iter().map(seen).collect(),
        documented: model.documented,
    }
}

/// A path as seen from a folder, with `..` where it is not below it.
fn seen_from(dir: &RelPath, path: &RelPath) -> String {
    let shared = dir
        .parts()
        .zip(path.parts())
        .take_while(|(left, right)| left == right)
        .count();
    let up = std::iter::repeat_n("..", dir.depth() - shared);
    up.chain(path.parts().skip(shared))
        .collect::<Vec<_>>()
        .join("/")
}

fn inside(dir: &str, below: &RelPath) -> String {
    if below.is_root() {
        dir.to_owned()
    } else {
        format!("{dir}/{below}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_a_folder() {
        let path = |text: &str| RelPath::new(text).unwrap();
        assert_eq!(seen_from(&path(""), &path("src/main.rs")), "src/main.rs");
        assert_eq!(seen_from(&path("api"), &path("api/build.rs")), "build.rs");
        assert_eq!(
            seen_from(&path("a/b"), &path("a/lib/src/lib.rs")),
            "../lib/src/lib.rs"
        );
    }
}
