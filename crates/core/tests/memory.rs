//! What a reply costs in memory: at most three times its size, whatever it is made of. A binary of its own, because its
//! allocator counts.

#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::sync::Arc;

use cardhost_core::call::{Outcome, Signed, Step, begin};
use cardhost_core::connection::Connection;
use cardhost_core::load::{load_card, load_connector};
use cardhost_core::moment::Moment;
use cardhost_core::plan::{PlanSettings, plan};
use cardhost_core::response::Reply;
use http::{HeaderMap, HeaderValue};
use peak_alloc::PeakAlloc;
use serde_json::{Map, json};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const SIZE: usize = 4 * 1024 * 1024;

/// A call of a card with these outputs.
fn call(outputs: serde_json::Value) -> Signed {
    let connector = json!({
        "format": 1, "name": "probe", "version": "1.0.0", "title": "Probe",
        "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } },
        "targets": { "API": { "auth": ["none"], "base": "https://probe.example" } },
    });
    let card = json!({
        "format": 1, "name": "read", "version": "1.0.0", "title": "Read",
        "request": { "target": "API", "method": "GET", "path": "/" },
        "effect": "read",
        "response": { "failures": [{ "when": { "response.body.error": [true] }, "code": "service.failed" }] },
        "output": { "Out": outputs },
    });
    let connector = Arc::new(load_connector("connector.json", &connector.to_string()).unwrap());
    let definition = load_card(connector, "card.json", &card.to_string()).unwrap();
    let connection = Connection::default();
    let settings = PlanSettings::default();
    let plan = plan(&definition, &connection, Map::new(), Map::new(), &settings).unwrap();
    let Step::Send(call) = begin(Arc::new(definition), plan) else { unreachable!() };
    call
}

/// The peak of what was allocated while a reply was read, its own bytes included, as a multiple of its size.
fn times(outputs: serde_json::Value, body: Vec<u8>) -> (f64, Outcome) {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let call = call(outputs);
    let size = body.len();
    let before = ALLOCATOR.current_usage() - size;
    let reply = Reply::new(200, headers, body);
    ALLOCATOR.reset_peak_usage();
    let Step::Done(outcome) = call.on_reply(reply, &Moment { unix_seconds: 0, nonce: [0; 16] })
    else {
        unreachable!()
    };
    ((ALLOCATOR.peak_usage() - before) as f64 / size as f64, outcome.unwrap())
}

/// A text of `SIZE` bytes made of one piece.
fn filled(begin: &str, piece: impl Fn(usize) -> String, end: &str) -> Vec<u8> {
    let mut text = String::with_capacity(SIZE + 64);
    text.push_str(begin);
    for index in 0.. {
        text.push_str(&piece(index));
        if text.len() >= SIZE {
            break;
        }
        text.push(',');
    }
    text.push_str(end);
    text.into_bytes()
}

#[test]
fn a_reply_of_small_values_costs_no_more_than_three_times_its_size() {
    let status = json!({ "type": "text", "value": "<<response.body.status?>>" });
    let results = json!({ "type": "list", "of": "number", "value": "<<response.body.results>>" });
    let objects = json!({
        "type": "list", "of": "object", "fields": { "id": { "type": "number" } }, "value": "<<response.body>>",
    });
    let keys = json!({
        "type": "object", "fields": { "k7": { "type": "number", "required": true } }, "value": "<<response.body>>",
    });
    let numbers = || filled(r#"{"status":"ok","results":["#, |_| "1".to_owned(), "]}");
    let empties = || filled("[", |_| "{}".to_owned(), "]");
    let unknown = || filled("{", |index| format!("\"k{index}\":1"), "}");
    for (name, outputs, body) in [
        ("numbers that are not read", json!({ "Status": status }), numbers()),
        ("numbers that are put out", json!({ "Status": status, "Results": results }), numbers()),
        ("objects that are put out", json!({ "All": objects }), empties()),
        ("keys that no output reads", json!({ "Status": status }), unknown()),
        ("keys that are put out", json!({ "All": keys }), unknown()),
    ] {
        let (times, outcome) = times(outputs, body);
        assert!(times <= 3.0, "{name}: {times:.2} times its size");
        // A value of each is there, so that nothing was left out to save it.
        assert!(!outcome.output.groups().is_empty(), "{name}");
    }
}
