//! One requirement, as PEP 508 writes it.

/// `name[extra]>=1; marker` or `name @ url`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Requirement {
    /// In PEP 503's normal form.
    pub name: String,
    /// In the normal form, sorted.
    pub extras: Vec<String>,
    /// The version specifier as written, without blanks at its ends.
    pub specifier: String,
    /// What stands behind `@`.
    pub url: Option<String>,
    /// True when a marker says that it is for another operating system than the image's.
    pub foreign: bool,
}

impl Requirement {
    /// `None` for a text that does not start with a name.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (text, marker) = match text.split_once(';') {
            // A `;` inside an address belongs to it; a marker has a blank in front then.
            Some((left, right)) if !left.contains('@') || left.ends_with(' ') => (left, right),
            _ => (text, ""),
        };
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)))
            .unwrap_or(text.len());
        let name = text.get(..end)?.trim_end_matches(['.', '_', '-']);
        if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return None;
        }
        let mut rest = text[end..].trim_start();
        let mut extras = Vec::new();
        if let Some(inside) = rest.strip_prefix('[') {
            let (list, after) = inside.split_once(']')?;
            extras = list
                .split(',')
                .map(normal)
                .filter(|extra| !extra.is_empty())
                .collect();
            extras.sort();
            rest = after.trim_start();
        }
        let url = rest.strip_prefix('@').map(|url| url.trim().to_owned());
        let specifier = if url.is_some() {
            String::new()
        } else {
            rest.trim_matches(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
                .to_owned()
        };
        if !specifier.is_empty() && !specifier.starts_with(['=', '<', '>', '!', '~']) {
            return None;
        }
        Some(Self {
            name: normal(name),
            extras,
            specifier,
            url,
            foreign: is_foreign(marker),
        })
    }

    /// The version of a `==` pin.
    pub(super) fn pin(&self) -> Option<&str> {
        let version = self.specifier.trim_start_matches('=').trim();
        let pinned = self.specifier.starts_with("==")
            && !version.contains(['*', ',', '<', '>', '!', '~', '=']);
        pinned.then_some(version)
    }
}

/// Whether PEP 508 takes the text as the name of a project, an extra or a group.
pub(super) fn is_name(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_alphanumeric();
    text.starts_with(edge)
        && text.ends_with(edge)
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// A name as PEP 503 compares it: lower case, `-` for each run of `-`, `_` and `.`.
pub(super) fn normal(name: &str) -> String {
    let mut normal = String::new();
    for c in name.trim().chars() {
        if matches!(c, '-' | '_' | '.') {
            if !normal.ends_with('-') {
                normal.push('-');
            }
        } else {
            normal.push(c.to_ascii_lowercase());
        }
    }
    normal
}

/// A marker that asks for Windows or macOS by equality and for nothing beside it.
pub(super) fn is_foreign(marker: &str) -> bool {
    let plain: String = marker
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
        .collect();
    let elsewhere = [
        "sys_platform==win32",
        "sys_platform==darwin",
        "platform_system==Windows",
        "os_name==nt",
    ];
    elsewhere.iter().any(|foreign| plain.contains(foreign)) && !marker.contains(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pep_508() {
        let parsed = Requirement::parse("Psycopg[binary, C] >= 3.1 , <4").unwrap();
        assert_eq!(parsed.name, "psycopg");
        assert_eq!(parsed.extras, ["binary", "c"]);
        assert_eq!(parsed.specifier, ">= 3.1 , <4");
        let url = Requirement::parse("tool @ git+https://example.com/x.git ; python_version>'3'")
            .unwrap();
        assert_eq!(url.url.as_deref(), Some("git+https://example.com/x.git"));
        assert_eq!(
            Requirement::parse("flask==3.1.0").unwrap().pin(),
            Some("3.1.0")
        );
        assert_eq!(Requirement::parse("flask==3.*").unwrap().pin(), None);
        assert!(
            Requirement::parse("pywin32; sys_platform == 'win32'")
                .unwrap()
                .foreign
        );
        assert!(
            !Requirement::parse("x; sys_platform != 'win32'")
                .unwrap()
                .foreign
        );
        for bad in [
            "",
            "-r other.txt",
            "./lib",
            "https://example.com/x.whl",
            "a b",
        ] {
            assert_eq!(Requirement::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn names_are_compared_in_normal_form() {
        assert_eq!(normal("Flask_SQLAlchemy"), "flask-sqlalchemy");
        assert_eq!(normal("ruamel.yaml"), "ruamel-yaml");
    }
}
