//! Each rule refuses a text that breaks it, and takes the text that it was made from.

use super::*;
use crate::assemble::assemble;
use crate::detect::detect;
use crate::pack::PackSet;
use crate::plan::settings::Settings;
use crate::plan::{From, Tables};

const GOOD: &str = r#"# syntax=docker/dockerfile:1

FROM --platform=$BUILDPLATFORM golang:1 AS base
WORKDIR /src
ARG TARGETOS TARGETARCH
ENV CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=${TARGETARCH}

FROM base AS build
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY <<"GO" probe.go
package main
FROM nothing AS Nothing
GO
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=bind,source=data,target=/data \
    go build -o /out/api .

FROM distroless:1
WORKDIR /app
COPY --link --from=build /out/probe /out/api /usr/local/bin/
COPY --from=build --chown=65532:65532 /src/data data
COPY ["a b/\\\\[x]", "./odd"]
LABEL org.opencontainers.image.title="it's \$HOME" a=b
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=10s CMD ["/usr/local/bin/probe", "8080"]
ENTRYPOINT ["/usr/local/bin/api"]
CMD ["serve"]
"#;

const IGNORE: &str = "*.md\n**/.env\n";

struct Case {
    plan: Image,
    repo: Repo,
    ignore: &'static str,
    packs: PackSet,
}

fn case() -> Case {
    let repo = Repo::from_files([
        ("go.mod", "module example.com/api\n"),
        ("go.sum", ""),
        ("main.go", "package main\n"),
        ("data/x.json", "{}"),
        ("secret/.env", "A=1"),
        ("README.md", "# api"),
        ("a b/[x]", ""),
    ]);
    let packs = PackSet::builtin().unwrap();
    let tables = Tables::load(&packs).unwrap();
    let detection = detect(&repo, &packs);
    let settings = Settings::default();
    let assembled = assemble(&repo, &detection, &settings, &packs, &tables).unwrap();
    let mut plan = assembled.images.into_iter().next().unwrap();
    if let From::Image(build) = &mut plan.stages[0].from {
        "golang:1".clone_into(&mut build.reference);
    }
    "distroless:1".clone_into(&mut plan.run.base.reference);
    Case {
        plan,
        repo,
        ignore: IGNORE,
        packs,
    }
}

impl Case {
    fn verify(&self, dockerfile: &str) -> Result<()> {
        let file = |path: &str, text: &str| (RelPath::new(path).unwrap(), text.to_owned());
        let files = [
            file("Dockerfile", dockerfile),
            file(".dockerignore", self.ignore),
        ];
        let secrets = Secrets::of(&self.repo, self.packs.secrets());
        verify(&self.plan, &files, &self.repo, &secrets)
    }

    fn refuses(&self, dockerfile: &str, because: &str) {
        let fault = self.verify(dockerfile).expect_err(because);
        assert_eq!(fault.code, "bad-output");
        assert!(fault.message.contains(because), "{}", fault.message);
    }
}

#[test]
fn a_good_file_passes() {
    case().verify(GOOD).unwrap();
}

