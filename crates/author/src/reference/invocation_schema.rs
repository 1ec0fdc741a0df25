//! The JSON Schema of a card's invocations: what `show --json` prints and what tools are described with.
//!
//! What it refuses, a run refuses too. A run refuses more: what depends on the rendered request, on stored
//! connections and on credentials.

use serde_json::{Map, Value, json};

use super::field_schema::{At, field_schema};
use super::visibility::{Forms, Position, and, below};
use cardhost_core::definition::Definition;
use cardhost_core::field::{Field, FieldType, Fields};

/// The draft that the schemas are written in.
pub(super) const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Where work is gone on with.
fn until() -> Value {
    json!({
        "description": "Goes on waiting for what an earlier run has begun; nothing is begun then.",
        "type": ["object", "null"],
        "properties": {
            "from": { "description": "The `next` that the error of that run had under `until`.", "type": ["object", "null"] },
        },
        "additionalProperties": false,
    })
}

/// Which pages may be asked for.
fn pages() -> Value {
    json!({
        "description": "Which pages are asked for; one by default.",
        "type": ["object", "null"],
        "properties": {
            "all": { "type": ["boolean", "null"], "description": "All of them." },
            "limit": { "type": ["integer", "null"], "minimum": 1, "description": "At most so many records." },
            "from": { "type": ["object", "null"], "description": "Where to begin: the `next` of an earlier run." },
        },
        "additionalProperties": false,
    })
}

/// The JSON Schema (draft 2020-12) of a card's invocations:
/// `{"id", "card", "connection", "options", "input", "pages", "idempotencyKey"}`, `pages` of cards that have some.
///
/// Null is taken where a value may be missing. Conditions of fields and choices are `if` and `then` under
/// `allOf`: a field that is not part of the form may hold anything, since a run ignores it.
#[must_use]
pub fn invocation_schema(definition: &Definition) -> Value {
    let (connector, card) = (&*definition.connector, &definition.card);
    let mut conditions = Conditions { forms: Forms { connector, card }, all: Vec::new() };
    let connection = connection_schema(&mut conditions);
    let options = conditions.form(&["options"], (1, 0), &card.options);
    let input = input_schema(&mut conditions);

    let required: Vec<&str> = [("options", &options), ("input", &input)]
        .into_iter()
        .filter(|(_, form)| form.contains_key("required"))
        .map(|(name, _)| name)
        .collect();
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!(DRAFT));
    schema.insert("title".to_owned(), json!(card.title));
    if let Some(description) = &card.description {
        schema.insert("description".to_owned(), json!(description));
    }
    schema.insert("type".to_owned(), json!("object"));
    schema.insert(
        "properties".to_owned(),
        json!({
            "id": { "description": "Given back with the outcome; any value." },
            "card": { "const": definition.full_name() },
            "connection": connection,
            "options": options,
            "input": input,
            "idempotencyKey": { "type": ["string", "null"], "description": "The same for every attempt at one thing." },
        }),
    );
    if let Some(Value::Object(properties)) = schema.get_mut("properties")
        && card.pages.is_some()
    {
        properties.insert("pages".to_owned(), pages());
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties")
        && card.until.is_some()
    {
        properties.insert("until".to_owned(), until());
    }
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    if !conditions.all.is_empty() {
        schema.insert("allOf".to_owned(), Value::Array(conditions.all));
    }
    schema.insert("$defs".to_owned(), json!({ "source": source() }));
    Value::Object(schema)
}

/// Where a text of the connection stands instead of the invocation.
pub(super) fn source() -> Value {
    json!({
        "description": "Where the text is kept: an environment variable or a file.",
        "type": "object",
        "properties": {
            "env": { "type": "string", "description": "Name of the environment variable." },
            "file": { "type": "string", "description": "Path of the file." },
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
    })
}

fn connection_schema(conditions: &mut Conditions<'_>) -> Value {
    let fields = &conditions.forms.connector.connection.fields;
    let form = conditions.form(&["connection", "fields"], (0, 0), fields);
    let mut schema = json!({
        "description": "The name of a stored connection, or the connection's fields.",
        "type": ["string", "object", "null"],
        "properties": { "fields": form },
        "additionalProperties": false,
    });
    let has_required = form_requires(fields);
    if let (true, Some(map)) = (has_required, schema.as_object_mut()) {
        map.insert("required".to_owned(), json!(["fields"]));
    }
    schema
}

fn input_schema(conditions: &mut Conditions<'_>) -> Map<String, Value> {
    let card = conditions.forms.card;
    let mut groups = Map::new();
    let mut required = Vec::new();
    for (index, (group, fields)) in card.input.iter().enumerate() {
        let form = conditions.form(&["input", group], (2, index), fields);
        if form.contains_key("required") {
            required.push(group.as_str());
        }
        groups.insert(group.clone(), Value::Object(form));
    }
    closed_object(groups, &required)
}

/// An object of these keys and no others; null stands for it where no key is required.
pub(super) fn closed_object(
    properties: Map<String, Value>,
    required: &[&str],
) -> Map<String, Value> {
    let mut schema = Map::new();
    let types = if required.is_empty() { json!(["object", "null"]) } else { json!("object") };
    schema.insert("type".to_owned(), types);
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    schema
}

fn form_requires(fields: &Fields) -> bool {
    fields.values().any(|field| field.visible_when.is_none() && must_be_given(field))
}

/// Whether a value must be given: required, and no default takes its place.
pub(super) fn must_be_given(field: &Field) -> bool {
    field.required && field.default.is_none()
}

/// Gathers what depends on other values.
struct Conditions<'a> {
    forms: Forms<'a>,
    all: Vec<Value>,
}

