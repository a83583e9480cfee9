//! Follows an expression to its value: through names, defaults, concatenations and conversions.

use std::cell::Cell;

use super::files::Files;
use super::names::last_name;
use super::tree::{NodeId, Tree};
use super::value::{Value, is_hole, literal, number};

/// Steps that one value may take.
const MOST_STEPS: usize = 3_000;
/// Expressions within expressions, names that stand for names.
const MOST_DEPTH: usize = 24;

/// The value of an expression, as far as it can be read.
pub fn value(files: &dyn Files, tree: &Tree, node: NodeId) -> Value {
    let follow = Follow {
        files,
        steps: Cell::new(MOST_STEPS),
    };
    follow.value(tree, node, MOST_DEPTH)
}

pub(super) struct Follow<'f> {
    pub(super) files: &'f dyn Files,
    steps: Cell<usize>,
}

impl Follow<'_> {
    pub(super) fn value(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
        let left = self.steps.get();
        if depth == 0 || left == 0 {
            return Value::default();
        }
        self.steps.set(left - 1);
        let depth = depth - 1;
        if let Some(text) = literal(tree, node) {
            return Value::known(text);
        }
        let at = |node: NodeId| self.value(tree, node, depth);
        let field = |name: &str| tree.field(node, name);
        let kind = tree.kind(node);
        match kind {
            "int_literal"
            | "number"
            | "integer"
            | "integer_literal"
            | "decimal_integer_literal" => {
                number(tree.text(node)).map_or_else(Value::default, Value::known)
            }
            "template_string" | "string" | "concatenated_string" => self.pieces(tree, node, depth),
            "binary_expression" | "binary_operator" | "boolean_operator" => {
                self.binary(tree, node, depth)
            }
            "ternary_expression"
            | "conditional_expression"
            | "if_expression"
            | "match_expression" => self.choice(tree, node, depth),
            "identifier" | "shorthand_property_identifier" => self.name(tree, node, None, depth),
            "selector_expression"
            | "member_expression"
            | "attribute"
            | "field_access"
            | "field_expression"
            | "scoped_identifier" => self.member(tree, node, depth),
            "subscript" | "subscript_expression" | "index_expression" => {
                let mut children = tree.children(node);
                match children.next().zip(children.next()) {
                    Some((of, key)) if is_environment(tree.text(of)) => literal(tree, key)
                        .map_or_else(Value::default, |name| Value::variable(&name)),
                    _ => Value::default(),
                }
            }
            "call_expression"
            | "call"
            | "method_invocation"
            | "object_creation_expression"
            | "new_expression"
            | "macro_invocation"
            | "type_conversion_expression"
            | "array_creation_expression" => self.call(tree, node, depth),
            "tuple_expression" | "tuple" => self.joined(tree, node, ":", depth),
            "array_expression" => self.joined(tree, node, ".", depth),
            // `[args.port, process.env.PORT, 3001].find(…)` takes the first that there is.
            "array" => tree
                .children(node)
                .take(8)
                .fold(Value::default(), |found, next| found.or(|| at(next))),
            "closure_expression" | "lambda_expression" | "arrow_function" => {
                field("body").map_or_else(Value::default, at)
            }
            "block" | "statement_block" => {
                tree.children(node).last().map_or_else(Value::default, at)
            }
            "keyword_argument" | "argument" => field("value")
                .or_else(|| tree.children(node).last())
                .map_or_else(Value::default, at),
            "as_expression"
            | "type_cast_expression"
            | "satisfies_expression"
            | "try_expression"
            | "await_expression"
            | "reference_expression"
            | "unary_expression"
            | "literal_element"
            | "parenthesized_expression"
            | "cast_expression"
            | "non_null_expression"
            | "expression_list"
            | "expression_statement"
            | "return_statement"
            | "else_clause"
            | "unary_operator" => self.inner(tree, node, depth),
            _ => Value::default(),
        }
    }

    /// What brackets, casts and references hold.
    fn inner(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
        let sign = tree.children(node).next().map(|child| tree.text(child));
        if matches!(sign, Some("-" | "!" | "~")) {
            return Value::default();
        }
        let inner = tree
            .field(node, "value")
            .or_else(|| tree.field(node, "operand"))
            .or_else(|| tree.field(node, "argument"))
            .or_else(|| tree.children(node).find(|child| tree.is_named(*child)));
        inner.map_or_else(Value::default, |inner| self.value(tree, inner, depth))
    }

    /// A text with holes, each with its value.
    fn pieces(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
        let mut whole = Value::known("");
        for child in tree.children(node) {
            let kind = tree.kind(child);
            let piece = if is_hole(kind) {
                let inner = tree.children(child).find(|child| tree.is_named(*child));
                inner.map_or_else(Value::default, |inner| self.value(tree, inner, depth))
            } else if matches!(kind, "string_start" | "string_end") {
                continue;
            } else {
                literal(tree, child).map_or_else(|| Value::known(tree.text(child)), Value::known)
            };
            whole = whole.then(piece);
        }
        whole
    }

    fn binary(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
        let (Some(left), Some(right)) = (tree.field(node, "left"), tree.field(node, "right"))
        else {
            return Value::default();
        };
        let operator = tree
            .children(node)
            .find(|child| tree.field_name(*child) == "operator")
            .map(|operator| tree.text(operator));
        let right = || self.value(tree, right, depth);
        let left = self.value(tree, left, depth);
        match operator {
            Some("||" | "??" | "or") => left.or(right),
            Some("+") => left.then(right()),
            Some("%") => super::calls::format(left, vec![right()], |_| Value::default()),
            _ => Value::default(),
        }
    }

    /// Of branches the one value that is known; of several the last, which is what happens when
    /// no condition holds.
    fn choice(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
        let mut chosen = Value::default();
        let mut variable = None;
        let mut pending: Vec<NodeId> = tree.children(node).collect();
        pending.reverse();
        while let Some(child) = pending.pop() {
            match tree.kind(child) {
                "match_block" => {
                    pending.extend(tree.children(child).collect::<Vec<_>>().iter().rev());
                }
                "match_arm" => pending.extend(tree.field(child, "value")),
                _ => {
                    let found = self.value(tree, child, depth);
                    variable = variable.or_else(|| found.variable.clone());
                    let test = matches!(tree.field_name(child), "condition" | "pattern");
                    if found.is_known() && !found.is_blank() && !test {
                        chosen = found;
                    }
                }
            }
        }
        chosen.variable = chosen.variable.or(variable);
        chosen
    }

    fn joined(&self, tree: &Tree, node: NodeId, with: &str, depth: usize) -> Value {
        let values = tree
            .children(node)
            .filter(|child| tree.kind(*child) != "attribute_item")
            .take(8)
            .map(|child| self.value(tree, child, depth));
        join(values, with)
    }

    fn member(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
        let text = tree.text(node);
        if text.ends_with("Ipv4Addr::UNSPECIFIED") || text.ends_with("Ipv6Addr::UNSPECIFIED") {
            return Value::known("0.0.0.0");
        }
        if text.ends_with("Ipv4Addr::LOCALHOST") || text.ends_with("Ipv6Addr::LOCALHOST") {
            return Value::known("127.0.0.1");
        }
        let Some(name) = last_name(tree, node) else {
            return Value::default();
        };
        let Some(of) = tree.children(node).next() else {
            return Value::default();
        };
        if is_environment(tree.text(of)) && is_variable(name) {
            return Value::variable(name);
        }
        self.name(tree, node, last_name(tree, of), depth)
    }
}

/// Values behind each other, with a mark between them.
pub(super) fn join(values: impl Iterator<Item = Value>, with: &str) -> Value {
    let mut whole: Option<Value> = None;
    for value in values {
        whole = Some(match whole {
            None => value,
            Some(whole) => whole.then(Value::known(with)).then(value),
        });
    }
    whole.unwrap_or_default()
}

/// `process.env`, `os.environ`, `import.meta.env`, a destructured `env`.
fn is_environment(text: &str) -> bool {
    text.len() <= 40
        && (text.ends_with("env") || text.ends_with("environ") || text.ends_with("ENV"))
}

/// `PORT`, `HTTP_PORT`: how environment variables are written.
pub(super) fn is_variable(name: &str) -> bool {
    name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
