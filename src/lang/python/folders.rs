//! Folders that a program keeps its data in, where it builds their paths from its own file's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::facts::{Confidence, Evidence, Facts, Found, Rank, push};
use crate::lang::Sources;
use crate::repo::{RelPath, Source};

/// Names of folders by file and name, and by name alone.
#[derive(Default)]
struct Bases {
    of_file: BTreeMap<(RelPath, String), RelPath>,
    everywhere: BTreeMap<String, BTreeSet<RelPath>>,
}

impl Bases {
    fn add(&mut self, file: &RelPath, name: &str, dir: RelPath) {
        self.everywhere
            .entry(name.to_owned())
            .or_default()
            .insert(dir.clone());
        self.of_file.insert((file.clone(), name.to_owned()), dir);
    }

    /// The folder of a name in a file: its own, else the only one that any file has.
    fn get(&self, file: &RelPath, name: &str) -> Option<RelPath> {
        if let Some(dir) = self.of_file.get(&(file.clone(), name.to_owned())) {
            return Some(dir.clone());
        }
        let dirs = self.everywhere.get(name)?;
        (dirs.len() == 1).then(|| dirs.first().cloned()).flatten()
    }
}

pub(super) fn refine(facts: &mut Facts, sources: &Sources<'_>) {
    let files: Vec<(RelPath, Source)> = sources
        .files()
        .iter()
        .filter_map(|file| Some((file.clone(), sources.read(file)?)))
        .collect();
    let mut bases = Bases::default();
    for (file, source) in files.iter().filter(|(_, s)| s.text.contains("__file__")) {
        base_names(file, source, &mut bases);
    }
    for (file, source) in &files {
        data_folders(file, source, &bases, facts);
    }
}

type Pattern = LazyLock<Option<Regex>>;

fn regex(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

fn matches<'t>(pattern: &'static Pattern, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
    pattern
        .iter()
        .flat_map(move |pattern| pattern.captures_iter(text))
}

/// `BASE_DIR = Path(__file__).resolve().parent.parent`, and names made from such a name.
fn base_names(file: &RelPath, source: &Source, bases: &mut Bases) {
    static NAMED: Pattern = LazyLock::new(|| {
        regex(
            r"(?m)^(\w+)\s*(?::[^=\n]+)?=\s*([^\n]*(?:__file__|\w+\.parent\b|dirname\(\w+\))[^\n]*)$",
        )
    });
    static OF: Pattern = LazyLock::new(|| regex(r"(\w+)\.parent\b|dirname\((\w+)\)"));
    for found in matches(&NAMED, &source.text) {
        let expression = &found[2];
        // A path below the folder is no base; those are looked at afterwards.
        if expression.contains(['/', '"', '\'']) && !expression.contains("..") {
            continue;
        }
        let start = if expression.contains("__file__") {
            Some(file.clone())
        } else {
            OF.as_ref()
                .and_then(|of| of.captures(expression))
                .and_then(|of| of.get(1).or(of.get(2)))
                .and_then(|name| bases.get(file, name.as_str()))
        };
        if let Some(dir) = start.and_then(|start| above(start, expression)) {
            bases.add(file, &found[1], dir);
        }
    }
}

/// The folder above a path, as often as the expression says.
fn above(start: RelPath, expression: &str) -> Option<RelPath> {
    static NUMBERED: Pattern = LazyLock::new(|| regex(r"\.parents\[(\d)\]"));
    let numbered: usize = matches(&NUMBERED, expression)
        .filter_map(|found| found[1].parse::<usize>().ok())
        .map(|number| number + 1)
        .sum();
    let single = expression.matches(".parent").count() - expression.matches(".parents").count();
    let times = single
        + numbered
        + expression.matches("dirname(").count()
        + expression.matches("..").count();
    let mut dir = start;
    for _ in 0..times {
        if dir.is_root() {
            return None;
        }
        dir = dir.parent().unwrap_or_default();
    }
    Some(dir)
}

