//! Calls that are sent again: what comes of each fault for each effect, with a key and without, and how often it was sent.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::clock::FixedClock;
use cardhost::{Error, Host, Invocation, Outcome, Policy};
use serde_json::{Value, json};
use socket2::SockRef;

use crate::schemes::block_on;

/// What a service does instead of answering.
#[derive(Clone, Copy)]
enum Fault {
    /// It ends the connection before a byte of the reply, with the end of the stream.
    Closed,
    /// It resets the connection after these bytes.
    ResetAfter(&'static str),
    /// It ends the connection after these bytes.
    ClosedAfter(&'static str),
    /// It says nothing more after these bytes.
    SilentAfter(&'static str),
    /// It answers, whole.
    Answer(&'static str),
}

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"ok\":true}";
const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n";

const FAULTS: [(&str, Fault); 22] = [
    ("empty reply", Fault::Closed),
    ("reset before the head", Fault::ResetAfter("")),
    ("reset in the head", Fault::ResetAfter("HTTP/1.1 200 OK\r\ncont")),
    ("reset after the head", Fault::ResetAfter(HEAD)),
    ("end after the head", Fault::ClosedAfter(HEAD)),
    (
        "end in the body",
        Fault::ClosedAfter(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{\"ok\":true}",
        ),
    ),
    (
        "malformed chunk",
        Fault::Answer(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n{\"ok\":true}\r\n0\r\n\r\n",
        ),
    ),
    (
        "two lengths",
        Fault::Answer(
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\n{\"ok\":true}",
        ),
    ),
    ("garbage", Fault::Answer("\u{1}\u{2}SSH-2.0 what\r\n\r\n")),
    (
        "no JSON",
        Fault::Answer(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\nconnection: close\r\n\r\n{{{",
        ),
    ),
    ("silence before the head", Fault::SilentAfter("")),
    ("silence in the head", Fault::SilentAfter("HTTP/1.1 200 OK\r\n")),
    ("silence in the body", Fault::SilentAfter(HEAD)),
    (
        "404",
        Fault::Answer("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    ),
    (
        "409, after by rule",
        Fault::Answer("HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    ),
    (
        "429",
        Fault::Answer("HTTP/1.1 429 Too Many\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
    ),
    (
        "429, after 7 s",
        Fault::Answer(
            "HTTP/1.1 429 Too Many\r\nretry-after: 7\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ),
    ),
    (
        "429, after an hour",
        Fault::Answer(
            "HTTP/1.1 429 Too Many\r\nretry-after: 3600\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ),
    ),
    ("500", Fault::Answer("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")),
    ("503", Fault::Answer("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")),
    (
        "503, at a date",
        Fault::Answer(
            "HTTP/1.1 503 Busy\r\nretry-after: Thu, 01 Jan 1970 00:00:05 GMT\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ),
    ),
    (
        "503, after an hour",
        Fault::Answer(
            "HTTP/1.1 503 Busy\r\nretry-after: 3600\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        ),
    ),
];

/// A service with a fault at its first requests.
pub(crate) struct Service {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
    /// How long it may say nothing.
    idle: &'static str,
}

impl Service {
    /// One that is there already, and keeps its requests itself.
    pub(crate) fn at(url: String, idle: &'static str) -> Service {
        Service { url, requests: Arc::default(), idle }
    }

    fn start(fault: Fault, times: usize) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            let mut silent = Vec::new();
            for socket in listener.incoming() {
                let Ok(mut socket) = socket else { return };
                let Some(request) = request(&mut socket) else { continue };
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(request);
                    kept.len()
                };
                let fault = if number > times { Fault::Answer(GOOD) } else { fault };
                match fault {
                    Fault::Closed => {}
                    Fault::ClosedAfter(bytes) | Fault::Answer(bytes) => {
                        let _ = socket.write_all(bytes.as_bytes());
                    }
                    Fault::ResetAfter(bytes) => {
                        let _ = socket.write_all(bytes.as_bytes());
                        SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
                    }
                    Fault::SilentAfter(bytes) => {
                        let _ = socket.write_all(bytes.as_bytes());
                        silent.push(socket);
                    }
                }
            }
        });
        Service { url, requests, idle: "150ms" }
    }

    pub(crate) fn host(&self, retries: Option<Value>, attempts: Option<u32>) -> Host {
        let mut connector = json!({
            "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
            "connection": { "fields": {} }, "auth": { "none": { "scheme": "none" } },
            "targets": { "api": { "auth": ["none"], "base": self.url } },
            "errors": [
                { "status": [409], "code": "http.conflict", "retry": "after" },
                { "status": [429], "code": "http.rate_limited", "retry": "after" },
            ],
            "timeouts": { "idle": self.idle },
        });
        if let Some(retries) = retries {
            connector["retries"] = retries;
        }
        let mut cards = MemorySource::new().with("demo/connector", connector.to_string());
        for (name, effect, method) in [
            ("read", "read", "GET"),
            ("put", "idempotent", "PUT"),
            ("write", "write", "POST"),
            ("delete", "destructive", "DELETE"),
        ] {
            for (suffix, key) in [("", None), ("-keyed", Some("idempotency-key"))] {
                let mut card = json!({
                    "format": 1, "name": format!("{name}{suffix}"), "version": "1.0.0", "title": name, "effect": effect,
                    "request": { "target": "api", "method": method, "path": "/things" },
                    "output": { "Reply": { "OK": { "type": "true-false", "value": "<<response.body.ok>>" } } },
                });
                if let Some(key) = key {
                    card["idempotencyKey"] = json!({ "header": key });
                }
                cards = cards.with(&format!("demo/{name}{suffix}"), card.to_string());
            }
        }
        let attempts = attempts.and_then(NonZeroU32::new);
        let policy = Policy { attempts, ..Policy::default() };
        // Its time stands still, so that nothing waits.
        Host::builder().cards(cards).clock(FixedClock(0)).policy(policy).build()
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// The head of a request.
fn request(socket: &mut TcpStream) -> Option<String> {
    let (mut read, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            return Some(head.to_owned());
        }
        match socket.read(&mut chunk) {
            Ok(count) if count > 0 => read.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

pub(crate) fn run(host: &Host, card: &str) -> Result<Outcome, Error> {
    block_on(host.run(Some(card), Invocation::from_value(json!({})).unwrap()))
}

pub(crate) fn ended(result: &Result<Outcome, Error>) -> String {
    match result {
        Ok(outcome) => outcome.status.to_string(),
        Err(error) => match error.retry_after_s() {
            Some(after) => format!("{} in {after} s", error.code()),
            None => error.code().to_string(),
        },
    }
}

const RETRIES: &str = r#"{ "attempts": 3, "first": "1ms", "longest": "2ms" }"#;

pub(crate) fn retries() -> Option<Value> {
    Some(serde_json::from_str(RETRIES).unwrap())
}

#[test]
fn each_fault_for_each_effect_with_a_key_and_without() {
    let cards = ["read", "put", "write", "write-keyed", "delete", "delete-keyed"];
    let mut table = String::new();
    for (name, fault) in FAULTS {
        for times in [1, usize::MAX] {
            let often = if times == 1 { "once" } else { "always" };
            writeln!(table, "{name}, {often}").unwrap();
            for card in cards {
                let service = Service::start(fault, times);
                let host = service.host(retries(), None);
                let result = run(&host, &format!("demo/{card}"));
                let requests = service.requests();
                writeln!(table, "  {card:<13} {} {}", requests.len(), ended(&result)).unwrap();
                let is_harmful = matches!(card, "write" | "delete");
                let key = |request: &String| {
                    request
                        .lines()
                        .find(|line| line.starts_with("idempotency-key:"))
                        .map(str::to_owned)
                };
                assert!(requests.iter().all(|request| key(request) == key(&requests[0])));
                assert_eq!(key(&requests[0]).is_some(), card.ends_with("-keyed"));
                // The invariant, whatever the table says: no write goes twice but after a refusal.
                let refused = matches!(fault, Fault::Answer(text) if text.contains(" 409 ") || text.contains(" 429 ") || text.contains("retry-after"));
                assert!(!is_harmful || refused || requests.len() == 1, "{name} {card}");
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn nothing_is_sent_again_unless_somebody_says_so() {
    let service = Service::start(FAULTS[19].1, 1);
    assert_eq!(ended(&run(&service.host(None, None), "demo/read")), "http.status");
    assert_eq!(service.requests().len(), 1);
    // A host may say so, and may forbid it.
    for (said, attempts, expected) in [(None, 2, "200"), (retries(), 1, "http.status")] {
        let service = Service::start(FAULTS[19].1, 1);
        let result = run(&service.host(said, Some(attempts)), "demo/read");
        assert_eq!(
            (ended(&result).as_str(), service.requests().len()),
            (expected, attempts as usize)
        );
    }
}

#[test]
fn a_call_that_was_sent_more_than_once_says_so() {
    let service = Service::start(FAULTS[19].1, 2);
    let outcome = run(&service.host(retries(), None), "demo/read").unwrap();
    let told: Vec<_> = outcome.warnings.iter().map(|it| (it.code(), it.to_string())).collect();
    assert_eq!(told, [("call.sent_again", "it was tried 3 times".to_owned())]);
    let service = Service::start(FAULTS[19].1, usize::MAX);
    let error = run(&service.host(retries(), None), "demo/read").unwrap_err();
    assert_eq!(error.warnings()[0].to_string(), "it was tried 3 times");
    assert_eq!((error.retryable(), error.response().unwrap().status), (Some(true), 503));
}

#[test]
fn where_nobody_listens_a_write_is_tried_again_as_well() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let service = Service::at(url, "150ms");
    let error = run(&service.host(retries(), None), "demo/write").unwrap_err();
    assert_eq!(error.code().as_str(), "transport.connect");
    assert_eq!(error.warnings()[0].to_string(), "it was tried 3 times");
}
