//! A token endpoint that misbehaves: each time an error that says so, and a stored connection as it was, which works
//! again when the endpoint does.

use cardhost::clock::{Clock, SystemClock};
use cardhost::transport::EgressPolicy;
use cardhost::{Error, Host, Policy};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::grants::{key_of, signing};
use super::service::Service;
use super::{
    Life, add, cards, host, kept, login, public_app, put, refused, requests, run, tokens, told,
    whoami,
};
use crate::oidc::{control, grant_events};
use crate::peers::{self, Server};
use crate::store::{Place, block_on, on_both};
use crate::support::{Answer, reply};

on_both!(
    a_token_endpoint_that_fails_is_an_error_and_changes_nothing,
    a_token_that_is_still_good_is_used_where_the_endpoint_fails,
    a_reply_that_is_lost_after_the_rotation_costs_the_grant_and_that_is_said,
    a_refresh_token_that_is_not_known_any_more_wants_a_login,
);

/// Faults, their codes, and whether it is worth trying again.
const FAULTS: [(&str, &str, bool); 10] = [
    ("html", "auth.token_reply", false),
    ("500", "auth.unavailable", true),
    ("503", "auth.unavailable", true),
    ("hang", "auth.unavailable", true),
    ("truncate", "auth.unavailable", true),
    ("reset", "auth.unavailable", true),
    ("temporarily_unavailable", "auth.unavailable", true),
    ("invalid_client", "auth.grant_refused", false),
    ("invalid_scope", "auth.grant_refused", false),
    ("invalid_grant", "auth.grant_revoked", false),
];

fn fault(server: &Server, kind: &str, after: bool) {
    control(server, "fault", Some(&json!({ "kind": kind, "after": after })));
}

fn assert_said(error: &Error, kind: &str) {
    let words = match kind {
        "html" => "the token reply (status 200) cannot be used: it is no JSON object",
        "500" => "the authorization server is not well: it answered 500",
        "503" => "the authorization server is not well: it answered 503",
        "hang" => "the total limit of 666ms is over",
        "truncate" => "ended early",
        "reset" => "http://127.0.0.1:",
        "invalid_grant" => "the grant is no longer good: it answered 400 `invalid_grant`",
        "invalid_client" => "gives no token: it answered 401 `invalid_client`",
        kind => kind,
    };
    assert!(error.message().contains(words), "{kind}: {error:?}");
    assert_eq!(error.retry_after_s(), (kind == "503").then_some(1), "{kind}");
    assert!(error.hint().is_some(), "{kind}");
}

async fn a_token_endpoint_that_fails_is_an_error_and_changes_nothing(place: Place) {
    const CALLS: usize = 4;
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let cards = cards(&server.base_url, &public_app(&server.base_url));
    for (kind, code, retryable) in FAULTS {
        let grant = login(&server, &store, &id, Life::Over).await;
        let before = kept(&store, &id).await;
        let asked = requests(&server).len();
        // The shortest lease: a token request gets two thirds of a second.
        let host = host(cards.clone(), &store, 1).build();
        fault(&server, kind, false);
        let ran = join_all((0..CALLS).map(|_| run(&host, "whoami"))).await;
        for ran in ran {
            let error = refused(ran, code);
            assert_eq!(error.retryable(), Some(retryable), "{kind}");
            assert_said(&error, kind);
        }
        // One has asked for all of them: otherwise the second would have succeeded.
        assert_eq!(requests(&server).len(), asked + 1, "{kind}");
        assert_eq!(kept(&store, &id).await, before, "{kind}");
        assert_eq!(whoami(&host).await, "alice", "{kind}");
        assert!(!grant_events(&server, &grant).contains(&"grant.revoked".to_owned()), "{kind}");
    }
}

