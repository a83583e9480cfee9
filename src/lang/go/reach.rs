//! The packages that a main imports, in its module and in the modules beside it.

use std::collections::BTreeSet;

use super::GoModel;
use super::header::{self, Header};
use crate::lang::{Component, Entered, Proof, Reach};
use crate::repo::RelPath;

/// Follows imports from a main package, such as `./cmd/api`.
pub(super) fn reach(
    component: &Component,
    model: &GoModel,
    wanted: Option<&str>,
    reach: &mut Reach<'_>,
) -> Entered {
    let named = |wanted: &str| {
        let wanted = wanted.trim_start_matches("./");
        model
            .mains
            .iter()
            .map(|main| main.package.as_str())
            .find(|package| package.trim_start_matches("./") == wanted)
    };
    let best = || component.facts.main.value().map(String::as_str);
    let Some(main) = wanted.and_then(named).or_else(best) else {
        return Entered::Nowhere;
    };
    // A folder, or the one file of a program without a module.
    let Some(folder) = component.dir.resolve(main) else {
        return Entered::Nowhere;
    };
    if !reach.enter(&folder) {
        enter_package(&folder, reach);
    }
    let mut imported: BTreeSet<String> = BTreeSet::new();
    reach.follow(|reach, source| {
        let Some(header) = Header::read(&source.text).filter(|header| header.built) else {
            return Proof::Silent;
        };
        for path in header.imports {
            match model.folder_of(path) {
                Some(folder) => enter_package(&folder, reach),
                None if path.contains('.') => {
                    imported.insert(path.to_owned());
                }
                None => {}
            }
        }
        Proof::Proves
    });
    for dependency in &component.manifest.dependencies {
        let name = &dependency.name;
        let below = format!("{name}/");
        let is_imported = imported.contains(name)
            || imported
                .range(below.clone()..)
                .next()
                .is_some_and(|path| path.starts_with(&below));
        // What an indirect one is for stands in code that is not here.
        if !is_imported && !model.indirect.contains(name) {
            reach.leave_unused(name);
        }
    }
    Entered::Surely
}

/// All files of a folder that a build for Linux takes are one package.
fn enter_package(folder: &RelPath, reach: &mut Reach<'_>) {
    if !reach.repo().has_dir(folder) || !reach.is_new(folder) {
        return;
    }
    for name in reach
        .dir(folder)
        .files()
        .filter(|name| header::is_for_linux(name))
    {
        reach.enter(&folder.join(name));
    }
}

impl GoModel {
    /// The folder of a package of the repository's own modules.
    fn folder_of(&self, import: &str) -> Option<RelPath> {
        self.modules.iter().find_map(|(module, folder)| {
            let rest = import.strip_prefix(module.as_str())?;
            match rest.strip_prefix('/') {
                Some(rest) => folder.resolve(rest),
                None => rest.is_empty().then(|| folder.clone()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::detect::{detect, detect_with};
    use crate::lang::Component;
    use crate::pack::PackSet;
    use crate::repo::Repo;

    fn component(repo: &Repo, main: Option<&str>) -> Component {
        let packs = PackSet::builtin().unwrap();
        let mut detection = match main {
            Some(main) => detect_with(repo, &packs, &|_| Some(main.to_owned())),
            None => detect(repo, &packs),
        };
        detection.components.remove(0)
    }

    const SHOP: &[(&str, &str)] = &[
        (
            "go.mod",
            "module example.com/shop\n\ngo 1.26\n\nrequire github.com/mattn/go-sqlite3 v1.14.0\n\nreplace example.com/kit => ./kit\n",
        ),
        (
            "cmd/shop/main.go",
            "package main\n\nimport (\n\t\"example.com/shop/internal/web\"\n\t\"example.com/kit/x\"\n)\n\nfunc main() { web.Run(); x.X() }\n",
        ),
        (
            "cmd/admin/main.go",
            "package main\n\nimport (\n\t\"net/http\"\n\t_ \"github.com/mattn/go-sqlite3\"\n)\n\nfunc main() { http.ListenAndServe(\":7070\", nil) }\n",
        ),
        (
            "internal/web/web.go",
            "package web\n\nimport (\n\t\"net/http\"\n\t\"example.com/shop/internal/web\"\n\t\"example.com/shop/../../etc\"\n)\n\nfunc Run() { http.ListenAndServe(\":9090\", nil) }\n",
        ),
        (
            "internal/web/web_test.go",
            "package web\n\nimport \"net/http\"\n\nfunc fake() { http.ListenAndServe(\":1234\", nil) }\n",
        ),
        (
            "internal/web/web_windows.go",
            "package web\n\nimport \"net/http\"\n\nfunc other() { http.ListenAndServe(\":1235\", nil) }\n",
        ),
        (
            "internal/client/client.go",
            "package client\n\nvar addr = \"localhost:1236\"\n",
        ),
        ("kit/go.mod", "module example.com/kit\n\ngo 1.26\n"),
        ("kit/x/x.go", "package x\n\nfunc X() {}\n"),
    ];

    #[test]
    fn each_main_has_its_own_evidence() {
        let repo = Repo::from_files(SHOP.iter().copied());
        let shop = component(&repo, None);
        assert_eq!(shop.facts.main.value().unwrap(), "./cmd/shop");
        let ports = |component: &Component| -> Vec<u16> {
            let all = component.facts.port.all();
            all.iter().map(|found| found.value).collect()
        };
        assert_eq!(ports(&shop), [9090]);
        assert!(shop.facts.own.text("cgo").is_none());
        let admin = component(&repo, Some("cmd/admin"));
        assert_eq!(ports(&admin), [7070]);
        assert!(admin.facts.own.text("cgo").is_some());
    }
}
