//! One field as a JSON Schema (draft 2020-12): the same values pass that [`cardhost_core::settle`] lets pass.
//!
//! Formats are annotations, as in the draft. Conditions are not here but in [`super::visibility`].

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::words;
use cardhost_core::field::{Field, FieldType, Format};

/// The JSON types that a value can have, besides null.
const JSON_TYPES: [&str; 5] = ["string", "number", "boolean", "object", "array"];

/// Where a field's schema stands.
#[derive(Clone)]
pub(super) struct At {
    /// Labels from the root, for names of embedded schemas.
    pub(super) place: Vec<String>,
    /// Whether it is an output: objects may then have further keys.
    pub(super) output: bool,
}

impl At {
    fn inside(&self, label: &str) -> At {
        let mut at = self.clone();
        at.place.push(label.to_owned());
        at
    }
}

/// The schema of a field; null passes where it means "no value".
pub(super) fn field_schema(field: &Field, nullable: bool, at: &At) -> Map<String, Value> {
    let nullable = nullable || field.nullable;
    let kinds = kinds(field);
    let mut schema = Map::new();
    insert_type(field, &kinds, nullable, &mut schema);
    if let Some(text) = words::schema_description(field) {
        schema.insert("description".to_owned(), Value::String(text));
    }
    if !field.examples.is_empty() {
        schema.insert("examples".to_owned(), Value::Array(field.examples.clone()));
    }
    if let Some(from) = &field.choices_from
        && let Some(card) = &from.card
    {
        // An annotation of ours: whoever shows a form asks for the choices (`choices`, `Host::choices`).
        let listed = json!({ "card": card, "search": from.search.is_some() });
        schema.insert("x-choicesFrom".to_owned(), listed);
    }
    if let Some(from) = &field.fields_from {
        // The same of its keys (`fields`, `Host::fields`).
        schema.insert("x-fieldsFrom".to_owned(), json!({ "card": from.card }));
    }
    for (_, kind) in &kinds {
        insert_keywords(field, *kind, &kinds, nullable, at, &mut schema);
    }
    if field.takes(FieldType::Secret) {
        schema.insert("writeOnly".to_owned(), Value::Bool(true));
    }
    if let Some(own) = &field.schema {
        let own = embedded(own.source(), at);
        let (keyword, branches) = match nullable {
            true => ("anyOf", json!([{ "type": "null" }, own])),
            false => ("allOf", json!([own])),
        };
        schema.insert(keyword.to_owned(), branches);
    }
    schema
}

/// Each JSON type that the field takes, with the field type it is taken as: the first that fits.
fn kinds(field: &Field) -> Vec<(&'static str, FieldType)> {
    let taken = std::iter::once(field.kind).chain(field.accepts.iter().copied());
    JSON_TYPES
        .into_iter()
        .filter_map(|json| {
            taken
                .clone()
                .find(|kind| json_type(*kind).is_none_or(|own| own == json))
                .map(|k| (json, k))
        })
        .collect()
}

/// The JSON type of a field type; `None` for those that take every value.
fn json_type(kind: FieldType) -> Option<&'static str> {
    match kind {
        FieldType::Text | FieldType::Secret | FieldType::Dropdown | FieldType::DateTime => {
            Some("string")
        }
        FieldType::Number => Some("number"),
        FieldType::TrueFalse => Some("boolean"),
        FieldType::Object | FieldType::File => Some("object"),
        FieldType::List => Some("array"),
        FieldType::Any => None,
    }
}

