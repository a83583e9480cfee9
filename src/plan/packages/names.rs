//! Names of dependencies, in the form in which an ecosystem compares them.

/// A dependency in normal form; one with several extras is one entry an extra.
pub(super) fn forms(ecosystem: &str, name: &str) -> Vec<String> {
    let name = normal(ecosystem, name);
    match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((bare, extras)) if ecosystem == "python" => extras
            .split(',')
            .map(|extra| format!("{bare}[{extra}]"))
            .collect(),
        _ => vec![name],
    }
}

/// The form in which names of an ecosystem are compared.
pub(in crate::plan) fn normal(ecosystem: &str, name: &str) -> String {
    let name = name.trim();
    match ecosystem {
        "python" => python(name),
        // Cargo takes `-` and `_` for the same name.
        "rust" => name.replace('_', "-"),
        "go" => match name.rsplit_once("/v") {
            Some((path, major))
                if !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                path.to_owned()
            }
            _ => name.to_owned(),
        },
        _ => name.to_owned(),
    }
}

/// PEP 503: lower case, and one dash for each run of `-`, `_` and `.`. Blanks go.
fn python(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars().filter(|c| !c.is_whitespace()) {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.push(c.to_ascii_lowercase()),
        }
    }
    normal
}
