//! Cards, flows that run flows, and requests of a flow itself.

use std::sync::{Arc, Mutex};

use cardhost::flow::{Flow, FlowRunner, MemoryFlows, MemorySecrets, News, VirtualTimer, Watcher};
use cardhost::transport::EgressPolicy;
use cardhost::{Class, Policy};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use super::shop::{Asked, SECRET, Shop, call, flow, load, ok, run, status};
use crate::support::{Answer, Message, RawServer, cardhost, reply};

#[test]
fn cards_follow_each_other_and_pass_data_on() {
    let shop = Shop::echo();
    let flow = flow(&format!(
        "do:\n  - a: {}\n  - b: {}\n  - c: {{ set: {{ last: '${{ .Response.Body.path }}', status: '${{ .Response.Status }}' }} }}\n",
        call("get", "${ .first }"),
        call("put", "${ .Response.Body.path | ltrimstr(\"/\") + \"-2\" }"),
    ));
    let output = run(FlowRunner::new(shop.host()).run(&flow, json!({ "first": "x" }))).unwrap();
    assert_eq!(output, json!({ "last": "/x-2", "status": 200 }));
    assert_eq!(shop.paths(), ["/x", "/x-2"]);
}

#[test]
fn the_branches_of_a_fork_run_at_the_same_time() {
    // No one is answered before all three have asked.
    let barrier = Arc::new(Barrier::new(3));
    let shop = Shop::new(move |_, asked| {
        let barrier = Arc::clone(&barrier);
        Box::pin(async move {
            barrier.wait().await;
            Ok(ok(json!(asked.path)))
        })
    });
    let branches: String = ["a", "b", "c"]
        .iter()
        .map(|id| format!("          - {id}: {}\n", call("get", id)))
        .collect();
    let flow = flow(&format!(
        "do:\n  - all:\n      fork:\n        branches:\n{branches}      output: {{ as: 'map(.Response.Body)' }}\n"
    ));
    let output = run(FlowRunner::new(shop.host()).run(&flow, json!({}))).unwrap();
    assert_eq!(output, json!(["/a", "/b", "/c"]));
}

