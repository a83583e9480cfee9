//! Files beside the code: embedded ones must reach the build, folders that the program reads must
//! reach the image.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use crate::facts::{Artifact, Confidence, Evidence, Found, Rank, push};
use crate::lang::{Component, Sources};
use crate::repo::{RelPath, Source};

/// A relative path with a folder in a string literal.
static PATH: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""(?:\./)?([A-Za-z0-9_-]+)/[A-Za-z0-9_./*%-]*""#).ok());
static EMBED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^//go:embed\s+(.+)$").ok());

/// Folders that hold code or what belongs to it, whatever a string says.
const CODE: &[&str] = &[
    "vendor", "cmd", "internal", "pkg", "testdata", "test", "tests",
];

pub(super) fn find(component: &mut Component, sources: &Sources<'_>) {
    let mut embedded: BTreeSet<String> = BTreeSet::new();
    for source in sources.all() {
        for (pattern, evidence) in embeds(&source, &component.dir) {
            embedded.extend(pattern.parts().next().map(str::to_owned));
            let value = pattern.to_string();
            let found = Found {
                value,
                rank: Rank::Source,
                confidence: Confidence::Certain,
                evidence,
            };
            push(&mut component.facts.keep, found);
        }
    }
    for source in sources.all() {
        for (folder, evidence) in named_folders(&source) {
            let view = sources.view();
            let is_data = view.has_dir(&folder)
                && !CODE.contains(&folder.as_str())
                && !embedded.contains(&folder)
                && !view
                    .child(&folder)
                    .files()
                    .any(|name| name.ends_with(".go"));
            if is_data {
                let value = Artifact {
                    from: folder.clone(),
                    to: folder,
                };
                let found = Found {
                    value,
                    rank: Rank::Source,
                    confidence: Confidence::Likely,
                    evidence,
                };
                push(&mut component.facts.artifacts, found);
            }
        }
    }
}

/// What `//go:embed` lines name, relative to the module.
fn embeds(source: &Source, module: &RelPath) -> Vec<(RelPath, Evidence)> {
    let Some(pattern) = EMBED.as_ref() else {
        return Vec::new();
    };
    // What another module embeds is not named as seen from this one.
    let Some(folder) = source.path.parent().and_then(|dir| dir.below(module)) else {
        return Vec::new();
    };
    pattern
        .captures_iter(&source.text)
        .flat_map(|found| {
            let span = found.get(0).map_or(0..0, |all| all.range());
            let words: Vec<&str> = found
                .get(1)
                .map_or("", |words| words.as_str())
                .split_whitespace()
                .collect();
            words
                .iter()
                .filter_map(|word| {
                    folder.resolve(word.trim_matches(['"', '`']).trim_start_matches("all:"))
                })
                .map(|path| {
                    (
                        path,
                        Evidence::span("go/embed", source, &span, "the program embeds it"),
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// First folders of relative paths in string literals, imports left out.
fn named_folders(source: &Source) -> Vec<(String, Evidence)> {
    let Some(pattern) = PATH.as_ref() else {
        return Vec::new();
    };
    let imports = source.text.find("\nfunc ").unwrap_or(0);
    pattern
        .captures_iter(&source.text)
        .filter_map(|found| {
            let all = found.get(0)?;
            // Imports stand before the first function; a path there is a package's.
            let line = source.text[..all.start()]
                .rsplit('\n')
                .next()
                .unwrap_or_default();
            if all.start() < imports && !line.contains(['=', '(']) {
                return None;
            }
            let folder = found.get(1)?.as_str().to_owned();
            let why = format!("the program names {folder}/ in a path");
            Some((
                folder,
                Evidence::span("go/data-folder", source, &all.range(), why),
            ))
        })
        .collect()
}
