//! Go: modules, workspaces, vendored trees, several mains.

mod assets;
mod header;
mod mains;
mod modfile;
mod plan;
mod reach;
mod sums;

use std::collections::BTreeSet;

use mains::MainHints;
use modfile::directives;

use super::{Component, Dependency, Entered, Language, Manifest, Reach, Sources};
use rayon::prelude::*;

use crate::diag::{Diagnostic, Location};
use crate::facts::{Bound, Confidence, Evidence, Kind, Pins, Rank, Weight};
use crate::parse::version::{Constraint, Version};
use crate::plan::{Failure, Made, Resolver};
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
    /// The repository's modules by import path, the longest path first, with their folders.
    pub modules: Vec<(String, RelPath)>,
    /// Required modules that only other modules import.
    pub indirect: BTreeSet<String>,
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
        &["go.mod", "go.work", "main.go"]
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
        let alone = dirs
            .iter()
            .any(RelPath::is_root)
            .then(|| alone(repo))
            .flatten()
            .filter(|_| modules.is_empty());
        components
            .into_iter()
            .chain(alone.map(|component| Ok(Some(component))))
            .filter_map(|component| {
                component.unwrap_or_else(|diagnostic| {
                    diagnostics.push(diagnostic);
                    None
                })
            })
            .collect()
    }

    fn reach(&self, component: &Component, main: Option<&str>, reach: &mut Reach<'_>) -> Entered {
        match component.model.get::<GoModel>() {
            Some(model) => reach::reach(component, model, main, reach),
            None => Entered::Nowhere,
        }
    }

    fn refine(&self, _repo: &Repo, component: &mut Component, sources: &Sources<'_>) {
        assets::find(component, sources);
    }

    fn plan(&self, resolver: &mut Resolver<'_>, kind: Kind) -> Result<Made, Failure> {
        plan::plan(resolver, kind)
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
        modules: own_modules(repo, dir, module, &source, &siblings),
        indirect: indirect(&source),
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
    let mut component = Component::new("go", dir.clone(), manifest, model);
    component.root = root;
    versions(&view, &source, &mut component);
    component.pins = pins(&component.manifest, &source);
    if let Some(module) = lacking {
        sums::tell(&mut component, &source, &module);
    }
    let mut names = vec![base_name(module)];
    // `github.com/owner/repository/…`; a module at the root may be called otherwise.
    names.extend(module.split('/').nth(2).filter(|_| module.contains('.')));
    if dir.is_root() && !repo.folder_name().is_empty() {
        names.push(repo.folder_name());
    }
    main_facts(&mut component, &mains, module, &names);
    component.facts.ignore_all(
        "go/leftovers",
        "Go leaves these behind",
        &["**/*.test", "**/*.out", "**/*_test.go"],
    );
    Ok(Some(component))
}

/// A program of one file without a module, which the go command builds by the file's name. It can
/// use nothing but the standard library.
fn alone(repo: &Repo) -> Option<Component> {
    const FILE: &str = "main.go";
    let view = repo.dir(&RelPath::root());
    let source = view.text(FILE)?;
    let header = header::Header::read(&source.text)?;
    let files = view.files().filter(|name| header::is_for_linux(name));
    let is_program = header.built && header.package == "main" && files.count() == 1;
    let is_external = |path: &&str| {
        path.split('/')
            .next()
            .is_some_and(|host| host.contains('.'))
    };
    if !is_program || header.imports.iter().any(is_external) {
        return None;
    }
    let manifest = Manifest {
        path: source.path.clone(),
        name: Some(repo.folder_name().to_owned()).filter(|name| !name.is_empty()),
        ..Manifest::default()
    };
    let model = GoModel {
        mains: vec![GoMain {
            package: FILE.to_owned(),
            version_variable: None,
        }],
        sum: false,
        lacks_sums: false,
        // Nothing is downloaded.
        vendored: true,
        siblings: Vec::new(),
        workspace: None,
        modules: Vec::new(),
        indirect: BTreeSet::new(),
    };
    let mut component = Component::new("go", RelPath::root(), manifest, model);
    component.sure = Confidence::Guess;
    let evidence = Evidence::file("go/main", source.path, "it is the only Go file");
    component
        .facts
        .main
        .certain(FILE.to_owned(), Rank::Manifest, evidence);
    component.facts.kind.add(
        Kind::Cli,
        Rank::Default,
        Confidence::Guess,
        Evidence::rule("go/no-server", "no code that serves was seen"),
    );
    Some(component)
}

/// Import paths of the modules whose packages the go command takes from the repository.
fn own_modules(
    repo: &Repo,
    dir: &RelPath,
    module: &str,
    source: &Source,
    siblings: &[RelPath],
) -> Vec<(String, RelPath)> {
    let mut modules = vec![(module.to_owned(), dir.clone())];
    for sibling in siblings {
        let file = repo.dir(sibling).text("go.mod");
        let name = file.as_ref().and_then(|file| {
            let (_, words) = directives(&file.text, "module").next()?;
            Some(words.first()?.trim_matches('"').to_owned())
        });
        modules.extend(name.map(|name| (name, sibling.clone())));
    }
    for (_, words) in directives(&source.text, "replace") {
        if let (Some(name), Some(target)) = (words.first(), words.last())
            && target.starts_with('.')
            && let Some(folder) = dir.resolve(target)
        {
            modules.push((name.trim_matches('"').to_owned(), folder));
        }
    }
    modules.retain(|(name, _)| !name.is_empty());
    modules.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
    modules.dedup();
    modules
}

/// The modules whose requirement says `// indirect`.
fn indirect(source: &Source) -> BTreeSet<String> {
    directives(&source.text, "require")
        .filter(|(span, _)| source.text[span.clone()].ends_with("// indirect"))
        .filter_map(|(_, words)| Some(words.first()?.trim_matches('"').to_owned()))
        .collect()
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

/// Which main package the image runs. `names` are those of the module and of the repository.
fn main_facts(
    component: &mut Component,
    mains: &[(GoMain, MainHints)],
    module: &str,
    names: &[&str],
) {
    let only = mains.len() == 1;
    let is_named = |package: &str| {
        let last = package.rsplit('/').next().unwrap_or_default();
        names.iter().any(|name| name.eq_ignore_ascii_case(last))
    };
    let some_named = mains.iter().any(|(main, _)| is_named(&main.package));
    for (main, hints) in mains {
        let own = |path: &String| {
            path.strip_prefix(module)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let (rank, confidence, why) = if only {
            (
                Rank::Manifest,
                Confidence::Certain,
                "it is the only main package",
            )
        } else if mains::is_helper(&main.package) {
            (
                Rank::Default,
                Confidence::Guess,
                "its folder is that of a helper",
            )
        } else if main.package == "." {
            if some_named && !hints.listens && !hints.imports.iter().any(own) {
                (
                    Rank::Language,
                    Confidence::Guess,
                    "it is at the module's root and uses nothing of the module",
                )
            } else {
                (
                    Rank::Manifest,
                    Confidence::Likely,
                    "it is the main package at the module's root",
                )
            }
        } else if is_named(&main.package) {
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
