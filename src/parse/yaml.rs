//! The only file that names the YAML crate, which is young.

use serde_json::Value;

use super::tree::{Node, Tree};
use crate::diag::{Diagnostic, Location, Result};
use crate::repo::Source;

/// The first document of a YAML file. Aliases and depth are limited by the parser's budget.
pub fn yaml(source: &Source) -> Result<Tree> {
    let first = source.text.split("\n---").next().unwrap_or("");
    match serde_saphyr::from_str::<Value>(first) {
        Ok(value) => Ok(convert(value)),
        Err(error) => {
            let message = error.to_string();
            let line = message
                .lines()
                .next()
                .unwrap_or("not valid YAML")
                .to_owned();
            Err(Diagnostic::error("invalid-yaml", line)
                .at(Location::file(source.path.clone()))
                .with_help("correct the file; dockgen treats it as if it were not there"))
        }
    }
}

fn convert(value: Value) -> Tree {
    let node = match value {
        Value::Null => Node::Null,
        Value::Bool(value) => Node::Bool(value),
        Value::Number(number) => Node::Number(number.to_string()),
        Value::String(text) => Node::Text(text),
        Value::Array(items) => Node::List(items.into_iter().map(convert).collect()),
        Value::Object(entries) => Node::Table(
            entries
                .into_iter()
                .map(|(key, value)| (key, convert(value)))
                .collect(),
        ),
    };
    Tree::new(node, 0..0)
}
