use super::*;
use crate::parse::version::Constraint;
use crate::repo::RelPath;

const FILE: &str = include_str!("../../../detectors/images.toml");

fn source(text: &str) -> Source {
    Source::new(RelPath::new("detectors/images.toml").unwrap(), text)
}

fn catalogue() -> Catalogue {
    Catalogue::parse(&source(FILE)).unwrap_or_else(|problem| panic!("{problem:?}"))
}

fn chosen(catalogue: &Catalogue, runtime: &str, constraint: &Constraint) -> String {
    match catalogue.choose(runtime, constraint) {
        Ok(line) => line.version.to_string(),
        Err(problem) => problem.code.to_owned(),
    }
}

#[test]
fn constraints_choose_lines() {
    let catalogue = catalogue();
    let (node, python) = (Constraint::node, Constraint::python);
    let (at_least, exact, line) = (Constraint::at_least, Constraint::exact, Constraint::line);
    for (runtime, constraint, expected) in [
        ("node", Some(Constraint::Any), "26"),
        ("node", node(">=18"), "26"),
        ("node", node("*"), "26"),
        ("node", node(">=18 <23"), "22"),
        ("node", node("^20"), "20"),
        ("node", node("^20 || ^21"), "20"),
        ("node", node("20.x || 22.x"), "22"),
        ("node", node(">=23 <25"), "24"),
        ("node", node("23"), "23"),
        ("node", node("22.2.0"), "22"),
        ("node", node("lts/*"), "26"),
        ("node", node("lts/krypton"), "24"),
        ("node", node("lts/jod"), "22"),
        ("node", node("lts/zinc"), "no-image-line"),
        ("node", node("current"), "26"),
        // A patch newer than the catalogue knows is not an error.
        ("node", node("~24.99"), "24"),
        ("node", node(">=99"), "no-image-line"),
        ("python", Some(Constraint::Any), "3.14"),
        ("python", python(">=3.11"), "3.14"),
        ("python", python(">=3.15"), "3.15"),
        ("python", python(">=3.11,<3.13"), "3.12"),
        ("python", python("<3.12"), "3.11"),
        // python:3.12 holds 3.12.16, which `<=3.12` refuses.
        ("python", python(">=3.11,<=3.12"), "3.11"),
        ("python", python("3.9.*"), "3.9"),
        ("python", python("==3.12.4"), "3.12"),
        ("python", line("3"), "3.14"),
        ("python", exact("3.13.2"), "3.13"),
        ("go", Some(Constraint::Any), "1.27"),
        ("go", at_least("1.21"), "1.27"),
        ("go", at_least("1.27.9"), "1.27"),
        ("go", at_least("1.28"), "no-image-line"),
        ("go", exact("1.25.3"), "1.25"),
        ("java", Some(Constraint::Any), "25"),
        ("java", line("17"), "17"),
        ("java", exact("17.0.12"), "17"),
        ("java", line("8"), "8"),
        ("java", line("9"), "11"),
        ("java", line("22"), "25"),
        ("java", line("26"), "26"),
        ("java", line("27"), "no-image-line"),
        ("java", at_least("11"), "25"),
        ("rust", Some(Constraint::Any), "1"),
        ("rust", line("1"), "1"),
        ("rust", at_least("1.85"), "1"),
        ("rust", exact("1.75.0"), "1.75"),
        ("rust", exact("1.100"), "1.100"),
        ("rust", exact("1.30"), "1"),
        ("dotnet", line("10"), "10.0"),
        ("dotnet", line("8.0"), "8.0"),
        ("ruby", line("3"), "3.4"),
        ("cobol", Some(Constraint::Any), "unknown-runtime"),
    ] {
        let constraint = constraint.unwrap();
        assert_eq!(
            chosen(&catalogue, runtime, &constraint),
            expected,
            "{runtime} {constraint}"
        );
    }
}

