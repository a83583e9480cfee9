//! From which folder a file's modules are imported.

use std::sync::LazyLock;

use regex::Regex;

use crate::repo::{Dir, RelPath};

/// The folder that must be on `sys.path` for `file`, relative to `view`; empty for `view` itself.
///
/// The file's own imports decide: of its folders, the one in which most of them are found. Where
/// they say nothing, `src` is such a folder and otherwise the component's is.
pub(super) fn root(view: &Dir<'_>, file: &RelPath, text: &str) -> String {
    static IMPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?m)^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import|import[ \t]+([A-Za-z_]\w*))",
        )
        .ok()
    });
    static RELATIVE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?m)^[ \t]*from[ \t]+\.").ok());
    let own = file.parent().unwrap_or_default();
    let relative = RELATIVE
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(text));
    let mut names: Vec<&str> = IMPORT
        .as_ref()
        .map(|pattern| {
            pattern
                .captures_iter(text)
                .filter_map(|found| found.get(1).or_else(|| found.get(2)))
                .map(|name| name.as_str())
                .collect()
        })
        .unwrap_or_default();
    names.sort_unstable();
    names.dedup();
    let mut candidates = Vec::new();
    let mut at = Some(own.clone());
    while let Some(dir) = at {
        at = dir.parent();
        // A relative import needs a package around the file.
        if !(relative && dir == own) {
            candidates.push(dir);
        }
    }
    let count = |dir: &RelPath| {
        let home = view.child(dir.as_str());
        names
            .iter()
            .filter(|name| {
                // A module of its own name is the standard library's or an installed one's.
                let itself = dir.join(&format!("{name}.py")) == *file;
                !itself
                    && (home.has(&format!("{name}.py"))
                        || home.has_dir(name)
                            && home.child(name).walk().any(|file| super::is_python(&file)))
            })
            .count()
    };
    let best = candidates
        .iter()
        .map(|dir| (count(dir), dir))
        .filter(|(found, _)| *found > 0)
        // The outermost of equals: candidates go outwards, and the last maximum wins.
        .max_by_key(|(found, _)| *found);
    match best {
        Some((_, dir)) => dir.as_str().to_owned(),
        None if own.parts().next() == Some("src")
            && !view.has("src/__init__.py")
            && (own.depth() > 1 || !relative) =>
        {
            "src".to_owned()
        }
        None => String::new(),
    }
}

/// The file's module as seen from `root`: `pkg/api/main.py` is `pkg.api.main`.
pub(crate) fn module(file: &str, root: &str) -> String {
    let path = file
        .strip_prefix(root)
        .filter(|_| !root.is_empty())
        .map_or(file, |rest| rest.trim_start_matches('/'));
    let path = path.strip_suffix(".py").unwrap_or(path);
    path.strip_suffix("/__init__")
        .unwrap_or(path)
        .replace('/', ".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Repo;

    fn root_of(files: &[&str], file: &str, text: &str) -> String {
        let repo = Repo::from_files(files.iter().map(|path| (*path, "")));
        let view = repo.dir(&RelPath::root());
        root(&view, &RelPath::new(file).unwrap(), text)
    }

    #[test]
    fn the_imports_decide() {
        let flat = ["app/main.py", "app/db.py"];
        assert_eq!(root_of(&flat, "app/main.py", "from app.db import x\n"), "");
        assert_eq!(root_of(&flat, "app/main.py", "import db\n"), "app");
        assert_eq!(root_of(&flat, "app/main.py", "from .db import x\n"), "");
        assert_eq!(root_of(&flat, "app/main.py", "import os\n"), "");
        let src = ["src/shop/main.py", "src/shop/db.py"];
        assert_eq!(
            root_of(&src, "src/shop/main.py", "from shop.db import x\n"),
            "src"
        );
        assert_eq!(root_of(&src, "src/shop/main.py", "import os\n"), "src");
        assert_eq!(
            root_of(
                &["src/main.py", "src/db.py"],
                "src/main.py",
                "from src.db import x\n"
            ),
            ""
        );
        assert_eq!(root_of(&["main.py", "db.py"], "main.py", "import db\n"), "");
    }

    #[test]
    fn modules() {
        assert_eq!(module("src/shop/main.py", "src"), "shop.main");
        assert_eq!(module("app/__init__.py", ""), "app");
        assert_eq!(module("main.py", ""), "main");
    }
}
