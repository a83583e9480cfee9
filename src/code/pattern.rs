//! A code pattern: a snippet of a language with holes.
//!
//! `$NAME` is one expression and keeps it, `$_` is one that nobody asks for, `$$$` is any number of
//! them. `"a|b"` is one of these texts, `"$NAME"` is any text and `"$NAME:a|b"` one of these, kept.
//! Everything else stands for itself, however it is laid out and whichever quotes its texts have.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use aho_corasick::AhoCorasick;
use regex::Regex;
use serde::Deserialize;

use super::Grammar;
use super::tree::{NodeId, Tree};
use super::value::literal;
use crate::repo::{RelPath, Source};

/// A pattern, compiled for a grammar when a file of it is first looked at.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct CodePattern {
    text: String,
    compiled: [OnceLock<Vec<Part>>; Grammar::COUNT],
    words: Vec<Vec<String>>,
    anchor: OnceLock<Option<AhoCorasick>>,
}

/// One node of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// One node, whatever it is.
    Any,
    /// Any number of nodes.
    Rest,
    /// One node, kept under a name.
    Capture(Arc<str>),
    /// One of these texts, or any text when there are none, kept under a name if it has one.
    Text {
        name: Option<Arc<str>>,
        choices: Vec<String>,
    },
    /// A word without parts: a name, a number, an operator.
    Word(String),
    /// A node with these parts.
    Node { kind: u16, parts: Vec<Part> },
}

/// A hole's name in the text that is parsed: a name in every language.
const HOLE: &str = "hole__";
const ANY: &str = "hole__ANY__";
const REST: &str = "hole__REST__";

static HOLES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$\$\$|\$(_\b|[A-Z][A-Z0-9_]*)").ok());
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#""(?:\$[A-Z][A-Z0-9_]*:?)?(?P<texts>[^"]*)"|(?P<word>\$?[A-Za-z_][A-Za-z0-9_]*\(?)"#,
    )
    .ok()
});

impl From<String> for CodePattern {
    fn from(text: String) -> Self {
        let mut words = Vec::new();
        for found in WORDS.iter().flat_map(|find| find.captures_iter(&text)) {
            if let Some(texts) = found.name("texts").filter(|texts| !texts.is_empty()) {
                // Of texts their quotes are looked for too: `port` alone is everywhere.
                let quoted =
                    |text: &str| ['"', '\'', '`'].map(|mark| format!("{mark}{text}{mark}"));
                words.push(texts.as_str().split('|').flat_map(quoted).collect());
            }
            // Short words are in every file. A call's bracket makes a word rarer.
            let word = found.name("word").map_or("", |word| word.as_str());
            if word.len() >= 3 && !word.starts_with('$') {
                words.push(vec![word.to_owned()]);
            }
        }
        Self {
            text,
            compiled: Default::default(),
            words,
            anchor: OnceLock::new(),
        }
    }
}

impl Part {
    /// How many nodes stand below each other.
    fn depth(&self) -> usize {
        match self {
            Self::Node { parts, .. } => 1 + parts.iter().map(Self::depth).max().unwrap_or(0),
            _ => 1,
        }
    }
}

impl CodePattern {
    /// Between a word of the pattern and the node that it fits stand at most so many nodes.
    pub(super) fn depth(&self, grammar: Grammar) -> usize {
        let depths = self.parts(grammar).iter().map(Part::depth);
        // A text has parts of its own.
        depths.max().unwrap_or(0) + 3
    }

