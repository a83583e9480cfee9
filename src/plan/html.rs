use schemars::JsonSchema;
use serde::Serialize;

use super::resolver::{Failure, Resolver};
use super::site::{self, Site};
use super::{Details, LanguagePlan};

/// What the templates of plain HTML know.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StaticDetails {
    pub site: Site,
    /// The folder of the pages, relative to the build context.
    pub pages: String,
    /// Where the web server looks for them; ends with `/`.
    pub root: String,
}

pub(super) fn plan(resolver: &mut Resolver<'_>) -> Result<LanguagePlan, Failure> {
    let component = resolver.component;
    let Some(pages) = component.facts.static_root.best() else {
        return Err(resolver.needs("kind", "the folder of pages is not known", &[]));
    };
    resolver.decide(
        "static files",
        &pages.value,
        pages.confidence,
        pages.evidence.clone(),
    );
    let served = site::served(resolver)?;
    let root = format!("{}/", site::ROOT);
    Ok(LanguagePlan {
        template: "static/base.Dockerfile.j2",
        image: served.image,
        env: Vec::new(),
        build_env: Vec::new(),
        build_packages: Vec::new(),
        run_packages: Vec::new(),
        manifests: Vec::new(),
        build_dir: String::new(),
        workdir: site::ROOT.to_owned(),
        user: served.user,
        port: served.port,
        health: served.health,
        entrypoint: served.entrypoint,
        cmd: Vec::new(),
        stop_signal: served.stop_signal,
        details: Details::Static(StaticDetails {
            site: served.site,
            pages: component.dir.join(&pages.value).to_string(),
            root,
        }),
    })
}
