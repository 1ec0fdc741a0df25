//! `run CARD --help` and `plan CARD --help`: before the help of the command, what the card takes.

use std::ffi::OsString;

use cardhost::core::card::Example;
use cardhost::core::definition::Definition;
use cardhost::core::field::{Field, FieldType, Fields};
use serde_json::{Map, Value};

use super::args::{Cli, Command};
use super::console::Failure;
use super::parse::parse;
use super::setup;
use super::show::{about, details};

/// What a command line that asks for help says of its card; `None` where it names none.
///
/// # Errors
/// Where the card that it names cannot be read.
pub(crate) fn of(arguments: &[OsString]) -> Result<Option<String>, Failure> {
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let (before, after) = arguments.split_at(end);
    let asks = |argument: &&OsString| **argument == "--help" || **argument == "-h";
    let others: Vec<OsString> =
        before.iter().filter(|argument| !asks(argument)).chain(after).cloned().collect();
    if others.len() == arguments.len() {
        return Ok(None);
    }
    let Ok(Cli { global, command }) = parse(&others) else { return Ok(None) };
    let (name, card) = match &command {
        Command::Run(args) => ("run", &args.target.card),
        Command::Plan(args) => ("plan", &args.target.card),
        _ => return Ok(None),
    };
    let Some(card) = card else { return Ok(None) };
    let host = setup::host(&global)?.build();
    Ok(Some(text(name, &*host.catalog().definition(card)?)))
}

fn text(command: &str, definition: &Definition) -> String {
    let card = &definition.card;
    let mut text =
        format!("{} {} ({})\n", definition.full_name(), card.version.as_str(), card.title);
    text.extend(card.description.iter().map(|description| format!("{description}\n")));
    fields(&mut text, "Options", "", &card.options);
    for (group, of_group) in &card.input {
        fields(&mut text, group, &format!("{group}."), of_group);
    }
    fields(&mut text, "Connection", "", &definition.connector.connection.fields);
    if let Some(example) = definition.examples().unwrap_or_default().first() {
        let arguments = arguments(definition, example);
        text.push_str(&format!(
            "\nExample:\n  cardhost {command} {}{arguments}\n",
            definition.full_name()
        ));
    }
    text.push('\n');
    text
}

/// The fields of a group, each as `--set` names it.
fn fields(text: &mut String, title: &str, before: &str, fields: &Fields) {
    if fields.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}:\n"));
    rows(text, before, fields);
}

/// A row for each field, and below an object one for each of its keys.
fn rows(text: &mut String, before: &str, fields: &Fields) {
    for (label, field) in fields {
        text.push_str(&format!("  {before}{label}  {}\n", about(field)));
        details(fields, label, field)
            .iter()
            .for_each(|line| text.push_str(&format!("      {line}\n")));
        if let Some(keys) = field.fields.as_ref().filter(|_| field.kind == FieldType::Object) {
            rows(text, &format!("{before}{label}."), keys);
        }
    }
}

/// The options and inputs of an example as arguments.
fn arguments(definition: &Definition, example: &Example) -> String {
    let card = &definition.card;
    let mut all = String::new();
    set(&mut all, "", &card.options, &example.options);
    for (group, of_group) in &card.input {
        if let Some(Value::Object(values)) = example.input.get(group) {
            set(&mut all, &format!("{group}."), of_group, values);
        }
    }
    all
}

fn set(all: &mut String, before: &str, fields: &Fields, values: &Map<String, Value>) {
    for (label, value) in values {
        let Some(field) = fields.get(label) else { continue };
        let said = match (value, is_text(field)) {
            (Value::String(text), true) => format!("{before}{label}={text}"),
            (Value::Number(_) | Value::Bool(_), _) => format!("{before}{label}={value}"),
            _ => format!("{before}{label}:={value}"),
        };
        all.push_str(&format!(" \\\n    --set '{}'", said.replace('\'', r"'\''")));
    }
}

fn is_text(field: &Field) -> bool {
    !matches!(
        field.kind,
        FieldType::Object | FieldType::List | FieldType::Number | FieldType::TrueFalse
    )
}
