//! JSON Schemas that fields carry. A run compiles one only where a field has one.

#[cfg(feature = "json-schema")]
mod compiled;
#[cfg(not(feature = "json-schema"))]
mod left_out;

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

#[cfg(feature = "json-schema")]
pub use cardhost_schema::compile;
#[cfg(feature = "json-schema")]
pub use compiled::JsonSchemaField;
#[cfg(not(feature = "json-schema"))]
pub use left_out::JsonSchemaField;

#[cfg(feature = "schemas")]
impl JsonSchema for JsonSchemaField {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JsonSchema".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A JSON Schema, draft 2020-12.", "type": ["object", "boolean"] })
    }
}
