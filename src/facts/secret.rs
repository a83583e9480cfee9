//! Names of variables that must not become ENV or ARG.

/// The words that BuildKit's `SecretsUsedInArgOrEnv` looks for in names.
const WORDS: &[&str] = &[
    "apikey",
    "auth",
    "credential",
    "credentials",
    "key",
    "password",
    "pword",
    "passwd",
    "secret",
    "token",
];

/// What hadolint's DL3064 looks for anywhere in a name.
const PARTS: &[&str] = &[
    "api_key",
    "client_key",
    "password",
    "private",
    "secret",
    "token",
    "username",
];

/// Whether a linter takes a variable of this name for a secret, since ENV and ARG stay in an
/// image's history.
pub fn looks_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower.split('_').collect();
    let harmless = words
        .iter()
        .any(|word| matches!(*word, "public" | "file" | "version"));
    !harmless && words.iter().any(|word| WORDS.contains(word))
        || PARTS.iter().any(|part| lower.contains(part))
}
