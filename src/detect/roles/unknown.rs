//! Programs in languages that dockgen does not write for: named, never guessed at.

use std::collections::BTreeMap;

use crate::lang::Component;
use crate::pack::{OtherLanguage, PackSet, fits};
use crate::repo::{RelPath, Repo};

/// A folder that holds a program of another language.
#[derive(Clone, Debug)]
pub(in crate::detect) struct Unknown {
    pub dir: RelPath,
    pub language: String,
    /// The file that tells, by its name.
    pub manifest: String,
    /// A sign of a program was seen, and not only a manifest.
    pub program: bool,
}

/// The outermost folders of each language, sorted.
pub(in crate::detect) fn unknown(repo: &Repo, packs: &PackSet) -> Vec<Unknown> {
    let languages: Vec<&OtherLanguage> = packs.roles().flat_map(|roles| &roles.unknown).collect();
    let mut found: BTreeMap<(usize, RelPath), Unknown> = BTreeMap::new();
    for file in repo.files() {
        let name = file.name();
        for (at, language) in languages.iter().enumerate() {
            if !language
                .manifest
                .0
                .iter()
                .any(|pattern| fits(pattern, name))
            {
                continue;
            }
            let dir = file.parent().unwrap_or_default();
            let known = std::iter::successors(Some(dir.clone()), RelPath::parent)
                .any(|above| found.contains_key(&(at, above)));
            if known || super::aside(packs, &dir, "").is_some() {
                continue;
            }
            let view = repo.dir(&dir);
            let says = language.matches.as_ref().and_then(|pattern| {
                let source = repo.scan(file)?;
                Some(pattern.regex()?.is_match(source.text.as_bytes()))
            });
            let program = says == Some(true)
                || language
                    .program
                    .0
                    .iter()
                    .any(|sign| view.has(sign) || view.has_dir(sign));
            if language.only_programs && !program {
                continue;
            }
            let unknown = Unknown {
                dir: dir.clone(),
                language: language.name.clone(),
                manifest: name.to_owned(),
                program,
            };
            found.insert((at, dir), unknown);
        }
    }
    let mut found: Vec<Unknown> = found.into_values().collect();
    found.sort_by(|a, b| (&a.dir, &a.language).cmp(&(&b.dir, &b.language)));
    found
}

impl Unknown {
    /// Whether a component of a known language in the same folder is a part of this program: what
    /// its pages are made with.
    pub(in crate::detect) fn owns(&self, packs: &PackSet, component: &Component) -> bool {
        self.program && component.dir == self.dir && !super::serves(packs, component)
    }

    pub(in crate::detect) fn why(&self) -> String {
        format!(
            "this looks like {} ({}), which dockgen does not write yet",
            self.language,
            self.dir.join(&self.manifest)
        )
    }
}
