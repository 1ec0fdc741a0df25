//! Tokens of the scheme `jwt`, read by `jose`, which made the keys.

use std::io::Write as _;
use std::process::Stdio;

use cardhost::clock::FixedClock;
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
