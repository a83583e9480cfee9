//! Names in ENV, ARG and LABEL: secrets, and variables that nothing sets.

use super::Fault;
use crate::facts::looks_secret;

/// What every image sets.
const OF_IMAGES: &[&str] = &["PATH", "HOME"];

pub(super) fn no_secret(name: &str) -> Result<(), Fault> {
    if looks_secret(name) {
        return Err(format!("{name} looks like a secret in ENV or ARG"));
    }
    Ok(())
}

/// The names of `A=1 B="two words"`.
pub(super) fn assigned(what: &str, text: &str) -> Result<Vec<String>, Fault> {
    let words = shlex::split(text).ok_or_else(|| format!("{what} has an open quote: {text}"))?;
    words
        .iter()
        .map(|word| match word.split_once('=') {
            Some((name, _)) if !name.is_empty() => Ok(name.to_owned()),
            _ => Err(format!("{what} has a word without a name: {word}")),
        })
        .collect()
}

/// The names of `A B=1`.
pub(super) fn declared(text: &str) -> Vec<String> {
    shlex::split(text)
        .unwrap_or_default()
        .iter()
        .map(|word| word.split('=').next().unwrap_or_default().to_owned())
        .collect()
}

/// The first variable in `text` that `known` does not know. One with a default is fine without.
pub(super) fn undefined(text: &str, known: impl Fn(&str) -> bool) -> Option<String> {
    let mut rest = text;
    let (mut literal, mut quoted) = (false, false);
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\'' if !quoted => literal = !literal,
            '"' if !literal => quoted = !quoted,
            '\\' if !literal => {
                let skipped = rest.chars().next().map_or(0, char::len_utf8);
                rest = &rest[skipped..];
            }
            '$' if !literal => {
                let inner = rest.strip_prefix('{').unwrap_or(rest);
                let end = inner
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                    .unwrap_or(inner.len());
                let name = &inner[..end];
                let has_default = inner.len() < rest.len() && inner[end..].starts_with([':', '-']);
                if !name.is_empty() && !has_default && !OF_IMAGES.contains(&name) && !known(name) {
                    return Some(name.to_owned());
                }
                rest = &inner[end..];
            }
            _ => {}
        }
    }
    None
}
