//! Choices that a card gives: the card is there and reads, is asked with what it takes, and gives what the field takes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cardhost_core::asked::Asked;
use cardhost_core::card::{Card, Effect};
use cardhost_core::definition::Definition;
use cardhost_core::error::{Code, pointer};
use cardhost_core::field::{ChoicesFrom, Field, FieldType};
use cardhost_core::template::{Key, Reference, Root, ValueTemplate};
use cardhost_document::below;

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::known::unknown;
use super::names::Names;
use super::references::Rules;

/// The roots of what a card is asked with.
const GIVEN: &[Root] = &[Root::Options, Root::Input];

/// The cards of the connector by name, as far as they can be read; `None` where only some of them are looked at.
pub(super) type Siblings = Option<BTreeMap<String, Arc<Definition>>>;

/// Checks the choices of a card's fields that come from other cards.
pub(super) fn check(definition: &Definition, siblings: &Siblings, findings: &mut Findings<'_>) {
    let card = &definition.card;
    let names = Names::of_card(&definition.connector, card);
    let options = card.options.iter().map(|(label, field)| (pointer(&["options", label]), field));
    let inputs = card.input.iter().flat_map(|(group, fields)| {
        let place = move |label: &String| pointer(&["input", group, label]);
        fields.iter().map(move |(label, field)| (place(label), field))
    });
    for (place, field) in options.chain(inputs) {
        if let Some(from) = &field.choices_from {
            let place = format!("{place}/choicesFrom");
            together(from, &place, findings);
            if let Some(asked) =
                from.asked().and_then(|it| sibling(it, &place, names, siblings, findings))
            {
                of_card(from, field, asked, &place, findings);
            }
        }
    }
}

/// The card that is asked, where it is there: it reads, and takes what it is asked with.
pub(super) fn sibling<'s>(
    from: Asked<'_>,
    place: &str,
    names: Names<'_>,
    siblings: &'s Siblings,
    findings: &mut Findings<'_>,
) -> Option<&'s Definition> {
    for (key, template) in from.asks_with() {
        let rules = Rules { roots: GIVEN, needs_values: false };
        names.value(template, &format!("{place}/{key}"), rules, findings);
    }
    let siblings = siblings.as_ref()?;
    let Some(asked) = siblings.get(from.card) else {
        let fault = unknown("card", from.card, siblings.keys());
        findings.at(Code::DEFINITION_NAME, &format!("{place}/card"), fault);
        return None;
    };
    must_read(&asked.card, place, findings);
    asked_with((from.options, from.input), &asked.card, place, findings);
    Some(asked)
}

/// The output of the card that is asked that is the list.
pub(super) fn items_of<'c>(
    from: Asked<'_>,
    card: &'c Card,
    place: &str,
    findings: &mut Findings<'_>,
) -> Option<&'c Field> {
    let items = from.items_of(card).and_then(|(group, label)| card.output.get(group)?.get(label));
    let items = items.filter(|items| items.kind == FieldType::List);
    if items.is_none() {
        let needs = format!("must be a list among the outputs of `{}`", card.name.as_str());
        wrong_at("items", needs, from.items.unwrap_or(""), place, findings);
    }
    items
}

/// Keys that mean nothing without a card, and what a card needs.
fn together(from: &ChoicesFrom, place: &str, findings: &mut Findings<'_>) {
    if from.card.is_some() && from.value.is_none() {
        let fault = cardhost_document::Malformed::missing("value").into();
        findings.at(Code::DEFINITION_MISSING_KEY, place, fault);
    }
    for part in ["options", "input", "items", "value", "title", "search"] {
        let at = format!("{place}/{part}");
        if from.card.is_none() && findings.document().has(&at) {
            let fault = DefinitionFault::Together { part, needs: "needs `card`".to_owned() };
            findings.at_key(Code::DEFINITION_VALUE, &at, fault);
        }
    }
}

fn of_card(
    from: &ChoicesFrom,
    field: &Field,
    asked: &Definition,
    place: &str,
    findings: &mut Findings<'_>,
) {
    let card = &asked.card;
    if let Some(search) = &from.search {
        let found =
            from.search_field().and_then(|(group, label)| card.input.get(group)?.get(label));
        if found.is_none_or(|field| !field.takes(FieldType::Text)) {
            let needs = format!("must be a text among the inputs of `{}`", card.name.as_str());
            wrong_at("search", needs, search, place, findings);
        }
    }
    let items = from.asked().and_then(|from| items_of(from, card, place, findings));
    let Some(items) = items else { return };
    for (key, template) in from.of_items() {
        for reference in template.references() {
            if reference.root != Root::Item {
                let (reference, allowed) = (reference.to_string(), vec![Root::Item]);
                let fault = DefinitionFault::Root { reference, allowed };
                findings.at(Code::TEMPLATE_ROOT, &format!("{place}/{key}"), fault);
            }
        }
    }
    let value = from.value.as_ref().and_then(|value| value.as_reference());
    if let Some(found) = value.and_then(|value| kind_of(items, value)) {
        let wanted = field.of.unwrap_or(field.kind);
        let scalar = |kind: FieldType| {
            !matches!(kind, FieldType::Object | FieldType::List)
                && (wanted != FieldType::Number
                    || matches!(kind, FieldType::Number | FieldType::Any))
        };
        if !scalar(found) {
            let needs = format!("is {}, and the field {}", found.as_str(), wanted.as_str());
            wrong("value", &needs, place, findings);
        }
    }
}

