//! Secrets in the build context: which files of the repository are of a secret class, which lines
//! keep them out, and which of them the build gets all the same.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Location};
use crate::facts::{Confidence, Evidence};
use crate::pack::{FileClass, Name, Returns, SecretTable};
use crate::parse::ignorefile::{self, IgnoreFile};
use crate::plan::{Decision, IgnoreGroup};
use crate::repo::{RelPath, Repo};

/// The files of a repository that are secret by their names.
pub(super) struct Secrets<'a> {
    table: &'a SecretTable,
    /// Sorted by path.
    files: Vec<(&'a RelPath, &'a FileClass)>,
    lines: IgnoreGroup,
}

/// What becomes of the secrets of one context.
#[derive(Default)]
pub(super) struct Judged {
    pub groups: Vec<IgnoreGroup>,
    /// Sorted.
    pub exposed: Vec<RelPath>,
    pub decisions: Vec<Decision>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Names that stand in a line for people.
const SHOWN: usize = 3;

/// Sample files whose text is looked at.
const MOST_SAMPLES: usize = 100;

/// Files that are named one by one in place of a pattern.
const MOST_NAMED: usize = 300;

impl<'a> Secrets<'a> {
    /// `withheld` are files that hold a token for a package registry, sorted.
    pub(super) fn find(
        repo: &'a Repo,
        table: &'a SecretTable,
        withheld: &BTreeSet<&'a RelPath>,
    ) -> Self {
        let mut classifier = table.classifier();
        let mut files = Vec::new();
        let mut samples = 0;
        for file in repo.files() {
            match classifier.name(file) {
                _ if withheld.contains(file) => files.push((file, &table.settings)),
                Some(Name::Secret(class)) => files.push((file, class)),
                // A sample that somebody has filled in is none.
                Some(Name::Sample(class)) if samples < MOST_SAMPLES => {
                    samples += 1;
                    let text = repo.scan(file);
                    if text.is_some_and(|source| table.value_in_sample(&source.text).is_some()) {
                        files.push((file, class));
                    }
                }
                _ => {}
            }
        }
        let narrow = group("Secrets", classifier.lines(true));
        let mut ignore = IgnoreFile::default();
        ignore.extend(texts(std::slice::from_ref(&narrow)));
        let mut matcher = ignore.matcher();
        let by_name = files.iter().filter(|(file, _)| !withheld.contains(file));
        let visible = by_name.filter(|(file, _)| !matcher.excludes(file.as_str()));
        let lines = if visible.count() > MOST_NAMED {
            group("Secrets", classifier.lines(false))
        } else {
            narrow
        };
        Self {
            table,
            files,
            lines,
        }
    }

    /// Whether a file is secret by its name.
    pub(super) fn holds(&self, path: &RelPath) -> bool {
        self.files
            .binary_search_by(|(file, _)| (*file).cmp(path))
            .is_ok()
    }

    /// Adds the lines to an ignore file, and looks at what it then leaves of the secrets. `needed`
    /// tells whether the build cannot do without a file.
    pub(super) fn judge(
        &self,
        repo: &Repo,
        ignore: &mut IgnoreFile,
        needed: &dyn Fn(&RelPath) -> bool,
    ) -> Judged {
        let mut judged = Judged {
            groups: vec![self.lines.clone()],
            ..Judged::default()
        };
        let without = ignore.clone();
        let mut without = without.matcher();
        ignore.extend(texts(std::slice::from_ref(&self.lines)));
        let mut with = ignore.matcher();
        let mut kept_out: Vec<(&RelPath, &FileClass)> = Vec::new();
        let mut let_in: Vec<(&RelPath, Returns)> = Vec::new();
        let mut named = Vec::new();
        for (file, class) in &self.files {
            let (file, class) = (*file, *class);
            let hidden = with.excludes(file.as_str());
            let elsewhere = without.excludes(file.as_str());
            if needed(file) {
                judged.exposed.push(file.clone());
                judged.diagnostics.push(exposed(file, class));
            } else if !elsewhere && let Some(rule) = self.returns(repo, file, class, &mut judged) {
                judged.exposed.push(file.clone());
                let_in.push((file, rule));
            } else {
                if !hidden {
                    if let Some(line) = ignorefile::escape_pattern(file.as_str()) {
                        named.push(line);
                    } else {
                        judged.exposed.push(file.clone());
                        judged.diagnostics.push(unnamed(file, class));
                    }
                }
                if !elsewhere {
                    kept_out.push((file, class));
                }
            }
        }
        drop(with);
        let named = group("Secrets of this repository", named);
        ignore.extend(texts(std::slice::from_ref(&named)));
        judged.groups.push(named);
        for class in self.table.classes().iter().chain([&self.table.settings]) {
            let of_class = |entry: &&(&RelPath, &FileClass)| entry.1.class == class.class;
            let files = kept_out.iter().filter(of_class).map(|(file, _)| *file);
            judged.decisions.extend(decision(
                "kept out",
                files.collect(),
                &format!("{}: {}", class.class, class.why),
            ));
        }
        for (rule, why) in [
            (
                Returns::Public,
                "git tracks it, and it holds only variables that every browser may see",
            ),
            (
                Returns::Clean,
                "git tracks it, and nothing in it has the form of a secret",
            ),
        ] {
            let files = let_in.iter().filter(|(_, by)| *by == rule);
            let files = files.map(|(file, _)| *file).collect();
            judged.decisions.extend(decision("let in", files, why));
        }
        judged
    }

