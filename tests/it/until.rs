//! Work that goes on: when it is looked at, how it ends, and what is kept to go on with.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::clock::Clock;
use cardhost::shutdown::Shutdown;
use cardhost::transport::{BoxFuture, MemoryTransport, Reply};
use cardhost::{Class, Error, Host, Invocation, Outcome, Policy};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use crate::schemes::block_on;

/// A time that passes where somebody waits, and not else; keeps the waits, in milliseconds.
#[derive(Clone, Default)]
struct Jumping(Arc<AtomicI64>, Arc<Mutex<Vec<u128>>>);

impl Clock for Jumping {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed) / 1_000
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()> {
        self.0.fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::Relaxed);
        self.1.lock().unwrap().push(span.as_millis());
        Box::pin(std::future::ready(()))
    }
}

/// A card that begins an export, and one that tells how it stands; `until` is what the first one says besides.
fn cards(until: &Value) -> MemorySource {
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "auth": ["none"], "base": "https://api.example" } },
        "errors": [{ "status": [503], "code": "http.transient", "retry": "if_safe", "message": "<<response.body.error?>>" }],
    });
    let mut said = json!({
        "card": "look", "input": { "Export": { "ID": "<<response.body.id>>" } },
        "done": { "response.body.state": ["done"] }, "failed": { "response.body.state": ["failed"] },
        "message": "<<response.body.error?>>",
    });
    said.as_object_mut().unwrap().extend(until.as_object().unwrap().clone());
    let begin = json!({
        "input": { "Export": { "Name": { "required": true }, "Key": { "type": "secret" } } },
        "request": { "method": "POST", "path": "/exports", "body": { "json": { "name": "<<input.Export.Name>>", "key": "<<input.Export.Key?>>" } } },
        "until": said,
        "output": { "Export": { "Name": { "value": "<<input.Export.Name>>" }, "State": { "value": "<<response.body.state>>" } } },
    });
    let look = json!({
        "input": { "Export": { "ID": { "required": true } } },
        "request": { "path": "/exports/<<input.Export.ID>>" },
        "output": { "Export": { "Anything": { "type": "any", "value": "<<response.body>>" } } },
    });
    MemorySource::new()
        .with("demo/connector", connector.to_string())
        .with("demo/begin", begin.to_string())
        .with("demo/look", look.to_string())
}

/// A reply: status, seconds of `Retry-After`, body.
type Answer = (u16, Option<u64>, Value);

/// What became of a run: the outcome, what was sent, and the waits.
struct Ran(Result<Outcome, Error>, Vec<String>, Vec<u128>);

/// Runs the card against a service that answers so, the last answer again and again.
fn run(until: &Value, answers: Vec<Answer>, policy: Policy, from: Option<Value>) -> Ran {
    let (sent, clock) = (Arc::<Mutex<Vec<String>>>::default(), Jumping::default());
    let seen = Arc::clone(&sent);
    let service = MemoryTransport::new(move |request| {
        let mut seen = seen.lock().unwrap();
        let (status, after, body) = &answers[seen.len().min(answers.len() - 1)];
        seen.push(format!("{} {}", request.method, request.url.path()));
        let mut headers = HeaderMap::new();
        headers.extend(after.map(|after| (http::header::RETRY_AFTER, after.into())));
        Ok(Reply::new(*status, headers, body.to_string()))
    });
    let host = Host::builder()
        .cards(cards(until))
        .transport(service)
        .clock(clock.clone())
        .policy(policy)
        .build();
    let mut invocation = json!({
        "connection": { "fields": {} },
        "input": { "Export": { "Name": "orders", "Key": "canary-of-an-input" } },
    });
    if let Some(from) = from {
        invocation["until"] = json!({ "from": from });
    }
    let invocation = Invocation::from_value(invocation).unwrap();
    let outcome = block_on(host.run(Some("demo/begin"), invocation));
    let (sent, waits) = (sent.lock().unwrap().clone(), clock.1.lock().unwrap().clone());
    Ran(outcome, sent, waits)
}

fn begun(after: Option<u64>) -> Answer {
    (202, after, json!({ "id": "e/1", "state": "queued" }))
}

fn state(state: &str, after: Option<u64>) -> Answer {
    (200, after, json!({ "state": state }))
}