#[test]
fn the_loser_of_a_race_is_given_up() {
    struct Noticed(Arc<Mutex<Vec<&'static str>>>);
    impl Drop for Noticed {
        fn drop(&mut self) {
            self.0.lock().unwrap().push("dropped");
        }
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noticed = Arc::clone(&seen);
    let shop = Shop::new(move |_, asked| {
        let noticed = Noticed(Arc::clone(&noticed));
        Box::pin(async move {
            if asked.path == "/slow" {
                std::future::pending::<()>().await;
            }
            std::mem::forget(noticed);
            Ok(ok(json!(asked.path)))
        })
    });
    let flow = flow(&format!(
        "do:\n  - race:\n      fork:\n        compete: true\n        branches:\n          - a: {}\n          - b: {}\n",
        call("get", "slow"),
        call("get", "fast"),
    ));
    let output = run(FlowRunner::new(shop.host()).run(&flow, json!({}))).unwrap();
    assert_eq!(output["Response"]["Body"], "/fast");
    assert_eq!(*seen.lock().unwrap(), ["dropped"]);
}

#[test]
fn every_attempt_has_the_same_idempotency_key_and_every_turn_its_own() {
    let shop =
        Shop::at_once(|n, _| if n % 2 == 0 { status(503, json!({})) } else { ok(json!({})) });
    let tasks = |card: &str| {
        format!(
            "do:\n  - each:\n      for: {{ in: '[1, 2]' }}\n      do:\n        - t:\n            try: [ {{ go: {} }} ]\n            \
             catch: {{ retry: {{ delay: PT1S, limit: {{ attempt: {{ count: 2 }} }} }} }}\n",
            call(card, "x")
        )
    };
    let runner = FlowRunner::new(shop.host()).timer(VirtualTimer::starting_at(0));
    run(async {
        runner.run(&flow(&tasks("pay")), json!({})).await.unwrap();
        runner.run(&flow(&tasks("note")), json!({})).await.unwrap();
    });
    let keys = |asked: &[Asked]| -> Vec<String> {
        asked
            .iter()
            .map(|asked| {
                asked.key.clone().unwrap_or_else(|| asked.body["key"].as_str().unwrap().to_owned())
            })
            .collect()
    };
    let asked = shop.asked();
    assert_eq!(asked.len(), 8);
    for keys in asked.chunks(4).map(keys) {
        assert_eq!((&keys[0], &keys[2]), (&keys[1], &keys[3]));
        assert_ne!(keys[0], keys[2]);
        assert_eq!(keys[0].len(), 36, "{keys:?}");
    }
    assert_ne!(keys(&asked)[0], keys(&asked)[4]);
}

#[test]
fn a_flow_runs_flows() {
    let shop = Shop::echo();
    let inner = format!(
        "document: {{ dsl: '1.0.3', namespace: shop, name: inner, version: VERSION }}\ndo:\n  - get: {}\n",
        call("get", "${ .id }")
    );
    let flows = || {
        let one = inner.replace("VERSION", "1.2.0");
        let other = inner.replace("VERSION", "1.10.0").replace("${ .id }", "${ .id + \"-new\" }");
        MemoryFlows::new().with("a.yaml", &one).unwrap().with("b.yaml", &other).unwrap()
    };
    let runs = |version: &str, more: &str| {
        flow(&format!(
            "do:\n  - go: {{ run: {{ workflow: {{ namespace: shop, name: inner, version: '{version}', input: {{ id: '${{ .id }}' }} }}{more} }} }}\n"
        ))
    };
    let runner = FlowRunner::new(shop.host()).flows(flows());
    let go = |flow| run(runner.run(&flow, json!({ "id": "x" })));
    assert_eq!(go(runs("1.2.0", "")).unwrap()["Response"]["Body"]["path"], "/x");
    assert_eq!(go(runs("latest", "")).unwrap()["Response"]["Body"]["path"], "/x-new");
    // Nobody waits for it, but it comes to its end.
    assert_eq!(go(runs("1.2.0", ", await: false")).unwrap(), json!({ "id": "x" }));
    assert_eq!(shop.paths(), ["/x", "/x-new", "/x"]);
    let error = go(runs("9.9.9", "")).unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.message().as_str()),
        ("flow.unknown", "there is no flow `shop/inner:9.9.9`")
    );
}

/// Keeps what is told as JSON.
#[derive(Clone, Default)]
pub struct Lines(pub Arc<Mutex<Vec<Value>>>);

impl Watcher for Lines {
    fn tell(&self, news: &News) {
        self.0.lock().unwrap().push(news.to_json());
    }
}

