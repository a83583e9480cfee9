//! BuildKit's plain log: which steps there were, and which came from the cache.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::Trial;
use regex::Regex;

/// Commands that bring dependencies. Their steps see manifests and lock files only.
const INSTALLS: &str = concat!(
    r"\bgo mod (download|vendor)|\bnpm (ci|install|i)\b|\bpnpm (-\S+ )*(install|i|fetch)\b",
    r"|\byarn( install\b|\s*$)|\bbun (install|i|ci)\b|\bpip3? (\S+ )*(install|wheel|sync)\b",
    r"|\buv sync\b.*--no-install-(project|workspace)|\b(poetry|pdm|pipenv) (install|sync)\b",
    r"|\bmvnw? .*\bdependency:(go-offline|resolve)|\bgradlew? .*\bdependencies\b",
    r"|\bcargo (fetch|chef cook)\b",
    r"|\bbundle install\b|\bcomposer install\b|\bdotnet restore\b|\bmix deps\.get\b",
    r"|\bapt-get (\S+ )*install\b|\bapk (\S+ )*add\b",
);
/// The same commands when they only put the app itself, or what is already fetched, in place.
const NOT_INSTALLS: &str = r"--no-deps\b|--only-root\b|--offline\b";
/// What tools print when dependencies are fetched, built or installed after all. A crate of the
/// workspace is compiled from a path, which cargo adds to the line; a dependency is not.
const DONE_AGAIN: &str = concat!(
    r"(?i)^#\d+ [\d.]+ .*(\bdownload(ing|ed) |\bcompiling \S+ v\S+\s*$",
    r"|\binstalled ([2-9]|\d\d+) packages\b|\badded \d+ packages\b)",
);

/// After an edit of the sources, no dependency may be fetched, built or installed again.
pub(crate) fn dependencies_stayed(first: &str, second: &str) -> Result<(), String> {
    let installs = Regex::new(INSTALLS).map_err(|error| error.to_string())?;
    let not_installs = Regex::new(NOT_INSTALLS).map_err(|error| error.to_string())?;
    let done_again = Regex::new(DONE_AGAIN).map_err(|error| error.to_string())?;
    let again = Steps::read(second);
    for step in Steps::read(first).titles.values() {
        if installs.is_match(step) && !not_installs.is_match(step) && !again.cached(step) {
            return Err(format!(
                "after an edit of the sources this ran again: {step}"
            ));
        }
    }
    match second.lines().find(|line| done_again.is_match(line)) {
        Some(line) => Err(format!(
            "after an edit of the sources the build did this: {line}"
        )),
        None => Ok(()),
    }
}

/// The RUN steps of a log by their number in it.
struct Steps {
    titles: BTreeMap<String, String>,
    cached: BTreeSet<String>,
}

impl Steps {
    fn read(log: &str) -> Self {
        let mut steps = Self {
            titles: BTreeMap::new(),
            cached: BTreeSet::new(),
        };
        for line in log.lines() {
            let Some((number, rest)) = line.strip_prefix('#').and_then(|l| l.split_once(' '))
            else {
                continue;
            };
            if rest == "CACHED" {
                steps.cached.insert(number.to_owned());
            } else if rest.starts_with('[') && rest.contains("] RUN ") {
                steps.titles.insert(number.to_owned(), rest.to_owned());
            }
        }
        steps
    }

    fn cached(&self, title: &str) -> bool {
        self.titles
            .iter()
            .any(|(number, other)| other == title && self.cached.contains(number))
    }
}

/// The rules above are tried without a builder.
pub(crate) fn trials() -> Vec<Trial> {
    let rule = |name: &str, first: &'static str, second: &'static str, good: bool| {
        Trial::test(name, move || {
            match (dependencies_stayed(first, second), good) {
                (Ok(()), true) | (Err(_), false) => Ok(()),
                (Ok(()), false) => Err("was let through".into()),
                (Err(error), true) => Err(error.into()),
            }
        })
        .with_kind("rule")
    };
    let npm = "#9 [build 3/5] RUN npm ci\n#9 DONE 3.0s\n#10 [build 5/5] RUN npm run build\n";
    let cargo = "#9 [build 3/3] RUN cargo build --release\n";
    vec![
        rule(
            "cached-install",
            npm,
            "#7 [build 3/5] RUN npm ci\n#7 CACHED\n",
            true,
        ),
        rule(
            "install-ran-again",
            npm,
            "#7 [build 3/5] RUN npm ci\n#7 DONE 3.1s\n",
            false,
        ),
        rule(
            "install-not-in-log",
            npm,
            "#7 [build 3/5] RUN npm ci\n#8 CACHED\n",
            false,
        ),
        rule(
            "own-crate-compiled",
            cargo,
            "#9 2.1    Compiling api v0.1.0 (/src)\n",
            true,
        ),
        rule(
            "dependency-compiled",
            cargo,
            "#9 2.1    Compiling serde v1.0.229\n",
            false,
        ),
        rule(
            "dependency-fetched",
            cargo,
            "#9 0.4 go: downloading example.org/x v1.0.0\n",
            false,
        ),
        rule(
            "app-put-in-place",
            "#9 [b 1/1] RUN pip install --no-deps .\n",
            "#9 DONE 1s\n",
            true,
        ),
    ]
}
