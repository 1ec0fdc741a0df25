//! The JSON Schemas (draft 2020-12) of cassettes and cases, generated from their types.

use cardhost_author::formats::schema_of;
use cardhost_cassette::{Case, Cassette, RecordedRun};
use serde_json::{Value, json};

/// The schema of cassettes.
#[must_use]
pub fn cassette_schema() -> Value {
    schema_of::<Cassette>("https://cardhost.dev/schemas/cassette.schema.json")
}

/// The schema of `case.json`: a card's or a flow's.
///
/// One object with the keys of both, so that an editor completes them and an error has its place; which of them go
/// together is for the reader to say.
#[must_use]
pub fn case_schema() -> Value {
    let id = "https://cardhost.dev/schemas/case.schema.json";
    let (mut schema, mut flow) = (schema_of::<Case>(id), schema_of::<RecordedRun>(id));
    if let (Some(Value::Object(keys)), Some(Value::Object(more))) =
        (schema.get_mut("properties"), flow.get_mut("properties").map(Value::take))
    {
        for (key, about) in more {
            // The input of a flow is any value, that of a card an object.
            if key == "input" || !keys.contains_key(&key) {
                keys.insert(key, about);
            }
        }
    }
    schema["description"] = Value::from(
        "`case.json`: one invocation of a card, or one run of a flow, that is replayed from the `cassette.json` beside it.",
    );
    schema["required"] = json!(["case"]);
    schema["oneOf"] = json!([{ "required": ["card"] }, { "required": ["flow"] }]);
    schema
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
                assert!(!map.contains_key("anyOf"), "{pointer}");
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
                if has_keys && !by_scheme && !pointer.ends_with("/properties") {
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
