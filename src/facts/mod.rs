//! What is known about a component: facts with their evidence. Types only; languages and
//! detectors fill them, `plan` reads them.

mod component;
mod evidence;
mod own;
mod pins;
mod role;
mod secret;
mod slots;

pub use component::{
    BUILD_SCRIPTS, Component, Dependency, Framework, LanguageModel, Manifest, Model, Script,
    identifier,
};
pub use evidence::{Confidence, Evidence, Found, Rank, Slot};
pub use own::{Own, OwnFacts};
pub use pins::{Bound, Pin, Pins, Weight};
pub use role::{Feed, Role, Verdict};
pub use secret::{BuildSecret, SecretSource, looks_secret};
pub use slots::{
    Artifact, Command, Facts, HealthFact, Kind, Migration, RequiredEnv, push, push_named,
    push_required,
};
