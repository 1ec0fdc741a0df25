//! What is sent as a file or in parts: whether a file stands where one is meant, and a part is one.

use serde_json::Value;

use super::fault::DefinitionFault;
use super::findings::Findings;
use super::known;
use super::names::Names;
use cardhost_core::error::Code;
use cardhost_core::field::FieldType;
use cardhost_core::template::{Entry, ValueTemplate};
use cardhost_core::value::type_name;
use cardhost_document::{Malformed, below};

/// What the content of a part is, by its key.
const CONTENTS: [&str; 3] = ["file", "json", "text"];

/// What a part may say besides.
const ABOUT: [&str; 3] = ["name", "type", "headers"];

/// Checks that a file is one: a reference to an input of type `file`, or to an item of a list of them.
pub(super) fn file(
    names: Names<'_>,
    value: &ValueTemplate,
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    let found = match value {
        ValueTemplate::Text(template) => match template.as_reference() {
            None if template.parts().is_err() => return,
            None => "text",
            Some(reference) => {
                let field = names.resolve(reference).ok().and_then(|referred| referred.field);
                let is_file = |kind| [FieldType::File, FieldType::Any].contains(&kind);
                match field {
                    Some(field) if !is_file(field.kind) && !field.takes(FieldType::File) => {
                        field.kind.as_str()
                    }
                    _ => return,
                }
            }
        },
        ValueTemplate::Decision(decision) => {
            return decision.each(pointer, &mut |row, place| file(names, row, place, findings));
        }
        // A file whose content the card itself has.
        ValueTemplate::Object(_) | ValueTemplate::Constant(Value::Object(_)) => return,
        ValueTemplate::Constant(other) => type_name(other),
        ValueTemplate::List(_) | ValueTemplate::Each(_) => "list",
        ValueTemplate::Jq(_) => return,
    };
    wrong(&["one reference to an input of type `file`"], found, pointer, findings);
}

/// Checks the parts of a multipart body.
pub(super) fn parts(
    names: Names<'_>,
    value: &ValueTemplate,
    pointer: &str,
    findings: &mut Findings<'_>,
) {
    match value {
        ValueTemplate::Object(entries) => {
            for Entry { written, value, .. } in entries {
                // What is spread into the others is known in a run.
                if written != "..." {
                    part(names, value, &below(pointer, written), findings);
                }
            }
        }
        ValueTemplate::Constant(Value::Object(map)) => {
            for (name, value) in map {
                let value = ValueTemplate::new(value.clone());
                part(names, &value, &below(pointer, name), findings);
            }
        }
        ValueTemplate::Decision(decision) => {
            decision.each(pointer, &mut |row, place| parts(names, row, place, findings));
        }
        // A reference to an object whose keys are the parts.
        ValueTemplate::Text(_) | ValueTemplate::Jq(_) => {}
        ValueTemplate::Constant(other) => wrong(&["object"], type_name(other), pointer, findings),
        ValueTemplate::List(_) | ValueTemplate::Each(_) => {
            wrong(&["object"], "list", pointer, findings);
        }
    }
}

fn part(names: Names<'_>, value: &ValueTemplate, pointer: &str, findings: &mut Findings<'_>) {
    match value {
        ValueTemplate::Text(template) => {
            let field =
                template.as_reference().and_then(|reference| names.resolve(reference).ok()?.field);
            if field.is_some_and(|field| field.kind == FieldType::File) {
                let expected = "an object with `file`, such as { \"file\": \"<<input.File>>\" }";
                wrong(&["text", expected], "file", pointer, findings);
            }
        }
        ValueTemplate::List(items) => {
            for (index, item) in items.iter().enumerate() {
                part(names, item, &format!("{pointer}/{index}"), findings);
            }
        }
        ValueTemplate::Each(each) => part(names, &each.item, &format!("{pointer}/as"), findings),
        ValueTemplate::Decision(decision) => {
            decision.each(pointer, &mut |row, place| part(names, row, place, findings));
        }
        ValueTemplate::Object(entries) => {
            let keys: Vec<&str> = entries.iter().filter_map(Entry::name).collect();
            // A key that the run gives may be any of them.
            if keys.len() == entries.len() {
                part_keys(&keys, pointer, findings);
            }
            for entry in entries {
                let place = below(pointer, &entry.written);
                match entry.name() {
                    Some("file") => file(names, &entry.value, &place, findings),
                    Some("headers") => headers(&entry.value, &place, findings),
                    _ => {}
                }
            }
        }
        ValueTemplate::Constant(Value::Object(map)) => {
            part_keys(&map.keys().map(String::as_str).collect::<Vec<_>>(), pointer, findings);
        }
        ValueTemplate::Constant(_) | ValueTemplate::Jq(_) => {}
    }
}

/// Checks that a part has one content, and nothing that is no part of it.
fn part_keys(keys: &[&str], pointer: &str, findings: &mut Findings<'_>) {
    let known = CONTENTS.iter().chain(&ABOUT);
    for key in keys {
        if !known.clone().any(|known| known == key) {
            let free = known.clone().filter(|known| !keys.contains(known));
            let known = free.map(|known| (*known).to_owned()).collect();
            let fault = Malformed::UnknownKey { key: (*key).to_owned(), known };
            findings.at_key(Code::DEFINITION_UNKNOWN_KEY, &below(pointer, key), fault.into());
        }
    }
    let contents = keys.iter().filter(|key| CONTENTS.contains(key)).count();
    if contents != 1 {
        let needs = "needs exactly one of `file`, `json` and `text`".to_owned();
        let fault = DefinitionFault::Together { part: "part", needs };
        findings.at(Code::DEFINITION_VALUE, pointer, fault);
    }
}

fn headers(value: &ValueTemplate, pointer: &str, findings: &mut Findings<'_>) {
    let names: Vec<&str> = match value {
        ValueTemplate::Constant(Value::Object(map)) => map.keys().map(String::as_str).collect(),
        ValueTemplate::Object(entries) => entries.iter().filter_map(Entry::name).collect(),
        _ => return,
    };
    for name in names {
        known::header_name(name, &below(pointer, name), findings);
    }
}

fn wrong(expected: &[&str], found: &'static str, pointer: &str, findings: &mut Findings<'_>) {
    let expected = expected.iter().map(|name| (*name).to_owned()).collect();
    findings.at(Code::DEFINITION_TYPE, pointer, Malformed::Type { expected, found }.into());
}
