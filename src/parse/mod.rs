//! Text to values with positions. Every error is a [`crate::diag::Diagnostic`] that points into
//! the file.

pub mod version;
