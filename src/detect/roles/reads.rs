//! Where programs name the folders of files that they embed or serve.

use rayon::prelude::*;

use crate::facts::Evidence;
use crate::lang::Component;
use crate::pack::{PackSet, Reads, fits};
use crate::repo::{RelPath, Repo, Source};

/// Source files that all programs together may have searched.
const MOST_FILES: usize = 8_000;

/// A folder (or file) that a program reads, and why that is known.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// Where it may be, relative to the repository: a path in a program is relative to its file,
    /// to its component or to its repository, which its text does not tell.
    pub places: Vec<RelPath>,
    pub embedded: bool,
    pub evidence: Evidence,
}

/// What the program in a component reads, in the order of its files. `inner` are other components.
pub(super) fn of(
    repo: &Repo,
    packs: &PackSet,
    component: &Component,
    inner: &[RelPath],
    budget: usize,
) -> Vec<Read> {
    let rules: Vec<&Reads> = packs
        .roles()
        .flat_map(|roles| &roles.reads)
        .filter(|rule| rule.language == component.language)
        .collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let wanted = |file: &RelPath| {
        let name = file.name();
        rules
            .iter()
            .any(|rule| rule.file.0.iter().any(|p| fits(p, name)))
            && !name.contains("_test.")
            && !name.contains(".test.")
            && !name.contains(".spec.")
    };
    let folders: Vec<&RelPath> = std::iter::once(&component.dir)
        .chain(
            component
                .code
                .iter()
                .filter(|dir| !dir.is_in(&component.dir)),
        )
        .collect();
    let files: Vec<&RelPath> = folders
        .into_iter()
        .flat_map(|dir| repo.files_in(dir))
        .filter(|file| wanted(file))
        .filter(|file| !inner.iter().any(|dir| file.is_in(dir)))
        .filter(|file| {
            let dir = file.parent().unwrap_or_default();
            super::unseen(packs, &dir).is_none()
        })
        .take(budget.min(MOST_FILES))
        .collect();
    files
        .par_iter()
        .flat_map_iter(|file| {
            let source = repo.scan(file);
            source.map_or_else(Vec::new, |source| search(&source, &rules, component))
        })
        .collect()
}

fn search(source: &Source, rules: &[&Reads], component: &Component) -> Vec<Read> {
    let mut found = Vec::new();
    for rule in rules {
        if !rule.file.0.iter().any(|p| fits(p, source.path.name()))
            || !source.text.contains(&rule.literal)
        {
            continue;
        }
        let Some(regex) = rule.pattern.regex() else {
            continue;
        };
        for captures in regex.captures_iter(source.text.as_bytes()).take(50) {
            let Some(all) = captures.get(0) else { continue };
            let text = |name: &str| {
                let group = captures.name(name)?;
                std::str::from_utf8(group.as_bytes()).ok()
            };
            let mut paths: Vec<String> = Vec::new();
            for name in ["path", "path2"] {
                paths.extend(text(name).map(str::to_owned));
            }
            if let Some(list) = text("paths") {
                paths.extend(list.split_whitespace().map(str::to_owned));
            }
            if let Some(parts) = text("parts") {
                paths.extend(joined(parts));
            }
            for path in paths {
                let places = places(&path, source, component, rule.embedded);
                if !places.is_empty() {
                    found.push(Read {
                        places,
                        embedded: rule.embedded,
                        evidence: Evidence::span(
                            "role/reads",
                            source,
                            &all.range(),
                            rule.why.clone(),
                        ),
                    });
                }
            }
        }
    }
    found
}

/// `'..', 'client', 'dist'` as one path.
fn joined(parts: &str) -> Option<String> {
    let mut pieces = Vec::new();
    let mut rest = parts;
    while let Some(start) = rest.find(['"', '\'', '`']) {
        let quote = rest[start..].chars().next()?;
        let inner = &rest[start + 1..];
        let end = inner.find(quote)?;
        pieces.push(inner[..end].trim_matches('/').to_owned());
        rest = &inner[end + 1..];
    }
    (!pieces.is_empty()).then(|| pieces.join("/"))
}

/// The folder that a path with wildcards names, from each place that it may start at.
fn places(path: &str, source: &Source, component: &Component, embedded: bool) -> Vec<RelPath> {
    let path = path
        .trim_matches(['"', '`', '\''])
        .trim_start_matches("all:")
        .trim_start_matches('/');
    let plain: Vec<&str> = path
        .split('/')
        .take_while(|part| !part.contains(['*', '?', '[', '{', '$']))
        .collect();
    let plain = plain.join("/");
    if plain.is_empty() || plain == "." {
        return Vec::new();
    }
    let file_dir = source.path.parent().unwrap_or_default();
    // The macros of Rust start at the package, go:embed at the file.
    let mut bases = vec![file_dir, component.dir.clone()];
    if !embedded {
        bases.push(component.root.clone());
        bases.push(RelPath::root());
    } else if component.language == "go" {
        bases.truncate(1);
    } else {
        bases.remove(0);
    }
    let mut places: Vec<RelPath> = Vec::new();
    for base in bases {
        if let Some(place) = base.resolve(&plain).filter(|place| !place.is_root())
            && !places.contains(&place)
        {
            places.push(place);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_become_a_path() {
        assert_eq!(
            joined("'..', 'client', \"dist/\"").as_deref(),
            Some("../client/dist")
        );
        assert_eq!(joined("__dirname"), None);
    }
}
