//! The format of `images.toml`, and what has to be true of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::reference::{is_tag_byte, is_user, wrong_reference};
use super::{Catalogue, Libc, Line, Runtime};
use crate::diag::Result;
use crate::parse::version::Version;
use crate::plan::data::{Checker, Date, FactSource, Sources, read};
use crate::repo::Source;

const CODE: &str = "bad-images-file";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    as_of: Date,
    sources: Sources,
    runtime: BTreeMap<String, RawRuntime>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRuntime {
    name: String,
    default: Spanned<String>,
    #[serde(default)]
    round_up: bool,
    lines: Vec<RawLine>,
    #[serde(default)]
    series: Vec<RawSeries>,
    /// Empty for a tool that is installed and not started from.
    #[serde(default)]
    images: Vec<RawImage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLine {
    version: Spanned<String>,
    eol: Option<Date>,
    #[serde(default)]
    lts: bool,
    codename: Option<String>,
    newest: Option<Spanned<String>>,
    suite: Option<Spanned<String>>,
    alpine: Option<Spanned<String>>,
    #[serde(default)]
    older: Vec<RawOlder>,
    source: Spanned<String>,
}

/// Versions below `below` have no tag for the line's suite, but one for this.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOlder {
    below: Spanned<String>,
    suite: Spanned<String>,
}

/// Lines too many to list, of which each has an image: `from` to `to`, or without an end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSeries {
    from: Spanned<String>,
    to: Option<Spanned<String>>,
    suite: Spanned<String>,
    source: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawImage {
    role: Spanned<String>,
    tag: Spanned<String>,
    #[serde(default)]
    lines: Vec<Spanned<String>>,
    user: Option<Spanned<String>>,
    shell: bool,
    #[serde(default)]
    entrypoint: Vec<String>,
    workdir: Option<Spanned<String>>,
    libc: Libc,
    release: Option<String>,
    source: Spanned<String>,
}

#[derive(Clone, Debug)]
pub(super) struct LineRow {
    pub version: Version,
    eol: Option<Date>,
    lts: bool,
    default: bool,
    codename: Option<String>,
    newest: Option<Version>,
    pub suite: Option<String>,
    pub alpine: Option<String>,
    /// From the lowest bound up.
    pub older: Vec<Older>,
    pub source: FactSource,
}

#[derive(Clone, Debug)]
pub(super) struct Older {
    pub below: Version,
    pub suite: String,
}

#[derive(Clone, Debug)]
pub(super) struct SeriesRow {
    pub from: Version,
    pub to: Option<Version>,
    pub suite: String,
}

#[derive(Clone, Debug)]
pub(super) struct ImageRow {
    pub role: String,
    pub tag: String,
    /// Empty for all lines.
    pub lines: Vec<Version>,
    pub user: Option<String>,
    pub shell: bool,
    pub entrypoint: Vec<String>,
    pub workdir: Option<String>,
    pub libc: Libc,
    pub release: Option<String>,
}

impl LineRow {
    pub(super) fn line(&self) -> Line {
        Line {
            version: self.version.clone(),
            eol: self.eol.clone(),
            lts: self.lts,
            default: self.default,
            codename: self.codename.clone(),
            newest: self.newest.clone(),
            exact: None,
        }
    }
}

impl SeriesRow {
    /// Whether this is one of the lines of the series.
    pub(super) fn holds(&self, line: &Version) -> bool {
        line.parts().len() == self.from.parts().len()
            && self.from <= *line
            && self.to.as_ref().is_none_or(|to| line <= to)
    }

    /// The lines of the series. One without an end goes on as far as anybody asks; how far its
    /// publisher has come is not recorded, and so these are the lines of the first years.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line> {
        const YEARS_OF_RELEASES: u64 = 30;
        let (major, first) = (self.from.major(), self.from.minor());
        let last = self
            .to
            .as_ref()
            .map_or(first + YEARS_OF_RELEASES, Version::minor);
        (first..=last).map(move |minor| Self::line(Version::new([major, minor])))
    }

    pub(super) fn line(version: Version) -> Line {
        Line {
            version,
            eol: None,
            lts: false,
            default: false,
            codename: None,
            newest: None,
            exact: None,
        }
    }
}

pub(super) fn parse(source: &Source) -> Result<Catalogue> {
    let file: File = read(source, CODE)?;
    let check = Check {
        checker: Checker { source, code: CODE },
        sources: &file.sources,
    };
    let mut runtimes = BTreeMap::new();
    for (id, raw) in file.runtime {
        runtimes.insert(id, check.runtime(raw)?);
    }
    Ok(Catalogue {
        as_of: file.as_of,
        runtimes,
    })
}

struct Check<'a> {
    checker: Checker<'a>,
    sources: &'a Sources,
}

