//! Java: the build by Maven or Gradle, a runtime by jlink or a whole one, the start command.

mod build;
mod modules;

use serde::Serialize;

use crate::diag::Diagnostic;
use crate::facts::{Artifact, Command, Confidence, Evidence, Kind};
use crate::lang::java::{Build, JavaModel, Libraries};
use crate::plan::health::{health, probe_arguments};
use crate::plan::images::Line;
use crate::plan::{
    Copy, CopyStep, Failure, From, Made, Pair, Port, Resolver, RunStage, Stage, Step, port,
};
use crate::repo::RelPath;
use build::Steps;
use modules::{Module, Modules};

/// What `java/build.j2` and the templates that extend it know.
#[derive(Debug, Serialize)]
struct BuildContext {
    /// What the download of dependencies needs from the context, before the sources.
    manifests: Vec<CopyStep>,
    /// Files that other components build for the compiler.
    assets: Vec<Copy>,
    /// The folder of the context that is built.
    project: RelPath,
    build_dir: &'static str,
    build_env: Vec<Pair>,
    /// Debian packages.
    packages: Vec<String>,
    /// The line of the JDK, such as 25.
    line: String,
    /// The first of the manifests' COPY keeps their folders.
    parents: bool,
    /// Where the tool keeps what it has downloaded.
    cache: &'static str,
    /// Downloads dependencies and plugins.
    resolve: Command,
    /// Builds the program.
    build: Command,
    /// The folder that the build writes to, relative to the work folder.
    output: String,
    /// The archive that the build leaves, with `*` for the version, or Gradle's folder of
    /// archives; relative to the work folder.
    jar: String,
    /// The program and its libraries stand together in the folder `jar`.
    distribution: bool,
    /// The folder of libraries beside the archive, relative to the work folder.
    libraries: Option<String>,
    /// Nothing may have been put there.
    libraries_unsure: bool,
    /// Which modules the program uses is looked up for jlink.
    jlink: bool,
}

/// What `java/jre.j2` knows. Without an archive of class data: measured with Spring Boot on JDK 25
/// it adds 14 MB to the image, and in three starts of each no difference was seen.
#[derive(Debug, Serialize)]
struct JreContext {
    /// The health check's program is compiled beside.
    probe: bool,
    /// What jdeps cannot see.
    modules: Vec<Module>,
    /// The value of `--compress`, which changed its form with JDK 21.
    compress: &'static str,
}

