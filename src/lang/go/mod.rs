//! Go: modules, workspaces, vendored trees, several mains.

mod assets;
mod mains;
mod modfile;
mod sums;

use mains::MainHints;
use modfile::directives;

use super::{Component, Dependency, Language, Manifest, Model, Sources};
use rayon::prelude::*;

use crate::diag::{Diagnostic, Location};
use crate::facts::{Bound, Confidence, Evidence, Kind, Pins, Rank, Weight};
use crate::parse::version::{Constraint, Version};
use crate::repo::{Dir, RelPath, Repo, Source};

pub struct Go;

/// What the plan needs to know of a Go module.
#[derive(Debug)]
pub struct GoModel {
    /// Every `package main` of the module, sorted by folder.
    pub mains: Vec<GoMain>,
    /// `go.sum` stands beside `go.mod`.
    pub sum: bool,
    /// `go.sum` does not have what the build checks against it, so the build writes it.
    pub lacks_sums: bool,
    /// `vendor/modules.txt` is there, so nothing is downloaded.
    pub vendored: bool,
    /// Module folders, relative to the project root, whose manifests the download needs: of the
    /// workspace, or targets of local `replace` lines; and whether each has a `go.sum`.
    pub siblings: Vec<(RelPath, bool)>,
    /// The project root holds a `go.work`; `Some(true)` when it has a `go.work.sum` as well.
    pub workspace: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoMain {
    /// As the go command names it: `.` or `./cmd/api`.
    pub package: String,
    /// The variable that a build can stamp, as `-X` names it: `main.version`.
    pub version_variable: Option<String>,
}

impl Language for Go {
    fn id(&self) -> &'static str {
        "go"
    }

    fn manifests(&self) -> &'static [&'static str] {
        &["go.mod", "go.work"]
    }

    fn sources(&self) -> &'static [&'static str] {
        &["go"]
    }

    fn components(
        &self,
        repo: &Repo,
        dirs: &[RelPath],
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Component> {
        let workspaces: Vec<(RelPath, Vec<RelPath>)> = dirs
            .iter()
            .filter_map(|dir| Some((dir.clone(), members(&repo.dir(dir).text("go.work")?, dir))))
            .collect();
        let modules: Vec<&RelPath> = dirs
            .iter()
            .filter(|dir| repo.dir(dir).has("go.mod"))
            .collect();
        let components: Vec<Result<Option<Component>, Diagnostic>> = modules
            .par_iter()
            .map(|dir| component(repo, dir, &modules, &workspaces))
            .collect();
        components
            .into_iter()
            .filter_map(|component| {
                component.unwrap_or_else(|diagnostic| {
                    diagnostics.push(diagnostic);
                    None
                })
            })
            .collect()
    }

    fn refine(&self, _repo: &Repo, component: &mut Component, sources: &Sources<'_>) {
        assets::find(component, sources);
    }
}

/// The module folders that a `go.work` uses.
fn members(work: &Source, dir: &RelPath) -> Vec<RelPath> {
    directives(&work.text, "use")
        .filter_map(|(_, words)| dir.resolve(words.first()?.trim_matches('"')))
        .collect()
}

fn component(
    repo: &Repo,
    dir: &RelPath,
    modules: &[&RelPath],
    workspaces: &[(RelPath, Vec<RelPath>)],
) -> Result<Option<Component>, Diagnostic> {
    let view = repo.dir(dir);
    let source = view.read("go.mod")?;
    let Some((_, module)) = directives(&source.text, "module").next() else {
        return Err(
            Diagnostic::error("go-no-module", "the file has no module line")
                .at(Location::file(source.path.clone()))
                .with_help("add `module example.com/name`, as `go mod init` does"),
        );
    };
    let module = module
        .first()
        .map(|name| name.trim_matches('"'))
        .unwrap_or_default();
    let nested: Vec<&RelPath> = modules
        .iter()
        .copied()
        .filter(|module| *module != dir && module.is_in(dir))
        .collect();
    let mains = mains::find(&view, &nested);
    if mains.is_empty() {
        return Ok(None);
    }
    let workspace = workspaces.iter().find(|(_, members)| members.contains(dir));
    let root = workspace.map_or(dir, |(root, _)| root);
    let mut siblings: Vec<RelPath> = workspace
        .map(|(_, members)| members.clone())
        .unwrap_or_default();
    siblings.extend(
        directives(&source.text, "replace")
            .filter_map(|(_, words)| words.last().copied())
            .filter(|target| target.starts_with('.'))
            .filter_map(|target| dir.resolve(target)),
    );
    siblings.retain(|sibling| sibling != dir && repo.dir(sibling).has("go.mod"));
    siblings.sort();
    siblings.dedup();
    // A replaced module above or beside this one must be in the build, so the root is their parent.
    let root = siblings
        .iter()
        .fold(root.clone(), |root, sibling| common(&root, sibling));
    let root_view = repo.dir(&root);
    let is_vendored = view.has("vendor/modules.txt") || root_view.has("vendor/modules.txt");
    let in_workspace = root_view.has("go.work");

    let manifest = Manifest {
        path: source.path.clone(),
        name: Some(base_name(module).to_owned()),
        dependencies: dependencies(&source),
        ..Manifest::default()
    };
    let lacking = if in_workspace || is_vendored {
        None
    } else {
        sums::lacking(&view, &source)
    };
    let model = GoModel {
        sum: view.has("go.sum"),
        lacks_sums: lacking.is_some(),
        vendored: is_vendored,
        workspace: in_workspace.then(|| root_view.has("go.work.sum")),
        siblings: siblings
            .iter()
            .filter_map(|sibling| Some((sibling.below(&root)?, repo.dir(sibling).has("go.sum"))))
            .collect(),
        mains: mains.iter().map(|(main, _)| main.clone()).collect(),
    };
    let mut component = Component::new("go", dir.clone(), manifest, Model::Go(model));
    component.root = root;
    versions(&view, &source, &mut component);
    component.pins = pins(&component.manifest, &source);
    if let Some(module) = lacking {
        sums::tell(&mut component, &source, &module);
    }
    main_facts(&mut component, &mains, module);
    component.facts.ignore_all(
        "go/leftovers",
        "Go leaves these behind",
        &["**/*.test", "**/*.out", "**/*_test.go"],
    );
    Ok(Some(component))
}

