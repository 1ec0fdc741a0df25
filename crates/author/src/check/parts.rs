//! The parts of a request, wherever a definition has them: query, headers, body.

use serde_json::Value;

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::names::Names;
use super::references::Rules;
use super::{known, multipart};
use cardhost_core::body::BodyTemplate;
use cardhost_core::error::Code;
use cardhost_core::field::{Field, FieldType};
use cardhost_core::parameters::ParameterEncoding;
use cardhost_core::template::{Entry, Part, Template, ValueTemplate};
use cardhost_core::value::type_name;
use cardhost_document::{Malformed, below};

/// Checks a body.
pub(super) fn body(
    names: Names<'_>,
    body: &BodyTemplate,
    pointer: &str,
    rules: Rules,
    findings: &mut Findings<'_>,
) {
    for (key, value) in body.values() {
        let place = format!("{pointer}/{key}");
        match key {
            "form" => parameters(names, value, &place, rules, findings),
            _ => names.part(value, &place, rules, findings),
        }
        match key {
            "ndjson" => list(names, value, &place, findings),
            "multipart" => multipart::parts(names, value, &place, findings),
            "file" => multipart::file(names, value, &place, findings),
            _ => {}
        }
    }
    if let Some(xml) = &body.xml {
        names.template(xml, &format!("{pointer}/xml"), rules, findings);
        if let Some(call) = calls(xml).find(|call| is_xml(call)) {
            let fault = DefinitionFault::EscapedTwice { call: call.to_owned() };
            findings.at(Code::DEFINITION_VALUE, &format!("{pointer}/xml"), fault);
        }
    }
    if let Some(text) = &body.text {
        let place = format!("{pointer}/text");
        names.template(text, &place, rules, findings);
        let markup = body.content_type.as_deref().filter(|kind| {
            let kind = kind.to_ascii_lowercase();
            kind.contains("xml") || kind.contains("html")
        });
        if let (Some(kind), true) = (markup, has_unescaped(text)) {
            let fault = DefinitionFault::NotEscaped { content_type: kind.to_owned() };
            findings.warn(Code::DEFINITION_VALUE, &place, fault);
        }
    }
    if let Some(text) = &body.content_type {
        let is_multipart = text.get(..10).is_some_and(|start| {
            start.eq_ignore_ascii_case("multipart/") && !text.contains("boundary")
        });
        let expected = match &body.multipart {
            Some(_) if !is_multipart => "`multipart/` and its kind, without a boundary",
            _ if http::HeaderValue::from_str(text).is_err() => "a media type",
            _ => "",
        };
        if !expected.is_empty() {
            let fault = Malformed::form(expected, text).into();
            findings.at(Code::DEFINITION_VALUE, &format!("{pointer}/contentType"), fault);
        }
    }
    let packed = body.json.is_some() || body.ndjson.is_some() || body.texts().next().is_some();
    if body.content_encoding.is_some() && !packed {
        let needs = "is for the bodies `json`, `ndjson`, `xml` and `text`".to_owned();
        let fault = DefinitionFault::Together { part: "contentEncoding", needs };
        findings.at_key(Code::DEFINITION_VALUE, &format!("{pointer}/contentEncoding"), fault);
    }
}

/// Checks that the lines of a body are a list.
fn list(names: Names<'_>, value: &ValueTemplate, pointer: &str, findings: &mut Findings<'_>) {
    let found = match value {
        ValueTemplate::List(_) | ValueTemplate::Each(_) | ValueTemplate::Jq(_) => return,
        ValueTemplate::Constant(Value::Array(_)) => return,
        ValueTemplate::Decision(decision) => {
            return decision.each(pointer, &mut |row, place| list(names, row, place, findings));
        }
        ValueTemplate::Constant(other) => type_name(other),
        ValueTemplate::Object(_) => "object",
        ValueTemplate::Text(template) => match template.as_reference() {
            Some(reference) => {
                let field = names.resolve(reference).ok().and_then(|referred| referred.field);
                let is_list =
                    |field: &Field| field.takes(FieldType::List) || field.takes(FieldType::Any);
                match field {
                    Some(field) if !is_list(field) => field.kind.as_str(),
                    _ => return,
                }
            }
            None => match template.parts() {
                Ok([Part::Helper(_)]) | Err(_) => return,
                Ok(_) => "text",
            },
        },
    };
    let expected = vec!["list".to_owned(), "one reference to a list".to_owned()];
    findings.at(Code::DEFINITION_TYPE, pointer, Malformed::Type { expected, found }.into());
}

