//! Checks of our own output before it is written. A failure here is a bug of ours: exit 70,
//! nothing written.
//!
//! Each rule stands for a fault that a published generator has shipped.

use std::collections::BTreeSet;

use parse_dockerfile::{Command, HealthcheckArguments, Instruction, Source};

use crate::diag::{Diagnostic, Result};
use crate::parse::ignorefile::IgnoreFile;
use crate::plan::ComponentPlan;
use crate::repo::{RelPath, Repo};

/// Folders that package managers keep their caches in. A cache mount anywhere else caches nothing.
/// Source: the tools' documentation, gathered with the recipes in ARCHITECTURE.md.
const CACHES: &[&str] = &[
    "/go/pkg/mod",
    "/root/.cache/go-build",
    "/root/.npm",
    "/usr/local/share/.cache/yarn",
    "/root/.yarn/berry/cache",
    "/root/.local/share/pnpm/store",
    "/root/.bun/install/cache",
    "/root/.cache/pip",
    "/root/.cache/uv",
    "/root/.cache/pypoetry",
    "/root/.cache/pdm",
    "/root/.cache/pipenv",
    "/root/.m2/repository",
    "/root/.gradle",
    "/home/gradle/.gradle",
    "/usr/local/cargo/registry",
    "/usr/local/cargo/git/db",
    "/var/cache/apt",
    "/var/lib/apt",
];

/// Caches that build tools keep below their work folder.
const CACHES_IN_TREE: &[&str] = &["/target", "/.next/cache", "/.turbo", "/node_modules/.cache"];

/// Checks the files of one component against each other and against the repository.
pub fn verify(plan: &ComponentPlan, files: &[(RelPath, String)], repo: &Repo) -> Result<()> {
    let ignore = files
        .iter()
        .find(|(path, _)| path.name().ends_with(".dockerignore"))
        .map_or_else(
            || IgnoreFile::parse(""),
            |(_, text)| IgnoreFile::parse(text),
        );
    for (path, text) in files.iter().filter(|(path, _)| {
        path.name().starts_with("Dockerfile") && !path.name().ends_with("ignore")
    }) {
        dockerfile(plan, text, &ignore, repo).map_err(|fault| {
            Diagnostic::error("bad-output", format!("{path}: {fault}"))
                .with_help("this is a fault of dockgen or of the pack's template, not of your repository; nothing was written. Please report it")
        })?;
    }
    Ok(())
}

type Fault = String;

fn dockerfile(
    plan: &ComponentPlan,
    text: &str,
    ignore: &IgnoreFile,
    repo: &Repo,
) -> Result<(), Fault> {
    head(text)?;
    let parsed =
        parse_dockerfile::parse(text).map_err(|error| format!("does not parse: {error}"))?;
    let mut stages: BTreeSet<String> = BTreeSet::new();
    let mut last = Stage::default();
    for instruction in &parsed.instructions {
        match instruction {
            Instruction::From(from) => {
                last = Stage::default();
                if let Some((_, name)) = &from.as_ {
                    let name = name.value.to_string();
                    if name != name.to_lowercase() || !stages.insert(name.clone()) {
                        return Err(format!(
                            "the stage name {name} is not lower case or not unique"
                        ));
                    }
                }
            }
            Instruction::Copy(copy) => {
                let from = copy
                    .options
                    .iter()
                    .find(|flag| flag.name.value == "from")
                    .and_then(|flag| flag.value.as_ref());
                match from {
                    Some(stage) => stage_exists(&stage.value, &stages)?,
                    None => copy_sources(&copy.src, ignore, repo)?,
                }
                if copy.src.len() > 1 && !copy.dest.value.ends_with('/') {
                    return Err(format!(
                        "COPY of several files to {}, which is no folder",
                        copy.dest.value
                    ));
                }
                for source in &copy.src {
                    if let Source::Path(path) = source {
                        last.copied
                            .push((path.value.to_string(), copy.dest.value.to_string()));
                    }
                }
            }
            Instruction::Add(_) => return Err("ADD unpacks and fetches: COPY is meant".to_owned()),
            Instruction::Run(run) => {
                for mount in run.options.iter().filter(|flag| flag.name.value == "mount") {
                    mount_is_real(
                        mount.value.as_ref().map_or("", |value| &value.value),
                        &stages,
                        ignore,
                        repo,
                    )?;
                }
            }
            Instruction::Entrypoint(entrypoint) => {
                last.entrypoint = Some(exec_form("ENTRYPOINT", &entrypoint.arguments)?)
            }
            Instruction::Cmd(cmd) => last.cmd = Some(exec_form("CMD", &cmd.arguments)?),
            Instruction::Healthcheck(check) => {
                if let HealthcheckArguments::Cmd { arguments, .. } = &check.arguments {
                    exec_form("HEALTHCHECK", arguments)?;
                }
            }
            Instruction::User(user) => last.user = Some(user.arguments.value.to_string()),
            Instruction::Env(env) => no_secret(&env.arguments.value)?,
            Instruction::Arg(arg) => no_secret(&arg.arguments.value)?,
            _ => {}
        }
    }
    last.check(plan)
}