fn versions(view: &Dir<'_>, source: &Source, component: &mut Component) {
    let runtime = &mut component.facts.runtime;
    for (key, rule) in [("toolchain", "go/toolchain-line"), ("go", "go/go-line")] {
        if let Some((span, words)) = directives(&source.text, key).next()
            && let Some(text) = words.first().map(|word| word.trim_start_matches("go"))
            && let Some(constraint) = Constraint::at_least(text)
        {
            runtime.certain(
                constraint,
                Rank::Manifest,
                Evidence::span(
                    rule,
                    source,
                    &span,
                    format!("go.mod asks for Go {text} or newer"),
                ),
            );
        }
    }
    if let Some(file) = view.text(".go-version")
        && let Some(constraint) = Constraint::line(file.text.trim())
    {
        runtime.certain(
            constraint,
            Rank::Dedicated,
            Evidence::file(
                "go/go-version",
                file.path.clone(),
                "the file names the version",
            ),
        );
    }
}

/// The modules of go.mod, and the Go that it was written with: newer ones build it by Go's promise,
/// but modules that reach into the runtime break it.
fn pins(manifest: &Manifest, source: &Source) -> Pins {
    let mut pins = super::pins(&manifest.dependencies);
    let written = ["go", "toolchain"]
        .iter()
        .filter_map(|key| {
            let (span, words) = directives(&source.text, key).next()?;
            Some((Version::parse(words.first()?)?, span))
        })
        .max_by(|(a, _), (b, _)| a.cmp(b));
    if let Some((version, span)) = written
        && let Some(runs) =
            Constraint::node(&format!("<{}.{}", version.major(), version.minor() + 1))
    {
        let why = format!("go.mod is written with Go {}", version.truncated(2));
        pins.bounds.push(Bound {
            runs,
            weight: Weight::Tried,
            evidence: Evidence::span("go/written-with", source, &span, why),
        });
    }
    pins
}

fn main_facts(component: &mut Component, mains: &[(GoMain, MainHints)], module: &str) {
    let only = mains.len() == 1;
    for (main, hints) in mains {
        let last = main.package.rsplit('/').next().unwrap_or_default();
        let (rank, confidence, why) = if only {
            (
                Rank::Manifest,
                Confidence::Certain,
                "it is the only main package",
            )
        } else if main.package == "." {
            (
                Rank::Manifest,
                Confidence::Likely,
                "it is the main package at the module's root",
            )
        } else if last == base_name(module) {
            (
                Rank::Framework,
                Confidence::Likely,
                "it is named like the module",
            )
        } else if hints.listens {
            (
                Rank::Source,
                Confidence::Likely,
                "it is a main package that serves",
            )
        } else {
            (
                Rank::Language,
                Confidence::Guess,
                "it is one of several main packages",
            )
        };
        let evidence = Evidence::file("go/main", hints.file.clone(), why);
        component
            .facts
            .main
            .add(main.package.clone(), rank, confidence, evidence);
    }
    component.facts.kind.add(
        Kind::Cli,
        Rank::Default,
        Confidence::Guess,
        Evidence::rule("go/no-server", "no code that serves was seen"),
    );
}

/// The last part of a module path that is no version: `github.com/o/api/v2` is `api`.
fn base_name(module: &str) -> &str {
    let mut parts = module.rsplit('/');
    let last = parts.next().unwrap_or(module);
    let is_version = last
        .strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    if is_version {
        parts.next().unwrap_or(last)
    } else {
        last
    }
}

/// The innermost folder that holds both.
pub(super) fn common(a: &RelPath, b: &RelPath) -> RelPath {
    let mut common = RelPath::root();
    for (left, right) in a.parts().zip(b.parts()) {
        if left != right {
            break;
        }
        common = common.join(left);
    }
    common
}

fn dependencies(source: &Source) -> Vec<Dependency> {
    directives(&source.text, "require")
        .filter_map(|(span, words)| {
            Some(Dependency {
                name: words.first()?.trim_matches('"').to_owned(),
                version: words.get(1).copied().unwrap_or_default().to_owned(),
                production: true,
                at: Location::in_source(source, &span),
            })
        })
        .collect()
}
