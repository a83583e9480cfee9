//! What builds and runs images: Docker, or imagelab where no image registry is reached.
//!
//! imagelab is a program that makes stand-ins for published base images and then builds with the
//! same BuildKit that Docker has. It is taken from `IMAGELAB`, else from
//! `../shared/imagelab/lab`. Nobody needs it: `docker build` and `docker run` do as well.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

const BUILD_LIMIT: Duration = Duration::from_mins(15);
const QUERY_LIMIT: Duration = Duration::from_mins(2);
/// How imagelab says that a base image cannot be made on this machine.
const NO_STAND_IN: i32 = 3;

pub(crate) struct Engine {
    lab: Option<PathBuf>,
    docker_host: Option<String>,
    /// Stand-ins are made one at a time: two of them share the same Debian root file system.
    making_bases: Mutex<()>,
}

pub(crate) enum Built<T> {
    Done { value: T, log: String },
    NoStandIn(String),
}

impl Engine {
    /// `None` where nothing can build; an error where imagelab is there and does not start.
    pub(crate) fn find(root: &Path) -> Result<Option<Self>, String> {
        let lab = std::env::var_os("IMAGELAB")
            .map_or_else(|| root.join("../shared/imagelab/lab"), PathBuf::from);
        let mut engine = Self {
            lab: None,
            docker_host: None,
            making_bases: Mutex::new(()),
        };
        if lab.is_file() {
            capture(Command::new(&lab).arg("up"), BUILD_LIMIT)?.ok("imagelab does not start")?;
            let env = capture(Command::new(&lab).arg("env"), QUERY_LIMIT)?.ok("imagelab env")?;
            engine.docker_host = env
                .split_whitespace()
                .find_map(|word| word.strip_prefix("DOCKER_HOST="))
                .map(str::to_owned);
            engine.lab = Some(lab);
            return Ok(Some(engine));
        }
        let answers = engine.docker(&["info"]).is_ok();
        Ok((answers && engine.docker(&["buildx", "version"]).is_ok()).then_some(engine))
    }

    /// BuildKit's own checks; a warning is an error.
    pub(crate) fn check(&self, context: &Path, dockerfile: &str) -> Result<Built<()>, String> {
        let _one = self.making_bases.lock();
        let mut command = if let Some(lab) = &self.lab {
            let mut command = Command::new(lab);
            command.arg("check").arg(context).args(["-f", dockerfile]);
            command
        } else {
            let mut command = self.docker_command(&["buildx", "build", "--check"]);
            command.arg("-f").arg(context.join(dockerfile)).arg(context);
            command
        };
        self.built(&mut command, "BuildKit's checks", ())
    }

    /// Builds a new image, which is removed again when the returned value goes.
    pub(crate) fn build(
        &self,
        context: &Path,
        dockerfile: &str,
        title: &str,
    ) -> Result<Built<Image<'_>>, String> {
        let image = Image {
            engine: self,
            tag: format!("{}:latest", unique(title)),
        };
        let mut command = if let Some(lab) = &self.lab {
            let mut command = Command::new(lab);
            command
                .arg("build")
                .arg(context)
                .args(["-f", dockerfile, "-t", &image.tag]);
            command
        } else {
            let mut command =
                self.docker_command(&["buildx", "build", "--load", "--progress=plain"]);
            command
                .args(["-t", &image.tag, "-f"])
                .arg(context.join(dockerfile))
                .arg(context);
            command
        };
        self.built(&mut command, "the build failed", image)
    }

    fn built<T>(&self, command: &mut Command, what: &str, value: T) -> Result<Built<T>, String> {
        let captured = capture(command, BUILD_LIMIT)?;
        if self.lab.is_some() && captured.status == Some(NO_STAND_IN) {
            let reason = captured.stderr.lines().last().unwrap_or_default();
            return Ok(Built::NoStandIn(reason.to_owned()));
        }
        let log = captured.everything();
        captured.ok(what).map(|_| Built::Done { value, log })
    }

    pub(crate) fn docker(&self, args: &[&str]) -> Result<String, String> {
        let captured = capture(&mut self.docker_command(args), QUERY_LIMIT)?;
        captured.ok(&format!("docker {}", args.join(" ")))
    }

    fn docker_command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.args(args);
        if let Some(host) = &self.docker_host {
            command.env("DOCKER_HOST", host);
        }
        command
    }
}

pub(crate) struct Image<'a> {
    pub(crate) engine: &'a Engine,
    tag: String,
}

impl Drop for Image<'_> {
    fn drop(&mut self) {
        let _ = self.engine.docker(&["image", "rm", "--force", &self.tag]);
    }
}

impl<'a> Image<'a> {
    pub(crate) fn inspect(&self) -> Result<Value, String> {
        first(&self.engine.docker(&["image", "inspect", &self.tag])?)
    }

    pub(crate) fn id(&self) -> Result<String, String> {
        self.inspect()?["Id"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| "no image id".to_owned())
    }