/// The first line chooses the syntax and nothing of the repository stands before the first
/// instruction: a comment there could be read as a directive and select another frontend.
fn head(text: &str) -> Result<(), Fault> {
    let mut lines = text.lines();
    if lines.next() != Some("# syntax=docker/dockerfile:1") {
        return Err("the first line is not the syntax directive".to_owned());
    }
    match lines.find(|line| !line.is_empty()) {
        Some(line) if line.starts_with("FROM ") || line.starts_with("ARG ") => Ok(()),
        other => Err(format!(
            "something stands before the first instruction: {other:?}"
        )),
    }
}

#[derive(Default)]
struct Stage {
    user: Option<String>,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    /// Sources and destination of each COPY.
    copied: Vec<(String, String)>,
}

impl Stage {
    /// Rules for the last stage.
    fn check(&self, plan: &ComponentPlan) -> Result<(), Fault> {
        let user = self.user.as_deref().unwrap_or_default();
        let numeric = |part: &str| part.parse::<u32>().is_ok_and(|id| id > 0);
        if !user.split(':').all(numeric) {
            return Err(format!(
                "the last stage's user {user:?} is not a number above 0"
            ));
        }
        let image = plan.image.get("run");
        let inherited: &[String] = image.map_or(&[], |image| &image.entrypoint);
        let command: Vec<&str> = match (&self.entrypoint, &self.cmd) {
            (Some(entrypoint), _) if !entrypoint.is_empty() => {
                entrypoint.iter().map(String::as_str).collect()
            }
            (_, Some(cmd)) => cmd.iter().map(String::as_str).collect(),
            _ if inherited.is_empty() => return Err("the last stage starts nothing".to_owned()),
            _ => Vec::new(),
        };
        let program = command.first().copied().unwrap_or_default();
        let base_name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        if self.entrypoint.is_none()
            && let Some(interpreter) = inherited.first()
            && base_name(interpreter) == base_name(program)
        {
            return Err(format!(
                "the image's entrypoint is {interpreter} already; CMD repeats it"
            ));
        }
        if image.is_some_and(|image| !image.shell)
            && matches!(program, "sh" | "/bin/sh" | "bash" | "/bin/bash")
        {
            return Err("the last stage has no shell but starts one".to_owned());
        }
        // Only our own folders are known: what stands in the base image is not ours to judge.
        for folder in ["/usr/local/bin/", "/app/"] {
            if program.starts_with(folder)
                && image.is_some_and(|image| !image.shell)
                && !self.provides(program)
            {
                return Err(format!("nothing copies {program} to the last stage"));
            }
        }
        Ok(())
    }

    fn provides(&self, program: &str) -> bool {
        let name = program.rsplit('/').next().unwrap_or_default();
        self.copied.iter().any(|(from, to)| {
            let to_folder = to.trim_end_matches('/');
            to == program
                || from.rsplit('/').next() == Some(name)
                    && program.strip_suffix(name).is_some_and(|dir| dir == to)
                || !to_folder.is_empty()
                    && (program.starts_with(&format!("{to_folder}/"))
                        && from.rsplit('/').next() != Some(name))
                || matches!(to.as_str(), "." | "./") && program.starts_with("/app/")
        })
    }
}

