//! Node.js and Bun: from facts to stages.

mod base;
mod build;
mod image;
mod install;
mod launch;
mod runtime;
mod tools;

use schemars::JsonSchema;
use serde::Serialize;

use super::go::port;
use super::health::health;
use super::resolver::{Failure, Resolver};
use super::site::{self, Site};
use super::{Details, LanguagePlan, Pair};
use crate::diag::Diagnostic;
use crate::facts::{Command, Kind};
use crate::lang::node::manager::Manager;
use crate::lang::node::{NodeModel, Runtime};
use base::{base, packages};

pub(crate) use image::Copy;

/// What the Node templates know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each decides about a line of the templates"
)]
pub struct NodeDetails {
    pub manager: String,
    /// The name of the first stage: `base` when two others start from it, else theirs.
    pub first: &'static str,
    /// Packages that npm installs for everyone in the base stage: the package manager.
    pub tools: Vec<String>,
    /// The image's own copy of the tool is in the way.
    pub force: bool,
    /// Bun's program is copied from `image.bun`.
    pub bun: bool,
    /// The manifests keep their folders below the work folder.
    pub parents: bool,
    /// Variables of the install.
    pub install_env: Vec<Pair>,
    /// The package manager's cache, as fields of a mount; empty when nothing is installed.
    pub cache: String,
    /// Build secrets of the install, as fields of mounts.
    pub secrets: Vec<String>,
    /// The build stage; absent when there is nothing to build.
    pub build: Option<Build>,
    /// Commands that install what production needs; empty when that is nothing, or is taken from
    /// the build stage.
    pub modules: Vec<Command>,
    /// Where the first stage has an init without libraries; absent when the program ends on
    /// SIGTERM by itself.
    pub init: Option<String>,
    /// The first stage is Alpine's.
    pub apk: bool,
    /// The package manager is needed in the last stage too.
    pub keep_tools: bool,
    /// COPY lines of the last stage, in order.
    pub copies: Vec<Copy>,
    /// Where files for a web server come from; absent for a program.
    pub site: Option<Site>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Build {
    /// Empty when no package is needed.
    pub install: Vec<Command>,
    pub commands: Vec<Command>,
    /// The first of them are scripts that an install would have run before the sources were there.
    pub hooks: bool,
    /// Variables that the build takes from its arguments, because they end up in what it makes.
    pub arguments: Vec<String>,
    /// Caches of the build tools, as fields of mounts.
    pub caches: Vec<String>,
    /// Folders that the last stage takes empty, for the program to write to.
    pub folders: Vec<String>,
}

/// Where the sources stand in the build stage, and in the last one.
const DIR: &str = "/app";

pub(super) fn plan(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    kind: Kind,
) -> Result<LanguagePlan, Failure> {
    if kind == Kind::Static {
        plan_site(resolver, model)
    } else {
        plan_program(resolver, model, kind)
    }
}

fn plan_site(resolver: &mut Resolver<'_>, model: &NodeModel) -> Result<LanguagePlan, Failure> {
    let base = base(resolver, model, Runtime::Node, "build")?;
    let packages = packages(resolver, model, &base);
    let build = build::build(resolver, model, &base)?;
    let facts = &resolver.component.facts;
    let Some(folder) = facts.static_root.best().cloned() else {
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
    let served = site::served(resolver)?;
    let mut images = base.images;
    images.extend(served.image);
    let stage = build.is_some().then(|| "build".to_owned());
    let from = if stage.is_some() {
        image::absolute(DIR, &model.path, &folder.value)
    } else {
        resolver.component.dir.join(&folder.value).to_string()
    };
    let (manifests, parents) = install::manifests(model);
    let details = NodeDetails {
        manager: model.install.manager.name().to_owned(),
        first: "build",
        tools: base.tools.packages,
        force: base.tools.force,
        bun: images.contains_key("bun"),
        parents,
        install_env: install::env(model),
        cache: install::cache(model),
        secrets: install::secrets(model),
        build,
        modules: Vec::new(),
        init: None,
        apk: false,
        keep_tools: false,
        copies: vec![Copy {
            stage,
            from,
            to: site::ROOT.to_owned(),
            exclude: false,
            owner: String::new(),
        }],
        site: Some(served.site),
    };
    Ok(LanguagePlan {
        template: "node/spa.Dockerfile.j2",
        image: images,
        env: Vec::new(),
        build_env: Vec::new(),
        build_packages: packages.build,
        run_packages: Vec::new(),
        manifests,
        build_dir: DIR.to_owned(),
        workdir: site::ROOT.to_owned(),
        user: served.user,
        port: served.port,
        health: served.health,
        entrypoint: served.entrypoint,
        cmd: Vec::new(),
        stop_signal: served.stop_signal,
        details: Details::Node(details),
    })
}

fn plan_program(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    kind: Kind,
) -> Result<LanguagePlan, Failure> {
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
    let run = runtime::run_image(
        resolver, model, &launch, &base, runtime, keep_tools, &packages,
    )?;
    let user = run.user.clone().unwrap_or_else(|| "1000:1000".to_owned());
    let build = build::build(resolver, model, &base)?;
    let modules = install::modules(resolver, model, &launch, &base, build.is_some());

    let port = port(resolver, kind, 3000)?;
    let interpreter = if runtime == Runtime::Bun {
        "bun".to_owned()
    } else if run.shell {
        "node".to_owned()
    } else {
        run.entrypoint.first().cloned().unwrap_or_default()
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
    let init = init.map(|(_, file)| file.to_owned());
    let image::Last { copies, workdir } = image::last_stage(
        resolver,
        model,
        &launch,
        &start.value,
        build.as_ref(),
        &modules,
        &user,
    );
    let (entrypoint, cmd) = launch.words(model, &base.tools, &run, init.is_some(), &workdir);
    let mut env = vec![Pair {
        name: "NODE_ENV".to_owned(),
        value: "production".to_owned(),
    }];
    env.extend(launch.env(model, &workdir));
    if launch.needs_manager() {
        env.extend(base.tools.run_env.clone());
    }
    let mut images = base.images;
    images.insert("run".to_owned(), run);
    let (manifests, parents) = install::manifests(model);
    let details = NodeDetails {
        manager: model.install.manager.name().to_owned(),
        first: match (build.is_some(), modules.commands.is_empty()) {
            (true, false) => "base",
            (true, true) => "build",
            (false, false) => "modules",
            (false, true) => "init",
        },
        tools: base.tools.packages,
        force: base.tools.force,
        bun: images.contains_key("bun") && (model.install.manager == Manager::Bun || keep_tools),
        parents,
        install_env: install::env(model),
        cache: install::cache(model),
        secrets: install::secrets(model),
        build,
        modules: modules.commands,
        init,
        apk: base_role == "build-alpine",
        keep_tools,
        copies,
        site: None,
    };
    Ok(LanguagePlan {
        template: "node/base.Dockerfile.j2",
        image: images,
        env,
        build_env: Vec::new(),
        build_packages: packages.build,
        run_packages: packages.run,
        manifests,
        build_dir: DIR.to_owned(),
        workdir,
        user,
        port,
        health,
        entrypoint,
        cmd,
        stop_signal: None,
        details: Details::Node(details),
    })
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
