//! Whether `go.sum` has the sums that `go build` checks.

use std::collections::BTreeSet;

use super::modfile::directives;
use crate::facts::{Confidence, Evidence, Found, Rank, push};
use crate::lang::Component;
use crate::repo::{Dir, Source};

/// A required module without its sums in go.sum; `None` when all are there. Of a module that only
/// others need, the sum of its go.mod may be all that there is.
pub(super) fn lacking(view: &Dir<'_>, source: &Source) -> Option<String> {
    let text = view.text("go.sum");
    let known: BTreeSet<(&str, &str)> = text
        .iter()
        .flat_map(|sums| sums.text.lines())
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            Some((words.next()?, words.next()?))
        })
        .collect();
    // Another version or another module may stand in for a replaced one.
    let replaced: BTreeSet<&str> = directives(&source.text, "replace")
        .filter_map(|(_, words)| words.first().copied())
        .collect();
    directives(&source.text, "require").find_map(|(span, words)| {
        let (module, version) = (words.first()?.trim_matches('"'), *words.get(1)?);
        let line = source.text.get(span.start..)?.lines().next()?;
        let with_mod = format!("{version}/go.mod");
        let has = known.contains(&(module, with_mod.as_str()))
            && (line.contains("// indirect") || known.contains(&(module, version)));
        (!has && !replaced.contains(module)).then(|| format!("{module} {version}"))
    })
}

/// Every build may get other bytes then, which is for the project to mend.
pub(super) fn tell(component: &mut Component, source: &Source, module: &str) {
    let why = format!(
        "go.sum has no sums of {module}, so the build takes what it gets unchecked (-mod=mod): \
         run `go mod tidy` and commit go.sum"
    );
    let file = source.path.clone();
    push(
        &mut component.facts.warnings,
        Found {
            value: why.clone(),
            rank: Rank::Manifest,
            confidence: Confidence::Certain,
            evidence: Evidence::file("go/no-sums", file, why),
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::{RelPath, Repo};

    fn found(sums: &str) -> Option<String> {
        let module = "module x\ngo 1.26\nrequire (\n\tb.c/d v1.2.3\n\te.f/g v0.1.0 // indirect\n)\nrequire h.i/j v1.0.0\nreplace h.i/j => ./j\n";
        let repo = Repo::from_files([("go.mod", module), ("go.sum", sums)]);
        let view = repo.dir(&RelPath::root());
        lacking(&view, &view.read("go.mod").unwrap())
    }

    #[test]
    fn every_required_module_has_its_sums() {
        let all = "b.c/d v1.2.3 h1:x=\nb.c/d v1.2.3/go.mod h1:x=\ne.f/g v0.1.0/go.mod h1:x=\n";
        assert_eq!(found(all), None);
        assert_eq!(found("").as_deref(), Some("b.c/d v1.2.3"));
        let half = "b.c/d v1.2.3/go.mod h1:x=\ne.f/g v0.1.0/go.mod h1:x=\n";
        assert_eq!(found(half).as_deref(), Some("b.c/d v1.2.3"));
        assert_eq!(
            found(all.replace("e.f/g", "e.f/h").as_str()).as_deref(),
            Some("e.f/g v0.1.0")
        );
    }
}
