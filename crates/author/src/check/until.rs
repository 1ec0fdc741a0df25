//! Work that goes on: who is asked is there and reads, and is asked with what it takes.

use cardhost_core::card::Effect;
use cardhost_core::definition::Definition;
use cardhost_core::error::Code;

use super::conditions::check_when;
use super::fault::DefinitionFault;
use super::findings::Findings;
use super::known::unknown;
use super::names::Names;
use super::offers::{Siblings, asked_with, must_read, wrong};
use super::references::Rules;
use super::replies::REPLY;

/// Checks what a card says of work that goes on.
pub(super) fn check(definition: &Definition, siblings: &Siblings, findings: &mut Findings<'_>) {
    let card = &definition.card;
    let Some(until) = card.until.as_deref() else { return };
    let names = Names::of_card(&definition.connector, card);
    let rules = Rules { roots: REPLY, needs_values: false };
    for (key, template) in until.asks_with() {
        names.value(template, &format!("/until/{key}"), rules, findings);
    }
    for (key, when) in until.conditions() {
        check_when(names, when, &format!("/until/{key}"), REPLY, findings);
    }
    if let Some(message) = &until.message {
        names.template(message, "/until/message", rules, findings);
    }
    if card.pages.is_some() {
        let needs = "means nothing beside `pages`".to_owned();
        let fault = DefinitionFault::Together { part: "until", needs };
        findings.at_key(Code::DEFINITION_VALUE, "/until", fault);
    }
    for (part, lone, needs) in [
        ("options", until.options.is_some() && until.card.is_none(), "needs `card`"),
        ("input", until.input.is_some() && until.card.is_none(), "needs `card`"),
        ("message", until.message.is_some() && until.failed.is_none(), "needs `failed`"),
        ("longest", until.longest() <= until.every(), "must be longer than `every`"),
    ] {
        let at = format!("/until/{part}");
        // By default it is half an hour.
        let at = if findings.document().has(&at) { at } else { "/until/every".to_owned() };
        if lone {
            let fault = DefinitionFault::Together { part, needs: needs.to_owned() };
            findings.at_key(Code::DEFINITION_VALUE, &at, fault);
        }
    }
    let Some(name) = &until.card else {
        let mut repeats = true;
        card.effect.each("", &mut |effect, _| {
            repeats &= matches!(effect, Effect::Read | Effect::Idempotent);
        });
        if !repeats {
            let needs = "needs `card`: without one the request is sent again, and its effect is neither `read` nor `idempotent`";
            let fault = DefinitionFault::Together { part: "until", needs: needs.to_owned() };
            findings.at_key(Code::DEFINITION_VALUE, "/until", fault);
        }
        return;
    };
    let Some(siblings) = siblings else { return };
    let Some(asked) = siblings.get(name) else {
        let fault = unknown("card", name, siblings.keys());
        return findings.at(Code::DEFINITION_NAME, "/until/card", fault);
    };
    must_read(&asked.card, "/until", findings);
    if asked.card.until.is_some() || asked.card.pages.is_some() {
        wrong("card", "is for cards without `until` and `pages`", "/until", findings);
    }
    asked_with((until.options.as_ref(), until.input.as_ref()), &asked.card, "/until", findings);
}
