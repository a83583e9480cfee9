//! For any manifest text, the Dockerfile has the same instructions as that of a harmless twin: the
//! same manifest with a plain text in place of each hostile one.

use std::collections::{BTreeMap, BTreeSet};

use dockgen::assemble::assemble;
use dockgen::detect::detect;
use dockgen::plan::settings::Settings;
use dockgen::render::render;
use dockgen::repo::Repo;
use parse_dockerfile::{Command, Instruction, Source};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::FileFailurePersistence;

use crate::seeds::{Files, SEEDS, Seed, Slot};
use crate::support::{BUILTIN, NASTY, ODD};

/// What dockgen makes of a repository: the texts by path, none when it refuses.
struct Outcome {
    texts: BTreeMap<String, String>,
}

/// An error when dockgen calls the result a fault of its own.
fn outcome(files: &Files) -> Result<Outcome, TestCaseError> {
    let (packs, tables) = &*BUILTIN;
    let repo = Repo::from_files(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str())),
    );
    let detection = detect(&repo, packs);
    let texts = assemble(&repo, &detection, &Settings::default(), packs, tables)
        .map_err(|failure| failure.diagnostic)
        .and_then(|plan| render(packs, &plan, &repo))
        .map(|files| {
            files
                .into_iter()
                .map(|file| (file.path.to_string(), file.text))
                .collect()
        })
        .map_err(|diagnostic| (diagnostic.code, diagnostic.message));
    if let Err((code @ ("bad-output" | "template" | "no-image"), message)) = &texts {
        return Err(TestCaseError::fail(format!(
            "{code}: {message}\n{files:#?}"
        )));
    }
    Ok(Outcome {
        texts: texts.unwrap_or_default(),
    })
}

/// The instructions of a Dockerfile, each with what must not change: its kind and the texts of its
/// heredocs.
fn shape(dockerfile: &str) -> Vec<String> {
    let parsed =
        parse_dockerfile::parse(dockerfile).unwrap_or_else(|error| panic!("{error}\n{dockerfile}"));
    parsed
        .instructions
        .iter()
        .map(|instruction| match instruction {
            Instruction::From(_) => "FROM".to_owned(),
            Instruction::Arg(_) => "ARG".to_owned(),
            Instruction::Copy(copy) => {
                let texts: Vec<&str> = copy
                    .src
                    .iter()
                    .filter_map(|source| match source {
                        Source::HereDoc(text) => Some(text.value.as_ref()),
                        _ => None,
                    })
                    .collect();
                format!("COPY {texts:?}")
            }
            Instruction::Run(run) => {
                let texts: Vec<&str> = run
                    .here_docs
                    .iter()
                    .map(|text| text.value.as_ref())
                    .collect();
                let form = match run.arguments {
                    Command::Exec(_) => "exec",
                    _ => "shell",
                };
                format!("RUN {form} {texts:?}")
            }
            Instruction::Entrypoint(_) => "ENTRYPOINT".to_owned(),
            Instruction::Cmd(_) => "CMD".to_owned(),
            Instruction::Healthcheck(_) => "HEALTHCHECK".to_owned(),
            Instruction::User(_) => "USER".to_owned(),
            Instruction::Workdir(_) => "WORKDIR".to_owned(),
            Instruction::Env(_) => "ENV".to_owned(),
            Instruction::Label(_) => "LABEL".to_owned(),
            Instruction::Expose(_) => "EXPOSE".to_owned(),
            Instruction::Volume(_) => "VOLUME".to_owned(),
            Instruction::Stopsignal(_) => "STOPSIGNAL".to_owned(),
            other => panic!("{other:?} in\n{dockerfile}"),
        })
        .collect()
}

/// Harmless texts, one for each kind that a manifest tells apart: a name, nothing, an address, a
/// path, several words, a comment, an option, an exception, a variable, shell, what ends a
/// list or a text, lines, a path on the second of them, a line that goes on.
const TWINS: &[&str] = &[
    "plain",
    "",
    "plain/word",
    "../plain",
    "plain word",
    "#plain",
    "-plain",
    "!plain",
    "1",
    "*",
    "plain:word",
    "${plain}",
    "$PLAIN",
    "plain && plain",
    "'plain word'",
    "plain]",
    "plain)",
    "plain}",
    "plain'",
    "plain\"",
    "\n",
    "\nplain",
    // A command that begins so is not taken over.
    "\n--plain",
    "plain\nplain word",
    "plain\nplain word /plain",
    "plain\\",
    "plain\\\n",
];

fn shapes(outcome: &Outcome) -> BTreeMap<&str, Vec<String>> {
    outcome
        .texts
        .iter()
        .filter(|(path, _)| path.ends_with("Dockerfile"))
        .map(|(path, text)| (path.as_str(), shape(text)))
        .collect()
}

