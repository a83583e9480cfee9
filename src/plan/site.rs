//! Files for an unprivileged nginx: what built sites of every language have in common.

use schemars::JsonSchema;
use serde::Serialize;

use super::health::health_of;
use super::image::{Port, RunStage};
use super::resolver::{Failure, Resolver};
use crate::facts::{Evidence, HealthFact, Kind, Rank, Slot};

/// What `partials/nginx_server.j2` needs to know of a site.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Site {
    /// True when unknown paths are answered with `index.html`.
    pub spa: bool,
    /// URL prefixes below which file names carry a hash of their contents: `/assets/`.
    pub immutable: Vec<String>,
    /// The image that the health check's client comes from.
    pub probe: String,
}

/// Where the files go.
pub const ROOT: &str = "/usr/share/nginx/html";

/// The port on which nginx listens when nobody asks for another.
const PORT: u16 = 8080;

/// The last stage of a site but for its files: base, port and health check.
pub fn served(resolver: &mut Resolver<'_>) -> Result<RunStage, Failure> {
    let facts = &resolver.component.facts;
    let spa = resolver
        .choose("spa", &facts.spa, |text| text.parse().ok())?
        .is_some_and(|found| found.value);
    let immutable = facts.immutable.iter().map(|found| found.value.clone());
    let mut immutable: Vec<String> = immutable.collect();
    immutable.retain(|prefix| is_prefix(prefix));
    immutable.sort();
    let base = resolver.base(
        &["slim", "alpine"],
        Evidence::rule("site/nginx", "files need a web server and no runtime"),
        |_| "a site is served by nginx".to_owned(),
    )?;
    let base = resolver.helper("nginx", base)?;
    let probe = resolver.helper("busybox", "slim")?;
    let mut port = resolver.component.facts.port.clone();
    if port.is_empty() || resolver.setting("port").is_none() {
        // What a development server listens on says nothing about this one.
        port = Slot::default();
        let why = "an unprivileged web server listens above 1023";
        port.certain(PORT, Rank::Default, Evidence::rule("site/port", why));
    }
    let port = resolver
        .choose("port", &port, |text| text.parse().ok())?
        .map(|found| found.value);
    let mut root = Slot::default();
    let why = "the site's first page tells that it is served";
    root.certain(
        HealthFact::Http("/".to_owned()),
        Rank::Framework,
        Evidence::rule("site/health", why),
    );
    let health = health_of(resolver, Kind::Static, port, &root, |path| {
        let url = format!(
            "http://127.0.0.1:{}{}",
            port.unwrap_or(PORT),
            path.unwrap_or("/")
        );
        [
            "/usr/local/bin/busybox",
            "wget",
            "-q",
            "-O",
            "/dev/null",
            &url,
        ]
        .map(str::to_owned)
        .to_vec()
    })?;
    let mut run = RunStage::new(base, ROOT, health);
    if run.base.user.is_none() {
        "101:101".clone_into(&mut run.user);
    }
    run.site = Some(Site {
        spa,
        immutable,
        probe: probe.reference.clone(),
    });
    run.images.push(probe);
    run.ports.extend(port.map(Port::tcp));
    run.entrypoint = ["nginx", "-g", "daemon off;"].map(str::to_owned).to_vec();
    run.stop_signal = Some("SIGQUIT".to_owned());
    Ok(run)
}

/// A URL path that can stand in nginx's configuration without quotes.
fn is_prefix(text: &str) -> bool {
    text.len() > 2
        && text.starts_with('/')
        && text.ends_with('/')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b))
}
