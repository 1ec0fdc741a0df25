//! Fields for the values of a pasted request: their types are guessed, their names told.

use serde_json::{Map, Value, json};

use super::credentials::is_credential;

/// A field for a value, and the value as an example may have it.
pub(super) fn field(name: &str, value: &Value, place: &str) -> (Value, Option<Value>) {
    let description = format!("`{name}` {place}.");
    let mut field = shape(name, value);
    field.insert("description".to_owned(), Value::String(description));
    (Value::Object(field), without_credentials(name, value))
}

/// The type of a value and what is inside of it.
fn shape(name: &str, value: &Value) -> Map<String, Value> {
    let of = |shape: Value| match shape {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    if is_credential(name) && !value.is_object() {
        return of(json!({ "type": "secret" }));
    }
    match value {
        Value::Null => of(json!({ "type": "any" })),
        Value::Bool(_) => of(json!({ "type": "true-false" })),
        Value::Number(number) => match number.as_str().contains(['.', 'e', 'E']) {
            true => of(json!({ "type": "number" })),
            false => of(json!({ "type": "number", "format": "integer" })),
        },
        Value::String(text) => match form(text) {
            "date-time" => of(json!({ "type": "date-time" })),
            "" => of(json!({ "type": "text" })),
            form => of(json!({ "type": "text", "format": form })),
        },
        Value::Array(items) => {
            let mut kinds: Vec<&str> = items.iter().map(kind).collect();
            kinds.dedup();
            match kinds.as_slice() {
                [one] => of(json!({ "type": "list", "of": one })),
                _ => of(json!({ "type": "list" })),
            }
        }
        Value::Object(map) => {
            let mut shape_of = of(json!({ "type": "object" }));
            let fields: Map<String, Value> = map
                .iter()
                .map(|(key, value)| {
                    let mut inner = shape(key, value);
                    inner.insert("description".to_owned(), json!(format!("`{key}` of `{name}`.")));
                    (key.clone(), Value::Object(inner))
                })
                .collect();
            if !fields.is_empty() {
                shape_of.insert("fields".to_owned(), Value::Object(fields));
                shape_of.insert("additional".to_owned(), Value::Bool(true));
            }
            shape_of
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::Array(_) => "any",
        Value::Bool(_) => "true-false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Object(_) => "object",
    }
}

/// The narrower form of a text; empty where it has none.
fn form(text: &str) -> &'static str {
    let is_date = |text: &str| {
        text.len() == 10
            && text.bytes().enumerate().all(|(at, b)| match at {
                4 | 7 => b == b'-',
                _ => b.is_ascii_digit(),
            })
    };
    if is_date(text) {
        return "date";
    }
    let has_time = text.get(..10).is_some_and(is_date)
        && text.get(10..11) == Some("T")
        && (text.ends_with('Z') || text.get(19..).is_some_and(|zone| zone.contains(['+', '-'])))
        && text.len() >= 20;
    if has_time {
        return "date-time";
    }
    let is_url = ["http://", "https://"].iter().any(|start| text.starts_with(start));
    if is_url && url::Url::parse(text).is_ok() { "uri" } else { "" }
}

/// The value without what lets anyone in; `None` where nothing is left.
fn without_credentials(name: &str, value: &Value) -> Option<Value> {
    match value {
        Value::Object(map) => {
            let kept = map
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), without_credentials(key, value)?)));
            Some(Value::Object(kept.collect()))
        }
        _ if is_credential(name) => None,
        Value::Array(items) => {
            Some(items.iter().filter_map(|item| without_credentials("", item)).collect())
        }
        value => Some(value.clone()),
    }
}

/// The value that a parameter's text stands for.
pub(super) fn of_text(text: &str) -> Value {
    let is_number = !text.is_empty()
        && text.len() < 16
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ if is_number => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        _ => json!(text),
    }
}
