//! Checks of our own output before it is written. A failure here is a bug of ours: exit 70,
//! nothing written.
//!
//! Each rule stands for a fault that a published generator has shipped.

mod context;
mod names;
mod stage;
#[cfg(test)]
mod tests;

use parse_dockerfile::{
    Command, CopyInstruction, Flag, FromInstruction, HealthcheckArguments, Instruction,
    RunInstruction, Source,
};

use crate::diag::{Diagnostic, Result};
use crate::pack::{Name, SecretTable, SecretValue};
use crate::parse::ignorefile::IgnoreFile;
use crate::parse::is_hidden;
use crate::plan::Image;
use crate::plan::images::BaseImage;
use crate::repo::{RelPath, Repo};
use crate::text::line_at;
use context::Context;
use stage::{Copied, Stage};

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

/// Bytes of a line. BuildKit reads at most 65,535.
const MAX_LINE: usize = 65_000;

/// What is secret, and the files of a repository that are by their names: looked for once for all
/// its images.
#[derive(Default)]
pub struct Secrets<'a> {
    table: Option<&'a SecretTable>,
    /// Sorted.
    files: Vec<&'a RelPath>,
}

impl<'a> Secrets<'a> {
    pub fn of(repo: &'a Repo, table: &'a SecretTable) -> Self {
        let mut classifier = table.classifier();
        let mut is_secret = |file: &RelPath| matches!(classifier.name(file), Some(Name::Secret(_)));
        Self {
            table: Some(table),
            files: repo.files().iter().filter(|file| is_secret(file)).collect(),
        }
    }

    /// The first file of a secret class that the build context holds and the plan does not name.
    pub fn visible(&self, plan: &Image, ignore: &IgnoreFile) -> Option<&'a RelPath> {
        let mut matcher = ignore.matcher();
        let mut files = self.files.iter().copied();
        files.find(|file| {
            !matcher.excludes(file.as_str()) && plan.exposed.binary_search(file).is_err()
        })
    }
}

/// Checks the files of one component against each other and against the repository; the default of
/// `secrets` asks for none.
pub fn verify(
    plan: &Image,
    files: &[(RelPath, String)],
    repo: &Repo,
    secrets: &Secrets<'_>,
) -> Result<()> {
    let named = |path: &RelPath, fault: Fault| {
        Diagnostic::error("bad-output", format!("{path}: {fault}"))
            .with_help("this is a fault of dockgen or of the pack's template, not of your repository; nothing was written. Please report it")
    };
    let mut ignore = IgnoreFile::default();
    for (path, text) in files {
        plain(text).map_err(|fault| named(path, fault))?;
        if path.name().ends_with(".dockerignore") {
            ignore = IgnoreFile::parse(text);
            if let Some(bad) = ignore.bad_lines().first() {
                let fault = format!("line {} is no pattern: {}: {}", bad.line, bad.text, bad.why);
                return Err(named(path, fault));
            }
            if let Some(secret) = secrets.visible(plan, &ignore) {
                let fault = format!("leaves the secret {secret} in the build context");
                return Err(named(path, fault));
            }
        }
        no_secret_value(path, text, secrets)?;
    }
    for (path, text) in files.iter().filter(|(path, _)| {
        path.name().starts_with("Dockerfile") && !path.name().ends_with("ignore")
    }) {
        let context = Context::new(&ignore, repo);
        dockerfile(plan, text, context).map_err(|fault| named(path, fault))?;
    }
    Ok(())
}

type Fault = String;

/// No value that is a secret by its form. What came this far stands in the repository itself or in
/// a setting: it is for a person to take out.
fn no_secret_value(path: &RelPath, text: &str, secrets: &Secrets<'_>) -> Result<()> {
    let Some(found) = secrets.table.and_then(|table| table.value_in(text)) else {
        return Ok(());
    };
    let line = text[..found.whole.start].matches('\n').count() + 1;
    let message = format!(
        "{path}:{line} would hold {}: {}",
        found.what,
        masked(text, &found)
    );
    Err(Diagnostic::error("secret-in-output", message).with_help(
        "read it from a variable of the environment ($NAME) where dockgen found it, or give \
         another value with --set; nothing was written",
    ))
}

/// The beginning of the line around a secret, without it.
fn masked(text: &str, found: &SecretValue) -> String {
    let start = line_at(text, found.value.start).start;
    format!("{}***", text[start..found.value.start].trim_start())
}

