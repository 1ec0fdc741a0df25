//! The files of an invocation, put into it: a case is replayed where they are not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cardhost_core::definition::Definition;
use cardhost_core::error::pointer;
use cardhost_core::file::paths_in;
use serde_json::{Map, Value, json};

/// The inputs with what is in their files in place of the paths. `settled` are those of the plan, which know names and types; `read` gives
/// the content of a file.
///
/// # Errors
/// Those of `read`.
pub fn inlined<E>(
    definition: &Definition,
    input: Map<String, Value>,
    settled: &Map<String, Value>,
    read: &dyn Fn(&str) -> Result<Vec<u8>, E>,
) -> Result<Map<String, Value>, E> {
    let groups = &definition.card.input;
    let settled = Value::Object(settled.clone());
    let files: Vec<(String, String)> = paths_in(groups, &input)
        .into_iter()
        .map(|named| {
            let place: Vec<&str> = named.place.iter().map(String::as_str).collect();
            (pointer(&place), named.path.to_owned())
        })
        .collect();
    let mut inlined = Value::Object(input);
    for (place, path) in files {
        let known = settled.pointer(&place);
        let fact = |key: &str| known.and_then(|file| file.get(key)).cloned().unwrap_or_default();
        let mut file = match String::from_utf8(read(&path)?) {
            Ok(text) => json!({ "text": text }),
            Err(error) => json!({ "base64": STANDARD.encode(error.as_bytes()) }),
        };
        (file["name"], file["type"]) = (fact("name"), fact("type"));
        if let Some(value) = inlined.pointer_mut(&place) {
            *value = file;
        }
    }
    match inlined {
        Value::Object(input) => Ok(input),
        _ => Ok(Map::new()),
    }
}
