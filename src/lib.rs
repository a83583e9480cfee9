//! dockgen reads a source repository and writes the container files that an expert would have
//! written by hand.
//!
//! ```text
//! path ─▶ Repo ─▶ Detection ─▶ Plan ─▶ [OutputFile] ─▶ Changes ─▶ disk
//! ```
//!
//! Arrows go one way: a module uses only modules to its left, plus [`diag`] and [`parse`].
//! Only `cli` prints or prompts; only [`write::apply`] writes.

pub mod detect;
pub mod diag;
pub mod parse;
pub mod repo;
