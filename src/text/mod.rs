//! Texts, where they lie and the places in them: what diagnostics, parsers and the repository all
//! speak of. Nothing here reads or judges anything.

mod hidden;
mod location;
mod path;
mod source;

pub use hidden::{has_hidden, is_hidden, visible_json};
pub use location::Location;
pub use path::RelPath;
pub use source::{Source, Span, line_at};
