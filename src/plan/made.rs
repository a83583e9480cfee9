//! What a language's planner gives; the assembly puts the common part around it.

use super::image::{CopyStep, RunStage, Stage};

/// The stages of an image as its language makes them.
pub struct Made {
    pub stages: Vec<Stage>,
    pub run: RunStage,
    /// Paths of the build context that the stages copy by name: the ignore file keeps them.
    pub needed: Vec<String>,
}

impl Made {
    pub fn new(stages: Vec<Stage>, run: RunStage, manifests: &[CopyStep]) -> Self {
        Self {
            stages,
            run,
            needed: manifests
                .iter()
                .flat_map(|step| step.from.clone())
                .collect(),
        }
    }
}
