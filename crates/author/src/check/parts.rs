//! The parts of a request, wherever a definition has them: query, headers, body.

use serde_json::Value;

use super::findings::Findings;
use super::known;
use super::names::Names;
use super::references::Rules;
use cardhost_core::body::BodyTemplate;
use cardhost_core::error::{Code, push_pointer};
use cardhost_core::field::{Field, FieldType};
use cardhost_core::template::{Entry, ValueTemplate};
use cardhost_core::value::type_name;
use cardhost_document::Malformed;

/// Checks a body.
pub(super) fn body(
    names: Names<'_>,
    body: &BodyTemplate,
    pointer: &str,
    rules: Rules,
    findings: &mut Findings<'_>,
) {
    if let Some(json) = &body.json {
        names.part(json, &format!("{pointer}/json"), rules, findings);
    }
    if let Some(form) = &body.form {
        parameters(names, form, &format!("{pointer}/form"), rules, findings);
    }
    if let Some(text) = &body.text {
        names.template(text, &format!("{pointer}/text"), rules, findings);
    }
    if let Some(text) = &body.content_type
        && http::HeaderValue::from_str(text).is_err()
    {
        let fault = Malformed::form("a media type", text).into();
        findings.at(Code::DEFINITION_VALUE, &format!("{pointer}/contentType"), fault);
    }
}

/// Checks headers and their names.
pub(super) fn headers(
    names: Names<'_>,
    headers: &ValueTemplate,
    pointer: &str,
    rules: Rules,
    findings: &mut Findings<'_>,
) {
    parameters(names, headers, pointer, rules, findings);
    for name in written_names(headers) {
        known::header_name(name, &below(pointer, name), findings);
    }
}

/// `query`, `headers` or `form`: one reference to an object, or an object of plain values.
pub(super) fn parameters(
    names: Names<'_>,
    value: &ValueTemplate,
    pointer: &str,
    rules: Rules,
    findings: &mut Findings<'_>,
) {
    names.part(value, pointer, rules, findings);
    shape(names, value, pointer, findings);
}

fn shape(names: Names<'_>, value: &ValueTemplate, pointer: &str, findings: &mut Findings<'_>) {
    let wrong =
        |found: &'static str, expected: &[&str], place: &str, findings: &mut Findings<'_>| {
            let expected = expected.iter().map(|name| (*name).to_owned()).collect();
            findings.at(Code::DEFINITION_TYPE, place, Malformed::Type { expected, found }.into());
        };
    let whole: [&str; 2] = ["object", "one reference to an object"];
    let plain: [&str; 4] = ["text", "number", "true-false", "a list of them"];
    match value {
        ValueTemplate::Constant(Value::Object(map)) => {
            for (key, value) in map.iter().filter(|(_, value)| value.is_object()) {
                wrong(type_name(value), &plain, &below(pointer, key), findings);
            }
        }
        ValueTemplate::Object(entries) => {
            for Entry { written: key, value, .. } in entries {
                if matches!(
                    value,
                    ValueTemplate::Object(_) | ValueTemplate::Constant(Value::Object(_))
                ) {
                    wrong("object", &plain, &below(pointer, key), findings);
                }
            }
        }
        ValueTemplate::Text(template) if template.parts().is_ok() => {
            match template.as_reference() {
                None => wrong("text", &whole, pointer, findings),
                Some(reference) => {
                    let field = names.resolve(reference).ok().and_then(|referred| referred.field);
                    let is_object = |field: &Field| {
                        field.takes(FieldType::Object) || field.takes(FieldType::Any)
                    };
                    if let Some(field) = field.filter(|field| !is_object(field)) {
                        wrong(field.kind.as_str(), &whole, pointer, findings);
                    }
                }
            }
        }
        // Each row is an object of its own, or a reference to one.
        ValueTemplate::Decision(decision) => decision.each(pointer, &mut |value, place| {
            shape(names, value, place, findings);
        }),
        // A fault of the template is told by its own check.
        ValueTemplate::Text(_) => {}
        ValueTemplate::Constant(other) => wrong(type_name(other), &whole, pointer, findings),
        ValueTemplate::List(_) | ValueTemplate::Each(_) => {
            wrong("list", &whole, pointer, findings);
        }
    }
}

/// The names that headers are written with.
pub(super) fn written_names(headers: &ValueTemplate) -> Vec<&str> {
    match headers {
        ValueTemplate::Constant(Value::Object(map)) => map.keys().map(String::as_str).collect(),
        ValueTemplate::Object(entries) => entries.iter().filter_map(Entry::name).collect(),
        _ => Vec::new(),
    }
}

fn below(pointer: &str, key: &str) -> String {
    let mut place = pointer.to_owned();
    push_pointer(&mut place, key);
    place
}
