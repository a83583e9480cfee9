//! Answers in dockgen.toml, so that the next run asks nothing. The file is the user's: comments
//! and order stay, and only what was answered is written.

use camino::Utf8Path;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, value};

use super::settings::TABLES;
use super::wizard::Answered;
use crate::diag::{Diagnostic, Result};
use crate::plan::options::Form;
use crate::plan::settings::FILE;
use crate::repo::{RelPath, Repo};
use crate::write::OutputFile;

const HEAD: &str = "# Decisions about the container files that dockgen writes.\n";

/// dockgen.toml with the answers in it. `alone`: there is one component, so that no table has to
/// say which one is meant.
pub(super) fn file(repo: &Repo, answers: &[Answered], alone: bool) -> Result<OutputFile> {
    let path = RelPath::root().join(FILE);
    let before = if repo.has(&path) {
        repo.read(&path)?.text.to_string()
    } else {
        String::new()
    };
    let text = add(&before, answers, alone)
        .ok_or_else(|| Diagnostic::error("invalid-setting", format!("cannot add to {FILE}")))?;
    Ok(OutputFile { path, text })
}

/// The command that says the same without a question.
pub(super) fn command(root: &Utf8Path, answers: &[Answered], alone: bool) -> String {
    let mut words: Vec<String> = ["dockgen", "init", "--yes"].map(str::to_owned).into();
    if root != "." {
        words.push(root.to_string());
    }
    for answer in answers {
        let key = answer.option.key;
        match &answer.component {
            None => {
                for folder in answer.value.split(',') {
                    words.extend([answer.option.flag(), folder.to_owned()]);
                }
            }
            Some(_) if alone => words.extend([answer.option.flag(), answer.value.clone()]),
            Some(dir) => {
                words.extend(["--set".to_owned(), format!("{dir}:{key}={}", answer.value)]);
            }
        }
    }
    crate::facts::Command::Exec(words).to_string()
}

/// `None` when the text is no TOML or has something else where the answers belong.
fn add(before: &str, answers: &[Answered], alone: bool) -> Option<String> {
    let mut document: DocumentMut = before.parse().ok()?;
    for answer in answers {
        let table: &mut dyn TableLike = match &answer.component {
            Some(dir) if !alone => {
                let tables = table_in(document.as_table_mut(), TABLES, true)?;
                table_in(tables, &dir.to_string(), false)?
            }
            _ => document.as_table_mut(),
        };
        let mut new = item(answer);
        if let (Some(old), Some(new)) = (
            table.get(answer.option.key).and_then(Item::as_value),
            new.as_value_mut(),
        ) {
            *new.decor_mut() = old.decor().clone();
        }
        table.insert(answer.option.key, new);
    }
    let text = document.to_string();
    Some(if before.is_empty() {
        format!("{HEAD}{}", text.trim_start())
    } else {
        text
    })
}

fn table_in<'t>(
    parent: &'t mut dyn TableLike,
    key: &str,
    implicit: bool,
) -> Option<&'t mut dyn TableLike> {
    if !parent.contains_key(key) {
        let mut table = Table::new();
        table.set_implicit(implicit);
        parent.insert(key, Item::Table(table));
    }
    parent.get_mut(key)?.as_table_like_mut()
}

fn item(answer: &Answered) -> Item {
    match answer.option.form {
        Form::Port => answer
            .value
            .parse::<i64>()
            .map_or_else(|_| value(answer.value.as_str()), value),
        Form::Folders => value(answer.value.split(',').collect::<Array>()),
        Form::Words(_) => value(
            shlex::split(&answer.value)
                .unwrap_or_default()
                .into_iter()
                .collect::<Array>(),
        ),
        Form::Text | Form::Choice(_) | Form::Language | Form::User | Form::Signal => {
            value(answer.value.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::options::option;

    fn answer(dir: Option<&str>, key: &str, value: &str) -> Answered {
        Answered {
            component: dir.and_then(RelPath::new),
            option: option(key).unwrap(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn a_new_file_says_what_it_is() {
        let answers = [
            answer(Some("."), "port", "3000"),
            answer(Some("."), "main", "./cmd/a"),
        ];
        insta::assert_snapshot!(add("", &answers, true).unwrap(), @r#"
        # Decisions about the container files that dockgen writes.
        port = 3000
        main = "./cmd/a"
        "#);
    }

    #[test]
    fn the_command_says_the_same() {
        let answers = [
            answer(None, "components", "api,web"),
            answer(Some("api"), "start", "node a.js"),
        ];
        assert_eq!(
            command(Utf8Path::new("shop"), &answers, false),
            "dockgen init --yes shop --component api --component web --set 'api:start=node a.js'"
        );
        let answers = [answer(Some("."), "port", "3000")];
        assert_eq!(
            command(Utf8Path::new("."), &answers, true),
            "dockgen init --yes --port 3000"
        );
    }

    #[test]
    fn several_components_have_tables() {
        let answers = [
            answer(None, "components", "api,web"),
            answer(Some("api"), "port", "3000"),
            answer(Some("web"), "start", "node \"a b\".js"),
        ];
        insta::assert_snapshot!(add("", &answers, false).unwrap(), @r#"
        # Decisions about the container files that dockgen writes.
        components = ["api", "web"]

        [component.api]
        port = 3000

        [component.web]
        start = 'node "a b".js'
        "#);
    }

    #[test]
    fn comments_and_order_stay() {
        let before =
            "# ours\nkind = 'web' # really\n\n[component.web] # the shop\nport = 1 # odd\n";
        let answers = [
            answer(Some("web"), "port", "3000"),
            answer(Some("api"), "port", "80"),
            answer(None, "components", "api"),
        ];
        insta::assert_snapshot!(add(before, &answers, false).unwrap(), @r#"
        # ours
        kind = 'web' # really
        components = ["api"]

        [component.web] # the shop
        port = 3000 # odd

        [component.api]
        port = 80
        "#);
        assert_eq!(add("component = 1\n", &answers, false), None);
        assert_eq!(add("component", &answers, false), None);
    }
}
