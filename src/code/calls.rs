//! What calls are worth: reads of the environment with a default, options, conversions, formats.

use super::follow::{Follow, is_variable, join};
use super::names::last_name;
use super::tree::{NodeId, Tree};
use super::value::{Value, literal};

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
    "find",
    "trim",
    "strip",
    "toString",
    "intValue",
    "asInt",
    "as_deref",
    "into_boxed_str",
    "String",
];

/// Calls that declare an option of the command line, with `P` when a short name comes second.
const FLAGS: &[&str] = &[
    "String", "Int", "Int64", "Uint", "Uint16", "Uint32", "Uint64",
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
    /// The arguments of a call, as far as they are by position.
    fn arguments(tree: &Tree, node: NodeId) -> Vec<NodeId> {
        let list = tree.field(node, "arguments").or_else(|| {
            tree.children(node)
                .find(|child| tree.kind(*child) == "token_tree")
        });
        list.map(|list| tree.children(list).take(12).collect())
            .unwrap_or_default()
    }

    pub(super) fn call(&self, tree: &Tree, node: NodeId, depth: usize) -> Value {
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
        // `flag.String("addr", ":8080", "…")`: what the option is when nobody gives it.
        if arguments.len() >= 3
            && FLAGS.contains(&name.trim_end_matches('P'))
            && first.is_some_and(|first| literal(tree, first).is_some())
        {
            let at_place = if name.ends_with('P') { 2 } else { 1 };
            return arguments
                .get(at_place)
                .map_or_else(Value::default, |node| at(*node));
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
        // `.default(3000)` of a schema, `.Default(":9090")` of a flag.
        if matches!(
            name,
            "default" | "Default" | "default_value" | "default_value_t" | "prefault"
        ) && let (Some(_), [only]) = (receiver, arguments.as_slice())
        {
            return at(*only);
        }
        let values = || arguments.iter().map(|node| at(*node));
        match name {
            "Sprintf" | "format" => {
                // `"{}:{}".format(a, b)` has the text before the dot.
                let template = receiver.map(at).filter(Value::is_known);
                let mut values = values();
                let template = template.or_else(|| values.next());
                // `{port}` names its value.
                let named = |name: &str| self.named(tree, node, name, depth);
                return template.map_or_else(Value::default, |template| {
                    format(template, values.collect(), named)
                });
            }
            "JoinHostPort" | "InetSocketAddress" | "AddrPortFrom" => return join(values(), ":"),
            "IPv4Unspecified" | "IPv6Unspecified" => return Value::known("0.0.0.0"),
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
        // `Field(default=8000, …)`, `port({ default: 8000 })`.
        let named = arguments.iter().find_map(|argument| {
            let name = tree.field(*argument, "name").map(|name| tree.text(name));
            match name {
                Some("default") => tree.field(*argument, "value"),
                _ => tree.children(*argument).find_map(|pair| {
                    let key = tree.field(pair, "key")?;
                    (tree.text(key) == "default").then(|| tree.field(pair, "value"))?
                }),
            }
        });
        if let Some(named) = named {
            return at(named);
        }
        // A conversion: `int(x)`, `String(x)`, `Some(x)`; the end of a chain, `.Default(x).Int()`.
        match arguments.as_slice() {
            [] => {
                let chained = receiver.filter(|of| tree.kind(*of).starts_with("call"));
                chained.map_or_else(Value::default, at)
            }
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
}

/// A format's holes (`%d`, `{}`, `{port}`), each with the next value.
pub(super) fn format(template: Value, values: Vec<Value>, named: impl Fn(&str) -> Value) -> Value {
    let Some(text) = template.text() else {
        return Value::default();
    };
    let mut whole = Value::known("");
    let mut values = values.into_iter();
    let mut rest = text;
    while let Some(at) = rest.find(['%', '{']) {
        let (before, hole) = rest.split_at(at);
        whole = whole.then(Value::known(before));
        let end = if let Some(verb) = hole.strip_prefix('%') {
            verb.find(|c: char| c.is_ascii_alphabetic())
                .map(|end| end + 2)
        } else {
            hole.find('}').map(|end| end + 1)
        };
        let Some(end) = end else {
            rest = "";
            break;
        };
        let name = hole[1..end - 1].split(':').next().unwrap_or_default();
        let is_name = hole.starts_with('{') && name.starts_with(|c: char| c.is_alphabetic());
        whole = whole.then(if is_name {
            named(name)
        } else {
            values.next().unwrap_or_default()
        });
        rest = &hole[end..];
    }
    if rest.is_empty() {
        whole
    } else {
        whole.then(Value::known(rest))
    }
}

/// Whether a call of this name with this text asks the environment or a property for a value.
fn reads_setting(callee: &str, asked: &str) -> bool {
    let callee = callee.to_ascii_lowercase();
    let asks = |words: &[&str]| words.iter().any(|word| callee.contains(word));
    (is_variable(asked) && (asks(&["env", "config", "getordefault"]) || callee.ends_with("var")))
        || asks(&["getproperty", "getinteger"])
}