    /// Gives a text's hole the texts that may stand in it, where the pattern names none; what does
    /// is kept under `as_name`.
    pub fn choose(&mut self, name: &str, as_name: &str, choices: &str) {
        let hole = format!("\"${name}\"");
        if self.text.contains(&hole) {
            let text = self
                .text
                .replace(&hole, &format!("\"${as_name}:{choices}\""));
            *self = Self::from(text);
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Words that are in every text that the pattern fits: of each list one.
    pub fn words(&self) -> &[Vec<String>] {
        &self.words
    }

    /// Finds the word that is likely the rarest, near which alone the pattern can fit.
    pub(super) fn anchor(&self) -> Option<&AhoCorasick> {
        let find = || {
            let length = |words: &&Vec<String>| words.iter().map(String::len).min();
            AhoCorasick::new(self.words.iter().max_by_key(length)?).ok()
        };
        self.anchor.get_or_init(find).as_ref()
    }

    /// Whether the pattern keeps something under this name.
    pub fn captures(&self, name: &str) -> bool {
        let text = format!("${name}");
        HOLES.as_ref().is_some_and(|holes| {
            holes
                .find_iter(&self.text)
                .any(|hole| hole.as_str() == text)
        })
    }

    /// What is wrong with the pattern in a language, if anything.
    pub fn check(&self, language: &str) -> Result<(), String> {
        let grammars = Grammar::of_language(language);
        if grammars.is_empty() {
            return Err(format!("code of the language {language} is not parsed"));
        }
        if grammars
            .iter()
            .all(|grammar| self.parts(*grammar).is_empty())
        {
            return Err(format!("`{}` is no code of {language}", self.text));
        }
        // The routes are put in when a pack is loaded.
        if self.words.is_empty() && !self.text.contains("\"$HEALTH") {
            return Err(format!("`{}` has no word to look for", self.text));
        }
        Ok(())
    }

    /// What the snippet is in each place where it may stand.
    pub(super) fn parts(&self, grammar: Grammar) -> &[Part] {
        self.compiled[grammar as usize].get_or_init(|| self.compile(grammar))
    }

    fn compile(&self, grammar: Grammar) -> Vec<Part> {
        let Some(holes) = HOLES.as_ref() else {
            return Vec::new();
        };
        let snippet =
            holes.replace_all(self.text.trim(), |found: &regex::Captures<'_>| match found
                .get(1)
                .map(|name| name.as_str())
            {
                None => REST.to_owned(),
                Some("_") => ANY.to_owned(),
                Some(name) => format!("{HOLE}{name}"),
            });
        let mut found: BTreeMap<String, Part> = BTreeMap::new();
        let mut all = Vec::new();
        for (before, after) in grammar.contexts() {
            let text = format!("{before}{snippet}{after}");
            let source = Source::new(RelPath::root(), text);
            let Some(tree) = Tree::parse(grammar, source).filter(|tree| !tree.broken) else {
                continue;
            };
            let span = before.len()..before.len() + snippet.len();
            let Some(node) = tree.all().skip(1).find(|node| tree.span(*node) == span) else {
                continue;
            };
            let part = part(&tree, node);
            if matches!(part, Part::Node { .. })
                && found.insert(format!("{part:?}"), part.clone()).is_none()
            {
                all.push(part);
            }
        }
        all
    }
}

fn part(tree: &Tree, node: NodeId) -> Part {
    let text = tree.text(node);
    let mut children = tree.children(node);
    if let (Some(only), None) = (children.next(), children.next())
        && (tree.span(only) == tree.span(node) || tree.kind(node) == "expression_statement")
    {
        let inner = part(tree, only);
        // A statement that is only an expression, and what only wraps a hole.
        if tree.kind(node) == "expression_statement"
            || matches!(inner, Part::Any | Part::Rest | Part::Capture(_))
        {
            return inner;
        }
    }
    if let Some(content) = literal(tree, node) {
        let (name, choices) = match content.strip_prefix(HOLE) {
            Some(hole) => {
                let (name, choices) = hole.split_once(':').unwrap_or((hole, ""));
                (Some(Arc::from(name)), choices)
            }
            None => (None, content.as_str()),
        };
        let choices = choices.split('|').map(str::to_owned);
        return Part::Text {
            choices: choices
                .filter(|text| name.is_none() || !text.is_empty())
                .collect(),
            name,
        };
    }
    if let Some(name) = text.strip_prefix(HOLE)
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return match text {
            ANY => Part::Any,
            REST => Part::Rest,
            _ => Part::Capture(Arc::from(name)),
        };
    }
    let parts: Vec<Part> = tree.children(node).map(|child| part(tree, child)).collect();
    if parts.is_empty() && tree.is_leaf_text(node) {
        return Part::Word(text.to_owned());
    }
    Part::Node {
        kind: tree.kind_id(node),
        parts,
    }
}
