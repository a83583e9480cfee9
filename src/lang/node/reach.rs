//! The modules that a program imports, from the file that its start script runs.

use super::lexer::literals;
use super::resolve::Resolver;
use super::{NodeModel, script, start};
use crate::facts::{Command, Rank};
use crate::lang::{Component, Entered, Proof, Reach};

/// Folders whose files a framework's router loads by their places.
const ROUTES: &[&str] = &[
    "app",
    "pages",
    "routes",
    "server",
    "api",
    "src/app",
    "src/pages",
    "src/routes",
    "src/server",
    "src/api",
];

/// Endings of files that routers load, and of those among them that hold pages.
const CODE: &[&str] = &[
    "js", "mjs", "jsx", "ts", "mts", "tsx", "vue", "svelte", "astro",
];
const VIEWS: &[&str] = &["jsx", "tsx", "vue", "svelte", "astro"];

/// Files that those folders may have here.
const MOST_ROUTES: usize = 1_000;

/// Follows imports from the program's entry.
pub(super) fn reach(
    component: &Component,
    model: &NodeModel,
    wanted: Option<&str>,
    reach: &mut Reach<'_>,
) -> Entered {
    let resolver = Resolver::new(component, model, reach);
    let mut entered = Entered::Nowhere;
    for file in wanted.map_or_else(|| commands(component), |wanted| vec![wanted.to_owned()]) {
        if let Some(file) = resolver.own(&file) {
            reach.enter(&file);
            entered = Entered::Surely;
        }
    }
    if entered == Entered::Nowhere {
        let main = component.facts.main.all().iter();
        let main = main.map(|found| found.value.as_str());
        for file in main.chain(start::USUAL.iter().copied()) {
            if let Some(file) = resolver.own(file) {
                reach.enter(&file);
                entered = Entered::Perhaps;
                break;
            }
        }
        entered = routes(component, reach, entered, CODE);
    }
    follow(&resolver, reach);
    // A server of one's own and the pages that it hands out: the server speaks first.
    if entered == Entered::Surely {
        for script in page_scripts(component, reach) {
            if let Some(file) = resolver.own(&script) {
                reach.enter(&file);
            }
        }
        routes(component, reach, entered, VIEWS);
        follow(&resolver, reach);
    }
    schemas(component, reach);
    follow(&resolver, reach);
    entered
}

/// Where a schema of Prisma stands in a package.
const SCHEMAS: &[&str] = &[".", "prisma", "prisma/schema", "src/prisma", "db", "src/db"];

/// The schemas that the client's code is generated from, which no code imports: the component's
/// own, those of the packages that it needs, or those of the whole project.
fn schemas(component: &Component, reach: &mut Reach<'_>) {
    let own = std::iter::once(&component.dir).chain(&component.code);
    let mut found = false;
    for dir in own.chain([&component.root]) {
        if found && *dir == component.root {
            break;
        }
        for folder in SCHEMAS {
            let folder = reach.dir(&dir.join(folder));
            for name in folder.files().filter(|name| name.ends_with(".prisma")) {
                found |= reach.enter(&folder.path.join(name));
            }
        }
    }
}

fn follow(resolver: &Resolver<'_>, reach: &mut Reach<'_>) {
    reach.follow(|reach, source| {
        if source.path.name().ends_with(".prisma") {
            return Proof::Proves;
        }
        for literal in literals(&source.text) {
            // Workers, child processes and routers are given a file's name as well.
            if (literal.imported || literal.text.starts_with('.'))
                && let Some(file) = resolver.import(&source.path, literal.text)
            {
                reach.enter(&file);
            }
        }
        Proof::Proves
    });
}

/// Modules that the page at the component's root loads, as bundlers take their entry.
fn page_scripts(component: &Component, reach: &Reach<'_>) -> Vec<String> {
    let page = reach.repo().scan(&component.dir.join("index.html"));
    let Some(page) = page else {
        return Vec::new();
    };
    page.text
        .split("<script")
        .skip(1)
        .filter_map(|script| {
            let tag = script.split('>').next()?;
            let source = tag.split_once("src=")?.1;
            let quote = source.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let path = source[1..].split(quote).next()?;
            Some(path.trim_start_matches('/').to_owned())
        })
        .take(20)
        .collect()
}

