//! A token that the service refuses before its end is renewed once, and the call repeated once.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::service::{Service, json_reply};
use super::{Life, add, cards, host, kept, put, refused, run, stored, tokens, whoami};
use crate::store::{Place, on_both};
use crate::support::{Answer, Message};

on_both!(
    a_refused_token_is_renewed_and_the_call_repeated,
    refused_again_it_is_an_error_and_not_renewed_again,
    tasks_that_are_refused_with_the_same_token_make_one_renewal,
    what_another_host_has_renewed_meanwhile_is_used,
    other_refusals_are_not_repeated,
);

/// Gives tokens `access-1`, `access-2`, … and refuses every one that `takes` does not take, with `status`.
fn service(status: &'static str, takes: impl Fn(&str) -> bool + Send + Sync + 'static) -> Service {
    let given = AtomicUsize::new(0);
    Service::start(move |asked: &Message| -> Answer {
        if asked.target() == "/token" {
            let n = given.fetch_add(1, Ordering::Relaxed) + 1;
            let tokens = json!({
                "access_token": format!("access-{n}"), "refresh_token": format!("refresh-{n}"), "expires_in": 3600,
            });
            return json_reply("200 OK", &tokens);
        }
        match takes(asked.header("authorization")[0].strip_prefix("Bearer ").unwrap()) {
            true => json_reply("200 OK", &json!({ "sub": "alice" })),
            false => json_reply(status, &json!({ "error": "no such token" })),
        }
    })
}

fn method(service: &Service) -> Value {
    json!({
        "scheme": "oauth2", "grant": "authorization_code", "clientId": "app",
        "authorizationUrl": format!("{}/auth", service.url()), "tokenUrl": format!("{}/token", service.url()),
    })
}

/// The bearer tokens that the API was called with.
fn bearers(service: &Service) -> Vec<String> {
    let calls = service.asked().into_iter().filter(|asked| asked.target() != "/token");
    calls.map(|asked| asked.header("authorization")[0].to_owned()).collect()
}

async fn a_refused_token_is_renewed_and_the_call_repeated(place: Place) {
    // A POST as well as a GET: 401 says that it was not acted on.
    for (card, line) in [("whoami", "GET /api/whoami"), ("act", "POST /api/act")] {
        let store = place.tenant().await;
        store.remove(super::CONNECTOR, super::CONNECTION).await.unwrap();
        let id = add(&store, &json!({})).await;
        let now = store.now().await.unwrap();
        put(&store, &id, tokens("old", Some("refresh-0"), Life::Fresh, now)).await;
        let service = service("401 Unauthorized", |token| token == "access-1");
        let host = host(cards(service.url(), &method(&service)), &store, 30).build();
        assert_eq!(run(&host, card).await.unwrap().status, 200);
        assert_eq!(service.lines(), [line, "POST /token", line]);
        assert_eq!(bearers(&service), ["Bearer old", "Bearer access-1"]);
        let asked = &service.asked()[1].body;
        assert_eq!(asked, "grant_type=refresh_token&refresh_token=refresh-0&client_id=app");
        let stored = stored(&store, &id).await;
        assert_eq!(stored.access.expose(), "access-1");
        assert_eq!(stored.refresh.unwrap().expose(), "refresh-1");
        // The new one is at hand.
        assert_eq!(run(&host, card).await.unwrap().status, 200);
        assert_eq!(service.lines().len(), 4);
    }
}

async fn refused_again_it_is_an_error_and_not_renewed_again(place: Place) {
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let now = store.now().await.unwrap();
    put(&store, &id, tokens("old", Some("refresh-0"), Life::Fresh, now)).await;
    let service = service("401 Unauthorized", |_| false);
    let host = host(cards(service.url(), &method(&service)), &store, 30).build();
    let error = refused(run(&host, "act").await, "auth.refused");
    assert_eq!((error.response().unwrap().status, error.retryable()), (401, Some(false)));
    assert_eq!(service.lines(), ["POST /api/act", "POST /token", "POST /api/act"]);
    // What was got is kept. It has never worked and is new: a third one would be refused as well.
    assert_eq!(stored(&store, &id).await.access.expose(), "access-1");
    refused(run(&host, "act").await, "auth.refused");
    assert_eq!(bearers(&service), ["Bearer old", "Bearer access-1", "Bearer access-1"]);
}

async fn tasks_that_are_refused_with_the_same_token_make_one_renewal(place: Place) {
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let now = store.now().await.unwrap();
    put(&store, &id, tokens("old", Some("refresh-0"), Life::Fresh, now)).await;
    let service = service("401 Unauthorized", |token| token == "access-1");
    // Two hosts, as two processes are.
    let hosts = [(); 2].map(|()| host(cards(service.url(), &method(&service)), &store, 30).build());
    // Each knows the stored token before the first refusal.
    let told = join_all((0..8).map(|index| whoami(&hosts[index % 2]))).await;
    assert_eq!(told, ["alice"; 8]);
    let lines = service.lines();
    assert_eq!(lines.iter().filter(|line| *line == "POST /token").count(), 1, "{lines:?}");
    assert_eq!(bearers(&service).iter().filter(|bearer| *bearer == "Bearer access-1").count(), 8);
}

async fn what_another_host_has_renewed_meanwhile_is_used(place: Place) {
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let now = store.now().await.unwrap();
    put(&store, &id, tokens("old", Some("refresh-0"), Life::Fresh, now)).await;
    let ended = std::sync::Arc::new(AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&ended);
    let service = service("401 Unauthorized", move |token| {
        token == if seen.load(Ordering::Relaxed) == 0 { "old" } else { "theirs" }
    });
    let host = host(cards(service.url(), &method(&service)), &store, 30).build();
    assert_eq!(whoami(&host).await, "alice");
    put(&store, &id, tokens("theirs", Some("refresh-9"), Life::Fresh, now)).await;
    ended.store(1, Ordering::Relaxed);
    let before = kept(&store, &id).await;
    assert_eq!(whoami(&host).await, "alice");
    assert_eq!(bearers(&service), ["Bearer old", "Bearer old", "Bearer theirs"]);
    assert_eq!(service.lines().len(), 3, "nobody was asked for a token");
    assert_eq!(kept(&store, &id).await, before);
}

async fn other_refusals_are_not_repeated(place: Place) {
    let store = place.tenant().await;
    let id = add(&store, &json!({})).await;
    let now = store.now().await.unwrap();
    for status in ["403 Forbidden", "500 Internal Server Error", "302 Found"] {
        put(&store, &id, tokens("old", Some("refresh-0"), Life::Fresh, now)).await;
        let service = service(status, |_| false);
        let host = host(cards(service.url(), &method(&service)), &store, 30).build();
        run(&host, "act").await.map(|outcome| outcome.status).unwrap_err();
        assert_eq!(service.lines(), ["POST /api/act"], "{status}");
    }
    // Unless the connector says so.
    let service = service("403 Forbidden", |token| token == "access-1");
    let mut method = method(&service);
    method["renewOn"] = json!([403]);
    let host = host(cards(service.url(), &method), &store, 30).build();
    assert_eq!(run(&host, "act").await.unwrap().status, 200);
    assert_eq!(service.lines(), ["POST /api/act", "POST /token", "POST /api/act"]);
}
