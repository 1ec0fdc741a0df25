//! The samples of a page: invocation, planned request, output. What their author has made up is shown as it is, but for
//! credentials: those are references to the environment, and in headers their scheme.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::page::{Block, Section};
use super::words;
use crate::sample::plan_example;
use cardhost_core::card::Example;
use cardhost_core::definition::Definition;
use cardhost_core::field::FieldType;
use cardhost_core::plan::Plan;
use cardhost_core::request::RequestSpec;

/// The section of the card's examples; `None` where it has none that can be read.
pub(super) fn section(definition: &Definition) -> Option<Section> {
    let examples = definition.examples().ok()?;
    if examples.is_empty() {
        return None;
    }
    let sections = examples.iter().map(|example| sample(definition, example)).collect();
    Some(Section { title: "Examples".to_owned(), blocks: Vec::new(), sections })
}

fn sample(definition: &Definition, example: &Example) -> Section {
    let plan = plan_example(definition, example).ok();
    let mut blocks: Vec<Block> =
        example.description.iter().map(|text| Block::prose(text)).collect();
    // What cannot be planned would be refused as it stands.
    if let Some(plan) = &plan {
        blocks.push(json_block("Invocation", &invocation(definition, example)));
        blocks.push(json_block("Request", &request(plan)));
        if let Some(output) = &example.output {
            blocks.push(json_block("Output", output));
        }
    }
    if let Some(code) = &example.error {
        blocks.push(Block::prose(&format!("It ends with the error {}.", words::code(code))));
    }
    Section::new(example.name.clone(), blocks)
}

/// The invocation as `run` reads it; each secret of the connection is a reference to the environment.
fn invocation(definition: &Definition, example: &Example) -> Value {
    let connector = &definition.connector;
    let mut fields = Map::new();
    for (label, value) in example.connection.iter().flatten() {
        let field = connector.connection.fields.get(label);
        let secret = field.is_some_and(|field| field.takes(FieldType::Secret));
        let shown = match secret {
            true => json!({ "env": variable(connector.name.as_str(), label) }),
            false => value.clone(),
        };
        fields.insert(label.clone(), shown);
    }
    let mut shown = Map::new();
    shown.insert("card".to_owned(), Value::String(definition.full_name()));
    shown.insert("connection".to_owned(), json!({ "fields": fields }));
    if !example.options.is_empty() {
        shown.insert("options".to_owned(), Value::Object(example.options.clone()));
    }
    if !example.input.is_empty() {
        shown.insert("input".to_owned(), Value::Object(example.input.clone()));
    }
    Value::Object(shown)
}

/// A name for an environment variable: `MIXPANEL_PROJECT_API_SECRET`.
fn variable(connector: &str, label: &str) -> String {
    let words: Vec<String> = [connector, label]
        .into_iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    words.join("_")
}

/// The planned request, without the header that names the version of cardhost.
fn request(plan: &Plan) -> Value {
    let shown = RequestSpec { redactor: Arc::default(), ..plan.request.clone() };
    let mut shown = shown.to_json();
    if let Some(headers) = shown.get_mut("headers").and_then(Value::as_object_mut) {
        headers.shift_remove("user-agent");
    }
    shown
}

fn json_block(caption: &str, value: &Value) -> Block {
    let text = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
    Block::Code { caption: caption.to_owned(), language: "json", text }
}
