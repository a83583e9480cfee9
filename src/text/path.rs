use std::fmt;

use serde::{Serialize, Serializer};

use super::has_hidden;

/// A path inside the repository: UTF-8, `/` between parts, no `..`, not absolute.
///
/// The root itself is the empty path and prints as `.`. The rules are checked once, at
/// construction, so code that holds a `RelPath` cannot leave the repository by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelPath(String);

impl RelPath {
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Normalises `a/./b` and `a//b`; `None` for an absolute path, for `..`, for a back slash
    /// and for characters that nobody sees, which no file that we name in an output may carry.
    pub fn new(text: &str) -> Option<Self> {
        if is_clean(text) {
            return Some(Self(text.to_owned()));
        }
        if !is_plain(text) {
            return None;
        }
        let mut parts = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => return None,
                _ => parts.push(part),
            }
        }
        Some(Self(parts.join("/")))
    }

    /// `text` seen from this folder, with `..` resolved; `None` when it leaves the repository.
    pub fn resolve(&self, text: &str) -> Option<Self> {
        if !is_plain(text) {
            return None;
        }
        let mut parts: Vec<&str> = self.parts().collect();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                _ => parts.push(part),
            }
        }
        Some(Self(parts.join("/")))
    }

    /// What lies at `child` below this folder. A text that is no path below it, such as `../x`,
    /// gives the folder itself: a file of that name is then simply not there.
    #[must_use]
    pub fn join(&self, child: &str) -> Self {
        let child = match child.trim_matches('/') {
            clean if is_clean(clean) => Self(clean.to_owned()),
            other => Self::new(other).unwrap_or_default(),
        };
        match (self.0.is_empty(), child.0.is_empty()) {
            (_, true) => self.clone(),
            (true, false) => child,
            (false, false) => Self(format!("{}/{child}", self.0)),
        }
    }

    /// What the folder's own listing calls `name`; `None` for a name that [`RelPath::new`] would
    /// not take as one part.
    pub(crate) fn entry(&self, name: &str) -> Option<Self> {
        if !is_clean(name) || name.contains('/') {
            return None;
        }
        Some(if self.is_root() {
            Self(name.to_owned())
        } else {
            Self([self.as_str(), "/", name].concat())
        })
    }

    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(
            self.0
                .rsplit_once('/')
                .map_or(String::new(), |(dir, _)| dir.to_owned()),
        ))
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn depth(&self) -> usize {
        self.parts().count()
    }

    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The text without a leading `./`; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the folder itself and for everything below it.
    pub fn is_in(&self, dir: &Self) -> bool {
        self.rest(dir).is_some()
    }

    /// This path as seen from `dir`; `None` when it is not below `dir`.
    pub fn below(&self, dir: &Self) -> Option<Self> {
        self.rest(dir).map(|rest| Self(rest.to_owned()))
    }

    /// The text of [`RelPath::below`].
    fn rest(&self, dir: &Self) -> Option<&str> {
        if dir.is_root() {
            return Some(&self.0);
        }
        let rest = self.0.strip_prefix(dir.as_str())?;
        if rest.is_empty() {
            Some("")
        } else {
            rest.strip_prefix('/')
        }
    }
}

fn is_plain(text: &str) -> bool {
    !text.starts_with('/') && !text.contains('\\') && !has_hidden(text)
}

/// True for a text that is a path as it stands.
fn is_clean(text: &str) -> bool {
    is_plain(text) && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

impl Serialize for RelPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for RelPath {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RelPath".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_leave_the_repository() {
        for bad in [
            "/etc",
            "../x",
            "a/../../x",
            "a\\b",
            "a\nb",
            "a\u{202e}b",
            "\u{feff}a",
        ] {
            assert_eq!(RelPath::new(bad), None, "{bad:?}");
        }
        assert_eq!(RelPath::new("./a//b/.").unwrap().as_str(), "a/b");
        assert_eq!(RelPath::root().resolve("../x"), None);
        let dir = RelPath::new("a").unwrap();
        for bad in ["..", "../x", "b/../../x", "./../x", "b\nc"] {
            assert_eq!(dir.join(bad), dir, "{bad:?}");
        }
        assert_eq!(dir.join("./b/"), RelPath::new("a/b").unwrap());
        assert_eq!(
            RelPath::new("a/b")
                .unwrap()
                .resolve("../c")
                .unwrap()
                .as_str(),
            "a/c"
        );
    }

    #[test]
    fn below_needs_a_whole_part() {
        let dir = RelPath::new("app").unwrap();
        assert_eq!(RelPath::new("application/x").unwrap().below(&dir), None);
        assert_eq!(
            RelPath::new("app/x").unwrap().below(&dir).unwrap().as_str(),
            "x"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_leads_outside(
            texts in proptest::collection::vec("[a/.\\\\ \n\u{202e}-]{0,8}|(\\.\\./)*|/etc/.*|.*", 1..5),
        ) {
            let mut paths = vec![RelPath::root()];
            for text in &texts {
                let last = paths.last().cloned().unwrap_or_default();
                paths.extend(RelPath::new(text));
                paths.extend(last.resolve(text));
                paths.push(last.join(text));
                paths.extend(last.parent());
            }
            for path in &paths {
                let text = path.as_str();
                assert!(path.is_root() || is_clean(text), "{text:?}");
                assert_eq!(RelPath::new(text).as_ref(), Some(path));
                for dir in &paths {
                    if let Some(below) = path.below(dir) {
                        assert_eq!(dir.join(below.as_str()), *path);
                    }
                }
            }
        }
    }
}
