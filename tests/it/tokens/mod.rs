//! Tokens against a real OAuth 2 server, and against scripted ones where a reply has to be exactly so: who renews, how
//! often, and what is left when it goes wrong.
//!
//! ```text
//! storm, killed ─ workers: this binary again, one host each ─▶ one store, one server
//! refused, dropped, grants, session, faults, unsaved ─ one host ─▶ one server
//! quiet ─ all of it with a recorder: no secret in errors and logs
//! ```

mod dropped;
mod faults;
mod grants;
mod killed;
mod others;
mod quiet;
mod refused;
mod service;
mod session;
mod storm;
mod unsaved;
mod worker;

use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::core::secret::Secret;
use cardhost::core::token::{TokenSet, Tokens};
use cardhost::store::TenantStore;
use cardhost::transport::EgressPolicy;
use cardhost::{Error, Host, HostBuilder, Invocation, Outcome, Policy};
use serde_json::{Map, Value, json};

use crate::oidc::control;
use crate::peers::Server;

/// The connector's name, and that of the stored connection.
pub(super) const CONNECTOR: &str = "peer";
pub(super) const CONNECTION: &str = "prod";
/// The auth method.
pub(super) const METHOD: &str = "oauth";

/// A connector with one auth method whose API is at `base`; its cards are `whoami` (GET) and `act` (POST).
pub(super) fn cards(base: &str, method: &Value) -> MemorySource {
    let mut connector = json!({
        "format": 1, "name": CONNECTOR, "version": "1.0.0", "title": "Peer",
        "connection": { "fields": {
            "Client ID": { "type": "text" }, "Client Secret": { "type": "secret" },
            "Key": { "type": "secret" }, "Refresh Token": { "type": "secret" },
            "Token URL": { "type": "text" }, "User": { "type": "text" }, "Password": { "type": "secret" },
        } },
        "auth": { METHOD: method },
        "targets": { "api": { "auth": [METHOD], "base": base } },
        "errors": [{ "status": [401], "code": "auth.refused", "retry": "never", "message": "<<response.body.error>>" }],
    });
    // What the method looks up.
    for label in method["lookUp"]["gives"].as_object().into_iter().flat_map(Map::keys) {
        connector["connection"]["fields"][label] = json!({ "type": "text", "from": "login" });
    }
    let card = |name: &str, verb: &str, effect: &str| {
        json!({
            "format": 1, "name": name, "version": "1.0.0", "title": "Card",
            "request": { "target": "api", "method": verb, "path": format!("/api/{name}") },
            "effect": effect,
            "output": { "Me": { "Sub": { "type": "text", "value": "<<response.body.sub>>" } } },
        })
        .to_string()
    };
    MemorySource::new()
        .with(&format!("{CONNECTOR}/connector"), connector.to_string())
        .with(&format!("{CONNECTOR}/whoami"), card("whoami", "GET", "read"))
        .with(&format!("{CONNECTOR}/act"), card("act", "POST", "write"))
}

/// A method that a person has logged in to, as the client `public-app`.
pub(super) fn public_app(server: &str) -> Value {
    json!({
        "scheme": "oauth2", "grant": "authorization_code", "clientId": "public-app",
        "authorizationUrl": format!("{server}/auth"), "tokenUrl": format!("{server}/token"),
        "revocationUrl": format!("{server}/token/revocation"), "deviceUrl": format!("{server}/device/auth"),
        "scopes": ["openid", "api:read"],
    })
}

/// A host that may reach loopback, with a lease of `lease_s` seconds.
pub(super) fn host(cards: MemorySource, store: &TenantStore, lease_s: u64) -> HostBuilder {
    let policy = Policy {
        egress: EgressPolicy { private: true, ..EgressPolicy::default() },
        token_lease: Duration::from_secs(lease_s),
        ..Policy::default()
    };
    Host::builder().cards(cards).store(store.clone()).policy(policy)
}

/// Runs a card with the stored connection.
pub(super) async fn run(host: &Host, card: &str) -> Result<Outcome, Error> {
    let invocation = Invocation::from_value(json!({ "connection": CONNECTION })).unwrap();
    host.run(Some(&format!("{CONNECTOR}/{card}")), invocation).await
}

