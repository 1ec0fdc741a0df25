//! What a definition may name: targets, methods, codes, headers, paths.

use cardhost_core::connector::{Connector, Target};
use cardhost_core::error::Code;
use cardhost_core::plan::METHODS;
use cardhost_core::template::{Part, Root, Template};
use cardhost_document::Malformed;

use super::fault::DefinitionFault;
use super::findings::Findings;

/// The roots of a connector's own tables and conditions: it knows no card.
pub(super) const CONNECTION: &[Root] = &[Root::Connection];

/// Checks that the connector has a target.
pub(super) fn known_target(
    connector: &Connector,
    name: &str,
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    if !connector.targets.contains_key(name) {
        findings.at(
            Code::TARGET_UNKNOWN,
            pointer,
            unknown("target", name, connector.targets.keys()),
        );
    }
}

/// Checks that a method is one that a card can have.
pub(super) fn known_method(name: &str, pointer: &str, findings: &mut Findings<'_>) {
    if !METHODS.contains(&name) {
        let expected = METHODS.map(str::to_owned).to_vec();
        let fault = Malformed::Choice { what: "method", expected, found: name.to_owned() }.into();
        findings.at(Code::DEFINITION_VALUE, pointer, fault);
    }
}

/// Checks that a failed reply may be given a code.
pub(super) fn reply_code(code: &str, pointer: &str, findings: &mut Findings<'_>) {
    if Code::for_reply(code).is_none() {
        let given = Code::all().iter().filter(|code| Code::for_reply(code.as_str()).is_some());
        let mut expected: Vec<String> = given.map(ToString::to_string).collect();
        expected.push("service.…".to_owned());
        let fault =
            Malformed::Choice { what: "reply code", expected, found: code.to_owned() }.into();
        findings.at(Code::DEFINITION_VALUE, pointer, fault);
    }
}

/// Checks a path's own text, each expression standing for one segment: it stays below its base.
pub(super) fn plain_path(path: &Template, pointer: &str, findings: &mut Findings<'_>) {
    let Ok(parts) = path.parts() else { return };
    let own = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Reference(_) | Part::Helper(_) => "x".to_owned(),
    };
    let text: String = parts.iter().map(own).collect();
    if cardhost_core::inject::path::check_relative(&text).is_err() || text.contains('#') {
        let expected = "a path below the base URL, without `..` segments and `#`".to_owned();
        let fault = Malformed::form(expected, &text).into();
        findings.at(Code::DEFINITION_VALUE, pointer, fault);
    }
}

/// Checks a header name that a definition spells out.
pub(super) fn header_name(name: &str, pointer: &str, findings: &mut Findings<'_>) {
    if cardhost_core::inject::header::header_name(name).is_err() {
        let expected = "the name of a header that may be set".to_owned();
        let fault = Malformed::form(expected, name).into();
        findings.at(Code::DEFINITION_VALUE, pointer, fault);
    }
}

/// What is said of a name that nothing has.
pub(super) fn unknown<'n>(
    what: &'static str,
    name: &str,
    known: impl Iterator<Item = &'n String>,
) -> DefinitionFault {
    let nearest = cardhost_core::text::nearest(name, known.map(String::as_str));
    DefinitionFault::Unknown { what, found: name.to_owned(), nearest }
}

/// Checks that what a login gives is for a field that says so.
pub(super) fn given_field(
    connector: &Connector,
    label: &str,
    place: &str,
    findings: &mut Findings<'_>,
) {
    match connector.connection.fields.get(label) {
        Some(field) if field.from.is_some() => {}
        Some(_) => {
            let part = "gives";
            let needs = "is for fields that say `\"from\": \"login\"`".to_owned();
            let fault = DefinitionFault::Together { part, needs };
            findings.at_key(Code::DEFINITION_VALUE, place, fault);
        }
        None => {
            let labels = connector.connection.fields.keys();
            let fault = unknown("connection field", label, labels);
            findings.at_key(Code::DEFINITION_NAME, place, fault);
        }
    }
}

/// Whether a target's base URL is of each card's own, and so not known here.
pub(super) fn is_of_card(target: &Target) -> bool {
    let mut of_card = false;
    target.base.each("", &mut |base, _| {
        let references = base.template().map_or_else(Vec::new, Template::references);
        of_card |= base.is_none();
        of_card |= references.iter().any(|reference| reference.root != Root::Connection);
    });
    of_card
}