#[test]
fn it_is_looked_at_when_the_card_or_the_service_says() {
    let every = |every: &str| json!({ "every": every });
    for (until, answers, waits) in [
        (json!({}), vec![begun(None), state("done", None)], vec![5_000]),
        (
            every("2s"),
            vec![begun(None), state("x", None), state("x", None), state("done", None)],
            vec![2_000, 2_000, 2_000],
        ),
        (
            every("2s"),
            vec![begun(Some(30)), state("x", Some(7)), state("x", None), state("done", Some(9))],
            vec![30_000, 7_000, 2_000],
        ),
        // To be asked at once is no reason to ask without a pause.
        (every("2s"), vec![begun(Some(0)), state("done", None)], vec![2_000]),
        (every("2s"), vec![(200, None, json!({ "id": 1, "state": "done" }))], vec![]),
    ] {
        let looks = answers.len() - 1;
        let Ran(outcome, sent, waited) = run(&until, answers, Policy::default(), None);
        let output = outcome.unwrap().output.to_value().unwrap();
        assert_eq!(output, json!({ "Export": { "Name": "orders", "State": "done" } }));
        assert_eq!(waited, waits, "{until}");
        let mut expected = vec!["POST /exports".to_owned()];
        expected.extend(std::iter::repeat_n("GET /exports/e%2F1".to_owned(), looks));
        assert_eq!(sent, expected);
    }
}

#[test]
fn a_wait_that_does_not_fit_is_not_begun_and_a_later_run_goes_on() {
    let until = json!({ "every": "5s", "longest": "12s" });
    let never = || vec![begun(None), state("running", None)];
    let total =
        |seconds| Policy { total_timeout: Some(Duration::from_secs(seconds)), ..Policy::default() };
    for (policy, waits) in [(Policy::default(), 2), (total(6), 1), (total(5), 0), (total(60), 2)] {
        let Ran(ended, sent, waited) = run(&until, never(), policy, None);
        let error = ended.unwrap_err();
        assert_eq!((error.code().as_str(), error.class()), ("until.waiting", Class::Later));
        // To run it again would begin another export.
        assert_eq!((error.retry_after_s(), error.retryable()), (Some(5), Some(false)));
        assert_eq!((waited, sent.len()), (vec![5_000; waits], 1 + waits));
        let shown = error.to_json();
        let next = json!({ "input": { "Export": { "ID": "e/1" } } });
        assert_eq!(shown["until"], json!({ "polls": waits, "next": next }));
        let on =
            run(&until, vec![state("x", None), state("done", None)], Policy::default(), Some(next));
        assert_eq!(on.0.unwrap().output.to_value().unwrap()["Export"]["State"], "done");
        assert_eq!((on.1, on.2), (vec!["GET /exports/e%2F1".to_owned(); 2], vec![5_000]));
    }
}

#[test]
fn what_ends_it_is_told_with_where_to_go_on_and_without_secrets() {
    let echo = json!({ "state": "failed", "error": "no table for canary-of-an-input" });
    let Ran(ended, ..) =
        run(&json!({}), vec![begun(None), (200, None, echo)], Policy::default(), None);
    let error = ended.unwrap_err();
    assert_eq!(error.code().as_str(), "until.failed");
    assert_eq!(error.message(), "the service did not get it done: no table for [redacted]");
    assert!(error.waited().is_none() && !error.to_json().to_string().contains("canary-of"));

    let gone =
        vec![begun(None), state("x", None), (503, None, json!({ "error": "canary-of-an-input" }))];
    let Ran(ended, sent, _) = run(&json!({}), gone, Policy::default(), None);
    let error = ended.unwrap_err();
    assert_eq!((error.code().as_str(), error.retryable()), ("http.transient", Some(false)));
    assert_eq!((error.waited().unwrap().polls, sent.len()), (1, 3));
    assert!(!error.to_json().to_string().contains("canary-of"), "{error}");
}

#[test]
fn whoever_ends_it_between_two_looks_is_told_how_to_go_on() {
    let shutdown = Shutdown::default();
    let ends = shutdown.clone();
    let service = MemoryTransport::new(move |request| {
        if request.method == Method::GET {
            ends.begin();
        }
        Ok(Reply::new(200, HeaderMap::new(), r#"{ "id": "e1", "state": "running" }"#))
    });
    let host =
        Host::builder().cards(cards(&json!({}))).transport(service).clock(Jumping::default());
    let host = host.build().ended_by(shutdown);
    let invocation =
        json!({ "connection": { "fields": {} }, "input": { "Export": { "Name": "x" } } });
    let ended = block_on(host.run(Some("demo/begin"), Invocation::from_value(invocation).unwrap()));
    let error = ended.unwrap_err();
    assert_eq!(error.code().as_str(), "until.waiting");
    assert_eq!(error.waited().unwrap().polls, 1);
}
