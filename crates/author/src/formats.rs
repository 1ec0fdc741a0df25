//! The JSON Schemas (draft 2020-12) of the files we define, generated from their types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use cardhost_core::card::Card;
use cardhost_core::connector::Connector;

/// The schema of `cards/<connector>/connector.json`.
#[must_use]
pub fn connector_schema() -> Value {
    schema_of::<Connector>("https://cardhost.dev/schemas/connector.schema.json")
}

/// The schema of `cards/<connector>/<card>.json`.
#[must_use]
pub fn card_schema() -> Value {
    schema_of::<Card>("https://cardhost.dev/schemas/card.schema.json")
}

/// The schema of a type; `id` is the address that it is published at.
#[must_use]
pub fn schema_of<T: JsonSchema>(id: &str) -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    simplify(&mut schema);
    headed(schema, id)
}

/// The schema with what an editor shows first at its top.
fn headed(schema: Value, id: &str) -> Value {
    let Value::Object(mut rest) = schema else {
        return schema;
    };
    let mut whole = Map::new();
    whole.extend(rest.shift_remove("$schema").map(|draft| ("$schema".to_owned(), draft)));
    whole.insert("$id".to_owned(), Value::String(id.to_owned()));
    for key in ["title", "description"] {
        whole.extend(rest.shift_remove(key).map(|text| (key.to_owned(), text)));
    }
    whole.extend(rest);
    Value::Object(whole)
}

/// Puts what schemars says in general ways into forms that editors and our own errors can show: an optional
/// key is left out instead of null, and a list of names is an `enum` instead of a `oneOf` of constants.
fn simplify(schema: &mut Value) {
    let Value::Object(map) = schema else {
        return;
    };
    without_null(map);
    names_as_enum(map);
    // Formats of Rust's numbers mean nothing to others.
    let of_a_number =
        |format: &str| format.starts_with(['u', 'i', 'f', 'd']) && !format.contains('-');
    if map.get("format").and_then(Value::as_str).is_some_and(of_a_number) {
        map.shift_remove("format");
    }
    for (key, value) in map {
        match (key.as_str(), value) {
            ("properties" | "patternProperties" | "$defs", Value::Object(schemas)) => {
                schemas.values_mut().for_each(simplify);
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                schemas.iter_mut().for_each(simplify);
            }
            (
                "items" | "additionalProperties" | "propertyNames" | "if" | "then" | "else",
                inner,
            ) => simplify(inner),
            _ => {}
        }
    }
}

fn without_null(map: &mut Map<String, Value>) {
    let null = Value::String("null".to_owned());
    if let Some(Value::Array(types)) = map.get_mut("type") {
        types.retain(|name| *name != null);
        if let [only] = types.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    let is_null = |schema: &Value| schema.get("type") == Some(&null);
    if let Some(Value::Array(schemas)) = map.get("anyOf")
        && let [Value::Object(inner), other] = schemas.as_slice()
        && is_null(other)
    {
        let inner = inner.clone();
        map.shift_remove("anyOf");
        for (key, value) in inner {
            map.entry(key).or_insert(value);
        }
    }
}

fn names_as_enum(map: &mut Map<String, Value>) {
    let Some(Value::Array(schemas)) = map.get("oneOf") else {
        return;
    };
    let constants: Option<Vec<Value>> =
        schemas.iter().map(|schema| schema.get("const").cloned()).collect();
    let Some(constants) = constants else {
        return;
    };
    let descriptions: Vec<Value> = schemas
        .iter()
        .map(|schema| schema.get("description").cloned().unwrap_or_default())
        .collect();
    map.shift_remove("oneOf");
    map.insert("type".to_owned(), Value::String("string".to_owned()));
    map.insert("enum".to_owned(), Value::Array(constants));
    // Not of JSON Schema, but editors show them beside the names.
    map.insert("enumDescriptions".to_owned(), Value::Array(descriptions));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_optional_and_names_are_listed() {
        let schema = card_schema();
        let required: Vec<_> = schema["required"].as_array().unwrap().iter().collect();
        assert_eq!(required, ["format", "name", "version", "title", "request", "effect", "output"]);
        assert_eq!(
            schema["$defs"]["Effect"]["enum"],
            serde_json::json!(["read", "idempotent", "write", "destructive"])
        );
    }
}
