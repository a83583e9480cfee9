//! What the sources say that the program needs beside its code: files, variables, its package
//! manager.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::NodeModel;
use crate::facts::{Command, Evidence, Facts, looks_secret};
use crate::lang::Sources;
use crate::repo::{Dir, RelPath, Source};
use crate::text::line_at;

pub(super) fn manager_at_run_time(model: &mut NodeModel, sources: &Sources<'_>) {
    static CALLS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"\b(?:exec|execSync|execFile|execFileSync|spawn|spawnSync|execa|execaSync|execaCommand)\(\s*\[?\s*["'`](npm|npx|pnpm|yarn)\b"#).ok()
    });
    static READS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\bnpm_(?:config_user_agent|lifecycle_event|lifecycle_script|package_name|package_version|execpath)\b").ok()
    });
    for source in sources.all().filter(is_program) {
        let evidence = |pattern: &LazyLock<Option<Regex>>, rule: &str, why: &str| {
            let found = pattern.as_ref()?.find(&source.text)?;
            Some(Evidence::span(
                rule,
                &source,
                &found.range(),
                why.replace("{}", found.as_str()),
            ))
        };
        if model.calls_manager.is_none() {
            model.calls_manager = evidence(
                &CALLS,
                "node/calls-manager",
                "the program calls the package manager",
            );
        }
        if model.started_by_manager.is_none() {
            model.started_by_manager = evidence(
                &READS,
                "node/reads-manager",
                "the program reads {}, which only the package manager sets",
            );
        }
    }
}

/// Variables that frameworks put into what browsers get, by the prefix that tells so. A name that
/// looks like a secret is none of them: it has no place in a browser or in an ARG.
pub(super) fn arguments(sources: &Sources<'_>) -> Vec<String> {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\benv\.((?:NEXT_PUBLIC|VITE|REACT_APP|VUE_APP|GATSBY|EXPO_PUBLIC|PUBLIC)_[A-Z0-9_]+)\b").ok()
    });
    let Some(pattern) = NAME.as_ref() else {
        return Vec::new();
    };
    let mut names: BTreeSet<String> = BTreeSet::new();
    for source in sources.all() {
        for found in pattern.captures_iter(&source.text) {
            let name = &found[1];
            if !looks_secret(name) {
                names.insert(name.to_owned());
            }
        }
    }
    names.into_iter().take(50).collect()
}

/// Settings of tools and scripts for developers are no part of the program.
fn is_program(source: &Source) -> bool {
    !source.path.name().contains(".config.")
        && !source
            .path
            .parts()
            .any(|part| matches!(part, "scripts" | "tools" | ".storybook"))
}

/// The folder that the build makes and the start command runs from: not in the repository.
pub(super) fn built_folder(view: &Dir<'_>, facts: &Facts) -> Option<(String, Evidence)> {
    let best = facts.start.best()?;
    if facts.build.is_empty() {
        return None;
    }
    let Command::Exec(words) = &best.value else {
        return None;
    };
    if !matches!(best.value.program(), Some("node" | "bun")) {
        return None;
    }
    let file = words.iter().skip(1).rfind(|word| {
        !word.starts_with('-')
            && (word.contains('/') || !word.contains('.'))
            && RelPath::new(word).is_some()
    })?;
    let path = RelPath::new(file)?;
    let folder = path.parts().next()?;
    if view.has_dir(folder) || view.has(folder) || folder == "run" || folder == "node_modules" {
        return None;
    }
    Some((folder.to_owned(), best.evidence.clone()))
}

/// Folders and files at the package's top that the program names in a text or that the start
/// command needs: views, public files, settings.
pub(super) fn read_at_run_time(
    view: &Dir<'_>,
    sources: &Sources<'_>,
    facts: &Facts,
    built: &str,
) -> Vec<(String, Evidence)> {
    static TEXT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"["'`](?:\.{1,2}/|/)*([A-Za-z0-9_][A-Za-z0-9_.-]*)(?:/[^"'`\n]*)?["'`]"#).ok()
    });
    const NEVER: &[&str] = &[
        "src",
        "lib",
        "app",
        "test",
        "tests",
        "docs",
        "node_modules",
        "scripts",
        "package.json",
        "tsconfig.json",
        "e2e",
        "types",
    ];
    let Some(text) = TEXT.as_ref() else {
        return Vec::new();
    };
    let top: BTreeSet<String> = view
        .walk()
        .take(20_000)
        .filter_map(|file| Some(file.parts().next()?.to_owned()))
        .filter(|name| {
            !name.starts_with('.')
                && name != built
                && !NEVER.contains(&name.as_str())
                && !name.contains(".config.")
                && !["md", "ts", "tsx", "lock"]
                    .iter()
                    .any(|ending| name.ends_with(&format!(".{ending}")))
        })
        .collect();
    let mut read: Vec<(String, Evidence)> = Vec::new();
    if let Some(best) = facts.start.best()
        && let Command::Exec(words) = &best.value
    {
        for word in words.iter().skip(1) {
            let value = word.rsplit('=').next().unwrap_or(word);
            if let Some(first) =
                RelPath::new(value).and_then(|path| Some(path.parts().next()?.to_owned()))
                && top.contains(&first)
            {
                read.push((first, best.evidence.clone()));
            }
        }
    }
    for source in sources.all().filter(is_program) {
        for found in text.captures_iter(&source.text) {
            let Some(name) = found.get(1).filter(|name| top.contains(name.as_str())) else {
                continue;
            };
            if read.iter().any(|(known, _)| known == name.as_str())
                || imports(&source, name.start())
            {
                continue;
            }
            let why = format!("the program names {} in a text", name.as_str());
            let evidence = Evidence::span("node/read-at-run-time", &source, &name.range(), why);
            read.push((name.as_str().to_owned(), evidence));
        }
    }
    read
}

/// A module of the same tree, which the build has taken in.
fn imports(source: &Source, at: usize) -> bool {
    let start = line_at(&source.text, at).start;
    let before = source.text[start..at].trim_start();
    (before.starts_with("import ") || before.starts_with("export ") || before.starts_with("} from"))
        && !before.ends_with("../")
}
