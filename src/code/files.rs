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

/// Which files hold a name, each file looked at once.
#[derive(Debug, Default)]
pub struct Index {
    /// A name's hash and a file's place, in this order.
    places: Vec<(u32, u32)>,
}

impl Index {
    pub fn new(texts: impl Iterator<Item = Option<Source>>) -> Self {
        let mut places = Vec::new();
        let mut own = Vec::new();
        for (file, source) in (0..).zip(texts) {
            let Some(source) = source else { continue };
            own.clear();
            own.extend(names(&source.text).map(hash));
            own.sort_unstable();
            own.dedup();
            places.extend(own.iter().map(|name| (*name, file)));
        }
        places.sort_unstable();
        Self { places }
    }

    /// Places of files that hold a name; a few that do not may be among them. `None` for what is
    /// no name.
    pub fn files(&self, word: &str) -> Option<impl Iterator<Item = usize> + '_> {
        if names(word).ne([word]) {
            return None;
        }
        let word = hash(word);
        let start = self.places.partition_point(|(name, _)| *name < word);
        let same = self.places[start..]
            .iter()
            .take_while(move |(name, _)| *name == word);
        Some(same.filter_map(|(_, file)| usize::try_from(*file).ok()))
    }
}

/// The runs of letters, digits and `_` in a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(|byte| !is_part(*byte)) {
            at += 1;
        }
        let start = at;
        while bytes.get(at).is_some_and(|byte| is_part(*byte)) {
            at += 1;
        }
        text.get(start..at).filter(|name| !name.is_empty())
    })
}

/// FNV-1a of 32 bits: the same on every machine.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
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
