//! Which paths an ignore file hides, folder by folder as a build walks them.

use super::IgnoreFile;

/// Answers for many paths and remembers the folders above the last one, so that paths in sorted
/// order cost one look at each pattern.
#[derive(Clone, Debug)]
pub struct Matcher<'a> {
    file: &'a IgnoreFile,
    /// The folder that `levels` is about.
    dir: String,
    levels: Vec<Level>,
}

/// What is known about one folder on the way down.
#[derive(Clone, Debug)]
struct Level {
    /// Length of the folder's path in bytes.
    end: usize,
    excluded: bool,
    /// For each pattern: the walk inherits it (`MatchesUsingParentResults`). A pattern that had no
    /// effect on the folder was not looked at and is not inherited.
    inherited: Vec<bool>,
    /// For each pattern: it matches the folder or one above it (`MatchesOrParentMatches`).
    above: Vec<bool>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(file: &'a IgnoreFile) -> Self {
        Self {
            file,
            dir: String::new(),
            levels: Vec::new(),
        }
    }

    /// See [`IgnoreFile::excludes`].
    pub fn excludes(&mut self, path: &str) -> bool {
        let path = path.strip_prefix("./").unwrap_or(path).trim_matches('/');
        if path.is_empty() || path == "." || self.file.patterns.is_empty() {
            return false;
        }
        self.enter(path.rsplit_once('/').map_or("", |(dir, _)| dir));
        self.level(path).excluded
    }

    /// Makes `levels` those of `dir`, keeping what it shares with the last one.
    fn enter(&mut self, dir: &str) {
        while let Some(level) = self.levels.last() {
            let whole_part = dir
                .as_bytes()
                .get(level.end)
                .is_none_or(|byte| *byte == b'/');
            if whole_part && dir.starts_with(&self.dir[..level.end]) {
                break;
            }
            self.levels.pop();
        }
        let known = self.levels.last().map_or(0, |level| level.end);
        if dir.len() == known {
            return;
        }
        dir.clone_into(&mut self.dir);
        let ends = dir.match_indices('/').map(|(at, _)| at).chain([dir.len()]);
        for end in ends.filter(|end| *end > known) {
            self.levels.push(self.level(&dir[..end]));
        }
    }

    fn level(&self, path: &str) -> Level {
        let patterns = &self.file.patterns;
        let parent = self.levels.last();
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let mut level = Level {
            end: path.len(),
            excluded: parent.is_some_and(|parent| parent.excluded),
            inherited: Vec::new(),
            above: Vec::new(),
        };
        if !self.file.has_exceptions {
            level.excluded |= patterns.iter().any(|pattern| pattern.matches(path, name));
            return level;
        }
        level.inherited.resize(patterns.len(), false);
        level.above.resize(patterns.len(), false);
        let mut walk_hides = false;
        let mut open_hides = false;
        for (at, pattern) in patterns.iter().enumerate() {
            let (inherited, above) =
                parent.map_or((false, false), |p| (p.inherited[at], p.above[at]));
            let looked_at = !inherited && pattern.exception == walk_hides;
            let own = (looked_at || !above) && pattern.matches(path, name);
            level.inherited[at] = inherited || (looked_at && own);
            level.above[at] = above || own;
            if level.inherited[at] {
                walk_hides = !pattern.exception;
            }
            if level.above[at] {
                open_hides = !pattern.exception;
            }
        }
        // The walk and the opening of a file can disagree when a folder is excluded, re-included
        // and excluded again. A file that only one of them lets through never reaches the builder
        // whole, so it counts as excluded.
        level.excluded = walk_hides || open_hides;
        level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_folders_changes_no_answer() {
        let file = IgnoreFile::parse("*\n!src\nsrc/**/x\n!src/b/x/y\nlib/a|b*\n");
        let parts = ["src", "a", "x", "y", "lib", "srcs", "b"];
        let mut paths = vec![String::new()];
        for _ in 0..4 {
            let longer = |path: &String| parts.map(|part| format!("{path}/{part}"));
            paths.extend(paths.clone().iter().flat_map(longer));
        }
        let mut matcher = file.matcher();
        for path in paths.iter().chain(paths.iter().rev().step_by(7)) {
            assert_eq!(matcher.excludes(path), file.excludes(path), "{path:?}");
        }
    }
}
