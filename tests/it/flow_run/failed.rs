//! Failed runs that go on: the step that failed is done again, and nothing else.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cardhost::core::transport_fault::{TransportFault, TransportFaultKind};
use cardhost::flow::{
    Flow, FlowRunner, Journal, MemoryFlows, News, Unfinished, VirtualTimer, Watcher, What,
};
use cardhost::{Error, Host, Reply};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::shop::{CutOff, Shop, call, flow, load, ok, run, status};

const STEPS: usize = 50;

/// So many calls in sequence, the n-th of `/n`; `other` in place of one of them.
fn sequence(steps: usize, other: Option<(usize, String)>) -> Flow {
    let task = |n: usize| match &other {
        Some((at, task)) if *at == n => format!("  - s{n}: {task}\n"),
        _ => format!("  - s{n}: {}\n", call("order", &n.to_string())),
    };
    flow(&format!("do:\n{}", (1..=steps).map(task).collect::<String>()))
}

/// A journal and the flows that a run may use.
struct Bench {
    folder: TempDir,
    flows: MemoryFlows,
}

impl Bench {
    fn new() -> Bench {
        Bench { folder: TempDir::new().unwrap(), flows: MemoryFlows::new() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("j.db")
    }

    fn runner(&self, host: Host) -> FlowRunner {
        FlowRunner::new(host).flows(self.flows.clone()).timer(VirtualTimer::starting_at(0))
    }

    fn run(
        &self,
        shop: &Shop,
        flow: &Flow,
        with: impl FnOnce(Journal) -> Journal,
    ) -> Result<Value, Error> {
        let journal = with(Journal::open(&self.path()).unwrap());
        let runner = self.runner(shop.host());
        run(runner.run_with(journal, Unfinished::Stop, flow, json!({ "in": 1 })))
    }
}

fn as_it_was(journal: Journal) -> Journal {
    journal
}

/// Answers with a status, as often as `times`, what is asked of a path; everything else with its path.
fn failing(path: &'static str, with: u16, times: usize) -> Shop {
    let left = AtomicUsize::new(times);
    Shop::at_once(move |_, asked| {
        let fails = asked.path == path
            && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        match fails {
            true => failure(with),
            false => ok(json!({ "path": asked.path })),
        }
    })
}

fn failure(with: u16) -> Reply {
    status(with, json!({ "why": "down for maintenance" }))
}

fn numbered(range: std::ops::RangeInclusive<usize>) -> Vec<String> {
    range.map(|n| format!("/{n}")).collect()
}

#[test]
fn of_fifty_steps_the_fortieth_and_what_follows_are_sent_again() {
    let bench = Bench::new();
    let flow = sequence(STEPS, None);
    let shop = failing("/40", 503, 1);
    let error = bench.run(&shop, &flow, as_it_was).unwrap_err();
    assert_eq!(error.code().as_str(), "http.status");
    assert_eq!(shop.paths(), numbered(1..=40));
    let told = error.to_json();
    assert_eq!(told["problem"]["step"], "/do/39/s40");
    assert_eq!(told["problem"]["status"], 503);
    assert_eq!(told["response"]["body"], json!({ "why": "down for maintenance" }));
    assert_eq!(
        told["where"],
        json!({ "file": "flows/test.yaml", "pointer": "/do/39/s40", "line": 42, "column": 5 })
    );
    // Without being told to, it says the same again and sends nothing.
    let again = bench.run(&shop, &flow, as_it_was).unwrap_err();
    assert_eq!(again.to_json(), told);
    assert_eq!(shop.paths().len(), 40);
    let output = bench.run(&shop, &flow, Journal::retrying_failed).unwrap();
    assert_eq!(output["Response"]["Body"]["path"], "/50");
    assert_eq!(shop.paths()[40..], numbered(40..=50));
    // It is over now.
    let once_more = bench.run(&shop, &flow, Journal::retrying_failed).unwrap();
    assert_eq!(once_more, output);
    assert_eq!(shop.paths().len(), 51);
}

#[test]
fn a_step_may_fail_as_often_as_it_likes() {
    let bench = Bench::new();
    let flow = sequence(3, None);
    let shop = failing("/2", 503, 3);
    bench.run(&shop, &flow, as_it_was).unwrap_err();
    for _ in 0..2 {
        bench.run(&shop, &flow, Journal::retrying_failed).unwrap_err();
    }
    bench.run(&shop, &flow, Journal::retrying_failed).unwrap();
    assert_eq!(shop.paths(), ["/1", "/2", "/2", "/2", "/2", "/3"]);
}

#[test]
fn a_flow_that_was_repaired_goes_on() {
    let typo = "{ set: '${ .Response.Body.path | tonumber }' }";
    let mended = "{ set: '${ { path: .Response.Body.path } }' }";
    let bench = Bench::new();
    let shop = Shop::echo();
    let broken = sequence(STEPS, Some((40, typo.to_owned())));
    let error = bench.run(&shop, &broken, as_it_was).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.expression");
    assert_eq!(error.place().pointer, "/do/39/s40");
    // The flow as it is now is another one, unless it is to go on.
    let repaired = sequence(STEPS, Some((40, mended.to_owned())));
    let refused = bench.run(&shop, &repaired, as_it_was).unwrap_err();
    assert_eq!(refused.code().as_str(), "flow.journal_mismatch");
    // Not repaired, it ends the same way.
    let same = bench.run(&shop, &broken, Journal::retrying_failed).unwrap_err();
    assert_eq!(same.code().as_str(), "flow.expression");
    assert_eq!(shop.paths(), numbered(1..=39));
    let output = bench.run(&shop, &repaired, Journal::retrying_failed).unwrap();
    assert_eq!(output["Response"]["Body"]["path"], "/50");
    assert_eq!(shop.paths()[39..], numbered(41..=50));
    // From now on the repaired flow is the one of the journal.
    assert_eq!(bench.run(&shop, &repaired, as_it_was).unwrap(), output);
    assert!(bench.run(&shop, &broken, as_it_was).is_err());
}

#[test]
fn a_step_that_was_done_otherwise_is_named() {
    let bench = Bench::new();
    let shop = failing("/5", 503, 1);
    bench.run(&shop, &sequence(6, None), as_it_was).unwrap_err();
    let other = sequence(6, Some((2, call("order", "two"))));
    let error = bench.run(&shop, &other, Journal::retrying_failed).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.journal_mismatch");
    assert!(
        error.message().ends_with("would be asked something else: `/do/1/s2`"),
        "{}",
        error.message()
    );
    let without = sequence(6, Some((2, "{ set: { x: 1 } }".to_owned())));
    let error = bench.run(&shop, &without, Journal::retrying_failed).unwrap_err();
    assert!(error.message().ends_with("would not come: `/do/1/s2`"), "{}", error.message());
    assert_eq!(shop.paths().len(), 5);
    // Another flow altogether is none of it.
    let foreign = load(
        "document: { dsl: '1.0.3', namespace: shop, name: other, version: 1.0.0 }\ndo: [ { a: { set: { x: 1 } } } ]\n",
    );
    let error = bench
        .run(&shop, &foreign, |journal| journal.retrying_failed().accepting_changes())
        .unwrap_err();
    assert!(error.message().contains("is of another flow"), "{}", error.message());
    // What was done stays as it was.
    let accepting = |journal: Journal| journal.retrying_failed().accepting_changes();
    let output = bench.run(&shop, &without, accepting).unwrap();
    assert_eq!(output["Response"]["Body"]["path"], "/6");
    assert_eq!(shop.paths()[5..], ["/5", "/6"]);
}

#[test]
fn another_account_is_accepted_by_name_only() {
    let bench = Bench::new();
    let flow = sequence(3, None);
    let shop = failing("/2", 401, 1);
    let error = bench.run(&shop, &flow, as_it_was).unwrap_err();
    assert_eq!(error.code().as_str(), "http.status");
    let renewed = |with: fn(Journal) -> Journal| {
        let fields = json!({ "Token": "renewed-1" }).as_object().unwrap().clone();
        let host = shop.builder().default_connection("shop.json", fields).build();
        let journal = with(Journal::open(&bench.path()).unwrap());
        let runner = bench.runner(host);
        run(runner.run_with(journal, Unfinished::Stop, &flow, json!({ "in": 1 })))
    };
    let refused = renewed(Journal::retrying_failed).unwrap_err();
    assert!(refused.message().contains("had another `connection shop`"), "{}", refused.message());
    assert_eq!(shop.paths().len(), 2);
    renewed(|journal| journal.retrying_failed().accepting_changes()).unwrap();
    assert_eq!(shop.paths(), ["/1", "/2", "/2", "/3"]);
}

/// What nothing but a handler that gives up made of a failure.
#[test]
fn what_a_handler_made_of_an_error_leads_to_the_call_that_failed() {
    let handled = |raised: &str| {
        format!(
            "{{ try: [ {{ pay: {} }} ], catch: {{ as: e, do: [ {{ note: {} }}, {{ up: {{ raise: {{ error: {raised} }} }} }} ] }} }}",
            call("order", "2"),
            call("note", "noted"),
        )
    };
    for raised in ["'${ $e }'", "{ type: 'urn:gave-up', status: 400 }"] {
        let bench = Bench::new();
        let shop = failing("/2", 422, 1);
        let flow = sequence(3, Some((2, handled(raised))));
        let error = bench.run(&shop, &flow, as_it_was).unwrap_err();
        assert_eq!(shop.paths(), ["/1", "/2", "/noted"], "{error:?}");
        bench.run(&shop, &flow, Journal::retrying_failed).unwrap();
        assert_eq!(shop.paths()[3..], ["/2", "/3"]);
    }
}

#[test]
fn the_last_attempt_is_made_again() {
    let retried = format!(
        "{{ try: [ {{ pay: {} }} ], catch: {{ retry: {{ delay: PT1H, limit: {{ attempt: {{ count: 2 }} }} }} }} }}",
        call("order", "2")
    );
    let bench = Bench::new();
    let flow = sequence(3, Some((2, retried)));
    let shop = failing("/2", 503, 4);
    let error = bench.run(&shop, &flow, as_it_was).unwrap_err();
    assert_eq!(error.to_json()["problem"]["step"], "/do/1/s2/try#3/0/pay");
    assert_eq!(shop.paths(), ["/1", "/2", "/2", "/2"]);
    bench.run(&shop, &flow, Journal::retrying_failed).unwrap_err();
    bench.run(&shop, &flow, Journal::retrying_failed).unwrap();
    assert_eq!(shop.paths(), ["/1", "/2", "/2", "/2", "/2", "/2", "/3"]);
}

#[test]
fn a_flow_in_a_flow_goes_on_where_it_failed() {
    let inner = format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: inner, version: 1.0.0 }}\ndo:\n  - a: {}\n  - b: {}\n",
        call("order", "inner-a"),
        call("order", "inner-b"),
    );
    let mut bench = Bench::new();
    bench.flows = MemoryFlows::new().with("flows/inner.yaml", &inner).unwrap();
    let sub = "{ run: { workflow: { namespace: shop, name: inner, version: 1.0.0 } } }";
    let flow = sequence(3, Some((2, sub.to_owned())));
    let shop = failing("/inner-b", 503, 1);
    let error = bench.run(&shop, &flow, as_it_was).unwrap_err();
    // It is told where it is written, in which file, and which step it was.
    let told = error.to_json();
    assert_eq!(
        told["where"],
        json!({ "file": "flows/inner.yaml", "pointer": "/do/1/b", "line": 4, "column": 5 })
    );
    assert_eq!(told["problem"]["step"], "/do/1/s2/do/1/b");
    bench.run(&shop, &flow, Journal::retrying_failed).unwrap();
    assert_eq!(shop.paths(), ["/1", "/inner-a", "/inner-b", "/inner-b", "/3"]);
}

