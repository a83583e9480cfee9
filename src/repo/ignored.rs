//! What git keeps out of the repository.

use super::{RelPath, Repo};
use crate::parse::ignorefile::{IgnoreFile, from_gitignore};

impl Repo {
    /// Whether the `.gitignore` files above a path name it. A tracked file may be named all the
    /// same, which nobody can tell without git.
    pub fn is_git_ignored(&self, path: &RelPath) -> bool {
        let above = path.parent().unwrap_or_default();
        // The file nearest to the path has the last word.
        let mut dirs: Vec<RelPath> = std::iter::successors(Some(above), RelPath::parent).collect();
        dirs.reverse();
        let lines: Vec<String> = dirs
            .into_iter()
            .filter_map(|dir| Some((self.dir(&dir).text(".gitignore")?, dir)))
            .flat_map(|(source, dir)| from_gitignore(&dir, &source.text))
            .collect();
        !lines.is_empty() && IgnoreFile::parse(&lines.join("\n")).excludes(path.as_str())
    }
}
