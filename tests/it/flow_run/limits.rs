//! Large flows come to their end; endless ones too, with a code.

use std::fmt::Write as _;
use std::sync::Arc;

use cardhost::flow::{FlowRunner, MAX_FLOWS_DEEP, MemoryFlows};
use serde_json::json;
use tokio::sync::Barrier;

use super::shop::{Shop, call, flow, ok, run};

#[test]
fn ten_thousand_turns_call_ten_thousand_times() {
    let shop = Shop::echo();
    let flow = flow(&format!(
        "do:\n  - each:\n      for: {{ in: '[range(10000)]', each: i }}\n      do:\n        - go: {}\n        - n: {{ set: {{ last: '${{ .Response.Body.path }}' }} }}\n",
        call("get", "${ $i | tostring }")
    ));
    let output = run(FlowRunner::new(shop.host()).run(&flow, json!({}))).unwrap();
    assert_eq!(output, json!({ "last": "/9999" }));
    assert_eq!(shop.asked().len(), 10_000);
}

#[test]
fn a_thousand_branches_are_under_way_at_the_same_time() {
    let barrier = Arc::new(Barrier::new(1_000));
    let shop = Shop::new(move |_, asked| {
        let barrier = Arc::clone(&barrier);
        Box::pin(async move {
            barrier.wait().await;
            Ok(ok(json!(asked.path)))
        })
    });
    let mut text = "do:\n  - all:\n      fork:\n        branches:\n".to_owned();
    for n in 0..1_000 {
        writeln!(text, "          - b{n}: {}", call("get", &n.to_string())).unwrap();
    }
    text.push_str("      output: { as: 'map(.Response.Body)' }\n");
    let output = run(FlowRunner::new(shop.host()).run(&flow(&text), json!({}))).unwrap();
    let expected: Vec<String> = (0..1_000).map(|n| format!("/{n}")).collect();
    assert_eq!(output, json!(expected));
}

#[test]
fn two_hundred_nested_lists_reach_the_card_inside() {
    let mut task = call("get", "deep");
    for n in 0..200 {
        task = format!("{{ do: [ {{ d{n}: {task} }} ] }}");
    }
    let shop = Shop::echo();
    let flow = flow(&format!("do: [ {{ top: {task} }} ]\n"));
    let output = run(FlowRunner::new(shop.host()).run(&flow, json!({}))).unwrap();
    assert_eq!(output["Response"]["Body"]["path"], "/deep");
}

#[test]
fn what_has_no_end_ends_with_its_code() {
    let code = |tasks: &str| {
        let error =
            run(FlowRunner::new(Shop::echo().host()).run(&flow(tasks), json!({}))).unwrap_err();
        (error.code().as_str().to_owned(), error.class().exit_code())
    };
    let loops = "do:\n  - a: { set: { n: 1 } }\n  - b: { set: { n: 2 }, then: a }\n";
    assert_eq!(code(loops), ("flow.limit".to_owned(), 6));
    for expression in [
        "[limit(infinite; repeat(1))]",
        "def f: f; f",
        "last(range(infinite))",
        "[.] | until(false; . + .)",
    ] {
        let tasks = format!("do:\n  - a: {{ set: {{ n: '${{ {expression} }}' }} }}\n");
        assert_eq!(code(&tasks), ("flow.expression_limit".to_owned(), 6), "{expression}");
    }
    let itself = "document: { dsl: '1.0.3', namespace: shop, name: test, version: 1.0.0 }\n\
                  do: [ { again: { run: { workflow: { namespace: shop, name: test, version: 1.0.0 } } } } ]\n";
    let flows = MemoryFlows::new().with("test.yaml", itself).unwrap();
    let runner = FlowRunner::new(Shop::echo().host()).flows(flows);
    let error = run(runner.run(&super::shop::load(itself), json!({}))).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.limit");
    assert_eq!(error.message(), format!("the flow takes more than {MAX_FLOWS_DEEP} flows"));
}