#[test]
fn branches_that_were_done_are_not_done_again() {
    let after = |time: &str, path: &str| {
        format!("{{ do: [ {{ w: {{ wait: {time} }} }}, {{ go: {} }} ] }}", call("order", path))
    };
    let forked = format!(
        "{{ fork: {{ branches: [ {{ l: {} }}, {{ m: {} }}, {{ r: {} }} ] }} }}",
        call("order", "l"),
        after("PT5S", "m"),
        after("PT10S", "r"),
    );
    let bench = Bench::new();
    let flow = sequence(3, Some((2, forked)));
    // Two of three fail, one after the other.
    let left = Arc::new(Mutex::new(vec!["/m", "/r"]));
    let shop = Shop::at_once(move |_, asked| {
        let mut left = left.lock().unwrap();
        match left.iter().position(|path| *path == asked.path) {
            Some(at) => {
                left.remove(at);
                failure(503)
            }
            None => ok(json!({ "path": asked.path })),
        }
    });
    let failed = |error: Error| error.to_json()["problem"]["step"].clone();
    let first = bench.run(&shop, &flow, as_it_was).unwrap_err();
    assert_eq!(failed(first), "/do/1/s2/fork/branches/1/m/do/1/go");
    let second = bench.run(&shop, &flow, Journal::retrying_failed).unwrap_err();
    assert_eq!(failed(second), "/do/1/s2/fork/branches/2/r/do/1/go");
    bench.run(&shop, &flow, Journal::retrying_failed).unwrap();
    assert_eq!(shop.paths(), ["/1", "/l", "/m", "/m", "/r", "/r", "/3"]);
}

