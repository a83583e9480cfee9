//! Files that say how releases are built: goreleaser, promu, Makefile and its like, CI workflows.

use std::collections::BTreeMap;

use super::builds;
use super::said::{Item, Said, line_of};
use super::shell::is_name;
use crate::parse::{Tree, yaml};
use crate::repo::Source;
use crate::text::line_at;

/// .goreleaser.yml: one program for each build.
pub(super) fn goreleaser(source: &Source, weight: u8) -> Vec<Said> {
    let Ok(tree) = yaml(source) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for build in tree.get("builds").map(Tree::items).unwrap_or_default() {
        let mut said = Said::new(&source.path, weight);
        let why = "goreleaser builds it so";
        for key in ["id", "binary", "dir", "main"] {
            said.names
                .extend(build.get(key).and_then(Tree::text).map(str::to_owned));
        }
        let mut items = Vec::new();
        if let Some(main) = build.get("main").and_then(Tree::text) {
            let main = main.strip_suffix("/main.go").unwrap_or(main);
            items.push(Item::Main(main.to_owned()));
        }
        for tag in texts(build.get("tags")) {
            items.extend(builds::tags_of(&tag, &BTreeMap::new()));
        }
        for flag in texts(build.get("flags")) {
            if let Some(tags) = flag
                .strip_prefix("-tags")
                .map(|rest| rest.trim_start_matches(['=', ' ']))
            {
                items.extend(builds::tags_of(tags, &BTreeMap::new()));
            }
        }
        for flags in texts(build.get("ldflags")) {
            items.extend(builds::links(&flags));
        }
        for item in items {
            let span = line_of(source, needle(&item));
            said.tell(source, &span, item, why);
        }
        all.push(said);
    }
    all
}

fn needle(item: &Item) -> &str {
    match item {
        Item::Main(text) | Item::Tag(text) | Item::Link(text, _) => text,
        _ => "builds:",
    }
}

/// One text or a list of them.
fn texts(tree: Option<&Tree>) -> Vec<String> {
    tree.map_or_else(Vec::new, |tree| {
        tree.text()
            .into_iter()
            .chain(tree.texts())
            .map(str::to_owned)
            .collect()
    })
}

/// .promu.yml of Prometheus' projects.
pub(super) fn promu(source: &Source, weight: u8) -> Vec<Said> {
    let Ok(tree) = yaml(source) else {
        return Vec::new();
    };
    let mut said = Said::new(&source.path, weight);
    let why = "promu builds it so";
    let mut items = Vec::new();
    let tags = tree.at(&["build", "tags"]);
    for tag in texts(tags)
        .into_iter()
        .chain(texts(tags.and_then(|tags| tags.get("all"))))
    {
        items.extend(builds::tags_of(&tag, &BTreeMap::new()));
    }
    for flags in texts(tree.at(&["build", "ldflags"])) {
        items.extend(builds::links(&flags));
    }
    for binary in tree
        .at(&["build", "binaries"])
        .map(Tree::items)
        .unwrap_or_default()
    {
        if let Some(path) = binary.get("path").and_then(Tree::text) {
            items.push(Item::Main(path.to_owned()));
        }
    }
    for item in items {
        let span = line_of(source, needle(&item));
        said.tell(source, &span, item, why);
    }
    vec![said]
}

/// Build lines of a Makefile, a Justfile, a Taskfile, a magefile or a workflow. Variables that the
/// file itself gives a plain value are put in.
pub(super) fn recipes(source: &Source, weight: u8) -> Vec<Said> {
    let values = assigned(source);
    let mut said = Said::new(&source.path, weight);
    // `$(VAR)` of make is `${VAR}` of a shell. Neither step changes an offset.
    let text = make_variables(&source.text);
    let joined = text.replace("\\\n", " \u{0}");
    let mut offset = 0;
    let mut flags: Vec<(usize, String)> = Vec::new();
    for line in joined.split_inclusive('\n') {
        let at = offset;
        offset += line.len();
        let line = line.replace('\u{0}', "");
        let recipe = line
            .trim()
            .trim_start_matches(['@', '-'])
            .trim_start_matches("run: ")
            .trim_start_matches("cmd: ");
        if recipe.starts_with('#') || recipe.len() > 4_000 {
            continue;
        }
        if line.contains("-X") && !line.contains(" build ") {
            flags.push((at, line.clone()));
        }
        let recipe = settled(recipe, &values);
        for (_, items) in builds::lines(&recipe, &BTreeMap::new()) {
            for item in items {
                let span = line_at(&source.text, at);
                said.tell(source, &span, item, "the authors build it so");
            }
        }
    }
    for (at, line) in flags {
        for item in builds::links(&line) {
            let span = line_at(&source.text, at);
            said.tell(source, &span, item, "the authors link it so");
        }
    }
    vec![said]
}

