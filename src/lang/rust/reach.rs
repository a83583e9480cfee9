//! The modules of a program and of the libraries beside it: `mod x;` leads to a file, a path that
//! begins with a crate's name to that crate.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::RustModel;
use super::lexer::{Lexer, Token, What};
use crate::lang::{Component, Entered, Reach, Verdict};
use crate::repo::RelPath;

/// Follows modules from a program's first file.
pub(super) fn reach(
    component: &Component,
    model: &RustModel,
    wanted: Option<&str>,
    reach: &mut Reach<'_>,
) -> Entered {
    let binary = |name: &str| model.binaries.iter().find(|binary| binary.name == name);
    let best = || binary(component.facts.main.value()?);
    let Some(binary) = wanted.and_then(binary).or_else(best) else {
        return Entered::Nowhere;
    };
    let mut roots = BTreeSet::new();
    let main = component.dir.join(binary.path.as_str());
    reach.enter(&main);
    roots.insert(main);
    reach.follow(|reach, source| {
        let found = read(&source.text, &model.crate_roots);
        for root in found.crates {
            reach.enter(root);
            roots.insert(root.clone());
        }
        let is_root = roots.contains(&source.path) || source.path.name() == "mod.rs";
        for module in found.modules {
            for file in module.files(&source.path, is_root) {
                if reach.enter(&file) {
                    break;
                }
            }
        }
        Verdict::ProvesBut(found.tests)
    });
    Entered::Surely
}

/// A declaration such as `mod x;`.
#[derive(Debug, PartialEq, Eq)]
struct Module<'t> {
    /// Names of the modules in the same file that it stands in.
    inside: Vec<&'t str>,
    name: &'t str,
    /// What `#[path = "…"]` says.
    path: Option<&'t str>,
}

impl Module<'_> {
    /// Where its file may be: <https://doc.rust-lang.org/reference/items/modules.html>.
    fn files(&self, from: &RelPath, is_root: bool) -> Vec<RelPath> {
        let folder = from.parent().unwrap_or_default();
        let own = if is_root {
            folder.clone()
        } else {
            let stem = from.name().strip_suffix(".rs").unwrap_or_default();
            folder.join(stem)
        };
        let within = |start: &RelPath| {
            self.inside
                .iter()
                .fold(start.clone(), |dir, name| dir.join(name))
        };
        if let Some(path) = self.path {
            let start = if self.inside.is_empty() {
                folder
            } else {
                within(&own)
            };
            return start.resolve(path).into_iter().collect();
        }
        let home = within(&own);
        vec![
            home.join(&format!("{}.rs", self.name)),
            home.join(self.name).join("mod.rs"),
        ]
    }
}

#[derive(Default)]
struct Found<'t> {
    modules: Vec<Module<'t>>,
    /// The first files of crates of the repository that are named.
    crates: BTreeSet<&'t RelPath>,
    /// Code that only a test build compiles.
    tests: Vec<Range<usize>>,
}

/// One pass over a file.
fn read<'t>(text: &'t str, crate_roots: &'t BTreeMap<String, RelPath>) -> Found<'t> {
    let mut found = Found::default();
    let mut tokens = Lexer::new(text).peekable();
    // Open braces; those of inline modules with their names.
    let mut open: Vec<Option<&str>> = Vec::new();
    let mut attributes = Attributes::default();
    let mut last: Option<What<'_>> = None;
    while let Some(token) = tokens.next() {
        match token.what {
            What::Mark('#') => {
                let inner = tokens
                    .next_if(|next| next.what == What::Mark('!'))
                    .is_some();
                if tokens
                    .next_if(|next| next.what == What::Mark('['))
                    .is_some()
                {
                    let read = Attributes::read(&mut tokens);
                    if !inner {
                        attributes.add(&read, token.at);
                    }
                }
            }
            What::Word("mod") => {
                let name = tokens.next_if(|next| matches!(next.what, What::Word(_)));
                let Some(What::Word(name)) = name.map(|name| name.what) else {
                    continue;
                };
                // An item for tests alone is passed over below, at its end.
                if attributes.test.is_some() {
                    last = Some(What::Word(name));
                    continue;
                }
                if tokens
                    .next_if(|next| next.what == What::Mark(';'))
                    .is_some()
                {
                    found.modules.push(Module {
                        inside: open.iter().copied().flatten().collect(),
                        name,
                        path: attributes.path,
                    });
                } else if tokens
                    .next_if(|next| next.what == What::Mark('{'))
                    .is_some()
                {
                    open.push(Some(name));
                }
                attributes = Attributes::default();
            }
            What::Mark('{') => {
                if let Some(start) = attributes.test.take() {
                    let end = skip_block(&mut tokens).unwrap_or(text.len());
                    found.tests.push(start..end);
                } else {
                    open.push(None);
                }
                attributes = Attributes::default();
            }
            What::Mark('}') => {
                open.pop();
                attributes = Attributes::default();
            }
            What::Mark(';') => {
                if let Some(start) = attributes.test {
                    found.tests.push(start..token.at + 1);
                }
                attributes = Attributes::default();
            }
            What::Word(word) if attributes.test.is_none() => {
                let is_path = tokens
                    .peek()
                    .is_some_and(|next| next.what == What::Mark(':'));
                let is_named = is_path || matches!(last, Some(What::Word("use" | "crate")));
                if is_named && let Some(root) = crate_roots.get(word) {
                    found.crates.insert(root);
                }
            }
            _ => {}
        }
        last = Some(token.what);
    }
    found
}

