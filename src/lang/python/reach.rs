//! The modules that a program imports, and those that it names in texts, as Django's settings,
//! task queues and servers do.

use std::collections::BTreeSet;

use super::PythonModel;
use super::lexer::Code;
use crate::facts::{Command, Rank};
use crate::lang::{Component, Entered, Proof, Reach};
use crate::repo::{RelPath, Source};

/// Files that servers and Django start from, relative to the component.
const ENTRIES: &[&str] = &["manage.py", "wsgi.py", "asgi.py"];

/// Follows imports from the program's entry.
pub(super) fn reach(
    component: &Component,
    model: &PythonModel,
    wanted: Option<&str>,
    reach: &mut Reach<'_>,
) -> Entered {
    let bases = Bases::of(component, model, reach);
    let mut entered = Entered::Nowhere;
    if let Some(wanted) = wanted {
        if enter_object(wanted, &component.dir, &bases, reach) {
            entered = Entered::Surely;
        }
    } else {
        let facts = &component.facts;
        let started = facts
            .start
            .best()
            .filter(|best| best.rank >= Rank::Manifest);
        if let Some(best) = started
            && enter_command(&best.value, component, &bases, reach)
        {
            entered = Entered::Surely;
        }
        if entered == Entered::Nowhere {
            let mains = facts.main.best().map(|found| found.value.as_str());
            let scripts = component.manifest.scripts.iter();
            for object in mains
                .into_iter()
                .chain(scripts.map(|script| script.body.as_str()))
            {
                if enter_object(object, &component.dir, &bases, reach) {
                    entered = Entered::Perhaps;
                }
            }
            for name in ENTRIES {
                if reach.enter(&component.dir.join(name)) {
                    entered = Entered::Perhaps;
                }
            }
        }
    }
    if entered == Entered::Nowhere {
        return entered;
    }
    reach.follow(|reach, source| {
        follow(source, &bases, reach);
        Proof::Proves
    });
    entered
}

/// Folders that absolute imports start from.
struct Bases(Vec<RelPath>);

impl Bases {
    fn of(component: &Component, model: &PythonModel, reach: &Reach<'_>) -> Self {
        let mut bases: Vec<RelPath> = Vec::new();
        let homes = std::iter::once(&component.dir)
            .chain(&model.local)
            .chain(&model.members);
        for dir in homes {
            for base in [dir.clone(), dir.join("src")] {
                if !bases.contains(&base) && reach.repo().has_dir(&base) {
                    bases.push(base);
                }
            }
        }
        Self(bases)
    }

    /// The fixed folders, then those around a file from the outermost to its own.
    fn around(&self, file: &RelPath) -> Vec<RelPath> {
        let mut own = Vec::new();
        let mut at = file.parent();
        while let Some(dir) = at {
            at = dir.parent();
            if !self.0.contains(&dir) && self.0.iter().any(|base| dir.is_in(base)) {
                own.push(dir);
            }
        }
        self.0
            .iter()
            .cloned()
            .chain(own.into_iter().rev())
            .collect()
    }
}

/// Enters the modules on the way to `a.b.c` below a folder; gives how many of its parts are
/// modules.
fn enter_module(base: &RelPath, parts: &[&str], reach: &mut Reach<'_>) -> usize {
    let mut dir = base.clone();
    for (at, part) in parts.iter().enumerate() {
        let folder = dir.join(part);
        let is_name = !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !is_name {
            return at;
        }
        if reach.repo().has_dir(&folder) {
            reach.enter(&folder.join("__init__.py"));
            dir = folder;
        } else if reach.enter(&dir.join(&format!("{part}.py"))) {
            return at + 1;
        } else {
            return at;
        }
    }
    parts.len()
}

/// True when the first part of a module's name is below the folder.
fn holds(base: &RelPath, first: &str, reach: &Reach<'_>) -> bool {
    let view = reach.dir(base);
    view.has(&format!("{first}.py"))
        || view.has_dir(first)
            && (view.child(first).has("__init__.py")
                || view.child(first).files().any(|name| name.ends_with(".py"))
                || view
                    .child(first)
                    .walk()
                    .take(200)
                    .any(|file| super::is_python(&file)))
}

/// Enters `a.b.c` from the first folder that has it.
fn enter_absolute(name: &str, bases: &[RelPath], reach: &mut Reach<'_>) -> Option<RelPath> {
    let parts: Vec<&str> = name.split('.').map(str::trim).take(20).collect();
    let first = parts.first().filter(|part| !part.is_empty())?;
    let base = bases.iter().find(|base| holds(base, first, reach))?;
    enter_module(base, &parts, reach);
    Some(parts.iter().fold(base.clone(), |dir, part| dir.join(part)))
}

fn follow(source: &Source, bases: &Bases, reach: &mut Reach<'_>) {
    let code = Code::read(&source.text);
    let around = bases.around(&source.path);
    for line in &code.imports {
        if let Some(names) = line.strip_prefix("import") {
            for name in names.split(',') {
                let name = name.split_whitespace().next().unwrap_or_default();
                enter_absolute(name, &around, reach);
            }
        } else if let Some(rest) = line.strip_prefix("from") {
            let (module, names) = match rest.split_once("import") {
                Some((module, names)) => (module.trim(), names),
                None => continue,
            };
            let names = names.trim_matches(|c: char| c.is_whitespace() || "()".contains(c));
            let names = names
                .split(',')
                .filter_map(|name| name.split_whitespace().next());
            enter_from(module, names, source, &around, reach);
        }
    }
    for text in code.texts {
        enter_text(text, &around, reach);
    }
}

