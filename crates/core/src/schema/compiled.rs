//! JSON Schemas that are compiled, by `cardhost-schema`.

use std::sync::OnceLock;

use cardhost_schema::{Validator, compile};
use serde::Deserialize;
use serde_json::Value;

/// A JSON Schema (draft 2020-12) that a field carries; compiled at the first use.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct JsonSchemaField {
    source: Value,
    #[serde(skip)]
    compiled: OnceLock<Result<Validator, String>>,
}

impl JsonSchemaField {
    /// The schema as written.
    #[must_use]
    pub fn source(&self) -> &Value {
        &self.source
    }

    /// What is wrong with the schema itself, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<&str> {
        self.validator().as_ref().err().map(String::as_str)
    }

    /// The first fault of a value: a JSON Pointer into it and what was expected, without the value itself.
    #[must_use]
    pub fn first_fault(&self, value: &Value) -> Option<(String, String)> {
        match self.validator() {
            Ok(validator) => cardhost_schema::first_fault(validator, value),
            Err(fault) => Some((String::new(), format!("a JSON Schema that compiles: {fault}"))),
        }
    }

    fn validator(&self) -> &Result<Validator, String> {
        self.compiled.get_or_init(|| compile(&self.source))
    }
}
