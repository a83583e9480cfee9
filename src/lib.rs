//! dockgen reads a source repository and writes the container files that an expert would have
//! written by hand.
//!
//! ```text
//! path ─▶ Repo ─▶ Detection ─▶ Plan ─▶ [OutputFile] ─▶ Changes ─▶ disk
//! ```
//!
//! Arrows go one way: a module uses only modules above it in this list. Only [`cli`] prints or prompts; only [`write::apply`] writes.

pub mod text;

pub mod diag;
pub mod parse;

pub mod repo;

pub mod facts;

pub mod code;

pub mod pack;

pub mod plan;

pub mod lang;

pub mod authors;

pub mod detect;

pub mod assemble;

pub mod write;

pub mod render;

pub mod cli;
