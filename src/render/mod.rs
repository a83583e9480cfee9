//! From the plan to files: templates in, text out, checked before anyone writes it.

mod environment;
mod filters;
mod tidy;
pub mod verify;

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use crate::diag::{Diagnostic, Result};
use crate::pack::PackSet;
use crate::plan::{From, Image, Output, Plan, Stage};
use crate::repo::Repo;
use crate::write::{OutputFile, stamp};

/// Renders every output of a plan and verifies it against the repository. A fault that `verify`
/// finds is ours: the diagnostic has the code `bad-output`.
pub fn render(packs: &PackSet, plan: &Plan, repo: &Repo) -> Result<Vec<OutputFile>> {
    let environment = environment::environment(packs);
    let secrets = verify::Secrets::of(repo, packs.secrets());
    let mut files = Vec::new();
    for (image, outputs) in plan.with_outputs() {
        let rendered = outputs
            .into_iter()
            .map(|output| {
                Ok((
                    output.path.clone(),
                    tidy::tidy(&text(&environment, image, output)?),
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        verify::verify(image, &rendered, repo, &secrets)?;
        files.extend(rendered.into_iter().map(|(path, text)| OutputFile {
            path,
            text: stamp(&text),
        }));
    }
    Ok(files)
}

/// One file of an image, as its template gives it.
fn text(environment: &Environment<'_>, image: &Image, output: &Output) -> Result<String> {
    let stages = image
        .stages
        .iter()
        .map(|stage| body(environment, stage))
        .collect::<Result<Vec<_>>>()?;
    let context = context! {
        name => image.name.as_str(),
        language => image.language.as_str(),
        frameworks => Serde(&image.frameworks),
        stages => stages,
        run => Serde(&image.run),
        ignore => Serde(&image.ignore),
    };
    environment
        .get_template(&output.template)
        .and_then(|template| template.render(context))
        .map_err(|error| template_fault(&error))
}

/// A stage as the image's template sees it: its first line in parts, and its body, which its own
/// template has made of its own context.
fn body(environment: &Environment<'_>, stage: &Stage) -> Result<Value> {
    let body = environment
        .get_template(&stage.template)
        .and_then(|template| template.render(Serde(&stage.context)))
        .map_err(|error| template_fault(&error))?;
    let from = match &stage.from {
        From::Image(image) => &image.reference,
        From::Stage(name) => name,
    };
    Ok(context! {
        name => stage.name.as_str(),
        from => from.as_str(),
        native => stage.native,
        body => Value::from_safe_string(body.trim_matches('\n').to_owned()),
    })
}

/// The innermost error: that of an include stands inside that of the template around it.
fn template_fault(error: &minijinja::Error) -> Diagnostic {
    let mut innermost = error;
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<minijinja::Error>() {
            innermost = inner;
        }
        source = inner.source();
    }
    let place = match (innermost.name(), innermost.line()) {
        (Some(name), Some(line)) => format!("templates/{name}:{line}: "),
        _ => String::new(),
    };
    let detail = innermost
        .detail()
        .map_or_else(|| innermost.kind().to_string(), str::to_owned);
    Diagnostic::error("template", format!("{place}{detail}"))
        .with_help("a template of a pack cannot be rendered; nothing was written")
}

#[cfg(test)]
mod tests {
    use walkdir::WalkDir;

    use super::*;
    use crate::assemble::assemble;
    use crate::detect::detect;
    use crate::plan::Tables;
    use crate::plan::settings::Settings;
    use crate::repo::Limits;

    /// But for the blank line around an empty block, the built-in templates give what `tidy` wants
    /// by themselves: it is the net, not the way.
    #[test]
    fn nothing_of_ours_needs_tidying() {
        let without_blank = |text: &str| -> Vec<String> {
            let lines = text.split('\n').filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        };
        let packs = PackSet::builtin().unwrap();
        let tables = Tables::load(&packs).unwrap();
        let environment = environment::environment(&packs);
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        let mut untidy = Vec::new();
        for entry in WalkDir::new(fixtures).min_depth(3).max_depth(3) {
            let entry = entry.unwrap();
            if entry.file_name() != "in" {
                continue;
            }
            let dir = camino::Utf8Path::from_path(entry.path()).unwrap();
            let repo = Repo::open(dir, Limits::default()).unwrap();
            let detection = detect(&repo, &packs);
            let settings = Settings::default();
            let Ok(assembled) = assemble(&repo, &detection, &settings, &packs, &tables) else {
                continue;
            };
            let plan = assembled;
            for (image, outputs) in plan.with_outputs() {
                for output in outputs {
                    let text = text(&environment, image, output).unwrap();
                    if without_blank(&tidy::tidy(&text)) != without_blank(&text) {
                        untidy.push(format!("{dir}: {}", output.path));
                    }
                }
            }
        }
        assert!(untidy.is_empty(), "{untidy:#?}");
    }
}