#[test]
fn a_timeout_that_ended_the_run_begins_anew() {
    let inner = "document: { dsl: '1.0.3', namespace: shop, name: inner, version: 1.0.0 }\ndo:\n  - w: { wait: '${ .length }' }\n";
    let waits = |length: &str| {
        let task = format!(
            "{{ timeout: {{ after: PT3M }}, do: [ {{ a: {} }}, {{ w: {{ run: {{ workflow: {{ namespace: shop, name: inner, version: 1.0.0, input: {{ length: {length} }} }} }} }} }} ] }}",
            call("order", "2")
        );
        sequence(3, Some((2, task)))
    };
    let mut bench = Bench::new();
    bench.flows = MemoryFlows::new().with("inner.yaml", inner).unwrap();
    let shop = Shop::echo();
    let at_time = |seconds: i64, flow: &Flow, with: fn(Journal) -> Journal| {
        let journal = with(Journal::open(&bench.path()).unwrap());
        let timer = VirtualTimer::starting_at(seconds * 1_000);
        let runner = bench.runner(shop.host()).timer(timer);
        run(runner.run_with(journal, Unfinished::Stop, flow, json!({})))
    };
    let error = at_time(0, &waits("PT5M"), as_it_was).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.timeout");
    assert_eq!(error.to_json()["problem"]["step"], "/do/1/s2/timeout");
    // A day later the wait that it could not await is long over, and its three minutes begin anew.
    at_time(86_400, &waits("PT5M"), Journal::retrying_failed).unwrap();
    assert_eq!(shop.paths(), ["/1", "/2", "/3"]);
}