#[test]
fn what_happens_is_told_with_requests_and_replies() {
    let shop = Shop::at_once(|n, _| match n {
        0 => status(503, json!({})),
        _ => ok(json!({ "echo": SECRET })),
    });
    let flow = flow(&format!(
        "do:\n  - t:\n      try: [ {{ go: {} }} ]\n      catch: {{ retry: {{ delay: PT2S, limit: {{ attempt: {{ count: 1 }} }} }} }}\n",
        call("order", "x")
    ));
    let lines = Lines::default();
    let runner =
        FlowRunner::new(shop.host()).timer(VirtualTimer::starting_at(0)).watcher(lines.clone());
    // Without a journal, the flow has what the service gave.
    let output = run(runner.run(&flow, json!({}))).unwrap();
    assert_eq!(output["Response"]["Body"]["echo"], SECRET);
    let lines = lines.0.lock().unwrap();
    assert_eq!((&lines[0]["event"], &lines[0]["step"]), (&json!("began"), &json!("")));
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["step"]), (&json!("ended"), &json!("")));
    let lines = &lines[1..lines.len() - 1];
    let told: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{} {} {}",
                line["at"].as_str().unwrap(),
                line["step"].as_str().unwrap(),
                line["event"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "1970-01-01T00:00:00.000Z /do/0/t started",
            "1970-01-01T00:00:00.000Z /do/0/t/try/0/go started",
            "1970-01-01T00:00:00.000Z /do/0/t/try/0/go sending",
            "1970-01-01T00:00:00.000Z /do/0/t/try/0/go failed",
            "1970-01-01T00:00:00.000Z /do/0/t retrying",
            "1970-01-01T00:00:02.000Z /do/0/t/try#2/0/go started",
            "1970-01-01T00:00:02.000Z /do/0/t/try#2/0/go sending",
            "1970-01-01T00:00:02.000Z /do/0/t/try#2/0/go completed",
            "1970-01-01T00:00:02.000Z /do/0/t completed",
        ]
    );
    assert_eq!(lines[2]["call"], "shop/order");
    assert_eq!(lines[2]["effect"], "write");
    assert_eq!(lines[2]["request"]["url"], "https://shop.example/v1/x");
    assert_eq!(lines[2]["request"]["headers"]["authorization"], "Bearer [redacted]");
    assert_eq!(
        (&lines[3]["error"]["status"], &lines[3]["error"]["code"]),
        (&json!(503), &json!("http.status"))
    );
    assert_eq!(lines[4]["until"], "1970-01-01T00:00:02.000Z");
    assert_eq!(lines[7]["output"]["Response"]["Body"]["echo"], "[redacted]");
    assert_eq!(lines[8]["ms"], 2_000);
}

#[test]
fn a_card_that_is_not_there_or_has_another_version_is_an_error_that_can_be_caught() {
    let shop = Shop::echo();
    let go = |tasks: &str| run(FlowRunner::new(shop.host()).run(&flow(tasks), json!({})));
    let code = |tasks: &str| go(tasks).unwrap_err().code().as_str().to_owned();
    assert_eq!(code("do: [ { a: { call: gte@shop } } ]\n"), "card.unknown");
    assert_eq!(code("do: [ { a: { call: get@shpo } } ]\n"), "connector.unknown");
    assert_eq!(code("do: [ { a: { call: 'get:2.0.0@shop' } } ]\n"), "card.unknown");
    assert_eq!(code("do: [ { a: { call: get@shop } } ]\n"), "input.required");
    assert_eq!(
        code(
            "do: [ { a: { call: get@shop, with: { connection: nobody, input: { Order: { ID: x } } } } } ]\n"
        ),
        "connection.unknown"
    );
    assert_eq!(
        go("do: [ { a: { try: [ { b: { call: gte@shop } } ], catch: { do: [ { c: { set: { caught: '${ $error.code }' } } } ] } } } ]\n").unwrap(),
        json!({ "caught": "card.unknown" })
    );
    assert!(shop.asked().is_empty());
}

/// A flow with one request of its own.
fn http_flow(arguments: &str) -> cardhost::flow::Flow {
    load(&http_text(arguments))
}

fn http_text(arguments: &str) -> String {
    format!(
        "document: {{ dsl: '1.0.3', namespace: x, name: y, version: 1.0.0 }}\nuse: {{ secrets: [ login ] }}\ndo:\n  - ask:\n      call: http\n      with: {arguments}\n"
    )
}

fn secrets() -> MemorySecrets {
    MemorySecrets::new().with("login", json!({ "username": "sa", "password": SECRET }))
}