impl Conditions<'_> {
    /// The schema of one form; what is conditional in it is gathered.
    fn form(&mut self, path: &[&str], form: (u8, usize), fields: &Fields) -> Map<String, Value> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (index, (label, field)) in fields.iter().enumerate() {
            let schema = value_schema(path, label, field);
            let at = (form.0, form.1, index);
            if field.visible_when.is_some() {
                properties.insert(label.clone(), described_only(&schema));
                self.push_field(path, label, field, schema, at);
            } else {
                if must_be_given(field) {
                    required.push(label.as_str());
                }
                properties.insert(label.clone(), schema);
            }
            self.push_required(path, label, field, at);
            self.push_choices(path, label, field, at);
        }
        closed_object(properties, &required)
    }

    /// The field's schema applies where the field is part of the form.
    fn push_field(
        &mut self,
        path: &[&str],
        label: &str,
        field: &Field,
        schema: Value,
        at: Position,
    ) {
        let Some(when) = &field.visible_when else {
            return;
        };
        let mut own_path = path.to_vec();
        own_path.push(label);
        let then = below(&own_path, must_be_given(field), schema);
        self.all.push(json!({ "if": self.forms.holds(when, at), "then": then, "else": true }));
    }

    /// A value must be given where a condition holds.
    fn push_required(&mut self, path: &[&str], label: &str, field: &Field, at: Position) {
        let Some(when) = field.required_when.as_ref().filter(|_| field.default.is_none()) else {
            return;
        };
        let mut all = vec![self.forms.holds(when, at)];
        if let Some(when) = &field.visible_when {
            all.push(self.forms.holds(when, at));
        }
        let mut own_path = path.to_vec();
        own_path.push(label);
        let given = match field.nullable {
            true => json!({ "not": { "const": "" } }),
            false => json!({ "not": { "enum": [null, ""] } }),
        };
        let then = below(&own_path, true, given);
        self.all.push(json!({ "if": and(all), "then": then, "else": true }));
    }

    /// A choice is refused where it is not offered.
    fn push_choices(&mut self, path: &[&str], label: &str, field: &Field, at: Position) {
        let mut own_path = path.to_vec();
        own_path.push(label);
        for choice in &field.choices {
            let Some(when) = &choice.visible_when else {
                continue;
            };
            let mut all = vec![self.forms.fails(when, at)];
            if let Some(when) = &field.visible_when {
                all.push(self.forms.holds(when, at));
            }
            let then = below(&own_path, false, json!({ "not": { "const": choice.value } }));
            self.all.push(json!({ "if": and(all), "then": then, "else": true }));
        }
    }
}

/// The schema of a form's field, with its default; a connection's text may stand elsewhere.
pub(super) fn value_schema(path: &[&str], label: &str, field: &Field) -> Value {
    let mut place: Vec<String> = path.iter().map(|segment| (*segment).to_owned()).collect();
    place.push(label.to_owned());
    let at = At { place, output: false };
    let mut schema = field_schema(field, !must_be_given(field), &at);
    if let Some(default) = &field.default {
        schema.insert("default".to_owned(), default.clone());
    }
    let is_text = [FieldType::Text, FieldType::Secret, FieldType::Dropdown, FieldType::DateTime]
        .contains(&field.kind);
    if path.first() == Some(&"connection") && is_text { or_source(schema) } else { schema.into() }
}

/// The value, or where it is: an environment variable or a file.
fn or_source(mut schema: Map<String, Value>) -> Value {
    let mut outer = Map::new();
    for annotation in ["description", "default", "writeOnly"] {
        if let Some(value) = schema.shift_remove(annotation) {
            outer.insert(annotation.to_owned(), value);
        }
    }
    outer.insert("anyOf".to_owned(), json!([schema, { "$ref": "#/$defs/source" }]));
    Value::Object(outer)
}

/// Of a field that is not always part of the form, only what it means.
pub(super) fn described_only(schema: &Value) -> Value {
    match schema.get("description") {
        Some(description) => json!({ "description": description }),
        None => json!({}),
    }
}
