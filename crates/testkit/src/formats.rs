//! The JSON Schemas (draft 2020-12) of cassettes and cases, as they were generated from their types by a test.

use serde_json::Value;

/// The schema of cassettes.
#[must_use]
pub fn cassette_schema() -> Value {
    read(include_str!("formats/cassette.schema.json"))
}

/// The schema of `case.json`: a card's or a flow's.
#[must_use]
pub fn case_schema() -> Value {
    read(include_str!("formats/case.schema.json"))
}

/// A schema that was written by a test is JSON.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use cardhost_author::formats::{card_schema, connector_schema};
    use serde_json::Map;

    use super::*;

    /// Every schema inside, with its JSON Pointer.
    fn walk(schema: &Value, pointer: &str, visit: &mut dyn FnMut(&Map<String, Value>, &str)) {
        match schema {
            Value::Object(map) => {
                visit(map, pointer);
                for (key, value) in map {
                    walk(value, &format!("{pointer}/{key}"), visit);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    walk(item, &format!("{pointer}/{index}"), visit);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn all_schemas_compile_and_begin_with_their_id() {
        for (schema, name) in [
            (connector_schema(), "connector"),
            (card_schema(), "card"),
            (cassette_schema(), "cassette"),
            (case_schema(), "case"),
        ] {
            cardhost_core::schema::compile(&schema).unwrap();
            let head: Vec<_> = schema.as_object().unwrap().keys().take(4).cloned().collect();
            assert_eq!(head, ["$schema", "$id", "title", "description"]);
            assert_eq!(
                schema["$id"],
                format!("https://cardhost.dev/schemas/{name}.schema.json").as_str()
            );
        }
    }

    #[test]
    fn nothing_in_them_gives_an_error_that_names_no_place() {
        for schema in [connector_schema(), card_schema(), cassette_schema(), case_schema()] {
            walk(&schema, "", &mut |map, pointer| {
                let any_of = map.get("anyOf").and_then(Value::as_array);
                let keys = any_of.is_none_or(|all| all.iter().all(|s| s.get("required").is_some()));
                assert!(keys, "{pointer}");
                let one_of = map.get("oneOf").and_then(Value::as_array);
                let keys_only =
                    one_of.is_none_or(|all| all.iter().all(|s| s.get("required").is_some()));
                assert!(keys_only, "{pointer}");
                assert_ne!(map.get("type"), Some(&Value::String("null".into())), "{pointer}");
            });
        }
    }

    #[test]
    fn every_object_of_ours_refuses_unknown_keys() {
        for schema in [connector_schema(), card_schema(), cassette_schema(), case_schema()] {
            walk(&schema, "", &mut |map, pointer| {
                let has_keys = map.get("properties").is_some_and(Value::is_object)
                    && map.get("type") == Some(&Value::String("object".into()));
                let by_scheme = map.contains_key("allOf");
                // The other keys of a condition are references.
                let by_pattern = map.contains_key("propertyNames");
                if has_keys && !by_scheme && !by_pattern && !pointer.ends_with("/properties") {
                    assert_eq!(
                        map.get("additionalProperties"),
                        Some(&Value::Bool(false)),
                        "{pointer}"
                    );
                }
            });
        }
    }
}
