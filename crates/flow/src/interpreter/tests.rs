//! Each task as the specification says it, and the limits.

use std::sync::Arc;

use super::*;
use crate::datum::{Datum, Limits};
use crate::document::Document;
use crate::problem::{Problem, Standard, Way};
use crate::{Action, Step, StepId};
use ::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use cardhost_core::call;
use cardhost_core::error::Code;
use cardhost_core::moment::Moment;
use cardhost_core::response::Reply;
use cardhost_core::secret::Redactor;
use serde_json::{Value, json};

const HEAD: &str = "document: { dsl: '1.0.3', namespace: test, name: test, version: 1.0.0 }\n";

fn document(text: &str) -> Arc<Document> {
    let text = format!("{HEAD}{text}");
    match crate::load("test.yaml", &text) {
        Ok(loaded) => Arc::new(loaded.document),
        Err(findings) => {
            let shown: Vec<_> = findings
                .iter()
                .map(|f| format!("{:?} {} {:?}", f.place.line_column, f.message(), f.hint()))
                .collect();
            panic!("{shown:#?}\n{text}")
        }
    }
}

/// Runs a flow; steps are answered by a function, waits by letting the time pass.
fn drive(
    text: &str,
    input: Value,
    mut answer: impl FnMut(&StepId, &Action) -> Option<Result<Value, Problem>>,
) -> (Run, Vec<String>) {
    let options = Options { events: true, ..Options::default() };
    let mut run = Run::new(document(text), input, options);
    let mut now = 0_i64;
    let mut log = Vec::new();
    let mut timers: Vec<(i64, StepId)> = Vec::new();
    loop {
        for step in run.steps(now) {
            match step {
                Step::Start { id, action: Action::Wait { until_ms, .. }, .. } => {
                    log.push(format!("{now} wait {id} {until_ms}"));
                    timers.push((until_ms, id));
                }
                Step::Start { id, action, .. } => {
                    log.push(format!("{now} {} {id}", action.name()));
                    if let Some(outcome) = answer(&id, &action) {
                        run.complete(id, outcome);
                    }
                }
                Step::Cancel(id) => {
                    log.push(format!("{now} cancel {id}"));
                    timers.retain(|(_, timer)| *timer != id);
                }
            }
        }
        if run.outcome().is_some() {
            return (run, log);
        }
        if !run.has_more() {
            timers.sort_by_key(|(until, _)| *until);
            assert!(!timers.is_empty(), "it waits for nothing: {log:?}");
            let (until, id) = timers.remove(0);
            now = now.max(until);
            run.complete(id, Ok(Value::Null));
        }
    }
}

fn outcome(text: &str, input: Value) -> Result<Value, Problem> {
    let (run, _) = drive(text, input, |_, _| None);
    run.outcome().cloned().unwrap()
}

fn output(text: &str, input: Value) -> Value {
    outcome(text, input).unwrap()
}

fn problem(status: u16) -> Problem {
    let standard = crate::Standard::Communication;
    Problem::new(standard, "no", "it failed").with_status(status)
}

fn call(name: &str) -> String {
    format!("- {name}: {{ call: 'get:1.0.0@shop', with: {{ input: {{ n: '${{ .n }}' }} }} }}\n")
}

#[test]
fn tasks_run_one_after_the_other() {
    let text = "do:\n- a: { set: { n: '${ .n + 1 }' } }\n- b: { set: { n: '${ .n * 2 }' } }\n";
    assert_eq!(output(text, json!({"n": 1})), json!({"n": 4}));
    let text =
        "do:\n- a: { do: [ { b: { set: { n: 1 } } }, { c: { set: { m: '${ .n + 1 }' } } } ] }\n";
    assert_eq!(output(text, json!({})), json!({"m": 2}));
    assert_eq!(output("do: []\n", json!({"n": 1})), json!({"n": 1}));
}

#[test]
fn data_flows_through_input_output_and_export() {
    let text = "
input: { from: .order }
do:
- a:
    input: { from: { total: '${ .price * 2 }', all: '${ $input.price }' } }
    set: { total: '${ .total }', seen: '${ $input.all }', raw: '${ $task.input.price }' }
    output: { as: '. + { name: $task.name, output: $output.total }' }
    export: { as: '{ kept: $output.total }' }
- b:
    set: { context: '${ $context.kept }', last: '${ . }', first: '${ $workflow.input.order.price }' }
output: { as: '{ result: . }' }
";
    assert_eq!(
        output(text, json!({"order": {"price": 5}})),
        json!({"result": {
            "context": 10,
            "last": {"total": 10, "seen": 5, "raw": 5, "name": "a", "output": 10},
            "first": 5,
        }})
    );
}

#[test]
fn the_arguments_say_what_the_language_says() {
    let text = "use: { secrets: [s] }\ndo:\n- a: { set: '${ [$workflow.id, $workflow.definition.document.name, $workflow.startedAt.epoch.milliseconds, $task.reference, $task.definition.set, $task.startedAt.iso8601, $runtime.name, $secrets.s, $authorization] }' }\n";
    let options = Options {
        id: "r1".to_owned(),
        secrets: Datum::from(json!({"s": "x"})),
        ..Options::default()
    };
    let mut run = Run::new(document(text), json!({}), options);
    assert!(run.steps(1_500).is_empty());
    let output = run.outcome().unwrap().clone().unwrap();
    let definition = "${ [$workflow.id, $workflow.definition.document.name, $workflow.startedAt.epoch.milliseconds, $task.reference, $task.definition.set, $task.startedAt.iso8601, $runtime.name, $secrets.s, $authorization] }";
    assert_eq!(
        output,
        json!([
            "r1",
            "test",
            1500,
            "/do/0/a",
            definition,
            "1970-01-01T00:00:01.5Z",
            "cardhost",
            "x",
            null
        ])
    );
}