#[test]
fn roles_have_images() {
    let catalogue = catalogue();
    for (runtime, line, role, expected) in [
        ("go", "1.27", "build", "golang:1.27-trixie"),
        ("go", "1.23", "build", "golang:1.23-bookworm"),
        (
            "go",
            "1.27",
            "distroless",
            "gcr.io/distroless/static-debian13:nonroot",
        ),
        ("go", "1.27", "scratch", "scratch"),
        ("node", "26", "build", "node:26-trixie-slim"),
        (
            "node",
            "24",
            "distroless",
            "gcr.io/distroless/nodejs24-debian13:nonroot",
        ),
        ("node", "20", "distroless", ""),
        ("node", "20", "slim", "node:20-trixie-slim"),
        ("node", "18", "slim", "node:18-bookworm-slim"),
        ("node", "24", "full", "node:24-trixie"),
        ("node", "24", "alpine", "node:24-alpine3.24"),
        ("node", "18", "alpine", "node:18-alpine"),
        ("python", "3.14", "slim", "python:3.14-slim-trixie"),
        (
            "python",
            "3.13",
            "distroless",
            "gcr.io/distroless/python3-debian13:nonroot",
        ),
        ("python", "3.14", "distroless", ""),
        ("python", "3.15", "alpine", ""),
        ("java", "25", "build-maven", "maven:3.9-eclipse-temurin-25"),
        ("java", "21", "build-gradle", "gradle:9-jdk21"),
        ("java", "11", "build-gradle", "gradle:8-jdk11"),
        ("java", "8", "build", "eclipse-temurin:8-jdk"),
        (
            "java",
            "17",
            "distroless",
            "gcr.io/distroless/java17-debian13:nonroot",
        ),
        ("java", "11", "distroless", ""),
        ("java", "17", "slim", "eclipse-temurin:17-jre"),
        ("rust", "1", "build", "rust:1-slim-trixie"),
        ("rust", "1.92", "build", "rust:1.92-slim-trixie"),
        ("rust", "1.75", "build", "rust:1.75-slim-bookworm"),
        ("rust", "1.60", "build", "rust:1.60-slim-bullseye"),
        ("rust", "1.75", "build-alpine", "rust:1.75-alpine"),
        ("nginx", "1.30", "slim", "nginxinc/nginx-unprivileged:1.30"),
        ("uv", "0.13", "build", "ghcr.io/astral-sh/uv:0.13"),
        ("busybox", "1.37", "slim", "busybox:1.37-uclibc"),
        ("deno", "2.9", "slim", "denoland/deno:debian-2.9.6"),
        ("bun", "1.4", "slim", "oven/bun:1.4-slim"),
        ("debian", "13", "slim", "debian:trixie-slim"),
        ("go", "1.27", "no-such-role", ""),
    ] {
        let line = catalogue
            .choose(runtime, &Constraint::line(line).unwrap())
            .unwrap();
        let image = catalogue.image(runtime, &line, role);
        let reference = image.map(|image| image.reference).unwrap_or_default();
        assert_eq!(reference, expected, "{runtime} {} {role}", line.version);
    }
}

#[test]
fn a_pinned_version_gets_the_tag_that_was_published() {
    let catalogue = catalogue();
    for (runtime, version, role, expected, exact) in [
        ("node", "22.2.0", "slim", "node:22.2.0-bookworm-slim", true),
        ("node", "22.23.3", "slim", "node:22.23.3-trixie-slim", true),
        ("node", "20.0.0", "slim", "node:20.0.0-bullseye-slim", true),
        ("node", "22.2.0", "alpine", "node:22.2.0-alpine", true),
        (
            "node",
            "22.2.0",
            "distroless",
            "gcr.io/distroless/nodejs22-debian13:nonroot",
            false,
        ),
        ("node", "22", "slim", "node:22-trixie-slim", false),
        (
            "python",
            "3.12.4",
            "slim",
            "python:3.12.4-slim-bookworm",
            true,
        ),
        ("go", "1.24.6", "build", "golang:1.24.6-trixie", true),
        ("rust", "1.75.0", "build", "rust:1.75.0-slim-bookworm", true),
        ("java", "21.0.5", "build", "eclipse-temurin:21-jdk", false),
        ("deno", "2.9.1", "slim", "denoland/deno:debian-2.9.1", true),
    ] {
        let line = catalogue
            .pin(runtime, &Version::parse(version).unwrap())
            .unwrap();
        let image = catalogue.image(runtime, &line, role).unwrap();
        assert_eq!(
            (image.reference.as_str(), image.exact),
            (expected, exact),
            "{runtime} {version} {role}"
        );
    }
    assert_eq!(
        catalogue
            .pin("node", &Version::new([99, 1]))
            .unwrap_err()
            .code,
        "no-image-line"
    );
}

