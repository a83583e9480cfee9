//! What files are by their names.

use std::collections::{BTreeMap, BTreeSet};

use super::{FileClass, GlobOf, SecretTable};
use crate::repo::RelPath;

/// Tells the classes of many paths, and remembers those of their folders.
#[derive(Debug)]
pub struct Classifier<'a> {
    table: &'a SecretTable,
    /// The class of a folder's own name or of one above.
    folders: BTreeMap<RelPath, Option<usize>>,
    /// Class and line of patterns that would hide a folder of sources.
    too_wide: BTreeSet<(usize, usize)>,
    /// Class and line of patterns that a file or a folder of the repository has.
    seen: BTreeSet<(usize, usize)>,
}

/// What a file is by its name.
#[derive(Clone, Copy, Debug)]
pub enum Name<'a> {
    /// Of a secret class.
    Secret(&'a FileClass),
    /// Named like one of the class, but made for everybody to read.
    Sample(&'a FileClass),
}

impl<'a> Classifier<'a> {
    pub(super) fn new(table: &'a SecretTable) -> Self {
        Self {
            table,
            folders: BTreeMap::new(),
            too_wide: BTreeSet::new(),
            seen: BTreeSet::new(),
        }
    }

    /// The class of a file, by its own name or that of a folder above it, in any case of letters.
    pub fn name(&mut self, path: &RelPath) -> Option<Name<'a>> {
        let above = path.parent().and_then(|parent| self.folder(&parent));
        let hits = self.hits(path);
        self.seen
            .extend(hits.iter().map(|hit| (hit.class, hit.line)));
        let class = |at: usize| self.table.files.get(at);
        if let Some(at) = class_of(&hits, above) {
            return class(at).map(Name::Secret);
        }
        let sample = hits.iter().find(|hit| hit.exception)?;
        class(sample.class).map(Name::Sample)
    }

    /// The lines of the ignore file that keep out what was asked for so far, and what may come:
    /// each class's exceptions behind its patterns. `narrow` leaves out patterns that would hide a
    /// folder of sources.
    pub fn lines(&self, narrow: bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (at, class) in self.table.files.iter().enumerate() {
            for (line, (pattern, exception)) in class.all().enumerate() {
                let usual = line < class.patterns.len();
                let wide = narrow && self.too_wide.contains(&(at, line));
                if !wide && (usual || self.seen.contains(&(at, line))) {
                    let bang = if exception { "!" } else { "" };
                    lines.push(format!("{bang}{pattern}"));
                }
            }
        }
        lines
    }

    fn folder(&mut self, path: &RelPath) -> Option<usize> {
        if path.is_root() {
            return None;
        }
        if let Some(known) = self.folders.get(path) {
            return *known;
        }
        let above = path.parent().and_then(|parent| self.folder(&parent));
        let hits = self.hits(path);
        let lines = hits.iter().map(|hit| (hit.class, hit.line));
        let class = if path.parts().any(|part| part.starts_with('.')) {
            self.seen.extend(lines);
            class_of(&hits, above)
        } else {
            self.too_wide.extend(lines);
            above
        };
        self.folders.insert(path.clone(), class);
        class
    }

    fn hits(&self, path: &RelPath) -> Vec<GlobOf> {
        let Some(globs) = self.table.globs() else {
            return Vec::new();
        };
        let matches = globs.set.matches(path.as_str().to_lowercase());
        let hits = matches.iter().filter_map(|at| globs.of.get(*at));
        hits.copied().collect()
    }
}

/// An exception takes back what its own class says, as in the ignore file.
fn class_of(hits: &[GlobOf], above: Option<usize>) -> Option<usize> {
    let excepted = |class: &usize| hits.iter().any(|hit| hit.exception && hit.class == *class);
    let named = hits.iter().filter(|hit| !hit.exception);
    let classes = named.map(|hit| hit.class).chain(above);
    classes.filter(|class| !excepted(class)).min()
}
