//! Classes with a main method, found in the sources.

use std::sync::LazyLock;

use regex::Regex;

use super::reach::FOLDERS;
use crate::diag::Location;
use crate::repo::Dir;

/// A class that the `java` command can start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Main {
    /// Its full name, such as `com.example.Main`.
    pub class: String,
    pub at: Location,
    /// It starts Spring Boot.
    pub spring: bool,
}

/// Source files that are read of one module. Those that are named like a program come first; when
/// one of them is a program, the others are not read.
const MAX_LIKELY: usize = 60;
const MAX_OTHERS: usize = 60;

static JAVA: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)(?:^|[{;}])[ \t]*(?:(?:public|final|synchronized)\s+)*static\s+(?:(?:public|final|synchronized)\s+)*void\s+main\s*\(")
        .ok()
});
static KOTLIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^(?:suspend\s+)?fun\s+main\s*\(|^[ \t]*@JvmStatic\s+(?:public\s+)?fun\s+main\s*\(",
    )
    .ok()
});
static PACKAGE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^[ \t]*package\s+([\w.]+)").ok());
static JVM_NAME: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?m)^@file:JvmName\("(\w+)"\)"#).ok());

/// Every class with a main method below the usual source folders, sorted by name.
pub(super) fn mains(module: &Dir<'_>) -> Vec<Main> {
    let mut files: Vec<(bool, usize, String)> = Vec::new();
    for folder in FOLDERS {
        if !module.has_dir(folder) {
            continue;
        }
        for file in module.child(folder).walk() {
            let Some((stem, "java" | "kt")) = file.name().rsplit_once('.') else {
                continue;
            };
            let likely = [
                "Application",
                "App",
                "Main",
                "Server",
                "Launcher",
                "Bootstrap",
            ]
            .iter()
            .any(|end| stem.ends_with(end) || stem.eq_ignore_ascii_case(end));
            files.push((!likely, file.depth(), format!("{folder}/{file}")));
        }
    }
    files.sort();
    let read = |likely: bool, most: usize| -> Vec<Main> {
        files
            .iter()
            .filter(|(other, ..)| *other != likely)
            .take(most)
            .filter_map(|(_, _, file)| main_of(module, file))
            .collect()
    };
    let mut mains = read(true, MAX_LIKELY);
    if mains.is_empty() {
        mains = read(false, MAX_OTHERS);
    }
    mains.sort_by(|a, b| a.class.cmp(&b.class));
    mains.dedup_by(|a, b| a.class == b.class);
    mains
}

fn main_of(module: &Dir<'_>, file: &str) -> Option<Main> {
    let source = module.text(file)?;
    let (stem, ending) = file.rsplit('/').next()?.rsplit_once('.')?;
    let kotlin = ending == "kt";
    let pattern = if kotlin { &KOTLIN } else { &JAVA };
    let found = pattern.as_ref()?.find(&source.text)?;
    let name = match (kotlin, found.as_str().contains("@JvmStatic")) {
        (true, false) => match JVM_NAME.as_ref()?.captures(&source.text) {
            Some(named) => named[1].to_owned(),
            None => format!("{}Kt", capitalized(stem)),
        },
        _ => stem.to_owned(),
    };
    let class = match PACKAGE.as_ref()?.captures(&source.text) {
        Some(package) => format!("{}.{name}", &package[1]),
        None => name,
    };
    is_class(&class).then(|| Main {
        at: Location::in_source(&source, &found.range()),
        spring: source.text.contains("SpringApplication") || source.text.contains("runApplication"),
        class,
    })
}

fn capitalized(stem: &str) -> String {
    let mut chars = stem.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

/// True for the full name of a class, and for nothing that a command line could take as an option.
pub(super) fn is_class(name: &str) -> bool {
    name.len() <= 300
        && name.split('.').all(|part| {
            let mut chars = part.chars();
            chars
                .next()
                .is_some_and(|first| first.is_alphabetic() || matches!(first, '_' | '$'))
                && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '$'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{RelPath, Repo};

    #[test]
    fn main_methods_of_java_and_kotlin() {
        let repo = Repo::from_files([
            (
                "src/main/java/a/Entry.java",
                "package a;\nclass Entry {\n  public static void main(String[] args) {}\n}",
            ),
            (
                "src/main/java/a/Lib.java",
                "package a;\n/** static void main( */ class Lib { void main() {} }",
            ),
            (
                "src/main/java/Root.java",
                "class Root { \n final static void main (final String... a) {} }",
            ),
            (
                "src/main/kotlin/b/run.kt",
                "package b\nfun main(args: Array<String>) { runApplication<X>() }",
            ),
            (
                "src/main/kotlin/b/Named.kt",
                "@file:JvmName(\"Start\")\npackage b\nsuspend fun main() {}",
            ),
            (
                "src/main/kotlin/b/Obj.kt",
                "package b\nobject Obj {\n    @JvmStatic fun main(a: Array<String>) {}\n}",
            ),
            (
                "src/test/java/a/T.java",
                "class T { public static void main(String[] a) {} }",
            ),
        ]);
        let found = mains(&repo.dir(&RelPath::root()));
        let classes: Vec<&str> = found.iter().map(|main| main.class.as_str()).collect();
        assert_eq!(classes, ["Root", "a.Entry", "b.Obj", "b.RunKt", "b.Start"]);
        assert_eq!(found[1].at.line, Some(3));
        assert!(found[3].spring);
    }

    #[test]
    fn names_of_classes() {
        for good in ["Main", "com.example.Main$Inner", "a._b"] {
            assert!(is_class(good), "{good}");
        }
        for bad in [
            "", "-version", "a..b", "a b", "a;b", "a.$(id)", "1a", "a\nb", "@args",
        ] {
            assert!(!is_class(bad), "{bad}");
        }
    }
}
