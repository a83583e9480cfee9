use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::args::{SchemaArgs, SchemaOf};
use super::exit::{Exit, Failure};
use super::report::Report;
use super::settings::TABLES;
use super::ui::Ui;
use crate::lang::languages;
use crate::pack::{Detector, KeyTable, PackSet};
use crate::plan::Plan;
use crate::plan::options::{Form, OPTIONS, Opt};

pub(super) fn run(args: &SchemaArgs, ui: &Ui<'_>) -> Result<Exit, Failure> {
    match args.of {
        SchemaOf::Plan => ui.json(&written::<Plan>()),
        SchemaOf::Report => ui.json(&written::<Report>()),
        SchemaOf::Settings => ui.json(&settings()),
        SchemaOf::Detector => ui.json(&detector(PackSet::builtin()?.keys())),
    }
    Ok(Exit::Done)
}

/// What a detector file may say: the types, and the keys that each language's planner reads.
fn detector(keys: Option<&KeyTable>) -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<Detector>()
        .to_value();
    let all = languages();
    let each = all.iter().map(|language| {
        let keys = keys.into_iter().flat_map(|table| table.of(language));
        let keys: Map<String, Value> = keys
            .map(|key| (key.name.clone(), key.schema()))
            .collect();
        let own = json!({ "properties": { "own": { "properties": keys, "additionalProperties": false } } });
        json!({
            "if": { "properties": { "language": { "const": language } } },
            "then": { "properties": {
                "facts": own,
                "variant": { "items": { "properties": { "facts": own } } },
            } },
        })
    });
    schema["allOf"] = each.collect();
    schema
}

/// The schema of what is written, in which a field that may be left out is not required.
fn written<T: JsonSchema>() -> schemars::Schema {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>()
}

/// dockgen.toml, from the table of options.
fn settings() -> Value {
    let own: Map<String, Value> = OPTIONS
        .iter()
        .filter(|option| option.form != Form::Folders)
        .map(property)
        .collect();
    let mut all: Map<String, Value> = OPTIONS.iter().map(property).collect();
    all.insert(
        TABLES.to_owned(),
        json!({
            "description": "Settings of one component, by its folder",
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": own,
                "additionalProperties": false,
            },
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "dockgen.toml",
        "type": "object",
        "properties": all,
        "additionalProperties": false,
    })
}

fn property(option: &Opt) -> (String, Value) {
    let mut form = match option.form {
        Form::User | Form::Signal => json!({ "type": "string" }),
        Form::Words(_) => json!({ "type": ["string", "array"], "items": { "type": "string" } }),
        Form::Text => json!({ "type": ["string", "number"] }),
        Form::Port => json!({ "type": "integer", "minimum": 1, "maximum": 65535 }),
        Form::Choice(choices) => json!({ "enum": choices }),
        Form::Language => json!({ "enum": languages() }),
        Form::Folders => json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
    };
    form["description"] = Value::from(option.help);
    (option.key.to_owned(), form)
}
