//! Random values of a recording are those of its replay.

use std::sync::{Arc, Mutex};

use cardhost::Host;
use cardhost::clock::FixedClock;
use cardhost::entropy::SeededEntropy;
use cardhost::testing::{Head, Recorder, Replay, Seed};
use serde_json::json;

use crate::schemes::{block_on, demo, with_fields};
use crate::support::{Answer, RawServer};

#[test]
fn what_is_signed_with_a_nonce_is_signed_the_same_again() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let server = RawServer::start(move |_, request| {
        kept.lock().unwrap().push(String::from_utf8_lossy(request).into_owned());
        let reply = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
        Answer::Bytes(reply.as_bytes().to_vec())
    });
    let auth = json!({
        "scheme": "hmac", "algorithm": "sha256", "key": "<<connection.Key>>",
        "message": "<<signing.nonce>> <<signing.timestamp>>",
        "headers": { "x-nonce": "<<signing.nonce>>", "x-signature": "<<signing.signature>>" },
    });
    let fields = with_fields(&json!({ "Key": "a key for this test" }));
    let base = server.url.clone();
    let cards = || demo(&base, &auth, &json!({}));
    let (now, seed) = (1_767_225_600, Seed([7; 32]));
    let recorder = Recorder::new(Head { recorded_at: now, seed: Some(seed), ..Head::default() });
    let host = Host::builder()
        .cards(cards())
        .clock(FixedClock(now))
        .entropy(SeededEntropy::new(seed.0))
        .observer(recorder.clone())
        .build();
    for _ in 0..2 {
        block_on(host.run(Some("demo/act"), fields.clone())).unwrap();
    }
    let nonces: Vec<String> = seen
        .lock()
        .unwrap()
        .iter()
        .map(|request| request.lines().find(|line| line.starts_with("x-nonce")).unwrap().to_owned())
        .collect();
    assert_ne!(nonces[0], nonces[1]);
    let cassette = recorder.finish().unwrap();
    let replay = Replay::new(cassette);
    let host = replay.host().cards(cards()).build();
    for _ in 0..2 {
        block_on(host.run(Some("demo/act"), fields.clone())).unwrap();
    }
    replay.finish().unwrap();
}