/// Folders below a base, under names that say that data is kept there.
fn data_folders(file: &RelPath, source: &Source, bases: &Bases, facts: &mut Facts) {
    static LINE: Pattern = LazyLock::new(|| {
        regex(
            r#"(?mx)^\s*["']?(?P<name>(?:\w*_)?(?:MEDIA|DATA|DATASTORE|UPLOADS?|CONSUMPTION|CONSUME|STORAGE|DB|DATABASE|SQLITE|LOG|LOGGING|LOGS|CACHE|INDEX|THUMBNAILS?)_?(?:DIR|DIRECTORY|ROOT|PATH|FOLDER|FILE|NAME)|NAME|filename|location)["']?
            \s*(?::[^=\n]*?)?[:=]\s*(?P<value>[^\n]+)$"#,
        )
    });
    static JOINED: Pattern = LazyLock::new(|| {
        regex(
            r#"join\(\s*(\w+)\s*,\s*((?:["'][\w./-]+["']\s*,?\s*)+)\)|\b(\w+)((?:\.parent)*)((?:\s*/\s*["'][\w./-]+["'])+)"#,
        )
    });
    static PART: Pattern = LazyLock::new(|| regex(r#"["']([\w./-]+)["']"#));
    for line in matches(&LINE, &source.text) {
        let (Some(name), Some(value)) = (line.name("name"), line.name("value")) else {
            continue;
        };
        let Some(joined) = JOINED.as_ref().and_then(|of| of.captures(value.as_str())) else {
            continue;
        };
        let base = joined.get(1).or(joined.get(3));
        let parts = joined.get(2).or(joined.get(5));
        let (Some(base), Some(parts)) = (base, parts) else {
            continue;
        };
        let up = joined.get(4).map_or("", |up| up.as_str());
        let Some(dir) = bases
            .get(file, base.as_str())
            .and_then(|dir| above(dir, up))
        else {
            continue;
        };
        let parts: Vec<&str> = PART
            .iter()
            .flat_map(|part| part.captures_iter(parts.as_str()))
            .filter_map(|found| found.get(1))
            .map(|found| found.as_str())
            .collect();
        let path = dir.join(&parts.join("/"));
        let file_name = path
            .name()
            .rsplit_once('.')
            .is_some_and(|(stem, _)| !stem.is_empty());
        // Without an ending of its own, a file's name says nothing.
        let holds_file =
            matches!(name.as_str(), "NAME" | "filename") || name.as_str().ends_with("_NAME");
        if holds_file && !file_name {
            continue;
        }
        let folder = if file_name {
            path.parent().unwrap_or_default()
        } else {
            path
        };
        let why = format!("{} says where it is kept", name.as_str());
        let evidence = Evidence::span("python/data-folder", source, &name.range(), why);
        let list = if folder.is_root() || is_passing(name.as_str()) {
            &mut facts.writable
        } else {
            &mut facts.volumes
        };
        push(
            list,
            Found {
                value: folder.to_string(),
                rank: Rank::Source,
                confidence: Confidence::Likely,
                evidence,
            },
        );
    }
}

/// Logs and caches are written, but nobody keeps them.
fn is_passing(name: &str) -> bool {
    ["LOG", "CACHE"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(path: &str, text: &str) -> (Vec<String>, Vec<String>) {
        let file = RelPath::new(path).unwrap();
        let source = Source::new(file.clone(), text);
        let mut bases = Bases::default();
        base_names(&file, &source, &mut bases);
        let mut facts = Facts::default();
        data_folders(&file, &source, &bases, &mut facts);
        let texts = |list: Vec<Found<String>>| list.into_iter().map(|found| found.value).collect();
        (texts(facts.volumes), texts(facts.writable))
    }

    #[test]
    fn folders_are_found_below_the_bases() {
        let text = "BASE_DIR = Path(__file__).resolve().parent.parent.parent\n\
                    MEDIA_ROOT = BASE_DIR / \"media\"\n\
                    DATA_DIR: Path = from_env(\"X\", BASE_DIR.parent / \"data\")\n\
                    LOGGING_DIR = os.path.join(BASE_DIR, 'log')\n\
                    DATABASES = {\n    \"NAME\": BASE_DIR / \"db\" / \"db.sqlite3\",\n\
                    \"NAME\": BASE_DIR / \"name\"}\n";
        let (volumes, writable) = folders("src/app/settings/base.py", text);
        assert_eq!(volumes, ["src/media", "data", "src/db"]);
        assert_eq!(writable, ["src/log"]);
    }

    #[test]
    fn a_base_may_be_made_of_another() {
        let text = "PROJECT_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))\n\
                    BASE_DIR = os.path.dirname(PROJECT_DIR)\n\
                    MEDIA_ROOT = os.path.join(BASE_DIR, \"media\")\n";
        let (volumes, _) = folders("site/settings/base.py", text);
        assert_eq!(volumes, ["media"]);
    }
}
