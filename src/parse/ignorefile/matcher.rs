//! Which paths an ignore file hides, folder by folder as a build walks them.

use super::IgnoreFile;

/// Answers for many paths and remembers the folders above the last one, so that paths in sorted
/// order cost one look at each pattern.
#[derive(Clone, Debug)]
pub struct Matcher<'a> {
    file: &'a IgnoreFile,
    /// The folders above the last path, the outermost first, and what is known about each.
    above: Vec<(String, Level)>,
}

#[derive(Clone, Debug)]
struct Level {
    excluded: bool,
    /// For each pattern: it matches here or in a folder above.
    matched: Vec<bool>,
}

impl<'a> Matcher<'a> {
    pub(super) fn new(file: &'a IgnoreFile) -> Self {
        Self {
            file,
            above: Vec::new(),
        }
    }

    /// See [`IgnoreFile::excludes`].
    pub fn excludes(&mut self, path: &str) -> bool {
        let parts: Vec<&str> = path
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        let Some(folders) = parts.len().checked_sub(1) else {
            return false;
        };
        let shared = self
            .above
            .iter()
            .zip(&parts[..folders])
            .take_while(|((known, _), part)| known == *part)
            .count();
        self.above.truncate(shared);
        for end in shared + 1..=folders {
            let level = self.level(&parts[..end]);
            self.above.push((parts[end - 1].to_owned(), level));
        }
        self.level(&parts).excluded
    }

    /// The last pattern that matches decides. One that could not change the answer is not looked
    /// at, and then is not inherited below either: after `a/b`, the line `!a` opens nothing.
    fn level(&self, path: &[&str]) -> Level {
        let parent = self.above.last().map(|(_, level)| level);
        let mut excluded = false;
        let matched = self
            .file
            .patterns
            .iter()
            .enumerate()
            .map(|(at, pattern)| {
                let matched = parent.is_some_and(|parent| parent.matched[at])
                    || pattern.exception == excluded && pattern.matches(path);
                if matched {
                    excluded = !pattern.exception;
                }
                matched
            })
            .collect();
        Level { excluded, matched }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_folders_changes_no_answer() {
        let file = IgnoreFile::parse("*\n!src\nsrc/**/x\n!src/b/x/y\nlib/a*\n");
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
