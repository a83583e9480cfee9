//! Plain HTML: pages and a web server.

use crate::plan::site;
use crate::plan::{Copy, Failure, Made, Resolver};

pub(super) fn plan(resolver: &mut Resolver<'_>) -> Result<Made, Failure> {
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
    let mut run = site::served(resolver)?;
    let pages = component.dir.join(&pages.value).to_string();
    let to = format!("{}/", site::ROOT);
    run.steps.push(Copy::context(pages.clone(), to).into());
    Ok(Made {
        stages: Vec::new(),
        run,
        needed: vec![pages],
        project_dir: "",
    })
}
