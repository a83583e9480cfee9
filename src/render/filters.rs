//! One filter for each place a value can stand in. Each gives text that is safe there, or fails.
//!
//! How BuildKit reads a Dockerfile decides the rules: a newline ends an instruction, JSON form
//! silently becomes shell form when it is not strict JSON, COPY decodes JSON, shell-like words and
//! globs one after the other.

#[cfg(test)]
mod tests;

use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Value};
use serde::Deserialize;

use crate::facts::Command;
use crate::parse::{is_hidden, visible_json};

pub(super) fn install(environment: &mut Environment<'_>) {
    environment.add_filter("exec_form", exec_form);
    environment.add_filter("run", run);
    environment.add_filter("sh_word", |word: String| {
        sh_word(&word).map(Value::from_safe_string)
    });
    environment.add_filter("glob", |path: String| {
        glob(&path).map(Value::from_safe_string)
    });
    environment.add_filter("words", words);
    environment.add_filter("copy", copy);
    environment.add_filter("pairs", pairs);
    environment.add_filter("assignments", assignments);
    environment.add_filter("comment", comment);
    environment.add_filter("ignore_pattern", ignore_pattern);
    environment.add_filter("in_dir", in_dir);
    environment.add_filter("quote", |text: String| {
        quote(&text).map(Value::from_safe_string)
    });
}

fn refuse(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// Letters, digits and marks that mean nothing to BuildKit, a shell or a glob.
pub(super) fn is_harmless(text: &str) -> bool {
    !text.starts_with('-')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._@+/:=,-~".contains(&b))
        && !text.contains("//--")
}

fn no_hidden(text: &str) -> Result<(), Error> {
    match text.chars().find(|c| is_hidden(*c)) {
        Some(c) => Err(refuse(format!(
            "a hidden character ({c:?}) in {:?}",
            text.chars().take(40).collect::<String>()
        ))),
        None => Ok(()),
    }
}

/// `["a", "b"]`, strict JSON in one line, with hidden characters as `\u` escapes.
fn exec_form(words: Vec<String>) -> Result<Value, Error> {
    let json: Vec<String> = words
        .iter()
        .map(|word| serde_json::to_string(word).unwrap_or_default())
        .collect();
    let text = visible_json(format!("[{}]", json.join(", ")));
    match serde_json::from_str::<Vec<String>>(&text) {
        Ok(back) if back == words => Ok(Value::from_safe_string(text)),
        _ => Err(refuse("the command cannot be written in exec form")),
    }
}

/// A command as part of a RUN line. Arguments are quoted; shell text is taken as it is, since only
/// constants of a pack can be shell text here.
fn run(command: Serde<Command>) -> Result<Value, Error> {
    let text = match &*command {
        Command::Exec(words) => words
            .iter()
            .map(|word| sh_word(word))
            .collect::<Result<Vec<_>, _>>()?
            .join(" "),
        Command::Shell(text) => text.clone(),
    };
    no_hidden(&text)?;
    if text.contains("<<") || text.ends_with('\\') {
        return Err(refuse(
            "the command would start a heredoc or continue the line",
        ));
    }
    Ok(Value::from_safe_string(text))
}

/// One word for `sh`, single-quoted when it must be.
pub(super) fn sh_word(word: &str) -> Result<String, Error> {
    no_hidden(word)?;
    let plain = !word.is_empty()
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._@+/:=,-%".contains(&b));
    if plain {
        return Ok(word.to_owned());
    }
    let mut quoted = String::from("'");
    for c in word.chars() {
        match c {
            '\'' => quoted.push_str(r"'\''"),
            // `<<` is taken apart: some readers of Dockerfiles see a heredoc inside of quotes too.
            '<' if quoted.ends_with('<') => quoted.push_str("''<"),
            _ => quoted.push(c),
        }
    }
    quoted.push('\'');
    Ok(quoted)
}

/// One word for `sh` in which `*` keeps its meaning and nothing else has one.
fn glob(path: &str) -> Result<String, Error> {
    let pieces = path
        .split('*')
        .map(|piece| match piece {
            "" => Ok(String::new()),
            piece => sh_word(piece),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let glob = pieces.join("*");
    if glob.is_empty() || glob.starts_with('-') {
        return Err(refuse("a path with `*` must be a path"));
    }
    Ok(glob)
}

/// Several words of a RUN line.
fn words(words: Vec<String>) -> Result<Value, Error> {
    let words = words
        .iter()
        .map(|word| sh_word(word))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Value::from_safe_string(words.join(" ")))
}

/// The operands of COPY: `a b ./`, or JSON form with the path decoders' special characters
/// escaped from the innermost outwards: glob, word, JSON.
fn copy(from: Value, to: String) -> Result<Value, Error> {
    let sources: Vec<String> = match from.as_str() {
        Some(one) => vec![one.to_owned()],
        None => from
            .try_iter()?
            .map(|value| {
                value
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| refuse("a COPY source must be text"))
            })
            .collect::<Result<_, _>>()?,
    };
    if sources.is_empty() {
        return Err(refuse("COPY needs a source"));
    }
    let mut words: Vec<&str> = sources.iter().map(String::as_str).collect();
    words.push(&to);
    for word in &words {
        no_hidden(word)?;
    }
    if words.iter().all(|word| is_harmless(word)) {
        return Ok(Value::from_safe_string(words.join(" ")));
    }
    let last = words.len() - 1;
    let escaped: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(at, word)| {
            if at == last {
                word_escape(word)
            } else {
                word_escape(&glob_escape(word))
            }
        })
        .collect();
    exec_form(escaped)
}

