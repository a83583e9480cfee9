//! Which Maven modules are programs, and which archive of theirs the image runs.

use super::mains::{Main, is_class, mains};
use super::plugins::Plugins;
use super::pom::Chain;
use crate::diag::Diagnostic;
use crate::facts::{Confidence, Evidence};
use crate::repo::Repo;

/// What is known of a module that is a program.
pub(super) struct Program {
    pub jar: String,
    pub fat: bool,
    pub main_in_jar: bool,
    /// Classes that the POM names.
    pub mains: Vec<(String, Evidence)>,
    /// Classes that the sources have.
    pub found: Vec<Main>,
    pub sure: Confidence,
}

/// The module as a program; `None` where nothing in it can be started.
pub(super) fn program<'r>(
    repo: &Repo,
    chain: &Chain<'r>,
    plugins: &Plugins<'_, 'r>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Program> {
    let own = chain.own();
    let packaging = chain
        .text(&["packaging"], false)
        .unwrap_or_else(|| "jar".to_owned());
    let ending = match packaging.as_str() {
        "jar" | "quarkus" => "jar",
        "war" => "war",
        _ => return None,
    };
    let view = repo.dir(&own.dir);
    let boot = plugins.repackages();
    if ending == "war" && !boot && !plugins.is_executable_war() {
        let at = own.at(&["packaging"]).map(|tree| tree.span.clone());
        diagnostics.push(
            Diagnostic::warning(
                "java-war",
                "a war without Spring Boot needs a servlet container, which dockgen does not plan",
            )
            .pointing(&own.source, at.unwrap_or_default())
            .with_help("package it as an executable jar, or write the Dockerfile on a Tomcat or Jetty image"),
        );
        return None;
    }
    let archive = plugins.archive(ending);
    let mut program = Program {
        jar: archive.jar,
        fat: archive.fat,
        main_in_jar: archive.main.is_some(),
        mains: Vec::new(),
        found: Vec::new(),
        sure: Confidence::Certain,
    };
    let configured = archive
        .main
        .into_iter()
        .chain(plugins.mains())
        .filter(|placed| is_class(&placed.text));
    for placed in configured {
        if !program.fat && !program.main_in_jar && !is_own(repo, &placed.text) {
            // A tool that the build runs.
            continue;
        }
        let why = format!("the POM names the class {}", placed.text);
        program.mains.push((
            placed.text.clone(),
            Evidence::span("java/pom-main", placed.source, &placed.span, why),
        ));
    }
    if boot
        || plugins.has("io.quarkus", "quarkus-maven-plugin")
        || plugins.has("io.quarkus.platform", "quarkus-maven-plugin")
    {
        return Some(program);
    }
    if !program.mains.is_empty() {
        return Some(program);
    }
    program.found = mains(&view);
    program.sure = Confidence::Likely;
    if program.found.is_empty() {
        return None;
    }
    Some(program)
}

/// Whether a class's source is in the repository.
fn is_own(repo: &Repo, class: &str) -> bool {
    let path = class.replace('.', "/");
    // `MainKt` is what Kotlin makes of Main.kt.
    let kotlin = path.strip_suffix("Kt").unwrap_or(&path);
    let (java, kotlin) = (format!("/{path}.java"), format!("/{kotlin}.kt"));
    repo.files()
        .iter()
        .any(|file| file.as_str().ends_with(&java) || file.as_str().ends_with(&kotlin))
}