#[test]
fn schemas_hold_for_input_output_and_export() {
    let schema = "schema: { document: { type: object, required: [n] } }";
    for (text, code, instance) in [
        (format!("input: {{ {schema} }}\ndo: []\n"), "flow.input", "/input"),
        (
            format!("do:\n- a: {{ input: {{ {schema} }}, set: {{ x: 1 }} }}\n"),
            "flow.input",
            "/do/0/a",
        ),
        (
            format!("do:\n- a: {{ output: {{ {schema} }}, set: {{ x: 1 }} }}\n"),
            "flow.output",
            "/do/0/a",
        ),
        (
            format!("do:\n- a: {{ export: {{ as: '{{ y: 1 }}', {schema} }}, set: {{ x: 1 }} }}\n"),
            "flow.output",
            "/do/0/a",
        ),
        (format!("do: []\noutput: {{ {schema} }}\n"), "flow.output", "/output"),
    ] {
        let problem = outcome(&text, json!({"x": 1})).unwrap_err();
        assert_eq!(problem.code.as_deref(), Some(code), "{text}");
        assert_eq!(problem.instance.as_deref(), Some(instance), "{text}");
        assert_eq!((problem.status, problem.type_uri.ends_with("/validation")), (400, true));
        assert!(outcome(&text.replace("[n]", "[]"), json!({"x": 1})).is_ok(), "{text}");
    }
}

#[test]
fn a_task_whose_if_is_not_true_is_skipped_with_its_then() {
    let text =
        "do:\n- a: { if: .n > 1, set: { n: 0 }, then: end }\n- b: { set: { n: '${ .n + 1 }' } }\n";
    assert_eq!(output(text, json!({"n": 1})), json!({"n": 2}));
    assert_eq!(output(text, json!({"n": 5})), json!({"n": 0}));
}

#[test]
fn then_goes_on_out_or_elsewhere() {
    let text = |then: &str| {
        format!(
            "do:\n- outer:\n    do:\n    - a: {{ set: {{ at: a }}, then: {then} }}\n    - b: {{ set: {{ at: b }} }}\n    - c: {{ set: {{ at: '${{ .at + \"c\" }}' }} }}\n- after: {{ set: {{ at: '${{ .at + \"!\" }}' }} }}\n"
        )
    };
    assert_eq!(output(&text("continue"), json!({})), json!({"at": "bc!"}));
    assert_eq!(output(&text("c"), json!({})), json!({"at": "ac!"}));
    assert_eq!(output(&text("exit"), json!({})), json!({"at": "a!"}));
    assert_eq!(output(&text("end"), json!({})), json!({"at": "a"}));
}

#[test]
fn switch_takes_the_first_case_that_matches() {
    let text = "do:\n- s:\n    switch:\n    - big: { when: .n > 10, then: big }\n    - even: { when: '${ .n % 2 == 0 }', then: even }\n    then: end\n- even: { set: { is: even }, then: end }\n- big: { set: { is: big } }\n";
    assert_eq!(output(text, json!({"n": 12})), json!({"is": "big"}));
    assert_eq!(output(text, json!({"n": 4})), json!({"is": "even"}));
    assert_eq!(output(text, json!({"n": 3})), json!({"n": 3}));
}

#[test]
fn for_has_an_item_an_index_and_a_while() {
    let text = "do:\n- f:\n    for: { each: x, in: .all, at: i }\n    while: $x < 30 and (.sum // 0) < 100\n    do:\n    - add: { set: { all: '${ .all }', sum: '${ (.sum // 0) + $x * $i }' } }\n";
    assert_eq!(output(text, json!({"all": [1, 2, 3]}))["sum"], json!(8));
    assert_eq!(output(text, json!({"all": [1, 2, 30, 4]}))["sum"], json!(2));
    assert_eq!(output(text, json!({"all": []})), json!({"all": []}));
    let problem = outcome(text, json!({"all": {"a": 1}})).unwrap_err();
    assert_eq!(problem.detail.as_deref(), Some("`.all` gives no list: object"));
    let problem = outcome(text, json!({})).unwrap_err();
    assert_eq!(problem.detail.as_deref(), Some("`.all` gives no list: null"));
}

#[test]
fn for_takes_the_items_themselves_and_a_list_as_it_is() {
    let each = |items: &str| {
        format!(
            "do:\n- f:\n    for: {{ in: {items} }}\n    do:\n    - add: {{ set: {{ all: '${{ .all }}', seen: '${{ (.seen // []) + [$item] }}' }} }}\n"
        )
    };
    for (items, all, seen) in [
        ("'.all[]'", json!([1, 2]), json!([1, 2])),
        ("'.all[]'", json!([1]), json!([1])),
        ("'.all[]'", json!([{ "a": [] }]), json!([{ "a": [] }])),
        ("'.all[]'", json!([]), json!(null)),
        ("'[.all[]]'", json!([1]), json!([1])),
        ("[eu, 7, { a: '${ .all }' }]", json!(3), json!(["eu", 7, { "a": 3 }])),
        ("[]", json!(3), json!(null)),
    ] {
        let output = output(&each(items), json!({ "all": all }));
        assert_eq!(output.get("seen").cloned().unwrap_or_default(), seen, "{items}");
    }
}

/// A loop over `.all` whose turns are apart from each other.
fn apart(metadata: &str, rest: &str) -> String {
    format!(
        "do:\n- f:\n    for: {{ in: .all }}\n    metadata: {{ {metadata} }}\n    {rest}\n    do:\n    - g: {{ call: get@shop, with: {{ input: {{ n: '${{ $item }}' }} }} }}\n"
    )
}

