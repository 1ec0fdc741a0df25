//! A shape as JSON Schema.

use serde_json::{Map, Value, json};

use super::shape::{Key, Keys, Shape};
use super::{call, task};

/// The JSON Schema of a shape; objects with names go into `defs`.
pub(crate) fn schema(shape: &'static Shape, defs: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Text => json!({ "type": "string" }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole => json!({ "type": "integer" }),
        Shape::Formatted(format) => {
            json!({ "type": "string", "pattern": format.pattern, "description": sentence(format.words) })
        }
        Shape::Choice(words) => json!({ "type": "string", "enum": words }),
        Shape::List(inner) => json!({ "type": "array", "items": schema(inner, defs) }),
        Shape::Names(inner) => {
            json!({ "type": "object", "additionalProperties": schema(inner, defs) })
        }
        Shape::SomeKeys => json!({ "type": "object", "minProperties": 1 }),
        Shape::Object => json!({ "type": "object" }),
        Shape::Named(inner) => json!({ "type": "array", "items": named(inner, defs) }),
        Shape::SomeNamed(inner) => {
            json!({ "type": "array", "minItems": 1, "items": named(inner, defs) })
        }
        Shape::Keys(keys) => schema_of(keys, defs),
        Shape::OneOf(cases) => {
            let cases = cases.iter().map(|keys| schema_of(keys, defs));
            json!({ "oneOf": cases.collect::<Vec<_>>() })
        }
        Shape::SomeOf(keys) => {
            let mut object = keys_schema(keys, &[], defs);
            object["minProperties"] = json!(1);
            defs.insert(keys.name.to_owned(), object);
            json!({ "$ref": format!("#/$defs/{}", keys.name) })
        }
        Shape::Task => {
            if !defs.contains_key("task") {
                defs.insert("task".to_owned(), Value::Null);
                let cases: Vec<Value> = task::kinds()
                    .iter()
                    .map(|kind| keys_schema(kind, task::COMMON, defs))
                    .collect();
                for arguments in call::ARGUMENTS {
                    schema(arguments, defs);
                }
                defs.insert("task".to_owned(), task::schema(cases));
            }
            json!({ "$ref": "#/$defs/task" })
        }
        Shape::Either(shapes) => {
            let cases: Vec<Value> = shapes.iter().map(|shape| schema(shape, defs)).collect();
            json!({ "anyOf": cases })
        }
        Shape::Unsupported(_, inner) => {
            described(schema(inner, defs), "Not carried out: `check` and `flow run` refuse it.")
        }
        Shape::Ignored(_, inner) => described(schema(inner, defs), "Read, without an effect."),
    }
}

/// The name of an object's schema, which goes into `defs`.
fn schema_of(keys: &'static Keys, defs: &mut Map<String, Value>) -> Value {
    if !defs.contains_key(keys.name) {
        defs.insert(keys.name.to_owned(), Value::Null);
        let object = keys_schema(keys, &[], defs);
        defs.insert(keys.name.to_owned(), object);
    }
    json!({ "$ref": format!("#/$defs/{}", keys.name) })
}

fn named(shape: &'static Shape, defs: &mut Map<String, Value>) -> Value {
    json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": schema(shape, defs),
    })
}

fn keys_schema(keys: &'static Keys, more: &'static [Key], defs: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in keys.keys.iter().chain(more) {
        let inner = schema(&key.shape, defs);
        properties.insert(key.name.to_owned(), described(inner, key.doc));
    }
    let mut object = Map::new();
    object.insert("description".to_owned(), json!(keys.doc));
    object.insert("type".to_owned(), json!("object"));
    if !keys.required.is_empty() {
        object.insert("required".to_owned(), json!(keys.required));
    }
    if !keys.one_of.is_empty() {
        let cases: Vec<Value> =
            keys.one_of.iter().map(|key| json!({ "required": [key] })).collect();
        object.insert("oneOf".to_owned(), Value::Array(cases));
    }
    object.insert("properties".to_owned(), Value::Object(properties));
    if !keys.open {
        object.insert("additionalProperties".to_owned(), json!(false));
    }
    Value::Object(object)
}

/// With a description, before the one it has.
fn described(schema: Value, words: &str) -> Value {
    let Value::Object(mut rest) = schema else { return schema };
    let said = match rest.shift_remove("description") {
        Some(Value::String(more)) => format!("{words} {more}"),
        _ => words.to_owned(),
    };
    let mut whole = Map::new();
    whole.insert("description".to_owned(), Value::String(said));
    whole.extend(rest);
    Value::Object(whole)
}

fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).chain(['.']).collect(),
        None => String::new(),
    }
}
