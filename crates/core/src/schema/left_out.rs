//! A build without JSON Schemas: a card whose field carries one is refused when it is loaded.

use std::convert::Infallible;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

/// A JSON Schema that a field carries; there is none in this build.
#[derive(Debug)]
pub struct JsonSchemaField(Infallible);

impl JsonSchemaField {
    /// The schema as written.
    #[must_use]
    pub fn source(&self) -> &Value {
        match self.0 {}
    }

    /// What is wrong with the schema itself, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        match self.0 {}
    }

    /// The first fault of a value: a JSON Pointer into it and what was expected, without the value itself.
    #[must_use]
    pub fn first_fault(&self, _: &Value) -> Option<(String, String)> {
        match self.0 {}
    }
}

impl<'de> Deserialize<'de> for JsonSchemaField {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<JsonSchemaField, D::Error> {
        Err(D::Error::custom(
            "a field carries a JSON Schema, and this build of cardhost leaves them out (feature `json-schema`)",
        ))
    }
}
