//! Session login against a scripted service: where the token comes from, how long it is used, and one more login on 401.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::service::{Service, json_reply};
use super::{
    CONNECTION, CONNECTOR, Life, add, aged, cards, host, kept, put, refused, run, stored, whoami,
};
use crate::store::{Place, on_both};
use crate::support::{Answer, Message};

on_both!(
    a_token_in_a_json_reply_is_used_until_its_end,
    a_cookie_of_a_form_login_is_sent_back,
    a_session_that_is_over_is_begun_anew_once,
    a_login_that_fails_says_why_and_stores_nothing,
);

fn fields() -> Value {
    json!({ "User": "alice", "Password": "canary p&ss=wörd" })
}

/// Logins give `session-1`, `session-2`, …; the API takes those that `takes` takes in the header `x-session`.
fn service(login: Value, takes: impl Fn(&str) -> bool + Send + Sync + 'static) -> Service {
    let logins = AtomicUsize::new(0);
    Service::start(move |asked: &Message| -> Answer {
        if asked.target() == "/login" {
            let n = logins.fetch_add(1, Ordering::Relaxed) + 1;
            let text = login.to_string().replace("{n}", &n.to_string());
            return json_reply("200 OK", &serde_json::from_str(&text).unwrap());
        }
        match takes(asked.header("x-session")[0]) {
            true => json_reply("200 OK", &json!({ "sub": "alice" })),
            false => json_reply("401 Unauthorized", &json!({ "error": "who are you?" })),
        }
    })
}

fn method(url: &str) -> Value {
    json!({
        "scheme": "session",
        "login": {
            "url": format!("{url}/login"), "headers": { "X-App": "cards" },
            "json": { "user": "<<connection.User>>", "password": "<<connection.Password>>" },
        },
        "tokenFrom": "<<response.body.session.token>>", "expiresIn": "<<response.body.session.seconds>>",
        "token": { "in": "header", "name": "X-Session" },
    })
}

async fn a_token_in_a_json_reply_is_used_until_its_end(place: Place) {
    let store = place.tenant().await;
    let id = add(&store, &fields()).await;
    let service =
        service(json!({ "session": { "token": "session-{n}", "seconds": "1800" } }), |_| true);
    let cards = cards(service.url(), &method(service.url()));
    let before = store.now().await.unwrap();
    let first = host(cards.clone(), &store, 30).build();
    for _ in 0..2 {
        assert_eq!(whoami(&first).await, "alice");
    }
    assert_eq!(service.lines(), ["POST /login", "GET /api/whoami", "GET /api/whoami"]);
    let login = &service.asked()[0];
    assert_eq!(login.header("content-type"), ["application/json"]);
    assert_eq!(login.header("x-app"), ["cards"]);
    assert_eq!(login.body, json!({ "user": "alice", "password": "canary p&ss=wörd" }).to_string());
    assert_eq!(service.asked()[2].header("x-session"), ["session-1"]);
    let tokens = stored(&store, &id).await;
    let ends = tokens.expires_at.unwrap() - before;
    assert!((1800..1860).contains(&ends), "{ends}");

    // Another host uses the stored one, and logs in when it is over.
    let second = host(cards.clone(), &store, 30).build();
    assert_eq!(whoami(&second).await, "alice");
    assert_eq!(service.lines().len(), 4);
    let now = store.now().await.unwrap();
    put(&store, &id, aged(tokens, Life::Over, now)).await;
    let third = host(cards, &store, 30).build();
    assert_eq!(whoami(&third).await, "alice");
    assert_eq!(service.lines()[4..], ["POST /login", "GET /api/whoami"]);
    assert_eq!(service.asked()[5].header("x-session"), ["session-2"]);
}

