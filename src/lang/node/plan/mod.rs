//! Node.js and Bun: from facts to stages.

mod base;
mod build;
mod image;
mod install;
mod launch;
mod runtime;
mod tools;

use serde::Serialize;

use crate::diag::Diagnostic;
use crate::facts::{Command, Kind};
use crate::lang::node::manager::Manager;
use crate::lang::node::{NodeModel, Runtime};
use crate::plan::health::health;
use crate::plan::images::BaseImage;
use crate::plan::{
    Copy, CopyStep, Failure, From, Made, Pair, Port, Resolver, Run, RunStage, Stage, Step, port,
    site,
};
use crate::repo::RelPath;
use base::{Base, Packages, base, packages};

/// What `node/base.j2`, `node/build.j2` and `node/modules.j2` know.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each decides about a line of the templates"
)]
struct BuildContext {
    /// The stage starts from an image and not from one that is ready.
    base: bool,
    /// Packages are installed here, or in a stage that starts from this one.
    installs: bool,
    /// Packages of the distribution.
    packages: Vec<String>,
    /// The distribution is Alpine.
    apk: bool,
    /// What the install needs from the context, before the sources.
    manifests: Vec<CopyStep>,
    /// The manifests keep their folders below the work folder.
    parents: bool,
    /// The folder of the context that is built.
    root: RelPath,
    build_dir: &'static str,
    /// The image that Bun's program is copied from.
    bun: Option<String>,
    /// Packages that npm installs for everyone: the package manager.
    tools: Vec<String>,
    /// The image's own copy of the tool is in the way.
    force: bool,
    /// Variables of the install.
    install_env: Vec<Pair>,
    /// The package manager's cache, as fields of a mount; empty when nothing is installed.
    cache: String,
    /// Commands that install what production needs; empty when that is nothing, or is taken from
    /// the build stage.
    modules: Vec<Command>,
    /// Variables of the build commands.
    build_env: Vec<Pair>,
    /// Harmless values without which the build stops.
    stand_ins: Vec<Pair>,
    #[serde(flatten)]
    build: Build,
}

/// What the build stage does.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Build {
    /// Empty when no package is needed.
    pub install: Vec<Command>,
    pub commands: Vec<Command>,
    /// The first of them are scripts that an install would have run before the sources were there.
    pub hooks: bool,
    /// Variables that the build takes from its arguments, because they end up in what it makes.
    pub arguments: Vec<String>,
    /// Caches of the build tools, as fields of mounts.
    pub caches: Vec<String>,
}

/// Where the sources stand in the build stage, and in the last one.
const DIR: &str = "/app";

pub(super) fn plan(resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
    let Some(model) = resolver.component.model.get::<NodeModel>() else {
        return Err(resolver.foreign());
    };
    if kind == Kind::Static {
        plan_site(resolver, model)
    } else {
        plan_program(resolver, model, kind)
    }
}

fn plan_site(resolver: &mut Resolver<'_>, model: &NodeModel) -> Result<Made, Failure> {
    let base = base(resolver, model, Runtime::Node, "build")?;
    let packages = packages(resolver, model, &base);
    let build = build::build(resolver, model, &base)?;
    let Some(folder) = resolver.static_root() else {
        return Err(Diagnostic::error(
            "no-static-files",
            format!(
                "{}: nothing tells where the build puts files for a web server",
                resolver.component.dir
            ),
        )
        .with_help("choose another kind: --kind web, worker or cli")
        .into());
    };
    resolver.decide(
        "static files",
        &folder.value,
        folder.confidence,
        folder.evidence.clone(),
    );
    let mut run = site::served(resolver)?;
    let copy = if build.is_some() {
        let from = image::absolute(DIR, &model.path, &folder.value);
        Copy::stage("build", from, site::ROOT)
    } else {
        let from = resolver.component.dir.join(&folder.value);
        Copy::context(from.to_string(), site::ROOT)
    };
    run.steps.push(copy.into());
    let (stages, manifests) = Stages {
        build,
        modules: Vec::new(),
        packages: packages.build,
        apk: false,
        init: false,
        native: true,
    }
    .make(resolver, model, &base);
    Ok(Made::new(stages, run, &manifests, DIR))
}

