//! The conformance kit of the Open Workflow DSL, as it is and as it was: every scenario, with its services played here.
//!
//! `cargo test --test it flow_conformance -- --nocapture` prints the list.

use std::fs;
use std::sync::Arc;

use cardhost::Reply;
use cardhost::core::call;
use cardhost::core::moment::Moment;
use cardhost::core::secret::Redactor;
use cardhost::flow::{Action, Happened, HttpRequest, Options, Problem, Run, Step, load};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::{Value, json};

use crate::support::{path, skipped};

/// The kit as it is now, and as it was under the language's former name.
const KITS: [&str; 2] = [
    "../shared/conformance/open-workflow/ctk/features",
    "../shared/conformance/serverless-workflow/ctk",
];

/// A scenario of a feature file: its steps, each with the text block below it.
#[derive(Debug, Default)]
struct Scenario {
    feature: String,
    name: String,
    steps: Vec<(String, String)>,
}

/// Reads a feature file: `Scenario:`, steps, and blocks between `"""`.
fn scenarios(feature: &str, text: &str) -> Vec<Scenario> {
    let mut all: Vec<Scenario> = Vec::new();
    let mut block: Option<(usize, Vec<String>)> = None;
    for line in text.lines() {
        let trimmed = line.trim();
        if trimmed.starts_with("\"\"\"") {
            block = match block.take() {
                None => Some((line.len() - line.trim_start().len(), Vec::new())),
                Some((_, lines)) => {
                    let step = all.last_mut().unwrap().steps.last_mut().unwrap();
                    step.1 = lines.join("\n");
                    None
                }
            };
            continue;
        }
        if let Some((indent, lines)) = &mut block {
            lines.push(line.get(*indent..).unwrap_or(trimmed).to_owned());
        } else if let Some(name) = trimmed.strip_prefix("Scenario: ") {
            let (feature, name) = (feature.to_owned(), name.to_owned());
            all.push(Scenario { feature, name, steps: Vec::new() });
        } else if let Some(scenario) = all.last_mut() {
            let words = ["Given ", "When ", "Then ", "And "];
            if let Some(step) = words.iter().find_map(|word| trimmed.strip_prefix(word)) {
                scenario.steps.push((step.to_owned(), String::new()));
            }
        }
    }
    all
}

fn yaml(text: &str) -> Value {
    cardhost::document::read(text).unwrap_or_else(|fault| panic!("{fault:?}\n{text}")).to_value()
}

/// petstore.swagger.io and httpbin.org, as far as the kit asks them.
fn answer(request: &HttpRequest) -> Reply {
    let reply = |status: u16, body: Value| {
        let kind = HeaderValue::from_static("application/json");
        Reply::new(status, HeaderMap::from_iter([(CONTENT_TYPE, kind)]), body.to_string())
    };
    let pet = |id: u64| json!({ "id": id, "name": format!("pet {id}"), "status": "available" });
    assert_eq!(request.method, "GET");
    let url = request.url.as_str();
    match url.strip_prefix("https://petstore.swagger.io/v2/") {
        Some("swagger.json") => reply(
            200,
            json!({
                "swagger": "2.0", "host": "petstore.swagger.io", "basePath": "/v2", "schemes": ["https", "http"],
                "paths": {
                    "/pet/findByStatus": { "get": { "operationId": "findPetsByStatus", "parameters": [
                        { "name": "status", "in": "query", "required": true }
                    ] } },
                    "/pet/{petId}": { "get": { "operationId": "getPetById", "parameters": [
                        { "name": "petId", "in": "path", "required": true }
                    ] } },
                }
            }),
        ),
        Some("pet/findByStatus?status=available") => reply(200, json!([pet(1), pet(2), pet(3)])),
        Some(rest) => match rest.strip_prefix("pet/").and_then(|id| id.parse().ok()) {
            Some(id) => reply(200, pet(id)),
            None => reply(404, json!({ "message": "Pet not found" })),
        },
        None => {
            assert_eq!(url, "https://httpbin.org/basic-auth/serverless-workflow/conformance-test");
            let authentication = request.authentication.as_ref().unwrap();
            assert_eq!(authentication.scheme, "basic");
            let settings = Value::Object(authentication.settings.clone());
            let expected =
                json!({ "username": "serverless-workflow", "password": "conformance-test" });
            assert_eq!(settings, expected);
            reply(200, json!({ "authenticated": true }))
        }
    }
}

/// What comes of a request.
fn asked(request: &HttpRequest) -> Result<Value, Problem> {
    let call::Step::Send(call) = request.call(&Redactor::new())?.begin() else { panic!() };
    let moment = Moment { unix_seconds: 0, nonce: [0; 16] };
    let call::Step::Done(ended) = call.on_reply(answer(request), &moment) else { panic!() };
    request.settle(ended)
}

