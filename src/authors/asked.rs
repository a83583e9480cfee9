//! The address that a health check asks.

use std::collections::BTreeMap;

use super::shell::{expand_with, variables};

/// What a check asks, as far as its text tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    pub port: Option<u16>,
    /// The variable that the check takes the port from.
    pub port_variable: Option<String>,
    pub path: Option<String>,
}

/// Names by which a container calls itself.
const SELF: &[&str] = &["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "[::]", "::1"];

/// The first address in a command that is the container's own.
pub(super) fn asked(text: &str, values: &BTreeMap<String, String>) -> Option<Asked> {
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let scheme = rest[..at].ends_with("http") || rest[..at].ends_with("https");
        rest = &rest[at + 3..];
        if scheme && let Some(asked) = address(rest, values, "/") {
            return Some(asked);
        }
    }
    SELF.iter().find_map(|host| {
        let at = text.find(&format!("{host}:"))?;
        address(&text[at..], values, "")
    })
}

/// `none` is the path of an address that has none: an empty one asks for no page.
fn address(text: &str, values: &BTreeMap<String, String>, none: &str) -> Option<Asked> {
    let mut depth = 0_usize;
    let end = text
        .find(|c: char| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && (c.is_whitespace() || "\"'`;|&)<>,\\".contains(c))
        })
        .unwrap_or(text.len());
    let url = &text[..end];
    let cut = outside(url, '/').unwrap_or(url.len());
    let (host, path) = url.split_at(cut);
    let port_at = outside_last(host, ':').filter(|at| !host[*at..].ends_with(']'));
    let (name, port) = match port_at {
        Some(at) => (&host[..at], Some(&host[at + 1..])),
        None => (host, None),
    };
    let own = SELF.contains(&name)
        || expand_with(name, values, Some(""))
            .is_some_and(|name| name.is_empty() || SELF.contains(&name.as_str()));
    if !own {
        return None;
    }
    let port_variable = port.and_then(|port| {
        variables(port)
            .into_iter()
            .map(|found| found.name.to_owned())
            .find(|name| name.to_uppercase().contains("PORT"))
    });
    let path = if path.is_empty() { none } else { path };
    let path = expand_with(path, values, Some(""))
        .filter(|path| !path.is_empty())
        .and_then(|path| clean_path(&path));
    Some(Asked {
        port: port
            .and_then(|port| expand_with(port, values, Some("")))
            .and_then(|port| port.parse().ok())
            .filter(|port| *port > 0),
        port_variable,
        path,
    })
}

/// A path that can stand in a health check: one slash between parts, no query, plain characters.
pub(super) fn clean_path(text: &str) -> Option<String> {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let mut path = String::from("/");
    for part in text.split('/').filter(|part| !part.is_empty()) {
        if !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    if text.len() > 1 && text.ends_with('/') {
        path.push('/');
    }
    let plain = path
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"/._-~".contains(&b));
    (plain && path.len() <= 100).then_some(path)
}

/// The first place of a character that stands in no `{…}`.
fn outside(text: &str, wanted: char) -> Option<usize> {
    places(text, wanted).next()
}

fn outside_last(text: &str, wanted: char) -> Option<usize> {
    places(text, wanted).last()
}

fn places(text: &str, wanted: char) -> impl Iterator<Item = usize> + '_ {
    let mut depth = 0_usize;
    text.char_indices().filter_map(move |(at, c)| {
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        (depth == 0 && c == wanted).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_checks() {
        let values = BTreeMap::from([("PORT".to_owned(), "3000".to_owned())]);
        for (text, port, variable, path) in [
            (
                "curl -f http://localhost:8080/health || exit 1",
                Some(8080),
                None,
                Some("/health"),
            ),
            (
                "wget -q --spider http://127.0.0.1:$PORT/api/healthcheck",
                Some(3000),
                Some("PORT"),
                Some("/api/healthcheck"),
            ),
            (
                "curl -f http://localhost:${LD_SERVER_PORT:-9090}/${LD_CONTEXT_PATH}health",
                Some(9090),
                Some("LD_SERVER_PORT"),
                Some("/health"),
            ),
            (
                "curl \"http://localhost:${A_PORT:-8888}/healthz\"",
                Some(8888),
                Some("A_PORT"),
                Some("/healthz"),
            ),
            (
                "node -e \"fetch('http://[::1]:3000/ping?x=1')\"",
                Some(3000),
                None,
                Some("/ping"),
            ),
            ("curl http://localhost/", None, None, Some("/")),
            ("nc -z localhost:53", Some(53), None, None),
        ] {
            let found = asked(text, &values).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(found.port, port, "{text}");
            assert_eq!(found.port_variable.as_deref(), variable, "{text}");
            assert_eq!(found.path.as_deref(), path, "{text}");
        }
        assert_eq!(asked("curl https://example.com/health", &values), None);
        assert_eq!(asked("./healthcheck", &values), None);
    }
}