fn plan_program(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    kind: Kind,
) -> Result<Made, Failure> {
    let start = launch::choose(resolver, model)?;
    let launch = launch::launch(resolver, model, &start);
    let runtime = launch.runtime(model);
    let base_role = if wants_alpine(resolver) {
        "build-alpine"
    } else {
        "build"
    };
    let base = base(resolver, model, runtime, base_role)?;
    let mut packages = packages(resolver, model, &base);
    let keep_tools = launch.needs_manager() || model.calls_manager.is_some();
    let run_image = runtime::run_image(
        resolver, model, &launch, &base, runtime, keep_tools, &packages,
    )?;
    let build = build::build(resolver, model, &base)?;
    let modules = install::modules(resolver, model, &launch, &base, build.is_some());

    let port = port(resolver, kind, 3000)?;
    let interpreter = if runtime == Runtime::Bun {
        "bun".to_owned()
    } else if run_image.shell {
        "node".to_owned()
    } else {
        run_image.entrypoint.first().cloned().unwrap_or_default()
    };
    let variable = resolver.component.facts.port_variable.value().cloned();
    let health = health(resolver, kind, port, |path| {
        let port = match &variable {
            Some(name) => format!("${{process.env.{name}}}"),
            None => port.unwrap_or_default().to_string(),
        };
        vec![interpreter.clone(), "-e".to_owned(), probe(path, &port)]
    })?;
    let init = runtime::init(resolver, model, base_role);
    if let Some((name, _)) = init {
        packages.build.push(name.to_owned());
    }
    let mut run = RunStage::new(run_image, "", health);
    if run.base.user.is_none() {
        "1000:1000".clone_into(&mut run.user);
    }
    if keep_tools {
        keep(&mut run, &base, launch.needs_manager());
    }
    let Packages {
        build: build_packages,
        run: run_packages,
    } = packages;
    run.packages = run_packages;
    let image::Last { copies, workdir } = image::last_stage(
        resolver,
        model,
        &launch,
        &start.value,
        build.as_ref(),
        &modules,
    );
    let (stages, manifests) = Stages {
        build,
        modules: modules.commands,
        packages: build_packages,
        apk: base_role == "build-alpine",
        init: init.is_some(),
        native: false,
    }
    .make(resolver, model, &base);
    if let (Some((_, file)), Some(first)) = (init, stages.first()) {
        let why = "As PID 1 the program would ignore SIGTERM, for which it has no handler.";
        let copy = Copy::stage(&first.name, file, "/usr/local/bin/tini").because(why);
        run.steps.push(copy.into());
    }
    run.steps.extend(copies.into_iter().map(Step::Copy));
    (run.entrypoint, run.cmd) =
        launch.words(model, &base.tools, &run.base, init.is_some(), &workdir);
    run.path = launch.path(model, &workdir);
    run.env.insert(0, Pair::new("NODE_ENV", "production"));
    run.workdir = workdir;
    run.ports.extend(port.map(Port::tcp));
    Ok(Made::new(stages, run, &manifests, DIR))
}

/// Brings the package manager to the last stage.
fn keep(run: &mut RunStage, base: &Base, starts: bool) {
    let own = run.base.reference.clone();
    if let Some(bun) = base.images.get("bun").filter(|bun| bun.reference != own) {
        let copy = Copy::stage(&bun.reference, "/usr/local/bin/bun", "/usr/local/bin/");
        run.steps.push(copy.into());
        run.images.push(bun.clone());
    }
    if !base.tools.packages.is_empty() {
        let mut words = vec!["npm", "install", "-g"];
        if base.tools.force {
            words.push("--force");
        }
        words.extend(base.tools.packages.iter().map(String::as_str));
        run.steps.push(Step::Run(Run {
            why: "",
            mounts: vec!["type=cache,target=/root/.npm".to_owned()],
            env: Vec::new(),
            command: Command::exec(words),
        }));
    }
    if starts {
        run.env.extend(base.tools.run_env.clone());
    }
}