impl Check<'_> {
    fn runtime(&self, raw: RawRuntime) -> Result<Runtime> {
        let default = self.version(&raw.default)?;
        let mut lines: Vec<LineRow> = Vec::new();
        for line in raw.lines {
            let span = line.version.span();
            let line = self.line(line, &default)?;
            if lines.iter().any(|other| other.version == line.version) {
                return self
                    .checker
                    .fail(span, format!("line {} is listed twice", line.version));
            }
            lines.push(line);
        }
        lines.sort_by(|a, b| b.version.cmp(&a.version));
        if !lines.iter().any(|line| line.default) {
            return self.checker.fail(
                raw.default.span(),
                format!("the default {default} is not among the lines"),
            );
        }
        let series = raw
            .series
            .iter()
            .map(|series| self.series(series))
            .collect::<Result<_>>()?;
        let images = raw
            .images
            .into_iter()
            .map(|image| self.image(image, &lines))
            .collect::<Result<_>>()?;
        Ok(Runtime {
            name: raw.name,
            round_up: raw.round_up,
            lines,
            series,
            images,
        })
    }

    fn line(&self, raw: RawLine, default: &Version) -> Result<LineRow> {
        let version = self.version(&raw.version)?;
        let newest = raw
            .newest
            .as_ref()
            .map(|newest| self.version(newest))
            .transpose()?;
        if let (Some(newest), Some(written)) = (&newest, &raw.newest)
            && !version.holds(newest)
        {
            return self
                .checker
                .fail(written.span(), format!("{newest} is not in line {version}"));
        }
        let mut older = Vec::new();
        for row in &raw.older {
            older.push(Older {
                below: self.version(&row.below)?,
                suite: self.word(&row.suite)?,
            });
        }
        older.sort_by(|a, b| a.below.cmp(&b.below));
        Ok(LineRow {
            default: version == *default,
            version,
            eol: raw.eol,
            lts: raw.lts,
            codename: raw.codename,
            newest,
            suite: raw.suite.as_ref().map(|word| self.word(word)).transpose()?,
            alpine: raw
                .alpine
                .as_ref()
                .map(|word| self.word(word))
                .transpose()?,
            older,
            source: self.checker.source_of(self.sources, &raw.source)?,
        })
    }

    fn series(&self, raw: &RawSeries) -> Result<SeriesRow> {
        self.checker.source_of(self.sources, &raw.source)?;
        Ok(SeriesRow {
            from: self.version(&raw.from)?,
            to: raw.to.as_ref().map(|to| self.version(to)).transpose()?,
            suite: self.word(&raw.suite)?,
        })
    }

    fn image(&self, raw: RawImage, lines: &[LineRow]) -> Result<ImageRow> {
        self.checker.source_of(self.sources, &raw.source)?;
        let role = raw.role.get_ref();
        if role.is_empty()
            || !role
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
        {
            return self.checker.fail(
                raw.role.span(),
                "a role is a word of lower-case letters and dashes",
            );
        }
        let mut only = Vec::new();
        for line in &raw.lines {
            let version = self.version(line)?;
            if !lines.iter().any(|known| known.version == version) {
                return self
                    .checker
                    .fail(line.span(), format!("{version} is not among the lines"));
            }
            only.push(version);
        }
        if let Some(message) = wrong_reference(raw.tag.get_ref()) {
            return self.checker.fail(raw.tag.span(), message);
        }
        if let Some(user) = &raw.user
            && !is_user(user.get_ref())
        {
            return self
                .checker
                .fail(user.span(), "a user is written as numbers, `uid:gid`");
        }
        if let Some(dir) = &raw.workdir
            && !(dir.get_ref().starts_with('/') && dir.get_ref().bytes().all(is_tag_byte))
        {
            return self
                .checker
                .fail(dir.span(), "a work folder is an absolute path");
        }
        Ok(ImageRow {
            role: raw.role.into_inner(),
            tag: raw.tag.into_inner(),
            lines: only,
            user: raw.user.map(Spanned::into_inner),
            shell: raw.shell,
            entrypoint: raw.entrypoint,
            workdir: raw.workdir.map(Spanned::into_inner),
            libc: raw.libc,
            release: raw.release,
        })
    }

    fn version(&self, text: &Spanned<String>) -> Result<Version> {
        match Version::parse(text.get_ref()) {
            Some(version) if version.to_string() == *text.get_ref() => Ok(version),
            _ => self.checker.fail(
                text.span(),
                format!("`{}` is not a version such as 22 or 3.13", text.get_ref()),
            ),
        }
    }

    /// A part of a tag.
    fn word(&self, text: &Spanned<String>) -> Result<String> {
        if text
            .get_ref()
            .bytes()
            .all(|byte| is_tag_byte(byte) && byte != b'/')
        {
            return Ok(text.get_ref().clone());
        }
        self.checker.fail(
            text.span(),
            "only letters, digits, `.`, `_` and `-` can stand in a tag",
        )
    }
}
