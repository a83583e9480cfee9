//! Java: the build by Maven or Gradle, a runtime by jlink or a whole one, the start command.

mod build;
pub mod modules;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::go::port;
use super::health::health;
use super::resolver::{Failure, Resolver};
use super::{Details, LanguagePlan, Pair};
use crate::diag::Diagnostic;
use crate::facts::{Command, Confidence, Evidence, Kind, Slot};
use crate::lang::java::{Build, JavaModel, Libraries};
use crate::plan::images::Line;
use build::Steps;
use modules::Module;

/// What the Java templates know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a condition of the templates"
)]
pub struct JavaDetails {
    /// `maven` or `gradle`.
    pub tool: &'static str,
    /// The line of the JDK, such as 25.
    pub line: String,
    /// The build may run on the platform of the machine that builds: jars are the same on all.
    pub portable: bool,
    /// The first of the manifests' COPY keeps their folders.
    pub parents: bool,
    /// Where the tool keeps what it has downloaded.
    pub cache: &'static str,
    /// Downloads dependencies and plugins.
    pub resolve: Command,
    /// Builds the program.
    pub build: Command,
    /// The folder that the build writes to, relative to the build stage's work folder.
    pub output: String,
    /// The archive that the build leaves, with `*` for the version, or Gradle's folder of
    /// archives; relative to the build stage's work folder.
    pub jar: String,
    /// The program and its libraries stand together in the folder `jar`.
    pub distribution: bool,
    /// The folder of libraries beside the archive, relative to the build stage's work folder.
    pub libraries: Option<String>,
    /// Nothing may have been put there.
    pub libraries_unsure: bool,
    /// Absent for a whole runtime.
    pub jlink: Option<Jlink>,
}

/// How the runtime is made. Without an archive of class data: measured with Spring Boot on JDK 25
/// it adds 14 MB to the image, and in three starts of each no difference was seen.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Jlink {
    /// What jdeps cannot see.
    pub modules: Vec<Module>,
    /// The value of `--compress`, which changed its form with JDK 21.
    pub compress: &'static str,
}

/// Flags of every start. The heap may take three quarters of the container's memory, since the
/// JVM's own default is one quarter; a program without memory ends, so that it is started anew.
/// They stand in the start command, not in `JDK_JAVA_OPTIONS`, because the launcher reports that
/// variable on standard error at every start, the health check's included.
const FLAGS: &[&str] = &["-XX:MaxRAMPercentage=75.0", "-XX:+ExitOnOutOfMemoryError"];

/// The check is a JVM of its own: it is kept small and rare.
const PROBE: &[&str] = &[
    "-Xmx16m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    "/opt/probe",
    "Probe",
];

pub(super) fn plan(
    resolver: &mut Resolver<'_>,
    model: &JavaModel,
    kind: Kind,
) -> Result<LanguagePlan, Failure> {
    let component = resolver.component;
    let facts = &component.facts;
    let line = resolver.runtime("java")?;
    let base = base(resolver, &line)?;
    let run = resolver.image("java", &line, base.role)?;
    let java = match base.role {
        "distroless" => "/usr/bin/java",
        "slim" | "alpine" => "/opt/java/openjdk/bin/java",
        _ => "/opt/jre/bin/java",
    };
    let arguments = start(resolver, model)?;

    let port = port(resolver, kind, 8080)?;
    let mut health = health(resolver, kind, port, |path| {
        let port = match facts.port_variable.value() {
            Some(name) => name.clone(),
            None => port.unwrap_or_default().to_string(),
        };
        let mut command = vec![java.to_owned()];
        command.extend(PROBE.iter().map(ToString::to_string));
        command.push(port);
        command.extend(path.map(str::to_owned));
        command
    })?;
    if !health.command.is_empty() {
        (health.interval, health.timeout) = (30, 5);
        (health.start_period, health.start_interval) = (60, 3);
    }

    let steps = Steps::of(resolver, model)?;
    let user = run.user.clone().unwrap_or_else(|| "10001:10001".to_owned());
    let mut env = Vec::new();
    if !run.shell {
        // Without it the JVM takes names of files and the console for plain ASCII.
        env.push(Pair {
            name: "LANG".to_owned(),
            value: "C.UTF-8".to_owned(),
        });
    }
    let jlink = base.jlink.then(|| Jlink {
        modules: resolver.modules.of(component, &line.version),
        compress: if line.version.major() < 21 {
            "2"
        } else {
            "zip-6"
        },
    });
    let mut entrypoint = vec![java.to_owned()];
    entrypoint.extend(FLAGS.iter().map(ToString::to_string));
    entrypoint.extend(arguments);
    let in_module = |path: &str| {
        let dir = component.dir.below(&component.root).unwrap_or_default();
        dir.join(path).to_string()
    };
    let product = &model.product;
    Ok(LanguagePlan {
        template: "java/base.Dockerfile.j2",
        image: BTreeMap::from([
            (
                "build".to_owned(),
                resolver.image("java", &line, steps.role)?,
            ),
            ("run".to_owned(), run),
        ]),
        env,
        build_env: Vec::new(),
        build_packages: Vec::new(),
        run_packages: Vec::new(),
        manifests: steps.manifests,
        build_dir: "/src".to_owned(),
        workdir: "/app".to_owned(),
        user,
        port,
        health,
        entrypoint,
        cmd: Vec::new(),
        stop_signal: None,
        details: Details::Java(JavaDetails {
            tool: steps.tool,
            line: line.version.major().to_string(),
            portable: steps.portable,
            parents: steps.parents,
            cache: steps.cache,
            resolve: steps.resolve,
            build: steps.build,
            output: in_module(&product.output),
            jar: in_module(&product.jar),
            distribution: matches!(&model.build, Build::Gradle(gradle) if gradle.task == "installDist"),
            libraries: (product.libraries != Libraries::None && steps.tool == "maven")
                .then(|| in_module("target/lib")),
            libraries_unsure: product.libraries == Libraries::Unsure,
            jlink,
        }),
    })
}

