//! A schema, compiled and asked.

use jsonschema::Validator;
use serde_json::Value;

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

/// The first fault of a value: a JSON Pointer into it and what was expected, without the value itself.
#[must_use]
pub fn first_fault(validator: &Validator, value: &Value) -> Option<(String, String)> {
    let error = validator.iter_errors(value).next()?;
    Some((error.instance_path().to_string(), error.masked_with("the value").to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_says_where_and_what_and_not_the_value() {
        let schema = json!({ "properties": { "a/b": { "type": "number" } } });
        let compiled = compile(&schema).unwrap();
        assert_eq!(first_fault(&compiled, &json!({ "a/b": 1 })), None);
        let fault = first_fault(&compiled, &json!({ "a/b": "canary" })).unwrap();
        assert_eq!(fault, ("/a~1b".to_owned(), "the value is not of type \"number\"".to_owned()));
    }

    #[test]
    fn a_schema_that_is_none_is_refused_and_nothing_is_fetched() {
        assert!(compile(&json!({ "type": "nonsuch" })).is_err());
        assert!(compile(&json!({ "$ref": "https://schemas.example/a.json" })).is_err());
    }
}
