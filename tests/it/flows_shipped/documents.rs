//! What is said of the flows: their documents fit, and the examples of their comments are true.

use cardhost::Host;
use cardhost::core::schema::compile;
use cardhost::flow::{load, schema};
use serde_json::{Value, json};

use super::drive::{Drive, FLOWS, text};
use crate::support::{path, skipped};

#[test]
fn every_shipped_flow_loads_and_fits_both_schemas() {
    let mut names: Vec<String> = std::fs::read_dir(path("flows/mixpanel"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, FLOWS.map(|name| format!("{name}.yaml")));
    let ours = compile(&schema()).unwrap();
    let official = path("../shared/conformance/serverless-workflow/schema/workflow.yaml");
    let official = std::fs::read_to_string(official).ok().map(|text| {
        // The one pattern that looks ahead, which patterns here do not.
        let text = text.replace("(?!$)", "").replace("(?=\\d)", "");
        compile(&cardhost::document::read(&text).unwrap().to_value()).unwrap()
    });
    if official.is_none() {
        skipped("shared", "the official schema is not beside the project");
    }
    for flow in FLOWS {
        let loaded = load(flow, &text(flow)).unwrap_or_else(|findings| panic!("{findings:#?}"));
        assert_eq!(loaded.warnings.len(), 0, "{flow}");
        let head = &loaded.document.head;
        assert_eq!((head.namespace.as_str(), head.name.as_str()), ("mixpanel", flow));
        let value = cardhost::document::read(&text(flow)).unwrap().to_value();
        for schema in [Some(&ours), official.as_ref()].into_iter().flatten() {
            let faults: Vec<_> = schema.iter_errors(&value).map(|e| e.to_string()).collect();
            assert_eq!(faults, Vec::<String>::new(), "{flow}");
        }
    }
}

/// The `{ … }` of the comment that a flow begins with, after a word such as `Input`.
fn documented(flow: &str, word: &str) -> Value {
    let text = text(flow);
    let comment: Vec<&str> = text
        .lines()
        .take_while(|line| line.starts_with('#'))
        .skip_while(|line| !line.starts_with(&format!("# {word}")))
        .skip(1)
        .map(|line| line.trim_start_matches("#   "))
        .take_while(|line| !line.starts_with('#'))
        // Words that explain a line stand far to its right; what is left out is a `…`.
        .map(|line| line.split("    ").find(|part| !part.trim().is_empty()).unwrap_or_default())
        .map(|line| line.trim_end_matches("…").trim_end())
        .collect();
    let text = comment.join("\n").replace(", … }", " }");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{flow}: {error}\n{text}"))
}

/// Whether everything that `part` has is in `whole`.
fn holds(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            part.iter().enumerate().all(|(at, part)| whole.get(at).is_some_and(|w| holds(w, part)))
        }
        (whole, part) => whole == part,
    }
}

#[test]
fn the_examples_of_the_comments_run_against_the_cards_own_examples() {
    for flow in FLOWS {
        let host =
            Host::builder().cards(cardhost::Embedded).stand_in(cardhost::testing::Mocks).build();
        let told = Drive { flow, host, skipped: &[] }.run(documented(flow, "Input"));
        if flow == "update-profiles" {
            // The mock refuses nobody.
            assert_eq!(told.output(), &json!({ "updated": 1, "refused": [] }));
            continue;
        }
        let (output, documented) = (told.output(), documented(flow, "Output"));
        assert!(holds(output, &documented), "{flow}: {output:#} does not hold {documented:#}");
    }
}
