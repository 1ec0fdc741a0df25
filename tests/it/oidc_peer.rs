//! The OAuth 2 server of `tests/peers/oidc.mjs` does what other tests rely on.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};
use url::Url;

use crate::oidc::{browse, control, grant_events, parameter, post_form, send, whoami};
use crate::peers::{self, Server, Shared};

const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-0";
const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

/// For the tests that do not hold or break the token endpoint.
fn oidc() -> Option<Arc<Server>> {
    static OIDC: Shared = Shared::new();
    OIDC.get(|| peers::oidc(None))
}

fn authorization_url(server: &Server, client_id: &str, more: &[(&str, &str)]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, VERIFIER.as_bytes());
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest);
    let mut url = Url::parse(&format!("{}/auth", server.base_url)).unwrap();
    url.query_pairs_mut()
        .extend_pairs([
            ("client_id", client_id),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT_URI),
            ("scope", "openid offline_access api:read"),
            ("state", "the-state"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ])
        .extend_pairs(more);
    url.into()
}

fn redeem(server: &Server, code: &str, verifier: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "public-app"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", verifier),
    ];
    post_form(server, "/token", "", &form)
}

fn refresh(server: &Server, refresh_token: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "public-app"),
        ("refresh_token", refresh_token),
    ];
    post_form(server, "/token", "", &form)
}

fn mint(server: &Server) -> Value {
    control(server, "mint", Some(&json!({ "client_id": "public-app" })))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}"))
}

#[test]
fn a_code_is_worth_tokens_only_with_its_verifier() {
    let Some(server) = oidc() else { return };
    let arrived = browse(&server, &authorization_url(&server, "public-app", &[]));
    assert!(arrived.as_str().starts_with(REDIRECT_URI), "{arrived}");
    assert_eq!(parameter(&arrived, "state").unwrap(), "the-state");
    assert_eq!(parameter(&arrived, "iss").unwrap(), server.base_url);
    let (status, tokens) = redeem(&server, &parameter(&arrived, "code").unwrap(), VERIFIER);
    assert_eq!((status, &tokens["expires_in"]), (200, &json!(3600)), "{tokens}");
    text(&tokens, "refresh_token");
    let me = whoami(&server, text(&tokens, "access_token"));
    let me: Value = serde_json::from_str(&me.body).unwrap();
    // Without `prompt=consent` there is no offline_access (OpenID Connect Core, section 11), but a refresh token all the same.
    let scope = "openid api:read";
    assert_eq!(me, json!({ "sub": "alice", "client_id": "public-app", "scope": scope }));

    let again =
        browse(&server, &authorization_url(&server, "public-app", &[("login_hint", "bob")]));
    let wrong = VERIFIER.replace('a', "b");
    let (status, error) = redeem(&server, &parameter(&again, "code").unwrap(), &wrong);
    assert_eq!((status, text(&error, "error")), (400, "invalid_grant"));
}

#[test]
fn a_login_without_pkce_and_a_refused_one_come_back_with_errors() {
    let Some(server) = oidc() else { return };
    let denied =
        browse(&server, &authorization_url(&server, "confidential", &[("login_hint", "deny")]));
    assert_eq!(parameter(&denied, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&denied, "state").unwrap(), "the-state");
    let url = authorization_url(&server, "confidential", &[]);
    let (plain, _) = url.split_once("&code_challenge=").unwrap();
    let refused = browse(&server, plain);
    assert_eq!(parameter(&refused, "error").unwrap(), "invalid_request");
}

#[test]
fn a_refresh_rotates_and_the_old_token_revokes_the_whole_grant() {
    let Some(server) = oidc() else { return };
    let first = mint(&server);
    let (status, second) = refresh(&server, text(&first, "refresh_token"));
    assert_eq!(status, 200, "{second}");
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_eq!(whoami(&server, text(&second, "access_token")).status(), 200);
    let grant_id = text(&first, "grant_id");
    assert!(!grant_events(&server, grant_id).contains(&"grant.revoked".to_owned()));

    let (status, error) = refresh(&server, text(&first, "refresh_token"));
    assert_eq!((status, text(&error, "error")), (400, "invalid_grant"));
    assert!(grant_events(&server, grant_id).contains(&"grant.revoked".to_owned()));
    assert_eq!(refresh(&server, text(&second, "refresh_token")).0, 400);
    let refused = whoami(&server, text(&second, "access_token"));
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.header("www-authenticate"), ["Bearer error=\"invalid_token\""]);
}

