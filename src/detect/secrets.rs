//! Secrets by their value: what a command, a variable or a label holds becomes a variable that the
//! person who starts the container gives. It is taken out of the facts, before anything is planned
//! or told, so that no language needs to know of it.

use std::ops::Range;

use crate::diag::{Diagnostic, sort_distinct};
use crate::facts::{
    Command, Component, Confidence, Evidence, Facts, Found, Rank, RequiredEnv, Slot, looks_secret,
    push_required,
};
use crate::pack::{SecretTable, SecretValue};

/// Secrets of one text that are taken out; one that holds more is not a command of a program.
const MOST: usize = 20;

/// Takes every secret out of the facts of the components. What was there is told with its place.
pub(super) fn take_out(components: &mut [Component], table: &SecretTable) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for component in components {
        let mut taker = Taker {
            table,
            required: Vec::new(),
            diagnostics: &mut diagnostics,
        };
        taker.facts(&mut component.facts);
        for found in taker.required {
            push_required(&mut component.facts.required, found);
        }
        manifest(component, table, &mut diagnostics);
    }
    sort_distinct(&mut diagnostics);
    diagnostics
}

/// Bytes of a command. The builder reads lines of 65,535, and quoting may make it four times as long.
const MOST_BYTES: usize = 16_000;

struct Taker<'a> {
    table: &'a SecretTable,
    required: Vec<Found<RequiredEnv>>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Taker<'_> {
    fn facts(&mut self, facts: &mut Facts) {
        self.commands(&mut facts.start, "the start command", true);
        self.commands(&mut facts.build, "the build command", false);
        self.arguments(facts);
        self.variables(&mut facts.env, true);
        self.variables(&mut facts.build_env, false);
        for found in &mut facts.left {
            masked(self.table, &mut found.value);
            masked(self.table, &mut found.evidence.why);
        }
    }

    fn commands(&mut self, slot: &mut Slot<Command>, what: &str, runs: bool) {
        for found in slot.all() {
            if let Some(why) = unwritable(&found.value) {
                let mut warning = Diagnostic::warning(
                    "unusable-command",
                    format!("{what} is not taken over: {why}"),
                )
                .with_help("give another one with --start or --build");
                warning.at.clone_from(&found.evidence.at);
                self.diagnostics.push(warning);
            }
        }
        slot.retain(|found| unwritable(&found.value).is_none());
        for (at, found) in slot.all_mut().iter_mut().enumerate() {
            masked(self.table, &mut found.evidence.why);
            let text = found.value.to_string();
            let Some((text, taken)) = with_variables(self.table, &text) else {
                continue;
            };
            found.value = Command::Shell(text);
            for (name, kind) in taken {
                self.tell(what, &kind, &name, &found.evidence);
                if runs && at == 0 {
                    self.require(&name, what, &found.evidence);
                }
            }
        }
    }

    /// Arguments go to the program as they are: no shell puts a variable into them.
    fn arguments(&mut self, facts: &mut Facts) {
        let mut left = Vec::new();
        let table = self.table;
        for found in facts.args.all() {
            let text = Command::Exec(found.value.clone()).to_string();
            let Some((_, taken)) = with_variables(table, &text) else {
                continue;
            };
            for (name, kind) in taken {
                self.tell("the arguments", &kind, &name, &found.evidence);
                let mut evidence = found.evidence.clone();
                masked(table, &mut evidence.why);
                left.push(Found {
                    value: format!("arguments with {kind}: give them with --args"),
                    rank: found.rank,
                    confidence: found.confidence,
                    evidence,
                });
            }
        }
        facts.args.retain(|found| {
            let text = Command::Exec(found.value.clone()).to_string();
            table.secret_in(&text).is_none()
        });
        facts.left.extend(left);
    }

    fn variables(&mut self, list: &mut Vec<Found<(String, String)>>, runs: bool) {
        let table = self.table;
        let kind = |name: &str, value: &str| {
            if looks_secret(name) {
                let literal = table.is_literal(value);
                return Some(literal.then(|| format!("a literal value of {name}")));
            }
            table.value_in(value).map(|found| Some(found.what))
        };
        for found in list.iter() {
            let (name, value) = &found.value;
            let Some(kind) = kind(name, value) else {
                continue;
            };
            if let Some(kind) = kind {
                self.tell("a variable", &kind, name, &found.evidence);
            }
            if runs {
                self.require(name, "a variable of the program", &found.evidence);
            }
        }
        list.retain(|found| kind(&found.value.0, &found.value.1).is_none());
    }

    fn require(&mut self, name: &str, what: &str, because: &Evidence) {
        self.required.push(Found {
            value: RequiredEnv {
                name: name.to_owned(),
                why: format!("its value stood in {what}, and is no part of an image"),
            },
            rank: Rank::Manifest,
            confidence: Confidence::Certain,
            evidence: because.clone(),
        });
    }

    fn tell(&mut self, what: &str, kind: &str, name: &str, because: &Evidence) {
        let mut warning = Diagnostic::warning("secret-by-value", format!("{what} holds {kind}"))
            .with_help(format!(
                "the image reads it from {name}, which whoever starts it gives; take it out \
                     of the repository and have it replaced where it is valid"
            ));
        warning.at.clone_from(&because.at);
        self.diagnostics.push(warning);
    }
}