/// The helper calls of a template.
fn calls(template: &Template) -> impl Iterator<Item = &str> {
    template.parts().unwrap_or_default().iter().filter_map(|part| match part {
        Part::Helper(helper) => Some(helper.source()),
        Part::Text(_) | Part::Reference(_) => None,
    })
}

/// Whether a call's value is escaped.
fn is_xml(call: &str) -> bool {
    call.trim_start().split([' ', '(']).next() == Some("xml")
}

/// Whether a value stands in a text as it is.
fn has_unescaped(template: &Template) -> bool {
    template.parts().unwrap_or_default().iter().any(|part| match part {
        Part::Text(_) => false,
        Part::Reference(_) => true,
        Part::Helper(helper) => !is_xml(helper.source()),
    })
}

/// How lists and objects are written there.
fn encoding(names: Names<'_>) -> ParameterEncoding {
    let own = names.card.map(|card| card.request.encoding).unwrap_or_default();
    let target = names.card.and_then(|card| card.request.target.as_literal());
    let target = target.and_then(|name| names.connector.targets.get(name));
    own.or(target.map(|target| target.encoding).unwrap_or_default()).or(names.connector.encoding)
}

/// Checks headers and their names.
pub(super) fn headers(
    names: Names<'_>,
    headers: &ValueTemplate,
    pointer: &str,
    rules: Rules,
    findings: &mut Findings<'_>,
) {
    names.part(headers, pointer, rules, findings);
    shape((names, ParameterEncoding::default()), headers, pointer, findings);
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
    shape((names, encoding(names)), value, pointer, findings);
}

fn shape(
    (names, encoding): (Names<'_>, ParameterEncoding),
    value: &ValueTemplate,
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    let wrong =
        |found: &'static str, expected: &[&str], place: &str, findings: &mut Findings<'_>| {
            let expected = expected.iter().map(|name| (*name).to_owned()).collect();
            findings.at(Code::DEFINITION_TYPE, place, Malformed::Type { expected, found }.into());
        };
    let whole: [&str; 2] = ["object", "one reference to an object"];
    let plain: [&str; 4] = ["text", "number", "true-false", "a list of them"];
    match value {
        ValueTemplate::Constant(Value::Object(map)) => {
            let nested = encoding.nested.is_some();
            for (key, value) in map.iter().filter(|(_, value)| !nested && value.is_object()) {
                wrong(type_name(value), &plain, &below(pointer, key), findings);
            }
        }
        ValueTemplate::Object(entries) => {
            for Entry { written: key, value, .. } in entries {
                if encoding.nested.is_none() && is_object(value) {
                    wrong("object", &plain, &below(pointer, key), findings);
                }
                if !encoding.takes_lists_of_objects() && is_list_of_objects(names, value) {
                    let fault = DefinitionFault::ListOfObjects;
                    findings.at(Code::DEFINITION_TYPE, &below(pointer, key), fault);
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
            shape((names, encoding), value, place, findings);
        }),
        // A fault of the template is told by its own check; jq is for outputs.
        ValueTemplate::Text(_) | ValueTemplate::Jq(_) => {}
        ValueTemplate::Constant(other) => wrong(type_name(other), &whole, pointer, findings),
        ValueTemplate::List(_) | ValueTemplate::Each(_) => {
            wrong("list", &whole, pointer, findings);
        }
    }
}

fn is_object(value: &ValueTemplate) -> bool {
    matches!(value, ValueTemplate::Object(_) | ValueTemplate::Constant(Value::Object(_)))
}

/// Whether a value is a list whose items are objects.
fn is_list_of_objects(names: Names<'_>, value: &ValueTemplate) -> bool {
    match value {
        ValueTemplate::List(items) => items.iter().any(is_object),
        ValueTemplate::Each(each) => is_object(&each.item),
        ValueTemplate::Text(template) => {
            let reference = template.as_reference();
            let field = reference.and_then(|reference| names.resolve(reference).ok()?.field);
            field.is_some_and(|field| {
                let of_objects = field.fields.is_some() || field.of == Some(FieldType::Object);
                field.kind == FieldType::List && of_objects
            })
        }
        _ => false,
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
