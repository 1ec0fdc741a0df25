//! The JSON Schema of what a card returns.

use serde_json::{Map, Value, json};

use super::field_schema::{At, field_schema};
use super::invocation_schema::DRAFT;
use cardhost_core::call::PAGES;
use cardhost_core::definition::Definition;
use cardhost_core::field::Fields;

/// The JSON Schema (draft 2020-12) of a card's outputs: `{"Response": {"Status Code": 200, …}}`.
///
/// Every group is there; a field without a value is left out or null unless it is required.
#[must_use]
pub fn output_schema(definition: &Definition) -> Value {
    let card = &definition.card;
    let mut groups = Map::new();
    for (group, fields) in &card.output {
        groups.insert(group.clone(), group_schema(group, fields));
    }
    if card.pages.is_some() {
        groups.insert(PAGES.to_owned(), pages());
    }
    let required: Vec<&str> = card.output.keys().map(String::as_str).collect();
    json!({
        "$schema": DRAFT,
        "title": format!("Output of {}", card.title),
        "type": "object",
        "properties": groups,
        "required": required,
        "additionalProperties": false,
    })
}

/// What a run has of pages.
fn pages() -> Value {
    json!({
        "description": "What was had of the pages; `next` is where a later run begins, where there is more.",
        "type": "object",
        "properties": {
            "pages": { "type": "integer", "minimum": 0 },
            "records": { "type": "integer", "minimum": 0 },
            "ended": { "description": "Why it ended, where it did.", "type": "string" },
            "next": { "description": "A cursor: to be given back as it is.", "type": "object" },
        },
        "required": ["pages", "records"],
        "additionalProperties": false,
    })
}

fn group_schema(group: &str, fields: &Fields) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (label, field) in fields {
        let place = vec!["output".to_owned(), group.to_owned(), label.clone()];
        let at = At { place, output: true };
        properties.insert(label.clone(), field_schema(field, !field.required, &at).into());
        if field.required && field.value.is_some() {
            required.push(label.as_str());
        }
    }
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
