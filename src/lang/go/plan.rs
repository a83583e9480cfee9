//! Go: the build, and the base that the program runs on.

use serde::Serialize;

use super::GoModel;
use crate::facts::{Evidence, Kind};
use crate::plan::health::probed;
use crate::plan::{
    Copy, CopyStep, Failure, From, Made, Pair, Port, Resolver, RunStage, Stage, Step, port,
};
use crate::repo::RelPath;

/// What `go/base.j2` and `go/probe.j2` know.
#[derive(Debug, Serialize)]
struct BaseContext {
    build_dir: &'static str,
    cgo: bool,
    /// Debian packages.
    packages: Vec<String>,
}

/// What `go/build.j2` knows.
#[derive(Debug, Serialize)]
struct BuildContext {
    /// What the download of modules needs from the context, before the sources.
    manifests: Vec<CopyStep>,
    /// Files that other components build for the compiler.
    assets: Vec<Copy>,
    /// The folder of the context that is built.
    project: RelPath,
    /// Variables of the build command.
    env: Vec<Pair>,
    /// Those that say where modules come from.
    download_env: Vec<Pair>,
    /// The main package as seen from the component: `.` or `./cmd/api`.
    package: String,
    /// The program's file name.
    binary: String,
    /// Folder below the work folder that the go command runs in; `.` for the work folder itself.
    module_dir: String,
    /// False for a vendored module.
    download: bool,
    /// The build adds what go.sum lacks.
    lacks_sums: bool,
    /// Build tags, joined by commas.
    tags: String,
    /// The variable that `-X` stamps with the build argument VERSION.
    version_variable: Option<String>,
}

/// Variables that the download of modules reads as well.
const DOWNLOADS: &[&str] = &["GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOPROXY"];

/// The work folder of the build stage.
const BUILD_DIR: &str = "/src";

