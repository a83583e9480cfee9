//! The files of a component as code: which words they hold, and their trees, each made once.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use aho_corasick::AhoCorasick;

use super::{Grammar, Tree};
use crate::repo::{RelPath, Source};

/// The files that a value may be followed into.
pub trait Files {
    /// The tree of a file; `None` when it is no code that is parsed.
    fn tree(&self, file: &RelPath) -> Option<Rc<Tree>>;
    /// Code files that hold a word somewhere.
    fn with_word(&self, word: &str) -> Vec<RelPath>;
}

/// The words of many patterns, looked for in one pass.
#[derive(Debug)]
pub struct Words {
    search: Option<AhoCorasick>,
    places: BTreeMap<String, usize>,
}

/// Which of [`Words`] a text holds.
#[derive(Debug, Default)]
pub struct Held(Vec<u64>);

impl Words {
    pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all: Vec<&str> = words.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        let places = all
            .iter()
            .enumerate()
            .map(|(at, word)| ((*word).to_owned(), at))
            .collect();
        Self {
            search: AhoCorasick::new(&all).ok().filter(|_| !all.is_empty()),
            places,
        }
    }

    pub fn held(&self, text: &str) -> Held {
        let mut held = vec![0_u64; self.places.len().div_ceil(64)];
        if let Some(search) = &self.search {
            let bytes = text.as_bytes();
            let is_part = |at: Option<usize>| {
                at.and_then(|at| bytes.get(at))
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            };
            for found in search.find_overlapping_iter(text) {
                // `Run` is no word of `RunE`.
                let (start, end) = (found.start(), found.end());
                if is_part(Some(start)) && is_part(start.checked_sub(1))
                    || is_part(end.checked_sub(1)) && is_part(Some(end))
                {
                    continue;
                }
                let at = found.pattern().as_usize();
                held[at / 64] |= 1 << (at % 64);
            }
        }
        Held(held)
    }

    /// Whether a text that holds `held` holds one of each of these.
    pub fn are_held(&self, held: &Held, words: &[Vec<String>]) -> bool {
        let is_held = |word: &String| {
            self.places
                .get(word)
                .is_none_or(|at| held.0[at / 64] & (1 << (at % 64)) != 0)
        };
        words.iter().all(|any| any.iter().any(is_held))
    }
}

/// What is known of a component's files so far.
#[derive(Debug, Default)]
pub struct Cache {
    trees: RefCell<BTreeMap<RelPath, Option<Rc<Tree>>>>,
    held: RefCell<BTreeMap<RelPath, Rc<Held>>>,
    /// Bytes that were parsed, and files that the parser gave up on.
    spent: Cell<(usize, usize)>,
}

/// Bytes that are parsed for one component.
const MOST_BYTES: usize = 24 << 20;
/// Files that the parser may give up on: the cost of a hostile one is much more than its size.
const MOST_REFUSED: usize = 12;

impl Cache {
    pub fn tree(&self, file: &RelPath, read: impl FnOnce() -> Option<Source>) -> Option<Rc<Tree>> {
        if let Some(known) = self.trees.borrow().get(file) {
            return known.clone();
        }
        let tree = Grammar::of_file(file.name()).and_then(|grammar| {
            let source = read()?;
            let (bytes, refused) = self.spent.get();
            let bytes = bytes + source.text.len();
            if bytes > MOST_BYTES || refused > MOST_REFUSED {
                return None;
            }
            let tree = Tree::parse(grammar, source);
            let refused = refused + usize::from(tree.is_none());
            self.spent.set((bytes, refused));
            tree.map(Rc::new)
        });
        self.trees.borrow_mut().insert(file.clone(), tree.clone());
        tree
    }

    pub fn held(
        &self,
        file: &RelPath,
        words: &Words,
        read: impl FnOnce() -> Option<Source>,
    ) -> Rc<Held> {
        if let Some(known) = self.held.borrow().get(file) {
            return Rc::clone(known);
        }
        let held =
            Rc::new(read().map_or_else(|| words.held(""), |source| words.held(&source.text)));
        self.held
            .borrow_mut()
            .insert(file.clone(), Rc::clone(&held));
        held
    }
}
