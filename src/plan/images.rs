//! The base-image catalogue (`detectors/images.toml`): which version lines a runtime has, until
//! when each is looked after, and which image serves which role.
//!
//! There is no clock here: which lines have ended is judged by the catalogue's own date, so the
//! same repository gets the same answer next year. The caller compares with today by
//! [`Line::eol_before`] and warns.

mod choose;
mod file;
mod reference;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::data::{Date, FactSource};
use crate::diag::{Diagnostic, Result, suggest};
use crate::parse::version::Version;
use crate::repo::Source;
use file::{ImageRow, LineRow, SeriesRow};

/// One version line of a runtime: Node 22, Python 3.13, Rust 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    pub version: Version,
    /// The day on which the upstream project ends its support; absent where it has named none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eol: Option<Date>,
    /// A long-term line of a runtime that tells long-term lines from others.
    pub lts: bool,
    /// The line that is taken when nothing is asked.
    pub default: bool,
    /// Upstream's name for a long-term line, in lower case (Node: `jod`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// The newest version in the line on the day of the row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<Version>,
    /// Set by [`Catalogue::pin`]: tags name this version instead of the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact: Option<Version>,
}

impl Line {
    /// Whether support ended before `today` (`YYYY-MM-DD`); false for a line without a known
    /// end and for a text that is no date.
    pub fn eol_before(&self, today: &str) -> bool {
        match (&self.eol, Date::parse(today)) {
            (Some(eol), Some(today)) => *eol < today,
            _ => false,
        }
    }
}

/// The C library of an image; decides which compiled wheels and addons load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Libc {
    Glibc,
    Musl,
    /// No dynamic loader: only static programs run.
    None,
}

/// A base image and what has to be known to build on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BaseImage {
    /// What stands after FROM: name and tag, without a digest.
    pub reference: String,
    /// `uid:gid`, numeric, of the user that the image brings for running an app; absent when it
    /// brings none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Whether there is `/bin/sh`.
    pub shell: bool,
    /// The image's own entry point; a CMD becomes its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workdir: Option<String>,
    pub libc: Libc,
    /// The distribution release that packages are installed from (`trixie`, `bookworm`); absent
    /// where there is no package manager of Debian's kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// Whether the reference names [`Line::exact`]; false for a pinned line means that the
    /// image follows the line, because its publisher tags nothing finer.
    #[serde(skip)]
    pub exact: bool,
}

/// A row of the table that `dockgen images` prints.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The runtime's id (`node`) and its name for people (`Node.js`).
    pub runtime: &'a str,
    pub name: &'a str,
    pub line: Line,
    /// Role and image, in the catalogue's order.
    pub images: Vec<(&'a str, BaseImage)>,
    pub source: &'a FactSource,
}

/// All that `images.toml` says.
#[derive(Clone, Debug)]
pub struct Catalogue {
    as_of: Date,
    runtimes: BTreeMap<String, Runtime>,
}

#[derive(Clone, Debug)]
struct Runtime {
    name: String,
    /// A line that is not here is served by the next long-term one: every JDK compiles for and
    /// runs what an older one did.
    round_up: bool,
    lines: Vec<LineRow>,
    series: Vec<SeriesRow>,
    images: Vec<ImageRow>,
}

impl Catalogue {
    /// Reads a catalogue. An unknown key, a bad version, date, source or image reference is an
    /// error at its place in the file (`bad-images-file`).
    pub fn parse(source: &Source) -> Result<Self> {
        file::parse(source)
    }

    /// The day that the catalogue was last gone through.
    pub fn as_of(&self) -> &Date {
        &self.as_of
    }

    fn runtime(&self, id: &str) -> Result<&Runtime> {
        self.runtimes.get(id).ok_or_else(|| {
            let problem = Diagnostic::error(
                "unknown-runtime",
                format!("there is no runtime `{id}` in the image catalogue"),
            );
            match suggest(id, self.runtimes.keys().map(String::as_str)) {
                Some(near) => problem.with_help(format!("did you mean `{near}`?")),
                None => problem.with_help("`dockgen images` lists them"),
            }
        })
    }

