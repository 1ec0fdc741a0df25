//! Cassettes: recorded from real servers, replayed without a network; cases, reports, archives.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use cardhost::cassette::{Cassette, Injection, from_har};
use cardhost::catalog::MemorySource;
use cardhost::core::secret::Redactor;
use cardhost::testing::{Head, Order, Recorder, Replay, ReplayTransport, error_snapshot, snapshot};
use cardhost::transport::{
    BodyEnd, MemoryTransport, Reply, Transport as _, TransportFault, TransportFaultKind, Treatment,
};
use cardhost::{BaseOverride, Code, Error, Host, Invocation, RequestSpec};
use serde_json::{Value, json};

use crate::peers::{self, Server, Shared};
use crate::support::{Answer, RawServer, cardhost, command, path, reply};

const SECRET: &str = "canary-5ecret é";

pub fn httpbin() -> Option<Arc<Server>> {
    static HTTPBIN: Shared = Shared::new();
    HTTPBIN.get(peers::httpbin)
}

/// A connector with a card for each kind of request.
fn cards() -> Vec<(&'static str, String)> {
    let connector = json!({
        "format": 1, "name": "bin", "version": "1.0.0", "title": "Bin",
        "connection": { "fields": { "User": { "type": "text" }, "Secret": { "type": "secret" } } },
        "auth": { "basic": { "scheme": "basic", "username": "<<connection.User>>", "password": "<<connection.Secret>>" } },
        "targets": { "api": { "auth": ["basic"], "base": "https://bin.example" } },
        "errors": [
            { "status": [418], "code": "service.teapot", "retry": "never" },
            { "status": [429], "code": "http.rate_limited", "retry": "after" },
            { "status": [500, 503], "code": "http.transient", "retry": "if_safe" },
        ],
    });
    let card = |name: &str, method: &str, body: Value, error: &str| {
        let mut card = json!({
            "format": 1, "name": name, "version": "1.0.0", "title": name, "effect": "read",
            "input": { "Request": {
                "Path": { "type": "text", "format": "relative-url", "required": true },
                "Data": { "type": "object" },
                "Key": { "type": "text" },
            } },
            "request": {
                "target": "api", "method": method, "path": "<<input.Request.Path>>",
                "headers": { "X-Key": "<<input.Request.Key?>>" },
            },
            "response": { "httpError": error },
            "output": { "Response": {
                "Status": { "type": "number", "value": "<<response.status>>" },
                "Headers": { "type": "object", "value": "<<response.headers>>" },
                "Body": { "type": "any", "value": "<<response.body?>>" },
            } },
        });
        if !body.is_null() {
            card["request"]["body"] = body;
        }
        card.to_string()
    };
    vec![
        ("bin/connector", connector.to_string()),
        ("bin/get", card("get", "GET", Value::Null, "return")),
        ("bin/post", card("post", "POST", json!({ "json": "<<input.Request.Data>>" }), "return")),
        ("bin/form", card("form", "POST", json!({ "form": "<<input.Request.Data>>" }), "return")),
        ("bin/raise", card("raise", "GET", Value::Null, "raise")),
    ]
}

fn source() -> MemorySource {
    cards().into_iter().fold(MemorySource::new(), |source, (name, text)| source.with(name, text))
}

/// The cards as a folder for `--cards`.
pub fn cards_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    for (name, text) in cards() {
        fs::write(folder.path().join(format!("{name}.json")), text).unwrap();
    }
    folder
}

fn invocation(secret: &str, path: &str, data: &Value) -> Value {
    let mut request = json!({ "Path": path });
    if !data.is_null() {
        request["Data"] = data.clone();
    }
    json!({
        "connection": { "fields": { "User": "robot", "Secret": secret } },
        "input": { "Request": request },
    })
}