/// Runs a flow to its end; its outcome, and the tasks in the order in which they completed.
fn run(definition: &str, input: Value) -> (Result<Value, Problem>, Vec<String>) {
    let loaded = load("flow.yaml", definition).unwrap_or_else(|findings| panic!("{findings:#?}"));
    let options = Options { events: true, ..Options::default() };
    let mut run = Run::new(Arc::new(loaded.document), input, options);
    let mut order = Vec::new();
    for turn in 0..100 {
        let steps = run.steps(turn * 1_000);
        let completed = run.take_events().into_iter();
        order.extend(
            completed
                .filter(|e| matches!(e.what, Happened::Completed { .. }))
                .map(|event| event.name),
        );
        if let Some(outcome) = run.outcome() {
            return (outcome.clone(), order);
        }
        for step in steps {
            if let Step::Start { id, action, .. } = step {
                let outcome = match action {
                    Action::Http(request) => asked(&request),
                    Action::Emit(_) | Action::Wait { .. } => Ok(Value::Null),
                    other => panic!("{other:?}"),
                };
                run.complete(id, outcome);
            }
        }
    }
    panic!("the flow does not end");
}

fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(value, |value, key| value.get(key))
}

fn quoted(text: &str) -> Vec<&str> {
    text.split('\'').skip(1).step_by(2).collect()
}

/// What is wrong with a scenario; nothing where it passes.
fn check(scenario: &Scenario) -> Result<(), String> {
    let block = |start: &str| {
        scenario.steps.iter().find(|(step, _)| step.starts_with(start)).map(|(_, block)| block)
    };
    let definition = block("a workflow with definition").ok_or("no definition")?;
    let input = block("given the workflow input").map_or(json!({}), |text| yaml(text));
    let (outcome, order) = run(definition, input);
    let place = |name: &str| order.iter().position(|task| task == name);
    let mut checked = 0;
    for (step, block) in &scenario.steps {
        let holds = match step.as_str() {
            "a workflow with definition:"
            | "given the workflow input is:"
            | "the workflow is executed" => {
                continue;
            }
            "the workflow should complete" => outcome.is_ok(),
            "the workflow should complete with output:" => outcome == Ok(yaml(block)),
            "the workflow should fault" => outcome.is_err(),
            "the workflow should fault with error:" => {
                let expected = yaml(block);
                outcome.as_ref().err().is_some_and(|problem| {
                    let found = serde_json::to_value(problem).unwrap();
                    expected
                        .as_object()
                        .unwrap()
                        .iter()
                        .all(|(key, value)| found.get(key) == Some(value))
                })
            }
            step if step.starts_with("the workflow output should have properties ") => {
                let output = outcome.as_ref().map_err(|problem| format!("{problem:?}"))?;
                quoted(step).into_iter().all(|path| at(output, path).is_some())
            }
            step if step.starts_with("the workflow output should have a ") => {
                let output = outcome.as_ref().map_err(|problem| format!("{problem:?}"))?;
                let found = at(output, quoted(step)[0]);
                match step.split_once(" containing ") {
                    Some((_, count)) => {
                        let count: usize = count.split(' ').next().unwrap().parse().unwrap();
                        found.and_then(Value::as_array).is_some_and(|items| items.len() == count)
                    }
                    None => found == Some(&yaml(block)),
                }
            }
            step => match step.split(' ').collect::<Vec<_>>().as_slice() {
                [task, "should", "run", "first"] => place(task) == Some(0),
                [task, "should", "run", "last"] => place(task) == Some(order.len() - 1),
                [task, "should", "run", "after", other] => {
                    place(other).is_some() && place(task) > place(other)
                }
                _ => return Err(format!("unknown step: {step}")),
            },
        };
        if !holds {
            return Err(format!("{step} {block}\nfound {outcome:?}, in order {order:?}"));
        }
        checked += 1;
    }
    if checked > 0 { Ok(()) } else { Err("it checks nothing".to_owned()) }
}

#[test]
fn every_scenario_of_the_kit_passes() {
    for kit in KITS {
        let Ok(entries) = fs::read_dir(path(kit)) else {
            skipped("shared", "the conformance kit is not beside the project");
            return;
        };
        passes(kit, entries);
    }
}

fn passes(kit: &str, entries: fs::ReadDir) {
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "feature"));
    files.sort();
    assert_eq!(files.len(), 11);
    let mut faults = Vec::new();
    let mut count = 0;
    for file in files {
        let feature = file.file_stem().unwrap().to_str().unwrap().to_owned();
        for scenario in scenarios(&feature, &fs::read_to_string(&file).unwrap()) {
            count += 1;
            let result = check(&scenario);
            let word = if result.is_ok() { "pass" } else { "FAIL" };
            println!("{word}  {:10} {}", scenario.feature, scenario.name);
            if let Err(reason) = result {
                faults.push(format!("{} / {}: {reason}", scenario.feature, scenario.name));
            }
        }
    }
    println!("{} of {count} scenarios of {kit} pass", count - faults.len());
    assert_eq!((faults, count), (Vec::new(), 21));
}
