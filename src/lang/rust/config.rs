//! Files that steer cargo and rustup beside the manifests: `rust-toolchain.toml`,
//! `.cargo/config.toml`, version files of tool managers.

use crate::diag::Diagnostic;
use crate::facts::{Evidence, Rank, Slot};
use crate::parse;
use crate::parse::Tree;
use crate::parse::version::{Constraint, Version};
use crate::repo::{RelPath, Repo, Source};

/// The toolchain file that rustup finds from the folder in which cargo runs.
#[derive(Clone, Debug)]
pub struct Toolchain {
    pub path: RelPath,
    pub channel: String,
    pub evidence: Evidence,
    /// The channel is no stable one, or the file asks for targets: only rustup can provide that.
    pub by_rustup: bool,
}

/// What of `.cargo/config.toml` changes a build.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub path: Option<RelPath>,
    /// `build.target`: then `target/TRIPLE/release` holds the program.
    pub target: Option<String>,
    /// `build.target-dir` is set: the build stage sets it back.
    pub target_dir: bool,
    /// A compiler wrapper that the image does not have (`sccache`).
    pub wrapper: bool,
    /// The folder of vendored crates, relative to the folder above `.cargo`.
    pub vendor: Option<RelPath>,
    /// Debian packages of the programs that it names: linkers, git.
    pub packages: Vec<&'static str>,
}

/// The folders from `dir` up to `root`, both included.
fn upwards<'p>(dir: &'p RelPath, root: &'p RelPath) -> impl Iterator<Item = RelPath> + 'p {
    std::iter::successors(Some(dir.clone()), RelPath::parent).take_while(|dir| dir.is_in(root))
}

