//! Plain HTML: a folder with pages that a web server hands out as they are.

mod plan;

use super::{Component, Language, Manifest};
use crate::diag::Diagnostic;
use crate::facts::{Confidence, Evidence, Found, Kind, Rank, push};
use crate::parse;
use crate::parse::Tree;
use crate::plan::{Failure, Made, Resolver};
use crate::repo::{RelPath, Repo};

pub struct Html;

/// All that is known of pages is in the facts.
#[derive(Debug)]
struct HtmlModel;

/// Folders that hold the pages of the folder above them.
const PAGES: &[&str] = &[
    "public", "dist", "www", "htdocs", "html", "site", "_site", "static",
];

/// Manifests of programs and of site generators: pages below one belong to it, or are made by it,
/// also when it cannot be planned.
const OTHERS: &[&str] = &[
    "Cargo.toml",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "pyproject.toml",
    "requirements.txt",
    "manage.py",
    "mix.exs",
    "composer.json",
    "index.php",
    "Gemfile",
    "_config.yml",
    "hugo.toml",
    "hugo.yaml",
    "mkdocs.yml",
    "book.toml",
    "deno.json",
    "deno.jsonc",
    "CMakeLists.txt",
    "meson.build",
    "pubspec.yaml",
    "Package.swift",
    "build.sbt",
    "build.zig",
    "stack.yaml",
    "rebar.config",
    "gleam.toml",
    "shard.yml",
    "deps.edn",
    "project.clj",
    "Global.asax",
    "Trunk.toml",
];

/// What describes a repository to its readers and is no page, where the pages stand at its root.
const NO_PAGES: &[&str] = &[
    "/README*",
    "/LICENSE*",
    "/CHANGELOG*",
    "/CONTRIBUTING*",
    "/Makefile",
];

impl Language for Html {
    fn id(&self) -> &'static str {
        "static"
    }

    fn manifests(&self) -> &'static [&'static str] {
        &["index.html", "Staticfile"]
    }

    fn sources(&self) -> &'static [&'static str] {
        &["html"]
    }

    fn only_alone(&self) -> bool {
        true
    }

    fn components(
        &self,
        repo: &Repo,
        dirs: &[RelPath],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Component> {
        let mut sites: Vec<Component> = Vec::new();
        // Sorted: a folder comes before those below it, whose pages are parts of its site.
        for dir in dirs {
            let inside = sites.iter().any(|site| dir.is_in(&pages_of(site)));
            if !inside && !belongs_to_others(repo, dir) {
                sites.extend(site(repo, dir, diagnostics));
            }
        }
        sites
    }

    fn plan(&self, resolver: &mut Resolver<'_>, _kind: Kind) -> Result<Made, Failure> {
        plan::plan(resolver)
    }
}

fn pages_of(site: &Component) -> RelPath {
    let pages = site.facts.static_root.value();
    site.dir.join(pages.map_or(".", String::as_str))
}

fn belongs_to_others(repo: &Repo, dir: &RelPath) -> bool {
    std::iter::successors(Some(dir.clone()), RelPath::parent).any(|above| {
        let view = repo.dir(&above);
        // A package.json may be there for tools alone, unless nobody can tell.
        let broken = view
            .text("package.json")
            .is_some_and(|source| parse::json(&source).is_err());
        broken || view.first(OTHERS).is_some() || view.files().any(|name| name.ends_with(".csproj"))
    })
}

fn site(repo: &Repo, dir: &RelPath, diagnostics: &mut Vec<Diagnostic>) -> Option<Component> {
    let view = repo.dir(dir);
    if view.has("Staticfile") {
        return by_staticfile(repo, dir, diagnostics);
    }
    // A page with marks for a build tool (Trunk) is no page yet.
    if view
        .text("index.html")
        .is_some_and(|page| page.text.contains("data-trunk"))
    {
        return None;
    }
    // The pages of `public` are the site of the folder above, after which it is named.
    let (home, pages) = match dir.parent() {
        Some(parent) if PAGES.contains(&dir.name()) => (parent, dir.name().to_owned()),
        _ => (dir.clone(), ".".to_owned()),
    };
    let page = dir.join("index.html");
    let because = Evidence::file(
        "static/index",
        page.clone(),
        "a folder with pages and no program",
    );
    let mut component = new(home, page, &pages, Confidence::Likely, because);
    leave_out(repo, &mut component, &pages);
    Some(component)
}

