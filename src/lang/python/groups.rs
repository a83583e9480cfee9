//! Extras and dependency groups of a project that production means.

use super::project::Project;
use super::requirement::{Requirement, is_name, normal};
use crate::parse::Tree;

/// Words for production in the names of extras, groups and requirements files, the plainest first.
pub(super) const PRODUCTION: &[&str] = &["production", "prod", "deploy", "docker", "server"];

/// Names of what only developers install, as far as a server or a driver may be in it.
const DEVELOPMENT: &[&str] = &[
    "all",
    "bench",
    "ci",
    "debug",
    "dev",
    "develop",
    "development",
    "doc",
    "docs",
    "lint",
    "local",
    "test",
    "testing",
    "tests",
    "typing",
];

/// Servers for applications of the WSGI and ASGI interfaces.
const SERVERS: &[&str] = &[
    "gunicorn",
    "uvicorn",
    "granian",
    "hypercorn",
    "daphne",
    "waitress",
    "uwsgi",
];

/// Drivers of database servers; of extras for several, the first one's is taken.
const DRIVERS: &[&str] = &[
    "psycopg",
    "psycopg-binary",
    "psycopg2-binary",
    "psycopg2",
    "asyncpg",
    "mysqlclient",
    "pymysql",
    "aiomysql",
    "asyncmy",
];

/// What asks for one of the drivers.
const MAPPERS: &[&str] = &[
    "django",
    "sqlalchemy",
    "sqlmodel",
    "tortoise-orm",
    "peewee",
    "databases",
    "flask-sqlalchemy",
];

/// An extra or a group that is installed only by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Optional {
    pub name: String,
    /// `[project.optional-dependencies]` or `[tool.poetry.extras]`, and not a group.
    pub extra: bool,
    pub(super) packages: Vec<String>,
}

impl Optional {
    /// From a list of requirements, as standards write it.
    pub(super) fn listed(name: &str, extra: bool, list: &Tree) -> Self {
        let packages = list
            .texts()
            .filter_map(Requirement::parse)
            .map(|requirement| requirement.name)
            .collect();
        Self {
            name: normal(name),
            extra,
            packages,
        }
    }

    /// From a table whose keys are packages, as Poetry writes its groups.
    pub(super) fn keyed(name: &str, table: &Tree) -> Self {
        Self {
            name: name.to_owned(),
            extra: false,
            packages: table
                .entries()
                .iter()
                .map(|(name, _)| normal(name))
                .collect(),
        }
    }
}

/// Those named for production; one with a server and one with a database's driver, when the
/// program has none without.
pub(super) fn chosen(project: &Project) -> Vec<Optional> {
    let mut chosen: Vec<Optional> = project
        .optional
        .iter()
        .filter(|one| PRODUCTION.contains(&one.name.as_str()))
        .cloned()
        .collect();
    let rest: Vec<&Optional> = project
        .optional
        .iter()
        .filter(|one| is_name(&one.name) && !DEVELOPMENT.contains(&one.name.as_str()))
        .collect();
    let mapped = MAPPERS.iter().any(|name| project.depends_on(name));
    for (wanted, asked) in [(SERVERS, true), (DRIVERS, mapped)] {
        let has = |name: &str| {
            project.depends_on(name)
                || chosen
                    .iter()
                    .any(|one| one.packages.iter().any(|package| package == name))
        };
        if !asked || wanted.iter().any(|name| has(name)) {
            continue;
        }
        let found = wanted.iter().find_map(|name| {
            rest.iter()
                .find(|one| one.packages.iter().any(|package| package == name))
        });
        if let Some(found) = found
            && !chosen.contains(found)
        {
            chosen.push((*found).clone());
        }
    }
    chosen.sort_by(|a, b| a.name.cmp(&b.name));
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::python::project::pyproject;
    use crate::repo::{RelPath, Repo};

    fn names(text: &str) -> String {
        let repo = Repo::from_files([("pyproject.toml", text)]);
        let project = pyproject(&repo.dir(&RelPath::root())).unwrap();
        let names: Vec<String> = chosen(&project).into_iter().map(|one| one.name).collect();
        names.join(" ")
    }

    #[test]
    fn production_has_its_extras() {
        for (text, expected) in [
            (
                "[project]\nname = 'a'\n[project.optional-dependencies]\nprod = ['x']\ndev = ['gunicorn']\n",
                "prod",
            ),
            (
                "[project]\nname = 'a'\ndependencies = ['django']\n[project.optional-dependencies]\nmysql = ['mysqlclient']\npostgres = ['psycopg[binary]']\n",
                "postgres",
            ),
            (
                "[project]\nname = 'a'\ndependencies = ['django', 'psycopg2', 'gunicorn']\n[dependency-groups]\nmysql = ['mysqlclient']\nweb = ['uvicorn']\n",
                "",
            ),
            (
                "[project]\nname = 'a'\ndependencies = ['fastapi']\n[dependency-groups]\nweb = ['uvicorn']\nexport = ['asyncpg']\n",
                "web",
            ),
            (
                "[tool.poetry]\nname = 'a'\n[tool.poetry.group.server.dependencies]\ngunicorn = '*'\n[tool.poetry.group.dev.dependencies]\nuvicorn = '*'\n",
                "server",
            ),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
    }
}