async fn a_token_that_is_still_good_is_used_where_the_endpoint_fails(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let cards = cards(&server.base_url, &public_app(&server.base_url));
    for (kind, code, retryable) in FAULTS {
        login(&server, &store, &id, Life::Due).await;
        let before = kept(&store, &id).await;
        let asked = requests(&server).len();
        let host = host(cards.clone(), &store, 1).build();
        fault(&server, kind, false);
        // What will not pass is said while there is still time to log in.
        let expected = if retryable { "alice" } else { code };
        assert_eq!(whoami(&host).await, expected, "{kind}");
        assert_eq!(requests(&server).len(), asked + 1, "{kind}");
        assert_eq!(kept(&store, &id).await, before, "{kind}");
        assert_eq!(whoami(&host).await, "alice", "{kind}");
        assert_eq!(requests(&server).len(), asked + 2, "{kind}");
        assert_ne!(kept(&store, &id).await, before, "{kind}");
    }
}

async fn a_reply_that_is_lost_after_the_rotation_costs_the_grant_and_that_is_said(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let cards = cards(&server.base_url, &public_app(&server.base_url));
    for kind in ["truncate", "reset", "500"] {
        let grant = login(&server, &store, &id, Life::Over).await;
        let before = kept(&store, &id).await;
        let host = host(cards.clone(), &store, 30).build();
        fault(&server, kind, true);
        refused(run(&host, "whoami").await, "auth.unavailable");
        let error = refused(run(&host, "whoami").await, "auth.grant_revoked");
        assert!(error.hint().unwrap().starts_with("log in again"), "{error:?}");
        assert_eq!(kept(&store, &id).await, before);
        assert!(grant_events(&server, &grant).contains(&"grant.revoked".to_owned()));
    }
}

async fn a_refresh_token_that_is_not_known_any_more_wants_a_login(place: Place) {
    let Some(server) = peers::oidc(None) else { return };
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let now = store.now().await.unwrap();
    put(&store, &id, tokens("over", Some("expired"), Life::Over, now)).await;
    let before = kept(&store, &id).await;
    let host = host(cards(&server.base_url, &public_app(&server.base_url)), &store, 30).build();
    refused(run(&host, "whoami").await, "auth.grant_revoked");
    assert_eq!(requests(&server), ["refresh_token invalid_grant"]);
    assert_eq!(kept(&store, &id).await, before);
    // Without a refresh token there is nothing to ask with.
    put(&store, &id, tokens("over", None, Life::Over, now)).await;
    refused(run(&host, "whoami").await, "auth.login_required");
    assert_eq!(requests(&server).len(), 1);
}

/// This machine's clock, so many seconds ahead.
struct Ahead(i64);

impl Clock for Ahead {
    fn unix_seconds(&self) -> i64 {
        SystemClock.unix_seconds() + self.0
    }
}

/// A run with a signing client on a machine whose clock is wrong; the store's is right. `asked` gives the tokens.
async fn skewed(server: &Server, asked: &str, client: &str, ahead: i64) -> Result<String, Error> {
    let place = Place::file();
    let store = place.tenant().await;
    add(&store, &key_of("RS256")(server)).await;
    let cards = cards(&server.base_url, &signing("RS256", client)(asked));
    let host = host(cards, &store, 30).clock(Ahead(ahead)).build();
    let ran = run(&host, "whoami").await;
    let said = told(&ran);
    ran.map(|_| said)
}