struct Base {
    role: &'static str,
    jlink: bool,
}

/// A runtime of only the modules that are used, on an image without a shell, where that can be;
/// else the smallest image with a whole one.
fn base(resolver: &mut Resolver<'_>, line: &Line) -> Result<Base, Failure> {
    let catalogue = resolver.catalogue;
    let component = resolver.component;
    let has = |role: &str| catalogue.image("java", line, role).is_some();
    let extra = |name: &str| component.facts.extra.get(name).and_then(Slot::best);
    let whole: Option<(String, Evidence)> = if line.version.major() < 9 {
        let why = format!("Java {} has no modules to choose from", line.version);
        Some((why.clone(), Evidence::rule("java/no-modules", why)))
    } else {
        extra("whole_runtime").map(|found| (found.value.clone(), found.evidence.clone()))
    };
    let jlink = whole.is_none();
    let mut possible: Vec<&'static str> = Vec::new();
    if jlink && has("distroless-jlink") || has("distroless") {
        possible.push("distroless");
    }
    possible.push("slim");
    if has("alpine") {
        possible.push("alpine");
    }
    let because = match &whole {
        None => Evidence::rule(
            "java/jlink",
            "a runtime made by jlink needs a C library and no more",
        ),
        Some((_, evidence)) => evidence.clone(),
    };
    let line_name = line.version.to_string();
    let base = resolver.base(&possible, because, |wanted| match wanted {
        "scratch" => "a JVM needs a C library".to_owned(),
        "alpine" => format!("there is no Alpine image of Java {line_name} for every platform"),
        _ => format!("there is no image of this kind for Java {line_name}"),
    })?;
    let (role, jlink) = match base {
        "distroless" if jlink && extra("fonts").is_some() => ("distroless-fonts", true),
        "distroless" if jlink => ("distroless-jlink", true),
        "distroless" => ("distroless", false),
        "alpine" => ("alpine", false),
        _ => ("slim", false),
    };
    match (whole, jlink) {
        (None, true) => resolver.decide(
            "jre",
            "jlink",
            Confidence::Certain,
            Evidence::rule(
                "java/jlink",
                "jdeps finds in the jars which modules are used",
            ),
        ),
        (None, false) => resolver.decide(
            "jre",
            "whole",
            Confidence::Certain,
            Evidence::rule("java/base", format!("the base {base} brings it")),
        ),
        (Some((why, evidence)), _) => resolver.decide(
            "jre",
            "whole",
            Confidence::Certain,
            Evidence { why, ..evidence },
        ),
    }
    if let Some(found) = extra("fonts").filter(|_| role == "distroless-fonts") {
        resolver.decide(
            "fonts",
            "from the base image",
            found.confidence,
            found.evidence.clone(),
        );
    }
    Ok(Base { role, jlink })
}

/// What stands behind `java` and its flags: a setting, a framework's way, else the jar or the
/// class path with the main class.
fn start(resolver: &mut Resolver<'_>, model: &JavaModel) -> Result<Vec<String>, Failure> {
    let facts = &resolver.component.facts;
    let parse = |text: &str| Some(Command::parse(text));
    if let Some(found) = resolver.choose("start", &facts.start, parse)? {
        return match found.value {
            Command::Exec(words) => {
                let java = words
                    .first()
                    .is_some_and(|word| word == "java" || word.ends_with("/java"));
                Ok(words.into_iter().skip(usize::from(java)).collect())
            }
            Command::Shell(text) => Err(Diagnostic::error(
                "invalid-setting",
                format!("the start command `{text}` needs a shell, and the image has none"),
            )
            .with_help("give it as `java` with its arguments, without variables and pipes")
            .into()),
        };
    }
    let product = &model.product;
    let given = resolver.setting("main").is_some();
    let main = resolver.choose("main", &facts.main, |text| Some(text.to_owned()))?;
    if product.fat && product.main_in_jar && !given {
        return Ok(vec!["-jar".to_owned(), "app.jar".to_owned()]);
    }
    let Some(main) = main else {
        return Err(resolver.needs("main", "no class with a main method was found", &[]));
    };
    let class_path = match (&model.build, product.libraries) {
        (_, Libraries::None) => "app.jar",
        (Build::Gradle(_), _) => "lib/*",
        (Build::Maven(_), _) => "app.jar:lib/*",
    };
    Ok(vec!["-cp".to_owned(), class_path.to_owned(), main.value])
}
