//! The JSON Schemas (draft 2020-12) of the files we define, as they were generated from their types: by a test, so that a
//! program neither generates nor carries what generates (tests/it/schemas.rs).

use serde_json::Value;

/// The schema of `cards/<connector>/connector.json`.
#[must_use]
pub fn connector_schema() -> Value {
    read(include_str!("formats/connector.schema.json"))
}

/// The schema of `cards/<connector>/<card>.json`.
#[must_use]
pub fn card_schema() -> Value {
    read(include_str!("formats/card.schema.json"))
}

/// A schema that was written by a test is JSON.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_optional_and_names_are_listed() {
        let schema = card_schema();
        let required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
        assert_eq!(required, ["request", "output"]);
        assert_eq!(
            schema["$defs"]["Effect"]["enum"],
            serde_json::json!(["read", "idempotent", "write", "destructive"])
        );
    }
}
