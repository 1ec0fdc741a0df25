//! The shape of `query`, `headers` and `form`, for the JSON Schemas.

#[cfg(feature = "schemas")]
use schemars::JsonSchema;

/// One reference to an object, or an object of templates: the shape of `query`, `headers` and `form`.
pub struct Parameters;

#[cfg(feature = "schemas")]
impl JsonSchema for Parameters {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Parameters".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "One reference to an object, or an object whose values are templates.",
            "type": ["string", "object"],
        })
    }
}
