//! Tokens of the scheme `jwt`, read by `jose`, which made the keys: on requests, and on the login of a GitHub App.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::clock::{Clock, FixedClock};
use cardhost::transport::{BoxFuture, MemoryTransport, Reply};
use cardhost::{Host, Invocation};
use serde_json::{Value, json};

use crate::peers;
use crate::schemes::{NOW, block_on, demo};
use crate::support::{Answer, RawServer, reply};

/// What the script says.
fn jose(arguments: &[&str], input: &Value) -> Option<Value> {
    let mut command = peers::jose()?;
    let mut child = command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is there where the peer is");
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "jose.mjs failed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The token that arrives.
fn token(algorithm: &str, key: &str) -> String {
    let server = RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "application/json", b"{}")));
    let auth = json!({
        "scheme": "jwt", "algorithm": algorithm, "key": "<<connection.Key>>", "keyId": "key-1", "lifetime": "10m",
        "claims": { "iss": "<<connection.App>>", "aud": ["one", "two"], "path": "<<signing.path>>" },
        "headers": { "nonce": "<<signing.nonce>>" },
    });
    let host =
        Host::builder().cards(demo(&server.url, &auth, &json!({}))).clock(FixedClock(NOW)).build();
    let invocation = json!({ "connection": { "fields": { "Key": key, "App": "4711" } } });
    let invocation = Invocation::from_value(invocation).unwrap();
    block_on(host.run(Some("demo/act"), invocation)).unwrap();
    let request = server.requests().concat();
    let header = request.lines().find_map(|line| line.strip_prefix("authorization: Bearer "));
    header.unwrap().to_owned()
}

#[test]
fn jose_reads_what_is_signed() {
    let Some(keys) = jose(&["keys"], &json!(null)) else { return };
    let mut tokens = Vec::new();
    for (algorithm, pair) in keys.as_object().unwrap() {
        let token = token(algorithm, pair["private"].as_str().unwrap());
        let good =
            json!({ "token": token, "public": pair["public"], "algorithm": algorithm, "now": NOW });
        let mut late = good.clone();
        late["now"] = json!(NOW + 600);
        tokens.extend([good, late]);
    }
    let shared = json!({ "kty": "oct", "k": "c2hhcmVkLXNlY3JldC1vZi1hdC1sZWFzdC0zMi1ieXRlcw" });
    let token = token("HS256", "shared-secret-of-at-least-32-bytes");
    tokens.push(json!({ "token": token, "public": shared, "algorithm": "HS256", "now": NOW }));
    let read = jose(&["verify"], &json!(tokens)).unwrap();
    for (read, asked) in read.as_array().unwrap().iter().zip(&tokens) {
        if asked["now"] != json!(NOW) {
            assert_eq!(read["error"], "ERR_JWT_EXPIRED");
            continue;
        }
        let claims = &read["claims"];
        assert_eq!(claims["iss"], "4711", "{asked}: {read}");
        assert_eq!(claims["aud"], json!(["one", "two"]));
        assert_eq!(claims["path"], "/things");
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(NOW - 10), &json!(NOW + 590)));
        assert_eq!(read["header"]["kid"], "key-1");
        assert_eq!(read["header"]["nonce"].as_str().unwrap().len(), 32);
    }
    assert_eq!(read.as_array().unwrap().len(), tokens.len());
}

/// A time that a test sets.
#[derive(Clone)]
struct Set(Arc<AtomicI64>);

impl Clock for Set {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// The shipped connector as an app: what it signs is judged by jose, what it buys is kept until it is over.
#[test]
fn a_github_app_buys_its_token_with_one_that_it_signs() {
    let Some(keys) = jose(&["keys"], &json!(null)) else { return };
    let pair = &keys["RS256"];
    let file = |name: &str| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/cards/github");
        std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()
    };
    let cards = MemorySource::new()
        .with("github/connector", file("connector"))
        .with("github/custom-api-action", file("custom-api-action"));
    let (clock, seen) = (Set(Arc::new(AtomicI64::new(NOW))), Arc::<Mutex<Vec<String>>>::default());
    let (service_clock, noted) = (clock.clone(), Arc::clone(&seen));
    let service = MemoryTransport::new(move |request| {
        let proof = request.headers["authorization"].to_str().unwrap().to_owned();
        let mut noted = noted.lock().unwrap();
        noted.push(format!("{} {} {proof}", request.method, request.url.path()));
        let path = request.url.path();
        let (status, body) = if path == "/app/installations/77/access_tokens" {
            let bought = noted.iter().filter(|line| line.contains("access_tokens")).count();
            let until = jiff::Timestamp::from_second(service_clock.unix_seconds() + 3600).unwrap();
            (
                201,
                json!({ "token": format!("ghs_made-up-{bought}"), "expires_at": until.to_string() }),
            )
        } else {
            (200, json!({ "total_count": 0 }))
        };
        Ok(Reply::new(status, http::HeaderMap::new(), body.to_string()))
    });
    let host = Host::builder().cards(cards).transport(service).clock(clock.clone()).build();
    let run = || {
        let invocation = json!({
            "connection": { "fields": { "App ID": "4711", "Private Key": pair["private"], "Installation ID": 77 } },
            "options": { "Request Type": "GET" }, "input": { "Request": { "Relative URL": "/installation/repositories" } },
        });
        let invocation = Invocation::from_value(invocation).unwrap();
        block_on(host.run(Some("github/custom-api-action"), invocation)).unwrap().status
    };
    let mut times = Vec::new();
    for later in [0, 3000, 3600] {
        clock.0.store(NOW + later, Ordering::Relaxed);
        assert_eq!(run(), 200);
        times.push(NOW + later);
    }
    let seen = seen.lock().unwrap();
    let proofs: Vec<&str> = seen
        .iter()
        .filter_map(|line| line.strip_prefix("POST /app/installations/77/access_tokens Bearer "))
        .collect();
    let rest: Vec<&str> =
        seen.iter().filter(|line| line.starts_with("GET")).map(String::as_str).collect();
    let asked = |number: u32| format!("GET /installation/repositories Bearer ghs_made-up-{number}");
    assert_eq!(rest, [asked(1), asked(1), asked(2)]);
    let tokens = [(proofs[0], times[0]), (proofs[1], times[2])];
    let tokens = tokens.map(|(token, now)| {
        json!({ "token": token, "public": pair["public"], "algorithm": "RS256", "now": now })
    });
    assert_eq!(proofs.len(), tokens.len());
    let read = jose(&["verify"], &json!(tokens)).unwrap();
    for (read, asked) in read.as_array().unwrap().iter().zip(&tokens) {
        let (claims, now) = (&read["claims"], asked["now"].as_i64().unwrap());
        assert_eq!(claims["iss"], "4711", "{read}");
        // GitHub takes none of the future, and none of more than ten minutes.
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now - 10), &json!(now + 530)));
    }
}