#[test]
fn turns_that_are_apart_are_collected_in_order_so_many_at_once() {
    let document = document(&apart("concurrency: 3", ""));
    let mut run =
        Run::new(document, json!({ "all": [0, 1, 2, 3, 4, 5, 6, 7] }), Options::default());
    let mut open: Vec<StepId> = Vec::new();
    let mut most = 0;
    while run.outcome().is_none() {
        for step in run.steps(0) {
            let Step::Start { id, .. } = step else { panic!("{step:?}") };
            open.push(id);
        }
        most = most.max(open.len());
        // The last that began is over first.
        if let Some(id) = open.pop() {
            let index: usize = id.as_str().split('/').nth(5).unwrap().parse().unwrap();
            assert_eq!(id.as_str(), format!("/do/0/f/for/{index}/do/0/g"));
            run.complete(id, Ok(json!({ "was": index })));
        }
    }
    assert_eq!(most, 3);
    let expected: Vec<Value> = (0..8).map(|n| json!({ "was": n })).collect();
    assert_eq!(run.outcome(), Some(&Ok(json!(expected))));
    assert_eq!(run.most_frames(), 4);
}

#[test]
fn a_turn_that_fails_ends_the_loop_or_is_one_of_its_results() {
    let answers = |_: &StepId, action: &Action| match action {
        Action::Card(card) if card.with["input"]["n"] == 2 => {
            Some(Err(Problem::new(Standard::Communication, "no", "").with_status(503)))
        }
        Action::Card(card) => Some(Ok(card.with["input"]["n"].clone())),
        _ => None,
    };
    let all = json!({ "all": [1, 2, 3] });
    let outcome = |metadata: &str, rest: &str| {
        let (run, log) = drive(&apart(metadata, rest), all.clone(), answers);
        (run.outcome().unwrap().clone(), log.len())
    };
    let (failed, _) = outcome("concurrency: 2", "");
    let failed = failed.unwrap_err();
    assert_eq!((failed.status, failed.step()), (503, Some("/do/0/f/for/1/do/0/g")));
    for metadata in ["concurrency: 2, collect: results", "collect: results"] {
        let (results, calls) = outcome(metadata, "");
        let results = results.unwrap();
        assert_eq!(calls, 3, "{metadata}");
        assert_eq!(results[0], json!({ "output": 1 }));
        assert_eq!(results[1]["error"]["status"], 503);
        assert_eq!(results[1]["error"]["step"], "/do/0/f/for/1/do/0/g");
        assert_eq!(results[2], json!({ "output": 3 }));
    }
    // Without more, the turns follow each other, and are collected all the same.
    let (outputs, _) = outcome("collect: outputs", "while: $item < 2");
    assert_eq!(outputs.unwrap(), json!([1]));
    assert_eq!(output(&apart("concurrency: 4", ""), json!({ "all": [] })), json!([]));
}

#[test]
fn what_a_loop_may_not_be_is_told_with_its_place() {
    for (metadata, message) in [
        ("concurrency: 0", "a whole number from 1 to 1000"),
        ("concurrency: 1001", "a whole number from 1 to 1000"),
        ("concurrency: 2.5", "a whole number from 1 to 1000"),
        ("concurrency: '2'", "a whole number from 1 to 1000"),
        ("collect: all", "`outputs` or `results`"),
    ] {
        let text = format!("{HEAD}{}", apart(metadata, ""));
        let findings = crate::load("test.yaml", &text).unwrap_err();
        let [found] = &findings[..] else { panic!("{findings:?}") };
        assert!(found.message().contains(message), "{metadata}: {}", found.message());
        assert!(found.place.pointer.starts_with("/do/0/f/metadata/"), "{}", found.place.pointer);
    }
}

#[test]
fn what_has_no_condition_counts_where_nothing_else_does() {
    let text = "do:\n- s: { switch: [ { other: { then: b } }, { two: { when: .n == 2, then: c } } ] }\n- b: { set: { is: other }, then: end }\n- c: { set: { is: two } }\n";
    assert_eq!(output(text, json!({ "n": 2 })), json!({ "is": "two" }));
    assert_eq!(output(text, json!({ "n": 1 })), json!({ "is": "other" }));
}

#[test]
fn what_is_caught_says_where_to_go_on() {
    for (catch, expected) in [
        ("{ then: c }", json!({ "is": "c" })),
        ("{ do: [ { h: { set: { h: 1 } } } ], then: c }", json!({ "is": "c" })),
        ("{ do: [ { h: { set: { h: 1 } } } ] }", json!({ "is": "b" })),
        ("{ then: end }", json!({})),
        ("{ do: [ { h: { set: { h: 1 } } } ], then: end }", json!({ "h": 1 })),
    ] {
        let text = format!(
            "do:\n- t:\n    try: [ {{ no: {{ raise: {{ error: {{ type: 'urn:x', status: 400 }} }} }} }} ]\n    catch: {catch}\n    then: b\n- c: {{ set: {{ is: c }}, then: end }}\n- b: {{ set: {{ is: b }} }}\n"
        );
        assert_eq!(output(&text, json!({})), expected, "{catch}");
    }
}

#[test]
fn a_caught_error_is_raised_again_as_it_is() {
    let text = format!(
        "do:\n- t:\n    try:\n    {}    catch: {{ as: e, do: [ {{ note: {{ set: {{ x: 1 }} }} }}, {{ again: {{ raise: {{ error: '${{ $e }}' }} }} }} ] }}\n",
        call("get")
    );
    let failed = Problem {
        retryable: Some(true),
        retry_after_s: Some(3),
        response: Some(Box::new(
            json!({ "headers": { "x": "1" }, "body": { "why": "name is taken" } }),
        )),
        ..Problem::new(Standard::Communication, "no", "x")
            .with_status(422)
            .with_code(&Code::HTTP_CONFLICT)
    };
    let given = failed.clone();
    let (run, _) = drive(&text, json!({}), move |_, action| match action {
        Action::Card(_) => Some(Err(given.clone())),
        _ => None,
    });
    let expected = Problem {
        instance: Some("/do/0/t/try/0/get".into()),
        way: Some(Box::new(Way {
            step: Some("/do/0/t/try/0/get".into()),
            cause: Some("/do/0/t/try/0/get".into()),
            source: None,
        })),
        ..failed
    };
    assert_eq!(run.outcome(), Some(&Err(expected)));
    for bad in ["text", "{ status: 400 }"] {
        let text = format!(
            "do:\n- a: {{ set: {{ e: {bad} }} }}\n- b: {{ raise: {{ error: '${{ .e }}' }} }}\n"
        );
        let problem = outcome(&text, json!({})).unwrap_err();
        assert_eq!(problem.title.as_deref(), Some("the error cannot be raised"), "{bad}");
    }
}