    /// The rule by which a file of a secret class may be in the context though nothing asks for it.
    fn returns(
        &self,
        repo: &Repo,
        file: &RelPath,
        class: &FileClass,
        judged: &mut Judged,
    ) -> Option<Returns> {
        let rule = class.returns?;
        let tracked = repo.is_tracked(file);
        if rule == Returns::Clean && !tracked {
            return None;
        }
        let text = repo.scan_lossy(file)?;
        let harmless = self.table.value_in(&text).is_none()
            && match rule {
                Returns::Clean => !text.contains("PRIVATE KEY"),
                Returns::Public => self.only_public(&text),
            };
        if harmless && !tracked && self.table.is_built(file.name()) {
            judged.diagnostics.push(left_out(file));
        }
        (harmless && tracked).then_some(rule)
    }

    /// Whether an environment file sets something, and only what browsers may see.
    fn only_public(&self, text: &str) -> bool {
        let lines = text.lines().map(str::trim);
        let mut names = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| line.strip_prefix("export ").unwrap_or(line))
            .map(|line| line.split_once('=').map(|(name, _)| name.trim()))
            .peekable();
        names.peek().is_some()
            && names.all(|name| {
                name.is_some_and(|name| self.table.is_public(name) && !asks_for_care(name))
            })
    }
}

/// A name that says that its value is secret, whatever it begins with.
fn asks_for_care(name: &str) -> bool {
    let words: BTreeSet<String> = name.to_lowercase().split('_').map(str::to_owned).collect();
    ["secret", "password", "private", "passwd"]
        .iter()
        .any(|word| words.contains(*word))
}

fn group(heading: &str, patterns: Vec<String>) -> IgnoreGroup {
    IgnoreGroup {
        heading: heading.to_owned(),
        patterns,
    }
}

fn texts(groups: &[IgnoreGroup]) -> impl Iterator<Item = &str> {
    groups
        .iter()
        .flat_map(|group| group.patterns.iter().map(String::as_str))
}

fn decision(what: &str, files: Vec<&RelPath>, why: &str) -> Option<Decision> {
    let first = (*files.first()?).clone();
    let more = files.len().saturating_sub(SHOWN);
    let names: Vec<&str> = files.iter().take(SHOWN).map(|file| file.as_str()).collect();
    let mut chosen = names.join(", ");
    if more > 0 {
        chosen = format!("{chosen} and {more} more");
    }
    Some(Decision {
        what: what.to_owned(),
        chosen,
        confidence: Confidence::Certain,
        because: Evidence {
            rule: "secrets/files".to_owned(),
            at: Some(Location::file(first)),
            why: why.to_owned(),
        },
        instead_of: Vec::new(),
    })
}

fn exposed(file: &RelPath, class: &FileClass) -> Diagnostic {
    let text = format!(
        "{file} is in the build context, since the build needs it; of {}: {}",
        class.class, class.why
    );
    Diagnostic::warning("secret-in-context", text)
        .at(Location::file(file.clone()))
        .with_help(
            "when it holds a secret, let the program read it when it runs, from a mounted file",
        )
}

fn unnamed(file: &RelPath, class: &FileClass) -> Diagnostic {
    let text = format!(
        "{file} is in the build context, since no line of an ignore file can name it; of {}",
        class.class
    );
    Diagnostic::warning("secret-in-context", text)
        .at(Location::file(file.clone()))
        .with_help("rename it, or move it out of the repository")
}

fn left_out(file: &RelPath) -> Diagnostic {
    let text = format!(
        "{file} holds only public variables, but stays out of the build: git is not known to track it"
    );
    Diagnostic::note("public-env-left-out", text)
        .at(Location::file(file.clone()))
        .with_help("run dockgen at the root of the git checkout, or give what the build needs with --build-env")
}
