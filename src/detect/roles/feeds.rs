//! Which packages build files for another program of the repository.

use std::collections::BTreeSet;

use super::assets::{self, Package, USUAL, files_of};
use super::reads::{self, Read};
use super::serves;
use crate::diag::Diagnostic;
use crate::facts::{Evidence, Feed, Kind, Role, Verdict};
use crate::lang::Component;
use crate::pack::{PackSet, fits};
use crate::repo::{RelPath, Repo};

/// What was found out about who feeds whom.
#[derive(Debug, Default)]
pub(in crate::detect) struct Fed {
    /// Packages that feed a program, with the reason.
    pub packages: Vec<(RelPath, Verdict)>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Finds the relation and writes it down at the programs that are fed.
pub(in crate::detect) fn feeds(
    repo: &Repo,
    packs: &PackSet,
    components: &mut [Component],
    package_dirs: &[RelPath],
) -> Fed {
    let mut fed = Fed::default();
    let all = assets::packages(repo, packs, package_dirs);
    let programs: Vec<usize> = (0..components.len())
        .filter(|at| components[*at].role.role == Role::Program)
        .filter(|at| components[*at].facts.kind.value() != Some(&Kind::Static))
        .collect();
    let dirs: BTreeSet<(RelPath, &'static str)> = components
        .iter()
        .map(|component| (component.dir.clone(), component.language))
        .collect();
    let budget = 12_000 / programs.len().max(1);
    let mut reads_of: Vec<(usize, Vec<Read>)> = Vec::new();
    for at in &programs {
        let component = &components[*at];
        let inner: Vec<RelPath> = dirs
            .iter()
            .filter(|(dir, language)| {
                *dir != component.dir
                    && dir.is_in(&component.dir)
                    && *language == component.language
            })
            .map(|(dir, _)| dir.clone())
            .collect();
        reads_of.push((*at, reads::of(repo, packs, component, &inner, budget)));
    }
    let copies = copies(repo, packs, &all);
    let mut made: Vec<RelPath> = Vec::new();
    for package in &all {
        let own: Vec<usize> = programs
            .iter()
            .copied()
            .filter(|at| components[*at].dir == package.dir && components[*at].language == "node")
            .collect();
        // What answers requests itself gives its files itself.
        if own.iter().any(|at| serves(packs, &components[*at])) {
            continue;
        }
        let found = reads_of.iter().find_map(|(at, reads)| {
            let program = &components[*at];
            if own.contains(at) {
                return None;
            }
            let (output, target, embedded, evidence) =
                by_path(repo, packs, package, program, reads, &copies)?;
            Some((*at, output, target, embedded, evidence))
        });
        let found = found.or_else(|| by_output(packs, package, components, &programs, &own));
        let found = found.or_else(|| by_place(repo, packs, package, components, &programs, &own));
        let Some((at, output, target, embedded, evidence)) = found else {
            continue;
        };
        let program = &mut components[at];
        let why = format!(
            "{} needs what its build makes: {}",
            whose(program),
            evidence.why
        );
        let verdict = Verdict::new(
            Role::Asset,
            Evidence {
                why,
                ..evidence.clone()
            },
        );
        fed.packages.push((package.dir.clone(), verdict));
        made.push(target.clone());
        // Of two packages that write the same folder one is built.
        let taken = program
            .feeds
            .iter()
            .any(|feed| touches(&feed.target, &target));
        let lacks = |place: &RelPath| is_absent(repo, packs, place);
        let file = package
            .outputs
            .iter()
            .find(|known| known.dir == target)
            .and_then(|known| known.file.as_ref());
        let waits = lacks(&target) || file.is_some_and(lacks);
        if !taken && waits && known(package, &output, &evidence) {
            program.feeds.push(Feed {
                from: package.dir.clone(),
                script: package.script_of(&output),
                output,
                target,
                embedded,
                evidence,
            });
        }
    }
    by_name(
        repo, packs, components, &all, &reads_of, &mut fed, &mut made,
    );
    for (at, reads) in &reads_of {
        let program = &components[*at];
        fed.diagnostics
            .extend(missing(repo, packs, program, reads, &made, all.is_empty()));
    }
    for component in components.iter_mut() {
        component
            .feeds
            .sort_by(|a, b| (&a.from, &a.target).cmp(&(&b.from, &b.target)));
        component.feeds.dedup();
    }
    fed
}

fn whose(program: &Component) -> String {
    format!("the {} program in {}", program.language, program.dir)
}

/// Whether something says what the build writes: where only the place does, the package is no
/// program all the same, but nobody could copy its output.
fn known(package: &Package, output: &RelPath, evidence: &Evidence) -> bool {
    evidence.rule != PLACE || package.outputs.iter().any(|named| named.dir == *output)
}

/// The rule of evidence that is only where a package stands.
const PLACE: &str = "role/place";

type Found = (RelPath, RelPath, bool, Evidence);

fn touches(a: &RelPath, b: &RelPath) -> bool {
    a.is_in(b) || b.is_in(a)
}

/// A folder that the program reads is one that the package writes, that its files are copied to,
/// or one inside of it that holds nothing yet.
fn by_path(
    repo: &Repo,
    packs: &PackSet,
    package: &Package,
    program: &Component,
    reads: &[Read],
    copies: &[Copy],
) -> Option<Found> {
    for read in reads {
        for place in &read.places {
            for output in &package.outputs {
                if touches(&output.dir, place) && !package.dir.is_in(place) {
                    let inside = if output.dir.is_in(place) {
                        &output.dir
                    } else {
                        place
                    };
                    return Some((
                        output.dir.clone(),
                        inside.clone(),
                        read.embedded,
                        read.evidence.clone(),
                    ));
                }
            }
            let moved = copies.iter().find(|copy| {
                copy.from.is_in(&package.dir)
                    && copy.from != package.dir
                    && touches(&copy.to, place)
                    && !package.dir.is_in(place)
            });
            if let Some(copy) = moved {
                return Some((
                    copy.from.clone(),
                    place.clone(),
                    read.embedded,
                    read.evidence.clone(),
                ));
            }
            let inside = place.is_in(&package.dir)
                && (place != &package.dir || !read.embedded)
                && package.dir != program.dir
                && (is_absent(repo, packs, place)
                    || USUAL.iter().any(|usual| package.dir.join(usual) == *place));
            if inside {
                let output = if *place == package.dir {
                    usual(package)
                } else {
                    place.clone()
                };
                return Some((output, place.clone(), read.embedded, read.evidence.clone()));
            }
        }
    }
    None
}

fn usual(package: &Package) -> RelPath {
    package
        .outputs
        .first()
        .map_or_else(|| package.dir.join(USUAL[0]), |output| output.dir.clone())
}

type At = (usize, RelPath, RelPath, bool, Evidence);

/// The package's build writes into another component's folder.
fn by_output(
    packs: &PackSet,
    package: &Package,
    components: &[Component],
    programs: &[usize],
    own: &[usize],
) -> Option<At> {
    for output in &package.outputs {
        if output.dir.is_in(&package.dir) {
            continue;
        }
        let owner = programs
            .iter()
            .copied()
            .filter(|at| !own.contains(at) && serves(packs, &components[*at]))
            .filter(|at| output.dir.is_in(&components[*at].dir))
            .max_by_key(|at| components[*at].dir.depth());
        if let Some(at) = owner {
            return Some((
                at,
                output.dir.clone(),
                output.dir.clone(),
                false,
                output.evidence.clone(),
            ));
        }
    }
    None
}

/// The package stands in the folder of a program of another language, in the midst of its code, or
/// is built by it; or it is a part of a program of its own language.
fn by_place(
    repo: &Repo,
    packs: &PackSet,
    package: &Package,
    components: &[Component],
    programs: &[usize],
    own: &[usize],
) -> Option<At> {
    let (at, why) = programs.iter().copied().find_map(|at| {
        let program = &components[at];
        if own.contains(&at) || !serves(packs, program) {
            return None;
        }
        let alone = || {
            let same = |other: &&usize| components[**other].language == program.language;
            programs.iter().filter(same).count() == 1
        };
        let why = if program.dir == package.dir {
            "it stands in the program's own folder"
        } else if program.language == "node" {
            let part =
                program.code.contains(&package.dir) && own_is_static(components, &package.dir);
            part.then_some("the program depends on it")?
        } else if amid_code(repo, program, &package.dir) {
            "it stands amid the program's code"
        } else if crate::detect::language(program.language)
            .is_some_and(|language| repo.dir(&package.dir).first(language.manifests()).is_some())
            && package.dir.is_in(&program.root)
            && alone()
        {
            "the program's own build tool builds it"
        } else {
            return None;
        };
        Some((at, why))
    })?;
    let output = usual(package);
    let evidence = Evidence::file(PLACE, package.dir.join("package.json"), why);
    Some((at, output.clone(), output, false, evidence))
}

/// Whether a folder between the program's and the package holds source files of the program.
fn amid_code(repo: &Repo, program: &Component, dir: &RelPath) -> bool {
    let Some(language) = crate::detect::language(program.language) else {
        return false;
    };
    std::iter::successors(dir.parent(), RelPath::parent)
        .take_while(|above| above.is_in(&program.dir) && *above != program.dir && !above.is_root())
        .any(|above| {
            repo.dir(&above).files().any(|name| {
                let ending = name.rsplit_once('.').map(|(_, ending)| ending);
                ending.is_some_and(|ending| language.sources().contains(&ending))
            })
        })
}

fn own_is_static(components: &[Component], dir: &RelPath) -> bool {
    components
        .iter()
        .any(|own| own.dir == *dir && own.facts.kind.value() == Some(&Kind::Static))
}

/// One folder with a frontend's name beside the only program that serves files which are not there.
fn by_name(
    repo: &Repo,
    packs: &PackSet,
    components: &mut [Component],
    all: &[Package],
    reads_of: &[(usize, Vec<Read>)],
    fed: &mut Fed,
    made: &mut Vec<RelPath>,
) {
    let named: Vec<&Package> = all
        .iter()
        .filter(|package| !fed.packages.iter().any(|(dir, _)| *dir == package.dir))
        .filter(|package| {
            let name = package.dir.name();
            packs
                .roles()
                .any(|roles| roles.frontends.iter().any(|known| known == name))
        })
        .filter(|package| {
            !components.iter().any(|own| {
                own.dir == package.dir && (serves(packs, own) || own.role.role != Role::Program)
            })
        })
        .collect();
    let waiting: Vec<(usize, &Read, &RelPath)> = reads_of
        .iter()
        .filter(|(at, _)| components[*at].feeds.is_empty())
        .filter_map(|(at, reads)| {
            let read = reads.iter().find(|read| {
                read.places
                    .iter()
                    .all(|place| is_absent(repo, packs, place))
                    && !read
                        .places
                        .iter()
                        .any(|place| made.iter().any(|known| touches(known, place)))
            })?;
            Some((*at, read, read.places.first()?))
        })
        .collect();
    let ([package], [(at, read, place)]) = (named.as_slice(), waiting.as_slice()) else {
        return;
    };
    let program = &components[*at];
    let beside = package.dir.parent().is_some_and(|above| {
        program.dir == above
            || program.dir.parent().as_ref() == Some(&above)
            || program.root == above
    });
    if !beside {
        return;
    }
    let evidence = Evidence {
        why: format!(
            "{}, and {} is the only frontend beside it",
            read.evidence.why, package.dir
        ),
        ..read.evidence.clone()
    };
    let why = format!(
        "{} needs what its build makes: {}",
        whose(program),
        evidence.why
    );
    fed.packages.push((
        package.dir.clone(),
        Verdict::new(
            Role::Asset,
            Evidence {
                why,
                ..evidence.clone()
            },
        ),
    ));
    made.push((*place).clone());
    let relation = Feed {
        from: package.dir.clone(),
        script: package.script_of(&usual(package)),
        output: usual(package),
        target: (*place).clone(),
        embedded: read.embedded,
        evidence,
    };
    components[*at].feeds.push(relation);
}

/// Embedded folders without which the program does not compile, and that nothing here makes.
fn missing(
    repo: &Repo,
    packs: &PackSet,
    program: &Component,
    reads: &[Read],
    made: &[RelPath],
    nothing_builds: bool,
) -> Vec<Diagnostic> {
    // A plain page may stand for one that a build makes, where there is a build.
    let is_page = |file: &RelPath| nothing_builds && file.name() == "index.html";
    reads
        .iter()
        .filter(|read| read.embedded)
        .filter_map(|read| Some((read, read.places.first()?)))
        .filter(|(_, place)| !repo.has(place) && is_absent(repo, packs, place))
        .filter(|(_, place)| !repo.files_in(place).any(is_page))
        .filter(|(_, place)| !made.iter().any(|known| touches(known, place)))
        .take(5)
        .map(|(read, place)| {
            let message = format!(
                "{}: {place} is embedded, and nothing here makes it",
                program.dir
            );
            let mut problem = Diagnostic::warning("nothing-makes-it", message).with_help(
                "make it before the image is built, or the build fails or leaves it out",
            );
            problem.at.clone_from(&read.evidence.at);
            problem
        })
        .collect()
}

/// Nothing is there, git leaves it out, or what is there only keeps the folder.
fn is_absent(repo: &Repo, packs: &PackSet, place: &RelPath) -> bool {
    if repo.has(place) {
        return repo.is_git_ignored(place);
    }
    let mut files = repo.files_in(place).take(200).peekable();
    if files.peek().is_none() {
        return true;
    }
    if repo.is_git_ignored(place) || repo.is_git_ignored(&place.join("index.html")) {
        return true;
    }
    let keeps = |file: &RelPath| {
        packs.roles().any(|roles| {
            roles
                .placeholders
                .iter()
                .any(|known| fits(known, file.name()))
        }) || file.name() == "index.html"
            && repo
                .scan(file)
                .is_some_and(|source| source.text.len() < 1_500 && !source.text.contains("<script"))
    };
    files.all(keeps)
}

/// A line that copies files; paths relative to the repository.
struct Copy {
    from: RelPath,
    to: RelPath,
}

fn copies(repo: &Repo, packs: &PackSet, packages: &[Package]) -> Vec<Copy> {
    let root = RelPath::root();
    let mut found = Vec::new();
    for rule in packs.roles().flat_map(|roles| &roles.copies) {
        let Some(regex) = rule.pattern.regex() else {
            continue;
        };
        for file in files_of(repo, &root, &rule.file.0) {
            let Some(source) = repo.scan(&file) else {
                continue;
            };
            let home = file.parent().unwrap_or_default();
            for captures in regex.captures_iter(source.text.as_bytes()).take(50) {
                let text = |name: &str| {
                    let group = captures.name(name)?;
                    std::str::from_utf8(group.as_bytes()).ok()
                };
                let (Some(from), Some(to)) = (text("from"), text("to")) else {
                    continue;
                };
                let (from, to) = (&filled(from, &source.text), &filled(to, &source.text));
                // What goes upward starts in some package's folder, which `cd` has named before.
                let above = to.starts_with("../");
                let inside = packages
                    .iter()
                    .map(|package| &package.dir)
                    .filter(|_| above);
                for base in [&root, &home].into_iter().chain(inside) {
                    if let (Some(from), Some(to)) =
                        (base.resolve(clean(from)), base.resolve(clean(to)))
                        && !from.is_root()
                        && !to.is_root()
                    {
                        found.push(Copy { from, to });
                    }
                }
            }
        }
    }
    found
}

/// With the value of a shell variable that the same file sets to a plain path in front:
/// `assets="./static"`, then `${assets}/app`.
fn filled(path: &str, text: &str) -> String {
    let parts = path.strip_prefix('$').map(|rest| {
        let rest = rest.trim_start_matches('{');
        let end = rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        rest.split_at(end)
    });
    let value = parts.and_then(|(name, _)| {
        text.lines().take(2_000).find_map(|line| {
            let line = line.trim().trim_start_matches("export ");
            let value = line.strip_prefix(name)?.strip_prefix('=')?;
            Some(value.trim_matches(['"', '\'']))
        })
    });
    match (value, parts) {
        (Some(value), Some((_, rest))) if !value.contains('$') => {
            format!("{value}{}", rest.trim_start_matches('}'))
        }
        _ => path.to_owned(),
    }
}

/// Without a variable for the repository's own folder in front.
fn clean(path: &str) -> &str {
    let path = match path.strip_prefix('$') {
        Some(_) => path.split_once('/').map_or("", |(_, rest)| rest),
        None => path,
    };
    path.trim_start_matches("./").trim_end_matches('/')
}
