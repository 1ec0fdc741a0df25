//! File values: `{ "file": PATH }`, `{ "base64": … }` or `{ "text": … }`, each with `name` and `type` where it has them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::fault::FileFault;
use super::media_types::media_type_of;
use super::name::base_name;
use super::opened::OpenedFile;
use crate::field::{Field, FieldType, Fields, Groups};
use crate::request::{FilePiece, Piece};
use crate::value::get_mut;

/// The keys of which a file value has one: where its content is.
const CONTENTS: [&str; 3] = ["file", "base64", "text"];

/// The keys that it may have besides, all of text but the size. What a card gives out as a file can be taken in by another one.
const ABOUT: [&str; 4] = ["name", "type", "sha256", CONTENT];

/// What templates refer to where they want the content as text: base64, of whatever the content was given as.
pub const CONTENT: &str = "content";

/// What a value has to be to be a file.
const EXPECTED: &str =
    "an object with one of `file`, `base64` and `text`, and perhaps `name` and `type`";

/// A file to be sent.
#[derive(Clone, Debug)]
pub struct FileValue {
    /// Its name, without folders.
    pub name: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
    /// What is in it.
    pub content: Piece,
}

/// What an object would have to be to be a file; `None` where it is one.
#[must_use]
pub fn shape_fault(map: &Map<String, Value>) -> Option<&'static str> {
    let is_known = |key: &String, value: &Value| {
        let of_text = CONTENTS.iter().chain(&ABOUT).any(|known| known == key);
        (of_text && (value.is_string() || value.is_null())) || key == "size"
    };
    let contents = CONTENTS.iter().filter(|key| map.get(**key).is_some_and(Value::is_string));
    let is_one = contents.count() == 1 && map.iter().all(|(key, value)| is_known(key, value));
    (!is_one).then_some(EXPECTED)
}

impl FileValue {
    /// Reads a file value. A path has to be one of those that were opened.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn read(value: Value, opened: &[OpenedFile]) -> Result<FileValue, FileFault> {
        let found = crate::value::type_name(&value);
        let Value::Object(mut map) = value else { return Err(FileFault::NotAFile { found }) };
        if shape_fault(&map).is_some() {
            return Err(FileFault::NotAFile { found: "another object" });
        }
        let mut take = |key: &str| match map.shift_remove(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (name, content_type) = (take("name"), take("type"));
        let content = match (take("file"), take("base64"), take("text")) {
            (Some(path), ..) => {
                let file = opened.iter().find(|file| *file.path == *path);
                let file = file.ok_or(FileFault::NotAllowed)?;
                match &file.bytes {
                    Some(bytes) => Piece::Bytes(bytes.clone()),
                    None => {
                        Piece::File(FilePiece { path: Arc::clone(&file.path), size: file.size })
                    }
                }
            }
            (_, Some(text), _) => {
                Piece::Bytes(STANDARD.decode(text).map_err(|_| FileFault::NotBase64)?.into())
            }
            (_, _, text) => Piece::Bytes(Bytes::from(text.unwrap_or_default())),
        };
        Ok(FileValue { name, content_type, content })
    }
}

/// A path that an input of type `file` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPath<'v> {
    /// The path.
    pub path: &'v str,
    /// The size that the file is said to have; 0 where it is not known.
    pub size: u64,
    /// Where the value stands: group, label and whatever is below.
    pub place: Vec<String>,
}

/// The paths that the inputs of type `file` name, by group.
#[must_use]
pub fn paths_in<'v>(groups: &Groups, input: &'v Map<String, Value>) -> Vec<NamedPath<'v>> {
    let mut paths = Vec::new();
    for (group, fields) in groups {
        let Some(values) = crate::value::get(input, group).and_then(Value::as_object) else {
            continue;
        };
        for (label, field) in fields.iter().filter(|(_, field)| may_hold(field)) {
            if let Some(value) = crate::value::get(values, label) {
                collect(field, value, &mut vec![group.clone(), label.clone()], &mut paths);
            }
        }
    }
    paths
}

