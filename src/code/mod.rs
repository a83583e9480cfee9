//! Code read as code: syntax trees, patterns over them, and values followed to where they come from.
//!
//! A detector's pattern is a snippet with holes ([`CodePattern`]); [`Tree::find`] says where it fits
//! and [`value`] what stands in its holes. Comments and tests are in no tree, so that no pattern
//! can fit them.

mod address;
mod around;
mod calls;
mod files;
mod follow;
mod grammar;
mod lookup;
mod matching;
mod names;
mod pattern;
mod tree;
mod value;

pub use address::{Address, address, is_local, is_loopback};
pub use files::{Cache, Files, Held, Index, Words};
pub use follow::value;
pub use grammar::Grammar;
pub use matching::Match;
pub use pattern::CodePattern;
pub use tree::{NodeId, Tree};
pub use value::Value;

#[cfg(test)]
mod tests;