#[test]
fn each_rule_refuses_what_breaks_it() {
    // What to replace, by what, and a part of the fault.
    let rows = [
        // Before the first instruction.
        (
            "# syntax=docker/dockerfile:1\n",
            "# a\n",
            "the first line is not",
        ),
        (
            "\n\nFROM --platform",
            "\n\n# check=skip=all\nFROM --platform",
            "stands before",
        ),
        (
            "\n\nFROM --platform",
            "\nRUN id\nFROM --platform",
            "stands before",
        ),
        // Text.
        ("EXPOSE 8080", "EXPOSE 8080\r", "hidden character '\\r'"),
        ("a=b", "a=\"\u{202e}b\"", "hidden character"),
        ("EXPOSE 8080", "EXPOSE 8080\n8081", "does not parse"),
        ("\nGO\n", "\nEND\n", "does not parse"),
        // Stages and images.
        (
            "FROM base AS build",
            "FROM basis AS build",
            "neither a stage",
        ),
        ("FROM base AS build", "FROM base AS Build", "not lower case"),
        ("FROM base AS build", "FROM base AS base", "duplicate stage"),
        ("FROM base AS build", "FROM base AS scratch", "reserved"),
        (
            "--from=build --chown",
            "--from=builder --chown",
            "neither a stage",
        ),
        (
            "FROM distroless:1",
            "FROM distroless:latest",
            "nor an image",
        ),
        ("FROM distroless:1", "FROM distroless", "nor an image"),
        ("FROM distroless:1", "FROM $BASE", "nor an image"),
        (
            "--platform=$BUILDPLATFORM",
            "--platform=linux/amd64",
            "one platform",
        ),
        // Copies.
        ("COPY go.mod go.sum ./", "ADD go.mod go.sum ./", "ADD"),
        ("go.sum ./", "go.sum .", "no folder"),
        (
            "go.mod go.sum",
            "go.mod go.work",
            "not in the build context",
        ),
        ("go.mod go.sum", "go.mod README.md", "leaves out README.md"),
        ("go.mod go.sum", "go.mod secret", "leaves out secret/.env"),
        ("go.mod go.sum", "go.mod ../x", "no path of the context"),
        ("source=data,", "source=date,", "not in the build context"),
        (
            "/usr/local/bin/\nCOPY",
            "/lib/x86_64-linux-gnu/\nCOPY",
            "a link to /usr",
        ),
        ("--chown=65532:65532", "--chown=app", "needs numbers"),
        // Commands.
        (
            "ENTRYPOINT [\"/usr/local/bin/api\"]",
            "ENTRYPOINT /usr/local/bin/api",
            "not in exec form",
        ),
        ("CMD [\"serve\"]", "CMD ['serve']", "not in exec form"),
        (
            "CMD [\"/usr/local/bin/probe\", \"8080\"]",
            "CMD probe",
            "not in exec form",
        ),
        ("CMD [\"serve\"]", "CMD [\"a\"]\nCMD [\"b\"]", "twice"),
        ("CMD [\"serve\"]", "CMD [\"api\", \"serve\"]", "CMD repeats"),
        (
            "[\"/usr/local/bin/api\"]",
            "[\"/bin/sh\", \"-c\", \"api\"]",
            "has no /bin/sh",
        ),
        (
            "CMD [\"/usr/local/bin/probe\"",
            "CMD [\"curl\"",
            "has no curl",
        ),
        (
            "[\"/usr/local/bin/api\"]",
            "[\"/usr/local/bin/web\"]",
            "nothing copies",
        ),
        (
            "CMD [\"/usr/local/bin/probe\"",
            "CMD [\"/usr/local/bin/check\"",
            "nothing copies",
        ),
        ("EXPOSE 8080", "RUN id", "without a shell"),
        (
            "ENTRYPOINT [\"/usr/local/bin/api\"]\nCMD [\"serve\"]\n",
            "",
            "starts nothing",
        ),
        // Caches.
        ("target=/go/pkg/mod go mod", "target=/cache go mod", "cache"),
        ("type=bind", "type=volume", "has the type"),
        // The user.
        ("USER 65532:65532\n", "", "number above 0"),
        ("USER 65532:65532", "USER nonroot", "number above 0"),
        ("USER 65532:65532", "USER 0", "number above 0"),
        ("USER 65532:65532", "USER 65532:0", "number above 0"),
        ("WORKDIR /app", "WORKDIR /root", "cannot enter"),
        (
            "--chown=65532:65532",
            "--chmod=600",
            "cannot read /app/data",
        ),
        (
            "--chown=65532:65532",
            "--chown=1000 --chmod=0750",
            "cannot read /app/data",
        ),
        ("/src/data data", "/src/data /root/data", "cannot read"),
        // Names.
        ("ENV CGO", "ENV API_TOKEN=x CGO", "looks like a secret"),
        ("ARG TARGETOS", "ARG DB_PASSWORD TARGETOS", "secret"),
        ("ENV CGO", "ENV NEXT_PUBLIC_API_KEY=x CGO", "secret"),
        ("ENV CGO", "ENV GOPRIVATE=x CGO", "secret"),
        ("ENV CGO", "ENV DB_USERNAME=x CGO", "secret"),
        ("ENV CGO_ENABLED=0", "ENV CGO_ENABLED 0", "without a name"),
        ("a=b", "a", "without a name"),
        ("ARG TARGETOS TARGETARCH", "ARG TARGETOS", "TARGETARCH"),
        ("\\$HOME\"", "\\$HOME $VERSION\"", "VERSION"),
        ("WORKDIR /app", "WORKDIR $APP", "APP"),
    ];
    let case = case();
    for (old, new, because) in rows {
        assert!(GOOD.contains(old), "{old:?}");
        case.refuses(&GOOD.replacen(old, new, 1), because);
    }
}

#[test]
fn good_changes_pass() {
    let rows = [
        ("--chown=65532:65532", "--chown=65532 --chmod=0700"),
        ("--chown=65532:65532", "--chmod=755"),
        ("ENV CGO", "ENV LEVEL=${LEVEL:-x} CGO"),
        ("ENV CGO", "ENV TLS_KEY_FILE=/x CGO"),
        ("a=b", "a='$not'"),
        ("CMD [\"serve\"]", "CMD [\"$(id)\", \"<<GO\", \"\\n\"]"),
        ("FROM distroless:1", "FROM scratch"),
        ("FROM distroless:1", "FROM base"),
    ];
    let case = case();
    for (old, new) in rows {
        let text = GOOD.replacen(old, new, 1);
        case.verify(&text)
            .unwrap_or_else(|fault| panic!("{new}: {}", fault.message));
    }
}

#[test]
fn an_interpreter_is_not_named_twice() {
    let mut case = case();
    case.plan.run.base.entrypoint = vec!["/nodejs/bin/node".to_owned()];
    let node = GOOD.replace("ENTRYPOINT [\"/usr/local/bin/api\"]\n", "");
    case.verify(&node).unwrap();
    case.refuses(
        &node.replace("CMD [\"serve\"]", "CMD [\"node\", \"serve.js\"]"),
        "CMD repeats node",
    );
    case.refuses(
        &node.replace("CMD [\"serve\"]", "CMD [\"sh\", \"-c\", \"x\"]"),
        "has no sh",
    );
}

#[test]
fn a_line_of_the_ignore_file_that_is_no_pattern_is_refused() {
    let mut case = case();
    case.ignore = "a\n[b\n";
    let fault = case.verify(GOOD).unwrap_err();
    assert!(
        fault.message.contains(".dockerignore: line 2"),
        "{}",
        fault.message
    );
}

#[test]
fn a_line_that_the_builder_cannot_read_is_refused() {
    let long = GOOD.replace("a=b", &format!("a={}", "b".repeat(MAX_LINE)));
    case().refuses(&long, "longer than");
}