pub(super) fn toolchain(
    repo: &Repo,
    dir: &RelPath,
    root: &RelPath,
    runtime: &mut Slot<Constraint>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Toolchain> {
    let (source, plain) = upwards(dir, root).find_map(|dir| {
        let view = repo.dir(&dir);
        view.text("rust-toolchain")
            .map(|source| (source, true))
            .or_else(|| Some((view.text("rust-toolchain.toml")?, false)))
    })?;
    // The old file may hold the channel alone, or be TOML as the new one is.
    let (channel, targets) = if plain && !source.text.contains('[') {
        (source.text.trim().to_owned(), false)
    } else {
        match parse::toml(&source) {
            Ok(tree) => {
                let channel = tree.at(&["toolchain", "channel"]).and_then(Tree::text);
                let targets = tree.at(&["toolchain", "targets"]);
                (
                    channel.unwrap_or("stable").to_owned(),
                    targets.is_some_and(|list| list.texts().next().is_some()),
                )
            }
            Err(diagnostic) => {
                diagnostics.push(diagnostic);
                (String::new(), false)
            }
        }
    };
    let at = source.find(&channel).unwrap_or(0..0);
    let why = format!("{} asks for {channel}", source.path.name());
    let evidence = Evidence::span("rust/toolchain-file", &source, &at, why);
    let constraint = match channel.as_str() {
        "stable" => Some(Constraint::Latest(channel.clone())),
        number if number.starts_with(|c: char| c.is_ascii_digit()) => Constraint::exact(number),
        _ => None,
    };
    let only_rustup = ["nightly", "beta"]
        .iter()
        .any(|name| channel.starts_with(name));
    if let Some(constraint) = &constraint {
        runtime.certain(constraint.clone(), Rank::Dedicated, evidence.clone());
    } else if !only_rustup && !channel.is_empty() {
        let problem = Diagnostic::warning(
            "rust-unknown-channel",
            "the channel is none that an image or rustup provides; the image's own is taken",
        )
        .pointing(&source, at)
        .with_help("name a version, `stable`, `beta` or `nightly`");
        diagnostics.push(problem);
    }
    Some(Toolchain {
        path: source.path,
        by_rustup: only_rustup || constraint.is_some() && targets,
        channel,
        evidence,
    })
}

/// `.tool-versions` of asdf and the files of mise.
pub(super) fn tool_versions(
    repo: &Repo,
    dir: &RelPath,
    root: &RelPath,
    runtime: &mut Slot<Constraint>,
) {
    let mut add = |source: &Source, text: &str| {
        let constraint = match text {
            "latest" | "stable" => Some(Constraint::Latest(text.to_owned())),
            _ => Constraint::line(text),
        };
        if let Some(constraint) = constraint {
            let at = source.find(text).unwrap_or(0..0);
            let why = format!("{} asks for rust {text}", source.path.name());
            let because = Evidence::span("rust/tool-versions", source, &at, why);
            runtime.certain(constraint, Rank::Dedicated, because);
        }
    };
    for dir in upwards(dir, root) {
        let view = repo.dir(&dir);
        if let Some(source) = view.text(".tool-versions") {
            let version = source.text.lines().find_map(|line| {
                let mut words = line.split_whitespace();
                (words.next() == Some("rust"))
                    .then(|| words.next())
                    .flatten()
            });
            if let Some(version) = version {
                add(&source, version);
            }
        }
        for name in ["mise.toml", ".mise.toml"] {
            let Some(source) = view.text(name) else {
                continue;
            };
            let Ok(tree) = parse::toml(&source) else {
                continue;
            };
            let rust = tree.at(&["tools", "rust"]);
            let version = rust.and_then(|rust| {
                rust.text()
                    .or_else(|| rust.get("version").and_then(Tree::text))
            });
            if let Some(version) = version {
                add(&source, version);
            }
        }
    }
}

/// The oldest Rust that the package states to compile with: a floor, never a pin.
pub(super) fn floor(value: &Tree, source: &Source, runtime: &mut Slot<Constraint>) {
    if let Some(text) = value.text()
        && let Some(version) = Version::parse(text)
    {
        let why = format!("rust-version asks for Rust {version} or newer");
        let because = Evidence::span("rust/rust-version", source, &value.span, why);
        runtime.certain(Constraint::AtLeast(version), Rank::Manifest, because);
    }
}

pub(super) fn cargo_config(repo: &Repo, dir: &RelPath, root: &RelPath) -> Config {
    let found = upwards(dir, root).find_map(|dir| {
        let view = repo.dir(&dir);
        [".cargo/config.toml", ".cargo/config"]
            .iter()
            .find_map(|name| view.text(name))
            .map(|source| (dir, source))
    });
    let Some((above, source)) = found else {
        return Config::default();
    };
    let Ok(tree) = parse::toml(&source) else {
        return Config::default();
    };
    let build = |key: &str| tree.at(&["build", key]);
    let target = build("target").and_then(Tree::text);
    let vendor = tree
        .get("source")
        .map(Tree::entries)
        .unwrap_or_default()
        .iter()
        .find_map(|(_, source)| above.resolve(source.get("directory")?.text()?))
        .filter(|dir| repo.has_dir(dir));
    let linkers = [("clang", "clang"), ("=lld", "lld"), ("mold", "mold")];
    let mut packages: Vec<&'static str> = linkers
        .into_iter()
        .filter(|(sign, _)| linux_targets(&tree).any(|text| text.contains(sign)))
        .map(|(_, package)| package)
        .collect();
    let by_git = tree.at(&["net", "git-fetch-with-cli"]);
    if by_git.and_then(Tree::boolean) == Some(true) {
        packages.push("git");
    }
    Config {
        target: target
            .filter(|target| super::manifest::is_name(target))
            .map(str::to_owned),
        target_dir: build("target-dir").is_some(),
        wrapper: build("rustc-wrapper").is_some() || build("rustc-workspace-wrapper").is_some(),
        vendor,
        packages,
        path: Some(source.path),
    }
}

/// The texts of `[build] rustflags` and of the tables of `[target]` that speak of Linux.
fn linux_targets(tree: &Tree) -> impl Iterator<Item = &str> {
    let targets = tree.get("target").map(Tree::entries).unwrap_or_default();
    let linux = targets
        .iter()
        .filter(|(name, _)| {
            name.contains("linux") || name.contains("unix") || name.contains("all()")
        })
        .map(|(_, table)| table);
    linux
        .chain(tree.get("build"))
        .flat_map(|table| {
            table
                .get("linker")
                .into_iter()
                .chain(table.get("rustflags"))
        })
        .flat_map(|value| value.text().into_iter().chain(value.texts()))
}
