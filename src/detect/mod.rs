//! Components of a repository and what is known about them, each fact with its evidence.

pub mod evidence;
pub mod facts;