/// What a text does to the file around it.
#[derive(Clone, Copy)]
enum Spoilt {
    /// It breaks the file, which then counts as if it were not there.
    Broken,
    /// It hides the rest, as a comment or a heredoc of the authors' own does.
    Cut,
    /// It breaks the code around it, of which a part is still read.
    Bare,
}

/// Harmless repositories like one in whose slots `nasty` stands: each slot holds a harmless text,
/// and what may become of the files as well. A text that breaks code may leave manifests whole, so
/// that this happens to files of one ending, to all code, and to one file alone.
fn twins<'a>(
    seed: &'a Seed,
    slots: &'a [&'a Slot],
    nasty: &str,
) -> impl Iterator<Item = Files> + 'a {
    const CODE: &[&str] = &["go", "java", "js", "kt", "mjs", "py", "rs", "ts", "tsx"];
    let ending = |path: &str| path.rsplit_once('.').map(|(_, ending)| ending.to_owned());
    let all: BTreeSet<&String> = slots.iter().map(|slot| &slot.path).collect();
    let with = |wanted: &dyn Fn(Option<&str>) -> bool| -> BTreeSet<&'a String> {
        let same = all.iter().filter(|path| wanted(ending(path).as_deref()));
        same.copied().collect()
    };
    let code = with(&|ending| ending.is_some_and(|ending| CODE.contains(&ending)));
    let endings: BTreeSet<_> = all.iter().map(|path| ending(path)).collect();
    let mut groups = vec![all.clone(), code.clone()];
    groups.extend(
        endings
            .iter()
            .map(|known| with(&|ending| ending == known.as_deref())),
    );
    groups.extend(all.iter().map(|path| BTreeSet::from([*path])));
    let spoilt = groups
        .into_iter()
        .flat_map(|group| [(group.clone(), Spoilt::Broken), (group, Spoilt::Cut)]);
    let bare = seed.filled(slots, &bare(nasty));
    let first = [(BTreeSet::new(), Spoilt::Broken), (code, Spoilt::Bare)];
    first
        .into_iter()
        .chain(spoilt)
        .flat_map(move |(group, how)| {
            let bare: Files = group
                .iter()
                .map(|path| ((*path).clone(), bare[*path].clone()))
                .collect();
            TWINS.iter().map(move |twin| {
                let mut files = seed.filled(slots, twin);
                for path in &group {
                    let text = match how {
                        Spoilt::Broken => "<{[".to_owned(),
                        Spoilt::Cut => cut(seed, slots, path),
                        Spoilt::Bare => bare[*path].clone(),
                    };
                    files.insert((*path).clone(), text);
                }
                files
            })
        })
}

/// The marks of a text that break code, without what could be an instruction: no line, no word, no
/// variable and no heredoc is left.
fn bare(nasty: &str) -> String {
    let harmless = |c: char| !matches!(c, '\n' | '\r' | '\\' | '$' | '<' | '\u{85}' | '\u{2028}');
    let word = |c: char| if c.is_ascii_alphanumeric() { 'x' } else { c };
    nasty.chars().filter(|c| harmless(*c)).map(word).collect()
}

/// A file up to the line of its first slot.
fn cut(seed: &Seed, slots: &[&Slot], path: &String) -> String {
    let text = &seed.files[path];
    let own = slots.iter().filter(|slot| slot.path == *path);
    let first = own.map(|slot| slot.at.start).min().unwrap_or_default();
    let line = text[..first].rfind('\n').map_or(0, |at| at + 1);
    text[..line].to_owned()
}

/// Each Dockerfile has the instructions of that of a twin.
fn same_shape(seed: &Seed, slots: &[&Slot], nasty: &str) -> Result<(), TestCaseError> {
    let hostile = outcome(&seed.filled(slots, nasty))?;
    let mut left = shapes(&hostile);
    for twin in twins(seed, slots, nasty) {
        if left.is_empty() {
            break;
        }
        let twin = outcome(&twin)?;
        let twin = shapes(&twin);
        left.retain(|path, shape| twin.get(path) != Some(shape));
    }
    if let Some(path) = left.keys().next() {
        let at: Vec<_> = slots
            .iter()
            .map(|slot| (&slot.path, &seed.files[&slot.path][slot.at.clone()]))
            .collect();
        let text = &hostile.texts[*path];
        let report = format!(
            "{}: {nasty:?} at {at:?}: {path} has no twin\n{text}",
            seed.name
        );
        return Err(TestCaseError::fail(report));
    }
    Ok(())
}

