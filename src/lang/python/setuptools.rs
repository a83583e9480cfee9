//! setup.cfg and setup.py, as far as they can be read without running them.

use super::project::Project;
use super::requirement::Requirement;
use crate::diag::Location;
use crate::facts::Evidence;
use crate::repo::{Dir, Source};

/// setup.cfg and setup.py, as far as they can be read without running them.
pub(super) fn setuptools(dir: &Dir<'_>) -> Option<Project> {
    let cfg = dir.text("setup.cfg");
    let py = dir.text("setup.py");
    let first = py.as_ref().or(cfg.as_ref())?;
    let mut project = Project::default();
    project.manifest.path = first.path.clone();
    project.backend = Some("setuptools".to_owned());
    project.package_data = dir.has("MANIFEST.in");
    if let Some(source) = &cfg {
        setup_cfg(&mut project, source);
    }
    if let Some(source) = &py {
        setup_py(&mut project, source);
    }
    Some(project)
}

fn setup_cfg(project: &mut Project, source: &Source) {
    let mut section = String::new();
    let mut key = String::new();
    let mut offset = 0;
    for raw in source.text.split_inclusive('\n') {
        let span = offset..offset + raw.trim_end().len();
        offset += raw.len();
        let line = raw.trim_end();
        if line.starts_with('[') {
            line.trim_matches(['[', ']']).clone_into(&mut section);
            key.clear();
            continue;
        }
        let value = if line.starts_with([' ', '\t']) {
            line.trim()
        } else if let Some((name, value)) = line.split_once('=') {
            name.trim().clone_into(&mut key);
            value.trim()
        } else {
            continue;
        };
        if value.is_empty() || value.starts_with('#') {
            continue;
        }
        let at = Location::in_source(source, &span);
        match (section.as_str(), key.as_str()) {
            ("metadata", "name") => project.manifest.name = Some(value.to_owned()),
            ("options", "install_requires") => {
                if let Some(requirement) = Requirement::parse(value) {
                    project.add(requirement, true, at);
                }
            }
            ("options", "python_requires") => {
                let why = format!("python_requires is {value}");
                let evidence = Evidence::span("python/python-requires", source, &span, why);
                project.python = Some((value.to_owned(), evidence));
            }
            ("options", "include_package_data" | "package_data") => project.package_data = true,
            ("options.entry_points", "console_scripts") => {
                if let Some((name, target)) = value.split_once('=') {
                    project.add_script(name, target, at);
                }
            }
            _ => {}
        }
    }
}

/// The lists that setup.py usually spells out; what it computes stays unknown.
fn setup_py(project: &mut Project, source: &Source) {
    let text: &str = &source.text;
    for quoted in list(text, "install_requires") {
        if let Some(requirement) = Requirement::parse(quoted) {
            let at = source.find(quoted).unwrap_or(0..0);
            project.add(requirement, true, Location::in_source(source, &at));
        }
    }
    for quoted in list(text, "console_scripts") {
        if let Some((name, target)) = quoted.split_once('=') {
            let at = source.find(quoted).unwrap_or(0..0);
            project.add_script(name, target, Location::in_source(source, &at));
        }
    }
    if let Some(version) = argument(text, "python_requires=") {
        let why = format!("python_requires is {version}");
        let evidence = Evidence::file("python/python-requires", source.path.clone(), why);
        project.python = Some((version.to_owned(), evidence));
    }
    if let Some(name) = argument(text, "name=") {
        project.manifest.name = Some(name.to_owned());
    }
    project.package_data |= text.contains("package_data");
}

/// The strings of the list behind a name, up to its bracket.
fn list<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let Some((_, rest)) = text.split_once(name) else {
        return Vec::new();
    };
    let Some((_, mut rest)) = rest.split_once('[') else {
        return Vec::new();
    };
    let mut strings = Vec::new();
    while let Some(at) = rest.find(['"', '\'', ']']) {
        let mark = &rest[at..=at];
        let inside = &rest[at + 1..];
        let Some((string, after)) = inside.split_once(mark).filter(|_| mark != "]") else {
            break;
        };
        strings.push(string);
        rest = after;
    }
    strings
}

/// The string that a keyword argument gives.
fn argument<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(start)?;
    let rest = rest.trim_start();
    let mark = rest.get(..1).filter(|mark| matches!(*mark, "\"" | "'"))?;
    rest[1..].split_once(mark).map(|(string, _)| string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_lists() {
        let text = "install_requires=['a>=1', \"b]\",\n  ], name = 1, version='x'";
        assert_eq!(list(text, "install_requires"), ["a>=1", "b]"]);
        assert_eq!(argument(text, "version="), Some("x"));
        assert_eq!(argument(text, "name="), None);
        assert!(list("install_requires=[\"", "install_requires").is_empty());
    }
}
