//! Properties: whatever is read ends, whatever is answered ends, and a replay says the same.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Parts of documents, put together at random: near enough to a flow to get far.
fn task() -> impl Strategy<Value = Value> {
    let expression = prop_oneof![
        Just(json!(".n")),
        Just(json!("${ .n + 1 }")),
        Just(json!("${ [.[]?] }")),
        Just(json!("${ error(\"x\") }")),
        Just(json!("$error.status")),
        Just(json!("${ $item }")),
        Just(json!("[1, 2, 3]")),
        Just(json!("true")),
        Just(json!("${ def f: f; f }")),
        Just(json!("${ .a.b.c }")),
    ];
    let then = prop_oneof![
        Just(Value::Null),
        Just(json!("continue")),
        Just(json!("exit")),
        Just(json!("end")),
        Just(json!("t0")),
        Just(json!("t1")),
    ];
    let leaf = prop_oneof![
        expression.clone().prop_map(|e| json!({ "set": { "n": e, "m": [1, e] } })),
        Just(json!({ "call": "get@shop" })),
        expression
            .clone()
            .prop_map(|e| json!({ "call": "get:1.0.0@shop", "with": { "input": e } })),
        Just(
            json!({ "call": "http", "with": { "method": "get", "endpoint": "https://h.example/{n}" } })
        ),
        Just(
            json!({ "call": "openapi", "with": { "document": { "endpoint": "https://h.example/o" }, "operationId": "x" } })
        ),
        Just(json!({ "wait": "PT1S" })),
        Just(json!({ "raise": { "error": { "type": "urn://x", "status": 400 } } })),
        Just(json!({ "emit": { "event": { "with": { "source": "urn://x", "type": "t" } } } })),
        Just(
            json!({ "run": { "workflow": { "namespace": "x", "name": "y", "version": "1.0.0" } } })
        ),
        expression
            .clone()
            .prop_map(|e| json!({ "switch": [{ "a": { "when": e, "then": "t0" } }] })),
    ];
    let common = (expression.clone(), then, 0..8_u8);
    (leaf, common.clone()).prop_map(with_common).prop_recursive(3, 24, 3, move |inner| {
        let list = prop::collection::vec(inner, 0..3).prop_map(named);
        let composite = prop_oneof![
            list.clone().prop_map(|tasks| json!({ "do": tasks })),
            (list.clone(), expression.clone())
                .prop_map(|(tasks, e)| json!({ "for": { "in": e }, "do": tasks })),
            (list.clone(), any::<bool>())
                .prop_map(|(tasks, compete)| json!({ "fork": { "branches": tasks, "compete": compete } })),
            (list.clone(), list.clone(), 0..3_i32).prop_map(|(tasks, handler, count)| json!({
                "try": tasks,
                "catch": { "retry": { "delay": "PT1S", "limit": { "attempt": { "count": count } } }, "do": handler },
            })),
        ];
        (composite, common.clone()).prop_map(with_common)
    })
}

fn with_common((mut task, (expression, then, which)): (Value, (Value, Value, u8))) -> Value {
    if let Some(map) = task.as_object_mut() {
        if which == 1 {
            map.insert("if".into(), expression);
        } else if which == 2 {
            map.insert("output".into(), json!({ "as": expression }));
        } else if which == 3 {
            map.insert("timeout".into(), json!({ "after": "PT5S" }));
        } else if which == 4 && !then.is_null() {
            map.insert("then".into(), then);
        }
    }
    task
}

fn named(tasks: Vec<Value>) -> Value {
    tasks.into_iter().enumerate().map(|(n, task)| json!({ (format!("t{n}")): task })).collect()
}

fn flow(tasks: Vec<Value>) -> String {
    json!({
        "document": { "dsl": "1.0.3", "namespace": "x", "name": "y", "version": "1.0.0" },
        "do": named(tasks),
    })
    .to_string()
}

fn options() -> Options {
    Options {
        max_tasks: 300,
        expression_limits: datum::Limits { steps: 2_000, ..datum::Limits::default() },
        events: true,
        ..Options::default()
    }
}

/// Runs a flow; the outcomes come from `choices`. Gives every step and what was completed when.
type Record = (Vec<Vec<Step>>, Vec<(i64, Vec<(StepId, Result<Value, Problem>)>)>);

