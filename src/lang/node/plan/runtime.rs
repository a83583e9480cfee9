//! The image of the last stage and its init.

use super::base::{Base, Packages};
use super::launch::Launch;
use crate::facts::{Confidence, Evidence};
use crate::lang::node::manager::Manager;
use crate::lang::node::{NodeModel, Runtime};
use crate::plan::Resolver;
use crate::plan::images::BaseImage;

/// The base of the last stage: nothing but the runtime where that is enough.
pub(super) fn run_image(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    launch: &Launch,
    base: &Base,
    runtime: Runtime,
    keep_tools: bool,
    packages: &Packages,
) -> crate::diag::Result<BaseImage> {
    let on_bun = runtime == Runtime::Bun && !keep_tools_on_node(model, keep_tools);
    let name = if on_bun { "bun" } else { "node" };
    let line = if on_bun && !base.images.contains_key("bun") || !on_bun && runtime == Runtime::Node
    {
        base.line.clone()
    } else if on_bun {
        let wanted = model
            .bun
            .value()
            .cloned()
            .unwrap_or(crate::parse::version::Constraint::Any);
        resolver.catalogue.choose("bun", &wanted)?
    } else {
        base.line.clone()
    };
    let natives = packages
        .build
        .iter()
        .any(|name| name != "git" && name != "ca-certificates");
    let packages = packages.run.join(", ");
    let slim: &[&'static str] = if natives {
        &["slim"]
    } else {
        &["slim", "alpine"]
    };
    let (possible, because): (&[&'static str], Evidence) = if on_bun {
        (
            slim,
            Evidence::rule("node/bun", "the start command runs bun"),
        )
    } else if let Some(because) = model.calls_manager.clone().filter(|_| keep_tools) {
        (slim, because)
    } else if let Some(because) = model
        .started_by_manager
        .clone()
        .filter(|_| launch.needs_manager())
    {
        (slim, because)
    } else if launch.needs_shell() {
        let why = "the start command is not plain node";
        (slim, Evidence::rule("node/start", why))
    } else if !packages.is_empty() {
        let why = format!("Debian packages are needed at run time: {packages}");
        (slim, Evidence::rule("node/packages", why))
    } else if resolver
        .catalogue
        .image("node", &line, "distroless")
        .is_none()
    {
        let why = format!("there is no distroless image of Node.js {}", line.version);
        (slim, Evidence::rule("node/line", why))
    } else if natives {
        let why = "the start command is plain node";
        (&["distroless", "slim"], Evidence::rule("node/start", why))
    } else {
        let why = "the start command is plain node";
        (
            &["distroless", "slim", "alpine"],
            Evidence::rule("node/start", why),
        )
    };
    let why = because.why.clone();
    let role = resolver.base(possible, because, |wanted| match wanted {
        "scratch" => "the runtime needs a C library".to_owned(),
        "alpine" => "native modules are built for glibc".to_owned(),
        _ => why.clone(),
    })?;
    resolver.image(name, &line, role)
}

/// Package managers but Bun run on Node.js.
fn keep_tools_on_node(model: &NodeModel, keep_tools: bool) -> bool {
    keep_tools && model.install.manager != Manager::Bun
}

/// The package with an init and its file that needs no libraries. Node.js and Bun leave SIGTERM
/// alone as PID 1 unless the program handles it.
pub(super) fn init(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    role: &str,
) -> Option<(&'static str, &'static str)> {
    if let Some(because) = &model.ends {
        resolver.decide("init", "none", Confidence::Likely, because.clone());
        return None;
    }
    let why = "no handler of SIGTERM was seen, and as PID 1 a program without one ignores it";
    let because = Evidence::rule("node/init", why);
    resolver.decide("init", "tini", Confidence::Likely, because);
    Some(match role {
        "build-alpine" => ("tini-static", "/sbin/tini-static"),
        _ => ("tini", "/usr/bin/tini-static"),
    })
}
