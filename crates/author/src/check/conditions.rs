//! Conditions: each reference leads somewhere, and can have what is asked of it.

use serde_json::Value;

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::names::{Names, absence};
use cardhost_core::condition::{Clause, Test, When};
use cardhost_core::error::{Code, push_pointer};
use cardhost_core::field::{Field, FieldType};
use cardhost_core::settle::{FieldProblem, FieldRoot, check_value};
use cardhost_core::template::{Reference, Root};
use cardhost_document::Malformed;

/// Checks a condition: each reference leads somewhere and can pass its tests.
pub(super) fn check_when(
    names: Names<'_>,
    when: &When,
    pointer: &str,
    roots: &[Root],
    findings: &mut Findings<'_>,
) {
    // The keys as written: a reference has several spellings.
    let keys = findings.document().keys(pointer);
    for (clause, key) in when.0.iter().zip(keys) {
        let mut place = pointer.to_owned();
        push_pointer(&mut place, &key);
        match clause {
            Clause::Value { reference, tests } => {
                value(names, (reference, tests), &place, roots, findings);
            }
            Clause::Any(whens) => {
                for (index, when) in whens.iter().enumerate() {
                    check_when(names, when, &format!("{place}/{index}"), roots, findings);
                }
            }
            Clause::Not(when) => check_when(names, when, &place, roots, findings),
        }
    }
}

fn value(
    names: Names<'_>,
    (reference, tests): (&Reference, &[Test]),
    place: &str,
    roots: &[Root],
    findings: &mut Findings<'_>,
) {
    let at = |findings: &mut Findings<'_>, code, pointer: &str, fault| {
        findings.at_key(code, pointer, fault)
    };
    let referred = names.lead(reference, place, roots, false, at, findings);
    let Some(field) = referred.and_then(|referred| referred.field) else { return };
    for test in tests {
        match test {
            Test::OneOf(values) => condition_values(field, reference, values, place, findings),
            Test::NoneOf(values) => {
                condition_values(field, reference, values, &format!("{place}/not"), findings);
            }
            Test::Present(_) if absence(field).is_none() => {
                let expected =
                    format!("asked of a value that may be absent: `{reference}` never is");
                let fault = Malformed::form(expected, "present").into();
                findings.at_key(Code::DEFINITION_VALUE, &format!("{place}/present"), fault);
            }
            Test::Present(_) => {}
            Test::Contains(_) => {
                let kinds =
                    [FieldType::Text, FieldType::Dropdown, FieldType::DateTime, FieldType::List];
                looks_into(field, "contains", &kinds, place, findings);
            }
            Test::Matches(_) => {
                let kinds = [FieldType::Text, FieldType::Dropdown, FieldType::DateTime];
                looks_into(field, "matches", &kinds, place, findings);
            }
        }
    }
}

/// Checks that a test can be put to a field of that type.
fn looks_into(
    field: &Field,
    part: &'static str,
    kinds: &[FieldType],
    place: &str,
    findings: &mut Findings<'_>,
) {
    if !kinds.iter().chain([&FieldType::Any]).any(|kind| field.takes(*kind)) {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.as_str())).collect();
        let needs = format!("needs a value of type {}", cardhost_core::text::listed(&kinds, "or"));
        let fault = DefinitionFault::Together { part, needs };
        findings.at_key(Code::DEFINITION_VALUE, &format!("{place}/{part}"), fault);
    }
}

fn condition_values(
    field: &Field,
    reference: &Reference,
    values: &[Value],
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    for (index, value) in values.iter().enumerate() {
        let place = format!("{pointer}/{index}");
        if value.is_null() {
            if absence(field).is_none() {
                let expected = format!("a value that `{reference}` can have: it is never absent");
                let fault = Malformed::form(expected, "null").into();
                findings.at(Code::DEFINITION_VALUE, &place, fault);
            }
            continue;
        }
        let checked = check_value(FieldRoot::Input, field, value, &mut vec![""], &|_| true);
        let Err(fault) = checked else {
            continue;
        };
        let fault = match fault.problem {
            FieldProblem::Choice { expected, found } => {
                Malformed::Choice { what: "choice", expected, found }.into()
            }
            _ => {
                let expected = format!("a value that `{reference}` can have");
                Malformed::form(expected, &value.to_string()).into()
            }
        };
        findings.at(Code::DEFINITION_VALUE, &place, fault);
    }
}
