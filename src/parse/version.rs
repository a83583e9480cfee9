//! Versions and constraints on them.

use serde::Serialize;

/// Which versions of a runtime or tool a project accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Constraint {
    Any,
}

impl schemars::JsonSchema for Constraint {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Constraint".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}
