//! dockgen.toml: options at the top, and a table `[component."dir"]` for one component.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diag::{Diagnostic, Result, suggest};
use crate::plan::options::{Form, OPTIONS, Opt, option};
use crate::plan::settings::{Origin, Settings};
use crate::repo::{RelPath, Source, Span};

/// The key of the tables for one component.
pub(in crate::cli) const TABLES: &str = "component";

/// Adds what the file says; the first mistake in it is an error at its place.
pub(super) fn read(source: &Source, settings: &mut Settings) -> Result<()> {
    let table = DeTable::parse(&source.text).map_err(|error| {
        let problem = Diagnostic::error("invalid-toml", error.message());
        match error.span() {
            Some(span) => problem.pointing(source, span),
            None => problem.at(crate::diag::Location::file(source.path.clone())),
        }
    })?;
    let file = File { source };
    for (key, value) in table.get_ref() {
        if *key.get_ref() == TABLES {
            file.components(value, settings)?;
        } else {
            file.value(None, key, value, settings)?;
        }
    }
    Ok(())
}

struct File<'s> {
    source: &'s Source,
}

type Key<'t> = Spanned<std::borrow::Cow<'t, str>>;

impl File<'_> {
    fn components(&self, tables: &Spanned<DeValue<'_>>, settings: &mut Settings) -> Result<()> {
        let DeValue::Table(entries) = tables.get_ref() else {
            let problem = "component must be tables: [component.\"dir\"]";
            return Err(self.problem("invalid-setting", problem, tables.span()));
        };
        for (dir, table) in entries {
            let folder = RelPath::new(dir.get_ref());
            let (Some(folder), DeValue::Table(values)) = (folder, table.get_ref()) else {
                let problem = format!("{} is no folder with settings", dir.get_ref());
                return Err(self
                    .problem("invalid-setting", problem, dir.span())
                    .with_help("write [component.\"dir\"], with / between the parts of dir"));
            };
            for (key, value) in values {
                self.value(Some(&folder), key, value, settings)?;
            }
        }
        Ok(())
    }

    fn value(
        &self,
        component: Option<&RelPath>,
        key: &Key<'_>,
        value: &Spanned<DeValue<'_>>,
        settings: &mut Settings,
    ) -> Result<()> {
        let option = option(key.get_ref())
            .filter(|option| component.is_none() || option.form != Form::Folders)
            .ok_or_else(|| self.unknown(component, key))?;
        let origin = Origin::File(self.source.position(key.span().start).0);
        let text = self.text(option, value)?;
        settings
            .add(component.cloned(), option.key, text, origin)
            .map_err(|problem| problem.pointing(self.source, value.span()))
    }

    /// Text and numbers as text, since `runtime = 22` and `runtime = "22"` mean the same. An error
    /// says what is needed instead.
    fn text(&self, option: &Opt, value: &Spanned<DeValue<'_>>) -> Result<String> {
        let wanted = match value.get_ref() {
            DeValue::String(text) if option.form != Form::Folders => return Ok(text.to_string()),
            DeValue::Integer(number) if option.form != Form::Folders => {
                return Ok(number.to_string());
            }
            // As written: the number 1.20 would lose its zero.
            DeValue::Float(_) if option.form != Form::Folders => {
                return Ok(self.source.text[value.span()].to_owned());
            }
            DeValue::Array(folders) if option.form == Form::Folders => {
                let names: Option<Vec<&str>> = folders
                    .iter()
                    .map(|folder| match folder.get_ref() {
                        DeValue::String(name) if !name.contains(',') => Some(name.as_ref()),
                        _ => None,
                    })
                    .collect();
                match names {
                    Some(names) if !names.is_empty() => return Ok(names.join(",")),
                    _ => "a list of folders",
                }
            }
            DeValue::Array(words) if matches!(option.form, Form::Words(_)) => {
                let words: Option<Vec<&str>> = words
                    .iter()
                    .map(|word| match word.get_ref() {
                        DeValue::String(word) => Some(word.as_ref()),
                        _ => None,
                    })
                    .collect();
                match words.map(shlex::try_join) {
                    Some(Ok(line)) => return Ok(line),
                    _ => "a list of texts",
                }
            }
            _ if option.form == Form::Folders => "a list of folders",
            _ => "text or a number",
        };
        let problem = format!("{} needs {wanted}", option.key);
        Err(self
            .problem("invalid-setting", problem, value.span())
            .with_help(match option.form {
                Form::Folders => format!("write {} = [\"dir\"]", option.key),
                _ => option.help.to_owned(),
            }))
    }

    fn unknown(&self, component: Option<&RelPath>, key: &Key<'_>) -> Diagnostic {
        let mut known: Vec<&str> = OPTIONS.iter().map(|option| option.key).collect();
        if component.is_some() {
            known.retain(|key| *key != "components");
        } else {
            known.push(TABLES);
        }
        let name = key.get_ref();
        let help = match suggest(name, known.iter().copied()) {
            Some(close) => format!("did you mean {close}?"),
            None => format!("known settings: {}", known.join(", ")),
        };
        let problem = format!("there is no setting {name}");
        self.problem("unknown-setting", problem, key.span())
            .with_help(help)
    }

    fn problem(&self, code: &'static str, text: impl Into<String>, span: Span) -> Diagnostic {
        Diagnostic::error(code, text).pointing(self.source, span)
    }
}
