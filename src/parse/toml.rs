use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::tree::{Node, Tree};
use crate::diag::{Diagnostic, Result, suggest};
use crate::text::Source;

/// A TOML file of the repository.
pub fn toml(source: &Source) -> Result<Tree> {
    match DeTable::parse(&source.text) {
        Ok(table) => {
            let span = table.span();
            Ok(Tree::new(entries(table.into_inner()), span))
        }
        Err(error) => Err(invalid(source, &error)
            .with_help("correct the file; dockgen treats it as if it were not there")),
    }
}

/// A TOML file of ours or of a pack: unknown keys are errors, with the known ones named.
pub fn typed_toml<T: DeserializeOwned>(source: &Source) -> Result<T> {
    ::toml::from_str(&source.text).map_err(|error| {
        let diagnostic = invalid(source, &error);
        match meant(source, &error) {
            Some(name) => diagnostic.with_help(format!("did you mean `{name}`?")),
            None => diagnostic,
        }
    })
}

/// The name that stands in a list of known ones and is like the text at the error's place.
fn meant<'e>(source: &Source, error: &'e Error) -> Option<&'e str> {
    let written = source.text.get(error.span()?)?;
    let (_, known) = error.message().split_once("expected")?;
    let known = known.split('`').skip(1).step_by(2);
    suggest(written.trim_matches(['"', '\'']), known)
}

fn invalid(source: &Source, error: &Error) -> Diagnostic {
    let diagnostic = Diagnostic::error("invalid-toml", error.message());
    match error.span() {
        Some(span) => diagnostic.pointing(source, span),
        None => diagnostic.at(crate::diag::Location::file(source.path.clone())),
    }
}

fn entries(table: DeTable<'_>) -> Node {
    Node::Table(
        table
            .into_iter()
            .map(|(key, value)| (key.into_inner().into_owned(), convert(value)))
            .collect(),
    )
}

fn convert(value: Spanned<DeValue<'_>>) -> Tree {
    let span = value.span();
    let node = match value.into_inner() {
        DeValue::String(text) => Node::Text(text.into_owned()),
        DeValue::Integer(number) => Node::Number(number.to_string()),
        DeValue::Float(number) => Node::Number(number.to_string()),
        DeValue::Boolean(value) => Node::Bool(value),
        DeValue::Datetime(date) => Node::Number(date.to_string()),
        DeValue::Array(array) => Node::List(array.into_iter().map(convert).collect()),
        DeValue::Table(table) => entries(table),
    };
    Tree::new(node, span)
}
