//! What is known about a component: facts with their evidence. Types only; languages and
//! detectors fill them, `plan` reads them.

mod evidence;
mod slots;

pub use evidence::{Confidence, Evidence, Found, Rank, Slot};
pub use slots::{Artifact, Command, Facts, HealthFact, Kind, push, push_named};
