use crate::text::Span;

/// A value of JSON, TOML or YAML with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub node: Node,
    /// Byte range of the value; empty where the format's parser gives none (YAML).
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Null,
    Bool(bool),
    /// As written; dates of TOML are kept as text too.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    /// In the order of the file.
    Table(Vec<(String, Tree)>),
}

impl Tree {
    pub fn new(node: Node, span: Span) -> Self {
        Self { node, span }
    }

    /// The value under a key of this table.
    pub fn get(&self, key: &str) -> Option<&Tree> {
        match &self.node {
            Node::Table(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, tree)| tree),
            _ => None,
        }
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Tree> {
        path.iter().try_fold(self, |tree, key| tree.get(key))
    }

    pub fn text(&self) -> Option<&str> {
        match &self.node {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Text or number as text: `22` and `"22"` mean the same version.
    pub fn scalar(&self) -> Option<&str> {
        match &self.node {
            Node::Text(text) | Node::Number(text) => Some(text),
            _ => None,
        }
    }

    pub fn boolean(&self) -> Option<bool> {
        match self.node {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<u64> {
        match &self.node {
            Node::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Tree] {
        match &self.node {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// The texts of a list of texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.items().iter().filter_map(Tree::text)
    }

    /// The entries of a table; none for anything else.
    pub fn entries(&self) -> &[(String, Tree)] {
        match &self.node {
            Node::Table(entries) => entries,
            _ => &[],
        }
    }
}
