//! The files by which a repository's authors deploy and release it are evidence: they know what
//! their program needs. What is stale or unsafe in them is not taken over, and is told.
//!
//! A file of dockgen's own is never evidence. One that dockgen replaced is kept beside the new one
//! ([`KEPT`]) and stays evidence there, so that a second run sees what the first one saw.

mod apply;
mod asked;
mod assign;
mod builds;
mod clusters;
mod compose;
mod dockerfile;
mod hosts;
mod image;
mod packages;
mod releases;
mod said;
mod script;
mod shell;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use image::Called;
use said::Said;
use table::Table;

use crate::facts::Confidence;
use crate::lang::Component;
use crate::pack::PackSet;
use crate::parse::marker::{KEPT, Ownership, ownership};
use crate::repo::{RelPath, Repo, Source};

/// Weights: which of several files about one program goes first.
const DOCKERFILE: u8 = 2;
const COMPOSE: u8 = 10;
const HOST: u8 = 20;
/// Up to here a file's main packages and all of its build switches count.
const RELEASE: u8 = 30;
const RECIPE: u8 = 40;

/// Files of each kind that are read, and files that are read at all. What is beyond them says
/// nothing that those before did not.
const MOST_OF_A_KIND: usize = 120;
const MOST: usize = 600;

/// Bytes of one file; a deployment file of that size is generated.
const MOST_BYTES: usize = 512 << 10;

/// How a kind of file is read.
type Read = fn(&Source, u8) -> Vec<Said>;

/// What a file is by its name.
enum Kind {
    Dockerfile,
    Compose,
    /// `true`: it speaks only of a program that it names.
    Other(u8, Read, bool),
}

/// Adds what the authors' files say to the components that they speak of.
pub fn read(repo: &Repo, packs: &PackSet, components: &mut [Component]) {
    if components.is_empty() {
        return;
    }
    let table = Table::of(packs);
    let is_service = |port: u16| packs.is_service(port);
    let cx = apply::Cx {
        repo,
        table: &table,
        is_service: &is_service,
    };
    let mut all: Vec<(usize, Said)> = Vec::new();
    let found = find(repo, &table, components);
    let services = services(repo, &found);
    for (path, kind) in &found {
        let Kind::Dockerfile = kind else {
            continue;
        };
        let Some(source) = theirs(repo, path) else {
            continue;
        };
        let plain = plain_path(path);
        let calling = services
            .iter()
            .filter(|service| {
                service
                    .built
                    .as_ref()
                    .is_some_and(|(file, _)| *file == plain)
            })
            .collect::<Vec<_>>();
        let called = calling
            .first()
            .and_then(|service| service.built.as_ref())
            .map_or_else(
                || Called::beside(repo, &source, path),
                |(_, called)| called.clone(),
            );
        let weight = weight_of(&plain);
        let Some(mut said) = image::read(repo, &table, &source, weight, &called) else {
            continue;
        };
        for service in &calling {
            said.names.extend(service.said.names.iter().cloned());
        }
        let Some(owner) = assign::owner(&said, components, false) else {
            continue;
        };
        for service in calling {
            all.push((owner, service.said.clone()));
        }
        all.push((owner, said));
    }
    decide_folders(&all, components);
    for service in services.iter().filter(|service| service.built.is_none()) {
        let image = service.image.as_deref().unwrap_or_default();
        let owner = components
            .iter()
            .position(|component| assign::is_named(component, image));
        if let Some(owner) = owner {
            all.push((owner, service.said.clone()));
        }
    }
    for (path, kind) in &found {
        let Kind::Other(weight, read, named) = kind else {
            continue;
        };
        let Some(source) = theirs(repo, path) else {
            continue;
        };
        let parts = read(&source, *weight);
        // One build of a release is the program; of several each has to name it.
        let named = *named || parts.len() > 1;
        for said in parts {
            if let Some(owner) = assign::owner(&said, components, named) {
                all.push((owner, said));
            }
        }
    }
    services_of_releases(&services, &mut all, components);
    all.sort_by(|(_, a), (_, b)| (a.weight, &a.file).cmp(&(b.weight, &b.file)));
    decide_folders(&all, components);
    let workdirs = workdirs(&all);
    let mut imaged: BTreeSet<usize> = BTreeSet::new();
    for (owner, said) in all {
        // One Dockerfile a program: others are for other platforms and uses.
        if said.weight <= DOCKERFILE + 2 && !imaged.insert(owner) {
            continue;
        }
        if let Some(component) = components.get_mut(owner) {
            let workdir = workdirs.get(&owner).map_or("", String::as_str);
            apply::apply(&cx, component, &said, workdir);
        }
    }
}