#[test]
fn a_flow_sends_requests_of_its_own_where_the_egress_policy_lets_it() {
    let server = RawServer::start(|_, _| {
        Answer::Bytes(reply("200 OK", "application/json", b"{\"n\": 1.10}"))
    });
    let arguments = format!(
        "{{ method: post, endpoint: {{ uri: '{}/a/{{id}}', authentication: {{ basic: {{ use: login }} }} }}, query: {{ q: 'x y' }}, headers: {{ x-a: b }}, body: {{ k: '${{ .id }}' }} }}",
        server.url
    );
    let go = |private: bool, arguments: &str| {
        let policy = Policy {
            egress: EgressPolicy { private, ..EgressPolicy::default() },
            ..Policy::default()
        };
        let host = cardhost::Host::builder().policy(policy).build();
        let runner = FlowRunner::new(host).secrets(secrets());
        run(runner.run(&http_flow(arguments), json!({ "id": 7 })))
    };
    let refused = go(false, &arguments).unwrap_err();
    assert_eq!((refused.class(), refused.code().as_str()), (Class::Policy, "egress.address"));
    assert!(server.requests().is_empty());
    assert_eq!(go(true, &arguments).unwrap().to_string(), "{\"n\":1.10}");
    let arrived = Message::parse(&server.requests()[0]);
    assert_eq!((arrived.method(), arrived.target()), ("POST", "/a/7?q=x+y"));
    assert_eq!(arrived.header("authorization"), ["Basic c2E6Y2FuYXJ5LXNob3AtNWVjcmV0"]);
    assert_eq!(arrived.header("content-type"), ["application/json"]);
    assert_eq!((arrived.header("x-a"), arrived.body.as_str()), (vec!["b"], "{\"k\":7}"));
    // Nothing listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = go(true, &format!("{{ method: get, endpoint: 'http://{gone}/' }}")).unwrap_err();
    assert_eq!(error.class(), Class::Transport);
    for (arguments, said) in [
        ("{ method: get, endpoint: 'ftp://example.com/' }", "neither the scheme http nor https"),
        ("{ method: get, endpoint: 'https://a:b@example.com/' }", "holds credentials"),
        ("{ method: 'G T', endpoint: 'https://example.com/' }", "`G T` is not a method"),
        (
            "{ method: get, endpoint: 'https://example.com/', headers: { host: x } }",
            "made by the host itself",
        ),
    ] {
        let error = go(true, arguments).unwrap_err();
        assert!(error.message().contains(said), "{}", error.message());
    }
}

/// Runs one request of a flow itself against a loopback server.
fn ask(url: &str, authentication: &str) -> Result<String, cardhost::Error> {
    ask_where(true, url, authentication)
}

fn ask_where(private: bool, url: &str, authentication: &str) -> Result<String, cardhost::Error> {
    let policy =
        Policy { egress: EgressPolicy { private, ..EgressPolicy::default() }, ..Policy::default() };
    let runner = FlowRunner::new(cardhost::Host::builder().policy(policy).build());
    let arguments = format!(
        "{{ method: get, endpoint: {{ uri: '{url}/a', authentication: {authentication} }} }}"
    );
    run(runner.secrets(secrets()).run(&http_flow(&arguments), json!({}))).map(|it| it.to_string())
}

#[test]
fn a_request_of_a_flow_takes_no_user_that_a_card_does_not_take() {
    let server = RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "application/json", b"1")));
    for (authentication, said) in [
        ("{ basic: { username: 'a:b', password: c } }", "the user name holds a colon"),
        (
            "{ basic: { username: a, password: \"b\\nc\" } }",
            "the password holds a control character",
        ),
        ("{ bearer: { token: \"b\\nc\" } }", "a character that no header can carry"),
    ] {
        let error = ask(&server.url, authentication).unwrap_err();
        assert_eq!(error.code().as_str(), "auth.value", "{}", error.message());
        assert!(error.message().contains(said), "{}", error.message());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("flow.yaml");
        let with = format!(
            "{{ method: get, endpoint: {{ uri: 'https://a.example', authentication: {authentication} }} }}"
        );
        std::fs::write(&file, http_text(&with)).unwrap();
        let ran = cardhost(&["flow", "check", file.to_str().unwrap()], "");
        assert_eq!(ran.code, 3, "{ran:?}");
        let shown = format!("{} {}", ran.stdout, ran.stderr);
        assert!(shown.contains("auth.value") && shown.contains(said), "{ran:?}");
    }
    assert!(server.requests().is_empty());
    assert_eq!(ask(&server.url, "{ basic: { username: a, password: '' } }").unwrap(), "1");
    let arrived = Message::parse(&server.requests()[0]);
    assert_eq!(arrived.header("authorization"), ["Basic YTo="]);
}

