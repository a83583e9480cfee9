//! A file as a tree of the nodes that matter: no comments, no brackets, no tests.
//!
//! The nodes stand in the order of the text, a node before its children, so that a subtree is a
//! range and every walk is a loop: no text can make it run out of stack.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, ParseState, Parser};

use super::Grammar;
use super::names::Definitions;
use crate::repo::{Source, Span};

/// Bytes of a file that is parsed; what is larger is generated.
const MOST_BYTES: usize = 1 << 20;
/// Bytes of a line of a large file, on average; lines that are longer were made by a program.
const LONG_LINES: usize = 300;
/// Nodes of a file.
const MOST_NODES: usize = 600_000;
/// Nodes below each other; what is deeper is left out.
const MOST_DEPTH: usize = 500;

/// A node by its place in [`Tree`].
pub type NodeId = usize;

#[derive(Debug)]
struct Node {
    kind: u16,
    /// The field of its parent that it fills; 0 for none.
    field: u16,
    start: u32,
    end: u32,
    parent: u32,
    /// The first node behind this one's subtree.
    after: u32,
}

/// The syntax tree of one file.
#[derive(Debug)]
pub struct Tree {
    pub source: Source,
    pub grammar: Grammar,
    language: &'static tree_sitter::Language,
    kinds: &'static [(&'static str, bool)],
    nodes: Vec<Node>,
    /// True when the grammar found something that it does not know.
    pub(super) broken: bool,
    definitions: OnceCell<BTreeMap<String, Definitions>>,
}

impl Tree {
    /// `None` for a text that is too large, or that the parser gives up on.
    pub fn parse(grammar: Grammar, source: Source) -> Option<Self> {
        let bytes = source.text.as_bytes();
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
        if bytes.len() > MOST_BYTES || bytes.len() > 20_000 && bytes.len() / lines > LONG_LINES {
            return None;
        }
        let language = grammar.language();
        let mut parser = Parser::new();
        parser.set_language(language).ok()?;
        // The parser reports after each hundred steps, and programs take a hundred for at least 50
        // bytes, minified ones too. A text that takes more is one that the parser guesses at, which
        // costs it ever more.
        let mut reports = 0;
        let mut progress = |state: &ParseState| {
            reports += 1;
            if reports > 40 + state.current_byte_offset() / 40 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let parsed = parser.parse_with_options(&mut read, None, Some(options))?;
        let broken = parsed.root_node().has_error();
        let nodes = flatten(&parsed, &source.text, grammar);
        Some(Self {
            source,
            grammar,
            language,
            kinds: grammar.kinds(),
            nodes,
            broken,
            definitions: OnceCell::new(),
        })
    }

    /// Every node, in the order of the text.
    pub(super) fn all(&self) -> std::ops::Range<NodeId> {
        0..self.nodes.len()
    }

    pub(super) fn kind_id(&self, node: NodeId) -> u16 {
        self.nodes[node].kind
    }

    /// The grammar's word for what a node is, such as `call_expression`.
    pub(super) fn kind(&self, node: NodeId) -> &'static str {
        let kind = usize::from(self.nodes[node].kind);
        self.kinds.get(kind).map_or("", |(name, _)| name)
    }

    pub fn span(&self, node: NodeId) -> Span {
        self.nodes[node].start as usize..self.nodes[node].end as usize
    }

    /// False for keywords and operators.
    pub(super) fn is_named(&self, node: NodeId) -> bool {
        let kind = usize::from(self.nodes[node].kind);
        self.kinds.get(kind).is_none_or(|(_, named)| *named)
    }

    /// The text of some nodes that stand together.
    pub(super) fn span_of(&self, nodes: &std::ops::Range<NodeId>) -> Option<Span> {
        let first = self.nodes.get(nodes.start)?;
        Some(first.start as usize..first.end as usize)
    }

    /// The innermost node at a byte.
    pub(super) fn node_at(&self, at: usize) -> Option<NodeId> {
        // Nodes that begin before the byte stand before those that begin behind it.
        let before = self.nodes.partition_point(|node| node.start as usize <= at);
        let last = before.checked_sub(1)?;
        let covers = |node: &NodeId| self.nodes[*node].end as usize > at;
        std::iter::once(last)
            .chain(self.ancestors(last))
            .find(covers)
    }

    pub fn text(&self, node: NodeId) -> &str {
        self.source.text.get(self.span(node)).unwrap_or_default()
    }

    pub(super) fn parent(&self, node: NodeId) -> Option<NodeId> {
        let parent = self.nodes[node].parent as usize;
        (parent != node).then_some(parent)
    }

    /// The nodes around one, the nearest first.
    pub fn ancestors(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        std::iter::successors(self.parent(node), |node| self.parent(*node))
    }

    /// The function that a node stands in, when it has a name.
    pub fn function_around(&self, node: NodeId) -> Option<NodeId> {
        self.ancestors(node).find(|around| {
            let kind = self.kind(*around);
            kind.contains("function") || kind.contains("method_d")
        })
    }