#[test]
fn of_many_refreshes_with_one_token_exactly_one_succeeds() {
    let Some(server) = oidc() else { return };
    let tokens = mint(&server);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let asked: Vec<_> = (0..64)
            .map(|_| scope.spawn(|| refresh(&server, text(&tokens, "refresh_token")).0))
            .collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(grant_events(&server, text(&tokens, "grant_id")).contains(&"grant.revoked".to_owned()));
}

#[test]
fn clients_prove_themselves_in_the_header_and_in_the_form() {
    let Some(server) = oidc() else { return };
    let form = [("grant_type", "client_credentials"), ("scope", "api:read")];
    for (id, secret, expected) in [
        ("confidential", "oidc-client-secret-canary", 200),
        ("confidential%3Aodd", "oidc+odd%3Asecret%2Bcanary+100%25%26%3D", 200),
        ("confidential", "wrong", 401),
        // Right, but in the wrong place.
        ("confidential-post", "oidc-post-secret-canary", 401),
    ] {
        let credentials = BASE64_STANDARD.encode(format!("{id}:{secret}"));
        let header = format!("authorization: Basic {credentials}\r\n");
        let (status, reply) = post_form(&server, "/token", &header, &form);
        assert_eq!(status, expected, "{id}: {reply}");
        assert_eq!(reply["refresh_token"], Value::Null);
    }
    let secret = [("client_id", "confidential-post"), ("client_secret", "oidc-post-secret-canary")];
    let (status, reply) = post_form(&server, "/token", "", &[form, secret].concat());
    assert_eq!(status, 200, "{reply}");
    assert_eq!(whoami(&server, text(&reply, "access_token")).status(), 200);
}

#[test]
fn signed_assertions_authenticate_clients_and_are_grants_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let rng = ring::rand::SystemRandom::new();
    let algorithm = &ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = ring::signature::EcdsaKeyPair::generate_pkcs8(algorithm, &rng).unwrap();
    let pair = ring::signature::EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &rng).unwrap();
    let point = ring::signature::KeyPair::public_key(&pair).as_ref();
    let [x, y] = [&point[1..33], &point[33..]].map(|half| BASE64_URL_SAFE_NO_PAD.encode(half));
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "of-the-test" });
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, json!({ "keys": [jwk] }).to_string()).unwrap();
    let Some(server) = peers::oidc(Some(&file)) else { return };

    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let sign = |issuer: &str, subject: &str, audience: &str, id: &str| {
        let head = json!({ "alg": "ES256", "kid": "of-the-test" });
        let claims = json!({
            "iss": issuer, "sub": subject, "aud": audience, "jti": id, "iat": now, "exp": now + 60,
        });
        let parts = [head, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = parts.join(".");
        let signature = pair.sign(&rng, signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    };
    let endpoint = format!("{}/token", server.base_url);
    let authenticate = |assertion: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        post_form(&server, "/token", "", &form).0
    };
    let assertion = sign("jwt-client-es", "jwt-client-es", &endpoint, "1");
    assert_eq!(authenticate(&assertion), 200);
    assert_eq!(authenticate(&assertion), 401, "the same one again");
    assert_eq!(authenticate(&sign("jwt-client-es", "jwt-client-es", "http://other", "2")), 401);

    let grant = |assertion: &str| {
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion),
        ];
        post_form(&server, "/token", "", &form)
    };
    let (status, tokens) = grant(&sign("service-account", "robot", &endpoint, "3"));
    assert_eq!(status, 200, "{tokens}");
    let me: Value =
        serde_json::from_str(&whoami(&server, text(&tokens, "access_token")).body).unwrap();
    assert_eq!(text(&me, "sub"), "robot");
    assert_eq!(grant(&sign("service-account", "robot", "http://other", "4")).0, 400);
}

#[test]
fn a_device_waits_until_somebody_approves_or_refuses() {
    let Some(server) = oidc() else { return };
    for (deny, expected) in [(false, Value::Null), (true, json!("access_denied"))] {
        let ask = [("client_id", "public-app"), ("scope", "openid api:read")];
        let (status, device) = post_form(&server, "/device/auth", "", &ask);
        assert_eq!((status, &device["interval"]), (200, &json!(1)), "{device}");
        let poll = || {
            let form = [
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("client_id", "public-app"),
                ("device_code", text(&device, "device_code")),
            ];
            post_form(&server, "/token", "", &form)
        };
        let (status, reply) = poll();
        assert_eq!((status, text(&reply, "error")), (400, "authorization_pending"));
        let answer = json!({ "user_code": device["user_code"], "deny": deny });
        control(&server, "device", Some(&answer));
        let (_, reply) = poll();
        assert_eq!(reply["error"], expected);
        assert_eq!(reply["refresh_token"].is_string(), !deny, "{reply}");
    }
}