#[test]
fn a_request_of_a_flow_gets_its_token_as_a_card_does_and_renews_it_once() {
    let server = RawServer::start(|index, request| {
        let request = Message::parse(&String::from_utf8_lossy(request));
        if request.target() == "/oauth2/token" {
            let token = format!(
                "{{\"access_token\": \"t{index}\", \"token_type\": \"Bearer\", \"expires_in\": 3600}}"
            );
            return Answer::Bytes(reply("200 OK", "application/json", token.as_bytes()));
        }
        let status = if request.header("authorization") == ["Bearer t0"] {
            "401 Unauthorized"
        } else {
            "200 OK"
        };
        Answer::Bytes(reply(status, "application/json", b"1"))
    });
    let authentication = format!(
        "{{ oauth2: {{ authority: '{}', grant: client_credentials, client: {{ id: me, secret: hush }}, scopes: [ a, b ], audiences: [ c ] }} }}",
        server.url
    );
    // The egress policy holds for where tokens are got as well.
    let refused = ask_where(false, "https://example.com", &authentication).unwrap_err();
    assert_eq!((refused.class(), server.requests().len()), (Class::Policy, 0));
    assert_eq!(ask(&server.url, &authentication).unwrap(), "1");
    let requests = server.requests();
    let seen: Vec<_> = requests.iter().map(|request| Message::parse(request)).collect();
    let lines: Vec<_> = seen.iter().map(|seen| (seen.method(), seen.target())).collect();
    let (asked, got) = (("POST", "/oauth2/token"), ("GET", "/a"));
    assert_eq!(lines, [asked, got, asked, got]);
    assert_eq!(
        seen[0].body,
        "grant_type=client_credentials&scope=a%20b&audience=c&client_id=me&client_secret=hush"
    );
    assert_eq!(seen[3].header("authorization"), ["Bearer t2"]);
    let by_header =
        authentication.replace("secret: hush", "secret: hush, authentication: client_secret_basic");
    ask(&server.url, &by_header).unwrap();
    let asked = Message::parse(&server.requests()[4]);
    assert_eq!(asked.header("authorization"), ["Basic bWU6aHVzaA=="]);
}

/// Keeps what is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Watcher for Told {
    fn tell(&self, news: &News) {
        self.0.lock().unwrap().push(news.to_json().to_string());
    }
}

