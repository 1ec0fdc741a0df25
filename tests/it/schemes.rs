//! Each auth scheme at work: one folder per scheme and variant, `tests/suite/auth/<case>/`. A host of its own plans and
//! runs the invocation at a fixed time, with fixed random values, and sends over HTTP to a loopback server.
//!
//! | file | what it is |
//! |---|---|
//! | `cards/demo/` | the connector and its card `act`; `check` finds nothing in them |
//! | `connection.json` | the fields of the connection |
//! | `invocation.json` | an invocation without `connection`, or a list of them: each is run, on the same host |
//! | `browser` | where there is a login: the query with which the browser comes back; empty for a device |
//! | `choose` | which one of several the person chooses; nobody is asked without it |
//! | `reply`, `reply.2` … | what the server answers; see [`Scripted`] |
//! | `plan` | golden: the first invocation's plan, redacted |
//! | `login` | golden, where there is a login: what the person is shown |
//! | `arrived` | golden: every request that arrived, as it was, `---` between two |
//! | `outcome` | golden: output or error of each invocation |
//!
//! Definitions name `https://api.example` and the like. [`ToLoopback`] leads there over plain HTTP and leaves the `Host`
//! header alone, so that signatures over it are the same each time.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use cardhost::author::check::{File, check_connector};
use cardhost::catalog::MemorySource;
use cardhost::clock::FixedClock;
use cardhost::core::auth::{CustomScheme, CustomValues};
use cardhost::core::call::Treatment;
use cardhost::core::moment::Moment;
use cardhost::core::secret::Secret;
use cardhost::core::transport_fault::TransportFault;
use cardhost::entropy::{Entropy, FixedEntropy};
use cardhost::store::{Key, KeySet, Store, TenantStore};
use cardhost::transport::{BoxFuture, HttpTransport, Transport};
use cardhost::{Error, Host, Invocation, Prepared, Reply, RequestSpec};
use cardhost_runtime::login::{Login, LoginEnd};
use http::HeaderValue;
use rcgen::KeyPair;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Map, Value, json};

use crate::suite::{Scripted, arrived, compare, each_case, names, next_reply, unknown_files};
use crate::support::{Answer, Message, RawServer, path, reply};

/// 2026-11-21T10:00:00Z.
pub const NOW: i64 = 1_795_255_200;
/// Each random byte.
pub const RANDOM: u8 = 0x5e;
const CARD: &str = "demo/act";
const REDIRECT_URI: &str = "http://127.0.0.1:8931/callback";

/// Fewest cases; a suite that shrinks by accident is noticed.
const FEWEST_CASES: usize = 40;

#[test]
fn auth() {
    assert!(names(&path("tests/suite/auth")).len() >= FEWEST_CASES);
    each_case("auth", case);
}

/// HTTP to a loopback server, whatever the URL says; `Host` says what the URL said.
pub struct ToLoopback {
    http: HttpTransport,
    port: u16,
}

impl ToLoopback {
    pub fn new(server: &RawServer) -> ToLoopback {
        let (_, port) = server.url.rsplit_once(':').unwrap();
        ToLoopback { http: HttpTransport::new(), port: port.parse().unwrap() }
    }
}

impl Transport for ToLoopback {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        let mut sent = request.clone();
        let authority = request.url.authority().to_owned();
        sent.url.set_scheme("http").unwrap();
        sent.url.set_host(Some("127.0.0.1")).unwrap();
        sent.url.set_port(Some(self.port)).unwrap();
        sent.headers.insert("host", HeaderValue::from_str(&authority).unwrap());
        Box::pin(async move { self.http.send(&sent, treatment).await })
    }
}

/// The scheme that the case `custom` names: `x-demo: KEY:SECONDS:LENGTH OF THE PATH`.
struct Demo;

impl CustomScheme for Demo {
    fn apply(
        &self,
        request: &mut RequestSpec,
        values: &CustomValues,
        moment: &Moment,
    ) -> Result<Vec<Secret>, String> {
        let key = values.get("key").ok_or("it needs `key`")?;
        if key.expose().contains(':') {
            return Err("the key holds a colon".to_owned());
        }
        let made = format!("{}:{}:{}", key.expose(), moment.unix_seconds, request.url.path().len());
        let value = HeaderValue::from_str(&made).map_err(|_| "the key is no header text")?;
        request.headers.insert("x-demo", value);
        Ok(vec![Secret::new(made)])
    }
}

