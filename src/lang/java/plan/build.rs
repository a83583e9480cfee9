//! The commands of Maven and Gradle, and the files that their dependency step needs.

use crate::diag::Result;
use crate::facts::{Command, Confidence, Evidence};
use crate::lang::java::{Build, Gradle, JavaModel, Libraries, Maven, Wrapper};
use crate::plan::CopyStep;
use crate::plan::Resolver;
use crate::repo::RelPath;

/// The dependency plugin for Maven versions that bring a too old one by themselves.
/// That it resolves a reactor under Maven 3.8.8 was tried; whether a newer one exists was not.
const DEPENDENCY_PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0";

pub(super) struct Steps {
    pub tool: &'static str,
    /// The build image's role in the catalogue.
    pub role: &'static str,
    pub cache: &'static str,
    pub manifests: Vec<CopyStep>,
    pub parents: bool,
    pub portable: bool,
    pub resolve: Command,
    pub build: Command,
}

impl Steps {
    pub(super) fn of(resolver: &mut Resolver<'_>, model: &JavaModel) -> Result<Self> {
        let mut steps = match &model.build {
            Build::Maven(maven) => of_maven(resolver, maven, model),
            Build::Gradle(gradle) => of_gradle(resolver, gradle),
        };
        let slot = &resolver.component.facts.build;
        if let Some(found) = resolver.choose("build", slot, |text| Some(Command::parse(text)))? {
            steps.build = found.value;
        }
        Ok(steps)
    }
}

fn of_maven(resolver: &mut Resolver<'_>, maven: &Maven, model: &JavaModel) -> Steps {
    let component = resolver.component;
    let mut command: Vec<String> = if maven.wrapper.is_some() {
        vec!["sh".to_owned(), "./mvnw".to_owned()]
    } else {
        vec!["mvn".to_owned()]
    };
    command.extend(["-B".to_owned(), "-ntp".to_owned()]);
    if let Some(file) = &maven.file {
        command.extend(["-f".to_owned(), file.clone()]);
    }
    if let Some(module) = &maven.module {
        command.extend(["-pl".to_owned(), module.clone(), "-am".to_owned()]);
    }
    let profiles = profiles(resolver, &maven.profiles, |name| {
        maven.known_profiles.iter().any(|known| known == name)
    });
    if !profiles.is_empty() {
        command.push(format!("-P{}", profiles.join(",")));
    }
    let plugin = if maven.wrapper == Some(Wrapper::Old) {
        DEPENDENCY_PLUGIN
    } else {
        "dependency"
    };
    let mut resolve = command.clone();
    resolve.push(format!("{plugin}:go-offline"));
    let mut build = command;
    build.extend(
        maven
            .properties
            .iter()
            .map(|property| format!("-D{property}")),
    );
    build.extend(
        component
            .facts
            .own
            .list("properties")
            .map(|property| format!("-D{property}")),
    );
    build.push("package".to_owned());
    if model.product.libraries != Libraries::None && component.facts.template.is_empty() {
        build.extend([
            format!("{plugin}:copy-dependencies"),
            "-DincludeScope=runtime".to_owned(),
            "-DoutputDirectory=target/lib".to_owned(),
        ]);
    }
    let (tool, why) = if maven.wrapper.is_some() {
        ("maven by its wrapper", "there is mvnw")
    } else {
        ("maven of the build image", "there is no wrapper")
    };
    decide_tool(resolver, tool, why);

    let root = &component.root;
    let parents = maven.poms.len() > 1;
    let mut from: Vec<String> = Vec::new();
    if maven.wrapper.is_some() {
        from.push(seen_from(root, &root.join("mvnw"), parents));
    }
    from.extend(maven.poms.iter().map(|pom| seen_from(root, pom, parents)));
    let mut manifests = vec![CopyStep {
        from,
        to: "./".to_owned(),
    }];
    if maven.config {
        manifests.push(CopyStep {
            from: vec![root.join(".mvn").to_string()],
            to: ".mvn/".to_owned(),
        });
    }
    Steps {
        tool: "maven",
        role: if maven.wrapper.is_some() {
            "build"
        } else {
            "build-maven"
        },
        cache: "/root/.m2/repository",
        manifests,
        parents,
        portable: !maven.native,
        resolve: Command::Exec(resolve),
        build: Command::Exec(build),
    }
}

/// What `-P` names: what the build itself has for production, and what the authors build with, as
/// far as the build knows it.
fn profiles(
    resolver: &mut Resolver<'_>,
    own: &[(String, Evidence)],
    is_known: impl Fn(&str) -> bool,
) -> Vec<String> {
    let said = &resolver.component.facts.profiles;
    let all: Vec<(String, Evidence)> = own
        .iter()
        .cloned()
        .chain(
            said.iter()
                .filter(|found| is_known(&found.value))
                .map(|found| (found.value.clone(), found.evidence.clone())),
        )
        .collect();
    let mut names: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    names.dedup();
    if let Some((_, because)) = all.into_iter().next() {
        resolver.decide("profiles", names.join(", "), Confidence::Likely, because);
    }
    names
}

fn of_gradle(resolver: &mut Resolver<'_>, gradle: &Gradle) -> Steps {
    let component = resolver.component;
    let mut command: Vec<String> = if gradle.wrapper {
        vec!["sh".to_owned(), "./gradlew".to_owned()]
    } else {
        vec!["gradle".to_owned()]
    };
    let profiles = profiles(resolver, &gradle.profiles, |_| true);
    command.extend(profiles.iter().map(|name| format!("-P{name}")));
    let task = |name: &str| {
        let mut words = command.clone();
        words.push("--no-daemon".to_owned());
        words.push(format!("{}:{name}", gradle.project));
        words
    };
    let mut build = task(gradle.task);
    for task in component.facts.own.list("left_out") {
        build.extend(["-x".to_owned(), task.to_owned()]);
    }
    let steps = Steps {
        tool: "gradle",
        role: if gradle.wrapper {
            "build"
        } else {
            "build-gradle"
        },
        cache: if gradle.wrapper {
            "/root/.gradle"
        } else {
            "/home/gradle/.gradle"
        },
        manifests: vec![CopyStep {
            from: gradle
                .scripts
                .iter()
                .map(|script| seen_from(&component.root, script, true))
                .collect(),
            to: "./".to_owned(),
        }],
        parents: true,
        portable: true,
        resolve: Command::Exec(task("dependencies")),
        build: Command::Exec(build),
    };
    let (tool, why) = if gradle.wrapper {
        ("gradle by its wrapper", "there is gradlew")
    } else {
        ("gradle of the build image", "there is no wrapper")
    };
    decide_tool(resolver, tool, why);
    steps
}

fn decide_tool(resolver: &mut Resolver<'_>, tool: &str, why: &str) {
    let because = Evidence::rule("java/build-tool", why);
    resolver.decide("build tool", tool, Confidence::Certain, because);
}

/// A file of the context as COPY names it. `/./` marks where `--parents` starts to keep folders.
fn seen_from(root: &RelPath, file: &RelPath, parents: bool) -> String {
    match file.below(root) {
        Some(below) if parents && !root.is_root() => format!("{root}/./{below}"),
        _ => file.to_string(),
    }
}