fn insert_type(
    field: &Field,
    kinds: &[(&'static str, FieldType)],
    nullable: bool,
    schema: &mut Map<String, Value>,
) {
    if kinds.len() == JSON_TYPES.len() && nullable {
        return;
    }
    let whole = field.format == Some(Format::Integer);
    let mut types: Vec<&str> = kinds
        .iter()
        .map(|(json, kind)| match kind {
            FieldType::Number if whole => "integer",
            _ => *json,
        })
        .collect();
    // The field's own type stands first.
    let own = kinds.iter().position(|(_, kind)| *kind == field.kind).unwrap_or_default();
    if let Some(first) = types.get_mut(..=own) {
        first.rotate_right(1);
    }
    if nullable {
        types.push("null");
    }
    let value = match types.as_slice() {
        [one] => json!(one),
        several => json!(several),
    };
    schema.insert("type".to_owned(), value);
}

/// The keywords for values that are taken as one field type.
fn insert_keywords(
    field: &Field,
    kind: FieldType,
    kinds: &[(&'static str, FieldType)],
    nullable: bool,
    at: &At,
    schema: &mut Map<String, Value>,
) {
    match kind {
        FieldType::Text | FieldType::Secret => insert_text(field, schema),
        FieldType::Dropdown => insert_choices(field, kinds.len() == 1, nullable, schema),
        FieldType::DateTime => insert(schema, "format", json!("date-time")),
        FieldType::Number => {
            insert_bound(schema, "minimum", field.min.clone().map(Value::Number));
            insert_bound(schema, "maximum", field.max.clone().map(Value::Number));
        }
        FieldType::Object => insert_object(field, at, schema),
        FieldType::File => insert_file(at, schema),
        FieldType::List => {
            insert_bound(schema, "minItems", lower_count(field));
            insert_bound(schema, "maxItems", upper_count(field));
            let items = item_schema(field, &at.inside("items"));
            if !items.is_empty() {
                insert(schema, "items", Value::Object(items));
            }
        }
        FieldType::TrueFalse | FieldType::Any => {}
    }
}

fn insert(schema: &mut Map<String, Value>, keyword: &str, value: Value) {
    schema.insert(keyword.to_owned(), value);
}

fn insert_bound(schema: &mut Map<String, Value>, keyword: &str, bound: Option<Value>) {
    if let Some(bound) = bound {
        insert(schema, keyword, bound);
    }
}

fn insert_text(field: &Field, schema: &mut Map<String, Value>) {
    // An empty text is a missing one where the field is required.
    let least = lower_count(field).or(field.required.then(|| json!(1)));
    insert_bound(schema, "minLength", least);
    insert_bound(schema, "maxLength", upper_count(field));
    match field.format {
        Some(Format::Date) => insert(schema, "format", json!("date")),
        Some(Format::Uri) => insert(schema, "format", json!("uri")),
        // No format of the draft; its rules are those of the pin check.
        Some(Format::RelativeUrl | Format::TargetUrl | Format::Integer | Format::Host) | None => {}
    }
    if let Some(pattern) = &field.pattern {
        // An empty text is none.
        insert(schema, "pattern", json!(format!("^$|{}", pattern.source())));
    }
}

fn lower_count(field: &Field) -> Option<Value> {
    let min = field.min.as_ref()?.as_f64()?.ceil();
    (min > 0.0).then(|| json!(min as u64))
}

fn upper_count(field: &Field) -> Option<Value> {
    Some(json!(field.max.as_ref()?.as_f64()?.floor().max(0.0) as u64))
}

fn insert_choices(field: &Field, only_text: bool, nullable: bool, schema: &mut Map<String, Value>) {
    let mut choices = choice_values(field);
    if only_text && (nullable || choices.is_empty()) {
        choices.push(Value::Null);
    }
    if only_text {
        insert(schema, "enum", Value::Array(choices));
    } else {
        // Values of the other types are no choices.
        insert(schema, "if", json!({ "type": "string" }));
        insert(schema, "then", json!({ "enum": choices }));
    }
}

/// The values of a dropdown, each once.
pub(super) fn choice_values(field: &Field) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for text in words::choice_texts(field) {
        let value = Value::from(text);
        let missing = field.required && text.is_empty();
        if !missing && !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn insert_object(field: &Field, at: &At, schema: &mut Map<String, Value>) {
    if !field.deny.is_empty() {
        insert(schema, "propertyNames", json!({ "not": { "pattern": deny_pattern(&field.deny) } }));
    }
    let Some(fields) = &field.fields else {
        return;
    };
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (label, inner) in fields {
        let inner_schema = field_schema(inner, !inner.required, &at.inside(label));
        properties.insert(label.clone(), Value::Object(inner_schema));
        if inner.required {
            required.push(label.as_str());
        }
    }
    insert(schema, "properties", Value::Object(properties));
    if !required.is_empty() {
        insert(schema, "required", json!(required));
    }
    if !field.additional && !at.output {
        insert(schema, "additionalProperties", Value::Bool(false));
    }
}

/// A file: where its content is, its name and its media type; of an output also what was found of it.
fn insert_file(at: &At, schema: &mut Map<String, Value>) {
    let mut properties = Map::new();
    for (key, about) in [
        ("file", "The path of a regular file, where whoever runs the card lets it read files."),
        ("base64", "The content in base64 (RFC 4648)."),
        ("text", "The content as text, in UTF-8."),
        ("name", "Its name, without folders."),
        ("type", "Its media type; by the name where it is left out."),
        ("sha256", "Its SHA-256 in hexadecimal digits."),
    ] {
        properties.insert(key.into(), json!({ "description": about, "type": "string" }));
    }
    properties.insert(
        "size".into(),
        json!({ "description": "How many bytes it has.", "type": "integer", "minimum": 0 }),
    );
    insert(schema, "properties", Value::Object(properties));
    if !at.output {
        let one = ["file", "base64", "text"].map(|key| json!({ "required": [key] }));
        insert(schema, "oneOf", json!(one));
        insert(schema, "additionalProperties", Value::Bool(false));
    }
}

fn item_schema(field: &Field, at: &At) -> Map<String, Value> {
    let of = field.of.unwrap_or(FieldType::Any);
    let mut schema = Map::new();
    if let Some(json) = json_type(of) {
        insert(&mut schema, "type", json!(json));
    }
    match of {
        FieldType::Object => insert_object(field, at, &mut schema),
        FieldType::Any if field.fields.is_some() => insert_object(field, at, &mut schema),
        FieldType::Dropdown => insert(&mut schema, "enum", Value::Array(choice_values(field))),
        FieldType::DateTime => insert(&mut schema, "format", json!("date-time")),
        FieldType::File => insert_file(at, &mut schema),
        _ => {}
    }
    schema
}

/// A pattern of the denied keys in any case; JSON Schema's patterns have no flag for that.
fn deny_pattern(denied: &[String]) -> String {
    let names: Vec<String> =
        denied.iter().map(|name| name.chars().map(either_case).collect()).collect();
    format!("^(?:{})$", names.join("|"))
}

fn either_case(c: char) -> String {
    if c.is_ascii_alphabetic() {
        format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())
    } else if c.is_ascii_digit() || matches!(c, '-' | '_' | ' ') || !c.is_ascii() {
        c.to_string()
    } else {
        format!("\\{c}")
    }
}

/// A field's own schema inside ours: where it refers to parts of itself, it gets a name of its own.
fn embedded(source: &Value, at: &At) -> Value {
    let mut schema = source.clone();
    if let Value::Object(map) = &mut schema
        && !map.contains_key("$id")
        && has_reference(source)
    {
        let place: Vec<String> = at
            .place
            .iter()
            .map(|label| utf8_percent_encode(label, NON_ALPHANUMERIC).to_string())
            .collect();
        map.insert("$id".to_owned(), Value::String(format!("urn:cardhost:{}", place.join("/"))));
    }
    schema
}

fn has_reference(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            map.contains_key("$ref")
                || map.contains_key("$dynamicRef")
                || map.values().any(has_reference)
        }
        Value::Array(items) => items.iter().any(has_reference),
        _ => false,
    }
}