/// Hostile texts, whole and pieced together.
fn nasty() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "\n",
        "\r",
        "\\",
        "`",
        "$",
        "\"",
        "'",
        "#",
        "<<",
        "<",
        ",",
        "-",
        "--",
        "[",
        "]",
        "*",
        "{",
        "}",
        "${{",
        "}}",
        "%0a",
        "\u{2028}",
        "\u{202e}",
        "\u{85}",
        "\u{0}",
        " ",
        "\t",
        "&&",
        ";",
        "|",
        "=",
        ":",
        "/",
        "EOF",
        "GO",
        "q",
        "RUN touch /injected",
        "FROM evil",
        "# syntax=evil",
        "é",
    ];
    prop_oneof![
        select(NASTY).prop_map(str::to_owned),
        vec(select(PIECES), 1..6).prop_map(|pieces| pieces.concat()),
    ]
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        max_shrink_iters: 200,
        // `PROPTEST_CASES` asks for more.
        ..ProptestConfig::with_cases(ProptestConfig::default().cases.max(256) / 256 * cases)
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn a_hostile_value_changes_no_instruction(
        seed in any::<Index>(),
        at in vec(any::<Index>(), 1..4),
        nasty in nasty(),
    ) {
        let seed = seed.get(&SEEDS);
        prop_assume!(!seed.slots.is_empty());
        let slots: Vec<&Slot> = at.iter().map(|at| at.get(&seed.slots)).collect();
        same_shape(seed, &slots, &nasty)?;
    }

    #[test]
    fn a_hostile_value_everywhere_changes_no_instruction(
        seed in any::<Index>(),
        nasty in nasty(),
    ) {
        let seed = seed.get(&SEEDS);
        let slots: Vec<&Slot> = seed.slots.iter().collect();
        same_shape(seed, &slots, &nasty)?;
    }

    #[test]
    fn any_value_is_taken_or_refused(
        seed in any::<Index>(),
        at in vec(any::<Index>(), 1..4),
        value in prop_oneof![select(ODD).prop_map(str::to_owned), any::<String>(), nasty()],
    ) {
        let seed = seed.get(&SEEDS);
        prop_assume!(!seed.slots.is_empty());
        let slots: Vec<&Slot> = at.iter().map(|at| at.get(&seed.slots)).collect();
        for (path, text) in outcome(&seed.filled(&slots, &value))?.texts {
            if path.ends_with("Dockerfile") {
                shape(&text);
            }
        }
    }

    #[test]
    fn any_text_is_taken_or_refused(
        seed in any::<Index>(),
        file in any::<Index>(),
        (from, to) in (any::<Index>(), any::<Index>()),
        value in prop_oneof!["", any::<String>(), nasty(), "[\\[\\]{}<>\"'=:,\n#/ a-c0-2-]{0,60}"],
    ) {
        let seed = seed.get(&SEEDS);
        let mut files = seed.files.clone();
        let path = file.get(&files.keys().cloned().collect::<Vec<_>>()).clone();
        let text = files.get_mut(&path).unwrap();
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (from, to) = (*from.get(&boundaries), *to.get(&boundaries));
        text.replace_range(from.min(to)..from.max(to), &value);
        outcome(&files)?;
    }

    #[test]
    fn no_ignore_line_hides_what_the_build_needs(
        seed in any::<Index>(),
        lines in vec(
            prop_oneof![
                select(&[
                    "*", "**", "/*", "**/*", "*/", ".*", "src", "src/", "/src", "main*", "*.go", "*.js", "*.json",
                    "*.toml", "*.lock", "*.py", "*.txt", "*.html", "*.java", "*.xml", "*.mod", "*.sum", "app",
                    "package*.json", "!package.json", "!src", "!*", "!/main.go", "cmd/", "public", "static/**",
                    "**/templates", "dist", "build", "target", "*.md", "!*/", "[a-z]*", "go.*", "?*",
                ]).prop_map(str::to_owned),
                "[!/]?[a-z*?\\[\\]/.\\\\ ]{1,8}",
            ],
            1..6,
        ),
        below in any::<bool>(),
    ) {
        let seed = seed.get(&SEEDS);
        let mut files = seed.files.clone();
        let path = if below { "src/.gitignore" } else { ".gitignore" };
        files.insert(path.to_owned(), lines.join("\n"));
        outcome(&files)?;
    }

    #[test]
    fn a_hostile_folder_changes_no_instruction(
        seed in any::<Index>(),
        nasty in nasty(),
        deep in any::<bool>(),
    ) {
        // A slash makes two folders of one.
        let nasty = nasty.replace('/', "");
        prop_assume!(!nasty.is_empty() && nasty != "." && nasty != "..");
        let seed = seed.get(&SEEDS);
        let moved = |folder: &str| -> Files {
            let folder = if deep { format!("a/{folder}") } else { folder.to_owned() };
            seed.files.iter().map(|(path, text)| (format!("{folder}/{path}"), text.clone())).collect()
        };
        let hostile = outcome(&moved(&nasty))?;
        // A folder with a point in front is hidden, and holds no program.
        let plain = if nasty.starts_with('.') { ".plain" } else { "plain" };
        let twin = outcome(&moved(plain))?;
        let (hostile, twin) = (shapes(&hostile), shapes(&twin));
        if !hostile.is_empty() {
            let (hostile, twin): (Vec<_>, Vec<_>) = (hostile.values().collect(), twin.values().collect());
            prop_assert!(hostile == twin, "{} in {:?}", seed.name, nasty);
        }
    }
}
