//! Patterns against trees. Each node is tried once for each pattern, and a try costs no more than
//! the pattern is long times the children that it looks at.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::pattern::{CodePattern, Part};
use super::tree::{NodeId, Tree};
use super::value::literal;

/// A place where a pattern fits.
#[derive(Clone, Debug)]
pub struct Match {
    pub node: NodeId,
    captures: Vec<(Arc<str>, NodeId)>,
}

impl Match {
    /// What stands in the hole of that name.
    pub fn capture(&self, name: &str) -> Option<NodeId> {
        self.captures()
            .find(|(known, _)| *known == name)
            .map(|(_, node)| node)
    }

    pub fn captures(&self) -> impl Iterator<Item = (&str, NodeId)> {
        self.captures.iter().map(|(name, node)| (&**name, *node))
    }
}

/// Parts of code that a pattern may leave unsaid: types, visibility, `mut`.
fn is_optional(tree: &Tree, node: NodeId) -> bool {
    matches!(
        tree.kind(node),
        "type_annotation"
            | "type_arguments"
            | "modifiers"
            | "visibility_modifier"
            | "accessibility_modifier"
            | "mutable_specifier"
            | "class_heritage"
            | "superclass"
            | "super_interfaces"
            | "type_parameters"
            | "async"
    ) || (tree.field_name(node) == "type"
        && !matches!(
            tree.kind(tree.parent(node).unwrap_or(node)),
            // Here the type is what is made.
            "composite_literal"
                | "object_creation_expression"
                | "struct_expression"
                | "field_declaration"
                | "type_conversion_expression"
        ))
}

impl Tree {
    /// Everywhere that a pattern fits, in the order of the text.
    pub fn find<'a>(&'a self, pattern: &'a CodePattern) -> impl Iterator<Item = Match> + 'a {
        self.find_in(pattern, self.all())
    }

