//! What goes along with a redirect: to another origin nothing, where a card asks for that; on the same one the cookies that were set on
//! the way.

use std::sync::{Arc, Mutex, OnceLock};

use cardhost::catalog::MemorySource;
use cardhost::transport::EgressPolicy;
use cardhost::{Error, Host, Outcome, Policy};
use serde_json::{Value, json};

use crate::schemes::{block_on, with_fields};
use crate::support::{Answer, RawServer};

/// A service that sends whoever asks it elsewhere, or answers below `/there`.
fn service(
    location: impl Fn() -> String + Send + Sync + 'static,
) -> (RawServer, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&seen);
    let server = RawServer::start(move |_, request| {
        let request = String::from_utf8_lossy(request).into_owned();
        let is_there = request.split(' ').nth(1).is_some_and(|path| path.starts_with("/there"));
        kept.lock().unwrap().push(request);
        let head = match is_there {
            true => "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".to_owned(),
            false => format!(
                "HTTP/1.1 302 Found\r\nset-cookie: sid=abc; Path=/\r\nlocation: {}\r\n",
                location()
            ),
        };
        let body = if is_there { r#"{"ok":true}"# } else { "" };
        let length = body.len();
        Answer::Bytes(
            format!("{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
                .into_bytes(),
        )
    });
    (server, seen)
}

fn host(base: &str, redirects: &str, effect: &str, private: bool) -> Host {
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": { "Token": { "type": "secret" } } },
        "auth": { "all": { "scheme": "all", "of": [
            { "scheme": "bearer", "token": "<<connection.Token>>" },
            { "scheme": "api_key", "in": "cookie", "name": "key", "value": "<<connection.Token>>" },
        ] } },
        "targets": { "api": { "auth": ["all"], "base": base } },
    });
    let mut card = json!({
        "format": 1, "name": "act", "version": "1.0.0", "title": "Act", "effect": effect, "input": {},
        "request": { "target": "api", "method": "GET", "path": "/here", "headers": { "x-tenant": "a" } },
        "output": { "Reply": { "OK": { "type": "true-false", "value": "<<response.body.ok>>" } } },
    });
    if !redirects.is_empty() {
        card["request"]["redirects"] = redirects.into();
    }
    let cards = MemorySource::new()
        .with("demo/connector", connector.to_string())
        .with("demo/act", card.to_string());
    let policy =
        Policy { egress: EgressPolicy { private, ..EgressPolicy::default() }, ..Policy::default() };
    Host::builder().cards(cards).policy(policy).build()
}

fn run(host: &Host) -> Result<Outcome, Error> {
    let fields: Value = json!({ "Token": "suite-token" });
    block_on(host.run(Some("demo/act"), with_fields(&fields)))
}

#[test]
fn a_read_goes_to_another_origin_with_nothing_of_the_first_where_the_card_says_so() {
    let (storage, there) = service(String::new);
    let signed = format!("{}/there/file?X-Signature=0123456789abcdef#part", storage.url);
    let (api, _) = service(move || signed.clone());
    let outcome = run(&host(&api.url, "without_credentials", "read", true)).unwrap();
    assert_eq!(outcome.output.to_value().unwrap(), json!({ "Reply": { "OK": true } }));
    let there = there.lock().unwrap();
    assert_eq!(there.len(), 1);
    let names: Vec<&str> =
        there[0].lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    assert_eq!(names, ["accept", "accept-encoding", "user-agent", "host"], "{}", there[0]);
    assert!(there[0].starts_with("GET /there/file?X-Signature=0123456789abcdef HTTP/1.1\r\n"));
    // What is as good as a credential is shown to nobody.
    assert_eq!(outcome.redactor.redact("X-Signature=0123456789abcdef"), "X-Signature=[redacted]");
}

#[test]
fn the_egress_policy_holds_there() {
    let (storage, there) = service(String::new);
    let location = format!("{}/there", storage.url);
    let (api, _) = service(move || location.clone());
    let error = run(&host(&api.url, "without_credentials", "read", false)).unwrap_err();
    assert_eq!(error.code().as_str(), "egress.address", "{error:?}");
    assert!(there.lock().unwrap().is_empty());
}

#[test]
fn nothing_else_goes_to_another_origin() {
    let (storage, there) = service(String::new);
    let location = format!("{}/there", storage.url);
    let (api, _) = service(move || location.clone());
    for (redirects, effect) in
        [("", "read"), ("same_origin", "read"), ("without_credentials", "write")]
    {
        let error = run(&host(&api.url, redirects, effect, true)).unwrap_err();
        assert_eq!(error.response().unwrap().status, 302, "{error:?}");
        assert_eq!(error.warnings()[0].code(), "redirect.not_followed");
    }
    assert!(there.lock().unwrap().is_empty());
}

#[test]
fn whoever_sends_back_gets_no_credentials_either() {
    let elsewhere = Arc::<OnceLock<String>>::default();
    let known = Arc::clone(&elsewhere);
    let (api, seen) = service(move || format!("{}/on", known.get().unwrap()));
    let back = format!("{}/there", api.url);
    let (other, _) = service(move || back.clone());
    elsewhere.set(other.url.clone()).unwrap();
    assert_eq!(run(&host(&api.url, "without_credentials", "read", true)).unwrap().status, 200);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].contains("authorization") && seen[0].contains("cookie"), "{}", seen[0]);
    assert!(!seen[1].contains("authorization") && !seen[1].contains("cookie"), "{}", seen[1]);
}

#[test]
fn a_cookie_that_is_set_on_the_way_goes_along_with_the_next_request() {
    let (api, seen) = service(|| "/there?x=1".to_owned());
    assert_eq!(run(&host(&api.url, "", "read", false)).unwrap().status, 200);
    let seen = seen.lock().unwrap();
    let cookies: Vec<&str> = seen
        .iter()
        .map(|request| request.lines().find(|line| line.starts_with("cookie")).unwrap())
        .collect();
    assert_eq!(cookies, ["cookie: key=suite-token", "cookie: key=suite-token; sid=abc"]);
}
