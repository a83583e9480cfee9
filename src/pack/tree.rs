use std::borrow::Cow;

use crate::diag::{Diagnostic, Result};
use crate::repo::RelPath;

/// Where a pack's files come from.
pub trait FileTree {
    /// Every file, sorted, with `/` between parts.
    fn paths(&self) -> Vec<String>;
    fn text(&self, path: &str) -> Result<Cow<'static, str>>;
    /// The folder by which messages name the files.
    fn prefix(&self) -> RelPath {
        RelPath::root()
    }
}

const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The files that were compiled into the program.
pub struct Embedded;

impl FileTree for Embedded {
    fn paths(&self) -> Vec<String> {
        BUILTIN.iter().map(|(path, _)| (*path).to_owned()).collect()
    }

    fn text(&self, path: &str) -> Result<Cow<'static, str>> {
        BUILTIN
            .iter()
            .find(|(name, _)| *name == path)
            .map(|(_, text)| Cow::Borrowed(*text))
            .ok_or_else(|| {
                Diagnostic::error("pack-file-missing", format!("the pack has no {path}"))
            })
    }
}