#[test]
fn a_revoked_or_expired_access_token_is_refused_by_the_api() {
    let Some(server) = peers::oidc(None) else { return };
    let tokens = mint(&server);
    let form = [("client_id", "public-app"), ("token", text(&tokens, "access_token"))];
    assert_eq!(post_form(&server, "/token/revocation", "", &form).0, 200);
    assert_eq!(whoami(&server, text(&tokens, "access_token")).status(), 401);
    // This server takes the rest of the grant's tokens with it (RFC 7009, section 2.1, allows that).
    assert_eq!(refresh(&server, text(&tokens, "refresh_token")).0, 400);

    let tokens = mint(&server);
    assert_eq!(whoami(&server, text(&tokens, "access_token")).status(), 200);
    control(&server, "expire-access-tokens", Some(&json!({})));
    assert_eq!(whoami(&server, text(&tokens, "access_token")).status(), 401);
    assert_eq!(control(&server, "api-calls", None)["count"], 3);
    control(&server, "access-ttl", Some(&json!({ "seconds": 2 })));
    assert_eq!(mint(&server)["expires_in"], 2);
    let (_, tokens) = refresh(&server, text(&tokens, "refresh_token"));
    assert_eq!(tokens["expires_in"], 2);
}

#[test]
fn held_requests_wait_before_or_after_the_provider_until_they_are_released() {
    let Some(server) = peers::oidc(None) else { return };
    for (handle, consumed_while_held) in [("hold-token-endpoint", false), ("hold-after", true)] {
        let tokens = mint(&server);
        control(&server, handle, Some(&json!({})));
        thread::scope(|scope| {
            let asked = scope.spawn(|| refresh(&server, text(&tokens, "refresh_token")).0);
            wait_for_held(&server, 1);
            let events = grant_events(&server, text(&tokens, "grant_id"));
            let consumed = events.contains(&"refresh_token.consumed".to_owned());
            assert_eq!(consumed, consumed_while_held, "{handle}: {events:?}");
            assert!(!asked.is_finished());
            assert_eq!(control(&server, "release", Some(&json!({})))["released"], 1);
            assert_eq!(asked.join().unwrap(), 200);
        });
    }
    let told = control(&server, "events", None);
    let requests = told["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request["grant_type"], "refresh_token");
        assert_eq!(
            (&request["client_id"], &request["status"]),
            (&json!("public-app"), &json!(200))
        );
    }
}

fn wait_for_held(server: &Server, count: u64) {
    for _ in 0..200 {
        if control(server, "held", None)["held"] == count {
            return;
        }
        thread::sleep(Duration::from_millis(25));
    }
    panic!("no {count} token requests were held: {}", server.log());
}

#[test]
fn the_token_endpoint_breaks_as_it_is_told() {
    let Some(server) = peers::oidc(None) else { return };
    let tokens = mint(&server);
    let form = format!(
        "grant_type=refresh_token&client_id=public-app&refresh_token={}",
        text(&tokens, "refresh_token")
    );
    let ask = || {
        let headers = "content-type: application/x-www-form-urlencoded\r\n";
        send(&server, "POST", "/token", headers, &form)
    };
    for (kind, status, body) in [
        ("html", 200, "<!DOCTYPE html>"),
        ("500", 500, "Internal Server Error"),
        ("503", 503, "Service Unavailable"),
        ("invalid_grant", 400, "{\"error\":\"invalid_grant\""),
        ("slow_down", 400, "{\"error\":\"slow_down\""),
        ("truncate", 200, "{\"access_token\":\"trunc"),
    ] {
        control(&server, "fault", Some(&json!({ "kind": kind })));
        let reply = ask();
        assert_eq!(reply.status(), status, "{kind}");
        assert!(reply.body.starts_with(body), "{kind}: {}", reply.body);
        if kind == "truncate" {
            assert_eq!(reply.header("content-length"), ["1000"]);
        }
    }
    // The provider rotates and only the reply is lost: asking again with the old token costs the grant.
    control(&server, "fault", Some(&json!({ "kind": "503", "after": true })));
    assert_eq!(ask().status(), 503);
    assert_eq!(ask().status(), 400);
    let events = grant_events(&server, text(&tokens, "grant_id"));
    assert!(events.contains(&"grant.revoked".to_owned()), "{events:?}");
}
