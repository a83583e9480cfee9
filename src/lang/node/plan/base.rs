//! The image that packages are installed on, and Debian's packages.

use std::collections::BTreeMap;

use super::tools::{self, Tools};
use crate::facts::{Confidence, Evidence, Found};
use crate::lang::Dependency;
use crate::lang::node::manager::Manager;
use crate::lang::node::{NodeModel, Runtime};
use crate::parse::version::{Constraint, Version};
use crate::plan::images::{BaseImage, Line};
use crate::plan::{Failure, Resolver};

/// The stages before the last one.
pub(super) struct Base {
    pub line: Line,
    pub images: BTreeMap<String, BaseImage>,
    pub tools: Tools,
}

/// The image that packages are installed on. Bun alone is enough when it is the package manager
/// and runs the program as well.
pub(super) fn base(
    resolver: &mut Resolver<'_>,
    model: &NodeModel,
    runtime: Runtime,
    role: &str,
) -> Result<Base, Failure> {
    let manager = model.install.manager;
    let mut images = BTreeMap::new();
    let bun_line = |resolver: &Resolver<'_>| {
        let wanted = model.bun.value().cloned().unwrap_or(Constraint::Any);
        resolver
            .catalogue
            .choose("bun", &wanted)
            .or_else(|_| resolver.catalogue.choose("bun", &Constraint::Any))
    };
    let (line, name) = match (runtime, manager) {
        (Runtime::Bun, Manager::Bun) => (resolver.runtime("bun")?, "bun"),
        (Runtime::Bun, _) => {
            let _ = resolver.runtime("bun")?;
            let wanted = model.node.value().cloned().unwrap_or(Constraint::Any);
            (resolver.catalogue.choose("node", &wanted)?, "node")
        }
        (Runtime::Node, _) => (resolver.runtime("node")?, "node"),
    };
    let bun_role = if role == "build-alpine" {
        "alpine"
    } else {
        role
    };
    let build_role = if name == "bun" { bun_role } else { role };
    images.insert("build".to_owned(), resolver.image(name, &line, build_role)?);
    if name == "node" && (manager == Manager::Bun || runtime == Runtime::Bun) {
        let bun = bun_line(resolver)?;
        images.insert("bun".to_owned(), resolver.image("bun", &bun, bun_role)?);
    }
    if name == "node"
        && let Some(exact) = model.node.best()
        && Version::parse(&exact.value.to_string()).is_some_and(|version| {
            version.parts().len() == 3 && line.newest.as_ref() != Some(&version)
        })
        && exact
            .value
            .to_string()
            .trim_start_matches('v')
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'.')
    {
        resolver.decide(
            "runtime",
            format!("the newest Node.js {}", line.version),
            Confidence::Likely,
            Evidence {
                why: format!(
                    "{}; the line's image gets its security fixes, --pin holds one build",
                    exact.evidence.why
                ),
                ..exact.evidence.clone()
            },
        );
    }
    if let Some(found) = resolver.component.facts.package_manager.best() {
        let (value, confidence, because) = (
            found.value.clone(),
            found.confidence,
            found.evidence.clone(),
        );
        resolver.decide("package manager", value, confidence, because);
    }
    let tools = tools::tools(resolver, model, &line, name);
    Ok(Base {
        line,
        images,
        tools,
    })
}

/// Debian packages for the base stage and for the last one.
pub(super) struct Packages {
    pub build: Vec<String>,
    pub run: Vec<String>,
}

/// What native modules need, and git where a package comes from there.
pub(super) fn packages(resolver: &mut Resolver<'_>, model: &NodeModel, base: &Base) -> Packages {
    let release = base
        .images
        .get("build")
        .and_then(|image| image.release.clone());
    let names = resolver
        .component
        .manifest
        .dependencies
        .iter()
        .filter(|dependency| dependency.production && !without_engine(dependency))
        .map(|dependency| dependency.name.as_str());
    let facts = &resolver.component.facts;
    let texts = |list: &[Found<String>]| list.iter().map(|found| found.value.clone()).collect();
    let mut packages = Packages {
        build: texts(&facts.build_packages),
        run: texts(&facts.run_packages),
    };
    for row in resolver.packages.needed("node", names) {
        let (build, run) = (row.build(release.as_deref()), row.run(release.as_deref()));
        packages.build.extend_from_slice(build);
        packages.run.extend_from_slice(run);
        let mut why = format!("{} needs them", row.dependency.join(", "));
        if let Some(note) = &row.note {
            why = format!("{why}; {note}");
        }
        let mut both: Vec<&str> = build.iter().chain(run).map(String::as_str).collect();
        both.sort_unstable();
        both.dedup();
        let because = Evidence::rule("node/packages", why);
        resolver.decide("packages", both.join(", "), Confidence::Likely, because);
    }
    if model.install.git {
        let names = ["ca-certificates", "git"];
        packages.build.extend(names.map(str::to_owned));
        let because = Evidence::rule("node/git", "a dependency comes from a git repository");
        resolver.decide("packages", names.join(", "), Confidence::Likely, because);
    }
    packages
}

/// Prisma has no native program from version 7 on.
fn without_engine(dependency: &Dependency) -> bool {
    matches!(dependency.name.as_str(), "prisma" | "@prisma/client")
        && Version::parse(dependency.version.trim_start_matches(['^', '~', '>', '=']))
            .is_some_and(|version| version.major() >= 7)
}
