//! Where the database's schema and its migrations stand: no code imports them, and an image that
//! holds only what was built would lack them.

use crate::repo::{Dir, RelPath, Repo};

/// Files of a package that are looked at.
const MOST: usize = 3_000;

/// The folders of schemas and migrations: the component's own, and whole packages that it needs and
/// that hold some. Relative to the install root.
pub(super) fn folders<'a>(
    repo: &Repo,
    program: &RelPath,
    root: &RelPath,
    needed: impl Iterator<Item = &'a RelPath>,
) -> Vec<RelPath> {
    let below = |dir: &RelPath| dir.below(root).unwrap_or_default();
    let mut all: Vec<RelPath> = own(&repo.dir(program))
        .into_iter()
        .map(|folder| below(&program.join(folder.as_str())))
        .collect();
    let others = needed.map(|member| root.join(member.as_str()));
    for dir in others.filter(|dir| dir != program) {
        if own(&repo.dir(&dir)).is_some() {
            all.push(below(&dir));
        }
    }
    all.sort();
    all.dedup();
    all
}

/// The folder of a package that holds a schema of Prisma or migrations in SQL; other migrations are
/// code, which the build takes along.
fn own(view: &Dir<'_>) -> Option<RelPath> {
    let sql = || files(view).find_map(|file| migrations(&file));
    prisma_folder(view).or_else(sql)
}

/// The folder of a package's schema of Prisma.
pub(super) fn prisma_folder(view: &Dir<'_>) -> Option<RelPath> {
    files(view).find_map(|file| prisma(&file))
}

fn files(view: &Dir<'_>) -> impl Iterator<Item = RelPath> {
    view.walk().take(MOST).filter(|file| !is_aside(file))
}

fn is_aside(file: &RelPath) -> bool {
    file.parts()
        .any(|part| matches!(part, "test" | "tests" | "__tests__" | "node_modules"))
}

/// The folder of a schema; one of several files stands in a folder below that of the migrations.
fn prisma(file: &RelPath) -> Option<RelPath> {
    let folder = file.parent().filter(|_| file.name().ends_with(".prisma"))?;
    let above = folder.parent().filter(|above| !above.is_root());
    match above {
        Some(above) if folder.name() == "schema" => Some(above),
        _ => Some(folder).filter(|folder| !folder.is_root()),
    }
}

fn migrations(file: &RelPath) -> Option<RelPath> {
    let is_sql = file.name().ends_with(".sql");
    let folders = std::iter::successors(file.parent(), RelPath::parent);
    folders
        .filter(|_| is_sql)
        .find(|folder| matches!(folder.name(), "migrations" | "migration" | "drizzle"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_found_with_its_migrations() {
        for (file, expected) in [
            ("prisma/schema.prisma", Some("prisma")),
            ("prisma/schema/user.prisma", Some("prisma")),
            ("src/prisma/schema.prisma", Some("src/prisma")),
            ("schema.prisma", None),
            ("drizzle/0000_first.sql", Some("drizzle")),
            ("src/db/migrations/1/up.sql", Some("src/db/migrations")),
            ("src/queries/find.sql", None),
        ] {
            let file = RelPath::new(file).unwrap();
            let found = prisma(&file).or_else(|| migrations(&file));
            assert_eq!(found.as_ref().map(RelPath::as_str), expected, "{file}");
        }
    }
}
