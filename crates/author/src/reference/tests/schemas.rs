//! The schemas of every shipped card, against its examples and anti-examples.

use serde_json::{Map, Value, json};

use super::shipped;
use crate::reference::{invocation_schema, output_schema};
use cardhost_core::schema::compile;

fn invocation(
    card: &str,
    connection: &Map<String, Value>,
    options: &Map<String, Value>,
    input: &Map<String, Value>,
) -> Value {
    json!({ "card": card, "connection": { "fields": connection }, "options": options, "input": input })
}

#[test]
fn invocations_of_examples_fit_the_schema() {
    let mut count = 0;
    for definition in shipped() {
        let validator = compile(&invocation_schema(&definition)).unwrap();
        for example in definition.examples().unwrap() {
            let name = definition.full_name();
            let connection = example.connection.clone().unwrap_or_default();
            let value = invocation(&name, &connection, &example.options, &example.input);
            let faults: Vec<String> =
                validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert_eq!(faults, [""; 0], "{name}: {}", example.name);
            count += 1;
        }
    }
    assert!(count >= 16, "{count} examples");
}

#[test]
fn invocations_that_the_form_refuses_do_not_fit_the_schema() {
    const BY_FORM: [&str; 8] = [
        "input.required",
        "input.type",
        "input.choice",
        "input.unknown",
        "options.",
        "connection.required",
        "connection.choice",
        "header.denied",
    ];
    let mut count = 0;
    for definition in shipped() {
        let validator = compile(&invocation_schema(&definition)).unwrap();
        let examples = definition.examples().unwrap();
        let first = examples.first().unwrap();
        let of_first = first.connection.clone().unwrap_or_default();
        for anti in definition.card.anti_examples().unwrap() {
            if !BY_FORM.iter().any(|code| anti.error.starts_with(code)) {
                continue;
            }
            let name = definition.full_name();
            let value = invocation(
                &name,
                anti.connection.as_ref().unwrap_or(&of_first),
                anti.options.as_ref().unwrap_or(&first.options),
                anti.input.as_ref().unwrap_or(&first.input),
            );
            assert!(!validator.is_valid(&value), "{name}: {} ({})", anti.name, anti.error);
            count += 1;
        }
    }
    assert!(count >= 20, "{count} anti-examples");
}

#[test]
fn outputs_of_examples_fit_the_schema() {
    for definition in shipped() {
        let validator = compile(&output_schema(&definition)).unwrap();
        for example in definition.examples().unwrap() {
            let Some(output) = &example.output else {
                continue;
            };
            let faults: Vec<String> =
                validator.iter_errors(output).map(|error| error.to_string()).collect();
            assert_eq!(faults, [""; 0], "{}: {}", definition.full_name(), example.name);
        }
    }
}

#[test]
fn schemas_are_schemas_of_the_draft() {
    for definition in shipped() {
        for schema in [invocation_schema(&definition), output_schema(&definition)] {
            assert!(jsonschema::meta::is_valid(&schema), "{}", definition.full_name());
        }
    }
}

#[test]
fn an_output_of_another_type_or_an_unknown_group_does_not_fit() {
    let definition = super::shipped_card("mixpanel/custom-api-action");
    let validator = compile(&output_schema(&definition)).unwrap();
    assert!(validator.is_valid(&json!({ "Response": { "Status Code": 200 } })));
    assert!(!validator.is_valid(&json!({ "Response": { "Status Code": "200" } })));
    assert!(!validator.is_valid(&json!({ "Response": {}, "Other": {} })));
    assert!(!validator.is_valid(&json!({})));
}

#[test]
fn a_connection_is_a_name_or_fields_and_a_secret_may_stand_elsewhere() {
    let definition = super::shipped_card("mixpanel/custom-api-action");
    let validator = compile(&invocation_schema(&definition)).unwrap();
    let fits = |connection: Value| {
        validator.is_valid(&json!({
            "connection": connection,
            "options": { "Request Type": "GET", "Select API": "Query API" },
            "input": { "Request": { "Relative URL": "/app/me" } },
        }))
    };
    assert!(fits(json!("prod")));
    assert!(fits(json!({ "fields": { "Service Account: Secret": { "env": "MP_SECRET" } } })));
    assert!(fits(json!({ "fields": { "Service Account: Secret": { "file": "/run/secret" } } })));
    assert!(!fits(json!({ "fields": { "Service Account: Secret": { "vault": "x" } } })));
    assert!(!fits(json!({ "fields": { "Service Account": "x" } })));
    assert!(!fits(json!({ "field": {} })));
    assert!(!fits(json!(["prod"])));
}
