//! What to type next: the commands that build and run what was written.

use std::fmt::Write as _;

use camino::Utf8Path;

use crate::facts::SecretSource;
use crate::plan::{Image, Output, Plan};
use crate::repo::RelPath;

/// Build and run of one component, as arguments.
pub(super) struct Commands {
    pub build: Vec<String>,
    pub run: Vec<String>,
    /// Brings the database to the program's version; empty when there is nothing to do.
    pub migrate: Vec<String>,
}

/// So many components have their commands printed; the others differ in nothing but the name.
const SHOWN: usize = 4;

/// So many variables stand in a command; `explain` and the plan have all.
const NAMED: usize = 12;

pub(super) fn of(component: &Image, outputs: &[&Output], root: &Utf8Path) -> Commands {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let mut build: Vec<String> = words(&["docker", "build", "-t", &component.name]);
    let file = |path: &RelPath| match root.as_str() {
        "." => path.to_string(),
        _ => root.join(path.as_str()).to_string(),
    };
    let dockerfile = outputs.first().map(|output| &output.path);
    // A Dockerfile at the root of the context is found by itself.
    if let Some(path) = dockerfile.filter(|path| path.as_str() != "Dockerfile") {
        build.extend(["-f".to_owned(), file(path)]);
    }
    for secret in &component.build_secrets {
        let id = &secret.id;
        let (option, value) = match &secret.source {
            SecretSource::Ssh => ("--ssh", id.clone()),
            SecretSource::Variable => ("--secret", format!("id={id},env={id}")),
            SecretSource::File(path) => ("--secret", format!("id={id},src={}", file(path))),
            SecretSource::Home(path) => ("--secret", format!("id={id},src={HOME}/{path}")),
        };
        build.extend([option.to_owned(), value]);
    }
    build.push(root.to_string());
    let mut run: Vec<String> = words(&["docker", "run", "--rm"]);
    if let Some(port) = component.run.port() {
        run.extend(["-p".to_owned(), format!("{port}:{port}")]);
    }
    // Without a value docker takes the shell's: nothing secret stands in a command or a log.
    for variable in component.required.iter().take(NAMED) {
        run.extend(["-e".to_owned(), variable.name.clone()]);
    }
    run.push(component.name.clone());
    Commands {
        build,
        run,
        migrate: migration(component),
    }
}

/// The migration as a run of its own: behind the image's entry point where that starts any program.
fn migration(component: &Image) -> Vec<String> {
    let Some((program, arguments)) = component.migrate.split_first() else {
        return Vec::new();
    };
    let mut words: Vec<String> = vec!["docker".to_owned(), "run".to_owned(), "--rm".to_owned()];
    for variable in component.required.iter().take(NAMED) {
        words.extend(["-e".to_owned(), variable.name.clone()]);
    }
    let entry = &component.run.entrypoint;
    let entry = if entry.is_empty() {
        &component.run.base.entrypoint
    } else {
        entry
    };
    let name = component.name.clone();
    match entry.last().map(String::as_str) {
        // An init, which runs what stands behind it.
        None | Some("--") => words.extend([name, program.clone()]),
        Some(interpreter) if interpreter.rsplit('/').next() == Some(program) => words.push(name),
        Some(_) => words.extend(["--entrypoint".to_owned(), program.clone(), name]),
    }
    words.extend(arguments.iter().cloned());
    words
}

/// The commands as lines for a shell.
pub(super) fn text(plan: &Plan, root: &Utf8Path) -> String {
    let mut text = String::from("\nNext:\n");
    for (image, outputs) in plan.with_outputs().take(SHOWN) {
        let commands = of(image, &outputs, root);
        for command in [&commands.build, &commands.migrate, &commands.run] {
            if command.is_empty() {
                continue;
            }
            text.push_str("  ");
            text.push_str(&line(command));
            text.push('\n');
        }
    }
    let shown = plan.images.iter().take(SHOWN);
    if shown
        .clone()
        .any(|component| !component.required.is_empty())
    {
        text.push_str(
            "  -e NAME takes the value from the shell: set these variables there first\n",
        );
    }
    let missing = plan
        .images
        .iter()
        .enumerate()
        .filter_map(|(at, component)| {
            let told = if at < SHOWN { NAMED } else { 0 };
            let left = component.required.get(told..)?;
            (!left.is_empty()).then_some((component, left))
        });
    for (component, left) in missing {
        let names = left
            .iter()
            .take(NAMED)
            .map(|variable| variable.name.as_str());
        let names = names.collect::<Vec<_>>().join(", ");
        let _ = write!(text, "  {} needs -e for {names}", component.name);
        match left.len().saturating_sub(NAMED) {
            0 => text.push('\n'),
            more => {
                let _ = writeln!(text, " and {more} more: dockgen plan lists them");
            }
        }
    }
    if let Some(more) = plan
        .images
        .len()
        .checked_sub(SHOWN)
        .filter(|more| *more > 0)
    {
        let _ = writeln!(text, "  and so on for {more} more");
    }
    text
}

/// The home folder, which is the shell's to put in: docker knows no `~`.
const HOME: &str = "$HOME";

/// A command for a shell. What names the home folder is in double quotes; its other characters
/// are dockgen's own.
fn line(words: &[String]) -> String {
    let words = words.iter().map(|word| {
        if word.contains(&format!(",src={HOME}/")) {
            format!("\"{word}\"")
        } else {
            crate::facts::Command::Exec(vec![word.clone()]).to_string()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