/// What the build stages are made of.
struct Stages {
    build: Option<Build>,
    modules: Vec<Command>,
    /// Packages of the distribution.
    packages: Vec<String>,
    apk: bool,
    /// The first stage is wanted for the init in it, if for nothing else.
    init: bool,
    /// The result is the same on every platform.
    native: bool,
}

impl Stages {
    /// One stage, or two that start from a common one; and the manifests that it copies.
    fn make(
        self,
        resolver: &Resolver<'_>,
        model: &NodeModel,
        base: &Base,
    ) -> (Vec<Stage>, Vec<CopyStep>) {
        let (manifests, parents) = install::manifests(model);
        let (builds, installs) = (self.build.is_some(), !self.modules.is_empty());
        let bun = base
            .images
            .get("bun")
            .filter(|_| model.install.manager == Manager::Bun);
        let image = &base.images["build"];
        let bun_images: Vec<BaseImage> = bun.into_iter().cloned().collect();
        let mut context = BuildContext {
            base: true,
            installs: builds || installs,
            packages: resolver.build_packages(self.packages),
            apk: self.apk,
            manifests: manifests.clone(),
            parents,
            root: resolver.component.root.clone(),
            build_dir: DIR,
            bun: bun.map(|bun| bun.reference.clone()),
            tools: base.tools.packages.clone(),
            force: base.tools.force,
            install_env: install::env(model),
            cache: install::cache(model),
            modules: self.modules,
            build_env: resolver.build_env(Vec::new()),
            stand_ins: resolver.stand_ins(),
            build: self.build.unwrap_or_default(),
        };
        let first = |name: &str, template: &str, context: &BuildContext| {
            Stage::new(name, From::Image(image.clone()), template, context)
                .native(self.native)
                .with_images(bun_images.clone())
        };
        let build = resolver.template("node/build.j2");
        let stages = match (builds, installs) {
            (true, true) => {
                let base = first("base", "node/base.j2", &context);
                context.base = false;
                let next = |name: &str, template: &str| {
                    Stage::new(name, From::Stage("base".to_owned()), template, &context)
                };
                vec![
                    base,
                    next("build", &build),
                    next("modules", "node/modules.j2"),
                ]
            }
            (true, false) => vec![first("build", &build, &context)],
            (false, true) => vec![first("modules", "node/modules.j2", &context)],
            (false, false) if self.init => vec![first("init", "node/modules.j2", &context)],
            (false, false) => Vec::new(),
        };
        let manifests = if builds || installs {
            manifests
        } else {
            Vec::new()
        };
        (stages, manifests)
    }
}

fn wants_alpine(resolver: &Resolver<'_>) -> bool {
    resolver
        .setting("base")
        .is_some_and(|(base, _)| base == "alpine")
}

/// A few words of JavaScript that end with 0 when the program answers. `port` is a number or an
/// expression of a template text.
fn probe(path: Option<&str>, port: &str) -> String {
    let plain = |path: &&str| {
        path.bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/._-~".contains(&b))
    };
    if let Some(path) = path.filter(plain) {
        return format!(
            "fetch(`http://127.0.0.1:{port}{path}`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
        );
    }
    let port = port
        .strip_prefix("${")
        .and_then(|port| port.strip_suffix('}'))
        .unwrap_or(port);
    format!(
        "require('net').connect({port}, '127.0.0.1').on('connect', () => process.exit(0)).on('error', () => process.exit(1))"
    )
}