#[test]
fn a_write_whose_answer_never_came_is_in_doubt_also_when_it_failed() {
    let bench = Bench::new();
    let flow = sequence(3, None);
    let fails = AtomicUsize::new(1);
    let shop = Shop::new(move |_, asked| {
        let fails = asked.path == "/2"
            && fails.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        Box::pin(async move {
            match fails {
                true => Err(TransportFault {
                    kind: TransportFaultKind::Reset,
                    not_sent: false,
                    detail: "the connection was reset".to_owned(),
                }),
                false => Ok(ok(json!({ "path": asked.path }))),
            }
        })
    });
    bench.run(&shop, &flow, as_it_was).unwrap_err();
    let error = bench.run(&shop, &flow, Journal::retrying_failed).unwrap_err();
    assert_eq!(error.code().as_str(), "flow.in_doubt");
    assert!(error.message().contains("`/do/1/s2`"), "{}", error.message());
    assert_eq!(shop.paths().len(), 2);
    let other = bench
        .run(&shop, &flow, |journal| journal.deciding("/do/2/s3", Unfinished::Repeat))
        .unwrap_err();
    assert_eq!(other.code().as_str(), "flow.in_doubt");
    assert_eq!(other.message(), "the step `/do/2/s3` is not in doubt");
    assert_eq!(other.hint().as_deref(), Some("in doubt: `/do/1/s2`"));
    let output = bench
        .run(&shop, &flow, |journal| journal.deciding("/do/1/s2", Unfinished::Repeat))
        .unwrap();
    assert_eq!(output["Response"]["Body"]["path"], "/3");
    assert_eq!(shop.paths(), ["/1", "/2", "/2", "/3"]);
}

