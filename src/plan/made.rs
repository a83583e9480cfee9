//! What a language's planner gives; the assembly puts the common part around it.

use serde_json::Value;

use super::image::{CopyStep, RunStage, Stage};
use crate::facts::Facts;

/// The stages of an image as its language makes them.
pub struct Made {
    pub stages: Vec<Stage>,
    pub run: RunStage,
    /// Paths of the build context that the stages copy by name: the ignore file keeps them.
    pub needed: Vec<String>,
    /// Where the build stages hold the project's root folder.
    pub project_dir: &'static str,
}

impl Made {
    pub fn new(
        stages: Vec<Stage>,
        run: RunStage,
        manifests: &[CopyStep],
        project_dir: &'static str,
    ) -> Self {
        Self {
            stages,
            run,
            project_dir,
            needed: manifests
                .iter()
                .flat_map(|step| step.from.clone())
                .collect(),
        }
    }
}

impl Made {
    /// Gives the stages' commands the build secrets, as `secrets` of each context, and takes files
    /// that hold a token out of what is copied by name.
    pub fn with_secrets(&mut self, facts: &Facts) {
        let mounts: Vec<String> = facts
            .build_secrets
            .iter()
            .map(|found| found.value.mount(self.project_dir))
            .collect();
        let is_withheld = |path: &str| {
            let path = path.replace("/./", "/");
            let mut withheld = facts.withheld.iter();
            withheld.any(|found| found.value.as_str() == path)
        };
        for stage in &mut self.stages {
            let Some(context) = stage.context.as_object_mut() else {
                continue;
            };
            context.insert("secrets".to_owned(), mounts.clone().into());
            let manifests = context.get_mut("manifests").and_then(Value::as_array_mut);
            let Some(manifests) = manifests else {
                continue;
            };
            for step in manifests.iter_mut() {
                if let Some(from) = step.get_mut("from").and_then(Value::as_array_mut) {
                    from.retain(|path| !path.as_str().is_some_and(is_withheld));
                }
            }
            manifests.retain(|step| step["from"].as_array().is_none_or(|from| !from.is_empty()));
        }
        self.needed.retain(|path| !is_withheld(path));
    }
}
