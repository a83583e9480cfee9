use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::tree::{Node, Tree};
use crate::diag::{Diagnostic, Result};
use crate::text::Source;

/// JSON, JSON with comments and trailing commas, and what of JSON5 a `package.json5` uses.
pub fn json(source: &Source) -> Result<Tree> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: true,
        allow_single_quoted_strings: true,
        ..ParseOptions::default()
    };
    let invalid = |message: String, span| {
        Diagnostic::error("invalid-json", message)
            .pointing(source, span)
            .with_help("correct the file; dockgen treats it as if it were not there")
    };
    match parse_to_ast(&source.text, &CollectOptions::default(), &options) {
        Ok(parsed) => match parsed.value {
            Some(value) => Ok(convert(value)),
            None => Err(invalid("the file is empty".to_owned(), 0..0)),
        },
        Err(error) => {
            let range = error.range();
            Err(invalid(error.kind().to_string(), range.start..range.end))
        }
    }
}

fn convert(value: Value<'_>) -> Tree {
    match value {
        Value::StringLit(lit) => Tree::new(
            Node::Text(lit.value.into_owned()),
            lit.range.start..lit.range.end,
        ),
        Value::NumberLit(lit) => Tree::new(
            Node::Number(lit.value.to_owned()),
            lit.range.start..lit.range.end,
        ),
        Value::BooleanLit(lit) => Tree::new(Node::Bool(lit.value), lit.range.start..lit.range.end),
        Value::NullKeyword(lit) => Tree::new(Node::Null, lit.range.start..lit.range.end),
        Value::Array(array) => Tree::new(
            Node::List(array.elements.into_iter().map(convert).collect()),
            array.range.start..array.range.end,
        ),
        Value::Object(object) => {
            let span = object.range.start..object.range.end;
            let entries = object
                .properties
                .into_iter()
                .map(|property| (property.name.into_string(), convert(property.value)))
                .collect();
            Tree::new(Node::Table(entries), span)
        }
    }
}