fn parsed(value: Value) -> Invocation {
    Invocation::from_value(value).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn redactor() -> Redactor {
    let mut redactor = Redactor::new();
    redactor.add(SECRET.into());
    redactor.add_pair("robot".into(), SECRET.into());
    redactor
}

/// What a run prints on stdout, or its error as `--errors json` writes it.
fn printed(result: &Result<cardhost::Outcome, Error>) -> String {
    match result {
        Ok(outcome) => format!("{}\n", serde_json::to_string(&outcome.output).unwrap()),
        Err(error) => format!("{}\n", error.to_json()),
    }
}

#[test]
fn what_was_recorded_from_httpbin_is_replayed_without_it() {
    let Some(server) = httpbin() else { return };
    let folder = cards_folder();
    let cards = folder.path().to_str().unwrap();
    let data = json!({ "a b": "größe & co", "n": 7615917337495251231_u64, "list": ["1", "2"] });
    let credentials = "/basic-auth/robot/canary-5ecret%20%C3%A9";
    let table: [(&str, &str, Value, i32, usize); 13] = [
        ("bin/get", "/get?a=1&b=%20", Value::Null, 0, 1),
        ("bin/get", "/json", Value::Null, 0, 1),
        ("bin/get", "/gzip", Value::Null, 0, 1),
        ("bin/get", "/brotli", Value::Null, 0, 1),
        ("bin/get", "/html", Value::Null, 0, 1),
        ("bin/get", credentials, Value::Null, 0, 1),
        ("bin/get", "/redirect/2", Value::Null, 0, 3),
        ("bin/get", "/cookies/set?session=abcdefgh12345", Value::Null, 0, 2),
        ("bin/get", "/bytes/64?seed=7", Value::Null, 0, 1),
        ("bin/get", "/status/204", Value::Null, 0, 1),
        ("bin/raise", "/status/418", Value::Null, 8, 1),
        ("bin/post", "/anything/post", data.clone(), 0, 1),
        ("bin/form", "/anything/form", data, 0, 1),
    ];
    let table_length = table.len();
    let mut replayed = 0;
    for (card, path, data, code, exchanges) in table {
        let kept = tempfile::tempdir().unwrap();
        let file = kept.path().join("cassette.json");
        let shown = file.to_str().unwrap();
        let base = &server.base_url;
        let args = [
            "record",
            card,
            "--cards",
            cards,
            "--base",
            base,
            "--cassette",
            shown,
            "--errors",
            "json",
        ];
        let ran = cardhost(&args, &invocation(SECRET, path, &data).to_string());
        assert_eq!(ran.code, code, "{path}: {ran:?}");
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("canary") && !text.contains("cm9ib3Q6"), "{path}: {text}");
        let cassette = Cassette::read(shown, &text).unwrap();
        assert_eq!(cassette.exchanges.len(), exchanges, "{path}");
        assert_eq!(cassette.write().unwrap(), text, "{path}");

        // Another secret, and nothing that could connect.
        let replay = Replay::new(cassette);
        let base = BaseOverride::parse(base).unwrap();
        let host = replay.host().cards(source()).base(base).build();
        let path = path.replace("canary-5ecret%20%C3%A9", "stand-in-1");
        let result = block_on(host.run(Some(card), parsed(invocation("stand-in-1", &path, &data))));
        replay.finish().unwrap();
        let expected = match code {
            0 => ran.stdout,
            _ => {
                let errors: Vec<&str> = ran.stderr.lines().collect();
                assert_eq!(errors.len(), 2, "{errors:?}");
                assert!(errors[0].starts_with("recorded "), "{errors:?}");
                format!("{}\n", errors[1])
            }
        };
        let redacted =
            redactor().redact(&expected).replace("session=abcdefgh12345", "session=[redacted]");
        let redacted =
            redacted.replace(r#""session":"abcdefgh12345""#, r#""session":"[redacted]""#);
        assert_eq!(printed(&result), redacted, "{path}");
        replayed += 1;
    }
    assert_eq!(replayed, table_length);
}

#[test]
fn what_was_recorded_from_the_mock_is_replayed_as_a_case() {
    let cases = tempfile::tempdir().unwrap();
    let list = |name: &str, input: Value| (name.to_owned(), json!({ "input": input }).to_string());
    let table = [
        list("mixpanel/list-warehouse-sources", json!({ "Path": { "projectId": 12345 } })),
        (
            "mixpanel/custom-api-action".to_owned(),
            json!({
                "options": { "Request Type": "GET", "Select API": "Query API" },
                "input": { "Request": { "Relative URL": "/app/me" } },
            })
            .to_string(),
        ),
    ];
    for (number, (card, stdin)) in table.iter().enumerate() {
        let case = cases.path().join(number.to_string());
        let run = cardhost(&["run", card, "--mock"], stdin);
        let record = ["record", card, "--mock", "--case", case.to_str().unwrap()];
        let recorded = cardhost(&record, stdin);
        assert_eq!((recorded.code, &recorded.stdout), (0, &run.stdout), "{recorded:?}");
        let golden: Value =
            serde_json::from_slice(&fs::read(case.join("output.json")).unwrap()).unwrap();
        assert_eq!(golden, serde_json::from_str::<Value>(&run.stdout).unwrap());
    }
    let ran = cardhost(&["test", cases.path().to_str().unwrap()], "");
    assert_eq!(
        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
        (0, "2 cases: 2 passed\n", "")
    );
}

/// A card that writes under the caller's key.
fn keyed(folder: &Path, url: &str) -> [String; 3] {
    let cards = folder.join("cards/shop");
    fs::create_dir_all(&cards).unwrap();
    let connector = json!({
        "format": 1, "name": "shop", "version": "1.0.0", "title": "Shop",
        "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "auth": ["none"], "base": "https://shop.example" } },
    });
    let card = json!({
        "format": 1, "name": "order", "version": "1.0.0", "title": "Order", "effect": "write",
        "idempotencyKey": { "header": "idempotency-key" },
        "request": { "target": "api", "method": "POST", "path": "/orders" },
        "output": { "Order": { "Id": { "type": "text", "value": "<<response.body.id>>" } } },
    });
    fs::write(cards.join("connector.json"), connector.to_string()).unwrap();
    fs::write(cards.join("order.json"), card.to_string()).unwrap();
    let cards = folder.join("cards").display().to_string();
    [cards, url.to_owned(), folder.join("case").display().to_string()]
}

#[test]
fn the_key_of_a_write_is_part_of_its_case() {
    let folder = tempfile::tempdir().unwrap();
    let server = RawServer::start(|_, request| {
        assert!(String::from_utf8_lossy(request).contains("idempotency-key: order-7\r\n"));
        Answer::Bytes(reply("200 OK", "application/json", br#"{"id":"7"}"#))
    });
    let [cards, url, case] = keyed(folder.path(), &server.url);
    let args = ["record", "shop/order", "--cards", &cards, "--base", &url, "--case", &case];
    let recorded = cardhost(&args, r#"{"idempotencyKey": "order-7"}"#);
    assert_eq!((recorded.code, recorded.stdout.as_str()), (0, "{\"Order\":{\"Id\":\"7\"}}\n"));
    let ran = cardhost(&["test", &case, "--cards", &cards], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 case: 1 passed\n"), "{}", ran.stderr);
}

#[test]
fn what_a_service_did_is_printed_also_where_no_case_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let server = RawServer::start(|_, _| {
        Answer::Bytes(reply("200 OK", "application/json", br#"{"id":"7"}"#))
    });
    let [cards, url, case] = keyed(folder.path(), &server.url);
    fs::create_dir_all(Path::new(&case).join("notes")).unwrap();
    let args = ["record", "shop/order", "--cards", &cards, "--base", &url, "--case", &case];
    let recorded = cardhost(&args, "{}");
    assert_eq!(recorded.stdout, "{\"Order\":{\"Id\":\"7\"}}\n");
    assert_eq!(recorded.code, 3, "{recorded:?}");
    assert!(recorded.stderr.contains("a case has only"), "{recorded:?}");
    let left: Vec<String> = fs::read_dir(&case)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name == "case.json")
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

/// A job that takes hours: it is recorded as it is, with the tokens that it took meanwhile, and a replay has it over at once.
#[test]
fn hours_of_looking_after_a_job_are_over_at_once_in_a_replay() {
    let folder = tempfile::tempdir().unwrap();
    let cards = folder.path().join("cards/shop");
    fs::create_dir_all(&cards).unwrap();
    let looks = std::sync::atomic::AtomicUsize::new(0);
    let server = RawServer::start(move |_, request| {
        let request = String::from_utf8_lossy(request);
        let body = match request.split(' ').nth(1).unwrap_or_default() {
            "/token" => r#"{"access_token":"t-canary-123","expires_in":7200}"#.to_owned(),
            "/exports" => r#"{"id":"e1"}"#.to_owned(),
            // Done at the third look.
            _ => {
                let looks = looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                format!(r#"{{"id":"e1","rows":{}}}"#, looks + 1)
            }
        };
        Answer::Bytes(reply("200 OK", "application/json", body.as_bytes()))
    });
    let connector = json!({
        "format": 1, "name": "shop", "version": "1.0.0", "title": "Shop", "connection": { "fields": { "Secret": { "type": "secret", "default": "s-canary-1" } } },
        "auth": { "login": {
            "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": format!("{}/token", server.url), "clientId": "c", "clientSecret": "<<connection.Secret>>",
        } },
        "targets": { "api": { "auth": ["login"], "base": "https://shop.example" } },
    });
    let begin = json!({
        "request": { "method": "POST", "path": "/exports" },
        "until": {
            "card": "look", "input": { "Export": { "ID": "<<response.body.id>>" } }, "every": "20ms", "longest": "24h",
            "done": { "response.body.rows": [3] },
        },
        "output": { "Export": { "Rows": { "type": "number", "value": "<<response.body.rows?>>" } } },
    });
    let look = json!({
        "input": { "Export": { "ID": { "required": true } } }, "request": { "path": "/exports/<<input.Export.ID>>" },
        "output": { "Export": { "Rows": { "type": "number", "value": "<<response.body.rows?>>" } } },
    });
    for (name, text) in [("connector", connector), ("begin", begin), ("look", look)] {
        fs::write(cards.join(format!("{name}.json")), text.to_string()).unwrap();
    }
    let cards = folder.path().join("cards").display().to_string();
    let case = folder.path().join("case").display().to_string();
    let args = ["record", "shop/begin", "--cards", &cards, "--base", &server.url, "--case", &case];
    let recorded = cardhost(&args, "{}");
    assert_eq!(
        (recorded.code, recorded.stdout.as_str()),
        (0, "{\"Export\":{\"Rows\":3}}\n"),
        "{recorded:?}"
    );
    let replayed = cardhost(&["test", &case, "--cards", &cards], "");
    assert_eq!(
        (replayed.code, replayed.stdout.as_str()),
        (0, "1 case: 1 passed\n"),
        "{}",
        replayed.stderr
    );

    // The same job, of which the service says to look again in an hour, three times. A token is good for two of them.
    let file = folder.path().join("case/cassette.json");
    let mut cassette: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let exchanges = cassette["exchanges"].as_array_mut().unwrap();
    exchanges.truncate(3);
    let [token, begun, look] = &mut exchanges[..] else { panic!("three exchanges") };
    let hour = |exchange: &mut Value, rows: u64| {
        exchange["reply"]["headers"]["retry-after"] = json!("3600");
        exchange["reply"]["body"] = json!({ "json": { "id": "e1", "rows": rows } });
        exchange.clone()
    };
    let (token, begun) = (token.clone(), hour(begun, 0));
    let looks = [1, 2, 3].map(|rows| hour(look, rows));
    let [first, second, third] = looks;
    cassette["exchanges"] = json!([token, begun, first, token, second, third]);
    fs::write(&file, cassette.to_string()).unwrap();
    let accepted = cardhost(&["test", &case, "--cards", &cards, "--accept"], "");
    assert_eq!(accepted.code, 0, "{accepted:?}");
    let output = fs::read_to_string(folder.path().join("case/output.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&output).unwrap(), json!({ "Export": { "Rows": 3 } }));
    let ran = cardhost(&["test", &case, "--cards", &cards], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 case: 1 passed\n"), "{}", ran.stderr);
}

/// A host whose service is a function, and what it records.
fn recording(
    source: MemorySource,
    answer: impl Fn(&RequestSpec) -> Result<Reply, TransportFault> + Send + Sync + 'static,
) -> (Host, Recorder) {
    let recorder = Recorder::new(Head { recorded_at: 1_700_000_000, ..Head::default() });
    let builder = Host::builder().cards(source).transport(MemoryTransport::new(answer));
    (builder.observer(recorder.clone()).build(), recorder)
}

fn replied(status: u16, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    Reply::new(status, map, body.to_owned())
}

#[test]
fn tokens_cookies_and_declared_secrets_are_masked_and_a_replay_goes_on_with_the_masks() {
    let connector = json!({
        "format": 1, "name": "shop", "version": "1.0.0", "title": "Shop",
        "connection": { "fields": { "Id": { "type": "text" }, "Secret": { "type": "secret" } } },
        "auth": { "client": {
            "scheme": "oauth2", "grant": "client_credentials",
            "tokenUrl": "https://id.example/token",
            "clientId": "<<connection.Id>>", "clientSecret": "<<connection.Secret>>",
        }, "login": {
            "scheme": "session",
            "login": { "url": "https://id.example/login", "json": { "password": "<<connection.Secret>>" } },
            "tokenFrom": "<<response.body.deep.ticket>>",
        } },
        "targets": {
            "api": { "auth": ["client"], "base": "https://api.example" },
            "old": { "auth": ["login"], "base": "https://api.example" },
        },
    });
    let card = |name: &str, target: &str| {
        json!({
            "format": 1, "name": name, "version": "1.0.0", "title": "Key", "effect": "read",
            "request": { "target": target, "method": "GET", "path": "/key" },
            "output": { "Key": {
                "Value": { "type": "secret", "value": "<<response.body.key>>" },
                "More": { "type": "list", "of": "object", "value": "<<response.body.more>>",
                    "fields": { "pass": { "type": "text", "sensitive": true }, "name": { "type": "text" } } },
                "Plain": { "type": "text", "value": "<<response.body.plain>>" },
                "Cookie": { "type": "any", "value": "<<response.headers.set-cookie>>" },
            } },
        })
        .to_string()
    };
    let source = || {
        MemorySource::new()
            .with("shop/connector", connector.to_string())
            .with("shop/key", card("key", "api"))
            .with("shop/old", card("old", "old"))
    };
    let (host, recorder) = recording(source(), |request| {
        let token = r#"{"access_token":"CANARY-access","refresh_token":"CANARY-refresh","token_type":"Bearer","expires_in":3600,"id_token":"CANARY-id"}"#;
        Ok(match request.url.path() {
            "/token" => replied(200, &[("content-type", "application/json")], token),
            "/login" => replied(
                200,
                &[("content-type", "application/json")],
                r#"{"deep":{"ticket":"CANARY-ticket"}}"#,
            ),
            _ => replied(
                200,
                &[
                    ("content-type", "application/json"),
                    ("set-cookie", "sid=CANARY-cookie; Path=/; HttpOnly"),
                    ("set-cookie", "theme=dark"),
                    ("x-auth-token", "CANARY-header"),
                ],
                r#"{"key":"CANARY-key/1","plain":"it was CANARY-key%2F1, CANARY-cookie and CANARY-access","more":[{"pass":"CANARY-pass","name":"n"}]}"#,
            ),
        })
    });
    let invocation = |secret: &str| {
        parsed(json!({ "connection": { "fields": { "Id": "app", "Secret": secret } } }))
    };
    for card in ["shop/key", "shop/old"] {
        block_on(host.run(Some(card), invocation("CANARY-secret"))).unwrap();
    }
    let cassette = recorder.finish().unwrap();
    let text = cassette.write().unwrap();
    assert!(!text.contains("CANARY"), "{text}");
    assert_eq!(cassette.exchanges.len(), 4);
    let token = cassette.exchanges[0].reply.body.as_ref().unwrap().bytes();
    assert_eq!(
        String::from_utf8_lossy(&token),
        r#"{"access_token":"[redacted]","refresh_token":"[redacted]","token_type":"Bearer","expires_in":3600,"id_token":"[redacted]"}"#
    );
    assert_eq!(
        cassette.exchanges[1].reply.headers.get("set-cookie").unwrap(),
        ["sid=[redacted]; Path=/; HttpOnly", "theme=[redacted]"]
    );

    let replay = Replay::new(Cassette::read("c", &text).unwrap());
    let host = replay.host().cards(source()).build();
    for card in ["shop/key", "shop/old"] {
        let outcome = block_on(host.run(Some(card), invocation("any"))).unwrap();
        let output = outcome.output.to_value().unwrap();
        assert_eq!(output["Key"]["Value"], "[redacted]");
        assert_eq!(output["Key"]["Plain"], "it was [redacted], [redacted] and [redacted]");
        assert_eq!(output["Key"]["More"], json!([{ "pass": "[redacted]", "name": "n" }]));
    }
    replay.finish().unwrap();
}

/// A secret with what separates things elsewhere, wherever a service may repeat it.
#[test]
fn what_a_service_repeats_of_a_secret_is_masked_in_every_dress() {
    const SECRET: &str = "CANARY;a&b=\"c\"/ä";
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let utf32 =
        |text: &str| text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect::<Vec<u8>>();
    let latin1 = |text: &str| text.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<u8>>();
    let base64 = |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes);
    let said = format!("it was {SECRET}.");
    let json = json!({ "said": said }).to_string();
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("text/plain; charset=utf-16le", utf16(&said)),
        ("application/octet-stream", [&[0xff, 0xfe][..], &utf16(&json)].concat()),
        ("text/plain", utf32(&said)),
        ("text/plain; charset=iso-8859-1", latin1(&said)),
        ("text/plain", latin1(&said)),
        ("application/octet-stream", [&[0x89, 0x00, 0x01][..], &utf16(&said)].concat()),
        ("application/x-www-form-urlencoded", format!("a=1&password={SECRET}&b=2").into_bytes()),
        ("text/plain", base64(json.as_bytes()).into_bytes()),
        ("text/plain", base64(&utf16(&said)).into_bytes()),
        ("text/plain", said.bytes().map(|byte| format!("{byte:02x}")).collect::<String>().into()),
    ];
    for (content_type, body) in bodies {
        let sent = body.clone();
        let (host, recorder) = recording(source(), move |_| {
            let mut reply = replied(200, &[("content-type", content_type)], "");
            let cookie = http::HeaderValue::from_bytes(format!("sid={SECRET}; Path=/").as_bytes());
            reply.headers.insert("set-cookie", cookie.unwrap());
            reply.body = sent.clone().into();
            Ok(reply)
        });
        let run = parsed(invocation(SECRET, "/a", &Value::Null));
        block_on(host.run(Some("bin/get"), run)).unwrap();
        let cassette = recorder.finish().unwrap();
        let reply = &cassette.exchanges[0].reply;
        assert_eq!(reply.headers.get("set-cookie").unwrap(), ["sid=[redacted]; Path=/"]);
        let kept = reply.body.as_ref().unwrap().bytes();
        assert_ne!(kept, body);
        // Whatever is left in any character set, in base64 or hex.
        let narrow: Vec<u8> = kept.iter().copied().filter(|byte| *byte != 0).collect();
        let shown = String::from_utf8_lossy(&narrow);
        let tail = &base64(b"xCANARY;a&b")[4..12];
        for part in ["CANARY", "a&b", "\"c\"", tail, "43414e415259"] {
            assert!(!shown.contains(part), "{content_type}: {part} in {shown}");
        }
    }
}

#[test]
fn what_becomes_a_secret_later_is_masked_before_that_too() {
    let (host, recorder) =
        recording(source(), |_| Ok(replied(200, &[], r#"{"issued":"CANARY-later"}"#)));
    let run = |secret: &str| {
        block_on(host.run(Some("bin/get"), parsed(invocation(secret, "/a", &Value::Null)))).unwrap()
    };
    run("something else");
    assert!(recorder.finish().unwrap().write().unwrap().contains("CANARY-later"));
    run("CANARY-later");
    let text = recorder.finish().unwrap().write().unwrap();
    assert!(!text.contains("CANARY"), "{text}");
    assert_eq!(text.matches(r#""issued": "[redacted]""#).count(), 2);
}

/// What a card reads in its own way is looked up in that way: by the content type each of these is text, or JSON whose parts jq
/// makes something else of.
#[test]
fn declared_secrets_are_masked_however_the_card_reads_the_reply() {
    let card = |decoder: Value, value: Value| {
        json!({
            "format": 1, "name": "read", "version": "1.0.0", "title": "Read", "effect": "read",
            "input": { "Request": {
                "Path": { "type": "text", "format": "relative-url", "required": true },
            } },
            "request": { "target": "api", "method": "GET", "path": "<<input.Request.Path>>" },
            "response": decoder,
            "output": { "Key": { "Value": { "type": "secret", "value": value } } },
        })
        .to_string()
    };
    for (response, value, media_type, body) in [
        (
            json!({ "decoder": "xml", "lists": ["Reply.Key"] }),
            json!("<<response.body.Reply.Key.0>>"),
            "text/xml",
            "<Reply><Key>CANARY-key</Key></Reply>",
        ),
        (
            json!({ "decoder": "csv" }),
            json!("<<response.body.0.key>>"),
            "text/csv",
            "id,key\n7,CANARY-key\n",
        ),
        (
            json!({}),
            json!({ "jq": ".body.key | ascii_downcase" }),
            "application/json",
            r#"{"key":"CANARY-key"}"#,
        ),
    ] {
        let source = source().with("bin/read", card(response, value));
        let (host, recorder) =
            recording(source, move |_| Ok(replied(200, &[("content-type", media_type)], body)));
        let invocation = parsed(invocation("s", "/a", &Value::Null));
        let outcome = block_on(host.run(Some("bin/read"), invocation)).unwrap();
        let given = &outcome.output.to_value().unwrap()["Key"]["Value"];
        assert!(given.as_str().unwrap().ends_with("-key"), "{given}");
        let text = recorder.finish().unwrap().write().unwrap();
        assert!(!text.contains("CANARY"), "{media_type}: {text}");
        assert!(text.contains("[redacted]"), "{media_type}: {text}");
    }
}

/// A cassette of some requests to `/1`, `/2` …, recorded in memory.
fn numbered(paths: &[&str]) -> Cassette {
    let (host, recorder) = recording(source(), |request| {
        Ok(replied(
            200,
            &[("content-type", "application/json")],
            &json!({ "at": request.url.path() }).to_string(),
        ))
    });
    for path in paths {
        block_on(host.run(Some("bin/get"), parsed(invocation("s", path, &Value::Null)))).unwrap();
    }
    recorder.finish().unwrap()
}

fn replayed(host: &Host, path: &str) -> Result<Value, Error> {
    let outcome = block_on(host.run(Some("bin/get"), parsed(invocation("t", path, &Value::Null))))?;
    Ok(outcome.output.to_value().unwrap()["Response"]["Body"]["at"].clone())
}

#[test]
fn the_order_matters_unless_the_cassette_says_otherwise() {
    let cassette = numbered(&["/1", "/2", "/3"]);
    let replay = Replay::new(cassette.clone());
    let host = replay.host().cards(source()).build();
    assert_eq!(replayed(&host, "/1").unwrap(), "/1");
    let error = replayed(&host, "/3").unwrap_err();
    assert_eq!(error.code(), &Code::CASSETTE_MISMATCH);
    assert_eq!((error.retryable(), error.class().exit_code()), (None, 1));
    assert_eq!(
        error.message(),
        "the request is not the recorded one of exchange 2\n--- recorded, exchange 2 of 3\n+++ sent, request 2\n@@ url @@\n-https://bin.example/2\n+https://bin.example/3"
    );
    // The run goes on, and the fault is not forgotten.
    assert_eq!(replayed(&host, "/2").unwrap(), "/2");
    assert_eq!(replayed(&host, "/3").unwrap(), "/3");
    assert_eq!(replay.finish().unwrap_err().code(), &Code::CASSETTE_MISMATCH);
    let error = replayed(&host, "/4").unwrap_err();
    assert_eq!(error.code(), &Code::CASSETTE_EXHAUSTED);
    assert_eq!(
        error.message(),
        "the cassette holds 3 exchanges, which are all used: no reply to `GET https://bin.example/4`"
    );

    let any = Cassette { order: Order::Any, ..cassette };
    let any = Cassette::read("any", &any.write().unwrap()).unwrap();
    let replay = Replay::new(any.clone());
    let host = replay.host().cards(source()).build();
    for path in ["/3", "/1", "/2"] {
        assert_eq!(replayed(&host, path).unwrap(), path);
    }
    replay.finish().unwrap();

    let replay = Replay::new(any);
    let host = replay.host().cards(source()).build();
    assert_eq!(replayed(&host, "/3").unwrap(), "/3");
    let error = replay.finish().unwrap_err();
    assert_eq!(error.code(), &Code::CASSETTE_UNUSED);
    assert_eq!(
        error.message(),
        "the run did not use the recorded exchanges 1 (`GET https://bin.example/1`), 2 (`GET https://bin.example/2`)"
    );
}

#[test]
fn runs_at_once_are_replayed_in_any_order() {
    let paths: Vec<String> = (0..64).map(|number| format!("/{number}")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let transport = ReplayTransport::in_any_order(numbered(&paths));
    let host = Host::builder().cards(source()).transport(transport.clone()).build();
    let found = block_on(async {
        let runs = paths
            .iter()
            .rev()
            .map(|path| host.run(Some("bin/get"), parsed(invocation("t", path, &Value::Null))));
        futures_util::future::join_all(runs).await
    });
    for (path, outcome) in paths.iter().rev().zip(found) {
        assert_eq!(outcome.unwrap().output.to_value().unwrap()["Response"]["Body"]["at"], *path);
    }
    transport.finish().unwrap();
    assert_eq!(transport.asked(), 64);
}

/// The differences between a recorded request and one that is sent.
fn difference(recorded: &Value, sent: &Value, ignore: Value) -> String {
    let exchange = json!({ "request": recorded, "reply": { "status": 204 } });
    let text = json!({ "cassette": 1, "ignore": ignore, "exchanges": [exchange] }).to_string();
    let transport = ReplayTransport::new(Cassette::read("c", &text).unwrap());
    let url = sent["url"].as_str().unwrap();
    let mut request = RequestSpec::get(url).unwrap();
    request.method = sent["method"].as_str().unwrap_or("GET").parse().unwrap();
    for (name, value) in sent["headers"].as_object().into_iter().flatten() {
        let name = http::HeaderName::try_from(name.as_str()).unwrap();
        request.headers.insert(name, value.as_str().unwrap().parse().unwrap());
    }
    if let Some(body) = sent["body"].as_str() {
        let kind = cardhost::core::request::BodyKind::Text;
        let bytes = body.to_owned();
        request.body = Some(cardhost::core::request::Body::new(kind, bytes));
    }
    match block_on(transport.send(&request, TREATMENT)) {
        Ok(reply) => {
            assert_eq!(reply.status, 204);
            String::new()
        }
        Err(fault) => match fault.kind {
            TransportFaultKind::Own(own) => {
                own.0.to_string().lines().skip(3).collect::<Vec<_>>().join("\n")
            }
            other => panic!("{other:?}"),
        },
    }
}

const TREATMENT: Treatment = Treatment {
    connect_timeout: std::time::Duration::from_secs(1),
    idle_timeout: std::time::Duration::from_secs(1),
    total_timeout: std::time::Duration::from_secs(2),
    max_body_bytes: 16,
    packed: None,
    fresh: false,
    roomy: false,
};

#[test]
fn a_difference_has_its_place() {
    let url = "https://a.example/x?a=1";
    let get = json!({ "method": "GET", "url": url });
    let with = |key: &str, value: Value| {
        let mut request = get.clone();
        request[key] = value;
        request
    };
    let headers = |value: Value| with("headers", value);
    let recorded_json = |value: Value| with("body", json!({ "json": value }));
    let sent_body = |text: &str| with("body", json!(text));
    let text = |text: &str| with("body", json!({ "text": text }));
    let table = [
        (get.clone(), get.clone(), ""),
        (get.clone(), with("method", json!("PUT")), "@@ method @@\n-GET\n+PUT"),
        (
            get.clone(),
            with("url", json!("https://a.example/x?a=2")),
            "@@ url @@\n-https://a.example/x?a=1\n+https://a.example/x?a=2",
        ),
        // A mask stands for one segment or one value.
        (
            with("url", json!("https://a.example/[redacted]?k=[redacted]")),
            with("url", json!("https://a.example/b?k=c")),
            "",
        ),
        (
            with("url", json!("https://a.example/[redacted]")),
            with("url", json!("https://a.example/b/c")),
            "@@ url @@\n-https://a.example/[redacted]\n+https://a.example/b/c",
        ),
        (
            headers(json!({ "x-a": "1", "x-b": "2" })),
            headers(json!({ "x-a": "2", "x-c": "3" })),
            "@@ header x-a @@\n-1\n+2\n@@ header x-b @@\n-2\n@@ header x-c @@\n+3",
        ),
        (
            headers(json!({ "user-agent": "a", "date": "b", "authorization": "Basic [redacted]" })),
            headers(json!({ "user-agent": "b", "authorization": "Basic eDp5" })),
            "",
        ),
        (
            headers(json!({ "authorization": "Basic [redacted]" })),
            headers(json!({ "authorization": "Bearer abc" })),
            "@@ header authorization @@\n-Basic [redacted]\n+Bearer [redacted]",
        ),
        // JSON by value: neither spaces nor the order of keys matter, numbers as written.
        (
            recorded_json(json!({ "a": 1, "b": [1, { "c": null }] })),
            sent_body("{ \"b\": [1, {\"c\":null}], \"a\": 1 }"),
            "",
        ),
        (
            recorded_json(json!({ "a": { "x/y": [1, 2] }, "gone": true })),
            sent_body(r#"{"a":{"x/y":[1,"2",3]},"new":1.0}"#),
            "@@ body /a/x~1y/1 @@\n-2\n+\"2\"\n@@ body /a/x~1y/2 @@\n+3\n@@ body /gone @@\n-true\n@@ body /new @@\n+1.0",
        ),
        (
            recorded_json(json!({ "pin": "[redacted]", "t": "x [redacted] y" })),
            sent_body(r#"{"pin":12,"t":"x abc y"}"#),
            "",
        ),
        (recorded_json(json!(1)), get.clone(), "@@ body @@\n-1"),
        (get.clone(), sent_body("a"), "@@ body @@\n+a"),
        (text("a\nb\nc\nd"), sent_body("a\nB\nx\nd"), "@@ body line 2 @@\n-b\n-c\n+B\n+x"),
        (text("a=1&t=[redacted]&b=2"), sent_body("a=1&t=zz&b=2"), ""),
    ];
    for (recorded, sent, expected) in table {
        assert_eq!(difference(&recorded, &sent, json!({})), expected, "{recorded} {sent}");
    }
    let ignore = json!({ "headers": ["X-A"], "query": ["a"], "body": ["/at", "/items/*/id"] });
    let mut recorded =
        recorded_json(json!({ "at": 1, "items": [{ "id": 1, "n": 1 }, { "id": 2, "n": 2 }] }));
    recorded["headers"] = json!({ "x-a": "1" });
    let mut sent = sent_body(r#"{"items":[{"id":7,"n":1},{"n":2}]}"#);
    sent["url"] = json!("https://a.example/x?a=9");
    assert_eq!(difference(&recorded, &sent, ignore), "");
}

#[test]
fn a_replayed_reply_is_what_a_transport_gives() {
    let send = |reply: Value| {
        let request = json!({ "method": "GET", "url": "https://a.example/" });
        let text = json!({ "cassette": 1, "exchanges": [{ "request": request, "reply": reply }] });
        let transport = ReplayTransport::new(Cassette::read("c", &text.to_string()).unwrap());
        block_on(transport.send(&RequestSpec::get("https://a.example/").unwrap(), TREATMENT))
    };
    let reply = send(json!({ "status": 200, "body": { "text": "0123456789abcdefX" } })).unwrap();
    assert_eq!((reply.body.len(), reply.end), (16, BodyEnd::TooLarge { limit: 16 }));
    let reply = send(json!({ "status": 200, "body": { "text": "ab" }, "longerThan": 2 })).unwrap();
    assert_eq!(reply.end, BodyEnd::TooLarge { limit: 2 });
    let fault = json!({ "kind": "truncated", "detail": "d" });
    let reply = send(json!({ "status": 200, "body": { "text": "ab" }, "fault": fault })).unwrap();
    let BodyEnd::Broken(fault) = reply.end else { panic!("{:?}", reply.end) };
    assert_eq!((fault.kind, fault.detail.as_str()), (TransportFaultKind::Truncated, "d"));
    let fault = json!({ "kind": "timeout", "limit": "idle", "afterMs": 30 });
    let fault = send(json!({ "fault": fault })).unwrap_err();
    let which = cardhost::transport::TimeoutKind::Idle;
    let after = std::time::Duration::from_millis(30);
    assert_eq!((fault.kind, fault.not_sent), (TransportFaultKind::Timeout { which, after }, false));
    let fault = send(json!({ "fault": { "kind": "dns", "notSent": true } })).unwrap_err();
    assert_eq!((fault.kind, fault.not_sent), (TransportFaultKind::Dns, true));
}

/// The error of a run against a server, without the words of the machine.
fn facts(error: &Error) -> String {
    error_snapshot(error).unwrap()
}

#[test]
fn an_injected_fault_gives_the_error_of_a_real_one() {
    let real = |spec: &str, answer: fn() -> Answer| {
        let server = RawServer::start(move |_, _| answer());
        let base = BaseOverride::parse(&server.url).unwrap();
        // A machine that does much else needs longer than that for what is no timeout.
        let limit = std::time::Duration::from_millis(200);
        let total_timeout = spec.starts_with("timeout").then_some(limit);
        let policy = cardhost::Policy { total_timeout, ..Default::default() };
        let host = Host::builder().cards(source()).base(base).policy(policy).build();
        facts(
            &block_on(host.run(Some("bin/raise"), parsed(invocation("s", "/1", &Value::Null))))
                .unwrap_err(),
        )
    };
    fn with_status(status: &str, header: &str) -> Answer {
        let text =
            format!("HTTP/1.1 {status}\r\n{header}content-length: 0\r\nconnection: close\r\n\r\n");
        Answer::Bytes(text.into_bytes())
    }
    type Service = fn() -> Answer;
    let table: [(&str, Service); 8] = [
        ("429@1", || with_status("429 Slow", "retry-after: 1\r\n")),
        ("429:30@1", || with_status("429 Slow", "retry-after: 30\r\n")),
        ("503@1..2", || with_status("503 Later", "retry-after: 1\r\n")),
        ("500@1", || with_status("500 No", "")),
        ("404@1", || with_status("404 No", "")),
        ("reset@1", || Answer::Reset(Vec::new())),
        ("timeout@1", || Answer::Hang(Vec::new())),
        ("protocol@1", || Answer::Bytes(b"\x00\x01 nonsense\r\n\r\n".to_vec())),
    ];
    let inject = |spec: &str| {
        let replay = Replay::injecting(numbered(&["/1"]), vec![Injection::parse(spec).unwrap()]);
        let host = replay.host().cards(source()).build();
        let run =
            || block_on(host.run(Some("bin/raise"), parsed(invocation("s", "/1", &Value::Null))));
        let error = run().unwrap_err();
        let again = run();
        // The exchange is still there for when the request is sent again.
        assert_eq!(again.is_ok(), !spec.ends_with("..2"), "{spec}");
        replay.finish().unwrap();
        facts(&error)
    };
    for (spec, answer) in table {
        assert_eq!(inject(spec), real(spec, answer), "{spec}");
    }
    assert_eq!(
        inject("429@1"),
        "{\n  \"code\": \"http.rate_limited\",\n  \"retryable\": true,\n  \"retry_after_s\": 1,\n  \"status\": 429\n}\n"
    );
    assert!(inject("dns@1").contains("transport.dns"));
    assert!(inject("connect@1").contains("transport.connect"));
    assert!(inject("tls@1").contains("transport.tls"));
    assert!(inject("truncated@1").contains("transport.truncated"));
}

#[test]
fn killed_while_recording_the_cassette_is_the_older_or_the_newer() {
    let folder = cards_folder();
    let cards = folder.path().to_str().unwrap();
    let kept = tempfile::tempdir().unwrap();
    let file = kept.path().join("cassette.json");
    let mut lengths = Vec::new();
    for kill_at in 0..6_usize {
        // Each request is answered with a redirect; at the one to be killed at, the server says so and hangs.
        let (reached, waits) = std::sync::mpsc::channel();
        let server = RawServer::start(move |index, _| {
            if index == kill_at {
                let _ = reached.send(());
                return Answer::Hang(Vec::new());
            }
            let head = format!(
                "HTTP/1.1 302 Found\r\nlocation: /{index}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            Answer::Bytes(head.into_bytes())
        });
        let before = fs::read_to_string(&file).ok();
        let shown = file.to_str().unwrap();
        let args =
            ["record", "bin/get", "--cards", cards, "--base", &server.url, "--cassette", shown];
        let mut child = command(&args).spawn().unwrap();
        let stdin = invocation(SECRET, "/start", &Value::Null).to_string();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), stdin.as_bytes()).unwrap();
        waits.recv().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        match fs::read_to_string(&file) {
            Err(_) => assert_eq!((kill_at, before), (0, None)),
            Ok(text) => {
                let cassette = Cassette::read(shown, &text).unwrap();
                assert_eq!(cassette.exchanges.len(), kill_at);
                lengths.push(kill_at);
            }
        }
    }
    assert_eq!(lengths, [1, 2, 3, 4, 5]);
}

#[test]
fn a_cassette_that_cannot_be_written_is_told_before_anything_is_sent() {
    let folder = cards_folder();
    let cards = folder.path().to_str().unwrap();
    let server = RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "text/plain", b"x")));
    let taken = folder.path().join("taken");
    fs::create_dir(&taken).unwrap();
    let shown = taken.to_str().unwrap();
    let args = ["record", "bin/get", "--cards", cards, "--base", &server.url, "--cassette", shown];
    let ran = cardhost(&args, &invocation(SECRET, "/", &Value::Null).to_string());
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    assert!(ran.stderr.starts_with("error[cassette.unwritable]: the cassette `"), "{ran:?}");
    assert_eq!(server.requests(), Vec::<String>::new());
}

/// A folder with three cases of the mock: one as it is, one with another output, one with another request.
fn three_cases() -> tempfile::TempDir {
    let cases = tempfile::tempdir().unwrap();
    let stdin = json!({
        "options": { "Request Type": "GET", "Select API": "Query API" },
        "input": { "Request": { "Relative URL": "/app/me" } },
    });
    for name in ["good", "output", "request"] {
        let case = cases.path().join("area").join(name);
        let args =
            ["record", "mixpanel/custom-api-action", "--mock", "--case", case.to_str().unwrap()];
        assert_eq!(cardhost(&args, &stdin.to_string()).code, 0);
    }
    edit(&cases.path().join("area/output/output.json"), "200", "201");
    edit(&cases.path().join("area/request/case.json"), "/app/me", "/app/you");
    cases
}

pub fn edit(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replacen(from, to, 1)).unwrap();
}

/// The text of every file of a folder of cases.
pub fn all_files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all_files(&path)),
            false => found.push((path.display().to_string(), fs::read_to_string(&path).unwrap())),
        }
    }
    found.sort();
    found
}

#[test]
fn accept_changes_exactly_the_golden_files_that_differ() {
    let cases = three_cases();
    let shown = cases.path().to_str().unwrap();
    let before = all_files(cases.path());
    let ran = cardhost(&["test", shown], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{ran:?}");
    assert!(ran.stderr.ends_with("3 cases: 1 passed, 2 failed\n"), "{ran:?}");
    assert_eq!(all_files(cases.path()), before);

    let ran = cardhost(&["test", shown, "--accept"], "");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.ends_with("3 cases: 1 passed, 1 accepted, 1 failed\n"), "{ran:?}");
    let after = all_files(cases.path());
    let changed: Vec<&str> = before
        .iter()
        .zip(&after)
        .filter(|(was, is)| was != is)
        .map(|((name, _), _)| name.as_str())
        .collect();
    assert_eq!(changed, [format!("{shown}/area/output/output.json")]);
    assert_eq!(before.len(), after.len());
    let ran = cardhost(&["test", shown, "--filter", "area/output", "--filter", "good"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "2 cases: 2 passed\n"), "{ran:?}");

    // An output that becomes an error: the golden file of the other kind goes.
    edit(
        &cases.path().join("area/good/case.json"),
        "\"card\"",
        "\"fault\": [\"reset@1\"],\n  \"card\"",
    );
    let ran = cardhost(&["test", shown, "--filter", "good", "--accept"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "1 case: 0 passed, 1 accepted\n"), "{ran:?}");
    let golden = fs::read_to_string(cases.path().join("area/good/error.json")).unwrap();
    assert_eq!(golden, "{\n  \"code\": \"transport.reset\",\n  \"retryable\": true\n}\n");
    assert!(!cases.path().join("area/good/output.json").exists());
}

#[test]
fn the_json_report_names_every_case() {
    let cases = three_cases();
    let shown = cases.path().to_str().unwrap();
    let ran = cardhost(&["test", shown, "--format", "json", "--jobs", "2"], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{ran:?}");
    let mut report: Value = serde_json::from_str(&ran.stdout).unwrap();
    for seconds in report.as_object_mut().unwrap().iter_mut().filter(|(key, _)| *key == "seconds") {
        assert!(seconds.1.as_f64().unwrap() >= 0.0);
        *seconds.1 = json!(0);
    }
    for case in report["cases"].as_array_mut().unwrap() {
        case["seconds"] = json!(0);
        case["name"] = json!(case["name"].as_str().unwrap().replace(shown, "{cases}"));
    }
    insta::assert_json_snapshot!(report);
}

#[test]
fn the_junit_report_is_well_formed_and_counts_right() {
    let cases = three_cases();
    fs::write(cases.path().join("area/good/cassette.json"), "{").unwrap();
    edit(&cases.path().join("area/output/output.json"), "example-user", "<b>&\\u0007\\\"");
    let shown = cases.path().to_str().unwrap();
    let ran = cardhost(&["test", shown, "--format", "junit"], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{ran:?}");
    let tree = Element::parse(&ran.stdout);
    assert_eq!((tree.name.as_str(), tree.children.len()), ("testsuites", 1));
    let suite = &tree.children[0];
    assert_eq!(suite.name, "testsuite");
    for element in [&tree, suite] {
        assert_eq!(element.numbers(["tests", "failures", "errors"]), [3, 2, 1]);
        assert!(element.attribute("time").parse::<f64>().unwrap() >= 0.0);
        assert!(!element.attribute("name").is_empty());
    }
    let mut found = Vec::new();
    for case in &suite.children {
        assert_eq!(case.name, "testcase");
        assert!(case.attribute("time").parse::<f64>().unwrap() >= 0.0);
        let [outcome] = case.children.as_slice() else { panic!("{case:?}") };
        assert!(!outcome.attribute("message").contains('\n'));
        assert!(outcome.text.starts_with(outcome.attribute("message")), "{outcome:?}");
        let name = case.attribute("name").rsplit('/').next().unwrap();
        found.push((
            name.to_owned(),
            case.attribute("classname").to_owned(),
            outcome.name.clone(),
            outcome.attribute("type").to_owned(),
        ));
    }
    let text = str::to_owned;
    let card = || text("mixpanel/custom-api-action");
    assert_eq!(
        found,
        [
            (text("good"), text("cardhost"), text("error"), text("cassette.syntax")),
            (text("output"), card(), text("failure"), text("test.failed")),
            (text("request"), card(), text("failure"), text("cassette.mismatch")),
        ]
    );
}

/// An XML element; enough for a report, and strict about what it reads.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
    text: String,
}

impl Element {
    fn parse(text: &str) -> Element {
        let text = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
        assert!(text.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()));
        let (element, rest) = Element::read(text);
        assert_eq!(rest.trim(), "");
        element
    }

    fn read(text: &str) -> (Element, &str) {
        let (head, mut rest) = text.strip_prefix('<').unwrap().split_once('>').unwrap();
        let empty = head.ends_with('/');
        let head = head.trim_end_matches('/');
        let (name, mut attributes) = head.split_once(' ').unwrap_or((head, ""));
        let mut element = Element { name: name.to_owned(), ..Element::default() };
        while !attributes.trim().is_empty() {
            let (key, value) = attributes.trim_start().split_once("=\"").unwrap();
            let (value, left) = value.split_once('"').unwrap();
            element.attributes.push((key.to_owned(), plain(value)));
            attributes = left;
        }
        if empty {
            return (element, rest);
        }
        loop {
            let at = rest.find('<').unwrap();
            element.text.push_str(&plain(&rest[..at]));
            rest = &rest[at..];
            if let Some(closed) = rest.strip_prefix(&format!("</{name}>")) {
                return (element, closed);
            }
            let (child, left) = Element::read(rest);
            element.children.push(child);
            rest = left;
        }
    }

    fn attribute(&self, name: &str) -> &str {
        &self.attributes.iter().find(|(key, _)| key == name).unwrap().1
    }

    fn numbers<const N: usize>(&self, names: [&str; N]) -> [usize; N] {
        names.map(|name| self.attribute(name).parse().unwrap())
    }
}

/// Text without XML's escapes; no other ampersand may be in it.
fn plain(text: &str) -> String {
    let entities = ["&lt;", "&gt;", "&quot;", "&amp;"];
    let left = entities.iter().fold(text.to_owned(), |text, entity| text.replace(entity, ""));
    assert!(!left.contains(['&', '<']), "{text}");
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}

#[test]
fn archives_of_browsers_become_cassettes_without_credentials() {
    for (browser, exchanges, left_out) in [("chrome", 3, 1), ("firefox", 2, 0)] {
        let file = format!("tests/data/{browser}.har");
        let text = fs::read_to_string(path(&file)).unwrap();
        assert!(text.contains("CANARY"));
        let imported = from_har(&file, &text).unwrap();
        assert_eq!(imported.left_out.len(), left_out, "{browser}");
        let cassette = imported.cassette;
        assert_eq!(cassette.exchanges.len(), exchanges, "{browser}");
        let written = cassette.write().unwrap();
        assert!(!written.contains("CANARY"), "{written}");
        // base64 of `robot:CANARY-basic`
        assert!(!written.contains("cm9ib3Q6"), "{written}");
        insta::assert_snapshot!(browser, written);

        let kept = tempfile::tempdir().unwrap();
        let out = kept.path().join("c.json");
        let ran =
            cardhost(&["record", "--from-har", &file, "--cassette", out.to_str().unwrap()], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
        assert_eq!(fs::read_to_string(&out).unwrap(), written);
        Cassette::read("c", &written).unwrap();
    }
    for (text, place) in [
        ("{\n x", r#""line":2,"column":2"#),
        ("{}", r#""pointer":"/log/entries""#),
        (r#"{"log":{"entries":[{"request":{}}]}}"#, r#""pointer":"/log/entries/0/request/method""#),
    ] {
        let error = from_har("x.har", text).unwrap_err();
        assert_eq!(error.code(), &Code::CASSETTE_SYNTAX);
        assert!(error.to_json()["where"].to_string().contains(place), "{}", error.to_json());
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_left_out_and_told() {
    let good = json!({
        "request": { "method": "GET", "url": "https://api.example.com/good" },
        "response": { "status": "200", "content": { "text": "eyJh\r\nIjox\nfQ==", "encoding": "base64" } },
    });
    let cut = json!({ "request": { "method": "GET", "url": "https://api.example.com/cut" } });
    let blocked = json!({ "request": cut["request"], "response": { "status": -1 } });
    let odd = json!({ "request": cut["request"], "response": { "status": [] } });
    let nameless =
        json!({ "request": { "url": "https://api.example.com/" }, "response": { "status": 200 } });
    let called_base64 = json!({
        "request": { "method": "GET", "url": "https://api.example.com/text" },
        "response": { "status": 200, "content": { "text": "{\"b\":2}", "encoding": "base64" } },
    });
    let form = |kind: &str| {
        let parts = json!([{ "name": "f\"", "fileName": "a.txt", "contentType": "text/plain", "value": "hi" }]);
        json!({
            "request": {
                "method": "POST", "url": "https://api.example.com/form",
                "postData": { "mimeType": kind, "params": parts },
            },
            "response": { "status": 204 },
        })
    };
    let entries = [
        good,
        cut.clone(),
        blocked,
        odd,
        nameless,
        called_base64,
        form("multipart/form-data; boundary=x"),
        form("multipart/form-data"),
        form("application/json"),
        form("application/x-www-form-urlencoded"),
    ];
    let archive = json!({ "log": { "entries": entries } }).to_string();
    let imported = from_har("a.har", &archive).unwrap();
    let told: Vec<(&str, String)> =
        imported.left_out.iter().map(|error| (&*error.place().pointer, error.message())).collect();
    let reasons = [
        ("/log/entries/1", "it has no reply"),
        ("/log/entries/2/response/status", "it has no reply"),
        ("/log/entries/3/response/status", "a number is expected"),
        ("/log/entries/4/request/method", "text is expected"),
        (
            "/log/entries/7/request/postData/mimeType",
            "its boundary is expected; the body is left out",
        ),
        ("/log/entries/8/request/postData/params", "they are no body of this type; it is left out"),
    ];
    assert_eq!(told.len(), reasons.len(), "{told:?}");
    for ((pointer, message), (expected, reason)) in told.iter().zip(reasons) {
        assert_eq!(*pointer, expected);
        assert!(message.ends_with(reason), "{message}");
    }
    let bytes = |at: usize| {
        let exchange = &imported.cassette.exchanges[at];
        let body = exchange.request.body.as_ref().or(exchange.reply.body.as_ref());
        body.map(|body| String::from_utf8(body.bytes().to_vec()).unwrap())
    };
    assert_eq!(bytes(0).as_deref(), Some("{\"a\":1}"));
    assert_eq!(bytes(1).as_deref(), Some("{\"b\":2}"));
    assert_eq!(
        bytes(2).as_deref(),
        Some(
            "--x\r\nContent-Disposition: form-data; name=\"f%22\"; filename=\"a.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nhi\r\n--x--\r\n"
        )
    );
    assert_eq!((bytes(3), bytes(4)), (None, None));
    assert_eq!(bytes(5).as_deref(), Some("f%22=hi"));
    // Where nothing can be read, there is no cassette.
    let only = json!({ "log": { "entries": [cut] } }).to_string();
    assert_eq!(from_har("a.har", &only).unwrap_err().code(), &Code::CASSETTE_SYNTAX);
}

#[test]
fn a_browsers_exchange_answers_a_card() {
    let text = fs::read_to_string(path("tests/data/chrome.har")).unwrap();
    let replay = Replay::new(from_har("chrome.har", &text).unwrap().cassette);
    let host = replay.host().cards(source()).build();
    let run = |card: &str, path: &str, data: Value| {
        block_on(host.run(Some(card), parsed(invocation("any", path, &data)))).unwrap()
    };
    let posted = run("bin/post", "/items", json!({ "name": "größe", "password": "mine" }));
    assert_eq!(posted.status, 201);
    let got = run("bin/get", "/items?page=2&access_token=mine", Value::Null);
    assert_eq!(
        got.output.to_value().unwrap()["Response"]["Body"]["items"][0]["id"].to_string(),
        "7615917337495251231"
    );
}

#[test]
fn a_snapshot_of_a_replay_is_the_same_each_time() {
    let run = || {
        let replay = Replay::open(path("examples/cassettes/me.json")).unwrap();
        let host = replay.host().cards(cardhost::Embedded).build();
        let invocation = json!({
            "connection": { "fields": { "Service Account: Username": "sa", "Service Account: Secret": "any" } },
            "options": { "Request Type": "GET", "Select API": "Query API" },
            "input": { "Request": { "Relative URL": "/app/me" } },
        });
        let outcome =
            block_on(host.run(Some("mixpanel/custom-api-action"), parsed(invocation))).unwrap();
        replay.finish().unwrap();
        snapshot(&outcome).unwrap()
    };
    insta::assert_snapshot!(run());
    assert_eq!(run(), run());
}
