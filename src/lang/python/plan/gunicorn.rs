//! gunicorn's settings as a container needs them.

use std::collections::BTreeSet;

use super::serve::Start;
use crate::lang::python::PythonModel;
use crate::parse::version::{Constraint, Version};
use crate::plan::Pair;
use crate::plan::Resolver;

/// gunicorn's settings as environment, which a container's user can replace. What the project's
/// own file or the command line sets is left to them.
pub(super) fn settings(
    resolver: &Resolver<'_>,
    model: &PythonModel,
    flags: &BTreeSet<String>,
    start: &mut Start,
) {
    let none = BTreeSet::new();
    let conf = model.gunicorn_conf.as_ref().unwrap_or(&none);
    let free = |name: &str| !conf.contains(name) && !flags.contains(name);
    let mut arguments = Vec::new();
    if free("worker_tmp_dir") {
        // Workers tell by a file's time that they live; on a disk that can block.
        arguments.push("--worker-tmp-dir=/dev/shm");
    }
    if free("threads") && free("worker_class") {
        arguments.push("--threads=4");
    }
    if free("accesslog") {
        arguments.push("--access-logfile=-");
    }
    if free("control_socket_disable") && free("control_socket") {
        // The control socket came with 25.1, and its place is the home folder, which the user has not.
        let first = Version::new([25, 1]);
        match version(resolver, model) {
            (Some(version), _) if version >= first => arguments.push("--no-control-socket"),
            (Some(_), true) => {}
            _ => start.env.push(Pair::new("HOME", "/tmp")),
        }
    }
    if !arguments.is_empty() {
        start
            .env
            .push(Pair::new("GUNICORN_CMD_ARGS", arguments.join(" ")));
    }
    if free("workers") {
        start.env.push(Pair::new("WEB_CONCURRENCY", "2"));
    }
    let asked = resolver.component.facts.port_variable.value();
    if free("bind") || conf.contains("bind") && asked.is_some_and(|name| name == "PORT") {
        start.port_variable = Some("PORT".to_owned());
    }
}

/// The version of gunicorn, or its lower bound, and whether it is exact.
fn version(resolver: &Resolver<'_>, model: &PythonModel) -> (Option<Version>, bool) {
    let Some(pinned) = model.packages.get("gunicorn") else {
        let line = resolver.tools.choose("gunicorn", &Constraint::Any);
        return (line.ok().and_then(|line| line.newest), true);
    };
    match Version::parse(pinned) {
        Some(version) => (Some(version), true),
        None => (model.floors.get("gunicorn").cloned(), false),
    }
}
