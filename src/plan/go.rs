use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::health::health;
use super::resolver::{Failure, Resolver};
use super::{CopyStep, Details, LanguagePlan};
use crate::facts::{Confidence, Evidence, Kind, Rank, Slot};
use crate::lang::go::GoModel;
use crate::repo::RelPath;

/// What the Go templates know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct GoDetails {
    /// The main package as seen from the component: `.` or `./cmd/api`.
    pub package: String,
    /// The program's file name.
    pub binary: String,
    /// Folder below the work folder that the go command runs in; `.` for the work folder itself.
    pub module_dir: String,
    /// The module's folder in the build stage.
    pub source_dir: String,
    /// False for a vendored module.
    pub download: bool,
    /// The build adds what go.sum lacks.
    pub lacks_sums: bool,
    pub cgo: bool,
    /// The variable that `-X` stamps with the build argument VERSION.
    pub version_variable: Option<String>,
    /// The image starts from nothing and brings certificates and users itself.
    pub scratch: bool,
}

/// The work folder of the build stage.
const BUILD_DIR: &str = "/src";

pub(super) fn plan(
    resolver: &mut Resolver<'_>,
    model: &GoModel,
    kind: Kind,
) -> Result<LanguagePlan, Failure> {
    let component = resolver.component;
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

    let cgo = facts.extra.get("cgo").and_then(Slot::best);
    let (possible, because): (&[&'static str], Evidence) = match cgo {
        Some(found) => (&["distroless", "slim"], found.evidence.clone()),
        None => (
            &["distroless", "scratch", "alpine", "slim"],
            Evidence::rule("go/static", "a static binary needs no libraries"),
        ),
    };
    let base = resolver.base(possible, because, |_| {
        "the program uses cgo and needs glibc".to_owned()
    })?;
    let role = match (base, cgo.is_some()) {
        ("distroless", true) if cgo.is_some_and(|found| found.value == "c++") => "distroless-cc",
        ("distroless", true) => "distroless-base",
        (base, _) => base,
    };
    let run = resolver.image("go", &line, role)?;
    let user = run.user.clone().unwrap_or_else(|| "65532:65532".to_owned());

    let port = port(resolver, kind, 8080)?;
    let health = health(resolver, kind, port, |path| {
        let port = match facts.port_variable.value() {
            Some(name) => name.clone(),
            None => port.unwrap_or_default().to_string(),
        };
        let mut command = vec!["/usr/local/bin/probe".to_owned(), port];
        command.extend(path.map(str::to_owned));
        command
    })?;
    let binary = binary_name(&package, &component.name);
    let module_dir = component
        .dir
        .below(&component.root)
        .unwrap_or_default()
        .to_string();
    Ok(LanguagePlan {
        template: "go/base.Dockerfile.j2",
        image: BTreeMap::from([
            ("build".to_owned(), resolver.image("go", &line, "build")?),
            ("run".to_owned(), run),
        ]),
        env: Vec::new(),
        build_env: Vec::new(),
        build_packages: Vec::new(),
        run_packages: Vec::new(),
        manifests: manifests(component.root.clone(), component.dir.clone(), model),
        build_dir: BUILD_DIR.to_owned(),
        workdir: "/app".to_owned(),
        user,
        port,
        health,
        entrypoint: vec![format!("/usr/local/bin/{binary}")],
        cmd: Vec::new(),
        stop_signal: None,
        details: Details::Go(GoDetails {
            binary,
            source_dir: if module_dir == "." {
                BUILD_DIR.to_owned()
            } else {
                format!("{BUILD_DIR}/{module_dir}")
            },
            module_dir,
            package,
            download: !model.vendored,
            lacks_sums: model.lacks_sums,
            cgo: cgo.is_some(),
            version_variable,
            scratch: base == "scratch",
        }),
    })
}

/// The port of a program that serves: the setting, the best evidence, else the usual one as a guess.
pub(super) fn port(
    resolver: &mut Resolver<'_>,
    kind: Kind,
    usual: u16,
) -> Result<Option<u16>, Failure> {
    if kind != Kind::Web && resolver.setting("port").is_none() {
        return Ok(None);
    }
    let mut slot = resolver.component.facts.port.clone();
    if slot.is_empty() {
        let because = Evidence::rule("default", "no port was found; this one is usual");
        slot.add(usual, Rank::Default, Confidence::Guess, because);
    }
    let told = resolver.component.facts.port_variable.value();
    if let (Some(port), Some(name)) = (slot.value(), told)
        && *port < 1024
    {
        let why = format!(
            "{name} decides the port, and below 1024 not every platform lets a plain user listen"
        );
        slot.certain(usual, Rank::Dedicated, Evidence::rule("default", why));
    }
    Ok(resolver
        .choose("port", &slot, |text| text.parse().ok())?
        .map(|found| found.value))
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
    if last == "." || last.is_empty() {
        component.to_owned()
    } else {
        crate::lang::identifier(last)
    }
}
