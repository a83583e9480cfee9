//! What names stand for: the values that a file gives to constants, variables, fields, parameters
//! and functions.

use std::collections::BTreeMap;

use super::tree::{NodeId, Tree};
use super::value::literal;

/// Everything that one name is given in a file, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    /// Expressions that are assigned to it.
    pub values: Vec<NodeId>,
    /// Functions of that name.
    pub functions: Vec<NodeId>,
}

/// Kinds of nodes that give a name a value, with the fields of both.
const GIVES: &[(&str, &str, &str)] = &[
    // Go.
    ("const_spec", "name", "value"),
    ("var_spec", "name", "value"),
    ("short_var_declaration", "left", "right"),
    ("assignment_statement", "left", "right"),
    // Java and JavaScript.
    ("variable_declarator", "name", "value"),
    ("assignment_expression", "left", "right"),
    ("augmented_assignment_expression", "left", "right"),
    ("pair", "key", "value"),
    ("field_definition", "property", "value"),
    ("public_field_definition", "name", "value"),
    ("assignment_pattern", "left", "right"),
    ("object_assignment_pattern", "left", "right"),
    ("required_parameter", "pattern", "value"),
    ("enum_assignment", "name", "value"),
    // Python.
    ("assignment", "left", "right"),
    ("default_parameter", "name", "value"),
    ("typed_default_parameter", "name", "value"),
    // Rust.
    ("const_item", "name", "value"),
    ("static_item", "name", "value"),
    ("let_declaration", "pattern", "value"),
    ("field_initializer", "field", "value"),
];

const FUNCTIONS: &[&str] = &[
    "function_declaration",
    "method_declaration",
    "function_definition",
    "method_definition",
    "function_item",
];

impl Definitions {
    pub(super) fn gather(tree: &Tree) -> BTreeMap<String, Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for node in tree.all() {
            let kind = tree.kind(node);
            if FUNCTIONS.contains(&kind) {
                if let Some(name) = tree.field(node, "name") {
                    let entry = all.entry(tree.text(name).to_owned()).or_default();
                    entry.functions.push(node);
                }
                continue;
            }
            if kind == "field_declaration" {
                if let Some((name, value)) = attribute(tree, node) {
                    all.entry(name.to_owned()).or_default().values.push(value);
                }
                continue;
            }
            if matches!(kind, "call_expression" | "call")
                && let Some((name, value)) = option(tree, node)
            {
                all.entry(name).or_default().values.push(value);
                continue;
            }
            // A Go literal's `Field: value` has no names for its parts.
            let pair = if kind == "keyed_element" {
                let mut children = tree.children(node);
                children.next().zip(children.next())
            } else {
                let gives = GIVES.iter().find(|(gives, _, _)| *gives == kind);
                gives.and_then(|(_, name, value)| {
                    tree.field(node, name).zip(tree.field(node, value))
                })
            };
            let Some((names, values)) = pair else {
                continue;
            };
            for (name, value) in side(tree, names).zip(side(tree, values)) {
                if let Some(name) = last_name(tree, name) {
                    all.entry(name.to_owned()).or_default().values.push(value);
                }
            }
        }
        all
    }
}

/// The default that an attribute gives to a field: `#[arg(default_value_t = 80)] port: u16`.
fn attribute(tree: &Tree, field: NodeId) -> Option<(&str, NodeId)> {
    let name = tree.text(tree.field(field, "name")?);
    let parent = tree.parent(field)?;
    let before: Vec<NodeId> = tree
        .children(parent)
        .take_while(|node| *node < field)
        .collect();
    let attributes = before.iter().rev();
    let attributes = attributes.take_while(|node| tree.kind(**node) == "attribute_item");
    for attribute in attributes {
        for node in tree.subtree(*attribute) {
            let is_default = matches!(
                tree.text(node),
                "default_value" | "default_value_t" | "default"
            );
            if is_default && tree.kind(node) == "identifier" {
                let tokens = tree.children(tree.parent(node)?);
                let mut behind = tokens.skip_while(|token| *token <= node);
                let value = behind.find(|token| tree.text(*token) != "=")?;
                // `#[default(80)]` has it in brackets.
                let inner = tree.children(value).next();
                let inner = inner.filter(|_| tree.kind(value) == "token_tree");
                return Some((name, inner.unwrap_or(value)));
            }
        }
    }
    None
}