#[test]
fn a_secret_that_is_not_there_can_be_caught() {
    let text = "use: { secrets: [s] }\ndo:\n- t:\n    try: [ { a: { set: { x: '${ $secrets.s }' } } } ]\n    catch: { errors: { with: { type: https://open-workflow-specification.org/spec/1.0.0/errors/authorization, status: 403 } }, do: [ { h: { set: { caught: '${ $error.title }' } } } ] }\n";
    assert_eq!(output(text, json!({})), json!({ "caught": "there is no secret `s`" }));
}

#[test]
fn the_context_begins_as_the_input() {
    let text = "input: { from: .in }\ndo:\n- a: { set: { n: 1 } }\n- b: { set: { seen: '${ $context }' } }\n";
    assert_eq!(output(text, json!({ "in": { "x": 7 } })), json!({ "seen": { "x": 7 } }));
}

#[test]
fn an_event_without_a_source_comes_from_the_flow() {
    for (with, source) in [("type: t", "/test/test"), ("type: t, source: 'urn:me'", "urn:me")] {
        let text = format!("do:\n- e: {{ emit: {{ event: {{ with: {{ {with} }} }} }} }}\n");
        let (run, _) = drive(&text, json!({}), |_, _| Some(Ok(Value::Null)));
        assert_eq!(run.outcome().unwrap().as_ref().unwrap()["source"], json!(source));
    }
}

#[test]
fn steps_of_loops_have_names_of_their_own() {
    let text = format!(
        "do:\n- again: {{ set: {{ n: '${{ .n + 1 }}' }} }}\n{}- s: {{ switch: [ {{ more: {{ when: .n < 3, then: again }} }} ] }}\n- f: {{ for: {{ in: '[.n, .n]' }}, do: [ {{ g: {{ call: get@shop }} }} ] }}\n",
        call("get")
    );
    let (run, log) = drive(&text, json!({"n": 0}), |_, action| match action {
        Action::Card(card) => Some(Ok(match card.with.get("input") {
            Some(input) => json!({"n": input["n"]}),
            None => json!({"n": 9}),
        })),
        _ => None,
    });
    assert_eq!(run.outcome(), Some(&Ok(json!({"n": 9}))));
    assert_eq!(
        log,
        [
            "0 card /do/1/get",
            "0 card /do/1/get#2",
            "0 card /do/1/get#3",
            "0 card /do/3/f/for/0/do/0/g",
            "0 card /do/3/f/for/1/do/0/g",
        ]
    );
}

#[test]
fn fork_gives_the_outputs_in_the_order_of_the_branches() {
    let text = "do:\n- f:\n    fork:\n      branches:\n      - a: { call: slow@shop }\n      - b: { set: { b: '${ .n }' } }\n      - c: { do: [ { w: { wait: PT1S } }, { s: { set: { c: 1 } } } ] }\n";
    let (run, log) = drive(text, json!({"n": 7}), |_, _| Some(Ok(json!("slow"))));
    assert_eq!(run.outcome(), Some(&Ok(json!(["slow", {"b": 7}, {"c": 1}]))));
    assert_eq!(
        log,
        ["0 card /do/0/f/fork/branches/0/a", "0 wait /do/0/f/fork/branches/2/c/do/0/w 1000"]
    );
    assert_eq!(output("do: [ { f: { fork: { branches: [] } } } ]\n", json!({})), json!([]));
}

#[test]
fn branches_that_compete_have_one_winner_and_the_others_are_cancelled() {
    let text = "do:\n- f:\n    fork:\n      compete: true\n      branches:\n      - a: { call: never@shop }\n      - b: { do: [ { w: { wait: { seconds: 1 } } }, { s: { set: { won: b } } } ] }\n      - c: { do: [ { w: { wait: { seconds: 2 } } }, { s: { set: { won: c } } } ] }\n- last: { set: { won: '${ .won }' } }\n";
    let (run, log) = drive(text, json!({}), |_, _| None);
    assert_eq!(run.outcome(), Some(&Ok(json!({"won": "b"}))));
    assert_eq!(
        log[3..],
        ["1000 cancel /do/0/f/fork/branches/0/a", "1000 cancel /do/0/f/fork/branches/2/c/do/0/w"]
    );
    // A branch that fails does not win; the last that fails, fails.
    let (run, _) = drive(text, json!({}), |_, _| Some(Err(problem(500))));
    assert_eq!(run.outcome(), Some(&Ok(json!({"won": "b"}))));
    let text = "do: [ { f: { fork: { compete: true, branches: [ { a: { call: x@y } }, { b: { call: x@z } } ] } } } ]\n";
    let (run, _) = drive(text, json!({}), |_, _| Some(Err(problem(500))));
    assert_eq!(
        run.outcome().unwrap().as_ref().unwrap_err().instance.as_deref(),
        Some("/do/0/f/fork/branches/1/b")
    );
}

#[test]
fn a_branch_that_fails_ends_the_others() {
    let text = "do:\n- f:\n    fork:\n      branches:\n      - a: { call: x@y }\n      - b: { wait: PT1H }\n";
    let (run, log) = drive(text, json!({}), |_, _| Some(Err(problem(404))));
    assert_eq!(run.outcome().unwrap().as_ref().unwrap_err().status, 404);
    assert_eq!(log[2..], ["0 cancel /do/0/f/fork/branches/1/b"]);
}

#[test]
fn end_in_a_branch_ends_the_flow() {
    let text = "do:\n- f:\n    fork:\n      branches:\n      - a: { wait: PT1H }\n      - b: { set: { x: 1 }, then: end }\n- g: { set: { x: 2 } }\n";
    let (run, log) = drive(text, json!({}), |_, _| None);
    assert_eq!(run.outcome(), Some(&Ok(json!({"x": 1}))));
    assert_eq!(log, Vec::<String>::new());
}