fn stage_exists(name: &str, stages: &BTreeSet<String>) -> Result<(), Fault> {
    // A name with a tag or a registry is an image, not a stage.
    if stages.contains(name) || name.contains([':', '/']) {
        return Ok(());
    }
    Err(format!("there is no stage {name} above this line"))
}

/// Every source of a COPY from the context exists after the ignore file.
fn copy_sources(sources: &[Source<'_>], ignore: &IgnoreFile, repo: &Repo) -> Result<(), Fault> {
    for source in sources {
        if let Source::Path(path) = source {
            in_context(&path.value, ignore, repo)?;
        }
    }
    Ok(())
}

fn in_context(path: &str, ignore: &IgnoreFile, repo: &Repo) -> Result<(), Fault> {
    // Undo the escapes of the COPY filter: JSON is decoded by the parser, word and glob are not.
    let plain = unescape(&unescape(path));
    let Some(plain) = RelPath::new(&plain) else {
        return Err(format!("COPY of {path}, which is no path of the context"));
    };
    if plain.is_root() {
        return Ok(());
    }
    if repo.has(&plain) {
        if ignore.excludes(plain.as_str()) {
            return Err(format!(
                "COPY of {plain}, which our own ignore file leaves out"
            ));
        }
        return Ok(());
    }
    if repo
        .files_in(&plain)
        .any(|file| !ignore.excludes(file.as_str()))
    {
        return Ok(());
    }
    Err(format!(
        "COPY of {plain}, which is not in the build context"
    ))
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            c
        });
    }
    plain
}

fn mount_is_real(
    mount: &str,
    stages: &BTreeSet<String>,
    ignore: &IgnoreFile,
    repo: &Repo,
) -> Result<(), Fault> {
    let field = |key: &str| {
        mount.split(',').find_map(|field| {
            field
                .split_once('=')
                .filter(|(name, _)| *name == key)
                .map(|(_, value)| value)
        })
    };
    match field("type") {
        Some("cache") => {
            let target = field("target").unwrap_or_default();
            let known =
                CACHES.contains(&target) || CACHES_IN_TREE.iter().any(|end| target.ends_with(end));
            if !known {
                return Err(format!("the cache mount {target} is no tool's cache"));
            }
        }
        Some("bind") => match (field("from"), field("source")) {
            (Some(stage), _) => stage_exists(stage, stages)?,
            (None, Some(source)) => in_context(source, ignore, repo)?,
            (None, None) => {}
        },
        Some("secret" | "tmpfs" | "ssh") => {}
        other => return Err(format!("the mount {mount} has the type {other:?}")),
    }
    Ok(())
}

/// Exec form, or the reason why not: text that only looks like JSON silently becomes a shell command.
fn exec_form(what: &str, command: &Command<'_>) -> Result<Vec<String>, Fault> {
    match command {
        Command::Exec(words) => Ok(words
            .value
            .iter()
            .map(|word| word.value.to_string())
            .collect()),
        Command::Shell(text) => Err(format!("{what} is not in exec form: {}", text.value)),
        _ => Err(format!("{what} has a form that is not known")),
    }
}

/// The words that BuildKit's SecretsUsedInArgOrEnv looks for in names.
const SECRET_WORDS: &[&str] = &[
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "password",
    "pword",
    "passwd",
    "secret",
    "token",
];

fn no_secret(arguments: &str) -> Result<(), Fault> {
    for word in arguments.split_whitespace() {
        let Some((name, _)) = word.split_once('=').or(Some((word, ""))) else {
            continue;
        };
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            continue;
        }
        let lower = name.to_ascii_lowercase();
        let parts: Vec<&str> = lower.split('_').collect();
        let harmless = parts
            .iter()
            .any(|part| matches!(*part, "public" | "file" | "version"));
        if !harmless && parts.iter().any(|part| SECRET_WORDS.contains(part)) {
            return Err(format!("{name} looks like a secret in ENV or ARG"));
        }
    }
    Ok(())
}