/// Nothing that a reader cannot see, and no line that BuildKit cannot read.
fn plain(text: &str) -> Result<(), Fault> {
    for (at, line) in text.split('\n').enumerate() {
        if let Some(c) = line.chars().find(|c| is_hidden(*c) && *c != '\t') {
            return Err(format!("line {} holds the hidden character {c:?}", at + 1));
        }
        if line.len() > MAX_LINE {
            return Err(format!("line {} is longer than {MAX_LINE} bytes", at + 1));
        }
    }
    Ok(())
}

fn dockerfile<'a>(plan: &'a Image, text: &str, context: Context<'a>) -> Result<(), Fault> {
    head(text)?;
    let parsed =
        parse_dockerfile::parse(text).map_err(|error| format!("does not parse: {error}"))?;
    let mut reader = Reader {
        plan,
        context,
        stages: Vec::new(),
    };
    for instruction in &parsed.instructions {
        reader.read(instruction)?;
    }
    match reader.stages.last() {
        Some(last) => last.check_last(),
        None => Err("there is no stage".to_owned()),
    }
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

/// Reads instructions from top to bottom and keeps what each stage holds.
struct Reader<'a> {
    plan: &'a Image,
    context: Context<'a>,
    /// The last one is being read.
    stages: Vec<Stage<'a>>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, instruction: &Instruction<'_>) -> Result<(), Fault> {
        match instruction {
            Instruction::From(from) => return self.from(from),
            Instruction::Copy(copy) => return self.copy(copy),
            Instruction::Run(run) => return self.run(run),
            Instruction::Add(_) => return Err("ADD unpacks and fetches: COPY is meant".to_owned()),
            _ => {}
        }
        let Some(stage) = self.stages.last_mut() else {
            return Ok(());
        };
        match instruction {
            Instruction::Entrypoint(entrypoint) => {
                stage.once("ENTRYPOINT")?;
                stage.entrypoint = Some(exec_form("ENTRYPOINT", &entrypoint.arguments)?);
            }
            Instruction::Cmd(cmd) => {
                stage.once("CMD")?;
                stage.cmd = Some(exec_form("CMD", &cmd.arguments)?);
            }
            Instruction::Healthcheck(check) => {
                stage.once("HEALTHCHECK")?;
                if let HealthcheckArguments::Cmd { arguments, .. } = &check.arguments {
                    stage.health = Some(exec_form("HEALTHCHECK", arguments)?);
                }
            }
            Instruction::User(user) => {
                stage.defined(&user.arguments.value)?;
                stage.user = user.arguments.value.to_string();
            }
            Instruction::Workdir(workdir) => {
                stage.defined(&workdir.arguments.value)?;
                stage.enter(&workdir.arguments.value)?;
            }
            Instruction::Shell(_) => stage.has_shell = true,
            Instruction::Env(env) => {
                let text = &env.arguments.value;
                stage.defined(text)?;
                for name in names::assigned("ENV", text)? {
                    names::no_secret(&name)?;
                    stage.variables.insert(name);
                }
            }
            Instruction::Arg(arg) => {
                let text = &arg.arguments.value;
                stage.defined(text)?;
                for name in names::declared(text) {
                    names::no_secret(&name)?;
                    stage.variables.insert(name);
                }
            }
            Instruction::Label(label) => {
                stage.defined(&label.arguments.value)?;
                names::assigned("LABEL", &label.arguments.value)?;
            }
            Instruction::Expose(expose) => {
                for port in &expose.arguments {
                    stage.defined(&port.value)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn from(&mut self, from: &FromInstruction<'_>) -> Result<(), Fault> {
        if let Some(platform) = value(&from.options, "platform")
            && platform != "$BUILDPLATFORM"
        {
            return Err(format!(
                "--platform={platform} ties the image to one platform"
            ));
        }
        let base = from.image.value.as_ref();
        let mut stage = match self.stage(base) {
            Some(stage) => stage.child(),
            None => Stage::of(self.image(base)?),
        };
        if let Some((_, name)) = &from.as_ {
            let name = name.value.to_string();
            if name != name.to_lowercase()
                || matches!(name.as_str(), "scratch" | "context")
                || self.stage(&name).is_some()
            {
                return Err(format!(
                    "the stage name {name} is not lower case, reserved or not unique"
                ));
            }
            stage.name = Some(name);
        }
        self.stages.push(stage);
        Ok(())
    }

    fn copy(&mut self, copy: &CopyInstruction<'_>) -> Result<(), Fault> {
        let to = copy.dest.value.as_ref();
        match value(&copy.options, "from") {
            Some(from) => self.is_source(from)?,
            None => {
                for source in &copy.src {
                    if let Source::Path(path) = source {
                        self.context.holds(&path.value)?;
                    }
                }
            }
        }
        if copy.src.len() > 1 && !to.ends_with('/') {
            return Err(format!("COPY of several files to {to}, which is no folder"));
        }
        let linked = copy.options.iter().any(|flag| flag.name.value == "link");
        let owner = value(&copy.options, "chown");
        if owner.is_some_and(|owner| !stage::is_numeric(owner)) {
            return Err("--chown needs numbers: names are those of another image".to_owned());
        }
        let Some(stage) = self.stages.last_mut() else {
            return Ok(());
        };
        stage.defined(to)?;
        let place = stage.place(to);
        for source in &copy.src {
            let Source::Path(path) = source else { continue };
            stage.defined(&path.value)?;
            stage.copied.push(Copied {
                name: path.value.rsplit('/').next().unwrap_or_default().to_owned(),
                to: place.clone(),
                into_folder: to.ends_with('/') || to == ".",
                owner: owner.map(str::to_owned),
                mode: value(&copy.options, "chmod").map(str::to_owned),
            });
        }
        if linked && stage::is_usr_merged(&place) {
            return Err(format!(
                "COPY --link to {place} replaces a link to /usr by a folder"
            ));
        }
        Ok(())
    }

    fn run(&mut self, run: &RunInstruction<'_>) -> Result<(), Fault> {
        for mount in run.options.iter().filter(|flag| flag.name.value == "mount") {
            self.mount(mount.value.as_ref().map_or("", |value| &value.value))?;
        }
        if let Some(stage) = self.stages.last_mut() {
            stage.runs = true;
            if !stage.has_shell && matches!(run.arguments, Command::Shell(_)) {
                return Err("RUN in an image without a shell".to_owned());
            }
        }
        Ok(())
    }

    fn mount(&self, mount: &str) -> Result<(), Fault> {
        let field = |keys: &[&str]| {
            mount.split(',').find_map(|field| {
                field
                    .split_once('=')
                    .filter(|(name, _)| keys.contains(name))
                    .map(|(_, value)| value)
            })
        };
        match field(&["type"]) {
            Some("cache") => {
                let target = field(&["target", "dst", "destination"]).unwrap_or_default();
                let known = CACHES.contains(&target)
                    || CACHES_IN_TREE.iter().any(|end| target.ends_with(end));
                if !known {
                    return Err(format!("the cache mount {target} is no tool's cache"));
                }
                Ok(())
            }
            Some("bind") | None => match (field(&["from"]), field(&["source", "src"])) {
                (Some(from), _) => self.is_source(from),
                (None, Some(source)) => self.context.holds(source),
                (None, None) => Ok(()),
            },
            Some("secret" | "tmpfs" | "ssh") => Ok(()),
            other => Err(format!("the mount {mount} has the type {other:?}")),
        }
    }

    /// A finished stage by its name.
    fn stage(&self, name: &str) -> Option<&Stage<'a>> {
        self.stages
            .iter()
            .find(|stage| stage.name.as_deref() == Some(name))
    }

    /// An image that the plan has chosen: never `latest`, never one that a template made up.
    fn image(&self, reference: &str) -> Result<Option<&'a BaseImage>, Fault> {
        let image = self.plan.bases().find(|image| image.reference == reference);
        if image.is_none() && reference != "scratch" {
            return Err(format!(
                "{reference} is neither a stage above this line nor an image of the plan"
            ));
        }
        Ok(image)
    }

    fn is_source(&self, from: &str) -> Result<(), Fault> {
        if self.stage(from).is_some() {
            return Ok(());
        }
        self.image(from).map(|_| ())
    }
}

/// The value of a flag such as `--from`.
fn value<'f>(flags: &'f [Flag<'_>], name: &str) -> Option<&'f str> {
    flags
        .iter()
        .find(|flag| flag.name.value == name)
        .and_then(|flag| flag.value.as_ref())
        .map(|value| value.value.as_ref())
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