#[test]
fn raise_gives_problem_details() {
    let text = "
use: { errors: { no: { type: 'https://x.example/no', status: 422, title: No, detail: '${ \"of \\(.n)\" }' } } }
do:
- a: { raise: { error: no } }
";
    let problem = outcome(text, json!({"n": 3})).unwrap_err();
    assert_eq!(
        serde_json::to_value(&problem).unwrap(),
        json!({"type": "https://x.example/no", "status": 422, "title": "No", "detail": "of 3", "instance": "/do/0/a", "way": {"step": "/do/0/a"}})
    );
    let error = problem.to_error("flows/x.yaml");
    assert_eq!(error.to_string(), "error[flow.raised]: No: of 3");
}

#[test]
fn try_catches_what_it_names() {
    let text = |catch: &str| {
        format!(
            "do:\n- t:\n    try:\n    {}    catch: {catch}\n- after: {{ set: {{ after: '${{ . }}' }} }}\n",
            call("get")
        )
    };
    let caught = |catch: &str| {
        let (run, _) = drive(&text(catch), json!({"n": 1}), |_, _| Some(Err(problem(404))));
        run.outcome().cloned().unwrap()
    };
    let handled = "do: [ { h: { set: { seen: '${ [$error.status, $error.instance, .n] }' } } } ]";
    let seen = json!({"after": {"seen": [404, "/do/0/t/try/0/get", 1]}});
    assert_eq!(caught(&format!("{{ {handled} }}")).unwrap(), seen);
    // Without a handler, the error is passed over: the output is the input.
    assert_eq!(caught("{}").unwrap(), json!({"after": {"n": 1}}));
    for (filter, is_caught) in [
        ("errors: { with: { status: 404 } }", true),
        ("errors: { with: { status: 503 } }", false),
        (
            "errors: { with: { type: 'https://serverlessworkflow.io/dsl/errors/types/communication' } }",
            true,
        ),
        (
            "errors: { with: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/timeout' } }",
            false,
        ),
        ("errors: { with: { title: 'no', details: it failed } }", true),
        ("when: $error.status == 404", true),
        ("when: '${ $error.status == 1 }'", false),
        ("exceptWhen: $error.status == 404", false),
    ] {
        assert_eq!(caught(&format!("{{ {filter}, {handled} }}")).is_ok(), is_caught, "{filter}");
    }
    let named =
        "{ as: e, when: $e.status == 404, do: [ { h: { set: { status: '${ $e.status }' } } } ] }";
    assert_eq!(caught(named).unwrap(), json!({"after": {"status": 404}}));
    // An error in the handler is not caught again.
    assert!(
        caught("{ do: [ { h: { raise: { error: { type: 'urn://x', status: 1 } } } } ] }").is_err()
    );
}

#[test]
fn retry_waits_longer_and_longer_within_its_limits() {
    let run = |retry: &str, fails: usize| {
        let text =
            format!("do:\n- t:\n    try:\n    {}    catch:\n      retry: {retry}\n", call("get"));
        let mut left = fails;
        drive(&text, json!({"n": 1}), move |_, _| {
            if left == 0 {
                return Some(Ok(json!("done")));
            }
            left -= 1;
            Some(Err(problem(503)))
        })
    };
    let (done, log) =
        run("{ delay: PT1S, backoff: { exponential: {} }, limit: { attempt: { count: 3 } } }", 3);
    assert_eq!(done.outcome(), Some(&Ok(json!("done"))));
    assert_eq!(
        log,
        [
            "0 card /do/0/t/try/0/get",
            "0 wait /do/0/t/retry/2 1000",
            "1000 card /do/0/t/try#2/0/get",
            "1000 wait /do/0/t/retry/3 3000",
            "3000 card /do/0/t/try#3/0/get",
            "3000 wait /do/0/t/retry/4 7000",
            "7000 card /do/0/t/try#4/0/get",
        ]
    );
    let waits = |retry: &str, fails: usize| {
        let (done, log) = run(retry, fails);
        let waits: Vec<i64> = log
            .iter()
            .filter(|line| line.contains(" wait "))
            .map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                words[3].parse::<i64>().unwrap() - words[0].parse::<i64>().unwrap()
            })
            .collect();
        (done.outcome().unwrap().is_ok(), waits)
    };
    assert_eq!(
        waits("{ delay: PT1S, limit: { attempt: { count: 2 } } }", 3),
        (false, vec![1000, 1000])
    );
    assert_eq!(
        waits("{ delay: PT1S, backoff: { linear: {} }, limit: { attempt: { count: 3 } } }", 3),
        (true, vec![1000, 2000, 3000])
    );
    assert_eq!(
        waits(
            "{ delay: PT1S, backoff: { linear: { increment: PT5S } }, limit: { attempt: { count: 3 } } }",
            3
        ),
        (true, vec![1000, 6000, 11000])
    );
    assert_eq!(
        waits("{ delay: PT1S, backoff: { constant: {} }, limit: { duration: PT3S } }", 9),
        (false, vec![1000, 1000, 1000])
    );
    assert_eq!(
        waits("{ delay: PT1S, when: $error.status == 500, limit: { attempt: { count: 9 } } }", 1),
        (false, vec![])
    );
    assert_eq!(waits("{ delay: PT1S, exceptWhen: $error.status == 503 }", 1), (false, vec![]));
    let (ok, jittered) = waits(
        "{ delay: PT1S, jitter: { from: PT1S, to: PT2S }, limit: { attempt: { count: 5 } } }",
        5,
    );
    assert!(ok && jittered.iter().all(|wait| (2_000..=3_000).contains(wait)), "{jittered:?}");
    assert!(jittered.iter().any(|wait| *wait != jittered[0]), "{jittered:?}");
}

