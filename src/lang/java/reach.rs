//! The classes that a program is made of: those that its main class imports, then the rest of its
//! module and of the modules that it depends on, since frameworks find classes by themselves.

use std::collections::BTreeSet;

use crate::lang::{Component, Entered, Reach, Verdict};
use crate::repo::RelPath;

/// Folders of sources, by the conventions of Maven and Gradle.
pub(super) const FOLDERS: &[&str] = &["src/main/java", "src/main/kotlin"];

const ENDINGS: &[&str] = &["java", "kt"];

/// Follows imports from a main class, such as `com.example.Main`.
pub(super) fn reach(component: &Component, wanted: Option<&str>, reach: &mut Reach<'_>) -> Entered {
    let mut homes = Vec::new();
    for dir in std::iter::once(&component.dir).chain(&component.code) {
        for folder in FOLDERS {
            let home = dir.join(folder);
            if reach.repo().has_dir(&home) && !homes.contains(&home) {
                homes.push(home);
            }
        }
    }
    let main = &component.facts.main;
    let chosen = wanted.or(main.value().map(String::as_str));
    let others: BTreeSet<RelPath> = main
        .all()
        .iter()
        .map(|found| found.value.as_str())
        .filter(|class| Some(*class) != chosen)
        .flat_map(|class| files_of(class, &homes))
        .collect();
    let entry = chosen.and_then(|class| {
        files_of(class, &homes)
            .into_iter()
            .find(|file| reach.repo().has(file))
    });
    if let Some(entry) = &entry {
        reach.enter(entry);
        follow(&homes, &others, reach);
    }
    let mut found = entry.is_some();
    for home in &homes {
        let mut files: Vec<RelPath> = reach.repo().files_in(home).cloned().collect();
        files.sort_by_key(RelPath::depth);
        for file in files {
            if is_code(file.name()) && !others.contains(&file) {
                found |= reach.enter(&file);
            }
        }
    }
    follow(&homes, &others, reach);
    if found {
        Entered::Surely
    } else {
        Entered::Nowhere
    }
}

fn is_code(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

/// Where the class may be written, inner classes and Kotlin's file classes too.
fn files_of(class: &str, homes: &[RelPath]) -> Vec<RelPath> {
    let path = class
        .split('$')
        .next()
        .unwrap_or_default()
        .replace('.', "/");
    let file_class = path.strip_suffix("Kt").unwrap_or(&path);
    homes
        .iter()
        .flat_map(|home| {
            [path.as_str(), file_class]
                .into_iter()
                .flat_map(|path| ENDINGS.iter().map(move |ending| format!("{path}.{ending}")))
                .map(|file| home.join(&file))
        })
        .collect()
}

fn follow(homes: &[RelPath], others: &BTreeSet<RelPath>, reach: &mut Reach<'_>) {
    reach.follow(|reach, source| {
        // Classes of one package see each other without an import.
        if let Some(package) = source.path.parent() {
            enter_package(&package, others, reach);
        }
        for name in imports(&source.text) {
            if let Some(package) = name.strip_suffix(".*") {
                let package = package.replace('.', "/");
                for home in homes {
                    enter_package(&home.join(&package), others, reach);
                }
                continue;
            }
            // A class, or something that stands in one.
            let outer = name.rsplit_once('.').map(|(outer, _)| outer);
            let files = std::iter::once(name).chain(outer);
            for file in files.flat_map(|class| files_of(class, homes)) {
                if !others.contains(&file) && reach.enter(&file) {
                    break;
                }
            }
        }
        Verdict::Proves
    });
}

fn enter_package(package: &RelPath, others: &BTreeSet<RelPath>, reach: &mut Reach<'_>) {
    if package.is_root() || !reach.repo().has_dir(package) || !reach.is_new(package) {
        return;
    }
    for name in reach.dir(package).files().filter(|name| is_code(name)) {
        let file = package.join(name);
        if !others.contains(&file) {
            reach.enter(&file);
        }
    }
}

/// What the import lines above the first class name.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    let mut in_comment = false;
    text.lines()
        .map(str::trim)
        .filter(move |line| {
            let inside = in_comment;
            if let Some(start) = line.rfind("/*") {
                in_comment = !line[start..].contains("*/");
            } else if line.contains("*/") {
                in_comment = false;
            }
            !inside
        })
        .take_while(|line| {
            ![
                "class ",
                "public ",
                "interface ",
                "fun ",
                "object ",
                "enum ",
                "record ",
            ]
            .iter()
            .any(|start| line.starts_with(start))
        })
        .filter_map(|line| line.strip_prefix("import "))
        .map(|rest| {
            let rest = rest.trim_start().strip_prefix("static ").unwrap_or(rest);
            let end = rest
                .trim_start()
                .find(|c: char| !c.is_alphanumeric() && !matches!(c, '.' | '_' | '$' | '*'));
            let rest = rest.trim_start();
            &rest[..end.unwrap_or(rest.len())]
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::Repo;

    #[test]
    fn imports_of_java_and_kotlin() {
        let text = "/* import a.No;\n import a.No2; */\n// import a.No3;\npackage x;\nimport a.B;\nimport static a.C.d;\nimport e.*;\nimport f.G as H\npublic class X { String s = \"\"\"\nimport a.No4;\n\"\"\"; }\n";
        let found: Vec<&str> = imports(text).collect();
        assert_eq!(found, ["a.B", "a.C.d", "e.*", "f.G"]);
    }

    #[test]
    fn the_nearest_come_first_and_other_mains_are_left_out() {
        let repo = Repo::from_files([
            (
                "pom.xml",
                "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId><artifactId>a</artifactId><version>1</version></project>",
            ),
            (
                "src/main/java/a/Main.java",
                "package a;\nimport z.Server;\npublic class Main { public static void main(String[] a) {} }",
            ),
            (
                "src/main/java/z/Server.java",
                "package z;\nimport a.Main;\nclass Server {}",
            ),
            ("src/main/java/b/Free.java", "package b;\nclass Free {}"),
            (
                "src/main/java/b/ToolMain.java",
                "package b;\npublic class ToolMain { public static void main(String[] a) {} }",
            ),
            ("src/test/java/a/T.java", "package a;\nclass T {}"),
        ]);
        let packs = crate::pack::PackSet::builtin().unwrap();
        let detection = crate::detect::detect(&repo, &packs);
        let files = |main: &str| -> Vec<String> {
            let mut walk = Reach::new(&repo, 100);
            reach(&detection.components[0], Some(main), &mut walk);
            let files = walk.finish().files;
            files
                .iter()
                .map(|source| source.path.name().to_owned())
                .collect()
        };
        assert_eq!(files("a.Main"), ["Main.java", "Server.java", "Free.java"]);
        assert_eq!(
            files("b.ToolMain"),
            ["ToolMain.java", "Free.java", "Server.java"]
        );
    }
}
