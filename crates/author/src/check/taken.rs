//! What a definition leaves out, and what was taken instead: the notes of a strict check.

use cardhost_core::card::{Card, Effect};
use cardhost_core::connector::Connector;
use cardhost_core::definition::Definition;
use cardhost_core::error::{Code, pointer, push_pointer};
use cardhost_core::field::Fields;
use cardhost_core::template::Decision;

use super::fault::DefinitionFault;
use super::findings::Findings;

/// Notes what a connector leaves out.
pub(super) fn of_connector(connector: &Connector, findings: &mut Findings<'_>) {
    fields(&connector.connection.fields, "/connection/fields", findings);
    if let Some(test) = &connector.connection.test {
        let mut taken = |key, value: &str| taken("/connection/test", key, value, findings);
        taken("target", &test.target);
        taken("method", &test.method);
        taken("expect", "200 to 299");
    }
}

/// Notes what a card leaves out.
pub(super) fn of_card(definition: &Definition, findings: &mut Findings<'_>) {
    let card = &definition.card;
    let effect = effect(&card.effect);
    for (above, key, value) in [
        ("", "format", "1"),
        ("", "name", card.name.as_str()),
        ("", "version", card.version.as_str()),
        ("", "title", &card.title),
        ("", "effect", &effect),
        ("/request", "target", card.request.target.source()),
        ("/request", "method", card.request.method.source()),
    ] {
        taken(above, key, value, findings);
    }
    fields(&card.options, "/options", findings);
    for (key, groups) in [("input", &card.input), ("output", &card.output)] {
        for (group, of_group) in groups {
            fields(of_group, &pointer(&[key, group]), findings);
        }
    }
    samples(card, definition, findings);
}

fn samples(card: &Card, definition: &Definition, findings: &mut Findings<'_>) {
    let has_connection = definition.connector.connection.example.is_some();
    let (examples, anti) = (card.examples(), card.anti_examples());
    let replies = |key: &'static str, replied: Vec<bool>| {
        replied.into_iter().enumerate().map(move |(index, replied)| (key, index, replied))
    };
    let examples = examples.unwrap_or_default();
    for index in 0..examples.len() {
        if has_connection {
            let above = format!("/examples/{index}");
            taken(&above, "connection", "that of the connector's example", findings);
        }
    }
    let of_examples = examples.iter().map(|example| example.reply.is_some()).collect();
    let of_anti = anti.unwrap_or_default().iter().map(|anti| anti.reply.is_some()).collect();
    for (key, index, replied) in
        replies("examples", of_examples).chain(replies("antiExamples", of_anti))
    {
        if replied {
            taken(&format!("/{key}/{index}/reply"), "status", "200", findings);
        }
    }
}

fn fields(of: &Fields, above: &str, findings: &mut Findings<'_>) {
    for (label, field) in of {
        let mut place = above.to_owned();
        push_pointer(&mut place, label);
        taken(&place, "type", field.kind.as_str(), findings);
        if let Some(inner) = &field.fields {
            fields(inner, &format!("{place}/fields"), findings);
        }
    }
}

/// Notes a key that an object does not have.
fn taken(above: &str, key: &'static str, value: &str, findings: &mut Findings<'_>) {
    if !findings.document().has(&format!("{above}/{key}")) {
        let value = value.to_owned();
        findings.note(Code::DEFINITION_DEFAULT, above, DefinitionFault::Taken { key, value });
    }
}

/// One effect, or the effect of each choice.
fn effect(effect: &Decision<Effect>) -> String {
    let Decision::By { rows, otherwise, .. } = effect else {
        let mut always = String::new();
        effect.each("", &mut |effect, _| effect.as_str().clone_into(&mut always));
        return always;
    };
    let mut said: Vec<String> = Vec::new();
    let otherwise = otherwise.iter().map(|row| ("else", &**row));
    for (name, row) in rows.iter().map(|(name, row)| (name.as_str(), row)).chain(otherwise) {
        row.each("", &mut |effect, _| said.push(format!("{name} {}", effect.as_str())));
    }
    said.join(", ")
}