#[test]
fn a_service_that_says_when_is_asked_no_earlier() {
    let text = format!(
        "do:\n- t:\n    try:\n    {}    catch: {{ retry: {{ delay: PT1S, limit: {{ attempt: {{ count: 1 }} }} }} }}\n",
        call("get")
    );
    let mut first = true;
    let (run, log) = drive(&text, json!({"n": 1}), |_, _| {
        let later = Problem { retry_after_s: Some(30), ..problem(429) };
        Some(if std::mem::take(&mut first) { Err(later) } else { Ok(json!(1)) })
    });
    assert_eq!(run.outcome(), Some(&Ok(json!(1))));
    assert_eq!(log[1], "0 wait /do/0/t/retry/2 30000");
}

#[test]
fn an_attempt_may_take_only_so_long() {
    let text = format!(
        "do:\n- t:\n    try:\n    {}    catch: {{ retry: {{ limit: {{ attempt: {{ count: 1, duration: PT5S }} }} }} }}\n",
        call("get")
    );
    let (run, log) = drive(&text, json!({"n": 1}), |_, _| None);
    assert_eq!(run.outcome().unwrap().as_ref().unwrap_err().status, 408);
    assert_eq!(
        log,
        [
            "0 wait /do/0/t/attempt/1/timeout 5000",
            "0 card /do/0/t/try/0/get",
            "5000 cancel /do/0/t/try/0/get",
            "5000 wait /do/0/t/retry/2 5000",
            "5000 wait /do/0/t/attempt/2/timeout 10000",
            "5000 card /do/0/t/try#2/0/get",
            "10000 cancel /do/0/t/try#2/0/get",
        ]
    );
}

#[test]
fn timeouts_end_tasks_and_flows() {
    let text = "use: { timeouts: { short: { after: { seconds: 2 } } } }\ndo:\n- a: { timeout: short, do: [ { b: { call: x@y } } ] }\n";
    let (run, log) = drive(text, json!({}), |_, _| None);
    let problem = run.outcome().unwrap().as_ref().unwrap_err();
    assert_eq!((problem.status, problem.instance.as_deref()), (408, Some("/do/0/a")));
    assert_eq!(problem.to_error("x").code(), &cardhost_core::error::Code::FLOW_TIMEOUT);
    assert_eq!(
        log,
        ["0 wait /do/0/a/timeout 2000", "0 card /do/0/a/do/0/b", "2000 cancel /do/0/a/do/0/b"]
    );
    // What is done in time gives its timer up.
    let (run, log) = drive(text, json!({}), |_, _| Some(Ok(json!(1))));
    assert_eq!(run.outcome(), Some(&Ok(json!(1))));
    assert_eq!(log[2..], ["0 cancel /do/0/a/timeout"]);
    let text = "timeout: { after: PT3S }\ndo:\n- a: { call: x@y }\n";
    let (run, log) = drive(text, json!({}), |_, _| None);
    assert_eq!(run.outcome().unwrap().as_ref().unwrap_err().status, 408);
    assert_eq!(log, ["0 wait /timeout 3000", "0 card /do/0/a", "3000 cancel /do/0/a"]);
    let (_, log) = drive(text, json!({}), |_, _| Some(Ok(json!(1))));
    assert_eq!(log[2..], ["0 cancel /timeout"]);
    let text = "do:\n- t: { try: [ { a: { timeout: { after: PT1S }, wait: PT9S } } ], catch: { errors: { with: { status: 408 } }, do: [ { h: { set: { late: true } } } ] } }\n";
    assert_eq!(output(text, json!({})), json!({"late": true}));
}

#[test]
fn wait_gives_its_input() {
    let text = "do:\n- a: { wait: { minutes: 1, seconds: 30 } }\n- b: { wait: '${ .more }' }\n";
    let (run, log) = drive(text, json!({"more": "PT1S"}), |_, _| None);
    assert_eq!(run.outcome(), Some(&Ok(json!({"more": "PT1S"}))));
    assert_eq!(log, ["0 wait /do/0/a 90000", "90000 wait /do/1/b 91000"]);
    let problem = outcome(text, json!({"more": "soon"})).unwrap_err();
    assert_eq!(problem.detail.as_deref(), Some("`.more` gives no duration"));
}

#[test]
fn functions_are_tasks_with_their_own_input() {
    let text = "
use:
  functions:
    double:
      input: { schema: { document: { type: object, required: [n] } } }
      set: { n: '${ .n * 2 }' }
    get: { call: get@shop, with: { input: '${ . }' } }
do:
- a: { call: double, with: { n: '${ .n }' } }
- b: { call: double }
- c: { call: get, with: { id: '${ .n }' } }
- d: { call: double, with: { m: 1 } }
";
    let (run, log) = drive(text, json!({"n": 3}), |_, action| match action {
        Action::Card(card) => Some(Ok(Value::Object(card.with.clone()))),
        _ => None,
    });
    let problem = run.outcome().unwrap().as_ref().unwrap_err();
    assert_eq!((problem.status, problem.instance.as_deref()), (400, Some("/use/functions/double")));
    assert_eq!(log, ["0 card /do/2/c/call/get"]);
}

