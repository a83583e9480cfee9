//! What the program needs of a system: packages, the base that has them, an init.

use crate::facts::{Confidence, Evidence};
use crate::lang::rust::RustModel;
use crate::plan::packages::Row;
use crate::plan::{Failure, Resolver};

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

/// The rows for system packages that the program's crates need, each with its reason.
pub(super) fn packages<'a>(resolver: &mut Resolver<'a>, model: &RustModel) -> Vec<&'a Row> {
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

pub(super) fn base(
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
pub(super) fn init(resolver: &mut Resolver<'_>, musl: bool) -> (Option<String>, Option<String>) {
    let facts = &resolver.component.facts;
    let handled = facts.handles_sigterm.best().cloned();
    if let Some(found) = handled.filter(|found| found.value) {
        resolver.decide("init", "none", found.confidence, found.evidence);
        return (None, None);
    }
    let interrupt = facts.own.flag("sigint");
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

pub(super) fn alpine_names(debian: &[String]) -> Vec<String> {
    debian
        .iter()
        .filter_map(|name| ALPINE.iter().find(|(own, _)| own == name))
        .map(|(_, alpine)| (*alpine).to_owned())
        .collect()
}
