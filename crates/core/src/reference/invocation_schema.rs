//! The JSON Schema of an invocation.

use serde_json::{Value, json};

use crate::definition::Definition;

/// The JSON Schema.
#[must_use]
pub fn invocation_schema(_definition: &Definition) -> Value {
    json!({})
}
