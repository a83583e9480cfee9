//! Globs over paths, for patterns that stand in a repository: one that cannot be compiled is none.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Bytes of a pattern; a path is no longer.
const MOST_BYTES: usize = 4_096;

/// A pattern in which `*` stays within one folder.
#[derive(Clone, Debug)]
pub struct PathGlob {
    text: String,
    /// A set of one: a single glob of the library panics where its expression is too large.
    set: GlobSet,
}

impl PathGlob {
    /// `None` for what is no pattern, or one that is too large to be compiled.
    pub fn new(text: &str) -> Option<Self> {
        if text.len() > MOST_BYTES {
            return None;
        }
        let glob = GlobBuilder::new(text)
            .literal_separator(true)
            .build()
            .ok()?;
        let set = GlobSetBuilder::new().add(glob).build().ok()?;
        Some(Self {
            text: text.to_owned(),
            set,
        })
    }

    pub fn is_match(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pattern_panics() {
        for text in ["{{{", "{a,b", "[", "[z-a]", "a\\", "**a**", "{}", "", "}"] {
            let _ = PathGlob::new(text).map(|glob| glob.is_match("a/b"));
        }
        let many = format!("{{{}}}", vec!["**/*[a-z]?"; 400].join(","));
        let _ = PathGlob::new(&many).map(|glob| glob.is_match("a/b"));
        let nested = format!("{}a{}", "{".repeat(800), "}".repeat(800));
        let _ = PathGlob::new(&nested).map(|glob| glob.is_match("a/b"));
        let glob = PathGlob::new("packages/*").unwrap();
        assert!(glob.is_match("packages/a") && !glob.is_match("packages/a/b"));
    }
}