    pub fn is_call(&self, node: NodeId) -> bool {
        matches!(
            self.kind(node),
            "call_expression" | "call" | "method_invocation"
        )
    }

    pub(super) fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let end = self.nodes[node].after as usize;
        let first = (node + 1 < end).then_some(node + 1);
        std::iter::successors(first, move |child| {
            let next = self.nodes[*child].after as usize;
            (next < end).then_some(next)
        })
    }

    /// A node that is a word: not an empty list of arguments.
    pub(super) fn is_leaf_text(&self, node: NodeId) -> bool {
        self.children(node).next().is_none() && !self.text(node).starts_with(['(', '{', '['])
    }

    /// Whether a node stands for itself: a name that gets a value, a function that is called, an
    /// object whose method is called.
    pub fn is_name(&self, node: NodeId) -> bool {
        let parent = self.parent(node);
        let parent = parent.map(|parent| (self.kind(parent), self.field_name(parent)));
        match self.field_name(node) {
            "left" | "name" | "pattern" | "key" | "property" | "field" | "attribute"
            | "operand" | "object" | "function" => true,
            "value" => matches!(parent, Some(("field_expression", _))),
            _ => matches!(parent, Some(("expression_list" | "pattern_list", "left"))),
        }
    }

    /// The text of a node that is a single word.
    pub fn word(&self, node: NodeId) -> Option<String> {
        let is_word = self.is_leaf_text(node) && self.kind(node).ends_with("identifier");
        is_word.then(|| self.text(node).to_owned())
    }

    /// A node and everything in it, as a range.
    pub(super) fn subtree(&self, node: NodeId) -> std::ops::Range<NodeId> {
        node..self.nodes[node].after as usize
    }

    /// The name of the parent's field that a node fills, such as `value`.
    pub(super) fn field_name(&self, node: NodeId) -> &'static str {
        match self.nodes[node].field {
            0 => "",
            field => self.language.field_name_for_id(field).unwrap_or_default(),
        }
    }

    pub(super) fn field(&self, node: NodeId, name: &str) -> Option<NodeId> {
        self.children(node)
            .find(|child| self.field_name(*child) == name)
    }

    /// What names stand for in this file, gathered at the first question.
    pub(super) fn definitions(&self, name: &str) -> Option<&Definitions> {
        self.definitions
            .get_or_init(|| Definitions::gather(self))
            .get(name)
    }
}

fn flatten(parsed: &tree_sitter::Tree, text: &str, grammar: Grammar) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut cursor = parsed.walk();
    // The open nodes, each with whether its next child belongs to tests alone.
    let mut open: Vec<(NodeId, bool)> = Vec::new();
    loop {
        let node = cursor.node();
        let kept = keep(&node, &mut open, text, grammar) && nodes.len() < MOST_NODES;
        if kept {
            let id = nodes.len();
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            nodes.push(Node {
                kind: node.kind_id(),
                field: cursor.field_id().map_or(0, std::num::NonZero::get),
                start: place(node.start_byte()),
                end: place(node.end_byte()),
                parent: place(open.last().map_or(id, |(parent, _)| *parent)),
                after: place(id + 1),
            });
            if open.len() < MOST_DEPTH && cursor.goto_first_child() {
                open.push((id, false));
                continue;
            }
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return nodes;
            }
            if let Some((id, _)) = open.pop() {
                nodes[id].after = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
            }
        }
    }
}

/// Comments, punctuation and tests are left out.
fn keep(
    node: &tree_sitter::Node<'_>,
    open: &mut [(NodeId, bool)],
    text: &str,
    grammar: Grammar,
) -> bool {
    let kind = node.kind();
    if node.is_extra() && kind.ends_with("comment") {
        return false;
    }
    if !node.is_named() {
        return !matches!(
            kind,
            "(" | ")"
                | ","
                | ";"
                | "["
                | "]"
                | "{"
                | "}"
                | "."
                | ":"
                | "\""
                | "'"
                | "`"
                | "\n"
                | ""
        );
    }
    if grammar == Grammar::Rust
        && let Some((_, test)) = open.last_mut()
    {
        if kind == "attribute_item" {
            let attribute = text.get(node.byte_range()).unwrap_or_default();
            *test |= is_test_attribute(attribute);
            return !*test;
        }
        return !std::mem::take(test);
    }
    true
}

/// `#[test]`, `#[tokio::test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn is_test_attribute(attribute: &str) -> bool {
    let inner = attribute.trim_start_matches("#[").trim_end_matches(']');
    let inner: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
    let path = inner.split('(').next().unwrap_or_default();
    path == "test"
        || path.ends_with("::test")
        || inner == "cfg(test)"
        || inner.starts_with("cfg(all(test")
        || inner.starts_with("cfg(any(test")
}