/// What the build stage leaves in place of a layout of a framework's own.
fn usual_program(distribution: bool, libraries: bool) -> Vec<Artifact> {
    let artifact = |from: &str, to: &str| Artifact {
        from: from.to_owned(),
        to: to.to_owned(),
    };
    let mut program = Vec::new();
    if distribution || libraries {
        program.push(artifact("/out/lib/", "lib/"));
    }
    if !distribution {
        program.push(artifact("/out/app.jar", "./"));
    }
    program
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

pub(super) fn plan(resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
    let component = resolver.component;
    let Some(model) = component.model.get::<JavaModel>() else {
        return Err(resolver.foreign());
    };
    let facts = &component.facts;
    let line = resolver.runtime("java")?;
    let base = base(resolver, &line)?;
    let run_image = resolver.image("java", &line, base.role)?;
    let java = match base.role {
        "distroless" => "/usr/bin/java",
        "slim" | "alpine" => "/opt/java/openjdk/bin/java",
        _ => "/opt/jre/bin/java",
    };
    let arguments = start(resolver, model)?;

    let port = port(resolver, kind, 8080)?;
    let mut health = health(resolver, kind, port, |path| {
        let mut command = vec![java.to_owned()];
        command.extend(PROBE.iter().map(ToString::to_string));
        command.extend(probe_arguments(facts, port, path));
        command
    })?;
    if !health.command.is_empty() {
        (health.interval, health.timeout) = (30, 5);
        (health.start_period, health.start_interval) = (60, 3);
    }

    let steps = Steps::of(resolver, model)?;
    let mut run = RunStage::new(run_image, "/app", health);
    if !run.base.shell {
        // Without it the JVM takes names of files and the console for plain ASCII.
        run.env.push(Pair::new("LANG", "C.UTF-8"));
    }
    run.entrypoint.push(java.to_owned());
    run.entrypoint.extend(FLAGS.iter().map(ToString::to_string));
    run.entrypoint.extend(arguments);
    let in_module = |path: &str| {
        let dir = component.dir.below(&component.root).unwrap_or_default();
        dir.join(path).to_string()
    };
    let product = &model.product;
    let distribution =
        matches!(&model.build, Build::Gradle(gradle) if gradle.task == "installDist");
    let libraries = product.libraries != Libraries::None && steps.tool == "maven";
    let program = match facts.program.value() {
        Some(program) => program.clone(),
        None => usual_program(distribution, libraries),
    };
    let jdk = resolver.image("java", &line, steps.role)?;
    let mut stages = vec![
        Stage::new(
            "build",
            From::Image(jdk.clone()),
            resolver.template("java/build.j2"),
            &BuildContext {
                manifests: steps.manifests.clone(),
                project: component.root.clone(),
                assets: resolver.embedded(BUILD_DIR),
                build_dir: BUILD_DIR,
                build_env: resolver.build_env(Vec::new()),
                packages: resolver.build_packages(Vec::new()),
                line: line.version.major().to_string(),
                parents: steps.parents,
                cache: steps.cache,
                resolve: steps.resolve,
                build: steps.build,
                output: in_module(&product.output),
                jar: in_module(&product.jar),
                distribution,
                libraries: libraries.then(|| in_module("target/lib")),
                libraries_unsure: product.libraries == Libraries::Unsure,
                jlink: base.jlink,
            },
        )
        .native(steps.portable),
    ];
    let probe = !run.health.command.is_empty();
    if base.jlink {
        let jre = JreContext {
            probe,
            modules: Modules::load(resolver.packs)?.of(component, &line.version),
            compress: if line.version.major() < 21 {
                "2"
            } else {
                "zip-6"
            },
        };
        stages.push(Stage::new("jre", From::Image(jdk), "java/jre.j2", &jre));
        let copy = Copy::stage("jre", "/opt/jre", "/opt/jre");
        run.steps.push(copy.into());
    } else if probe {
        stages.push(Stage::new("probe", From::Image(jdk), "java/probe.j2", &()));
    }
    if probe {
        let stage = if base.jlink { "jre" } else { "probe" };
        let copy = Copy::stage(stage, "/opt/probe", "/opt/probe");
        run.steps.push(copy.into());
    }
    let copied = program
        .iter()
        .map(|part| Copy::stage("build", &part.from, &part.to));
    let artifacts = facts.artifacts.iter().map(|found| {
        let from = format!("{BUILD_DIR}/{}", found.value.from);
        Copy::stage("build", from, &found.value.to)
    });
    run.steps.extend(copied.chain(artifacts).map(Step::Copy));
    run.ports.extend(port.map(Port::tcp));
    Ok(Made::new(stages, run, &steps.manifests, BUILD_DIR))
}

/// The work folder of the build stage.
const BUILD_DIR: &str = "/src";

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
    let fonts = component.facts.own.flag("fonts");
    let whole: Option<(String, Evidence)> = if line.version.major() < 9 {
        let why = format!("Java {} has no modules to choose from", line.version);
        Some((why.clone(), Evidence::rule("java/no-modules", why)))
    } else {
        let whole = component.facts.own.text("whole_runtime");
        whole.map(|found| (found.value, found.evidence))
    };
    let jlink = whole.is_none();
    let mut possible: Vec<&'static str> = Vec::new();
    let packages = resolver.packages_needed();
    if packages.is_some() {
        // Only Debian has them.
    } else if jlink && has("distroless-jlink") || has("distroless") {
        possible.push("distroless");
    }
    possible.push("slim");
    if has("alpine") && packages.is_none() {
        possible.push("alpine");
    }
    let because = match (&packages, &whole) {
        (Some(because), _) => because.clone(),
        (None, None) => Evidence::rule(
            "java/jlink",
            "a runtime made by jlink needs a C library and no more",
        ),
        (None, Some((_, evidence))) => evidence.clone(),
    };
    let line_name = line.version.to_string();
    let base = resolver.base(&possible, because, |wanted| match wanted {
        "scratch" => "a JVM needs a C library".to_owned(),
        "alpine" => format!("there is no Alpine image of Java {line_name} for every platform"),
        _ => format!("there is no image of this kind for Java {line_name}"),
    })?;
    let (role, jlink) = match base {
        "distroless" if jlink && fonts.is_some() => ("distroless-fonts", true),
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
    if let Some(found) = fonts.filter(|_| role == "distroless-fonts") {
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
