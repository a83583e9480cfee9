//! Follows an expression to its value: through names, defaults, concatenations and conversions.

use std::cell::Cell;
use std::rc::Rc;

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

struct Follow<'f> {
    files: &'f dyn Files,
    steps: Cell<usize>,
}

/// Methods that only change how a value is held: what they are called on is the value.
const KEEP: &[&str] = &[
    "to_string",
    "to_owned",
    "into",
    "parse",
    "unwrap",
    "as_str",
    "as_ref",
    "clone",
    "ok",
    "expect",
    "map",
    "map_err",
    "and_then",
    "filter",
    "trim",
    "strip",
    "toString",
    "intValue",
    "asInt",
    "as_deref",
    "into_boxed_str",
    "String",
];

/// Methods whose argument stands in for a missing value.
const OTHERWISE: &[&str] = &[
    "unwrap_or",
    "unwrap_or_else",
    "orElse",
    "orElseGet",
    "or",
    "getOrElse",
    "map_or",
];

impl Follow<'_> {
    fn value(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
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
            .or_else(|| {
                tree.children(node)
                    .find(|child| tree.is_named(*child))
            });
        inner.map_or_else(Value::default, |inner| self.value(tree, inner, depth))
    }

    /// A text with holes, each with its value.
    fn pieces(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
        let mut whole = Value::known("");
        for child in tree.children(node) {
            let kind = tree.kind(child);
            let piece = if is_hole(kind) {
                let inner = tree
                    .children(child)
                    .find(|child| tree.is_named(*child));
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
            Some("%") => format(left, vec![right()]),
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
                    pending.extend(tree.children(child).collect::<Vec<_>>().iter().rev())
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

    /// The arguments of a call, as far as they are by position.
    fn arguments(tree: &Tree, node: NodeId) -> Vec<NodeId> {
        let list = tree.field(node, "arguments").or_else(|| {
            tree.children(node)
                .find(|child| tree.kind(*child) == "token_tree")
        });
        list.map(|list| tree.children(list).take(12).collect())
            .unwrap_or_default()
    }

    fn call(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
        let callee = tree
            .field(node, "function")
            .or_else(|| tree.field(node, "constructor"))
            .or_else(|| tree.field(node, "type"))
            .or_else(|| tree.field(node, "macro"))
            .or_else(|| tree.field(node, "name"));
        let Some(callee) = callee else {
            return Value::default();
        };
        let name = last_name(tree, callee).unwrap_or_default();
        let path = tree.text(callee);
        let receiver = tree.field(node, "object").or_else(|| {
            let kind = tree.kind(callee);
            matches!(
                kind,
                "member_expression" | "attribute" | "selector_expression" | "field_expression"
            )
            .then(|| tree.children(callee).next())
            .flatten()
        });
        let arguments = Self::arguments(tree, node);
        let at = |node: NodeId| self.value(tree, node, depth);
        let first = arguments.first().copied();
        if OTHERWISE.contains(&name)
            && let (Some(receiver), Some(first)) = (receiver, first)
        {
            return at(receiver).or(|| at(first));
        }
        if let (true, Some(receiver)) = (KEEP.contains(&name), receiver) {
            return at(receiver);
        }
        // `getenv("PORT", "8080")`, whatever it is called.
        let words = format!(
            "{}.{path}",
            receiver.map(|node| tree.text(node)).unwrap_or_default()
        );
        if let Some(asked) = first.and_then(|first| literal(tree, first))
            && reads_setting(&words, &asked)
        {
            let otherwise = arguments.iter().find(|argument| {
                tree.field(**argument, "name")
                    .is_some_and(|name| tree.text(name) == "default")
            });
            let otherwise = otherwise.or_else(|| {
                arguments
                    .get(1)
                    .filter(|argument| tree.kind(**argument) != "keyword_argument")
            });
            let read = if is_variable(&asked) {
                Value::variable(&asked)
            } else {
                Value::default()
            };
            return read.or(|| otherwise.map_or_else(Value::default, |node| at(*node)));
        }
        let values = || arguments.iter().map(|node| at(*node));
        match name {
            "Sprintf" | "format" => {
                // `"{}:{}".format(a, b)` has the text before the dot.
                let template = receiver.map(at).filter(Value::is_known);
                let mut values = values();
                let template = template.or_else(|| values.next());
                return template.map_or_else(Value::default, |template| {
                    format(template, values.collect())
                });
            }
            "JoinHostPort" | "InetSocketAddress" => return join(values(), ":"),
            "new" if path.contains("SocketAddr") => return join(values(), ":"),
            "new" if path.contains("Ipv4Addr") => return join(values(), "."),
            // Go's `cmp.Or` takes the first that is not empty.
            "Or" | "coalesce" => {
                return values().fold(Value::default(), |found, next| {
                    if found.is_blank() {
                        found.unknown().or(|| next)
                    } else {
                        found
                    }
                });
            }
            _ => {}
        }
        if let Some(found) = self.returned(tree, name, depth) {
            return found;
        }
        // A conversion: `int(x)`, `String(x)`, `Some(x)`.
        match arguments.as_slice() {
            [only] => {
                let found = at(*only);
                let digits = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
                if found.text().is_none_or(digits) {
                    found
                } else {
                    Value::default()
                }
            }
            [first, radix] if tree.text(*radix) == "10" => at(*first),
            _ => Value::default(),
        }
    }

    /// What a function of this file returns, when that is one value.
    fn returned(&self, tree: &Tree, name: &str, depth: usize) -> Option<Value> {
        let function = *tree.definitions(name)?.functions.first()?;
        let body = tree.field(function, "body")?;
        let mut found = Value::default();
        let returns = tree
            .subtree(body)
            .filter(|node| tree.kind(*node) == "return_statement");
        // The last expression of a Rust function is what it returns.
        let last = tree.children(body).last();
        for node in returns.chain(last) {
            let next = self.value(tree, node, depth);
            let variable = found.variable.clone().or_else(|| next.variable.clone());
            if next.is_known() && !next.is_blank() {
                if found.is_known() && found.text() != next.text() {
                    return None;
                }
                found = next;
            }
            found.variable = variable;
        }
        found.is_known().then_some(found)
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

    /// What a name stands for: in the function around it, in its file, in a file that it names.
    fn name(&self, tree: &Tree, node: NodeId, of: Option<&str>, depth: usize) -> Value {
        let Some(name) = last_name(tree, node) else {
            return Value::default();
        };
        let local = self.defined(tree, name, Some(node), depth);
        if local.is_known() {
            return local;
        }
        let constant = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.len() > 3;
        if of.is_none() && !constant {
            return local;
        }
        local.or(|| self.elsewhere(tree, name, of, depth))
    }

    fn defined(&self, tree: &Tree, name: &str, user: Option<NodeId>, depth: usize) -> Value {
        let Some(definitions) = tree.definitions(name) else {
            return Value::default();
        };
        let function = user.and_then(|user| {
            tree.ancestors(user).find(|around| {
                let kind = tree.kind(*around);
                kind.contains("function") || kind.contains("method_d")
            })
        });
        let near = |value: &NodeId| {
            function.is_some_and(|function| tree.subtree(function).contains(value))
        };
        let own = |value: &NodeId| user.is_none_or(|user| !tree.subtree(*value).contains(&user));
        let mut values: Vec<NodeId> = definitions.values.iter().copied().filter(own).collect();
        values.sort_by_key(|value| !near(value));
        let mut found = Value::default();
        for value in values.into_iter().take(16) {
            let next = self.value(tree, value, depth);
            if !found.is_known() && next.is_known() && !next.is_blank() {
                found.variable = found.variable.or(next.variable.clone());
                let variable = found.variable.take();
                found = next;
                found.variable = variable;
            } else if found.variable.is_none() {
                found.variable = next.variable;
            }
        }
        found
    }

    /// In other files: in those that the name before the dot names, else anywhere when only one
    /// value is given to it.
    fn elsewhere(&self, tree: &Tree, name: &str, of: Option<&str>, depth: usize) -> Value {
        let mut found: Vec<(bool, Value)> = Vec::new();
        for file in self.files.with_word(name).into_iter().take(24) {
            if file == tree.source.path {
                continue;
            }
            let Some(other): Option<Rc<Tree>> = self.files.tree(&file) else {
                continue;
            };
            if other.source.path == tree.source.path {
                continue;
            }
            let value = self.defined(&other, name, None, depth);
            if !value.is_known() {
                continue;
            }
            let stem = file.name().split('.').next().unwrap_or_default();
            let parent = file.parent();
            let folder = parent.as_ref().map_or("", |parent| parent.name());
            let named = of
                .is_some_and(|of| of.eq_ignore_ascii_case(stem) || of.eq_ignore_ascii_case(folder));
            let beside = of.is_none() && other.source.path.parent() == tree.source.path.parent();
            found.push((named || beside, value));
        }
        let named = found.iter().find(|(named, _)| *named);
        if let Some((_, value)) = named {
            return value.clone();
        }
        let mut values = found.into_iter().map(|(_, value)| value);
        let Some(first) = values.next() else {
            return Value::default();
        };
        if values.all(|value| value.text() == first.text()) {
            first
        } else {
            Value::default()
        }
    }
}

fn join(values: impl Iterator<Item = Value>, with: &str) -> Value {
    let mut whole: Option<Value> = None;
    for value in values {
        whole = Some(match whole {
            None => value,
            Some(whole) => whole.then(Value::known(with)).then(value),
        });
    }
    whole.unwrap_or_default()
}

/// A format's holes (`%d`, `{}`, `{port}`), each with the next value.
fn format(template: Value, values: Vec<Value>) -> Value {
    let Some(text) = template.text() else {
        return Value::default();
    };
    let mut whole = Value::known("");
    let mut values = values.into_iter();
    let mut rest = text;
    while let Some(at) = rest.find(['%', '{']) {
        let (before, hole) = rest.split_at(at);
        whole = whole.then(Value::known(before));
        let end = if hole.starts_with('%') {
            hole[1..]
                .find(|c: char| c.is_ascii_alphabetic())
                .map(|end| end + 2)
        } else {
            hole.find('}').map(|end| end + 1)
        };
        let Some(end) = end else {
            rest = "";
            break;
        };
        whole = whole.then(values.next().unwrap_or_default());
        rest = &hole[end..];
    }
    if rest.is_empty() {
        whole
    } else {
        whole.then(Value::known(rest))
    }
}

/// `process.env`, `os.environ`, `import.meta.env`, a destructured `env`.
fn is_environment(text: &str) -> bool {
    text.len() <= 40
        && (text.ends_with("env") || text.ends_with("environ") || text.ends_with("ENV"))
}

/// `PORT`, `HTTP_PORT`: how environment variables are written.
fn is_variable(name: &str) -> bool {
    name.len() > 1
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a call of this name with this text asks the environment or a property for a value.
fn reads_setting(callee: &str, asked: &str) -> bool {
    let callee = callee.to_ascii_lowercase();
    let asks = |words: &[&str]| words.iter().any(|word| callee.contains(word));
    (is_variable(asked) && (asks(&["env", "config", "getordefault"]) || callee.ends_with("var")))
        || asks(&["getproperty", "getinteger"])
}