fn case(area: &str, name: &str) -> Vec<String> {
    const FILES: [&str; 9] = [
        "connection.json",
        "invocation.json",
        "browser",
        "choose",
        "reply",
        "plan",
        "login",
        "arrived",
        "outcome",
    ];
    let folder = path("tests/suite").join(area).join(name);
    let unknown = unknown_files(&folder, &FILES, &["cards"]);
    if !unknown.is_empty() {
        return unknown;
    }
    let cards = match definitions(&folder) {
        Ok(cards) => cards,
        Err(faults) => return faults,
    };
    let script = Arc::new(Mutex::new(match Scripted::all(&folder) {
        Ok(replies) => replies,
        Err(fault) => return vec![fault],
    }));
    let unexpected = Arc::new(Mutex::new(0_usize));
    let server = {
        let (script, unexpected) = (Arc::clone(&script), Arc::clone(&unexpected));
        RawServer::start(move |_, _| {
            next_reply(&script).unwrap_or_else(|| {
                *unexpected.lock().unwrap() += 1;
                Answer::Bytes(Vec::new())
            })
        })
    };
    let golden = match block_on(run(&folder, cards, &server)) {
        Ok(golden) => golden,
        Err(fault) => return vec![fault],
    };
    let arrived = ("arrived", arrived(&server.requests()));
    let compared = golden.iter().cloned().chain([arrived]);
    let mut faults: Vec<String> = compared
        .filter_map(|(file, found)| compare(&folder, &format!("{area}/{name}"), file, &found))
        .collect();
    let has_login = golden.iter().any(|(file, _)| *file == "login");
    if !has_login && folder.join("login").exists() {
        faults.push("`login` is there, but not `browser`".to_owned());
    }
    for reply in script.lock().unwrap().iter() {
        faults.push(format!("reply `{}` was never used", reply.file));
    }
    match *unexpected.lock().unwrap() {
        0 => {}
        count => faults.push(format!("{count} requests came for which there is no reply")),
    }
    faults
}

/// The connector and its card, in which `check` finds nothing.
fn definitions(folder: &Path) -> Result<MemorySource, Vec<String>> {
    let read = |name: &str| {
        let path = folder.join("cards/demo").join(name);
        fs::read_to_string(&path).map_err(|error| vec![format!("{}: {error}", path.display())])
    };
    let (connector, card) = (read("connector.json")?, read("act.json")?);
    let checked = check_connector(
        File { path: "cards/demo/connector.json", text: &connector },
        &[File { path: "cards/demo/act.json", text: &card }],
    );
    let expected = |message: &str| {
        message == "the card has no example" || message.starts_with("without `pkce`")
    };
    let findings = checked.findings.iter().filter(|finding| !expected(finding.message()));
    let findings: Vec<String> = findings
        .map(|f| format!("check: {} {}: {}", f.code, f.place.pointer, f.message()))
        .collect();
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(MemorySource::new().with("demo/connector", connector).with(CARD, card))
}

/// Plans, logs in and runs; gives the golden files but `arrived`.
async fn run(
    folder: &Path,
    cards: MemorySource,
    server: &RawServer,
) -> Result<Vec<(&'static str, String)>, String> {
    let json = |name: &str| -> Result<Value, String> {
        let text = fs::read(folder.join(name)).map_err(|error| format!("`{name}`: {error}"))?;
        serde_json::from_slice(&text).map_err(|error| format!("`{name}`: {error}"))
    };
    let Value::Object(fields) = json("connection.json")? else {
        return Err("`connection.json` is no object".to_owned());
    };
    let invocations = match json("invocation.json")? {
        Value::Array(list) => list,
        one => vec![one],
    };
    let browser = fs::read_to_string(folder.join("browser")).ok();
    let place = tempfile::tempdir().unwrap();
    let mut host = Host::builder()
        .cards(cards)
        .transport(ToLoopback::new(server))
        .clock(FixedClock(NOW))
        .entropy(FixedEntropy(RANDOM))
        .auth_scheme("demo", Demo);
    let mut connection = json!({ "fields": fields });
    if browser.is_some() {
        host = host.store(store(place.path(), &fields).await);
        connection = json!("mine");
    }
    let host = host.build();
    let invocation = |invocation: &Value| {
        let mut invocation = invocation.clone();
        invocation["connection"] = connection.clone();
        Invocation::from_value(invocation).unwrap()
    };

    let mut golden = Vec::new();
    let planned = host.prepare(Some(CARD), invocation(&invocations[0])).await;
    golden.push(("plan", pretty(&planned.map_or_else(|e| e.to_json(), |plan| shown(&plan)))));
    if let Some(browser) = browser {
        let choose = fs::read_to_string(folder.join("choose")).ok();
        let choose = choose.as_deref().map(str::trim_end);
        golden.push(("login", login(&host, browser.trim_end(), choose).await));
    }
    let mut outcomes = Vec::new();
    for one in &invocations {
        let outcome = host.run(Some(CARD), invocation(one)).await;
        outcomes.push(pretty(&match outcome {
            Ok(outcome) => {
                let warnings: Vec<String> =
                    outcome.warnings.iter().map(ToString::to_string).collect();
                let mut shown = outcome.output.to_value().unwrap();
                if !warnings.is_empty() {
                    shown["warnings"] = json!(warnings);
                }
                shown
            }
            Err(error) => error.to_json(),
        }));
    }
    golden.push(("outcome", outcomes.concat()));
    Ok(golden)
}

