//! Health checks that need no shell, curl or wget in the image.

use schemars::JsonSchema;
use serde::Serialize;

use super::resolver::Resolver;
use crate::diag::Result;
use crate::facts::{Confidence, Evidence, Facts, Found, HealthFact, Kind, Slot};

/// The health check of the last stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Health {
    /// `http`, `tcp` or `none`.
    pub kind: String,
    /// The path that is asked; with `http` only.
    pub path: Option<String>,
    /// Why there is none; with `none` only.
    pub reason: Option<String>,
    /// Exec form of the check; empty with `none`.
    pub command: Vec<String>,
    /// Seconds.
    pub interval: u32,
    pub timeout: u32,
    pub start_period: u32,
    /// Time between checks during the start period (Docker Engine 25 and newer; ignored by older).
    pub start_interval: u32,
}

impl Health {
    fn none(reason: impl Into<String>) -> Self {
        Self {
            kind: "none".to_owned(),
            path: None,
            reason: Some(reason.into()),
            command: Vec::new(),
            interval: 0,
            timeout: 0,
            start_period: 0,
            start_interval: 0,
        }
    }
}

/// Decides what is checked; `command` then says how, for HTTP with the path, for TCP without.
pub fn health(
    resolver: &mut Resolver<'_>,
    kind: Kind,
    port: Option<u16>,
    command: impl FnOnce(Option<&str>) -> Vec<String>,
) -> Result<Health> {
    let slot = &resolver.component.facts.health;
    health_of(resolver, kind, port, slot, command)
}

/// The arguments of a probe that the image brings: the port, or the variable that holds it, and the
/// path.
pub fn probe_arguments(facts: &Facts, port: Option<u16>, path: Option<&str>) -> Vec<String> {
    let port = match facts.port_variable.value() {
        Some(name) => name.clone(),
        None => port.unwrap_or_default().to_string(),
    };
    std::iter::once(port)
        .chain(path.map(str::to_owned))
        .collect()
}

/// The check of an image that brings a compiled probe, as Go's and Rust's do.
pub fn probed(resolver: &mut Resolver<'_>, kind: Kind, port: Option<u16>) -> Result<Health> {
    let facts = &resolver.component.facts;
    health(resolver, kind, port, |path| {
        let mut command = vec!["/usr/local/bin/probe".to_owned()];
        command.extend(probe_arguments(facts, port, path));
        command
    })
}

/// As [`health`], with candidates that the planner knows better than the detectors.
pub fn health_of(
    resolver: &mut Resolver<'_>,
    kind: Kind,
    port: Option<u16>,
    slot: &Slot<HealthFact>,
    command: impl FnOnce(Option<&str>) -> Vec<String>,
) -> Result<Health> {
    let parse = |text: &str| match text {
        "none" => Some(HealthFact::None("the settings say so".to_owned())),
        "tcp" => Some(HealthFact::Tcp),
        path if path.starts_with('/') && !path.contains(char::is_whitespace) => {
            Some(HealthFact::Http(path.to_owned()))
        }
        _ => None,
    };
    let reason = match (kind, port) {
        (Kind::Worker, _) => Some("a worker listens on no port"),
        (Kind::Cli, _) => Some("a command-line program ends by itself"),
        (_, None) => Some("no port is known"),
        _ => None,
    };
    if let Some(reason) = reason
        && resolver.setting("health").is_none()
    {
        resolver.decide(
            "health",
            "none",
            Confidence::Certain,
            Evidence::rule("health/none", reason),
        );
        return Ok(Health::none(reason));
    }
    let found: Option<Found<HealthFact>> = resolver.choose("health", slot, parse)?;
    let fact = found.map(|found| found.value);
    if fact.is_none() {
        let because = Evidence::rule(
            "health/tcp",
            "no path for health checks was seen in the sources",
        );
        resolver.decide("health", "tcp", Confidence::Certain, because);
    }
    let path = match fact {
        Some(HealthFact::None(reason)) => return Ok(Health::none(reason)),
        Some(HealthFact::Http(path)) => Some(path),
        Some(HealthFact::Tcp) | None => None,
    };
    Ok(Health {
        kind: if path.is_some() { "http" } else { "tcp" }.to_owned(),
        command: command(path.as_deref()),
        path,
        reason: None,
        interval: 10,
        timeout: 3,
        start_period: 10,
        start_interval: 1,
    })
}