fn make_variables(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("$(") {
        out.push_str(&rest[..at]);
        let inner = &rest[at + 2..];
        let end = inner.find(')').unwrap_or(inner.len());
        if is_name(&inner[..end]) && end < inner.len() {
            out.push_str("${");
            out.push_str(&inner[..end]);
            out.push('}');
            rest = &inner[end + 1..];
        } else {
            out.push_str("$(");
            rest = inner;
        }
    }
    out.push_str(rest);
    out
}

/// `NAME = value`, `NAME := value`, `NAME ?= value` and `NAME += value` with plain values.
fn assigned(source: &Source) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    for line in source.text.lines().take(2_000) {
        let line = line.trim_start_matches("export ").trim_end();
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        let more = name.ends_with('+');
        let name = name.trim_end_matches([':', '?', '+']).trim();
        let value = value.trim().trim_start_matches('=').trim();
        if !is_name(name) || value.len() > 1_000 || value.contains("$(shell") {
            continue;
        }
        let value = value.trim_matches(['"', '\'']);
        match values.get_mut(name) {
            Some(known) if more => {
                known.push(' ');
                known.push_str(value);
            }
            Some(_) => {}
            None => {
                values.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    values
}

/// A recipe with the file's own variables put in, twice: `GOBUILD = go build`, `FLAGS = -tags $(T)`.
fn settled(recipe: &str, values: &BTreeMap<String, String>) -> String {
    let mut text = recipe.to_owned();
    for _ in 0..2 {
        if !text.contains("${") || text.len() > 4_000 {
            break;
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = rest.find("${") {
            out.push_str(&rest[..at]);
            let inner = &rest[at + 2..];
            let end = inner.find('}').unwrap_or(inner.len());
            if let Some(value) = values.get(&inner[..end]) {
                out.push_str(&make_variables(value));
            } else {
                out.push_str("${");
                out.push_str(&inner[..end]);
                out.push('}');
            }
            rest = inner.get(end + 1..).unwrap_or_default();
        }
        out.push_str(rest);
        text = out;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authors::said::LinkValue;
    use crate::repo::RelPath;

    fn items(all: &[Said]) -> Vec<Item> {
        all.iter()
            .flat_map(|said| said.told.iter().map(|told| told.item.clone()))
            .collect()
    }

    fn source(path: &str, text: &str) -> Source {
        Source::new(RelPath::new(path).unwrap(), text)
    }

    #[test]
    fn switches_of_releases() {
        let file = source(
            ".goreleaser.yml",
            "builds:\n  - main: ./cmd/a\n    tags: [netgo]\n    flags: ['-tags=x,y']\n    ldflags:\n      - -s -X m/p.Version={{.Version}} -X m/p.Commit={{.Commit}}\n",
        );
        assert_eq!(
            items(&goreleaser(&file, 1)),
            [
                Item::Main("./cmd/a".into()),
                Item::Tag("netgo".into()),
                Item::Tag("x".into()),
                Item::Tag("y".into()),
                Item::Link("m/p.Version".into(), LinkValue::Version),
                Item::Link("m/p.Commit".into(), LinkValue::Other),
            ]
        );
        let file = source(
            ".promu.yml",
            "build:\n  binaries: [{name: a, path: ./cmd/a}]\n  tags: {all: [netgo], windows: []}\n  ldflags: |\n    -X v.Version={{.Version}}\n",
        );
        assert_eq!(
            items(&promu(&file, 1)),
            [
                Item::Tag("netgo".into()),
                Item::Link("v.Version".into(), LinkValue::Version),
                Item::Main("./cmd/a".into()),
            ]
        );
    }

    #[test]
    fn variables_of_a_makefile() {
        let file = source(
            "Makefile",
            "TAGS := sqlite bleve\nLDFLAGS = -X 'main.Version=$(VERSION)'\nGO = go\nbuild:\n\t@$(GO) build -tags \"$(TAGS)\" \\\n\t  -ldflags \"$(LDFLAGS)\" ./cmd/x\n",
        );
        let all = items(&recipes(&file, 1));
        for item in [
            Item::Tag("sqlite".into()),
            Item::Tag("bleve".into()),
            Item::Link("main.Version".into(), LinkValue::Version),
            Item::Main("./cmd/x".into()),
        ] {
            assert!(all.contains(&item), "{item:?} in {all:?}");
        }
    }
}