/// `from module import names`, where a name may be a module too.
fn enter_from<'n>(
    module: &str,
    names: impl Iterator<Item = &'n str>,
    source: &Source,
    around: &[RelPath],
    reach: &mut Reach<'_>,
) {
    let dots = module.bytes().take_while(|byte| *byte == b'.').count();
    let folder = if dots == 0 {
        enter_absolute(module, around, reach)
    } else {
        let mut dir = source.path.parent();
        for _ in 1..dots {
            dir = dir.and_then(|dir| dir.parent());
        }
        dir.map(|dir| {
            let parts: Vec<&str> = module[dots..]
                .split('.')
                .filter(|part| !part.is_empty())
                .collect();
            reach.enter(&dir.join("__init__.py"));
            enter_module(&dir, &parts, reach);
            parts.iter().fold(dir, |dir, part| dir.join(part))
        })
    };
    let Some(folder) = folder.filter(|folder| reach.repo().has_dir(folder)) else {
        return;
    };
    for name in names {
        if name == "*" {
            continue;
        }
        enter_module(&folder, &[name], reach);
    }
}

/// A text that names a module: `"shop.urls"`, `"shop.main:app"`, an app of Django's.
fn enter_text(text: &str, around: &[RelPath], reach: &mut Reach<'_>) {
    let name = text.split(':').next().unwrap_or_default();
    let is_name = name.len() < 200
        && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    if !is_name {
        return;
    }
    if name.contains('.') {
        let parts: Vec<&str> = name.split('.').take(20).collect();
        let Some(base) = around.iter().find(|base| holds(base, parts[0], reach)) else {
            return;
        };
        let base = base.clone();
        enter_module(&base, &parts, reach);
        let folder = parts.iter().fold(base, |dir, part| dir.join(part));
        enter_app(&folder, reach);
    } else {
        for base in around {
            enter_app(&base.join(name), reach);
        }
    }
}

/// Django loads these modules of an installed app by their names.
fn enter_app(folder: &RelPath, reach: &mut Reach<'_>) {
    let view = reach.dir(folder);
    if folder.is_root() || !(view.has("apps.py") || view.has("models.py")) {
        return;
    }
    for name in ["__init__.py", "apps.py", "models.py", "admin.py"] {
        reach.enter(&folder.join(name));
    }
}

/// A file, or a module with or without an object.
fn enter_object(object: &str, dir: &RelPath, bases: &Bases, reach: &mut Reach<'_>) -> bool {
    let module = object.split(':').next().unwrap_or_default().trim();
    if super::is_python(&RelPath::root().join(module)) {
        let Some(file) = dir.resolve(module) else {
            return false;
        };
        if let Some(package) = file.parent().filter(|_| file.name() == "__main__.py") {
            reach.enter(&package.join("__init__.py"));
        }
        return reach.enter(&file);
    }
    let parts: Vec<&str> = module.split('.').take(20).collect();
    let Some(base) = bases.0.iter().find(|base| holds(base, parts[0], reach)) else {
        return false;
    };
    let base = base.clone();
    let known = enter_module(&base, &parts, reach);
    let folder = parts.iter().fold(base, |dir, part| dir.join(part));
    reach.enter(&folder.join("__main__.py"));
    known > 0
}

/// What a command starts: `python app.py`, `python -m shop`, `gunicorn shop.wsgi`.
fn enter_command(
    command: &Command,
    component: &Component,
    bases: &Bases,
    reach: &mut Reach<'_>,
) -> bool {
    let text = command.to_string();
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '=' | '&' | ';'))
        .filter(|word| !word.is_empty() && !word.starts_with('-'))
        .collect();
    let mut found = false;
    let scripts: BTreeSet<&str> = component
        .manifest
        .scripts
        .iter()
        .filter(|script| words.first() == Some(&script.name.as_str()))
        .map(|script| script.body.as_str())
        .collect();
    for word in words.into_iter().chain(scripts) {
        found |= enter_object(word, &component.dir, bases, reach);
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::detect::{detect, detect_with};
    use crate::lang::Component;
    use crate::pack::PackSet;
    use crate::repo::Repo;

    fn component(repo: &Repo, main: Option<&str>) -> Component {
        let packs = PackSet::builtin().unwrap();
        let entry = |_: &crate::repo::RelPath| main.map(str::to_owned);
        let mut detection = match main {
            Some(_) => detect_with(repo, &packs, &entry),
            None => detect(repo, &packs),
        };
        detection.components.remove(0)
    }

    #[test]
    fn evidence_comes_from_what_the_entry_imports() {
        let repo = Repo::from_files([
            ("requirements.txt", "flask==3.0\nwaitress==3.0\n"),
            ("Procfile", "web: python serve.py\n"),
            (
                "serve.py",
                "import serve\nfrom shop import web\nfrom ....out import x\nweb.run()\n",
            ),
            ("shop/__init__.py", ""),
            (
                "shop/web.py",
                "from .app import app\nfrom waitress import serve\n\ndef run():\n    serve(app, port=9090)\n",
            ),
            (
                "shop/app.py",
                "from flask import Flask\nfrom . import web\napp = Flask(__name__)\n",
            ),
            (
                "admin.py",
                "from flask import Flask\napp = Flask(__name__)\napp.run(port=7070)\n",
            ),
        ]);
        let ports = |component: &Component| -> Vec<u16> {
            let all = component.facts.port.all();
            all.iter().map(|found| found.value).collect()
        };
        let shop = component(&repo, None);
        assert!(!ports(&shop).contains(&7070), "{:?}", ports(&shop));
        let admin = component(&repo, Some("admin.py"));
        assert!(ports(&admin).contains(&7070), "{:?}", ports(&admin));
        assert!(!ports(&admin).contains(&9090), "{:?}", ports(&admin));
    }
}
