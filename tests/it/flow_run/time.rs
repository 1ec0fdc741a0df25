//! Waits, timeouts and retries.

use cardhost::flow::{FlowRunner, Timer as _, VirtualTimer};
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
