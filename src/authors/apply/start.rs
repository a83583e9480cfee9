//! The command that starts the program, as it can be said in another image.

use super::super::assign::is_named;
use super::super::said::{Item, Said, Start};
use super::{Cx, RANK, found};
use crate::facts::{Artifact, Command, Evidence, Found, Rank, push};
use crate::lang::{Component, identifier};
use crate::repo::RelPath;

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The start command: arguments of the program that is built, or a command of its own.
pub(super) fn begin(
    cx: &Cx<'_>,
    component: &mut Component,
    said: &Said,
    start: &Start,
    at: &Evidence,
    workdir: &str,
    left: &mut Vec<(String, Evidence)>,
) {
    let words = super::super::script::unwrap(&start.words);
    let mut words = words;
    // An entrypoint of the project's own that prepares what it is given, and then runs it.
    if words.len() > 1
        && is_named(component, &words[0])
        && identifier(last(&words[1])) == component.name
    {
        words.remove(0);
    }
    let Some((program, rest)) = words.split_first() else {
        return;
    };
    let name = program.rsplit('/').next().unwrap_or(program);
    let development = words.iter().any(|word| cx.table.is_development(word))
        || matches!(
            (name, rest.first().map(String::as_str)),
            ("flask" | "go" | "cargo", Some("run"))
        );
    if development {
        left.push((
            format!("{}, which is for development", words.join(" ")),
            at.clone(),
        ));
        return;
    }
    let hidden = words
        .iter()
        .any(|word| crate::parse::has_hidden(word) || word.len() > 400);
    if hidden || words.iter().any(|word| word.contains('$')) {
        return;
    }
    let mut mapped = Vec::new();
    for word in &words {
        match placed(cx, component, said, word, workdir) {
            Ok(word) => mapped.push(word),
            Err(_) if word == program => mapped.push(word.clone()),
            Err(what) => {
                left.push((what, at.clone()));
                return;
            }
        }
    }
    let after = |count: usize| mapped.iter().skip(count).cloned().collect::<Vec<_>>();
    let jar = mapped.iter().position(|word| word == "-jar");
    let facts = &mut component.facts;
    if let Some(jar) = jar {
        let rest = after(jar + 2);
        if !rest.is_empty() {
            facts.args.likely(rest, RANK, at.clone());
        }
        return;
    }
    let script = component.manifest.script(name).is_some();
    let outputs = said
        .names
        .iter()
        .any(|word| word.ends_with(&format!("/{name}")));
    if !script
        && (is_named(component, name) || outputs)
        && !name.contains('.')
        && !component.facts.main.is_empty()
    {
        if mapped.len() > 1 {
            component.facts.args.likely(after(1), RANK, at.clone());
        }
        return;
    }
    let file = rest
        .iter()
        .zip(mapped.iter().skip(1))
        .find(|(word, _)| {
            !word.starts_with('-')
                && word
                    .rsplit('/')
                    .next()
                    .is_some_and(|name| name.contains('.'))
        })
        .map(|(_, mapped)| mapped.clone());
    let there = |path: &str| {
        RelPath::new(path).is_some_and(|path| cx.repo.has(&component.dir.join(path.as_str())))
    };
    let manager = matches!(
        name,
        "npm" | "pnpm" | "yarn" | "bun" | "npx" | "bunx" | "turbo"
    );
    let known = cx.table.starts(name);
    if manager || name.ends_with(".sh") || !known && !script {
        return;
    }
    let same_file = |found: &Found<Command>| match (&found.value, &file) {
        (Command::Exec(words), Some(file)) if found.rank >= Rank::Manifest => {
            words.iter().any(|word| {
                word.trim_start_matches("./").trim_end_matches(".js")
                    == file.trim_end_matches(".js")
            })
        }
        _ => false,
    };
    // Where a build's output lies is the authors' layout; a framework knows the one that is written.
    let rank = match &file {
        // Manifest and image start the same file: the arguments of the image are for a container.
        _ if component.facts.start.all().iter().any(same_file) => Rank::Dedicated,
        Some(file) if !there(file) && !file.contains(':') => Rank::Source,
        _ => RANK,
    };
    name.clone_into(&mut mapped[0]);
    component
        .facts
        .start
        .likely(Command::Exec(mapped), rank, at.clone());
}

/// A word of a command as it is in an image whose work folder holds the component; what keeps it
/// from being there as the error, in words.
fn placed(
    cx: &Cx<'_>,
    component: &mut Component,
    said: &Said,
    word: &str,
    workdir: &str,
) -> Result<String, String> {
    let (before, value) = match word.split_once('=') {
        Some((before, value)) if word.starts_with('-') => (format!("{before}="), value),
        _ => (String::new(), word),
    };
    if !value.starts_with('/') || value.len() < 2 {
        let local = value.strip_prefix("./").unwrap_or(value);
        return Ok(format!("{before}{local}"));
    }
    if let Some(rest) = value.strip_prefix(workdir)
        && workdir.len() > 1
        && let Some(rest) = rest.strip_prefix('/')
    {
        return Ok(format!("{before}{rest}"));
    }
    for told in &said.told {
        match &told.item {
            Item::File(path, target) if value == target && cx.repo.has(path) => {
                let template = cx
                    .repo
                    .scan(path)
                    .is_none_or(|file| file.text.contains("{{"));
                if template {
                    return Err(format!(
                        "arguments that name {value}, a template for another program"
                    ));
                }
                let file = Artifact {
                    from: path.to_string(),
                    to: target.clone(),
                };
                push(&mut component.facts.files, found(file, &told.at));
                return Ok(word.to_owned());
            }
            Item::Volume(folder) | Item::Writes(folder)
                if value == folder || value.starts_with(&format!("{folder}/")) =>
            {
                if !component
                    .facts
                    .volumes
                    .iter()
                    .any(|known| value.starts_with(&known.value))
                {
                    continue;
                }
                return Ok(word.to_owned());
            }
            _ => {}
        }
    }
    Err(format!(
        "arguments that name {value}, which only their image has"
    ))
}
