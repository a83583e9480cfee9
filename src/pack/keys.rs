//! `keys.toml`: the facts that only one language's planner reads, each declared with its type and
//! its meaning, so that a detector cannot set what nobody asks for.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::{Value, json};
use toml::Spanned;

use crate::diag::{Diagnostic, Result, suggest};
use crate::facts::Own;
use crate::repo::Source;

/// `keys.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyTable {
    #[serde(default, rename = "key")]
    keys: Vec<Key>,
}

/// One key of `facts.own`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub name: String,
    /// The language whose planner reads it.
    pub language: String,
    #[serde(rename = "type")]
    form: Form,
    /// The words of a `choice`.
    #[serde(default)]
    of: Vec<String>,
    /// What follows when it is set, in one sentence.
    pub meaning: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// `true`.
    Flag,
    Text,
    /// One of the words in `of`.
    Choice,
    /// Texts.
    List,
    /// Texts by name.
    Table,
}

/// `facts.own` as it stands in a file.
pub(super) type Raw = BTreeMap<Spanned<String>, Spanned<toml::Value>>;

impl KeyTable {
    /// Every key, in the table's order.
    pub fn all(&self) -> &[Key] {
        &self.keys
    }

    /// The keys of a language.
    pub fn of<'t>(&'t self, language: &'t str) -> impl Iterator<Item = &'t Key> {
        self.keys.iter().filter(move |key| key.language == language)
    }

    /// Gives the values of a detector their types. A key that the language does not have, or a
    /// value of another type, is an error at its place (`detector-key`).
    pub(super) fn typed(
        &self,
        language: &str,
        raw: Raw,
        source: &Source,
    ) -> Result<BTreeMap<String, Own>> {
        let mut typed = BTreeMap::new();
        for (name, value) in raw {
            let Some(key) = self.of(language).find(|key| key.name == *name.get_ref()) else {
                return Err(self.unknown(language, &name, source));
            };
            let span = value.span();
            let value = key.value(value.into_inner());
            let value = value.ok_or_else(|| key.misfit(source, span))?;
            typed.insert(name.into_inner(), value);
        }
        Ok(typed)
    }

    fn unknown(&self, language: &str, name: &Spanned<String>, source: &Source) -> Diagnostic {
        let known: Vec<&str> = self.of(language).map(|key| key.name.as_str()).collect();
        let message = format!("`{}` is no key of {language}", name.get_ref());
        let help = match suggest(name.get_ref(), known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("there are no keys of {language}"),
            None => format!("its keys are {}", known.join(", ")),
        };
        Diagnostic::error(CODE, message)
            .pointing(source, name.span())
            .with_help(help)
    }
}

const CODE: &str = "detector-key";

impl Key {
    fn value(&self, value: toml::Value) -> Option<Own> {
        let text = |value: toml::Value| match value {
            toml::Value::String(text) => Some(text),
            _ => None,
        };
        match (self.form, value) {
            (Form::Flag, toml::Value::Boolean(set)) => Some(Own::Flag(set)),
            (Form::Text, toml::Value::String(text)) => Some(Own::Text(text)),
            (Form::Choice, toml::Value::String(word)) if self.of.contains(&word) => {
                Some(Own::Text(word))
            }
            (Form::List, toml::Value::Array(parts)) => {
                let parts = parts.into_iter().map(text).collect::<Option<_>>()?;
                Some(Own::List(parts))
            }
            (Form::Table, toml::Value::Table(rows)) => {
                let rows = rows.into_iter();
                let rows = rows.map(|(name, value)| Some((name, text(value)?)));
                Some(Own::Table(rows.collect::<Option<_>>()?))
            }
            _ => None,
        }
    }

    fn misfit(&self, source: &Source, span: Range<usize>) -> Diagnostic {
        let wanted = match self.form {
            Form::Flag => "true or false".to_owned(),
            Form::Text => "a text".to_owned(),
            Form::Choice => format!("one of {}", self.of.join(", ")),
            Form::List => "a list of texts".to_owned(),
            Form::Table => "a table of texts".to_owned(),
        };
        Diagnostic::error(CODE, format!("`{}` is {wanted}", self.name))
            .pointing(source, span)
            .with_help(self.meaning.clone())
    }

    /// The JSON schema of its values.
    pub fn schema(&self) -> Value {
        let text = json!({ "type": "string" });
        let mut schema = match self.form {
            Form::Flag => json!({ "type": "boolean" }),
            Form::Text => text,
            Form::Choice => json!({ "enum": self.of }),
            Form::List => json!({ "type": "array", "items": text }),
            Form::Table => json!({ "type": "object", "additionalProperties": text }),
        };
        schema["description"] = Value::from(self.meaning.as_str());
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::super::Detector;
    use super::*;
    use crate::pack::Pack;
    use crate::repo::RelPath;

    /// What is said about a detector of Node.js with these lines.
    fn said(facts: &str) -> String {
        let keys = Pack::builtin().unwrap().keys;
        let path = RelPath::new("detectors/node/x.toml").unwrap();
        let text = format!("language = \"node\"\n\n[facts]\n{facts}\n");
        match Detector::parse("node/x", &Source::new(path, text), &keys) {
            Ok(_) => String::new(),
            Err(diagnostic) => {
                let place = diagnostic.at.map(|at| at.to_string());
                let [place, help] = [place, diagnostic.help].map(Option::unwrap_or_default);
                format!("{place}: {}; {help}", diagnostic.message)
            }
        }
    }

    #[test]
    fn a_typo_is_shown_where_it_stands_with_what_was_meant() {
        assert_eq!(said("own.modules = \"none\"\nport = 3000"), "");
        for (facts, place, help) in [
            (
                "own.modulse = \"none\"",
                "x.toml:4",
                "did you mean `modules`?",
            ),
            ("own.modules = \"some\"", "x.toml:4", "Which packages"),
            (
                "own.replaces = \"ng serve\"",
                "x.toml:4",
                "Starts of commands",
            ),
            // A key of another language.
            ("own.cgo = \"c\"", "x.toml:4", "its keys are bin, cache"),
            ("prot = 3000", "x.toml:4", "did you mean `port`?"),
        ] {
            let said = said(facts);
            assert!(said.contains(place) && said.contains(help), "{said}");
        }
        let variant = said("\n[[variant]]\nwhen = [{ script = \"x\" }]\nfacts.own.cashe = []");
        assert!(variant.contains("did you mean `cache`?"), "{variant}");
    }
}