#[test]
fn a_clock_that_is_wrong_is_named_where_an_assertion_is_refused() {
    let Some(server) = peers::oidc(None) else { return };
    // Strict about the future, which the real server is not.
    let strict = Service::start(|_| {
        let now = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let body = r#"{"error":"invalid_client","error_description":"issued in the future"}"#;
        let head = format!("HTTP/1.1 401 Unauthorized\r\ndate: {now}\r\nconnection: close\r\n");
        let length = body.len();
        Answer::Bytes(format!("{head}content-length: {length}\r\n\r\n{body}").into_bytes())
    });
    for (asked, client, ahead, code, direction) in [
        (&*server.base_url, "jwt-client", -600, "auth.grant_refused", "behind"),
        (&*server.base_url, "service-account", -600, "auth.grant_revoked", "behind"),
        (strict.url(), "jwt-client", 600, "auth.grant_refused", "ahead of"),
    ] {
        let error = block_on(skewed(&server, asked, client, ahead)).unwrap_err();
        assert_eq!(error.code().as_str(), code, "{error:?}");
        let hint = error.hint().unwrap();
        let seconds: i64 = hint
            .strip_prefix("this machine's clock is ")
            .and_then(|rest| rest.split(' ').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{hint}"));
        assert!((595..=605).contains(&seconds), "{hint}");
        assert!(hint.contains(&format!(" s {direction} the server's")), "{hint}");
    }
    // A little, and what the real server lets pass.
    for (client, ahead, sub) in [
        ("jwt-client", -30, "jwt-client"),
        ("jwt-client", 600, "jwt-client"),
        ("service-account", 600, "robot"),
    ] {
        assert_eq!(block_on(skewed(&server, &server.base_url, client, ahead)).unwrap(), sub);
    }
}

#[test]
fn a_token_url_that_a_value_leads_to_this_machine_is_not_asked() {
    let Some(server) = peers::oidc(None) else { return };
    let place = Place::file();
    block_on(async {
        let store = place.tenant().await;
        let fields = json!({ "Token URL": server.base_url, "Refresh Token": "r" });
        let id = add(&store, &fields).await;
        let method = json!({
            "scheme": "oauth2", "grant": "refresh_token", "clientId": "public-app",
            "tokenUrl": "<<connection.Token URL>>/token", "refreshToken": "<<connection.Refresh Token>>",
        });
        let cards = cards(&server.base_url, &method);
        for private in [false, true] {
            let egress = EgressPolicy { private, ..EgressPolicy::default() };
            let policy = Policy { egress, ..Policy::default() };
            let host =
                Host::builder().cards(cards.clone()).store(store.clone()).policy(policy).build();
            let code = if private { "auth.grant_revoked" } else { "egress.address" };
            let error = refused(run(&host, "whoami").await, code);
            assert_eq!(error.retryable(), Some(false), "{error:?}");
            assert_eq!(requests(&server).len(), usize::from(private));
            let login =
                host.begin_login(super::CONNECTOR, super::CONNECTION, None, "http://127.0.0.1:9/");
            assert_eq!(login.await.unwrap_err().code().as_str(), code);
            assert_eq!(kept(&store, &id).await, None);
        }
    });
}

#[test]
fn an_endpoint_that_sends_without_end_or_nothing_is_an_error() {
    let place = Place::file();
    block_on(async {
        let store = place.tenant().await;
        add(&store, &json!({ "Client ID": "app" })).await;
        for (body, code) in [
            (Value::from("x".repeat(2 * 1024 * 1024)).to_string(), "auth.token_reply"),
            (String::new(), "auth.token_reply"),
            ("null".to_owned(), "auth.token_reply"),
            (r#"{"access_token":""}"#.to_owned(), "auth.token_reply"),
            (r#"{"access_token":{"a":1}}"#.to_owned(), "auth.token_reply"),
            // A token that no header can carry.
            (r#"{"access_token":"a\nb"}"#.to_owned(), "auth.value"),
        ] {
            let shown: String = body.chars().take(30).collect();
            let service = Service::start(move |_| {
                Answer::Bytes(reply("200 OK", "application/json", body.as_bytes()))
            });
            let method = json!({
                "scheme": "oauth2", "grant": "client_credentials", "clientId": "<<connection.Client ID>>",
                "tokenUrl": format!("{}/token", service.url()),
            });
            let host = host(cards(service.url(), &method), &store, 30).build();
            refused(run(&host, "whoami").await, code);
            assert_eq!(service.lines(), ["POST /token"], "{shown}");
        }
    });
}