/// Ready images whose name is that of the product: its packages' scope (`@app/web` is part of `app`).
/// They are what the product's best Dockerfile makes.
fn services_of_releases(
    services: &[compose::Service],
    all: &mut Vec<(usize, Said)>,
    components: &[Component],
) {
    let main = all
        .iter()
        .filter(|(_, said)| said.weight == DOCKERFILE)
        .map(|(owner, said)| (*owner, said.file.clone()))
        .min_by_key(|(_, file)| file.clone());
    let Some((owner, _)) = main else {
        return;
    };
    let scope = components
        .get(owner)
        .and_then(|component| component.manifest.name.as_deref())
        .and_then(|name| name.strip_prefix('@')?.split('/').next())
        .unwrap_or_default();
    for service in services.iter().filter(|service| service.built.is_none()) {
        if !scope.is_empty() && service.image.as_deref() == Some(scope) {
            all.push((owner, service.said.clone()));
        }
    }
}

/// Of several languages in one folder the program is the one that the authors deploy; the others
/// help to build it.
fn decide_folders(all: &[(usize, Said)], components: &mut [Component]) {
    let owners: BTreeSet<usize> = all
        .iter()
        .filter(|(_, said)| said.weight <= RELEASE)
        .map(|(owner, _)| *owner)
        .collect();
    let deployed: BTreeSet<RelPath> = owners
        .iter()
        .filter_map(|owner| Some(components.get(*owner)?.dir.clone()))
        .collect();
    for (at, component) in components.iter_mut().enumerate() {
        if !owners.contains(&at) && deployed.contains(&component.dir) {
            component.sure = component.sure.min(Confidence::Likely);
        }
    }
}

/// For each component the work folder of the authors' image, as its first Dockerfile says.
fn workdirs(all: &[(usize, Said)]) -> BTreeMap<usize, String> {
    let mut workdirs = BTreeMap::new();
    for (owner, said) in all.iter().filter(|(_, said)| said.weight <= DOCKERFILE + 2) {
        workdirs
            .entry(*owner)
            .or_insert_with(|| apply::workdir(said));
    }
    workdirs
}

impl Called {
    /// The build context of a Dockerfile that nobody names: its own folder, when what it copies lies
    /// there, else the root.
    fn beside(repo: &Repo, source: &Source, path: &RelPath) -> Self {
        let dir = path.parent().unwrap_or_default();
        let lies = |at: &RelPath| {
            dockerfile::instructions(source)
                .iter()
                .filter(|one| matches!(one.name.as_str(), "COPY" | "ADD"))
                .filter(|one| !one.rest.contains("--from="))
                .filter_map(|one| one.flags().1.split_whitespace().next().map(str::to_owned))
                .filter(|word| !matches!(word.as_str(), "." | "./") && !word.contains(['$', '*']))
                .filter(|word| {
                    at.resolve(word.trim_start_matches('/'))
                        .is_some_and(|path| repo.has(&path) || repo.has_dir(&path))
                })
                .count()
        };
        let own = lies(&dir);
        let root = lies(&RelPath::root());
        Self {
            context: if root > own { RelPath::root() } else { dir },
            target: None,
        }
    }
}

/// The plain name goes before `Dockerfile.prod` and these before other names.
fn weight_of(path: &RelPath) -> u8 {
    let name = path.name().to_lowercase();
    match name.as_str() {
        "dockerfile" | "containerfile" => DOCKERFILE,
        name if name.contains("prod") => DOCKERFILE + 1,
        _ => DOCKERFILE + 2,
    }
}

/// The path without what is put behind a replaced file's name.
fn plain_path(path: &RelPath) -> RelPath {
    let text = path.as_str();
    text.strip_suffix(KEPT)
        .and_then(RelPath::new)
        .unwrap_or_else(|| path.clone())
}

/// A file's text, when it is the authors' own.
fn theirs(repo: &Repo, path: &RelPath) -> Option<Source> {
    let source = repo.scan(path)?;
    let foreign = ownership(&source.text) == Ownership::Foreign;
    (foreign && source.text.len() <= MOST_BYTES).then_some(source)
}

fn services(repo: &Repo, found: &[(&RelPath, Kind)]) -> Vec<compose::Service> {
    found
        .iter()
        .filter(|(_, kind)| matches!(kind, Kind::Compose))
        .filter_map(|(path, _)| theirs(repo, path))
        .flat_map(|source| compose::read(&source, COMPOSE))
        .collect()
}

