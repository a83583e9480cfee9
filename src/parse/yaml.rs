//! The only file that names the YAML crate, which is young.

use serde_json::Value;

use super::tree::{Node, Tree};
use crate::diag::{Diagnostic, Location, Result};
use crate::text::{Source, Span};

/// The first document of a YAML file. Aliases and depth are limited by the parser's budget.
pub fn yaml(source: &Source) -> Result<Tree> {
    document(source, source.text.split("\n---").next().unwrap_or(""))
}

/// Every document of a YAML file. An error in the first is an error of the file; one that cannot be
/// read behind it is left out.
pub fn yaml_documents(source: &Source) -> Result<Vec<Tree>> {
    let mut documents = vec![String::new()];
    for line in source.text.split_inclusive('\n') {
        if line.starts_with("---") {
            documents.push(String::new());
        } else if let Some(last) = documents.last_mut() {
            last.push_str(line);
        }
    }
    let mut found = Vec::new();
    for text in documents.iter().filter(|text| !text.trim().is_empty()) {
        match document(source, text) {
            Ok(tree) => found.push(tree),
            Err(diagnostic) if found.is_empty() => return Err(diagnostic),
            Err(_) => {}
        }
    }
    Ok(found)
}

fn document(source: &Source, first: &str) -> Result<Tree> {
    match serde_saphyr::from_str::<Value>(first) {
        Ok(value) => Ok(convert(value)),
        Err(error) => {
            let text = error.without_snippet().to_string();
            let line = text.lines().next().unwrap_or_default();
            // The diagnostic has the position already.
            let message = line.split(" at line ").next().unwrap_or(line);
            let help = "correct the file; dockgen treats it as if it were not there";
            let diagnostic = Diagnostic::error("invalid-yaml", message).with_help(help);
            Err(match error.location() {
                Some(at) => diagnostic.pointing(source, offset(first, at.line(), at.column())),
                None => diagnostic.at(Location::file(source.path.clone())),
            })
        }
    }
}

/// The empty range at a 1-based line and column, the latter in characters.
fn offset(text: &str, line: u64, column: u64) -> Span {
    let before = |count: u64| usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
    let lines = text.split_inclusive('\n').take(before(line));
    let start: usize = lines.map(str::len).sum();
    let chars = text[start..].chars().take(before(column));
    let at = start + chars.map(char::len_utf8).sum::<usize>();
    at..at
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::RelPath;

    #[test]
    fn an_error_points_at_its_place() {
        let source = Source::new(RelPath::root().join("a.yaml"), "a: 1\nb: \"é\n");
        let fault = yaml(&source).unwrap_err();
        assert_eq!(fault.at.unwrap().line, Some(2), "{}", fault.message);
        assert!(!fault.message.contains("line"), "{}", fault.message);
    }
}