#[test]
fn a_card_is_a_function_of_its_connector() {
    let text = "do:\n- a: { call: 'list-runs:1.2.0@mixpanel', with: { connection: prod, options: { A: b }, input: { Request: { id: '${ .id }' } } } }\n- b: { call: list-runs@mixpanel }\n";
    let mut seen = Vec::new();
    let (run, _) = drive(text, json!({"id": 1}), |_, action| {
        seen.push(action.clone());
        Some(Ok(json!({"Response": {"Status Code": 200}})))
    });
    assert_eq!(run.outcome(), Some(&Ok(json!({"Response": {"Status Code": 200}}))));
    let [Action::Card(first), Action::Card(second)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((first.connector.as_str(), first.card.as_str()), ("mixpanel", "list-runs"));
    assert_eq!(first.version.as_deref(), Some("1.2.0"));
    assert_eq!(
        Value::Object(first.with.clone()),
        json!({"connection": "prod", "options": {"A": "b"}, "input": {"Request": {"id": 1}}})
    );
    assert_eq!((second.version.as_deref(), second.with.len()), (None, 0));
}

#[test]
fn another_flow_is_run_with_or_without_waiting() {
    let text = "do:\n- a: { run: { workflow: { namespace: x, name: y, version: '1.0.0', input: { c: '${ .n }' } } } }\n- b: { run: { await: false, workflow: { namespace: x, name: z, version: latest } } }\n";
    let mut seen = Vec::new();
    let (run, log) = drive(text, json!({"n": 1}), |_, action| {
        seen.push(action.clone());
        Some(Ok(json!({"r": 2})))
    });
    assert_eq!(run.outcome(), Some(&Ok(json!({"r": 2}))));
    assert_eq!(log, ["0 workflow /do/0/a", "0 workflow /do/1/b"]);
    let [Action::Workflow(first), Action::Workflow(second)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((&first.input, first.is_detached), (&json!({"c": 1}), false));
    assert_eq!((&second.input, second.is_detached), (&json!({"r": 2}), true));
}

#[test]
fn an_event_has_what_the_flow_says_and_the_rest_made_up() {
    let text = "do:\n- a: { emit: { event: { with: { source: 'https://x.example', type: t, data: '${ . }' } } } }\n";
    let (run, _) = drive(text, json!({"n": 1}), |_, _| Some(Ok(Value::Null)));
    let event = run.outcome().unwrap().as_ref().unwrap();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["time"], "1970-01-01T00:00:00Z");
    assert_eq!(event["data"], json!({"n": 1}));
    assert_eq!(event["id"].as_str().unwrap().len(), 36);
}

#[test]
fn http_requests_have_queries_headers_and_bodies() {
    let text = "use: { secrets: [t] }\ndo:\n- a:\n    call: http\n    with:\n      method: post\n      endpoint: { uri: 'https://h.example/{id}?x=1', authentication: { bearer: { token: '${ $secrets.t }' } } }\n      headers: { X-A: '${ .h }' }\n      query: { q: '${ .q }', none: '${ .nothing }' }\n      body: { n: '${ .id }' }\n      output: response\n";
    let options = Options { secrets: Datum::from(json!({"t": "s3cret"})), ..Options::default() };
    let mut run = Run::new(document(text), json!({"id": 7, "h": "v", "q": "a b"}), options);
    let steps = run.steps(0);
    let [Step::Start { id, action: Action::Http(request), .. }] = &steps[..] else {
        panic!("{steps:?}")
    };
    assert_eq!(
        (request.method.as_str(), request.url.as_str()),
        ("POST", "https://h.example/7?x=1&q=a+b")
    );
    assert_eq!(request.headers, [("X-A".to_owned(), "v".to_owned())]);
    assert_eq!(request.body, Some(json!({"n": 7})));
    assert_eq!(request.authentication.as_ref().unwrap().settings["token"], "s3cret");
    assert!(!format!("{steps:?}").contains("s3cret"));
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, kind)]);
    let call = request.call(&Redactor::new()).unwrap();
    assert_eq!(call.plan.request.headers["authorization"], "Bearer s3cret");
    let call::Step::Send(call) = call.begin() else { panic!() };
    let moment = Moment { unix_seconds: 0, nonce: [0; 16] };
    let reply = Reply::new(201, headers, "{\"ok\": 1.10}");
    let call::Step::Done(ended) = call.on_reply(reply, &moment) else { panic!() };
    run.complete(id.clone(), request.settle(ended));
    run.steps(0);
    let output = run.outcome().unwrap().clone().unwrap();
    assert_eq!(output["statusCode"], 201);
    assert_eq!(output["content"].to_string(), "{\"ok\":1.10}");
    assert_eq!(output["request"]["method"], "POST");
}

#[test]
fn an_authority_is_asked_once_in_a_run_where_its_tokens_are_got() {
    let ask = "call: http, with: { method: get, endpoint: { uri: 'https://h.example/a', authentication: { oidc: { authority: 'https://a.example/realm/', grant: client_credentials, client: { id: me, secret: hush } } } } }";
    let text = format!("do:\n- a: {{ {ask} }}\n- b: {{ {ask} }}\n");
    let told = |issuer: &str, endpoint: Value| {
        let told = json!({ "issuer": issuer, "token_endpoint": endpoint });
        let (run, steps) = drive(&text, json!({}), |_, action| {
            let Action::Http(request) = action else { panic!("{action:?}") };
            Some(Ok(match request.url.as_str() {
                "https://a.example/realm/.well-known/openid-configuration" => told.clone(),
                _ => json!(request.authentication.as_ref().unwrap().token_endpoint),
            }))
        });
        (run.outcome().cloned().unwrap(), steps)
    };
    let (outcome, steps) = told("https://a.example/realm", json!("https://t.example/token"));
    assert_eq!(outcome, Ok(json!("https://t.example/token")));
    assert_eq!(steps, ["0 http /do/0/a/discovery", "0 http /do/0/a", "0 http /do/1/b"]);
    for (issuer, endpoint, said) in [
        ("https://b.example/realm", json!("https://t.example/token"), "it says that it is another"),
        ("https://a.example/realm", json!(1), "it tells no `token_endpoint`"),
    ] {
        let problem = told(issuer, endpoint).0.unwrap_err();
        let detail = format!("the authority of `authentication`: {said}");
        assert_eq!(problem.detail.as_deref(), Some(detail.as_str()));
    }
}

