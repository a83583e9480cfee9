//! What must hold whatever a repository contains, and what must be true of all built-in data.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::unnecessary_debug_formatting,
    clippy::non_octal_unix_permissions,
    unreachable_pub,
    reason = "tests make and look at trees of their own, and stop at what goes wrong"
)]

mod builtin;
mod determinism;
mod hostile;
mod modules;
mod property;
mod secrets;
mod seeds;
mod support;
mod trees;