/// Why a command cannot stand in a Dockerfile.
fn unwritable(command: &Command) -> Option<&'static str> {
    let text = command.to_string();
    let shell = matches!(command, Command::Shell(_));
    if text.len() > MOST_BYTES {
        Some("it is too long for a line of a Dockerfile")
    } else if text.trim_start().starts_with("--") {
        Some("it begins with an option of RUN")
    } else if shell && (text.contains("<<") || text.ends_with('\\')) {
        Some("it would not end with its line")
    } else {
        None
    }
}

/// What becomes a label.
fn manifest(component: &mut Component, table: &SecretTable, diagnostics: &mut Vec<Diagnostic>) {
    let manifest = &mut component.manifest;
    let at = crate::diag::Location::file(manifest.path.clone());
    let mut tell = |what: &str, kind: &str| {
        let message = format!("{what} holds {kind}, which is left out of the image's labels");
        diagnostics.push(
            Diagnostic::warning("secret-by-value", message)
                .at(at.clone())
                .with_help("take it out of the repository and have it replaced where it is valid"),
        );
    };
    let texts = [
        ("the address of the repository", &mut manifest.repository),
        ("the description", &mut manifest.description),
        ("the license", &mut manifest.license),
    ];
    for (what, text) in texts {
        let Some(found) = text.as_deref().and_then(|text| table.value_in(text)) else {
            continue;
        };
        tell(what, &found.what);
        *text = None;
    }
}

/// Puts stars in the place of each secret.
fn masked(table: &SecretTable, text: &mut String) {
    for _ in 0..MOST {
        match table.secret_in(text) {
            // Stars have no form that is looked for, but a name in front of them would count.
            Some(found) if !text[found.value.clone()].contains("***") => {
                text.replace_range(found.value, "$***");
            }
            _ => return,
        }
    }
}

/// A command as shell text with variables in the place of its secrets, and the variables with what
/// each was; `None` when it has none.
fn with_variables(table: &SecretTable, command: &str) -> Option<(String, Vec<(String, String)>)> {
    let mut text = command.to_owned();
    let mut taken: Vec<(String, String)> = Vec::new();
    for _ in 0..MOST {
        let Some(found) = table.secret_in(&text) else {
            break;
        };
        let name = variable(table, &text, &found);
        let range = unquoted(&text, found.whole.clone());
        let (range, reference) = placed(&text, range, &name);
        text.replace_range(range, &reference);
        if !taken.iter().any(|(known, _)| *known == name) {
            taken.push((name, found.what));
        }
    }
    (!taken.is_empty()).then_some((text, taken))
}

/// What takes the place of which part of a command, so that a shell puts the variable's value there.
fn placed(text: &str, range: Range<usize>, name: &str) -> (Range<usize>, String) {
    match open_quote(&text[..range.start]) {
        None => (range, format!("\"${{{name}}}\"")),
        Some((_, '"')) => (range, format!("${{{name}}}")),
        Some((start, _)) => {
            let before = &text[start + 1..range.start];
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_=./:-".contains(&b);
            let before = if before.bytes().all(is_plain) {
                before.to_owned()
            } else {
                format!("'{before}'")
            };
            let end = range.end;
            // What follows in the quotes stays in quotes.
            match text[end..].strip_prefix('\'') {
                Some(_) => (start..end + 1, format!("{before}\"${{{name}}}\"")),
                None => (start..end, format!("{before}\"${{{name}}}\"'")),
            }
        }
    }
}