#[test]
fn ten_thousand_turns_two_hundred_levels_and_a_thousand_branches_stay_flat() {
    let text = "do:\n- f: { for: { in: '[range(10000)]' }, do: [ { s: { set: { n: '${ .n + 1 }' } } } ] }\n";
    let (run, _) = drive(text, json!({"n": 0}), |_, _| None);
    assert_eq!(run.outcome(), Some(&Ok(json!({"n": 10_000}))));
    assert_eq!((run.most_frames(), run.tasks_begun()), (2, 10_001));

    let mut nested = "{ set: { n: '${ .n + 1 }' } }".to_owned();
    for _ in 0..200 {
        nested = format!("{{ do: [ {{ d: {nested} }} ] }}");
    }
    let (run, _) = drive(&format!("do: [ {{ d: {nested} }} ]\n"), json!({"n": 0}), |_, _| None);
    assert_eq!(run.outcome(), Some(&Ok(json!({"n": 1}))));
    assert_eq!(run.most_frames(), 201);

    let branches: String =
        (0..1_000).map(|n| format!("      - b{n}: {{ call: get@shop }}\n")).collect();
    let text = format!("do:\n- f:\n    fork:\n      branches:\n{branches}");
    let (run, log) = drive(&text, json!({}), |id, _| Some(Ok(json!(id.as_str().len()))));
    assert_eq!(run.outcome().unwrap().as_ref().unwrap().as_array().unwrap().len(), 1_000);
    assert_eq!((run.most_frames(), log.len()), (1_001, 1_000));
}

#[test]
fn what_has_no_end_ends_with_its_code() {
    let text = "do:\n- a: { set: { n: 1 }, then: a }\n";
    let options = Options { max_tasks: 5_000, ..Options::default() };
    let mut run = Run::new(document(text), json!({}), options);
    assert!(run.steps(0).is_empty());
    let error = run.outcome().unwrap().as_ref().unwrap_err().to_error("flows/x.yaml");
    assert_eq!(error.to_string(), "error[flow.limit]: the flow takes more than 5000 tasks");

    // No `try` catches it: it would go round for ever.
    let text = "do:\n- t: { try: [ { a: { set: { n: 1 }, then: a } } ], catch: { retry: { limit: { attempt: { count: 99 } } } } }\n";
    let options = Options { max_tasks: 5_000, ..Options::default() };
    let mut run = Run::new(document(text), json!({}), options);
    assert!(run.steps(0).is_empty());
    assert_eq!(run.outcome().unwrap().as_ref().unwrap_err().limit.as_deref(), Some(&5_000));

    let text =
        "use: { functions: { f: { do: [ { again: { call: f } } ] } } }\ndo:\n- a: { call: f }\n";
    let mut run = Run::new(document(text), json!({}), Options::default());
    assert!(run.steps(0).is_empty());
    let error = run.outcome().unwrap().as_ref().unwrap_err().to_error("flows/x.yaml");
    assert_eq!(error.to_string(), "error[flow.limit]: the flow takes more than 1000 levels");

    let text = "do:\n- a: { set: '${ def f: f; f }' }\n";
    let options = Options {
        expression_limits: Limits { steps: 10_000, ..Limits::default() },
        ..Options::default()
    };
    let mut run = Run::new(document(text), json!({}), options);
    assert!(run.steps(0).is_empty());
    let error = run.outcome().unwrap().as_ref().unwrap_err().to_error("flows/x.yaml");
    assert_eq!(error.code(), &cardhost_core::error::Code::FLOW_EXPRESSION_LIMIT);
}

#[test]
fn what_nobody_waits_for_is_ignored() {
    let mut run = Run::new(document("do:\n- a: { call: x@y }\n"), json!({}), Options::default());
    assert!(!run.complete(StepId::new("/do/0/a"), Ok(json!("too early"))));
    let steps = run.steps(0);
    assert_eq!(steps.len(), 1);
    assert!(!run.complete(StepId::new("/nowhere"), Ok(json!(1))));
    run.complete(StepId::new("/do/0/a"), Ok(json!(2)));
    run.complete(StepId::new("/do/0/a"), Ok(json!(3)));
    assert!(run.steps(0).is_empty());
    assert_eq!(run.outcome(), Some(&Ok(json!(2))));
}

#[test]
fn a_loop_that_asks_for_nothing_lets_its_host_look_at_its_timers() {
    let text = "do:\n- a: { timeout: { after: PT1S }, do: [ { b: { set: { n: 1 } } }, { c: { set: { n: 2 }, then: b } } ] }\n";
    let mut run = Run::new(document(text), json!({}), Options::default());
    let steps = run.steps(0);
    assert_eq!((run.tasks_begun(), run.has_more()), (super::TASKS_AT_ONCE, true));
    let [Step::Start { id, action: Action::Wait { until_ms: 1_000, .. }, .. }] = &steps[..] else {
        panic!("{steps:?}")
    };
    assert!(run.complete(id.clone(), Ok(Value::Null)));
    while run.outcome().is_none() {
        assert!(run.has_more());
        run.steps(1_000);
    }
    let problem = run.outcome().cloned().unwrap().unwrap_err();
    assert_eq!(problem.error_code(), cardhost_core::error::Code::FLOW_TIMEOUT);
    assert!(!run.has_more());
}

#[test]
fn every_attempt_of_a_retry_is_one_operation_and_every_turn_another() {
    let text = format!(
        "do:\n- try:\n    for: {{ in: '[1, 2]' }}\n    do:\n    - t:\n        try:\n        {}        catch: {{ retry: {{ limit: {{ attempt: {{ count: 1 }} }} }} }}\n",
        call("get")
    );
    let mut operations = Vec::new();
    drive(&text, json!({"n": 1}), |id, action| {
        let Action::Card(card) = action else { return None };
        operations.push((id.to_string(), card.operation.to_string()));
        Some(if operations.len() % 2 == 1 { Err(problem(503)) } else { Ok(json!({"n": 1})) })
    });
    let expected = [
        ("/do/0/try/for/0/do/0/t/try/0/get", "/do/0/try/for/0/do/0/t/try/0/get"),
        ("/do/0/try/for/0/do/0/t/try#2/0/get", "/do/0/try/for/0/do/0/t/try/0/get"),
        ("/do/0/try/for/1/do/0/t/try/0/get", "/do/0/try/for/1/do/0/t/try/0/get"),
        ("/do/0/try/for/1/do/0/t/try#2/0/get", "/do/0/try/for/1/do/0/t/try/0/get"),
    ];
    assert_eq!(operations, expected.map(|(id, of)| (id.to_owned(), of.to_owned())));
}