/// An option of the command line, by the name under which the program finds its value:
/// `fs.StringVar(&cfg.Addr, "addr", ":80", "…")`, `add_argument("--port", default=80)`,
/// `.option("-p, --port <number>", "…", "80")`.
fn option(tree: &Tree, call: NodeId) -> Option<(String, NodeId)> {
    let callee = last_name(tree, tree.field(call, "function")?)?;
    let arguments = tree.field(call, "arguments")?;
    let arguments: Vec<NodeId> = tree.children(arguments).take(8).collect();
    if callee.ends_with("Var") || callee.ends_with("VarP") {
        let name = last_name(tree, *arguments.first()?)?;
        let value = arguments.get(if callee.ends_with('P') { 3 } else { 2 })?;
        return Some((name.to_owned(), *value));
    }
    // `viper.SetDefault("port", 80)`, `.set_default("port", 80)` of a builder.
    if let ("SetDefault" | "set_default", [key, value]) = (callee, arguments.as_slice()) {
        let key = literal(tree, *key)?;
        let is_plain = key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return is_plain.then_some((key, *value));
    }
    if !matches!(callee, "add_argument" | "option" | "Option") {
        return None;
    }
    let text = arguments
        .iter()
        .find_map(|argument| literal(tree, *argument).filter(|text| text.contains("--")))?;
    let name = text
        .split("--")
        .nth(1)?
        .split([' ', '<', '=', ','])
        .next()?;
    let default = arguments.iter().find_map(|argument| {
        let is_default = tree.text(tree.field(*argument, "name")?) == "default";
        is_default.then(|| tree.field(*argument, "value")).flatten()
    });
    let default = default.or_else(|| {
        (callee == "option")
            .then(|| arguments.get(2))
            .flatten()
            .copied()
    });
    Some((name.replace('-', "_"), default?))
}

/// Whose name a value is given to: `config` of `config.port = 80`, the type whose field it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owner<'t> {
    /// What is named before the dot.
    Object(&'t str),
    /// A type, or an object as a whole.
    Type(&'t str),
}

pub(super) fn owner(tree: &Tree, value: NodeId) -> Option<Owner<'_>> {
    let mut in_pair = false;
    for around in tree.ancestors(value).take(12) {
        match tree.kind(around) {
            // `module.exports = { port: 80 }` says nothing of who asks for it.
            "assignment_expression" | "assignment" | "assignment_statement" if in_pair => {
                return None;
            }
            "assignment_expression" | "assignment" | "assignment_statement" => {
                let left = tree.field(around, "left")?;
                let mut children = tree.children(left);
                let (object, member) = (children.next()?, children.next());
                member?;
                return Some(Owner::Object(last_name(tree, object)?));
            }
            // `config = { database: { port: 5432 }, port: 80 }`.
            "pair" if in_pair => {
                return Some(Owner::Type(last_name(tree, tree.field(around, "key")?)?));
            }
            "pair" => in_pair = true,
            "variable_declarator" if in_pair => {
                return Some(Owner::Type(tree.text(tree.field(around, "name")?)));
            }
            "struct_item" | "class_declaration" | "class_definition" | "type_spec" => {
                return Some(Owner::Type(tree.text(tree.field(around, "name")?)));
            }
            "composite_literal" => {
                return Some(Owner::Type(last_name(tree, tree.field(around, "type")?)?));
            }
            "struct_expression" => {
                return Some(Owner::Type(last_name(tree, tree.field(around, "name")?)?));
            }
            kind if kind.contains("function") => return None,
            _ => {}
        }
    }
    None
}

/// The expressions of one side of an assignment.
fn side(tree: &Tree, node: NodeId) -> Box<dyn Iterator<Item = NodeId> + '_> {
    match tree.kind(node) {
        "expression_list" | "pattern_list" => Box::new(tree.children(node)),
        _ => Box::new(std::iter::once(node)),
    }
}

/// `port` of `port`, `"port"`, `self.port`, `cfg.Server.port`.
pub(super) fn last_name(tree: &Tree, node: NodeId) -> Option<&str> {
    let text = tree.text(node);
    let text = text.rsplit(['.', ':']).next()?.trim();
    let text = text.trim_matches(['"', '\'', '`', '*', '&']);
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    (!text.is_empty() && text.len() <= 80 && text.chars().all(plain)).then_some(text)
}
