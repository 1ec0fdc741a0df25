//! JSON Schemas that are compiled: the one door to the `jsonschema` crate.

use std::sync::OnceLock;

use jsonschema::Validator;
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
            Ok(validator) => validator.iter_errors(value).next().map(|error| {
                (error.instance_path().to_string(), error.masked_with("the value").to_string())
            }),
            Err(fault) => Some((String::new(), format!("a JSON Schema that compiles: {fault}"))),
        }
    }

    fn validator(&self) -> &Result<Validator, String> {
        self.compiled.get_or_init(|| compile(&self.source))
    }
}

/// Compiles a schema; references leave the document nowhere, patterns run in linear time.
///
/// # Errors
/// The reason in words where the schema is not valid.
pub fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft202012)
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(schema)
        .map_err(|error| error.to_string())
}
