//! The invocation schema and a run agree: what one lets pass, the other does.

use serde_json::{Value, json};

use super::made_up;
use crate::reference::invocation_schema;
use crate::sample::plan_anti_example;
use cardhost_core::card::{AntiExample, Example};
use cardhost_core::definition::Definition;
use cardhost_core::schema::compile;

/// A card with every kind of field and condition.
fn definition() -> Definition {
    let connector = json!({
        "format": 1, "name": "made-up", "version": "1.0.0", "title": "Made Up",
        "connection": { "fields": {
            "Set": { "type": "dropdown", "required": true, "default": "old", "choices": ["old", "new"] },
            "Place": { "type": "dropdown", "required": true, "choices": [
                "US", { "value": "IN", "visibleWhen": { "connection.Set": ["new"] } },
            ] },
            "Key": { "type": "secret", "required": true, "visibleWhen": { "connection.Set": ["new"] } },
        } },
        "auth": { "none": { "scheme": "none" } },
        "targets": { "API": { "auth": ["none"], "base": "https://api.example.com" } },
    });
    let card = json!({
        "format": 1, "name": "card", "version": "1.0.0", "title": "Card",
        "options": {
            "Kind": { "type": "dropdown", "choices": ["a", "b", "c"], "default": "a", "required": true },
            "Detail": { "type": "text", "required": true, "visibleWhen": { "options.Kind": ["b"] } },
            "Mode": { "type": "dropdown", "choices": [
                "plain", { "value": "rich", "visibleWhen": { "options.Kind": ["b", "c"] } },
            ] },
        },
        "input": { "In": {
            "Text": { "type": "text", "min": 2, "max": 4 },
            "Count": { "type": "number", "format": "integer", "min": 0, "max": 10 },
            "Flag": { "type": "true-false", "accepts": ["number"] },
            "Any": { "type": "any", "required": true },
            "Pick": { "type": "dropdown", "choices": ["x", "y"], "accepts": ["number"] },
            "Map": { "type": "object", "deny": ["Host", "a.b"], "accepts": ["list"] },
            "Row": { "type": "object", "fields": {
                "id": { "type": "text", "required": true }, "n": { "type": "number" },
            } },
            "Rows": { "type": "list", "of": "object", "min": 1, "max": 2, "fields": {
                "id": { "type": "text", "required": true },
            } },
            "Words": { "type": "list", "of": "text" },
            "Shaped": { "type": "object", "schema": {
                "$defs": { "n": { "type": "integer" } },
                "additionalProperties": { "$ref": "#/$defs/n" },
            } },
            "Deep": { "type": "text", "required": true,
                "visibleWhen": { "options.Detail": ["deep"], "input.In.Flag": [true, null] } },
            "Unset": { "type": "text", "required": true, "visibleWhen": { "options.Detail": ["q", null] } },
            "By Place": { "type": "text", "required": true, "visibleWhen": { "connection.Place": ["IN"] } },
        } },
        "request": { "target": "API", "method": "GET", "path": "/x" },
        "effect": "read",
        "output": { "Out": { "Status": { "type": "number", "value": "<<response.status>>" } } },
    });
    made_up(&connector, &card)
}

/// Whether a run gets as far as a plan.
fn runs(definition: &Definition, connection: &Value, options: &Value, input: &Value) -> bool {
    let sample = json!({
        "name": "x", "connection": connection, "options": options, "input": { "In": input }, "error": "x",
    });
    let anti: AntiExample = serde_json::from_value(sample).unwrap();
    plan_anti_example(definition, &anti, None::<&Example>).is_ok()
}

/// Whether the schema lets it pass, as a run does.
fn agree(definition: &Definition, connection: &Value, options: &Value, input: &Value) -> bool {
    let validator = compile(&invocation_schema(definition)).unwrap();
    let value = json!({
        "connection": { "fields": connection }, "options": options, "input": { "In": input },
    });
    let fits = validator.is_valid(&value);
    let runs = runs(definition, connection, options, input);
    assert_eq!(fits, runs, "schema and run: {value}");
    fits
}

/// With "Detail" missing (it is not part of the form), "Unset" is required.
fn with(key: &str, value: Value) -> Value {
    let mut input = json!({ "Any": 1, "Unset": "u" });
    input[key] = value;
    input
}