/// Cloud Foundry's file, which other tools read too.
fn by_staticfile(
    repo: &Repo,
    dir: &RelPath,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Component> {
    let view = repo.dir(dir);
    let path = dir.join("Staticfile");
    let tree = match view
        .read("Staticfile")
        .and_then(|source| parse::yaml(&source))
    {
        Ok(tree) => tree,
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            return None;
        }
    };
    let named = tree.get("root").and_then(Tree::text).unwrap_or(".");
    let mut refuse = |problem: &str| {
        let problem = Diagnostic::error("static-root", problem)
            .at(crate::diag::Location::file(path.clone()))
            .with_help("name a folder beside the Staticfile");
        diagnostics.push(problem);
    };
    let Some(pages) = dir.resolve(named).and_then(|pages| pages.below(dir)) else {
        refuse("the root is outside of the folder");
        return None;
    };
    if !repo.has_dir(&dir.join(pages.as_str())) {
        refuse("the root is a folder that is not there");
        return None;
    }
    // `root` may be left out where a usual folder holds the pages.
    let usual = ["public", "dist"]
        .into_iter()
        .find(|name| view.has(&format!("{name}/index.html")));
    let pages = match usual {
        Some(usual) if pages.is_root() && !view.has("index.html") => RelPath::root().join(usual),
        _ => pages,
    };
    let folder = dir.join(pages.as_str());
    if !repo.has_dir(&folder) {
        let problem = Diagnostic::error("static-root", format!("there is no folder {folder}"))
            .at(crate::diag::Location::file(path))
            .with_help("correct `root` in the Staticfile");
        diagnostics.push(problem);
        return None;
    }
    let says = |what: &str| Evidence::file("static/staticfile", path.clone(), what);
    let mut component = new(
        dir.clone(),
        path.clone(),
        &pages.to_string(),
        Confidence::Certain,
        says("the Staticfile says so"),
    );
    let is_on = |key: &str| {
        tree.get(key)
            .is_some_and(|value| value.boolean() == Some(true) || value.text() == Some("enabled"))
    };
    if is_on("index_fallback") || is_on("pushstate") {
        let because = says("the Staticfile answers unknown paths with index.html");
        component.facts.spa.certain(true, Rank::Dedicated, because);
    }
    leave_out(repo, &mut component, &pages.to_string());
    Some(component)
}

fn new(dir: RelPath, path: RelPath, pages: &str, sure: Confidence, because: Evidence) -> Component {
    let manifest = Manifest {
        path,
        ..Manifest::default()
    };
    let mut component = Component::new("static", dir, manifest, HtmlModel);
    component.sure = sure;
    if component.dir.is_root() {
        "site".clone_into(&mut component.name);
    }
    let facts = &mut component.facts;
    facts
        .kind
        .certain(Kind::Static, Rank::Manifest, because.clone());
    facts
        .static_root
        .add(pages.to_owned(), Rank::Manifest, sure, because);
    component
}

/// Everything in the served folder can be fetched, so what is no page stays out.
fn leave_out(repo: &Repo, component: &mut Component, pages: &str) {
    let well_known = pages_of(component).join(".well-known");
    // What makes it a site is served, also where git ignores it as built.
    let first = RelPath::root().join(pages).join("index.html");
    if repo.has(&component.dir.join(first.as_str())) {
        let because = Evidence::rule("static/first-page", "the site's first page");
        let found = Found {
            value: first.to_string(),
            rank: Rank::Manifest,
            confidence: Confidence::Certain,
            evidence: because,
        };
        push(&mut component.facts.keep, found);
    }
    let facts = &mut component.facts;
    let why = "no pages";
    facts.ignore_all("static/hidden", why, &["**/.*"]);
    // Hidden by its name, and made to be fetched (RFC 8615).
    if repo.has_dir(&well_known) {
        facts.ignore_all("static/well-known", why, &["!**/.well-known"]);
    }
    let reads_markdown = || {
        let page = repo.dir(&component.dir).text("index.html");
        page.is_some_and(|page| page.text.contains("docsify") || page.text.contains(".md"))
    };
    if pages == "." && !reads_markdown() {
        facts.ignore_all("static/no-pages", why, NO_PAGES);
        facts.ignore_all("static/no-pages", why, &["/Staticfile"]);
    }
}