/// A store with the connection `mine`.
async fn store(place: &Path, fields: &Map<String, Value>) -> TenantStore {
    let file = place.join("store");
    let keys = KeySet::new(Key::generate().unwrap());
    let store = Store::open(file.to_str().unwrap(), keys).await.unwrap().tenant("tests").unwrap();
    store.add("demo", "mine", fields).await.unwrap();
    store
}

/// Logs in; gives what the person is shown, and the error where there is one.
async fn login(host: &Host, browser: &str, choose: Option<&str>) -> String {
    let failed = |error: &Error| pretty(&error.to_json());
    let ended = async |result: Result<LoginEnd, Error>| match result {
        Ok(LoginEnd::Stored) => String::new(),
        Ok(LoginEnd::Choose(choice)) => {
            let offered = choice.choices().iter();
            let mut shown: String =
                offered.map(|one| format!("{}: {}\n", one.value, one.title)).collect();
            let taken = match choose {
                Some(chosen) => choice.take(chosen).await,
                None => Err(choice.not_made()),
            };
            shown.extend(taken.err().map(|error| failed(&error)));
            shown
        }
        Err(error) => failed(&error),
    };
    match host.begin_login("demo", "mine", None, REDIRECT_URI).await {
        Ok(Login::Browser(login)) => {
            let url = login.url().to_string();
            let state = login.url().query_pairs().find(|(name, _)| name == "state").unwrap();
            let query = browser.replace("{state}", &state.1);
            format!("{url}\n{}", ended(login.finish(&query).await).await)
        }
        Ok(Login::Device(login)) => {
            let code = login.code();
            let shown = format!("{} {}\n", code.verification_uri, code.user_code);
            shown + &ended(login.wait().await).await
        }
        Ok(Login::Direct) => "nothing\n".to_owned(),
        Ok(Login::Choose(choice)) => ended(Ok(LoginEnd::Choose(choice))).await,
        Err(error) => failed(&error),
    }
}

/// What of a plan is about credentials.
fn shown(prepared: &Prepared) -> Value {
    let plan = &prepared.plan;
    let mut shown = json!({ "auth": plan.auth });
    if !plan.passed_over.is_empty() {
        shown["passedOver"] = json!(plan.passed_over);
    }
    shown["request"] = plan.request.to_json();
    shown
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap())
}

/// Runs a future on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_io().enable_time().build().unwrap().block_on(future)
}

/// A connector `demo` with one auth method `main`, and the fields that it refers to.
pub fn demo_connector(base: &str, auth: &Value) -> Value {
    let labels = labels(&auth.to_string());
    let fields: Map<String, Value> =
        labels.into_iter().map(|label| (label, json!({ "type": "secret" }))).collect();
    json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": fields },
        "auth": { "main": auth },
        "targets": { "api": { "auth": ["main"], "base": base } },
        "errors": [{ "status": [401, 403], "code": "auth.refused" }],
    })
}