#[test]
fn every_keyword_of_an_input_means_the_same() {
    let definition = definition();
    let place = json!({ "Place": "US" });
    let cases = [
        ("Text", json!("ab"), true),
        ("Text", json!("äöüß"), true),
        ("Text", json!("a"), false),
        ("Text", json!("abcde"), false),
        ("Text", json!(1), false),
        ("Text", Value::Null, true),
        ("Count", json!(10), true),
        ("Count", json!(2.0), true),
        ("Count", serde_json::from_str("1e1").unwrap(), true),
        ("Count", json!(2.5), false),
        ("Count", json!(11), false),
        ("Count", json!(-1), false),
        ("Flag", json!(true), true),
        ("Flag", json!(3), true),
        ("Flag", json!("true"), false),
        ("Any", json!([]), true),
        ("Any", Value::Null, false),
        ("Pick", json!("x"), true),
        ("Pick", json!(7), true),
        ("Pick", json!("z"), false),
        ("Map", json!({ "host2": 1 }), true),
        ("Map", json!({ "aXb": 1 }), true),
        ("Map", json!({ "hOST": 1 }), false),
        ("Map", json!({ "A.B": 1 }), false),
        ("Map", json!([1, null]), true),
        ("Row", json!({ "id": "1", "n": null }), true),
        ("Row", json!({ "id": "" }), false),
        ("Row", json!({ "id": null }), false),
        ("Row", json!({ "n": 1 }), false),
        ("Row", json!({ "id": "1", "m": 1 }), false),
        ("Rows", json!([{ "id": "1" }]), true),
        ("Rows", json!([]), false),
        ("Rows", json!([{ "id": "1" }, { "id": "2" }, { "id": "3" }]), false),
        ("Rows", json!([{}]), false),
        ("Rows", json!([null]), false),
        ("Words", json!(["a", ""]), true),
        ("Words", json!([1]), false),
        ("Shaped", json!({ "a": 1 }), true),
        ("Shaped", json!({ "a": "1" }), false),
        ("Shaped", Value::Null, true),
        ("Other", json!(1), false),
        ("Unset", Value::Null, false),
        // Not part of the form: ignored, whatever it is.
        ("Deep", json!(1), true),
    ];
    for (key, value, passes) in cases {
        let input = with(key, value);
        assert_eq!(agree(&definition, &place, &json!({}), &input), passes, "{input}");
    }
}

#[test]
fn conditions_see_defaults_and_what_is_not_part_of_the_form() {
    let definition = definition();
    let place = json!({ "Place": "US" });
    let input = json!({ "Any": 1 });
    let unset = json!({ "Any": 1, "Unset": "u" });
    for (options, input, passes) in [
        // By its default, Kind is a: Detail is not part of the form, and Unset is.
        (json!({}), &input, false),
        (json!({}), &unset, true),
        (json!({ "Kind": null }), &unset, true),
        (json!({ "Kind": "b" }), &unset, false),
        (json!({ "Kind": "b", "Detail": "d" }), &input, true),
        (json!({ "Kind": "b", "Detail": "q" }), &input, false),
        // Kind is a: what Detail says does not count.
        (json!({ "Kind": "a", "Detail": "d" }), &input, false),
        (json!({ "Kind": "b", "Detail": "deep" }), &input, false),
        (json!({ "Kind": "b", "Detail": "deep" }), &json!({ "Any": 1, "Flag": 1 }), true),
        (json!({ "Kind": "b", "Detail": "deep" }), &json!({ "Any": 1, "Deep": "x" }), true),
        (json!({ "Mode": "rich" }), &unset, false),
        (json!({ "Mode": "plain" }), &unset, true),
        (json!({ "Kind": "c", "Mode": "rich" }), &unset, true),
        (json!({ "Kind": "d" }), &unset, false),
    ] {
        assert_eq!(agree(&definition, &place, &options, input), passes, "{options} {input}");
    }
}

#[test]
fn conditions_on_the_connection_apply_where_its_fields_are_given() {
    let definition = definition();
    let input = json!({ "Any": 1, "Unset": "u" });
    for (connection, passes) in [
        (json!({ "Place": "US" }), true),
        (json!({}), false),
        (json!({ "Place": "IN" }), false),
        (json!({ "Place": "US", "Set": "new" }), false),
        (json!({ "Place": "US", "Set": "new", "Key": "k" }), true),
        (json!({ "Place": "IN", "Set": "new", "Key": "k" }), false),
    ] {
        assert_eq!(agree(&definition, &connection, &json!({}), &input), passes, "{connection}");
    }
    let placed = json!({ "Any": 1, "Unset": "u", "By Place": "p" });
    let india = json!({ "Place": "IN", "Set": "new", "Key": "k" });
    assert!(agree(&definition, &india, &json!({}), &placed));

    let validator = compile(&invocation_schema(&definition)).unwrap();
    for connection in
        [json!("stored"), json!(null), json!({ "fields": { "Place": { "env": "P" } } })]
    {
        let value = json!({ "connection": connection, "input": { "In": input } });
        assert!(validator.is_valid(&value), "{value}");
    }
}