/// The declared type of what a reference leads to in an item; `None` where nothing is declared.
fn kind_of(items: &Field, reference: &Reference) -> Option<FieldType> {
    match reference.segments.as_slice() {
        [] => items.of,
        [key] => items.fields.as_ref()?.get(key).map(|field| field.kind),
        _ => None,
    }
}

/// Checks that a card that is asked by itself does nothing but to read.
pub(super) fn must_read(card: &Card, place: &str, findings: &mut Findings<'_>) {
    let mut reads = true;
    card.effect.each("", &mut |effect, _| reads &= *effect == Effect::Read);
    if !reads {
        wrong("card", "is for cards that read", place, findings);
    }
}

/// Checks that a card takes what it is asked with, and is given what it needs.
pub(super) fn asked_with(
    (options, input): (Option<&ValueTemplate>, Option<&ValueTemplate>),
    card: &Card,
    place: &str,
    findings: &mut Findings<'_>,
) {
    let keys = |template: Option<&ValueTemplate>| -> Vec<(String, Option<ValueTemplate>)> {
        match template {
            Some(ValueTemplate::Object(entries)) => entries
                .iter()
                .filter(|entry| !matches!(entry.key, Key::Template(_)))
                .map(|entry| {
                    (entry.written.trim_end_matches('?').to_owned(), Some(entry.value.clone()))
                })
                .collect(),
            Some(ValueTemplate::Constant(serde_json::Value::Object(map))) => map
                .iter()
                .map(|(key, value)| (key.clone(), Some(ValueTemplate::Constant(value.clone()))))
                .collect(),
            _ => Vec::new(),
        }
    };
    let mut given: Vec<(String, String)> = Vec::new();
    for (label, _) in keys(options) {
        if !card.options.contains_key(&label) {
            let at = below(&format!("{place}/options"), &label);
            findings.at_key(
                Code::DEFINITION_NAME,
                &at,
                unknown("option", &label, card.options.keys()),
            );
        }
        given.push((String::new(), label));
    }
    for (group, fields) in keys(input) {
        let at = below(&format!("{place}/input"), &group);
        let Some(of_group) = card.input.get(&group) else {
            findings.at_key(
                Code::DEFINITION_NAME,
                &at,
                unknown("input group", &group, card.input.keys()),
            );
            continue;
        };
        for (label, _) in keys(fields.as_ref()) {
            if !of_group.contains_key(&label) {
                findings.at_key(
                    Code::DEFINITION_NAME,
                    &below(&at, &label),
                    unknown("input", &label, of_group.keys()),
                );
            }
            given.push((group.clone(), label));
        }
    }
    let needed =
        |field: &Field| field.required && field.default.is_none() && field.visible_when.is_none();
    let options = card.options.iter().map(|(label, field)| (String::new(), label, field));
    let inputs = card.input.iter().flat_map(|(group, fields)| {
        fields.iter().map(move |(label, field)| (group.clone(), label, field))
    });
    for (group, label, field) in options.chain(inputs) {
        if needed(field) && !given.contains(&(group.clone(), label.clone())) {
            let name = if group.is_empty() { label.clone() } else { format!("{group}.{label}") };
            let needs = format!("needs `{name}`, which `{}` requires", card.name.as_str());
            wrong("card", &needs, place, findings);
        }
    }
}

pub(super) fn wrong(part: &'static str, needs: &str, place: &str, findings: &mut Findings<'_>) {
    let fault = DefinitionFault::Together { part, needs: needs.to_owned() };
    findings.at(Code::DEFINITION_VALUE, &format!("{place}/{part}"), fault);
}

pub(super) fn wrong_at(
    part: &'static str,
    needs: String,
    found: &str,
    place: &str,
    findings: &mut Findings<'_>,
) {
    let needs = if found.is_empty() { needs } else { format!("{needs}, and `{found}` is none") };
    wrong(part, &needs, place, findings);
}
