//! The model of `detectors/variables.toml`.

use serde::Deserialize;

use super::Pattern;

/// What is known about variables of the environment, whatever the language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VariableTable {
    ambient: Vec<String>,
    /// Names of files that show which variables there are, the surest first.
    pub samples: Vec<String>,
    aside: Vec<String>,
    placeholder: Pattern,
    optional: Pattern,
    essential: Pattern,
    reading: Pattern,
    fallback: Pattern,
}

impl VariableTable {
    /// True for a variable that is there without anybody's doing.
    pub fn is_ambient(&self, name: &str) -> bool {
        self.ambient
            .iter()
            .any(|known| match known.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == known,
            })
    }

    /// True for a file beside the running program: of scripts, tests and examples.
    pub fn is_aside(&self, file: &str) -> bool {
        let folders = file.rsplit_once('/').map_or("", |(folders, _)| folders);
        folders
            .split('/')
            .any(|folder| self.aside.iter().any(|known| known == folder))
    }

    /// True for a value that only asks for one.
    pub fn is_placeholder(&self, value: &str) -> bool {
        fits(&self.placeholder, value)
    }

    /// True for words that say that a variable may be left out.
    pub fn says_optional(&self, comment: &str) -> bool {
        fits(&self.optional, comment)
    }

    /// True for names of what hardly any program does without.
    pub fn is_essential(&self, name: &str) -> bool {
        fits(&self.essential, name)
    }

    /// True when the code before a name reads the environment.
    pub fn is_reading(&self, before: &str) -> bool {
        fits(&self.reading, before)
    }

    /// True when the code around a variable's name goes on without it.
    pub fn has_fallback(&self, before: &str, after: &str) -> bool {
        fits(&self.fallback, &format!("{before}@@{after}"))
    }

    /// The patterns, for tests of a pack.
    pub fn patterns(&self) -> [&Pattern; 5] {
        [
            &self.placeholder,
            &self.optional,
            &self.essential,
            &self.reading,
            &self.fallback,
        ]
    }
}

fn fits(pattern: &Pattern, text: &str) -> bool {
    pattern
        .regex()
        .is_some_and(|regex| regex.is_match(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use crate::pack::Pack;

    #[test]
    fn names_and_values_are_told_apart() {
        let pack = Pack::builtin().unwrap();
        let table = pack.variables.unwrap();
        for pattern in table.patterns() {
            assert!(pattern.regex().is_some(), "{pattern:?}");
        }
        assert!(table.is_ambient("npm_package_version") && !table.is_ambient("npm"));
        for value in ["", "changeme", "your-secret-here", "<key>", "xxxx"] {
            assert!(table.is_placeholder(value), "{value}");
        }
        for value in ["3000", "localhost", "info"] {
            assert!(!table.is_placeholder(value), "{value}");
        }
        for name in [
            "DATABASE_URL",
            "NX_DATABASE_URL",
            "SECRET_KEY",
            "NEXTAUTH_SECRET",
        ] {
            assert!(table.is_essential(name), "{name}");
        }
        for name in ["GOOGLE_CLIENT_SECRET", "LOG_LEVEL", "STRIPE_SECRET_KEY"] {
            assert!(!table.is_essential(name), "{name}");
        }
        for (before, after) in [
            ("process.env.", " || 3000"),
            ("getenv(\"", "\", \"x\")"),
            ("process.env['", "'] ?? 'x'"),
            ("os.getenv(\"", "\") or 1"),
            ("  ", ": z.string().optional()"),
            ("if (process.env.", ") {"),
        ] {
            assert!(table.has_fallback(before, after), "{before}@@{after}");
        }
        for (before, after) in [
            ("os.Getenv(\"", "\")"),
            ("process.env.", "!,"),
            ("secret: process.env.", ","),
            ("  ", ": z.string(),"),
            ("os.environ['", "'],"),
        ] {
            assert!(!table.has_fallback(before, after), "{before}@@{after}");
        }
        assert!(table.is_reading("url: process.env.") && table.is_reading("os.getenv(\""));
        assert!(!table.is_reading("// the "));
        assert!(table.is_aside("scripts/release.py") && !table.is_aside("app/scripts.py"));
    }
}
