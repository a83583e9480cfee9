//! What is known about a component: facts with their evidence. Types only; languages and
//! detectors fill them, `plan` reads them.

mod evidence;
mod pins;
mod secret;
mod slots;

pub use evidence::{Confidence, Evidence, Found, Rank, Slot};
pub use pins::{Bound, Pin, Pins, Weight};
pub use secret::looks_secret;
pub use slots::{Artifact, Command, Facts, HealthFact, Kind, push, push_named};