/// What stands in `#[…]` above an item.
#[derive(Default)]
struct Attributes<'t> {
    /// Where the item begins, when only a test build compiles it.
    test: Option<usize>,
    path: Option<&'t str>,
}

impl<'t> Attributes<'t> {
    fn read(tokens: &mut impl Iterator<Item = Token<'t>>) -> Vec<What<'t>> {
        let mut depth = 1;
        let mut all = Vec::new();
        for token in tokens {
            match token.what {
                What::Mark('[') => depth += 1,
                What::Mark(']') => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            all.push(token.what);
        }
        all
    }

    fn add(&mut self, read: &[What<'t>], at: usize) {
        match read {
            [What::Word("path"), What::Mark('='), What::Text(path)] => self.path = Some(path),
            [
                What::Word("cfg"),
                What::Mark('('),
                What::Word("test"),
                What::Mark(')' | ','),
            ]
            | [
                What::Word("cfg"),
                What::Mark('('),
                What::Word("all"),
                What::Mark('('),
                What::Word("test"),
                ..,
            ]
            | [What::Word("test")]
            // `#[tokio::test]` and its like.
            | [.., What::Mark(':'), What::Word("test")] => {
                self.test.get_or_insert(at);
            }
            _ => {}
        }
    }
}

/// The end of the block whose brace has just been read.
fn skip_block<'t>(tokens: &mut impl Iterator<Item = Token<'t>>) -> Option<usize> {
    let mut depth = 1;
    for token in tokens {
        match token.what {
            What::Mark('{') => depth += 1,
            What::Mark('}') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(token.at + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text).unwrap()
    }

    #[test]
    fn modules_in_all_their_forms() {
        let text = "//! mod no;\n/* mod no; */ const S: &str = \"mod no;\";\npub(crate) mod a;\n#[cfg(test)]\nmod no;\n#[path = \"other/b.rs\"] mod b;\nmod c { pub mod d; fn f() { if x {} } mod e {} mod g; }\nmod h;\n#[cfg(not(test))] mod i;\n#[cfg(test)] mod tests { mod no; use no::x; }\nfn model() {}\n";
        let none = BTreeMap::new();
        let found = read(text, &none);
        let names: Vec<&str> = found.modules.iter().map(|module| module.name).collect();
        assert_eq!(names, ["a", "b", "d", "g", "h", "i"]);
        assert_eq!(found.modules[2].inside, ["c"]);
        assert_eq!(found.tests.len(), 2);
        assert!(text[found.tests[1].clone()].ends_with("x; }"));
        let files = |at: usize, from: &str, is_root: bool| -> Vec<String> {
            let files = found.modules[at].files(&path(from), is_root);
            files.iter().map(ToString::to_string).collect()
        };
        assert_eq!(files(0, "src/main.rs", true), ["src/a.rs", "src/a/mod.rs"]);
        assert_eq!(
            files(0, "src/x.rs", false),
            ["src/x/a.rs", "src/x/a/mod.rs"]
        );
        assert_eq!(files(1, "src/x.rs", false), ["src/other/b.rs"]);
        assert_eq!(files(2, "src/main.rs", true)[0], "src/c/d.rs");
    }

    #[test]
    fn a_path_does_not_leave_the_repository() {
        let none = BTreeMap::new();
        let found = read("#[path = \"../../../etc/passwd\"] mod x;", &none);
        assert!(
            found.modules[0]
                .files(&path("src/main.rs"), true)
                .is_empty()
        );
    }

    #[test]
    fn crates_are_named_by_paths() {
        let roots: BTreeMap<String, RelPath> = ["kit", "web", "old", "unused"]
            .map(|name| (name.to_owned(), path(&format!("{name}/src/lib.rs"))))
            .into();
        let text = "use kit::{x, y};\nextern crate old;\nfn f() { web::run(); let unused = 1; }\n#[cfg(test)]\nuse unused::x;\n";
        let crates: Vec<String> = read(text, &roots)
            .crates
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            crates,
            ["kit/src/lib.rs", "old/src/lib.rs", "web/src/lib.rs"]
        );
    }

    #[test]
    fn deep_nesting_ends() {
        let text = format!("{}mod x;", "mod a {".repeat(50_000));
        let none = BTreeMap::new();
        assert_eq!(read(&text, &none).modules.len(), 1);
    }
}
