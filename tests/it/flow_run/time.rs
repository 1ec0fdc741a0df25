//! Waits, timeouts and retries.

use cardhost::clock::{Clock as _, SystemClock};
use cardhost::flow::{FlowRunner, MemoryFlows, RecordingTimer, Timer as _, VirtualTimer};
use serde_json::json;

use super::shop::{Shop, call, flow, ok, run, status};

#[test]
fn a_wait_of_a_year_is_over_at_once_on_a_time_that_jumps() {
    let timer = VirtualTimer::starting_at(1_000);
    let flow = flow(
        "do:\n  - w: { wait: P365D }\n  - s: { set: { at: '${ $task.startedAt.epoch.milliseconds }' } }\n",
    );
    let runner = FlowRunner::new(Shop::echo().host()).timer(timer.clone());
    assert_eq!(run(runner.run(&flow, json!({}))).unwrap(), json!({ "at": 31_536_001_000_i64 }));
    assert_eq!(timer.now_ms(), 31_536_001_000);
}

#[test]
fn a_service_that_asks_to_slow_down_is_waited_for() {
    let shop = Shop::at_once(|n, _| {
        if n > 1 {
            return ok(json!({}));
        }
        let mut reply = status(429, json!({}));
        reply.headers.insert("retry-after", "30".parse().unwrap());
        reply
    });
    let flow = flow(&format!(
        "do:\n  - t:\n      try: [ {{ go: {} }} ]\n      catch: {{ errors: {{ with: {{ status: 429 }} }}, retry: {{ delay: PT1S, limit: {{ attempt: {{ count: 5 }} }} }} }}\n",
        call("get", "x")
    ));
    let timer = VirtualTimer::starting_at(0);
    run(FlowRunner::new(shop.host()).timer(timer.clone()).run(&flow, json!({}))).unwrap();
    assert_eq!((shop.asked().len(), timer.now_ms()), (3, 60_000));
}

#[test]
fn a_timeout_ends_a_call_that_does_not_end() {
    let shop = Shop::new(|_, _| Box::pin(std::future::pending()));
    let slow = |what: &str| {
        flow(&format!(
            "do:\n  - t:\n      timeout: {{ after: {{ milliseconds: 5 }} }}\n      do: [ {{ go: {what} }} ]\n"
        ))
    };
    let error =
        run(FlowRunner::new(shop.host()).run(&slow(&call("get", "x")), json!({}))).unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.place().pointer.as_str()),
        ("flow.timeout", "/do/0/t")
    );
    let error =
        run(FlowRunner::new(shop.host()).run(&slow("{ wait: P1D }"), json!({}))).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.timeout");
    // A loop that asks for nothing does not outrun the clock.
    let endless = flow(
        "do:\n  - t:\n      timeout: { after: { milliseconds: 5 } }\n      do: [ { a: { set: { n: 1 } } }, { b: { set: { n: 2 }, then: a } } ]\n",
    );
    let error =
        run(FlowRunner::new(shop.host()).max_tasks(u64::MAX).run(&endless, json!({}))).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.timeout");
}

/// A flow that runs another one, twice aside, and waits.
fn flows_that_wait() -> (cardhost::flow::Flow, MemoryFlows) {
    let get = |path: &str| {
        format!("{{ call: get@shop, with: {{ input: {{ Order: {{ ID: '${{ {path} }}' }} }} }} }}")
    };
    let head = |name: &str| {
        format!("document: {{ dsl: '1.0.3', namespace: shop, name: {name}, version: 1.0.0 }}\n")
    };
    let inner = format!(
        "{}do:\n  - pause: {{ wait: '${{ .length }}' }}\n  - get: {}\n",
        head("inner"),
        get("now / 60 | tostring"),
    );
    let aside = |length: &str, name: &str| {
        format!(
            "  - {name}: {{ run: {{ workflow: {{ namespace: shop, name: inner, version: 1.0.0, input: {{ length: {length} }} }}, await: false }} }}\n"
        )
    };
    let outer = format!(
        "{}do:\n{}{}  - pause: {{ wait: PT10M }}\n  - get: {}\n",
        head("outer"),
        aside("PT20M", "late"),
        aside("PT5M", "early"),
        get(r#""ten""#),
    );
    let flows = MemoryFlows::new().with("inner.yaml", &inner).unwrap();
    (super::shop::load(&outer), flows)
}

#[test]
fn of_flows_that_wait_the_one_that_is_over_first_goes_on_first() {
    let (flow, flows) = flows_that_wait();
    for _ in 0..2 {
        let (shop, timer) = (Shop::echo(), VirtualTimer::starting_at(0));
        let host = shop.builder().clock(timer.clone()).build();
        let runner = FlowRunner::new(host).timer(timer.clone()).flows(flows.clone());
        run(runner.run(&flow, json!({}))).unwrap();
        assert_eq!(shop.paths(), ["/5", "/ten", "/20"]);
        assert_eq!(timer.now_ms(), 20 * 60_000);
    }
}

#[test]
fn a_timeout_ends_a_flow_that_waits_on_a_time_that_jumps() {
    let (_, flows) = flows_that_wait();
    let (shop, timer) = (Shop::echo(), VirtualTimer::starting_at(0));
    let flow = flow(
        "do:\n  - t:\n      timeout: { after: PT3M }\n      run: { workflow: { namespace: shop, name: inner, version: 1.0.0, input: { length: PT5M } } }\n",
    );
    let runner = FlowRunner::new(shop.host()).timer(timer.clone()).flows(flows);
    let error = run(runner.run(&flow, json!({}))).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.timeout");
    assert_eq!((shop.paths(), timer.now_ms()), (Vec::new(), 3 * 60_000));
}

#[test]
fn a_recording_sees_the_time_that_its_replay_sees() {
    let recording = RecordingTimer::starting_at(7_000);
    let flow = flow(
        "do:\n  - w: { wait: { milliseconds: 20 } }\n  - s: { set: { at: '${ $task.startedAt.epoch.milliseconds }' } }\n",
    );
    let runner = FlowRunner::new(Shop::echo().host()).timer(recording.clone());
    let since = std::time::Instant::now();
    assert_eq!(run(runner.run(&flow, json!({}))).unwrap(), json!({ "at": 7_020 }));
    assert!(since.elapsed().as_millis() >= 20);
    // The run began a long time ago: the machine's clock signs.
    assert!(recording.unix_seconds() > 1_700_000_000);
    let now = SystemClock.unix_seconds();
    let recent = RecordingTimer::starting_at((now - 30) * 1_000);
    assert_eq!(recent.unix_seconds(), now - 30);
}
