//! From the plan to files: templates in, text out, checked before anyone writes it.

mod environment;
mod filters;
mod tidy;
pub mod verify;

use minijinja::value::Serde;

use crate::diag::{Diagnostic, Result};
use crate::pack::PackSet;
use crate::plan::{ComponentPlan, Plan};
use crate::repo::Repo;
use crate::write::{OutputFile, stamp};

/// Renders every output of a plan and verifies it against the repository. A fault that `verify`
/// finds is ours: the diagnostic has the code `bad-output`.
pub fn render(packs: &PackSet, plan: &Plan, repo: &Repo) -> Result<Vec<OutputFile>> {
    let environment = environment::environment(packs);
    let mut files = Vec::new();
    for component in &plan.components {
        let rendered = render_component(&environment, component)?;
        verify::verify(component, &rendered, repo)?;
        files.extend(rendered.into_iter().map(|(path, text)| OutputFile {
            path,
            text: stamp(&text),
        }));
    }
    Ok(files)
}

type Rendered = Vec<(crate::repo::RelPath, String)>;

fn render_component(
    environment: &minijinja::Environment<'_>,
    component: &ComponentPlan,
) -> Result<Rendered> {
    component
        .outputs
        .iter()
        .map(|output| {
            let text = environment
                .get_template(&output.template)
                .and_then(|template| template.render(Serde(component)))
                .map_err(|error| template_fault(&error))?;
            Ok((output.path.clone(), tidy::tidy(&text)))
        })
        .collect()
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
    use crate::detect::detect;
    use crate::plan::settings::Settings;
    use crate::plan::{Tables, resolve};
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
            let Ok(plan) = resolve(&repo, &detection, &Settings::default(), &tables) else {
                continue;
            };
            for component in &plan.components {
                for output in &component.outputs {
                    let template = environment.get_template(&output.template).unwrap();
                    let text = template.render(Serde(component)).unwrap();
                    if without_blank(&tidy::tidy(&text)) != without_blank(&text) {
                        untidy.push(format!("{dir}: {}", output.path));
                    }
                }
            }
        }
        assert!(untidy.is_empty(), "{untidy:#?}");
    }
}
