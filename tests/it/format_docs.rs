//! docs/card-format.md and docs/auth.md are complete: every key of the schemas stands in them, and every name that a key can have
//! as its value.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::path;

/// Every key that a schema names, and every name among its values.
fn names(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("properties", Value::Object(keys)) => found.extend(keys.keys().cloned()),
                    ("enum", Value::Array(values)) => {
                        found.extend(values.iter().filter_map(Value::as_str).map(str::to_owned));
                    }
                    ("const", Value::String(text)) => drop(found.insert(text.clone())),
                    _ => {}
                }
                names(value, found);
            }
        }
        _ => {}
    }
}

/// Whether a name stands in a text as code or as a key of an example.
fn is_told(name: &str, text: &str) -> bool {
    let marks = [("`", "`"), ("\"", "\""), ("`", "?`"), ("`\"", "\"`"), ("`", ":")];
    marks.iter().any(|(before, after)| text.contains(&format!("{before}{name}{after}")))
}

#[test]
fn every_key_and_every_name_of_the_format_is_in_the_docs() {
    let read = |name: &str| std::fs::read_to_string(path(name)).unwrap();
    let docs = [read("docs/card-format.md"), read("docs/auth.md")].concat();
    let mut all = BTreeSet::new();
    for file in ["connector", "card"] {
        let schema = read(&format!("schemas/{file}.schema.json"));
        names(&serde_json::from_str(&schema).unwrap(), &mut all);
    }
    assert!(all.len() > 150, "{}", all.len());
    let missing: Vec<&String> = all.iter().filter(|name| !is_told(name, &docs)).collect();
    assert_eq!(missing, Vec::<&String>::new());
}

#[test]
fn what_is_not_told_is_found() {
    let schema = serde_json::json!({ "properties": { "a": { "enum": ["b"] }, "c": { "items": { "const": "d" } } } });
    let mut found = BTreeSet::new();
    names(&schema, &mut found);
    assert_eq!(found, ["a", "b", "c", "d"].map(str::to_owned).into());
    assert!(is_told("a", "the key `a` is") && is_told("b", "{ \"b\": 1 }"));
    assert!(!is_told("c", "a c without marks"));
}
