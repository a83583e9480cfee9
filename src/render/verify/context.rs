use std::cell::RefCell;

use super::Fault;
use crate::parse::ignorefile::{IgnoreFile, Matcher};
use crate::repo::{RelPath, Repo};

/// Files of a folder that are looked at for one that the ignore file keeps. Where so many are
/// left out, the rest is not asked: a repository must not make the check long.
const LOOKED_AT: usize = 5_000;

/// The build context as the builder sees it: the repository without what the ignore file hides.
pub(super) struct Context<'a> {
    matcher: RefCell<Matcher<'a>>,
    repo: &'a Repo,
}

impl<'a> Context<'a> {
    pub(super) fn new(ignore: &'a IgnoreFile, repo: &'a Repo) -> Self {
        Self {
            matcher: RefCell::new(ignore.matcher()),
            repo,
        }
    }

    /// An error when a COPY or a bind mount of `source` would find nothing.
    pub(super) fn holds(&self, source: &str) -> Result<(), Fault> {
        // Undo the escapes of the COPY filter: JSON is decoded by the parser, word and glob are not.
        let plain = unescape(&unescape(source));
        let Some(plain) = RelPath::new(&plain) else {
            return Err(format!("COPY of {source}, which is no path of the context"));
        };
        if plain.is_root() {
            return Ok(());
        }
        let mut matcher = self.matcher.borrow_mut();
        let mut hidden = None;
        if self.repo.has(&plain) {
            if !matcher.excludes(plain.as_str()) {
                return Ok(());
            }
            hidden = Some(&plain);
        }
        for file in self.repo.files_in(&plain).take(LOOKED_AT) {
            if !matcher.excludes(file.as_str()) {
                return Ok(());
            }
            hidden = hidden.or(Some(file));
        }
        match hidden {
            None => Err(format!(
                "COPY of {plain}, which is not in the build context"
            )),
            Some(_) if self.repo.files_in(&plain).nth(LOOKED_AT).is_some() => Ok(()),
            Some(hidden) => Err(format!(
                "COPY of {plain}, but the ignore file leaves out {hidden}"
            )),
        }
    }
}

fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' {
            chars.next().unwrap_or('\\')
        } else {
            c
        });
    }
    plain
}
