//! An image: build stages in order, each made by a language or by common code, and the one stage
//! that runs. One template renders every image.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::decision::Decision;
use super::health::Health;
use super::images::{BaseImage, Line};
use super::needs::RequiredVariable;
use super::site::Site;
use crate::facts::{BuildSecret, Command, Confidence, Kind};
use crate::repo::RelPath;

/// One image of the repository.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Image {
    /// Lower case letters, digits and `-`; the image's title and its name in commands.
    pub name: String,
    /// The component's folder, relative to the build context.
    pub dir: RelPath,
    /// The folder that the build works in: the component's, or its workspace's root.
    pub project: RelPath,
    pub language: String,
    pub frameworks: Vec<String>,
    pub kind: Kind,
    /// The version lines of the runtimes in its base images, by the runtime's id, each with the
    /// end of its support.
    pub lines: BTreeMap<String, Line>,
    /// Build stages, in the order of the file.
    pub stages: Vec<Stage>,
    /// The last stage.
    pub run: RunStage,
    /// Variables that the program needs and the image does not set, the surest first.
    pub required: Vec<RequiredVariable>,
    /// The command that brings the database to the program's version, in the work folder; empty
    /// when there is none.
    pub migrate: Vec<String>,
    /// What the build is given by mounts and no layer holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub build_secrets: Vec<BuildSecret>,
    /// Lines of the ignore file.
    pub ignore: Vec<IgnoreGroup>,
    /// Files of a secret class that the build context holds, since the build needs them or they
    /// are public.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exposed: Vec<RelPath>,
    pub decisions: Vec<Decision>,
}

/// A build stage: its first line is common, its body is the template's.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Stage {
    /// Unique in the image; lower case.
    pub name: String,
    pub from: From,
    /// Built on the builder's own platform, since its result is the same on all.
    pub native: bool,
    /// A template below `templates/`, rendered with `context` alone.
    pub template: String,
    /// What the template sees, typed by whoever made the stage.
    pub context: Value,
    /// Images that the body copies from.
    pub images: Vec<BaseImage>,
}

/// What a stage starts from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum From {
    Image(BaseImage),
    /// A stage above, by its name.
    Stage(String),
}

impl Stage {
    pub fn new(
        name: impl Into<String>,
        from: From,
        template: impl Into<String>,
        context: &impl Serialize,
    ) -> Self {
        Self {
            name: name.into(),
            from,
            native: false,
            template: template.into(),
            // Contexts are plain structures of texts, numbers and lists: they always convert.
            context: serde_json::to_value(context).unwrap_or_default(),
            images: Vec::new(),
        }
    }

    /// On the builder's own platform, when `native`.
    #[must_use]
    pub fn native(mut self, native: bool) -> Self {
        self.native = native;
        self
    }

    /// With images that the body copies from.
    #[must_use]
    pub fn with_images(mut self, images: impl IntoIterator<Item = BaseImage>) -> Self {
        self.images.extend(images);
        self
    }
}

/// The stage that runs. `templates/image.Dockerfile.j2` shows every field that is not empty.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunStage {
    pub base: BaseImage,
    /// OCI labels, sorted.
    pub labels: Vec<Pair>,
    /// Debian packages.
    pub packages: Vec<String>,
    /// Files for a web server; absent for a program.
    pub site: Option<Site>,
    pub workdir: String,
    /// Absolute folders in front of the base image's `PATH`.
    pub path: Vec<String>,
    pub env: Vec<Pair>,
    /// What fills the image, in order.
    pub steps: Vec<Step>,
    /// Folders that the program writes to: absolute, or relative to `workdir`.
    pub writable: Vec<String>,
    /// The stage with empty folders for `writable`, where the base has no shell to make them.
    pub folders: Option<String>,
    /// Absolute folders that hold data.
    pub volumes: Vec<String>,
    /// `uid:gid`, both numbers, never 0.
    pub user: String,
    /// The first is the one that the health check asks.
    pub ports: Vec<Port>,
    /// The variable that the program reads its port from; then `env` sets it to the first port.
    pub port_variable: Option<String>,
    pub health: Health,
    /// Exec form; empty for the base image's own.
    pub entrypoint: Vec<String>,
    pub cmd: Vec<String>,
    /// The signal that ends the program when it is not SIGTERM.
    pub stop_signal: Option<String>,
    /// Images that `steps` copy from.
    pub images: Vec<BaseImage>,
}