/// The files that are read, sorted as the repository is.
fn find<'r>(repo: &'r Repo, table: &Table, components: &[Component]) -> Vec<(&'r RelPath, Kind)> {
    let mut counts = BTreeMap::<u8, usize>::new();
    let mut found = Vec::new();
    for path in repo.files() {
        let Some(kind) = kind_of(path) else {
            continue;
        };
        if passed_over(table, components, path) {
            continue;
        }
        let key = match &kind {
            Kind::Dockerfile => DOCKERFILE,
            Kind::Compose => COMPOSE,
            Kind::Other(weight, _, named) => weight + u8::from(*named),
        };
        let count = counts.entry(key).or_default();
        *count += 1;
        if *count <= MOST_OF_A_KIND && found.len() < MOST {
            found.push((path, kind));
        }
    }
    found
}

/// A name or a folder that is for tests, development or examples. The folders of a component are
/// its own, whatever they are called.
fn passed_over(table: &Table, components: &[Component], path: &RelPath) -> bool {
    let home = components
        .iter()
        .map(|component| &component.dir)
        .filter(|dir| path.is_in(dir))
        .max_by_key(|dir| dir.depth());
    let rest = home
        .and_then(|dir| path.below(dir))
        .unwrap_or_else(|| path.clone());
    let plain = plain_path(&rest);
    let folders = plain.parent().unwrap_or_default();
    let beside =
        |part: &str| table.is_file_beside(part) || part.starts_with('.') && part != ".github";
    let release =
        plain.name().contains("goreleaser") || folders.parts().any(|part| part == "workflows");
    let name = plain
        .name()
        .split('.')
        .filter(|part| !part.eq_ignore_ascii_case("dockerfile"))
        .any(|part| table.is_file_beside(part));
    !release && (folders.parts().any(beside) || name)
}

fn kind_of(path: &RelPath) -> Option<Kind> {
    let name = path.name();
    let name = name.strip_suffix(KEPT).unwrap_or(name);
    // What was replaced longer ago has a number behind it, and says nothing any more.
    if name.contains(KEPT) {
        return None;
    }
    // Most names of a large repository end here.
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let lower = name.to_ascii_lowercase();
    if lower.ends_with("ignore") {
        return None;
    }
    if lower.starts_with("dockerfile")
        || lower.starts_with("containerfile")
        || lower.ends_with(".dockerfile")
    {
        return Some(Kind::Dockerfile);
    }
    let yaml = matches!(ending, "yml" | "yaml");
    if yaml && (lower.starts_with("docker-compose") || lower.starts_with("compose")) {
        return Some(Kind::Compose);
    }
    let other = |weight, read, named| Some(Kind::Other(weight, read, named));
    match lower.as_str() {
        "procfile" => return other(HOST, hosts::procfile, false),
        "fly.toml" => return other(HOST, hosts::fly, false),
        "render.yaml" | "render.yml" => return other(HOST, hosts::render, false),
        "railway.json" | "railway.toml" | "nixpacks.toml" | "railpack.json" => {
            return other(HOST, hosts::builders, false);
        }
        "app.json" => return other(HOST, hosts::app_json, false),
        ".goreleaser.yml" | ".goreleaser.yaml" | "goreleaser.yml" | "goreleaser.yaml" => {
            return other(RELEASE, releases::goreleaser, false);
        }
        ".promu.yml" => return other(RELEASE, releases::promu, false),
        "makefile" | "gnumakefile" | "justfile" | ".justfile" | "taskfile.yml"
        | "taskfile.yaml" | "magefile.go" => return other(RECIPE, releases::recipes, false),
        "values.yaml" | "values.yml" => return other(HOST + 2, clusters::values, true),
        _ => {}
    }
    if ending == "service" {
        return other(HOST, hosts::systemd, true);
    }
    let in_folder = |names: &[&str]| path.parts().any(|part| names.contains(&part));
    if yaml && path.as_str().starts_with(".github/workflows/") {
        return other(RECIPE + 1, releases::recipes, false);
    }
    if yaml
        && in_folder(&[
            "k8s",
            "kubernetes",
            "kubernetes-manifests",
            "manifests",
            "deploy",
            "deployment",
            "deployments",
            "helm",
            "charts",
            "chart",
            "kustomize",
            "templates",
        ])
    {
        return other(HOST + 1, clusters::kubernetes, true);
    }
    None
}

#[cfg(test)]
mod tests;
