//! What must hold whatever a repository contains, and what must be true of all built-in data.
#![allow(
    clippy::disallowed_methods,
    reason = "tests make and look at trees of their own"
)]

mod builtin;
mod determinism;
mod hostile;
mod property;
mod seeds;
mod support;
