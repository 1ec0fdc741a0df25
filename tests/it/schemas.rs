//! schemas/ is what the types say: for editors with line breaks, and in the crates that check files without.

use std::fs;

use cardhost::author::formats::{card_schema, connector_schema};
use cardhost::flow::schema as flow_schema;
use cardhost::testing::formats::{case_schema, cassette_schema};
use cardhost_cassette::{Case, Cassette, RecordedRun};
use cardhost_core::card::Card;
use cardhost_core::connector::Connector;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::support::path;

const ADDRESS: &str = "https://cardhost.dev/schemas/";

#[test]
fn schemas_are_what_the_types_say() {
    let connector = schema_of::<Connector>("connector");
    let (card, cassette) = (schema_of::<Card>("card"), schema_of::<Cassette>("cassette"));
    // The schema of flows is written beside their reader.
    for (name, said, embedded, home) in [
        ("connector", connector, connector_schema(), Some("author")),
        ("card", card, card_schema(), Some("author")),
        ("cassette", cassette, cassette_schema(), Some("testkit")),
        ("case", schema_of_cases(), case_schema(), Some("testkit")),
        ("flow", flow_schema(), flow_schema(), None),
    ] {
        is_current(
            &format!("schemas/{name}.schema.json"),
            format!("{}\n", serde_json::to_string_pretty(&said).unwrap()),
        );
        if let Some(home) = home {
            let file = format!("crates/{home}/src/formats/{name}.schema.json");
            is_current(&file, format!("{said}\n"));
        }
        if std::env::var_os("UPDATE_SCHEMAS").is_none() {
            assert!(embedded == said, "{name}");
        }
    }
}

fn is_current(file: &str, generated: String) {
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(path(file), &generated).unwrap();
    }
    let committed = fs::read_to_string(path(file)).unwrap_or_default();
    let hint = "is not current: UPDATE_SCHEMAS=1 cargo test --test it schemas_are";
    assert!(committed == generated, "{file} {hint}");
}

/// The schema of `case.json`: a card's or a flow's.
///
/// One object with the keys of both, so that an editor completes them and an error has its place; which of them go
/// together is for the reader to say.
fn schema_of_cases() -> Value {
    let (mut schema, mut flow) = (schema_of::<Case>("case"), schema_of::<RecordedRun>("case"));
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

/// The schema of a type; `name` is that of its file.
fn schema_of<T: JsonSchema>(name: &str) -> Value {
    let settings = SchemaSettings::draft2020_12();
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    simplify(&mut schema);
    headed(schema, &format!("{ADDRESS}{name}.schema.json"))
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