    /// The image of a line for a role (`build`, `slim`, `distroless`, `alpine`, `scratch`,
    /// `full`, or one that the runtime adds); `None` where none is known.
    pub fn image(&self, runtime: &str, line: &Line, role: &str) -> Option<BaseImage> {
        let runtime = self.runtimes.get(runtime)?;
        runtime
            .images
            .iter()
            .filter(|row| row.role == role)
            .find_map(|row| runtime.fill(row, line))
    }

    /// The runtime's name for people.
    pub fn name(&self, runtime: &str) -> Option<&str> {
        self.runtimes.get(runtime).map(|known| known.name.as_str())
    }

    /// Whether the runtime has an image for this role in any of its lines.
    pub fn has_role(&self, runtime: &str, role: &str) -> bool {
        self.runtimes
            .get(runtime)
            .is_some_and(|runtime| runtime.images.iter().any(|row| row.role == role))
    }

    /// Every listed line with its images, by runtime and from the newest line down.
    pub fn runtimes(&self) -> impl Iterator<Item = Row<'_>> {
        self.runtimes.iter().flat_map(|(id, runtime)| {
            runtime.lines.iter().map(move |row| {
                let line = row.line();
                let mut images: Vec<(&str, BaseImage)> = Vec::new();
                for image in &runtime.images {
                    if images.iter().all(|(role, _)| *role != image.role)
                        && let Some(filled) = runtime.fill(image, &line)
                    {
                        images.push((&image.role, filled));
                    }
                }
                Row {
                    runtime: id,
                    name: &runtime.name,
                    line,
                    images,
                    source: &row.source,
                }
            })
        })
    }
}

impl Runtime {
    fn fill(&self, row: &ImageRow, line: &Line) -> Option<BaseImage> {
        if !row.lines.is_empty() && !row.lines.contains(&line.version) {
            return None;
        }
        let parts = self.tag_parts(line)?;
        let version = line.exact.as_ref().unwrap_or(&line.version).to_string();
        let patch = line
            .exact
            .as_ref()
            .or(line.newest.as_ref())
            .map(ToString::to_string);
        let base = line.version.to_string();
        let reference = reference::fill(&row.tag, |key| match key {
            "version" => Some(version.as_str()),
            "line" => Some(base.as_str()),
            "patch" => patch.as_deref(),
            "suite" => parts.suite,
            "alpine" => parts.alpine,
            _ => None,
        })?;
        let release = match row.release.as_deref() {
            Some("{suite}") => parts.suite.map(str::to_owned),
            other => other.map(str::to_owned),
        };
        Some(BaseImage {
            reference,
            user: row.user.clone(),
            shell: row.shell,
            entrypoint: row.entrypoint.clone(),
            workdir: row.workdir.clone(),
            libc: row.libc,
            release,
            exact: line.exact.is_some()
                && (row.tag.contains("{version}") || row.tag.contains("{patch}")),
        })
    }

    /// Which Debian and Alpine releases the tags of a line, or of one version in it, name.
    fn tag_parts(&self, line: &Line) -> Option<TagParts<'_>> {
        if let Some(row) = self.lines.iter().find(|row| row.version == line.version) {
            let Some(exact) = &line.exact else {
                return Some(TagParts {
                    suite: row.suite.as_deref(),
                    alpine: row.alpine.as_deref(),
                });
            };
            let older = row
                .older
                .iter()
                .find(|older| exact.compare(&older.below).is_lt());
            let suite = older.map_or(row.suite.as_deref(), |older| Some(older.suite.as_str()));
            return Some(TagParts {
                suite,
                alpine: row.alpine.as_ref().map(|_| ""),
            });
        }
        let series = self
            .series
            .iter()
            .find(|series| series.holds(&line.version))?;
        Some(TagParts {
            suite: Some(&series.suite),
            alpine: Some(""),
        })
    }
}

/// `alpine` is the release's number, or empty for the tag without one: which Alpine releases a
/// single patch, or a line that has ended, was built on is not recorded.
struct TagParts<'a> {
    suite: Option<&'a str>,
    alpine: Option<&'a str>,
}