fn collect<'v>(
    field: &Field,
    value: &'v Value,
    place: &mut Vec<String>,
    paths: &mut Vec<NamedPath<'v>>,
) {
    let is_file = field.takes(FieldType::File) || field.of == Some(FieldType::File);
    match value {
        Value::Object(map) if is_file && shape_fault(map).is_none() => {
            let size = map.get("size").and_then(Value::as_u64).unwrap_or_default();
            if let Some(path) = map.get("file").and_then(Value::as_str) {
                paths.push(NamedPath { path, size, place: place.clone() });
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                place.push(index.to_string());
                collect(field, item, place, paths);
                place.pop();
            }
        }
        Value::Object(map) => {
            for (key, inner) in field.fields.iter().flatten() {
                if let Some(value) = crate::value::get(map, key) {
                    place.push(key.clone());
                    collect(inner, value, place, paths);
                    place.pop();
                }
            }
        }
        _ => {}
    }
}

/// Gives the files among some values what they do not say themselves: `name`, `type` and `size`, so that templates can refer to them, and
/// `content` where one does. In an error, the place below `path`.
///
/// # Errors
/// [`FileFault`] with its place.
pub fn settle_files(
    fields: &Fields,
    values: &mut Map<String, Value>,
    path: &[&str],
    (opened, with_content): (&[OpenedFile], bool),
) -> Result<(), (Vec<String>, FileFault)> {
    for (label, field) in fields {
        if !may_hold(field) {
            continue;
        }
        if let Some(value) = get_mut(values, label) {
            let mut place: Vec<String> = path.iter().map(|part| (*part).to_owned()).collect();
            place.push(label.clone());
            settle(field, value, &mut place, (opened, with_content))
                .map_err(|fault| (place, fault))?;
        }
    }
    Ok(())
}

/// Whether a field may hold files.
#[must_use]
pub fn may_hold(field: &Field) -> bool {
    field.takes(FieldType::File)
        || field.of == Some(FieldType::File)
        || field.fields.iter().flatten().any(|(_, inner)| may_hold(inner))
}