/// The connector of [`demo_connector`], and its card `act`.
pub fn demo(base: &str, auth: &Value, request: &Value) -> MemorySource {
    let connector = demo_connector(base, auth);
    let mut card = json!({
        "format": 1, "name": "act", "version": "1.0.0", "title": "Act", "effect": "write",
        "input": {},
        "request": { "target": "api", "method": "GET", "path": "/things" },
        "output": { "Reply": {
            "Status": { "type": "number", "value": "<<response.status>>" },
            "Body": { "type": "any", "value": "<<response.body?>>" },
        } },
    });
    for (key, value) in request.as_object().unwrap() {
        match key.as_str() {
            "input" | "response" => card[key] = value.clone(),
            key => card["request"][key] = value.clone(),
        }
    }
    MemorySource::new().with("demo/connector", connector.to_string()).with(CARD, card.to_string())
}

/// The labels of the connection that a text refers to.
fn labels(text: &str) -> Vec<String> {
    let after = text.split("<<connection.").skip(1);
    after.map(|rest| rest.split(['?', '>']).next().unwrap().to_owned()).collect()
}

/// An invocation with the fields of a connection.
pub fn with_fields(fields: &Value) -> Invocation {
    Invocation::from_value(json!({ "connection": { "fields": fields } })).unwrap()
}

/// Other bytes each time.
struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) -> bool {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        true
    }
}

#[test]
fn what_is_signed_beside_a_digest_answer_has_a_nonce_of_its_own() {
    let server = RawServer::start(|index, _| {
        let challenge = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n\
                         content-length: 0\r\nconnection: close\r\n\r\n";
        match index {
            0 => Answer::Bytes(challenge.into()),
            _ => Answer::Bytes(reply("200 OK", "application/json", b"{}")),
        }
    });
    let auth = json!({ "scheme": "all", "of": [
        { "scheme": "digest", "username": "<<connection.User>>", "password": "<<connection.Key>>" },
        { "scheme": "hmac", "algorithm": "sha256", "key": "<<connection.Key>>", "message": "<<signing.nonce>>",
          "query": { "nonce": "<<signing.nonce>>", "sig": "<<signing.signature>>" } },
    ] });
    let host = Host::builder()
        .cards(demo("https://api.example", &auth, &json!({})))
        .transport(ToLoopback::new(&server))
        .clock(FixedClock(NOW))
        .entropy(Counting(AtomicU8::new(1)))
        .build();
    let fields = json!({ "User": "u", "Key": "k" });
    let outcome = block_on(host.run(Some(CARD), with_fields(&fields))).unwrap();
    assert_eq!(outcome.status, 200);
    let requests: Vec<Message> = server.requests().iter().map(|r| Message::parse(r)).collect();
    let signature = |nonce: &str| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"k");
        let tag = ring::hmac::sign(&key, nonce.as_bytes());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let target = |nonce: &str| format!("/things?nonce={nonce}&sig={}", signature(nonce));
    assert_eq!(requests[0].target(), target(&"01".repeat(16)));
    assert_eq!(requests[1].target(), target(&"02".repeat(16)));
    // The answer is about the target that is sent with it.
    let authorization = requests[1].header("authorization")[0];
    assert!(authorization.contains(&format!("uri=\"{}\"", target(&"02".repeat(16)))));
    assert_eq!(requests.len(), 2);
}

#[test]
fn an_es256_assertion_says_what_it_must_and_its_signature_is_good() {
    let key = KeyPair::generate().unwrap();
    let pem = pem("PRIVATE KEY", &key.serialize_der());
    let token = br#"{"access_token":"suite-token-1","token_type":"Bearer"}"#;
    let server = RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "application/json", token)));
    let auth = json!({
        "scheme": "oauth2", "grant": "client_credentials", "clientAuth": "private_key_jwt",
        "clientId": "<<connection.Client ID>>", "tokenUrl": "https://login.example/token",
        "assertion": { "algorithm": "ES256", "key": "<<connection.Private Key>>", "keyId": "k1", "lifetime": "1m" },
    });
    let host = Host::builder()
        .cards(demo("https://api.example", &auth, &json!({})))
        .transport(ToLoopback::new(&server))
        .clock(FixedClock(NOW))
        .entropy(FixedEntropy(RANDOM))
        .build();
    for written in [pem.clone(), pem.replace('\n', "\\n"), pem.replace('\n', "\r\n")] {
        let fields = json!({ "Client ID": "app-1", "Private Key": written });
        block_on(host.run(Some(CARD), with_fields(&fields))).unwrap();
    }
    let requests: Vec<Message> = server.requests().iter().map(|r| Message::parse(r)).collect();
    assert_eq!(requests.len(), 6);
    for request in requests.iter().step_by(2) {
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
        let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["grant_type", "client_id", "client_assertion_type", "client_assertion"]);
        let (signed, signature) = form[3].1.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let json = |part: &str| -> Value {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(json(header), json!({ "alg": "ES256", "typ": "JWT", "kid": "k1" }));
        let expected = json!({
            "sub": "app-1", "iss": "app-1", "aud": "https://login.example/token",
            // Ten seconds back, for a server whose clock is behind.
            "iat": NOW - 10, "exp": NOW + 50, "jti": "5e".repeat(16),
        });
        assert_eq!(json(claims), expected);
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key_raw())
            .verify(signed.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap())
            .unwrap();
    }
}