fn play(document: &Arc<Document>, choices: &[u8]) -> (Record, Option<Result<Value, Problem>>) {
    let mut run = Run::new(Arc::clone(document), json!({ "n": 1 }), options());
    let (mut all, mut calls) = (Vec::new(), Vec::new());
    let mut completed = Vec::new();
    let mut choices = choices.iter().copied().cycle();
    for turn in 0..600_i64 {
        calls.push((turn * 700, std::mem::take(&mut completed)));
        all.push(run.steps(turn * 700));
        if run.outcome().is_some() {
            break;
        }
        let mut waiting: Vec<StepId> = run.waiting_for().cloned().collect();
        waiting.sort();
        assert!(!waiting.is_empty(), "it waits for nothing and is not over");
        let choice = choices.next().unwrap_or(0);
        let id = waiting[usize::from(choice) % waiting.len()].clone();
        let outcome = match choice % 5 {
            0 => Err(Problem::new(Standard::Communication, "no", "").with_status(503)),
            1 => Ok(json!({ "n": 2 })),
            2 => Ok(json!([1, { "a": 2 }])),
            3 => Ok(Value::Null),
            _ => Ok(json!({ "paths": { "/p": { "get": { "operationId": "x" } } } })),
        };
        completed.push((id.clone(), outcome.clone()));
        assert!(run.complete(id, outcome));
    }
    ((all, calls), run.outcome().cloned())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = load("x", &text);
        let _ = expression::Expression::compile(&text, &[]);
    }

    #[test]
    fn any_yaml_is_read_or_refused(text in "(?s)([ \\-:,\\[\\]{}&*!|>'\"#%@`a-c0-9\n\t~?$.]){0,80}") {
        if let Ok(node) = cardhost_document::read(&text) {
            let _ = node.to_value().to_string();
        }
        let head = "document: { dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }\ndo:\n- a:\n    set: ";
        let _ = load("x", &format!("{head}{text}"));
    }

    #[test]
    fn any_expression_ends(text in "([.|,+*\\-/\\[\\](){}?$:;a-c0-2 \"]|def |if |then |else |end|reduce |as |range|path|limit|\\.\\.|repeat|error|try |first|recurse|tojson|=){0,30}") {
        if let Ok(expression) = expression::Expression::compile(&text, &["a".to_owned()]) {
            struct Scope;
            impl expression::Scope for Scope {
                fn argument(&self, _: usize) -> datum::Datum { datum::Datum::Null }
                fn variable(&self, _: usize) -> datum::Datum { datum::Datum::int(1) }
                fn limits(&self) -> datum::Limits { datum::Limits { steps: 20_000, ..datum::Limits::default() } }
                fn now(&self) -> i64 { 0 }
            }
            let input = datum::Datum::from(json!({ "a": [1, { "b": "x" }], "b": "text" }));
            let _ = expression.evaluate(&input, &Scope);
        }
    }

    #[test]
    fn any_json_is_read_as_serde_json_reads_it(tasks in prop::collection::vec(task(), 0..3)) {
        let text = flow(tasks);
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(cardhost_document::read(&text).unwrap().to_value(), value);
    }

    #[test]
    fn any_run_ends_and_a_replay_says_the_same(
        tasks in prop::collection::vec(task(), 1..4),
        choices in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let Ok(loaded) = load("x", &flow(tasks)) else { return Ok(()) };
        let _ = graph::mermaid(&loaded.document);
        graph::tests::sound(&loaded.document);
        let document = Arc::new(loaded.document);
        let ((steps, calls), outcome) = play(&document, &choices);
        prop_assert!(outcome.is_some(), "the run does not end");

        // Every step has a name of its own, and is cancelled or completed at most once.
        let mut begun = std::collections::HashSet::new();
        for step in steps.iter().flatten() {
            if let Step::Start { id, .. } = step {
                prop_assert!(begun.insert(id.clone()), "{} twice", id);
            }
        }

        let mut replay = Run::new(document, json!({ "n": 1 }), options());
        for ((now, completed), expected) in calls.into_iter().zip(&steps) {
            for (id, outcome) in completed {
                replay.complete(id, outcome);
            }
            prop_assert_eq!(&replay.steps(now), expected);
        }
        prop_assert_eq!(replay.outcome(), outcome.as_ref());
        prop_assert_eq!(replay.waiting_for().count(), 0);
    }
}

#[test]
fn outputs_are_read_as_they_are_written() {
    use crate::datum::Datum;
    for text in [
        "null",
        "true",
        "[]",
        "{}",
        "-0",
        "0",
        "1.10",
        "7615917337495251231",
        "7615917337495251231000",
        "-1.5",
        "1e400",
        "1E5",
        r#""a\u00e9\n\"""#,
        r#"{"b":1,"a":[{"c":null},2.50,"1e5"],"d":{"":{}}}"#,
        r#"{"a":1,"a":2}"#,
    ] {
        let direct: Datum = serde_json::from_str(text).unwrap();
        let value = cardhost_core::value::parse(text).unwrap();
        if !cardhost_core::value::may_hold_exponent(text) {
            assert_eq!(direct.to_string(), Datum::from(&value).to_string(), "{text}");
        }
        assert_eq!(direct, Datum::from(&value), "{text}");
    }
}
