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
    integration: Pattern,
    reading: Pattern,
    fallback: Pattern,
    public: Pattern,
    /// Patterns of names, each with a harmless value; the first that fits counts.
    stand_ins: Vec<StandIn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StandIn {
    name: Pattern,
    value: String,
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
        file.split('/')
            .any(|part| self.aside.iter().any(|known| known == part))
    }

    /// True for names of what a program has for some of those who run it: a sign-in, a payment
    /// service, a store of files.
    pub fn is_integration(&self, name: &str) -> bool {
        fits(&self.integration, name)
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

    /// True for names whose values builds put into what browsers get.
    pub fn is_public(&self, name: &str) -> bool {
        fits(&self.public, name)
    }

    /// A harmless value of the kind that a variable's name asks for.
    pub fn stand_in(&self, name: &str) -> &str {
        self.stand_ins
            .iter()
            .find(|known| fits(&known.name, name))
            .map_or("build", |known| known.value.as_str())
    }

    /// The patterns, for tests of a pack.
    pub fn patterns(&self) -> Vec<&Pattern> {
        let names = self.stand_ins.iter().map(|known| &known.name);
        let all = [
            &self.placeholder,
            &self.optional,
            &self.essential,
            &self.integration,
            &self.reading,
            &self.fallback,
            &self.public,
        ];
        all.into_iter().chain(names).collect()
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
        assert!(table.is_integration("APPLE_KEY_ID") && !table.is_integration("HMAC_KEY"));
        for (name, value) in [
            ("DATABASE_URL", "postgresql://localhost:5432/build"),
            ("REDIS_URL", "redis://localhost:6379"),
            ("BASE_URL", "http://localhost:3000"),
            ("SUPPORT_EMAIL", "build@example.com"),
            ("PLAN", "build"),
        ] {
            assert_eq!(table.stand_in(name), value);
        }
        assert!(table.is_public("NEXT_PUBLIC_URL"));
        assert!(table.is_reading("url: process.env.") && table.is_reading("os.getenv(\""));
        assert!(!table.is_reading("// the "));
        assert!(table.is_aside("scripts/release.py") && !table.is_aside("app/scripts.py"));
    }
}