#[test]
fn a_retry_that_is_cut_off_anywhere_goes_on() {
    let flow = sequence(6, Some((2, call("pay", "2"))));
    let mut cuts = 0;
    for polls in 0.. {
        let bench = Bench::new();
        let shop = failing("/4", 503, 1);
        bench.run(&shop, &flow, as_it_was).unwrap_err();
        assert_eq!(shop.paths().len(), 4);
        let journal = Journal::open(&bench.path()).unwrap().retrying_failed();
        let runner = bench.runner(shop.host());
        let future =
            Box::pin(runner.run_with(journal, Unfinished::Stop, &flow, json!({ "in": 1 })));
        let done = run(CutOff { future, polls });
        let is_over = done.is_some();
        // What was cut off is gone on with, with or without the flag; a write that is in doubt was sent.
        let mut doubtful: Option<String> = None;
        let output = loop {
            let repeats =
                |journal: Journal| if polls % 2 == 0 { journal } else { journal.retrying_failed() };
            match bench.run(&shop, &flow, repeats) {
                Ok(output) => break output,
                Err(error) if error.code().as_str() == "http.status" => {
                    bench.run(&shop, &flow, Journal::retrying_failed).ok();
                }
                Err(error) => {
                    assert_eq!(error.code().as_str(), "flow.in_doubt", "{error:?}");
                    let told = error.message();
                    let step = told.split('`').nth(1).unwrap().to_owned();
                    assert!(doubtful.replace(step.clone()).is_none(), "{step}");
                    let again = |journal: Journal| journal.deciding(&step, Unfinished::Repeat);
                    if let Ok(output) = bench.run(&shop, &flow, again) {
                        break output;
                    }
                }
            }
        };
        assert_eq!(output["Response"]["Body"]["path"], "/6");
        // What was done before the failure is not sent again; what was cut off then may have been sent twice.
        let sent = |n: usize| shop.paths().iter().filter(|path| **path == format!("/{n}")).count();
        let times: Vec<usize> = (1..=6).map(sent).collect();
        assert_eq!(times[..3], [1, 1, 1], "after {polls} polls");
        let more = usize::from(doubtful.is_some());
        assert!((4..=4 + more).contains(&times[3..].iter().sum()), "{times:?} after {polls} polls");
        assert!(times[3] >= 2 && times[4] >= 1 && times[5] >= 1, "{times:?} after {polls} polls");
        cuts += 1;
        if is_over {
            break;
        }
    }
    assert!(cuts > 10, "{cuts}");
}

#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<What>>>);

impl Watcher for Told {
    fn tell(&self, news: &News) {
        self.0.lock().unwrap().push(news.what.clone());
    }
}

#[test]
fn whoever_watches_is_told_what_is_done_again() {
    let bench = Bench::new();
    let flow = sequence(3, None);
    let shop = failing("/2", 503, 1);
    bench.run(&shop, &flow, as_it_was).unwrap_err();
    let told = Told::default();
    let journal = Journal::open(&bench.path()).unwrap().retrying_failed();
    let runner = bench.runner(shop.host()).watcher(told.clone());
    run(runner.run_with(journal, Unfinished::Stop, &flow, json!({ "in": 1 }))).unwrap();
    let first = told.0.lock().unwrap()[0].clone();
    assert_eq!(first, What::Resumed { steps: 1, again: vec!["/do/1/s2".to_owned()] });
}