#[test]
fn facts_go_with_the_image() {
    let catalogue = catalogue();
    let line = catalogue.choose("node", &Constraint::Any).unwrap();
    let image = catalogue.image("node", &line, "distroless").unwrap();
    assert_eq!(image.user.as_deref(), Some("65532:65532"));
    assert_eq!(image.entrypoint, ["/nodejs/bin/node"]);
    assert!(!image.shell);
    assert_eq!((image.libc, image.release), (Libc::Glibc, None));
    let slim = catalogue.image("node", &line, "slim").unwrap();
    assert_eq!(
        (slim.user.as_deref(), slim.release.as_deref()),
        (Some("1000:1000"), Some("trixie"))
    );
    assert!(catalogue.has_role("node", "alpine") && !catalogue.has_role("node", "scratch"));
}

#[test]
fn ends_are_compared_with_the_callers_day() {
    let catalogue = catalogue();
    let line = |text: &str| {
        catalogue
            .choose("node", &Constraint::line(text).unwrap())
            .unwrap()
    };
    assert!(line("20").eol_before("2026-11-24"));
    assert!(!line("20").eol_before("2026-04-30"));
    assert!(!line("22").eol_before("2026-11-24"));
    assert!(line("22").eol_before("2027-05-01"));
    assert!(!line("22").eol_before("tomorrow"));
    let next = |text: &str| {
        catalogue
            .successor("node", &line(text))
            .map(|line| line.version.to_string())
    };
    assert_eq!(next("18").as_deref(), Some("22"));
    assert_eq!(next("23").as_deref(), Some("24"));
    assert_eq!(next("26"), None);
    let python = catalogue
        .choose("python", &Constraint::line("3.9").unwrap())
        .unwrap();
    assert_eq!(
        catalogue
            .successor("python", &python)
            .unwrap()
            .version
            .to_string(),
        "3.11"
    );
}

#[test]
fn the_table_has_one_default_a_runtime_and_no_latest() {
    let catalogue = catalogue();
    let mut defaults = BTreeMap::new();
    for row in catalogue.runtimes() {
        *defaults.entry(row.runtime).or_insert(0) += usize::from(row.line.default);
        assert!(
            !row.images.is_empty(),
            "{} {}",
            row.runtime,
            row.line.version
        );
        for (role, image) in &row.images {
            let fine = image.reference == "scratch"
                || (image.reference.contains(':') && !image.reference.contains("latest"));
            assert!(
                fine && !image.reference.contains('{'),
                "{} {role} {}",
                row.runtime,
                image.reference
            );
        }
        if row.line.default {
            assert!(
                !row.line.eol_before(catalogue.as_of().as_str()),
                "{}",
                row.runtime
            );
        }
    }
    assert!(defaults.values().all(|count| *count == 1), "{defaults:?}");
}

#[test]
fn mistakes_are_shown_in_place() {
    let good = r#"as_of = "2026-11-24"
sources = { here = { title = "t", as_of = "2026-11-24" } }
[runtime.x]
name = "X"
default = "1"
lines = [{ version = "1", eol = "2030-01-01", newest = "1.2", suite = "trixie", source = "here" }]
images = [{ role = "slim", tag = "x:{version}-{suite}", user = "1:1", shell = true, libc = "glibc", source = "here" }]
"#;
    assert!(Catalogue::parse(&source(good)).is_ok());
    for (from, to, at) in [
        ("default = \"1\"", "default = \"2\"", 5),
        ("name = \"X\"", "name = \"X\"\nsurprise = 1", 5),
        ("version = \"1\"", "version = \"one\"", 6),
        ("2030-01-01", "2030-02-30", 6),
        ("\"1.2\"", "\"2.2\"", 6),
        ("\"trixie\"", "\"tri xie\"", 6),
        (
            "source = \"here\" }]\nimages",
            "source = \"there\" }]\nimages",
            6,
        ),
        ("x:{version}-{suite}", "x:latest", 7),
        ("x:{version}-{suite}", "x", 7),
        ("x:{version}-{suite}", "x:{verion}", 7),
        ("x:{version}-{suite}", "x:1\\nRUN id", 7),
        ("x:{version}-{suite}", "x:{version", 7),
        ("\"1:1\"", "\"app\"", 7),
        ("\"slim\"", "\"Slim\"", 7),
        ("libc = \"glibc\"", "libc = \"uclibc\"", 7),
    ] {
        let text = good.replace(from, to);
        assert_ne!(text, good, "{from}");
        let problem = Catalogue::parse(&source(&text)).expect_err(to);
        assert_eq!(problem.code, "bad-images-file", "{to}");
        assert_eq!(
            problem.at.and_then(|at| at.line),
            Some(at),
            "{to}: {}",
            problem.message
        );
    }
}
