//! Image references: the placeholders of a tag, and what a reference may be made of.

/// The placeholders of a tag.
const KEYS: [&str; 5] = ["version", "line", "patch", "suite", "alpine"];

/// Replaces `{key}`; `None` when a value is missing or a brace has no end.
pub(super) fn fill<'a>(tag: &str, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let mut filled = String::with_capacity(tag.len() + 16);
    let mut rest = tag;
    while let Some((before, after)) = rest.split_once('{') {
        let (key, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(value(key)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// What is wrong with an image reference, if anything is. It comes out after FROM, so it has to
/// be one word of the reference grammar, with a tag that does not move between versions.
pub(super) fn wrong_reference(tag: &str) -> Option<String> {
    if tag == "scratch" {
        return None;
    }
    let Some(sample) = fill(tag, |key| KEYS.contains(&key).then_some("1")) else {
        return Some(format!(
            "the placeholders are {}",
            KEYS.map(|key| format!("{{{key}}}")).join(", ")
        ));
    };
    let name = sample.rsplit('/').next().unwrap_or_default();
    match name.split_once(':') {
        Some((_, "latest")) => Some("`latest` is not a version".to_owned()),
        Some((name, version))
            if !name.is_empty()
                && version.starts_with(|c: char| c.is_ascii_alphanumeric())
                && sample.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
                && sample.bytes().all(|byte| is_tag_byte(byte) || byte == b':')
                && !version.contains(':') =>
        {
            None
        }
        _ => Some("an image is written as `name:tag`".to_owned()),
    }
}

pub(super) fn is_tag_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-/".contains(&byte)
}

pub(super) fn is_user(text: &str) -> bool {
    text.split_once(':').is_some_and(|(uid, gid)| {
        [uid, gid].iter().all(|id| {
            !id.is_empty() && id.len() < 10 && id.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}