    /// The same among some nodes, such as a subtree.
    pub(super) fn find_in<'a>(
        &'a self,
        pattern: &'a CodePattern,
        nodes: std::ops::Range<NodeId>,
    ) -> impl Iterator<Item = Match> + 'a {
        let mut candidates: BTreeSet<NodeId> = BTreeSet::new();
        let parts = pattern.parts(self.grammar);
        let depth = pattern.depth(self.grammar);
        if let Some((anchor, around)) = pattern.anchor().zip(self.span_of(&nodes)) {
            let text = &self.source.text.as_bytes()[around.clone()];
            for word in anchor.find_overlapping_iter(text) {
                let Some(node) = self.node_at(around.start + word.start()) else {
                    continue;
                };
                let above = self.ancestors(node).take(depth);
                let is_kind = |node: &NodeId| {
                    parts.iter().any(|part| {
                        matches!(part, Part::Node { kind, .. } if *kind == self.kind_id(*node))
                    })
                };
                let near = std::iter::once(node).chain(above).filter(is_kind);
                candidates.extend(near.filter(|node| nodes.contains(node)));
            }
        }
        let nodes = candidates.into_iter();
        nodes.filter_map(move |node| self.fit(parts, node))
    }

    /// A pattern at one node.
    pub fn find_at(&self, pattern: &CodePattern, node: NodeId) -> Option<Match> {
        self.fit(pattern.parts(self.grammar), node)
    }

    /// Whether a pattern fits somewhere in a node.
    pub fn holds(&self, pattern: &CodePattern, node: NodeId) -> bool {
        self.find_in(pattern, self.subtree(node)).next().is_some()
    }

    /// Whether a node stands outside of every function and class.
    pub fn is_top_level(&self, node: NodeId) -> bool {
        !self.ancestors(node).any(|around| {
            let kind = self.kind(around);
            kind.contains("function") || kind.contains("class") || kind.contains("method")
        })
    }

    /// Whether a pattern fits one of the nodes around another.
    pub fn is_within(&self, pattern: &CodePattern, node: NodeId) -> bool {
        let parts = pattern.parts(self.grammar);
        self.ancestors(node)
            .any(|around| self.fit(parts, around).is_some())
    }

    pub(super) fn fit(&self, parts: &[Part], node: NodeId) -> Option<Match> {
        parts.iter().find_map(|part| {
            let kind = self.kind_id(node);
            if !matches!(part, Part::Node { kind: wanted, .. } if *wanted == kind) {
                return None;
            }
            let mut captures = Vec::new();
            self.one(part, node, &mut captures)
                .then_some(Match { node, captures })
        })
    }

    fn one(&self, part: &Part, node: NodeId, captures: &mut Vec<(Arc<str>, NodeId)>) -> bool {
        match part {
            Part::Any | Part::Rest => true,
            Part::Capture(name) => {
                let same = |(known, other): &(Arc<str>, NodeId)| {
                    known != name || self.text(*other) == self.text(node)
                };
                let fits = captures.iter().all(same);
                captures.push((Arc::clone(name), node));
                fits
            }
            Part::Text { name, choices } => {
                let Some(text) = literal(self, node) else {
                    return false;
                };
                captures.extend(name.as_ref().map(|name| (Arc::clone(name), node)));
                choices.is_empty() || choices.contains(&text)
            }
            // `TcpListener` is also the end of `tokio::net::TcpListener`.
            Part::Word(word) if self.kind(node).starts_with("scoped_") => self
                .field(node, "name")
                .is_some_and(|name| self.text(name) == word),
            Part::Word(word) => self.is_leaf_text(node) && self.text(node) == word,
            Part::Node { kind, parts } if self.kind(node) == "modifiers" => {
                // Annotations stand in any order among each other.
                self.kind_id(node) == *kind
                    && parts.iter().all(|part| {
                        self.children(node)
                            .any(|child| self.one(part, child, captures))
                    })
            }
            // `{ port }` is short for `{ port: port }`.
            Part::Node { parts, .. } if self.kind(node) == "shorthand_property_identifier" => {
                matches!(parts.as_slice(), [Part::Word(key), value]
                    if key == self.text(node) && self.one(value, node, captures))
            }
            Part::Node { kind, parts } => {
                self.kind_id(node) == *kind && self.sequence(parts, node, captures)
            }
        }
    }

    /// The children of a node against parts, of which some stand for any number. Like a glob: what
    /// follows the last such part is enough to come back to.
    fn sequence(
        &self,
        parts: &[Part],
        node: NodeId,
        captures: &mut Vec<(Arc<str>, NodeId)>,
    ) -> bool {
        let mut children: Vec<NodeId> = self.children(node).collect();
        let fixed = parts
            .iter()
            .filter(|part| !matches!(part, Part::Rest))
            .count();
        if fixed > children.len() {
            return false;
        }
        if fixed < children.len() {
            let said = |child: &NodeId| {
                let kind = self.kind_id(*child);
                !is_optional(self, *child)
                    || parts.iter().any(
                        |part| matches!(part, Part::Node { kind: wanted, .. } if *wanted == kind),
                    )
                    // `const $NAME: $_ = …` names the type.
                    || (fixed == parts.len() && fixed == children.len())
            };
            let without: Vec<NodeId> = children.iter().copied().filter(said).collect();
            if without.len() >= fixed {
                children = without;
            }
        }
        let (mut at, mut child) = (0, 0);
        let mut back: Option<(usize, usize, usize)> = None;
        while child < children.len() {
            match parts.get(at) {
                Some(Part::Rest) => {
                    at += 1;
                    back = Some((at, child, captures.len()));
                    continue;
                }
                Some(part) if self.one(part, children[child], captures) => {
                    at += 1;
                    child += 1;
                    continue;
                }
                _ => {}
            }
            let Some((part, from, kept)) = back else {
                return false;
            };
            captures.truncate(kept);
            at = part;
            child = from + 1;
            back = Some((part, child, kept));
        }
        parts[at..].iter().all(|part| matches!(part, Part::Rest))
    }
}
