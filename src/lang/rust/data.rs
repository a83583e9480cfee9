//! What a program reads when it runs: folders and files that its sources name in a path, are in
//! the repository, and are not compiled in.

use std::sync::LazyLock;

use regex::Regex;

use crate::facts::{Artifact, Confidence, Evidence, Found, Rank, push};
use crate::lang::{Component, Sources};
use crate::repo::{RelPath, Repo, Source};

/// A text literal that can be a relative path.
static LITERAL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""(?:\./)?([A-Za-z0-9_][A-Za-z0-9_./*-]*)""#).ok());

/// What stands before a literal that the compiler reads, not the program.
static COMPILED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?:(?:include\w*|migrate|embed_\w+|env|option_env|query_file\w*|include_dir|embed|css|asset)!\(\s*|#\[[^\]]*|\bmod\s+|extern\s+)$",
    )
    .ok()
});

/// A literal at the crate's own folder, which is compiled in as an absolute path.
static AT_MANIFEST: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"relative!\(\s*$").ok());

/// Calls that take a path: behind them one word is enough.
static TAKES_PATH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:Path::new|PathBuf::from|File::open|NamedFile::open|read_to_string|read_dir|fs::read|ServeDir::new|ServeFile::new|FileServer::(?:from|new)|StaticFiles?(?:Endpoint|Dir)?::new|StaticDir::new|fs::dir|fs::file|path_loader|Tera::new|register_templates_directory|with_name|Migrator::new|Files::new\(\s*"[^"]*"\s*,)\(?\s*&?$"#,
    )
    .ok()
});

/// Files and folders that the compiler reads, beside the source file or in the package.
static INCLUDED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"include_(?:str|bytes)!\(\s*"(?P<beside>[^"]+)"|(?:migrate|include_dir|embed_migrations)!\(\s*"(?:\$CARGO_MANIFEST_DIR/)?(?P<package>[^"]+)"|#\[folder\s*=\s*"(?P<folder>[^"]+)""#,
    )
    .ok()
});

static SERVES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"axum::serve|HttpServer::new|warp::serve|rocket::(?:build|ignite)|#\[launch\]|TcpListener::bind|Server::(?:bind|builder|new)").ok()
});

/// Folders that are sources or what a build makes.
const NO_DATA: &[&str] = &[
    "src", "target", "tests", "test", "benches", "examples", "crates", "proto", "vendor",
];

/// Endings of files that a program reads when it runs.
const DATA: &[&str] = &[
    "toml", "json", "yaml", "yml", "ron", "ini", "csv", "txt", "html", "sql", "geojson", "mmdb",
];

/// Whether a program's first file opens a port.
pub(super) fn serves(repo: &Repo, file: &RelPath) -> bool {
    let text = repo.read(file);
    text.is_ok_and(|source| {
        SERVES
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(&source.text))
    })
}

/// Adds the folders and files as artifacts, and makes the paths of those that detectors added
/// relative to the project's root, as the build stage has them.
pub(super) fn folders(repo: &Repo, component: &mut Component, sources: &Sources<'_>) {
    let dir = component.dir.clone();
    let root = component.root.clone();
    for found in &mut component.facts.artifacts {
        if let Some(path) = dir
            .resolve(&found.value.from)
            .and_then(|path| path.below(&root))
        {
            path.as_str().clone_into(&mut found.value.from);
        }
    }
    for source in sources.all() {
        for found in included(&dir, &source) {
            push(&mut component.facts.keep, found);
        }
        if source.path.name() == "build.rs" {
            continue;
        }
        for found in in_source(repo, &dir, &root, &source) {
            let inside = component.facts.artifacts.iter().any(|other| {
                RelPath::new(&found.value.from)
                    .zip(RelPath::new(&other.value.from))
                    .is_some_and(|(own, other)| own.is_in(&other))
            });
            if !inside {
                push(&mut component.facts.artifacts, found);
            }
        }
    }
}

/// What is compiled in, relative to the package: no ignore file may leave it out.
fn included(dir: &RelPath, source: &Source) -> Vec<Found<String>> {
    let beside = source.path.parent().unwrap_or_default();
    let Some(pattern) = INCLUDED.as_ref() else {
        return Vec::new();
    };
    pattern
        .captures_iter(&source.text)
        .filter_map(|found| {
            let path = match found.name("beside") {
                Some(path) => beside.resolve(path.as_str()),
                None => dir.resolve(
                    found
                        .name("package")
                        .or_else(|| found.name("folder"))?
                        .as_str(),
                ),
            };
            let path = path?.below(dir).filter(|path| !path.is_root())?;
            let evidence = Evidence::span(
                "rust/included",
                source,
                &found.get(0)?.range(),
                "the compiler reads it",
            );
            Some(Found {
                value: path.to_string(),
                rank: Rank::Source,
                confidence: Confidence::Certain,
                evidence,
            })
        })
        .collect()
}

fn in_source(repo: &Repo, dir: &RelPath, root: &RelPath, source: &Source) -> Vec<Found<Artifact>> {
    let Some(literal) = LITERAL.as_ref() else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for found in literal.captures_iter(&source.text) {
        let (Some(whole), Some(path)) = (found.get(0), found.get(1)) else {
            continue;
        };
        let before = line_before(&source.text, whole.start());
        let is = |pattern: &LazyLock<Option<Regex>>| {
            pattern
                .as_ref()
                .is_some_and(|pattern| pattern.is_match(before))
        };
        let at_manifest = is(&AT_MANIFEST);
        let path = path.as_str();
        let plain_word = !path.contains('/');
        if is(&COMPILED) || plain_word && !at_manifest && !is(&TAKES_PATH) {
            continue;
        }
        let Some((from, to)) = target(repo, dir, root, path) else {
            continue;
        };
        let Some(from) = from.below(root) else {
            continue;
        };
        let to = if at_manifest {
            from.as_str().to_owned()
        } else {
            to
        };
        all.push(Found {
            value: Artifact {
                from: from.as_str().to_owned(),
                to,
            },
            rank: Rank::Source,
            confidence: Confidence::Likely,
            evidence: Evidence::span(
                "rust/data",
                source,
                &whole.range(),
                format!("the program names {path}"),
            ),
        });
    }
    all
}

/// The text of the statement so far: at most the last 200 bytes before a literal.
fn line_before(text: &str, end: usize) -> &str {
    let mut start = end.saturating_sub(200);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..end]
}

/// The folder or file that a path means, in the package or in the folder of the lock file, and
/// its name as the program sees it.
fn target(repo: &Repo, dir: &RelPath, root: &RelPath, path: &str) -> Option<(RelPath, String)> {
    let clean = RelPath::new(path.split('*').next()?)?;
    let first = clean.parts().next()?.to_owned();
    let bases = if dir == root {
        vec![dir]
    } else {
        vec![dir, root]
    };
    for base in bases {
        let folder = base.join(&first);
        if repo.has_dir(&folder) && !NO_DATA.contains(&first.as_str()) && !has_code(repo, &folder) {
            return Some((folder, first));
        }
        let file = base.join(clean.as_str());
        let known_ending = clean
            .name()
            .rsplit_once('.')
            .is_some_and(|(_, ending)| DATA.contains(&ending));
        if known_ending && clean.depth() == 1 && clean.name() != "Cargo.toml" && repo.has(&file) {
            return Some((file, first));
        }
        // `config::File::with_name("Settings")` finds the ending itself.
        let with_ending = ["toml", "yaml", "yml", "json"]
            .into_iter()
            .map(|ending| format!("{clean}.{ending}"))
            .find(|name| clean.depth() == 1 && repo.has(&base.join(name)));
        if let Some(name) = with_ending {
            return Some((base.join(&name), name));
        }
    }
    None
}

fn has_code(repo: &Repo, folder: &RelPath) -> bool {
    repo.files_in(folder)
        .take(2_000)
        .any(|file| is_rust(file) || file.name() == "Cargo.toml")
}

pub(super) fn is_rust(file: &RelPath) -> bool {
    file.name()
        .rsplit_once('.')
        .is_some_and(|(_, ending)| ending == "rs")
}
