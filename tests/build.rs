//! Builds and runs what `examples/` holds, and has every golden Dockerfile pass BuildKit's own checks.
//!
//! Real builds take minutes and a builder, so they run only when they are asked for:
//!
//! ```text
//! BUILD_TESTS=1 cargo test --test build [-- go-api]
//! ```
//!
//! The builder is Docker, or imagelab where that is found (see `build/engine.rs`). Without either,
//! and for images that cannot be made here, a trial is reported as ignored and counted as skipped.
#![expect(
    clippy::disallowed_methods,
    reason = "the test lays out folders and starts the builder"
)]
#![expect(
    clippy::print_stderr,
    reason = "the closing count and the figures are for people"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use walkdir::WalkDir;

#[path = "build/checks.rs"]
mod checks;
#[path = "build/engine.rs"]
mod engine;
#[path = "build/example.rs"]
mod example;
#[path = "build/log.rs"]
mod log;
#[path = "build/running.rs"]
mod running;
#[path = "build/workdir.rs"]
mod workdir;

use engine::{Built, Engine};

/// What there is to build with, or why there is nothing.
type Builder = Result<Arc<Engine>, &'static str>;

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    // Each trial keeps a compiler busy: more at a time only makes the health checks late.
    args.test_threads.get_or_insert(2);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let builder = match find_builder(root, &args) {
        Ok(builder) => builder,
        Err(error) => {
            eprintln!("build: {error}");
            return ExitCode::FAILURE;
        }
    };

    let mut trials = log::trials();
    trials.extend(checks::trials());
    trials.extend(example_trials(root, &builder));
    trials.extend(golden_trials(root, &builder));
    let conclusion = libtest_mimic::run(&args, trials);
    if let Err(reason) = &builder {
        eprintln!("skipped: {reason}");
    }
    eprintln!(
        "build: {} passed, {} failed, {} skipped",
        conclusion.num_passed, conclusion.num_failed, conclusion.num_ignored
    );
    conclusion.exit_code()
}

fn find_builder(root: &Path, args: &Arguments) -> Result<Builder, String> {
    if args.list || std::env::var_os("BUILD_TESTS").is_none_or(|value| value != "1") {
        return Ok(Err("real builds run when BUILD_TESTS=1 asks for them"));
    }
    Ok(match Engine::find(root)? {
        Some(engine) => Ok(Arc::new(engine)),
        None => Err("no Docker with buildx answers here"),
    })
}

/// A trial that needs the builder: ignored where there is none.
fn trial(
    kind: &str,
    name: String,
    builder: &Builder,
    run: impl FnOnce(&Engine) -> Result<Completion, Failed> + Send + 'static,
) -> Trial {
    let builder = builder.clone();
    let ignored = builder.is_err();
    Trial::ignorable_test(name, move || match builder {
        Ok(engine) => run(&engine),
        Err(reason) => Ok(Completion::ignored_with(reason)),
    })
    .with_kind(kind)
    .with_ignored_flag(ignored)
}

/// One trial for each image of each example; a folder that no settings file describes fails.
fn example_trials(root: &Path, builder: &Builder) -> Vec<Trial> {
    let mut trials = Vec::new();
    for app in folders(&root.join("examples")) {
        let name = file_name(&app);
        match example::read(&app.with_extension("toml")) {
            Ok(images) => {
                for image in images {
                    let app = app.clone();
                    let title = format!("{name}/{}", image.dockerfile);
                    let label = title.clone();
                    trials.push(trial("image", title, builder, move |engine| {
                        example_image(engine, &app, &label, &image)
                    }));
                }
            }
            // Seen without a builder too.
            Err(error) => {
                let broken = Trial::test(name, move || Err(error.into()));
                trials.push(broken.with_kind("image"));
            }
        }
    }
    trials
}

/// The whole life of one image: checks, build, look, run, run hardened, edit, build again.
fn example_image(
    engine: &Engine,
    app: &Path,
    title: &str,
    expected: &example::Image,
) -> Result<Completion, Failed> {
    let context = workdir::copy_with_decoys(app, &expected.edit.file)?;
    if let Built::NoStandIn(reason) = engine.check(context.path(), &expected.dockerfile)? {
        return Ok(Completion::ignored_with(reason));
    }
    let (image, first) = match engine.build(context.path(), &expected.dockerfile, title)? {
        Built::Done { value, log } => (value, log),
        Built::NoStandIn(reason) => return Ok(Completion::ignored_with(reason)),
    };

    let mut figures = vec![checks::configuration(&image, expected)?];
    checks::leftovers(&image, expected)?;
    figures.extend(checks::size(&image, expected)?);
    figures.extend(running::as_it_is(&image, expected)?);
    running::hardened(&image, expected)?;

    workdir::edit(context.path(), &expected.edit)?;
    match engine.build(context.path(), &expected.dockerfile, title)? {
        Built::Done { value: second, log } => {
            log::dependencies_stayed(&first, &log)?;
            if image.id()? == second.id()? {
                return Err(
                    "the edit changed nothing in the image: it does not hold the sources \
                            that were built"
                        .into(),
                );
            }
        }
        Built::NoStandIn(reason) => return Err(reason.into()),
    }
    eprintln!("{title}: {}", figures.join(", "));
    Ok(Completion::Completed)
}

/// One trial for each Dockerfile that a fixture expects.
fn golden_trials(root: &Path, builder: &Builder) -> Vec<Trial> {
    let mut trials = Vec::new();
    for language in folders(&root.join("tests/fixtures")) {
        for case in folders(&language) {
            let out = case.join("out");
            for dockerfile in dockerfiles(&out) {
                let name = format!("{}/{}/{dockerfile}", file_name(&language), file_name(&case));
                let layers = [case.join("in"), out.clone()];
                trials.push(trial("check", name, builder, move |engine| {
                    let context = workdir::overlay(&layers)?;
                    Ok(match engine.check(context.path(), &dockerfile)? {
                        Built::Done { .. } => Completion::Completed,
                        Built::NoStandIn(reason) => Completion::ignored_with(reason),
                    })
                }));
            }
        }
    }
    trials
}

/// The Dockerfiles below `folder`, as paths with `/` relative to it.
fn dockerfiles(folder: &Path) -> Vec<String> {
    WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy();
            entry.file_type().is_file() && (name == "Dockerfile" || name.ends_with(".Dockerfile"))
        })
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(folder).ok()?;
            Some(path.to_string_lossy().replace('\\', "/"))
        })
        .collect()
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    WalkDir::new(parent)
        .min_depth(1)
        .max_depth(1)
        .sort_by_file_name()
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_dir())
        .map(walkdir::DirEntry::into_path)
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