#[test]
fn a_token_is_kept_for_the_next_request_and_told_to_nobody() {
    const TOKEN: &str = "canary-token-5ecret";
    let server = RawServer::start(|index, _| {
        let (status, body) = match index {
            0 => ("200 OK", format!("{{\"access_token\": \"{TOKEN}\", \"expires_in\": 3600}}")),
            1 => ("200 OK", format!("{{\"echo\": \"{TOKEN}\"}}")),
            _ => ("500 Internal Server Error", format!("{TOKEN} {SECRET}")),
        };
        Answer::Bytes(reply(status, "application/json", body.as_bytes()))
    });
    let told = Told::default();
    let policy = Policy {
        egress: EgressPolicy { private: true, ..EgressPolicy::default() },
        ..Policy::default()
    };
    let runner = FlowRunner::new(cardhost::Host::builder().policy(policy).build());
    let login = json!({
        "authority": server.url, "grant": "client_credentials",
        "client": { "id": "me", "secret": SECRET },
    });
    let runner = runner.secrets(MemorySecrets::new().with("login", login)).watcher(told.clone());
    let url = &server.url;
    let flow = http_flow(&format!(
        "{{ method: get, endpoint: {{ uri: '{url}/a', authentication: {{ oauth2: {{ use: login }} }} }} }}"
    ));
    // What a flow gives is the caller's, whatever it is.
    assert_eq!(run(runner.run(&flow, json!({}))).unwrap(), json!({ "echo": TOKEN }));
    let error = run(runner.run(&flow, json!({}))).unwrap_err();
    assert_eq!(error.code().as_str(), "http.transient");
    let requests = server.requests();
    let seen: Vec<_> = requests.iter().map(|request| Message::parse(request)).collect();
    let lines: Vec<_> = seen.iter().map(|seen| seen.target()).collect();
    assert_eq!(lines, ["/oauth2/token", "/a", "/a"]);
    assert_eq!(seen[2].header("authorization"), [format!("Bearer {TOKEN}")]);
    let shown = [format!("{error:?} {error}"), told.0.lock().unwrap().join("\n")].join("\n");
    assert!(shown.contains("\"sending\""), "{shown}");
    for secret in [TOKEN, SECRET] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn what_a_run_does_not_carry_out_is_refused_by_the_check_with_the_same_code_and_words() {
    let client = json!({ "id": "me", "secret": "hush" });
    let grant = |grant: &str, client: Value| json!({ "authority": "https://a.example", "grant": grant, "client": client });
    let ours = "client_credentials";
    for (scheme, settings, place) in [
        ("basic", json!({ "username": "a" }), "basic"),
        ("digest", json!({ "password": "a" }), "digest"),
        ("bearer", json!({}), "bearer"),
        ("oauth2", json!({ "grant": ours, "client": client }), "oauth2"),
        ("oauth2", json!({ "authority": "https://a.example", "client": client }), "oauth2"),
        ("oauth2", grant(ours, json!({ "secret": "hush" })), "oauth2/client"),
        ("oauth2", grant(ours, json!({ "id": "me" })), "oauth2/client"),
        ("oauth2", grant("authorization_code", client.clone()), "oauth2/grant"),
        (
            "oauth2",
            grant(ours, json!({ "id": "me", "authentication": "private_key_jwt" })),
            "oauth2/client/authentication",
        ),
        ("oauth2", grant(ours, json!({ "id": "me", "assertion": "x" })), "oauth2/client/assertion"),
        ("oidc", grant("authorization_code", client.clone()), "oidc/grant"),
    ] {
        let flow = |settings: &Value| {
            http_text(&format!(
                "{{ method: get, endpoint: {{ uri: 'https://a.example', authentication: {{ {scheme}: {settings} }} }} }}"
            ))
        };
        let findings = Flow::load("flow.yaml", &flow(&settings)).unwrap_err();
        let [found] = &findings[..] else { panic!("{findings:?}") };
        let under = "/do/0/ask/with/endpoint/authentication";
        assert_eq!(found.place.pointer, format!("{under}/{place}"));
        // Where nothing is known before.
        let flow = Flow::load("flow.yaml", &flow(&json!({ "use": "login" }))).unwrap();
        let runner = FlowRunner::new(cardhost::Host::builder().build());
        let runner = runner.secrets(MemorySecrets::new().with("login", settings));
        let error = run(runner.run(&flow, json!({}))).unwrap_err();
        assert_eq!(error.code(), &found.code, "{}", error.message());
        // Texts of a secret are masked wherever they are shown.
        let said = found.message();
        let said = said.replace("authorization_code", "[redacted]");
        let said = said.replace("private_key_jwt", "[redacted]");
        assert!(error.message().starts_with(&said), "{} {said}", error.message());
    }
}

#[test]
fn a_request_of_a_flow_answers_a_digest_challenge_once() {
    let server = RawServer::start(|index, _| {
        let challenge = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        match index {
            1 => Answer::Bytes(reply("200 OK", "application/json", b"1")),
            _ => Answer::Bytes(challenge.as_bytes().to_vec()),
        }
    });
    let authentication = "{ digest: { username: a, password: b } }";
    assert_eq!(ask(&server.url, authentication).unwrap(), "1");
    let answer = Message::parse(&server.requests()[1]);
    assert!(answer.header("authorization")[0].starts_with("Digest username=\"a\", realm=\"r\""));
    // Refused for good: no third try.
    let error = ask(&server.url, authentication).unwrap_err();
    assert_eq!((error.code().as_str(), server.requests().len()), ("auth.refused", 4));
}

#[test]
fn a_request_of_a_flow_says_whether_it_may_be_sent_again() {
    let silent = RawServer::start(|_, _| Answer::Reset(Vec::new()));
    let broken = RawServer::start(|_, _| {
        Answer::Reset(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1".to_vec())
    });
    // Nothing listens there any more.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone = format!("http://{gone}");
    let again = |private: bool, method: &str, headers: &str, url: &str| {
        let policy = Policy {
            egress: EgressPolicy { private, ..EgressPolicy::default() },
            ..Policy::default()
        };
        let runner = FlowRunner::new(cardhost::Host::builder().policy(policy).build());
        let flow = flow(&format!(
            "do: [ {{ t: {{ try: [ {{ ask: {{ call: http, with: {{ method: {method}, endpoint: {{ uri: '{url}/a' }}, headers: {{ {headers} }} }} }} }} ], catch: {{ do: [ {{ c: {{ set: {{ again: '${{ $error.retryable }}' }} }} }} ] }} }} }} ]\n"
        ));
        run(runner.run(&flow, json!({}))).unwrap()["again"].as_bool()
    };
    let key = "Idempotency-Key: k";
    for url in [&silent.url, &broken.url] {
        assert_eq!(again(true, "get", "", url), Some(true), "{url}");
        assert_eq!(again(true, "delete", "", url), Some(true), "{url}");
        assert_eq!(again(true, "post", "", url), Some(false), "{url}");
        assert_eq!(again(true, "post", key, url), Some(true), "{url}");
    }
    // Certainly not sent.
    assert_eq!(again(true, "post", "", &gone), Some(true));
    // Refused here: it fares no better another time.
    assert_eq!(again(false, "get", "", &silent.url), None);
}

#[test]
fn a_secret_that_is_not_there_is_an_error_that_a_flow_can_catch() {
    let shop = Shop::echo();
    let uses = "{ method: get, endpoint: { uri: 'https://example.com/', authentication: { bearer: { use: login } } } }";
    let error = run(FlowRunner::new(shop.host()).run(&http_flow(uses), json!({}))).unwrap_err();
    assert_eq!(error.code().as_str(), "connection.unknown");
    assert_eq!(error.message(), "there is no secret `login`");
    assert!(shop.asked().is_empty());
    // One that nothing asks for is not missed.
    let unused = http_flow("{ method: get, endpoint: 'https://example.com/' }");
    run(FlowRunner::new(shop.host()).run(&unused, json!({}))).unwrap();
}

#[test]
fn a_card_gives_all_of_its_pages_or_so_many_records() {
    let pages = json!({ "items": "<<response.body>>", "next": { "query.page": { "add": 1 } } });
    let host = crate::pages::host(&pages, json!({}), |request| {
        let page = request.url.query_pairs().find(|(name, _)| name == "page");
        let page: usize = page.map_or(0, |(_, page)| page.parse().unwrap());
        let ids = 3 * page..7.min(3 * page + 3);
        (vec![], json!(ids.map(|id| json!({ "id": id })).collect::<Vec<_>>()).to_string())
    });
    for (asked, expected) in [
        ("", json!([[0, 1, 2], 1])),
        (", with: { pages: { all: true } }", json!([[0, 1, 2, 3, 4, 5, 6], 4])),
        (", with: { pages: { limit: '${ .most }' } }", json!([[0, 1, 2, 3], 2])),
    ] {
        let text = format!(
            "do:\n  - list: {{ call: 'list@demo'{asked}, output: {{ as: '[.List.IDs, .pages.pages]' }} }}\n"
        );
        let output =
            run(FlowRunner::new(host.clone()).run(&flow(&text), json!({ "most": 4 }))).unwrap();
        assert_eq!(output, expected, "{asked}");
    }
}
