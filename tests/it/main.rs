//! The command line as its users meet it: one binary, one file a subject, a story a test.
#![allow(
    clippy::disallowed_methods,
    reason = "tests make repositories, start the program and look at what it wrote"
)]

mod check;
mod components;
mod explain;
mod help;
mod images;
mod init;
mod json;
mod options;
mod overwrite;
mod packs;
mod precedence;
mod scripted;
mod settings_file;
mod support;
mod trouble;
mod wizard;
