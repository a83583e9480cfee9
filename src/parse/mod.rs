//! Text to values with positions. Every error is a [`crate::diag::Diagnostic`] that points into
//! the file.

mod glob;
pub mod ignorefile;
mod json;
pub mod marker;
mod toml;
mod tree;
pub mod version;
mod xml;
mod yaml;

pub use crate::text::{has_hidden, is_hidden, visible_json};
pub use glob::PathGlob;
pub use json::json;
pub use toml::{toml, typed_toml};
pub use tree::{Node, Tree};
pub use xml::xml;
pub use yaml::{yaml, yaml_documents};