fn settle(
    field: &Field,
    value: &mut Value,
    place: &mut Vec<String>,
    (opened, with_content): (&[OpenedFile], bool),
) -> Result<(), FileFault> {
    let is_file = field.takes(FieldType::File) || field.of == Some(FieldType::File);
    match value {
        Value::Object(map) if is_file && shape_fault(map).is_none() => {
            complete(map, opened)?;
            if with_content {
                add_content(map, opened)?;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                place.push(index.to_string());
                settle(field, item, place, (opened, with_content))?;
                place.pop();
            }
        }
        Value::Object(map) => {
            for (key, inner) in field.fields.iter().flatten() {
                if let Some(value) = get_mut(map, key) {
                    place.push(key.clone());
                    settle(inner, value, place, (opened, with_content))?;
                    place.pop();
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// Gives one file value its name, type and size.
fn complete(map: &mut Map<String, Value>, opened: &[OpenedFile]) -> Result<(), FileFault> {
    map.retain(|key, value| !value.is_null() && key != CONTENT);
    let text = |key: &str| map.get(key).and_then(Value::as_str);
    let (size, named) = if let Some(path) = text("file") {
        let file = opened.iter().find(|file| &*file.path == path).ok_or(FileFault::NotAllowed)?;
        (file.size, base_name(path))
    } else if let Some(text) = text("base64") {
        (decoded_size(text)?, None)
    } else {
        (text("text").map_or(0, |text| text.len() as u64), None)
    };
    if text("name").is_none_or(str::is_empty)
        && let Some(name) = named
    {
        map.insert("name".into(), Value::String(name.to_owned()));
    }
    if !map.contains_key("type") {
        let by_name = map.get("name").and_then(Value::as_str).and_then(media_type_of);
        let is_text = map.contains_key("text");
        let media_type = by_name.or(is_text.then_some("text/plain"));
        map.insert("type".into(), Value::from(media_type.unwrap_or("application/octet-stream")));
    }
    map.insert("size".into(), Value::from(size));
    Ok(())
}

/// Gives one file value its content in base64.
fn add_content(map: &mut Map<String, Value>, opened: &[OpenedFile]) -> Result<(), FileFault> {
    let file = FileValue::read(Value::Object(map.clone()), opened)?;
    let content = match file.content {
        Piece::Bytes(bytes) => STANDARD.encode(bytes),
        Piece::File(file) => {
            let reason = "it is too long to stand in a text".to_owned();
            return Err(FileFault::Unreadable { path: file.path.to_string(), reason });
        }
    };
    map.insert(CONTENT.into(), Value::String(content));
    Ok(())
}

/// How many bytes base64 stands for.
fn decoded_size(text: &str) -> Result<u64, FileFault> {
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits = text.bytes().rev().skip(padding).all(is_digit);
    match text.len().is_multiple_of(4) && padding <= 2 && digits {
        true => Ok((text.len() / 4 * 3).saturating_sub(padding) as u64),
        false => Err(FileFault::NotBase64),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn a_file_has_one_content_and_may_be_what_another_card_gave_out() {
        for (value, is_file) in [
            (json!({ "file": "a.csv" }), true),
            (json!({ "text": "a" }), true),
            (json!({ "base64": "YQ==", "name": "a", "type": "text/plain" }), true),
            (json!({ "base64": "YQ==", "size": 1, "type": null }), true),
            (json!({ "file": "a", "name": "a", "type": "b/c", "size": 1, "sha256": "00" }), true),
            (json!({}), false),
            (json!({ "name": "a" }), false),
            (json!({ "file": "a", "text": "b" }), false),
            (json!({ "file": 1 }), false),
            (json!({ "file": "a", "path": "b" }), false),
            (json!({ "file": "a", "name": 7 }), false),
        ] {
            assert_eq!(shape_fault(&map(value.clone())).is_none(), is_file, "{value}");
        }
    }

    #[test]
    fn what_a_file_does_not_say_is_found_out() {
        let opened = [OpenedFile { path: "in/Report.PDF".into(), size: 7, bytes: None }];
        for (given, expected) in [
            (
                json!({ "file": "in/Report.PDF" }),
                json!({ "file": "in/Report.PDF", "name": "Report.PDF", "type": "application/pdf", "size": 7 }),
            ),
            (
                json!({ "file": "in/Report.PDF", "name": "a.csv", "size": 1 }),
                json!({ "file": "in/Report.PDF", "name": "a.csv", "size": 7, "type": "text/csv" }),
            ),
            (
                json!({ "text": "größe" }),
                json!({ "text": "größe", "type": "text/plain", "size": 7 }),
            ),
            (
                json!({ "base64": "YWI=", "type": "x/y", "name": null }),
                json!({ "base64": "YWI=", "type": "x/y", "size": 2 }),
            ),
            (
                json!({ "base64": "" }),
                json!({ "base64": "", "type": "application/octet-stream", "size": 0 }),
            ),
        ] {
            let mut found = map(given);
            complete(&mut found, &opened).unwrap();
            assert_eq!(Value::Object(found), expected);
        }
        let refused = |value| complete(&mut map(value), &opened).unwrap_err();
        assert_eq!(refused(json!({ "file": "other" })), FileFault::NotAllowed);
        assert_eq!(refused(json!({ "base64": "YWI" })), FileFault::NotBase64);
        assert_eq!(refused(json!({ "base64": "YW?=" })), FileFault::NotBase64);
    }

    #[test]
    fn a_path_that_was_not_opened_is_no_file() {
        let read = |value| FileValue::read(value, &[]).map(|file| file.content).unwrap_err();
        assert_eq!(read(json!({ "file": "/etc/passwd", "size": 9 })), FileFault::NotAllowed);
        assert_eq!(read(json!("/etc/passwd")), FileFault::NotAFile { found: "text" });
        assert_eq!(read(json!({ "base64": "a?==" })), FileFault::NotBase64);
    }
}
