//! Ports and hosts in texts: `8080`, `:8080`, `0.0.0.0:8080`, `[::]:8080`, `http://localhost:8080/`.

/// Stands in a value for a part that is only known at run time.
pub(super) const UNKNOWN: char = '\u{0}';

/// Where a program listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub port: u16,
    /// Without the brackets of an IPv6 address; `None` when the text names none, or one that is
    /// only known at run time.
    pub host: Option<String>,
}

/// Reads a port, or an address that ends with one. `None` for anything else, and for port 0, which
/// asks the system for any port.
pub fn address(text: &str) -> Option<Address> {
    let text = text.trim();
    let rest = ["http://", "https://", "tcp://", "tcp4://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let text = match rest {
        Some(rest) => rest.split(['/', '?']).next().unwrap_or_default(),
        None => text,
    };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port),
        None => ("", text),
    };
    if port.is_empty() || port.len() > 5 || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '*' | '_');
    if host.contains(UNKNOWN) {
        return Some(Address { port, host: None });
    }
    if !host.chars().all(plain) {
        return None;
    }
    let host = Some(host.to_owned()).filter(|host| !host.is_empty());
    Some(Address { port, host })
}

/// Whether only the same machine reaches a host.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

/// Whether a program can listen on a host: a name that is no address belongs to someone else.
pub fn is_local(host: &str) -> bool {
    is_loopback(host) || matches!(host, "0.0.0.0" | "::" | "*" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_all_shapes_are_split() {
        let split = |text| address(text).map(|found| (found.port, found.host.unwrap_or_default()));
        let host = |port, host: &str| Some((port, host.to_owned()));
        assert_eq!(split("8080"), host(8080, ""));
        assert_eq!(split(":8080"), host(8080, ""));
        assert_eq!(split("0.0.0.0:9090"), host(9090, "0.0.0.0"));
        assert_eq!(split("[::]:80"), host(80, "::"));
        assert_eq!(split("localhost:7700"), host(7700, "localhost"));
        assert_eq!(split("http://localhost:8080/api"), host(8080, "localhost"));
        assert_eq!(split("\u{0}:3000"), host(3000, ""));
        for none in [
            "",
            "0",
            ":0",
            "v1",
            "10s",
            "70000",
            "a b:80",
            "redis://x:6379",
        ] {
            assert_eq!(split(none), None, "{none}");
        }
    }
}