/// What stands in the files of a journal.
fn kept(bench: &Bench) -> String {
    let all = std::fs::read_dir(bench.folder.path()).unwrap();
    let texts = all.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    texts.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

#[test]
fn another_account_is_no_error_that_a_flow_can_catch_and_changes_nothing() {
    let guarded = format!(
        "{{ try: [ {{ go: {} }} ], catch: {{ do: [ {{ told: {} }} ] }} }}",
        call("get", "2"),
        call("order", "told"),
    );
    let collected = format!(
        "{{ for: {{ in: [1, 2] }}, metadata: {{ collect: results }}, do: [ {{ go: {} }} ] }}",
        call("get", "2"),
    );
    let aside =
        "{ run: { await: false, workflow: { namespace: shop, name: aside, version: 1.0.0 } } }";
    let text = format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: aside, version: 1.0.0 }}\ndo:\n  - go: {}\n",
        call("get", "2"),
    );
    for task in [guarded, collected, aside.to_owned()] {
        let mut bench = Bench::new();
        bench.flows = MemoryFlows::new().with("aside.yaml", &text).unwrap();
        // Nothing after it: a write beside a flow that is not waited for could be cut off as well.
        let flow = sequence(2, Some((2, task.clone())));
        // Killed while the second call is under way.
        let shop = Shop::new(|_, asked| {
            Box::pin(async move {
                if asked.path == "/2" {
                    std::future::pending::<()>().await;
                }
                Ok(ok(json!({ "path": asked.path })))
            })
        });
        run(async {
            let journal = Journal::open(&bench.path()).unwrap();
            let runner = bench.runner(shop.host());
            let flow = flow.clone();
            let going = tokio::spawn(async move {
                runner.run_with(journal, Unfinished::Stop, &flow, json!({ "in": 1 })).await
            });
            while !shop.paths().contains(&"/2".to_owned()) {
                tokio::task::yield_now().await;
            }
            going.abort();
            assert!(going.await.unwrap_err().is_cancelled());
        });
        let before = Journal::state(&bench.path()).unwrap();
        let other = Shop::echo();
        for with in [as_it_was, Journal::retrying_failed] {
            let fields = json!({ "Token": "another-1" }).as_object().unwrap().clone();
            let host = other.builder().default_connection("shop.json", fields).build();
            let journal = with(Journal::open(&bench.path()).unwrap());
            let runner = bench.runner(host);
            let done = run(runner.run_with(journal, Unfinished::Stop, &flow, json!({ "in": 1 })));
            assert_eq!(done.unwrap_err().code().as_str(), "flow.journal_mismatch", "{task}");
        }
        assert_eq!(other.asked(), [], "{task}");
        assert_eq!(Journal::state(&bench.path()).unwrap(), before, "{task}");
        bench.run(&other, &flow, as_it_was).unwrap();
        assert!(other.paths().contains(&"/2".to_owned()), "{task}");
    }
}

#[test]
fn a_secret_that_a_failing_service_repeats_is_masked() {
    const CANARY: &str = "canary-failing-77";
    let flow = load(&format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: test, version: 1.0.0 }}\nuse: {{ secrets: [tok] }}\ndo:\n  - a: {{ call: order@shop, with: {{ input: {{ Order: {{ ID: a, Note: '{}' }} }} }} }}\n",
        "${ $secrets.tok }"
    ));
    let bench = Bench::new();
    let shop = Shop::at_once(|_, asked| status(422, json!({ "echo": asked.body })));
    let journal = Journal::open(&bench.path()).unwrap();
    let secrets = cardhost::flow::MemorySecrets::new().with("tok", json!(CANARY));
    let runner = bench.runner(shop.host()).secrets(secrets);
    let error = run(runner.run_with(journal, Unfinished::Stop, &flow, json!({}))).unwrap_err();
    assert_eq!(shop.asked()[0].body["note"], CANARY);
    let shown = format!("{} {:?} {}", error.to_json(), error, kept(&bench));
    assert!(shown.contains("[redacted]"), "{shown}");
    assert!(!shown.contains(CANARY), "{shown}");
}

#[test]
fn what_failed_was_not_done_and_may_change() {
    let bench = Bench::new();
    let shop = failing("/2", 422, 1);
    bench.run(&shop, &sequence(2, None), as_it_was).unwrap_err();
    let with_more = flow(&format!(
        "do:\n  - s1: {}\n  - fix: {{ set: {{ x: 1 }} }}\n  - s2: {}\n",
        call("order", "1"),
        call("order", "2"),
    ));
    bench.run(&shop, &with_more, Journal::retrying_failed).unwrap();
    assert_eq!(shop.paths(), ["/1", "/2", "/2"]);
}