/// The variable for a secret: the one that it was the value of, else by the option in front of it,
/// else what addresses of its scheme usually stand in.
fn variable(table: &SecretTable, text: &str, found: &SecretValue) -> String {
    let before = text[..found.whole.start].trim_end_matches(['"', '\'']);
    let in_front = before
        .strip_suffix('=')
        .or_else(|| before.strip_suffix(' ').map(str::trim_end))
        .and_then(|before| before.rsplit([' ', '"', '\'', '=', ';']).next())
        .filter(|word| word.starts_with('-') || before.ends_with('='));
    let name = found.name.as_deref().or(in_front).map(identifier);
    if let Some(name) = name.filter(|name| !name.is_empty()) {
        return name;
    }
    let whole = &text[found.whole.clone()];
    match whole.split_once("://") {
        Some((scheme, _)) => table
            .variable_of(scheme)
            .unwrap_or("SERVICE_URL")
            .to_owned(),
        None => "ACCESS_TOKEN".to_owned(),
    }
}

/// `-Dspring.datasource.password` as `SPRING_DATASOURCE_PASSWORD`; empty when it cannot be a name.
fn identifier(option: &str) -> String {
    let bare = option.strip_prefix("-D").unwrap_or(option);
    let bare = bare.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if bare.starts_with(|c: char| c.is_ascii_digit()) {
        return String::new();
    }
    bare.chars()
        .map(|c| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
            _ => '_',
        })
        .collect()
}

/// The range with the quotes that stand directly around it.
fn unquoted(text: &str, range: Range<usize>) -> Range<usize> {
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    match (before, after) {
        (Some(open @ ('\'' | '"')), Some(close)) if open == close => range.start - 1..range.end + 1,
        _ => range,
    }
}

/// The quote that is open at the end of a text, and where it was opened.
fn open_quote(text: &str) -> Option<(usize, char)> {
    let mut open = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (open, c) {
            _ if escaped => escaped = false,
            (None | Some((_, '"')), '\\') => escaped = true,
            (None, '\'' | '"') => open = Some((at, c)),
            (Some((_, quote)), c) if quote == c => open = None,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pack::PackSet;

    #[test]
    fn secrets_become_variables() {
        let packs = PackSet::builtin().unwrap();
        let table = packs.secrets();
        for (command, wanted, names) in [
            (
                "serve --db postgres://u:hunter2@db/x --port 80",
                "serve --db \"${DB}\" --port 80",
                &["DB"][..],
            ),
            (
                "serve postgres://u:hunter2@db/x",
                "serve \"${DATABASE_URL}\"",
                &["DATABASE_URL"],
            ),
            (
                "serve 'redis://:hunter2@db/0?a=b&c'",
                "serve \"${REDIS_URL}\"",
                &["REDIS_URL"],
            ),
            (
                "API_TOKEN=abc serve --admin-password='x y'",
                "API_TOKEN=\"${API_TOKEN}\" serve --admin-password=\"${ADMIN_PASSWORD}\"",
                &["API_TOKEN", "ADMIN_PASSWORD"],
            ),
            (
                "java -Dspring.datasource.password=abc -jar a.jar",
                "java -Dspring.datasource.password=\"${SPRING_DATASOURCE_PASSWORD}\" -jar a.jar",
                &["SPRING_DATASOURCE_PASSWORD"],
            ),
            (
                "sh -c \"serve --token abc\"",
                "sh -c \"serve --token ${TOKEN}\"",
                &["TOKEN"],
            ),
            (
                "sh -c 'serve --token abc'",
                "sh -c 'serve --token '\"${TOKEN}\"",
                &["TOKEN"],
            ),
            (
                "serve --env 'DATABASE_URL=postgres://u:hunter2@db/x' -v",
                "serve --env DATABASE_URL=\"${DATABASE_URL}\" -v",
                &["DATABASE_URL"],
            ),
        ] {
            let (text, taken) = with_variables(table, command).unwrap();
            let got: Vec<&str> = taken.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(got, names, "{command}");
            assert_eq!(text, wanted);
            assert_eq!(with_variables(table, &text), None, "{text}");
        }
        assert_eq!(with_variables(table, "serve --port 80"), None);
    }

    #[test]
    fn explanations_hold_no_secret() {
        let packs = PackSet::builtin().unwrap();
        let mut text = "Procfile says serve --password hunter2 redis://:abc@x/0".to_owned();
        masked(packs.secrets(), &mut text);
        assert!(!text.contains("hunter2") && !text.contains("abc"), "{text}");
    }
}