/// DER as PEM (RFC 7468).
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Answers a challenge or a login where one is wanted, then redirects to another origin.
fn redirecting_to(elsewhere: &str) -> RawServer {
    let redirect = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}/steal\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    RawServer::start(move |index, request| {
        let request = String::from_utf8_lossy(request);
        if request.starts_with("POST /token") {
            return Answer::Bytes(reply("200 OK", "application/json", b"{\"access_token\":\"t\"}"));
        }
        if index == 0 && request.contains("x-wants: digest") {
            return Answer::Bytes(
                b"HTTP/1.1 401 No\r\nwww-authenticate: Digest realm=\"r\", nonce=\"n\"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    .to_vec(),
            );
        }
        Answer::Bytes(redirect.clone().into_bytes())
    })
}

#[test]
fn nothing_of_any_scheme_goes_to_another_origin() {
    let secret = "<<connection.Key>>";
    let schemes = [
        json!({ "scheme": "basic", "username": secret, "password": secret }),
        json!({ "scheme": "bearer", "token": secret }),
        json!({ "scheme": "api_key", "in": "header", "name": "x-key", "value": secret }),
        json!({ "scheme": "api_key", "in": "query", "name": "key", "value": secret }),
        json!({ "scheme": "api_key", "in": "cookie", "name": "key", "value": secret }),
        json!({ "scheme": "digest", "username": secret, "password": secret }),
        json!({ "scheme": "hmac", "algorithm": "sha1", "key": secret, "message": "<<signing.url>>",
                "headers": { "x-signature": "<<signing.signature>>" } }),
        json!({ "scheme": "oauth1", "consumerKey": secret, "consumerSecret": secret }),
        json!({ "scheme": "aws_sigv4", "accessKeyId": secret, "secretAccessKey": secret,
                "region": "r", "service": "s" }),
        json!({ "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": "{server}/token",
                "clientId": secret, "clientSecret": secret }),
        json!({ "scheme": "session", "login": { "url": "{server}/token", "form": { "key": secret } },
                "tokenFrom": "<<response.body.access_token>>" }),
        json!({ "scheme": "custom", "name": "demo", "values": { "key": secret } }),
    ];
    for scheme in schemes {
        let name = scheme["scheme"].as_str().unwrap().to_owned();
        let second =
            RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "application/json", b"{}")));
        let first = redirecting_to(&second.url);
        let auth: Value =
            serde_json::from_str(&scheme.to_string().replace("{server}", &first.url)).unwrap();
        let more = json!({ "method": "POST", "headers": { "X-Wants": name }, "body": { "json": { "a": 1 } } });
        let host =
            Host::builder().cards(demo(&first.url, &auth, &more)).auth_scheme("demo", Demo).build();
        let fields = json!({ "Key": "suite-secret" });
        let error = block_on(host.run(Some(CARD), with_fields(&fields))).unwrap_err();
        assert_eq!(error.response().map(|response| response.status), Some(307), "{name}");
        let warning = &error.warnings()[0];
        let (code, message) = (warning.code(), warning.to_string());
        assert_eq!(code, "redirect.not_followed", "{name}");
        assert!(message.contains(&second.url), "{name}: {message}");
        let before = ["digest", "oauth2", "session"].contains(&name.as_str());
        assert_eq!(first.requests().len(), if before { 2 } else { 1 }, "{name}");
        assert_eq!(second.requests(), Vec::<String>::new(), "{name}");
    }
}