    /// A container that is not started: its files can be looked at.
    pub(crate) fn create(&self) -> Result<Container<'a>, String> {
        self.container("create", &[])
    }

    pub(crate) fn run(&self, options: &[&str]) -> Result<Container<'a>, String> {
        self.container("run", &[&["--detach"], options].concat())
    }

    fn container(&self, verb: &str, options: &[&str]) -> Result<Container<'a>, String> {
        let container = Container {
            engine: self.engine,
            name: unique("container"),
        };
        let mut args = vec![verb, "--name", &container.name];
        args.extend(options);
        args.push(&self.tag);
        self.engine.docker(&args)?;
        Ok(container)
    }
}

pub(crate) struct Container<'a> {
    engine: &'a Engine,
    name: String,
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        let _ = self
            .engine
            .docker(&["rm", "--force", "--volumes", &self.name]);
    }
}

impl Container<'_> {
    pub(crate) fn state(&self) -> Result<Value, String> {
        let inspected = self.engine.docker(&["container", "inspect", &self.name])?;
        Ok(first(&inspected)?["State"].take())
    }

    /// What it wrote to both streams.
    pub(crate) fn logs(&self) -> Result<String, String> {
        let captured = capture(
            &mut self.engine.docker_command(&["logs", &self.name]),
            QUERY_LIMIT,
        )?;
        Ok(captured.everything())
    }

    /// Where the published `port` is reached from here.
    pub(crate) fn address(&self, port: u16) -> Result<String, String> {
        let listed = self
            .engine
            .docker(&["port", &self.name, &port.to_string()])?;
        listed
            .lines()
            .next()
            .map(str::to_owned)
            .ok_or_else(|| format!("{port} is not published"))
    }

    /// Asks it to end, and kills it when it has not ended `seconds` later.
    pub(crate) fn stop(&self, seconds: u8) -> Result<(), String> {
        self.engine
            .docker(&["stop", "-t", &seconds.to_string(), &self.name])
            .map(drop)
    }

    /// The bytes of one file, links followed.
    pub(crate) fn file_size(&self, path: &str) -> Result<u64, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let here = folder.path().join("file");
        let from = format!("{}:{path}", self.name);
        self.engine
            .docker(&["cp", "--follow-link", &from, &here.to_string_lossy()])?;
        std::fs::metadata(here)
            .map(|meta| meta.len())
            .map_err(|error| format!("{path}: {error}"))
    }

    /// The names of all its files and folders; a folder's ends in `/`.
    pub(crate) fn file_names(&self) -> Result<Vec<String>, String> {
        let mut export = self
            .engine
            .docker_command(&["export", &self.name])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("docker export: {error}"))?;
        let Some(archive) = export.stdout.take() else {
            return Err("docker export".to_owned());
        };
        let listed = capture(Command::new("tar").arg("-t").stdin(archive), QUERY_LIMIT);
        let exported = export
            .wait()
            .map_err(|error| format!("docker export: {error}"))?;
        let names = listed?.ok("tar -t")?;
        if !exported.success() {
            return Err("docker export failed".to_owned());
        }
        Ok(names.lines().map(str::to_owned).collect())
    }
}

/// A name for an image or a container that no other trial or run has.
fn unique(title: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let title: String = title
        .to_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("dockgen-test-{title}-{}-{count}", std::process::id())
}

fn first(json: &str) -> Result<Value, String> {
    let mut list: Vec<Value> = serde_json::from_str(json).map_err(|error| error.to_string())?;
    list.pop()
        .ok_or_else(|| "docker inspect: an empty list".to_owned())
}

struct Captured {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Captured {
    fn everything(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    fn ok(self, what: &str) -> Result<String, String> {
        if self.status == Some(0) {
            return Ok(self.stdout);
        }
        Err(format!("{what}:\n{}", tail(&self.everything())))
    }
}

/// The end of a log, where the reason of a failure stands.
pub(crate) fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

/// Runs a command to its end, or kills it at the limit; output goes through files, so that a child
/// that it leaves behind cannot keep this waiting.
fn capture(command: &mut Command, limit: Duration) -> Result<Captured, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| format!("{name}: {error}");
    let stdout = tempfile::NamedTempFile::new().map_err(failed)?;
    let stderr = tempfile::NamedTempFile::new().map_err(failed)?;
    command
        .stdout(stdout.reopen().map_err(failed)?)
        .stderr(stderr.reopen().map_err(failed)?);
    let started = Instant::now();
    let mut child = command.spawn().map_err(failed)?;
    let status = loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            break status.code();
        }
        if started.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return Err(format!("{name}: still running after {} s", limit.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = |file: &tempfile::NamedTempFile| {
        std::fs::read(file.path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    Ok(Captured {
        status,
        stdout: text(&stdout).map_err(failed)?,
        stderr: text(&stderr).map_err(failed)?,
    })
}
