//! Private package registries: which credentials a build needs, and which files hold them.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Location, sort_distinct};
use crate::facts::{BuildSecret, Component, Confidence, Evidence, Found, Rank, SecretSource, push};
use crate::pack::{Name, PackSet, Registry, SecretTable};
use crate::repo::{RelPath, Repo, Source, Span};
use crate::text::line_at;

/// Files of one row in one project; a repository must not make the look long.
const MOST_FILES: usize = 200;

/// Variables that one file may ask for.
const MOST_VARIABLES: usize = 20;

/// Looks for the files of the table in the folders of each component.
pub(super) fn find(repo: &Repo, components: &mut [Component], packs: &PackSet) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for component in components {
        let mut finder = Finder {
            repo,
            table: packs.secrets(),
            component,
            diagnostics: &mut diagnostics,
        };
        for registry in packs.registries() {
            if registry
                .languages
                .iter()
                .any(|language| language == finder.component.language)
            {
                finder.look(registry);
            }
        }
    }
    sort_distinct(&mut diagnostics);
    diagnostics
}

struct Finder<'a> {
    repo: &'a Repo,
    table: &'a SecretTable,
    component: &'a mut Component,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Finder<'_> {
    fn look(&mut self, registry: &Registry) {
        for (path, is_read) in self.files(registry) {
            let is_secret = matches!(self.table.classifier().name(&path), Some(Name::Secret(_)));
            if registry.carries && is_secret {
                self.withhold(
                    registry,
                    &path,
                    is_read,
                    Evidence::file(
                        "registries",
                        path.clone(),
                        format!("{} keeps its credentials there", registry.tool),
                    ),
                );
                continue;
            }
            let Some(source) = self.repo.scan(&path) else {
                continue;
            };
            if registry.ssh.is_some() {
                self.over_ssh(registry, &source);
                continue;
            }
            if registry.setting.is_some() {
                // A Makefile is no place where a package manager looks for a token.
                self.settings(registry, &source);
                continue;
            }
            self.variables(registry, &source);
            if let Some(span) = self.literal(registry, &source) {
                self.literal_found(registry, &source, &span, is_read);
            } else if registry.carries {
                self.mount(
                    registry,
                    &path,
                    false,
                    Evidence::file(
                        "registries",
                        path.clone(),
                        format!("{} reads it", registry.tool),
                    ),
                );
            }
        }
    }

    /// The files of a row, each with whether the package manager reads it: it stands in the
    /// program's folder or one above.
    fn files(&self, registry: &Registry) -> Vec<(RelPath, bool)> {
        let (dir, root) = (&self.component.dir, &self.component.root);
        let mut chain = vec![dir.clone()];
        while let Some(parent) = chain
            .last()
            .filter(|last| *last != root)
            .and_then(RelPath::parent)
        {
            chain.push(parent);
        }
        let mut files: BTreeSet<RelPath> = BTreeSet::new();
        for folder in &chain {
            let view = self.repo.dir(folder);
            for glob in &registry.files.0 {
                if glob.is_literal() {
                    files.extend(view.has(glob.as_str()).then(|| folder.join(glob.as_str())));
                } else if let Some(below) = glob.literal_folder() {
                    let below = folder.join(below);
                    let view = self.repo.dir(&below);
                    let names = view.files().map(|name| below.join(name));
                    let fits = |path: &RelPath| {
                        path.below(folder)
                            .is_some_and(|path| glob.matches(path.as_str()))
                    };
                    files.extend(names.filter(fits));
                }
            }
        }
        let read = |path: &RelPath| {
            path.parent().is_some_and(|parent| chain.contains(&parent))
                || chain.iter().any(|dir| {
                    registry
                        .files
                        .0
                        .iter()
                        .any(|glob| dir.join(glob.as_str()) == *path)
                })
        };
        if registry.everywhere {
            let named = |path: &&RelPath| {
                registry
                    .files
                    .0
                    .iter()
                    .any(|glob| glob.as_str() == path.name())
            };
            files.extend(
                self.repo
                    .files_in(root)
                    .filter(named)
                    .take(MOST_FILES)
                    .cloned(),
            );
        }
        let files = files.into_iter().take(MOST_FILES);
        files.map(|path| (path.clone(), read(&path))).collect()
    }

    fn variables(&mut self, registry: &Registry, source: &Source) {
        let text = source.text.as_bytes();
        let mut found: BTreeSet<(String, usize)> = BTreeSet::new();
        for captures in registry
            .needs
            .iter()
            .filter_map(|pattern| pattern.regex())
            .flat_map(|regex| regex.captures_iter(text).take(MOST_VARIABLES))
        {
            let (Some(whole), Some(name)) = (captures.get(0), captures.name("name")) else {
                continue;
            };
            let harmless = registry
                .harmless
                .as_ref()
                .and_then(|pattern| pattern.regex());
            let line = &source.text[line_at(&source.text, whole.start())];
            let is_comment = line.trim_start().starts_with(['#', ';']);
            if is_comment || harmless.is_some_and(|regex| regex.is_match(whole.as_bytes())) {
                continue;
            }
            if let Some(name) = source.text.get(name.range()) {
                found.insert((name.to_owned(), whole.start()));
            }
        }
        for (name, at) in found {
            if registry.netrc {
                let why = format!("pip knows no other way to what {} exports", registry.tool);
                let evidence = Evidence::span("registries", source, &(at..at), why);
                self.push(netrc(), evidence);
            }
            for variable in registry.variables_of(&name) {
                let why = format!("{} asks for it in {}", registry.tool, source.path.name());
                let evidence = Evidence::span("registries", source, &(at..at), why);
                self.push(BuildSecret::variable(variable), evidence);
            }
        }
    }

    /// Which modules are private: the value is the go command's, the credentials are the user's.
    fn settings(&mut self, registry: &Registry, source: &Source) {
        let Some(regex) = registry
            .setting
            .as_ref()
            .and_then(|pattern| pattern.regex())
        else {
            return;
        };
        for captures in regex
            .captures_iter(source.text.as_bytes())
            .take(MOST_VARIABLES)
        {
            let (Some(name), Some(value)) = (captures.name("name"), captures.name("value")) else {
                continue;
            };
            let text = |range: Span| source.text.get(range).unwrap_or_default().to_owned();
            let (name, span) = (text(name.range()), name.range());
            if !registry.env.contains(&name) {
                continue;
            }
            let why = format!("{} sets {name}", source.path.name());
            let evidence = Evidence::span("registries", source, &span, why);
            let pair = (name, text(value.range()));
            crate::facts::push_named(
                &mut self.component.facts.build_env,
                found(pair, evidence.clone()),
            );
            self.push(netrc(), evidence);
        }
    }

    fn over_ssh(&mut self, registry: &Registry, source: &Source) {
        let regex = registry.ssh.as_ref().and_then(|pattern| pattern.regex());
        let Some(span) = regex
            .and_then(|regex| regex.find(source.text.as_bytes()))
            .map(|found| found.range())
        else {
            return;
        };
        let why = format!("{} names a repository over SSH", source.path.name());
        let evidence = Evidence::span("registries", source, &span, why);
        let secret = BuildSecret {
            id: "default".to_owned(),
            source: SecretSource::Ssh,
            target: None,
            required: false,
        };
        self.push(secret, evidence.clone());
        push(
            &mut self.component.facts.build_packages,
            found("openssh-client".to_owned(), evidence),
        );
    }

    /// Where a token stands in a file.
    fn literal(&self, registry: &Registry, source: &Source) -> Option<Span> {
        let text = &source.text;
        let by_name = registry
            .literal
            .as_ref()
            .and_then(|pattern| pattern.regex())
            .and_then(|regex| {
                let mut found = regex.captures_iter(text.as_bytes());
                found.find_map(|captures| {
                    let range = captures.name("secret")?.range();
                    let value = text.get(range.clone())?;
                    self.table.is_literal(value).then_some(range)
                })
            });
        let by_form = self.table.value_in(text).map(|found| found.value);
        by_name.or(by_form)
    }

    fn literal_found(&mut self, registry: &Registry, source: &Source, span: &Span, is_read: bool) {
        let path = &source.path;
        let id = self.id(registry, path);
        let help = if is_read {
            format!(
                "the build gets the file as a secret: docker build --secret id={id},src={path}; \
                 better, write a variable in its place and revoke the token"
            )
        } else {
            "the file stays out of the build; better, take the token out and revoke it".to_owned()
        };
        self.diagnostics.push(
            Diagnostic::warning("token-in-file", format!("{path} holds a token"))
                .at(Location::in_source(source, span))
                .with_help(help),
        );
        let why = format!("{} holds a token", path.name());
        let evidence = Evidence::span("registries", source, span, why);
        self.withhold(registry, path, is_read, evidence);
    }

    fn withhold(&mut self, registry: &Registry, path: &RelPath, is_read: bool, because: Evidence) {
        push(
            &mut self.component.facts.withheld,
            found(path.clone(), because.clone()),
        );
        if is_read {
            self.mount(registry, path, true, because);
        }
    }

    fn mount(&mut self, registry: &Registry, path: &RelPath, required: bool, because: Evidence) {
        let below = path.below(&self.component.root);
        let target = registry
            .target
            .clone()
            .or_else(|| below.map(|path| path.to_string()));
        // A mount's fields are separated by commas and its line by spaces.
        let plain = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._/-@".contains(&b))
        };
        let Some(target) = target.filter(|target| plain(target)) else {
            return;
        };
        let secret = BuildSecret {
            id: self.id(registry, path),
            source: SecretSource::File(path.clone()),
            target: Some(target),
            required,
        };
        self.push(secret, because);
    }

    /// The row's id, with a number where another file has it.
    fn id(&self, registry: &Registry, path: &RelPath) -> String {
        let source = SecretSource::File(path.clone());
        let known = &self.component.facts.build_secrets;
        let mut number = 1;
        loop {
            let id = match number {
                1 => registry.id.clone(),
                number => format!("{}-{number}", registry.id),
            };
            match known.iter().find(|found| found.value.id == id) {
                Some(other) if other.value.source != source => number += 1,
                _ => return id,
            }
        }
    }

    fn push(&mut self, secret: BuildSecret, because: Evidence) {
        let secrets = &mut self.component.facts.build_secrets;
        let same = |found: &&mut Found<BuildSecret>| {
            found.value.id == secret.id && found.value.target == secret.target
        };
        match secrets.iter_mut().find(same) {
            // A file of the repository is surer than one that the user may have.
            Some(known) if !known.value.required && secret.required => {
                *known = found(secret, because);
            }
            Some(_) => {}
            None => secrets.push(found(secret, because)),
        }
    }
}

/// The file by which git, Go and pip sign in, of whoever builds.
fn netrc() -> BuildSecret {
    BuildSecret {
        id: "netrc".to_owned(),
        source: SecretSource::Home(".netrc".to_owned()),
        target: Some("/root/.netrc".to_owned()),
        required: false,
    }
}

fn found<T>(value: T, evidence: Evidence) -> Found<T> {
    Found {
        value,
        rank: Rank::Manifest,
        confidence: Confidence::Certain,
        evidence,
    }
}