fn glob_escape(path: &str) -> String {
    let mut escaped = String::new();
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn word_escape(word: &str) -> String {
    let mut escaped = String::new();
    for c in word.chars() {
        if matches!(c, '\\' | '"' | '\'' | '$') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[derive(Deserialize)]
struct Named {
    name: String,
    value: String,
}

/// `A=1 B="two words"` for ENV and LABEL, one pair a line when there are several.
fn pairs(pairs: Serde<Vec<Named>>) -> Result<Value, Error> {
    let mut lines = Vec::new();
    for pair in pairs.iter() {
        if pair.name.is_empty()
            || !pair
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        {
            return Err(refuse(format!(
                "{:?} is no name for ENV or LABEL",
                pair.name
            )));
        }
        lines.push(format!("{}={}", pair.name, quote(&pair.value)?));
    }
    Ok(Value::from_safe_string(lines.join(" \\\n    ")))
}

/// `A=1 B='two words' ` in front of a command of a RUN line, with a blank at its end.
fn assignments(pairs: Serde<Vec<Named>>) -> Result<Value, Error> {
    let mut text = String::new();
    for pair in pairs.iter() {
        if pair.name.is_empty()
            || !pair
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_')
        {
            return Err(refuse(format!("{:?} is no name of a variable", pair.name)));
        }
        text.push_str(&format!("{}={} ", pair.name, sh_word(&pair.value)?));
    }
    Ok(Value::from_safe_string(text))
}

/// A value of ENV or LABEL, quoted when it must be.
fn quote(text: &str) -> Result<String, Error> {
    no_hidden(text)?;
    if !text.is_empty() && is_harmless(text) {
        return Ok(text.to_owned());
    }
    let mut quoted = String::from("\"");
    for c in text.chars() {
        if matches!(c, '\\' | '"' | '$') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    Ok(quoted)
}

/// Text behind `# `: one line without hidden characters.
fn comment(text: &str) -> Value {
    let clean: String = text
        .chars()
        .map(|c| if is_hidden(c) { ' ' } else { c })
        .take(200)
        .collect();
    Value::from_safe_string(clean)
}

/// A line of an ignore file, already in that language.
fn ignore_pattern(pattern: String) -> Result<Value, Error> {
    no_hidden(&pattern)?;
    if pattern.is_empty() || pattern.starts_with('#') || pattern.trim() != pattern {
        return Err(refuse(format!(
            "{pattern:?} is no pattern of an ignore file"
        )));
    }
    Ok(Value::from_safe_string(pattern))
}

/// `cd dir && ` for a sub-folder, nothing for `.`.
fn in_dir(dir: String) -> Result<Value, Error> {
    if dir == "." || dir.is_empty() {
        return Ok(Value::from_safe_string(String::new()));
    }
    Ok(Value::from_safe_string(format!(
        "cd {} && ",
        sh_word(&dir)?
    )))
}