pub(super) fn plan(resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
    let component = resolver.component;
    let Some(model) = component.model.get::<GoModel>() else {
        return Err(resolver.foreign());
    };
    let facts = &component.facts;
    let line = resolver.runtime("go")?;
    let main = resolver.choose("main", &facts.main, |text| {
        let wanted = text.trim_start_matches("./");
        model
            .mains
            .iter()
            .map(|main| &main.package)
            .find(|package| package.trim_start_matches("./") == wanted)
            .cloned()
    })?;
    let Some(main) = main else {
        return Err(resolver.needs("main", "no main package was found", &[]));
    };
    let package = main.value;
    let version_variable = model
        .mains
        .iter()
        .find(|main| main.package == package)
        .and_then(|main| main.version_variable.clone());
    let stamped = facts.version_variables.first();
    let version_variable = match (version_variable, stamped) {
        (Some(own), _) => Some(own),
        (None, Some(found)) => {
            let (name, because) = (found.value.clone(), found.evidence.clone());
            resolver.decide("version in", &name, found.confidence, because);
            Some(name)
        }
        (None, None) => None,
    };
    let tags: Vec<&str> = facts
        .tags
        .iter()
        .map(|found| found.value.as_str())
        .collect();
    let tags = tags.join(",");
    if let Some(found) = facts.tags.first() {
        resolver.decide(
            "build tags",
            &tags,
            found.confidence,
            found.evidence.clone(),
        );
    }

    let cgo = facts.own.text("cgo");
    let (possible, because): (&[&'static str], Evidence) = match (resolver.packages_needed(), &cgo)
    {
        (Some(because), _) => (&["slim"], because),
        (None, Some(found)) => (&["distroless", "slim"], found.evidence.clone()),
        (None, None) => (
            &["distroless", "scratch", "alpine", "slim"],
            Evidence::rule("go/static", "a static binary needs no libraries"),
        ),
    };
    let static_base = resolver.base(possible, because, |_| {
        if cgo.is_some() {
            "the program uses cgo and needs glibc".to_owned()
        } else {
            "the running program needs Debian packages".to_owned()
        }
    })?;
    let role = match (static_base, cgo.is_some()) {
        ("distroless", true) if cgo.as_ref().is_some_and(|found| found.value == "c++") => {
            "distroless-cc"
        }
        ("distroless", true) => "distroless-base",
        (base, _) => base,
    };
    let port = port(resolver, kind, 8080)?;
    let health = probed(resolver, kind, port)?;
    let binary = binary_name(&package, &component.name);
    let module_dir = component
        .dir
        .below(&component.root)
        .unwrap_or_default()
        .to_string();
    let base = BaseContext {
        build_dir: BUILD_DIR,
        cgo: cgo.is_some(),
        packages: resolver.build_packages(Vec::new()),
    };
    let manifests = manifests(component.root.clone(), component.dir.clone(), model);
    let mut run = RunStage::new(resolver.image("go", &line, role)?, "/app", health);
    if static_base == "slim" {
        // Distroless images bring them, Debian's own does not.
        run.packages.push("ca-certificates".to_owned());
    }
    let mut steps: Vec<Step> = Vec::new();
    if static_base == "scratch" {
        let certificates = "/etc/ssl/certs/ca-certificates.crt";
        steps.push(Copy::stage("build", certificates, "/etc/ssl/certs/").into());
    }
    let mut stages = vec![
        Stage::new(
            "base",
            From::Image(resolver.image("go", &line, "build")?),
            "go/base.j2",
            &base,
        )
        .native(cgo.is_none()),
        Stage::new(
            "build",
            From::Stage("base".to_owned()),
            resolver.template("go/build.j2"),
            &BuildContext {
                manifests: manifests.clone(),
                project: component.root.clone(),
                assets: resolver.embedded(BUILD_DIR),
                download_env: resolver
                    .build_env(Vec::new())
                    .into_iter()
                    .filter(|pair| DOWNLOADS.contains(&pair.name.as_str()))
                    .collect(),
                env: resolver.build_env(Vec::new()),
                package,
                binary: binary.clone(),
                module_dir: module_dir.clone(),
                download: !model.vendored,
                lacks_sums: model.lacks_sums,
                tags,
                version_variable,
            },
        ),
    ];
    if !run.health.command.is_empty() {
        let from = From::Stage("base".to_owned());
        stages.push(Stage::new("probe", from, "go/probe.j2", &base));
        steps.push(Copy::stage("probe", "/out/probe", "/usr/local/bin/").into());
    }
    steps.push(Copy::stage("build", format!("/out/{binary}"), "/usr/local/bin/").into());
    let source_dir = if module_dir == "." {
        BUILD_DIR.to_owned()
    } else {
        format!("{BUILD_DIR}/{module_dir}")
    };
    steps.extend(facts.artifacts.iter().map(|found| {
        let artifact = &found.value;
        let from = format!("{source_dir}/{}", artifact.from);
        Step::Copy(Copy::stage("build", from, &artifact.to))
    }));
    run.steps = steps;
    run.ports.extend(port.map(Port::tcp));
    run.entrypoint = vec![format!("/usr/local/bin/{binary}")];
    Ok(Made::new(stages, run, &manifests, BUILD_DIR))
}

fn manifests(root: RelPath, dir: RelPath, model: &GoModel) -> Vec<CopyStep> {
    if model.vendored {
        return Vec::new();
    }
    let mut steps = Vec::new();
    let mut step = |folder: &RelPath, files: &[&str]| {
        let to = folder.below(&root).unwrap_or_default();
        let to = if to.is_root() {
            "./".to_owned()
        } else {
            format!("{to}/")
        };
        steps.push(CopyStep {
            from: files
                .iter()
                .map(|file| folder.join(file).to_string())
                .collect(),
            to,
        });
    };
    if let Some(sum) = model.workspace {
        step(
            &root,
            if sum {
                &["go.work", "go.work.sum"]
            } else {
                &["go.work"]
            },
        );
    }
    let files = |sum: bool| -> &[&str] {
        if sum {
            &["go.mod", "go.sum"]
        } else {
            &["go.mod"]
        }
    };
    step(&dir, files(model.sum));
    for (sibling, sum) in &model.siblings {
        step(&root.join(sibling.as_str()), files(*sum));
    }
    steps
}

fn binary_name(package: &str, component: &str) -> String {
    let last = package.rsplit('/').next().unwrap_or_default();
    // The package is the module's own folder, or one file.
    if matches!(last, "" | ".") || last.ends_with(".go") {
        component.to_owned()
    } else {
        crate::lang::identifier(last)
    }
}