async fn a_cookie_of_a_form_login_is_sent_back(place: Place) {
    let store = place.tenant().await;
    let id = add(&store, &fields()).await;
    let service = Service::start(|asked: &Message| match asked.target() {
        // As pages do: a redirect, and more than one cookie.
        "/login" => Answer::Bytes(
            b"HTTP/1.1 302 Found\r\nlocation: /home\r\nset-cookie: theme=dark; Path=/\r\n\
              set-cookie: SID=s3ss%2Bion==; Path=/; HttpOnly; SameSite=Lax\r\n\
              content-length: 0\r\nconnection: close\r\n\r\n"
                .to_vec(),
        ),
        _ => json_reply("200 OK", &json!({ "sub": asked.header("cookie").concat() })),
    });
    let method = json!({
        "scheme": "session",
        "login": {
            "url": format!("{}/login", service.url()),
            "form": { "user": "<<connection.User>>", "password": "<<connection.Password>>" },
        },
        "cookie": "SID", "lifetime": "10m", "token": { "in": "cookie", "name": "SID" },
    });
    let host = host(cards(service.url(), &method), &store, 30).build();
    assert_eq!(whoami(&host).await, "SID=s3ss%2Bion==");
    assert_eq!(service.lines(), ["POST /login", "GET /api/whoami"]);
    let login = &service.asked()[0];
    assert_eq!(login.header("content-type"), ["application/x-www-form-urlencoded"]);
    let pairs: Vec<_> = url::form_urlencoded::parse(login.body.as_bytes()).collect();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(pairs, [("user", "alice"), ("password", "canary p&ss=wörd")]);
    let tokens = stored(&store, &id).await;
    let left = tokens.expires_at.unwrap() - store.now().await.unwrap();
    assert!((540..=600).contains(&left), "{left}");
}

async fn a_session_that_is_over_is_begun_anew_once(place: Place) {
    let store = place.tenant().await;
    let id = add(&store, &fields()).await;
    // No end is said: it is found out from the service.
    let login = json!({ "session": { "token": "session-{n}" } });
    let over = service(login.clone(), |token| token != "session-1");
    let first = host(cards(over.url(), &method(over.url())), &store, 30).build();
    assert_eq!(run(&first, "act").await.unwrap().status, 200);
    let both = ["POST /login", "POST /api/act"];
    assert_eq!(over.lines(), [both, both].concat());
    assert_eq!(run(&first, "act").await.unwrap().status, 200);
    assert_eq!(over.lines().len(), 5);

    let now = store.now().await.unwrap();
    put(&store, &id, super::tokens("session-0", None, Life::Fresh, now)).await;
    let never = service(login, |_| false);
    let second = host(cards(never.url(), &method(never.url())), &store, 30).build();
    let error = refused(run(&second, "act").await, "auth.refused");
    assert_eq!(error.message(), "the service answered 401: who are you?");
    assert_eq!(never.lines(), ["POST /api/act", "POST /login", "POST /api/act"]);
    // Another process knows from the store that the new one is as good as it gets.
    let third = host(cards(never.url(), &method(never.url())), &store, 30).build();
    refused(run(&third, "act").await, "auth.refused");
    assert_eq!(never.lines().len(), 4);
}

async fn a_login_that_fails_says_why_and_stores_nothing(place: Place) {
    let store = place.tenant().await;
    let id = add(&store, &fields()).await;
    for (status, body, code, retryable) in [
        ("401 Unauthorized", json!({ "error": "wrong password" }), "auth.grant_refused", false),
        ("403 Forbidden", json!("no"), "auth.grant_refused", false),
        ("302 Found", json!("no"), "auth.grant_refused", false),
        ("503 Service Unavailable", json!("later"), "auth.unavailable", true),
        ("200 OK", json!({ "session": {} }), "auth.token_reply", false),
        ("200 OK", json!({ "session": { "token": "" } }), "auth.token_reply", false),
        ("200 OK", json!({ "session": { "token": [1] } }), "auth.token_reply", false),
        ("200 OK", json!("no"), "auth.token_reply", false),
    ] {
        let answer = body.clone();
        let service = Service::start(move |_| json_reply(status, &answer));
        let host = host(cards(service.url(), &method(service.url())), &store, 30).build();
        let error = refused(run(&host, "whoami").await, code);
        assert_eq!(error.retryable(), Some(retryable), "{status} {body}");
        assert_eq!(service.lines(), ["POST /login"], "{status} {body}");
        assert_eq!(kept(&store, &id).await, None);
        // As a login that is asked for.
        let login = host.begin_login(CONNECTOR, CONNECTION, None, "http://127.0.0.1:9/").await;
        assert_eq!(login.unwrap_err().code().as_str(), code, "{status} {body}");
    }
}