/// Who the service says it was; or the error's code.
pub(super) fn told(ran: &Result<Outcome, Error>) -> String {
    match ran {
        Ok(outcome) => {
            let output = outcome.output.to_value().unwrap();
            output["Me"]["Sub"].as_str().unwrap_or_default().to_owned()
        }
        Err(error) => {
            // For a test that did not expect it.
            eprintln!("{error:?}");
            error.code().to_string()
        }
    }
}

/// Runs the card `whoami`; see [`told`].
pub(super) async fn whoami(host: &Host) -> String {
    told(&run(host, "whoami").await)
}

/// The error of a run, which must be one with this code.
pub(super) fn refused(ran: Result<Outcome, Error>, code: &str) -> Error {
    let error = ran.map(|outcome| outcome.status).unwrap_err();
    assert_eq!(error.code().as_str(), code, "{error:?}");
    error
}

/// Adds the connection with these fields; its id.
pub(super) async fn add(store: &TenantStore, fields: &Value) -> String {
    let fields: Map<String, Value> = fields.as_object().unwrap().clone();
    store.add(CONNECTOR, CONNECTION, &fields).await.unwrap()
}

/// How far a token is through its life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Life {
    /// Good for an hour.
    Fresh,
    /// To be renewed, but good for half a minute.
    Due,
    /// Over.
    Over,
}

pub(super) fn tokens(access: &str, refresh: Option<&str>, life: Life, now: i64) -> Tokens {
    let mut tokens = Tokens::new(Secret::from(access), now, Some(3600));
    tokens.refresh = refresh.map(Secret::from);
    aged(tokens, life, now)
}

/// The same tokens at another time of their life.
pub(super) fn aged(tokens: Tokens, life: Life, now: i64) -> Tokens {
    let ends = now
        + match life {
            Life::Fresh => 3600,
            Life::Due => 30,
            Life::Over => -1,
        };
    Tokens { expires_at: Some(ends), renew_at: Some(ends - 60), ..tokens }
}

/// Stores tokens as a login does.
pub(super) async fn put(store: &TenantStore, id: &str, tokens: Tokens) {
    let mut set = TokenSet::default();
    let expires_at = tokens.expires_at;
    set.put(METHOD, tokens);
    store.put_tokens(id, &set.to_bytes(), expires_at).await.unwrap();
}

/// What is stored.
pub(super) async fn stored(store: &TenantStore, id: &str) -> Tokens {
    let found = store.tokens(id).await.unwrap().unwrap();
    TokenSet::from_bytes(&found.bytes).unwrap().get(METHOD).unwrap().clone()
}

/// The stored bytes and their revision: what may not change where nothing new was got.
pub(super) async fn kept(store: &TenantStore, id: &str) -> Option<(Vec<u8>, i64)> {
    let found = store.tokens(id).await.unwrap()?;
    Some((found.bytes.to_vec(), found.revision))
}

/// The tokens of a login that the server knows, and their grant.
pub(super) async fn login(server: &Server, store: &TenantStore, id: &str, life: Life) -> String {
    let minted = control(server, "mint", Some(&json!({ "client_id": "public-app" })));
    let text = |key: &str| minted[key].as_str().unwrap().to_owned();
    let now = store.now().await.unwrap();
    put(store, id, tokens(&text("access_token"), Some(&text("refresh_token")), life, now)).await;
    text("grant_id")
}

/// The token requests so far, oldest first: `refresh_token 200`, or `refresh_token invalid_grant`.
pub(super) fn requests(server: &Server) -> Vec<String> {
    let told = control(server, "events", None);
    let all = told["requests"].as_array().unwrap().iter();
    all.map(|request| {
        let outcome = match &request["error"] {
            Value::String(error) => error.clone(),
            _ => request["status"].to_string(),
        };
        format!("{} {outcome}", request["grant_type"].as_str().unwrap())
    })
    .collect()
}

/// Waits, within bounds, until something is so; the runtime goes on meanwhile.
pub(super) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what}: not within 15 s");
}

/// Waits until so many token requests are held.
pub(super) async fn until_held(server: &Server, count: u64) {
    until("held", async || control(server, "held", None)["held"] == count).await;
}

pub(super) fn release(server: &Server) {
    control(server, "release", Some(&json!({})));
}