/// Files that the commands which start the program name, the surest command only.
fn commands(component: &Component) -> Vec<String> {
    let manifest = &component.manifest;
    let given = component.facts.start.best();
    let mut commands: Vec<Command> = given
        .filter(|best| best.rank >= Rank::Manifest)
        .map(|best| best.value.clone())
        .into_iter()
        .collect();
    for name in start::SCRIPTS {
        if let Some(found) = manifest.script(name) {
            let program = script::follow(&found.body, &manifest.scripts);
            if program.member.is_none() {
                commands.push(program.command);
            }
        }
    }
    commands
        .into_iter()
        .map(|command| {
            let text = command.to_string();
            let mut words = text.split_whitespace();
            let program = words.next().unwrap_or_default();
            // `next start apps/web` names a folder, not the program's first file.
            let runs_files = matches!(
                program,
                "node"
                    | "bun"
                    | "deno"
                    | "tsx"
                    | "ts-node"
                    | "nodemon"
                    | "pm2"
                    | "pm2-runtime"
                    | "babel-node"
                    | "ts-node-dev"
                    | "tsnd"
                    | "swc-node"
                    | "nodejs"
                    | "dotenv"
                    | "cross-env"
                    | "forever"
                    | "micro"
                    | "fastify"
                    | "dumb-init"
            );
            let named = words.filter(|word| runs_files && !word.starts_with('-'));
            named
                .map(|word| word.trim_matches(['"', '\'']).to_owned())
                .filter(|word| word.contains(['.', '/']))
                .collect::<Vec<_>>()
        })
        .find(|files| !files.is_empty())
        .unwrap_or_default()
}

fn routes(
    component: &Component,
    reach: &mut Reach<'_>,
    mut entered: Entered,
    endings: &[&str],
) -> Entered {
    let view = reach.dir(&component.dir);
    let is_code = |name: &str| {
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        endings.contains(&ending)
    };
    for folder in ROUTES.iter().filter(|folder| view.has_dir(folder)) {
        let mut files: Vec<_> = view
            .child(folder)
            .walk()
            .filter(|file| is_code(file.name()))
            .take(MOST_ROUTES)
            .collect();
        files.sort_by_key(crate::repo::RelPath::depth);
        for file in files {
            let file = component.dir.join(folder).join(file.as_str());
            if reach.enter(&file) && entered == Entered::Nowhere {
                entered = Entered::Perhaps;
            }
        }
    }
    entered
}

#[cfg(test)]
mod tests {
    use crate::detect::{detect, detect_with};
    use crate::lang::Component;
    use crate::pack::PackSet;
    use crate::repo::{RelPath, Repo};

    fn component(repo: &Repo, dir: &str, main: Option<&str>) -> Component {
        let packs = PackSet::builtin().unwrap();
        let entry = |_: &RelPath| main.map(str::to_owned);
        let detection = match main {
            Some(_) => detect_with(repo, &packs, &entry),
            None => detect(repo, &packs),
        };
        let mut components = detection.components.into_iter();
        components
            .find(|component| component.dir == RelPath::new(dir).unwrap())
            .unwrap()
    }

    fn ports(component: &Component) -> Vec<u16> {
        let all = component.facts.port.all();
        all.iter().map(|found| found.value).collect()
    }

    #[test]
    fn evidence_comes_from_what_the_entry_imports() {
        let repo = Repo::from_files([
            (
                "package.json",
                r#"{"name": "shop", "scripts": {"build": "tsc", "start": "node dist/start.js"}, "dependencies": {"express": "^5.0.0"}}"#,
            ),
            (
                "tsconfig.json",
                r#"{"extends": "./tsconfig.json", "compilerOptions": {"baseUrl": "./src", "paths": {"@web/*": ["web/*"]}}}"#,
            ),
            (
                "src/start.ts",
                "import './start'\nimport { run } from '@web/server.js'\nimport '../../../etc/passwd'\nrun()\n",
            ),
            (
                "src/web/server.ts",
                "import express from 'express'\nexport const run = () => express().listen(9090)\n",
            ),
            (
                "src/admin.ts",
                "import express from 'express'\nexpress().listen(7070)\n",
            ),
            (
                "src/mocks/server.ts",
                "import express from 'express'\nexpress().listen(1234)\n",
            ),
        ]);
        assert_eq!(ports(&component(&repo, "", None)), [9090]);
        assert_eq!(ports(&component(&repo, "", Some("src/admin.ts"))), [7070]);
    }

    #[test]
    fn a_package_of_the_workspace_is_read_by_its_name() {
        let repo = Repo::from_files([
            (
                "package.json",
                r#"{"name": "all", "private": true, "workspaces": ["apps/*", "packages/*"]}"#,
            ),
            (
                "package-lock.json",
                r#"{"name": "all", "lockfileVersion": 3, "packages": {}}"#,
            ),
            (
                "apps/api/package.json",
                r#"{"name": "api", "scripts": {"start": "node index.js"}, "dependencies": {"@all/http": "*"}}"#,
            ),
            ("apps/api/index.js", "require('@all/http').run()\n"),
            (
                "packages/http/package.json",
                r#"{"name": "@all/http", "main": "dist/index.js", "dependencies": {"express": "^5.0.0"}}"#,
            ),
            (
                "packages/http/src/index.ts",
                "import express from 'express'\nexport const run = () => express().listen(9191)\n",
            ),
        ]);
        assert_eq!(ports(&component(&repo, "apps/api", None)), [9191]);
    }
}