impl RunStage {
    /// A stage on `base` that does nothing yet, as the user that the base brings or `10001:10001`.
    pub fn new(base: BaseImage, workdir: impl Into<String>, health: Health) -> Self {
        Self {
            user: base
                .user
                .clone()
                .unwrap_or_else(|| "10001:10001".to_owned()),
            base,
            labels: Vec::new(),
            packages: Vec::new(),
            site: None,
            workdir: workdir.into(),
            path: Vec::new(),
            env: Vec::new(),
            steps: Vec::new(),
            writable: Vec::new(),
            folders: None,
            volumes: Vec::new(),
            ports: Vec::new(),
            port_variable: None,
            health,
            entrypoint: Vec::new(),
            cmd: Vec::new(),
            stop_signal: None,
            images: Vec::new(),
        }
    }

    /// The port that the health check asks and that people open.
    pub fn port(&self) -> Option<u16> {
        self.ports.first().map(|port| port.number)
    }
}

/// A port that the program listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Port {
    pub number: u16,
    pub protocol: Protocol,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    Tcp,
    Udp,
}

impl Port {
    /// `9090`, `9090/tcp` or `53/udp`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        };
        let number = number.parse().ok().filter(|number| *number > 0)?;
        Some(Self { number, protocol })
    }

    pub fn tcp(number: u16) -> Self {
        Self {
            number,
            protocol: Protocol::Tcp,
        }
    }
}

/// One instruction that fills the last stage.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    Copy(Copy),
    Run(Run),
}

/// One COPY.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Copy {
    /// Why, for the reader; no line without it.
    pub why: &'static str,
    /// The stage or image that it comes from; the build context without one.
    pub stage: Option<String>,
    pub from: Vec<String>,
    pub to: String,
    /// `uid:gid` where the program writes to it; empty for root.
    pub owner: String,
    /// Patterns that are left out.
    pub exclude: Vec<String>,
}

impl Copy {
    pub fn context(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            from: vec![from.into()],
            to: to.into(),
            ..Self::default()
        }
    }

    pub fn stage(stage: impl Into<String>, from: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            stage: Some(stage.into()),
            ..Self::context(from, to)
        }
    }

    #[must_use]
    pub fn because(mut self, why: &'static str) -> Self {
        self.why = why;
        self
    }
}

impl std::convert::From<Copy> for Step {
    fn from(copy: Copy) -> Self {
        Self::Copy(copy)
    }
}

/// Files that a stage of another component's build makes for a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Asset {
    pub stage: String,
    /// Absolute, in that stage.
    pub from: String,
    /// Where the program looks for them, relative to the repository.
    pub target: RelPath,
    /// The compiler takes them in; else the running program reads them.
    pub embedded: bool,
}

/// One RUN.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Run {
    /// Why, for the reader; no line without it.
    pub why: &'static str,
    /// Fields of `--mount`.
    pub mounts: Vec<String>,
    /// Variables of this one command.
    pub env: Vec<Pair>,
    pub command: Command,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Pair {
    pub name: String,
    pub value: String,
}

impl Pair {
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// One COPY of context files into a folder of a build stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CopyStep {
    /// Relative to the build context.
    pub from: Vec<String>,
    /// Relative to the stage's work folder; ends with `/`.
    pub to: String,
}

/// Lines of the ignore file under one heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IgnoreGroup {
    pub heading: String,
    pub patterns: Vec<String>,
}

impl Image {
    /// Every image that the file may start from or copy from.
    pub fn bases(&self) -> impl Iterator<Item = &BaseImage> {
        let of_stages = self.stages.iter().flat_map(|stage| {
            let from = match &stage.from {
                From::Image(image) => Some(image),
                From::Stage(_) => None,
            };
            from.into_iter().chain(&stage.images)
        });
        of_stages.chain([&self.run.base]).chain(&self.run.images)
    }

    /// Decisions that rest on a guess; `init --yes` names them.
    pub fn guesses(&self) -> impl Iterator<Item = &Decision> {
        self.decisions
            .iter()
            .filter(|decision| decision.confidence == Confidence::Guess)
    }
}
