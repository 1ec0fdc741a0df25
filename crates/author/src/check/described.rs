//! Fields that a card describes: what is said of each item leads somewhere, and is of the form that its place takes.

use cardhost_core::card::Card;
use cardhost_core::definition::Definition;
use cardhost_core::described::{TYPES, type_of};
use cardhost_core::error::{Code, pointer};
use cardhost_core::field::{Field, FieldType, FieldsFrom};
use cardhost_core::template::{Root, ValueTemplate};
use cardhost_document::Malformed;
use serde_json::Value;

use super::conditions::check_when;
use super::findings::Findings;
use super::names::{Item, Names};
use super::offers::{Siblings, items_of, sibling, wrong};
use super::references::Rules;

/// The root of what is said of an item.
const ITEM: &[Root] = &[Root::Item];

/// Checks the fields of a card's inputs that come from other cards.
pub(super) fn check(definition: &Definition, siblings: &Siblings, findings: &mut Findings<'_>) {
    let card = &definition.card;
    let names = Names::of_card(&definition.connector, card);
    for (group, fields) in &card.input {
        for (label, field) in fields {
            let Some(from) = &field.fields_from else { continue };
            let place = format!("{}/fieldsFrom", pointer(&["input", group, label]));
            if let Some(asked) = sibling(from.asked(), &place, names, siblings, findings) {
                of_card(from, &asked.card, &place, names, findings);
            }
        }
    }
}

/// Checks what is made of the list of the card that is asked.
fn of_card(
    from: &FieldsFrom,
    asked: &Card,
    place: &str,
    names: Names<'_>,
    findings: &mut Findings<'_>,
) {
    if from.of.is_some() && from.kind.is_none() {
        wrong("of", "needs `type`", place, findings);
    }
    let Some(items) = items_of(from.asked(), asked, place, findings) else { return };
    let names = Names { item: Some(Item { of: Some(items) }), ..names };
    if let Some(when) = &from.when {
        check_when(names, when, &format!("{place}/when"), ITEM, findings);
    }
    for part in parts(from) {
        let Some(template) = part.said else { continue };
        let rules = Rules { roots: ITEM, needs_values: false };
        let place = format!("{place}/{}", part.key);
        names.value(template, &place, rules, findings);
        each_value(template, &place, &mut |value, place| {
            let takes = |kind: FieldType| kind == FieldType::Any || part.takes.contains(&kind);
            match value {
                ValueTemplate::Constant(value) if part.is_type => {
                    let name = value.as_str().unwrap_or_default();
                    if type_of(name) == FieldType::Any && name != FieldType::Any.as_str() {
                        let expected = TYPES.iter().map(|kind| kind.as_str().to_owned()).collect();
                        let found = value.as_str().map_or(value.to_string(), str::to_owned);
                        let fault = Malformed::Choice { what: "type", expected, found };
                        findings.at(Code::DEFINITION_VALUE, place, fault.into());
                    }
                }
                ValueTemplate::Constant(value) if !takes(kind_of(value)) => {
                    unfit(part.takes, kind_of(value), place, findings);
                }
                ValueTemplate::Text(template) => {
                    let leads =
                        template.as_reference().and_then(|it| names.resolve(it).ok()?.field);
                    if let Some(field) = leads.filter(|field| !fits(field, part.takes)) {
                        unfit(part.takes, field.kind, place, findings);
                    }
                }
                _ => {}
            }
        });
    }
}

/// One thing that is said of each item.
struct Part<'f> {
    key: &'static str,
    said: Option<&'f ValueTemplate>,
    takes: &'static [FieldType],
    is_type: bool,
}

fn parts(from: &FieldsFrom) -> [Part<'_>; 7] {
    use FieldType::{DateTime, List, Number, Text, TrueFalse};
    const TEXT: &[FieldType] = &[Text, Number, DateTime, TrueFalse];
    let part = |key, said, takes| Part { key, said, takes, is_type: false };
    let kind = |key, said| Part { key, said, takes: &[Text], is_type: true };
    [
        part("name", Some(&from.name), TEXT),
        part("title", from.title.as_ref(), TEXT),
        part("description", from.description.as_ref(), TEXT),
        kind("type", from.kind.as_ref()),
        kind("of", from.of.as_ref()),
        part("required", from.required.as_ref(), &[TrueFalse]),
        part("choices", from.choices.as_ref(), &[List]),
    ]
}

/// Calls `visit` with every value that it may be, with the JSON Pointer to it.
fn each_value<'t>(
    template: &'t ValueTemplate,
    place: &str,
    visit: &mut dyn FnMut(&'t ValueTemplate, &str),
) {
    match template {
        ValueTemplate::Decision(decision) => {
            decision.each(place, &mut |value, place| each_value(value, place, visit));
        }
        other => visit(other, place),
    }
}

fn fits(field: &Field, takes: &[FieldType]) -> bool {
    // A dropdown's value is text.
    let kinds =
        takes.iter().chain(takes.contains(&FieldType::Text).then_some(&FieldType::Dropdown));
    field.takes(FieldType::Any) || kinds.into_iter().any(|kind| field.takes(*kind))
}

fn kind_of(value: &Value) -> FieldType {
    match value {
        Value::Null => FieldType::Any,
        Value::Bool(_) => FieldType::TrueFalse,
        Value::Number(_) => FieldType::Number,
        Value::String(_) => FieldType::Text,
        Value::Array(_) => FieldType::List,
        Value::Object(_) => FieldType::Object,
    }
}

fn unfit(takes: &[FieldType], found: FieldType, place: &str, findings: &mut Findings<'_>) {
    let expected = takes.iter().map(|kind| kind.as_str().to_owned()).collect();
    let fault = Malformed::Type { expected, found: found.as_str() };
    findings.at(Code::DEFINITION_TYPE, place, fault.into());
}
