//! The example documents of the specification: accepted, or refused with the feature named; and what our
//! schema says of them, and of damaged ones, against the official one.

use std::collections::BTreeMap;
use std::fs;

use cardhost::core::schema::compile;
use cardhost::flow::{load, schema};
use serde_json::Value;

use crate::support::{path, skipped};

const FOLDER: &str = "../shared/conformance/open-workflow";

/// The same under the language's former name.
const FORMER: &str = "../shared/conformance/serverless-workflow";

/// Each example's name and text; `None` where they are not at hand.
fn examples() -> Option<BTreeMap<String, String>> {
    examples_in(FOLDER)
}

fn examples_in(folder: &str) -> Option<BTreeMap<String, String>> {
    let Ok(entries) = fs::read_dir(path(folder).join("examples")) else {
        skipped("shared", "the examples are not beside the project");
        return None;
    };
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        (name.trim_end_matches(".yaml").to_owned(), fs::read_to_string(entry.path()).unwrap())
    };
    let all = entries.map(file).collect::<BTreeMap<_, _>>();
    Some(all.into_iter().filter(|(name, _)| name != "README.md").collect())
}

#[test]
fn every_example_is_accepted_or_refused_with_the_feature_named() {
    let (Some(examples), Some(former)) = (examples(), examples_in(FORMER)) else { return };
    let mut table = String::new();
    let mut accepted = 0;
    // Those that were changed stand twice.
    let was = former.iter().filter(|(name, text)| examples.get(*name) != Some(text));
    let was = was.map(|(name, text)| (format!("{name} (before)"), text));
    let all: Vec<(String, &String)> =
        examples.iter().map(|(name, text)| (name.clone(), text)).chain(was).collect();
    for (name, text) in &all {
        let verdict = match load(&format!("{name}.yaml"), text) {
            Ok(loaded) => {
                accepted += 1;
                let warnings = loaded.warnings.iter().map(|w| w.message().to_owned());
                ["accepted".to_owned()].into_iter().chain(warnings).collect::<Vec<_>>().join("; ")
            }
            Err(findings) => {
                let line = |finding: &cardhost::flow::Finding| {
                    let (line, column) = finding.place.line_column.unwrap();
                    format!("{}: {} ({line}:{column})", finding.code, finding.message())
                };
                findings.iter().map(line).collect::<Vec<_>>().join("; ")
            }
        };
        table.push_str(&format!("{name:48} {verdict}\n"));
    }
    let total = all.len();
    table.push_str(&format!("{accepted} of {total} accepted\n"));
    println!("{table}");
    insta::assert_snapshot!("flow_examples", table);
}

fn official() -> Value {
    let text = fs::read_to_string(path(FOLDER).join("schema/workflow.yaml")).unwrap();
    // Patterns here do not look ahead: without that, it allows `P`, `PT`, and an expression where a URI stands.
    let text = text.replace("(?!$)", "").replace("(?=\\d)", "");
    let text = text.replace("(?!\\\\s*\\\\$\\\\{)(?=\\\\S)", "");
    cardhost::document::read(&text).unwrap().to_value()
}

#[test]
fn our_schema_and_the_official_one_agree_on_every_example() {
    let Some(examples) = examples() else { return };
    let (official, ours) = (compile(&official()).unwrap(), compile(&schema()).unwrap());
    for (name, text) in &examples {
        let value = cardhost::document::read(text).unwrap().to_value();
        let theirs: Vec<_> = official.iter_errors(&value).map(|error| error.to_string()).collect();
        let own: Vec<_> = ours.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(theirs.is_empty(), own.is_empty(), "{name}: {theirs:?} {own:?}");
        assert!(own.is_empty(), "{name}: {own:?}");
    }
}

/// Every document that lacks one key, or has one more, or a value of another type.
fn damaged(value: &Value, out: &mut Vec<(String, Value)>) {
    fn pointers(value: &Value, at: &str, out: &mut Vec<String>) {
        out.push(at.to_owned());
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    let key = key.replace('~', "~0").replace('/', "~1");
                    pointers(inner, &format!("{at}/{key}"), out);
                }
            }
            Value::Array(items) => {
                for (index, inner) in items.iter().enumerate() {
                    pointers(inner, &format!("{at}/{index}"), out);
                }
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    pointers(value, "", &mut all);
    for at in all {
        if let Some((parent, key)) = at.rsplit_once('/') {
            let mut without = value.clone();
            if let Some(map) = without.pointer_mut(parent).and_then(Value::as_object_mut) {
                map.shift_remove(&key.replace("~1", "/").replace("~0", "~"));
                out.push((format!("without {at}"), without));
            }
        }
        let mut with = value.clone();
        if let Some(map) = with.pointer_mut(&at).and_then(Value::as_object_mut) {
            map.insert("surplus".to_owned(), Value::from(1));
            out.push((format!("surplus in {at}"), with));
        }
        let mut other = value.clone();
        if let Some(place) = other.pointer_mut(&at) {
            *place = if place.is_number() { Value::from("x") } else { Value::from(7) };
            out.push((format!("other type at {at}"), other));
        }
    }
}

#[test]
fn both_agree_on_damaged_examples_too() {
    let Some(examples) = examples() else { return };
    let (official, ours) = (compile(&official()).unwrap(), compile(&schema()).unwrap());
    let (mut count, mut differ) = (0, Vec::new());
    for (name, text) in &examples {
        let is_refused = load(name, text).is_err();
        let mut all = Vec::new();
        damaged(&cardhost::document::read(text).unwrap().to_value(), &mut all);
        for (what, value) in all {
            let (theirs, own) = (official.is_valid(&value), ours.is_valid(&value));
            // The loader and the schema are written from the same shapes.
            let findings = load(name, &value.to_string()).err().unwrap_or_default();
            let is_malformed = findings.iter().any(|finding| {
                let schema = finding.message().starts_with("this is no JSON Schema");
                finding.code.as_str().starts_with("definition.") && !schema
            });
            assert_eq!(own, !is_malformed, "{name}: {what}: {findings:?}");
            // What is refused as a whole is not looked into as closely as the official schema does.
            if !is_refused {
                count += 1;
                if theirs != own {
                    differ.push(format!("{name}: {what}: official {theirs}, ours {own}"));
                }
            }
        }
    }
    println!("{} of {count} damaged documents are judged alike", count - differ.len());
    insta::assert_snapshot!("flow_damaged_examples", differ.join("\n"));
}
