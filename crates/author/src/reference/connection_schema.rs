//! The JSON Schema of a connection's file: what `--connection FILE` reads, for an editor.

use cardhost_core::connector::Connector;
use cardhost_core::field::Fields;
use serde_json::{Map, Value, json};

use super::invocation_schema::{
    DRAFT, closed_object, described_only, must_be_given, source, value_schema,
};

/// The JSON Schema (draft 2020-12) of the connections of a connector: `{"fields": {LABEL: value}}`.
///
/// What a field must be that is there only for some values of others is left to the run.
#[must_use]
pub fn connection_schema(connector: &Connector) -> Value {
    json!({
        "$schema": DRAFT,
        "title": format!("Connection to {}", connector.title),
        "type": "object",
        "properties": {
            "fields": fields(&connector.connection.fields),
        },
        "required": ["fields"],
        "additionalProperties": false,
        "$defs": { "source": source() },
    })
}

fn fields(fields: &Fields) -> Map<String, Value> {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (label, field) in fields {
        let schema = value_schema(&["connection", "fields"], label, field);
        let is_always_there = field.visible_when.is_none();
        if is_always_there && must_be_given(field) {
            required.push(label.as_str());
        }
        let schema = if is_always_there { schema } else { described_only(&schema) };
        properties.insert(label.clone(), schema);
    }
    closed_object(properties, &required)
}
