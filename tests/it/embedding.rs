//! cardhost as a library: one host for many tenants and threads, an embedder's own parts, and nothing left behind.
//!
//! Only what the crate `cardhost` makes public is used.

use std::collections::{BTreeMap, HashSet};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cardhost::catalog::{CardSource, MemorySource};
use cardhost::clock::{Clock, FixedClock};
use cardhost::connections::{ConnectionProvider, MemoryConnections};
use cardhost::core::call::Treatment;
use cardhost::core::transport_fault::{TransportFault, TransportFaultKind};
use cardhost::transport::{BoxFuture, HttpTransport, MemoryTransport, Transport};
use cardhost::{
    BaseOverride, Class, Host, HostBuilder, Invocation, Outcome, Policy, Reply, RequestSpec,
};
use futures_util::FutureExt as _;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};

use crate::support::{Answer, RawServer, reply, skipped};

const CUSTOM: &str = "mixpanel/custom-api-action";
const SECRET: &str = "canary-5ecret";
/// 2026-11-21T10:00:00Z.
const NOW: i64 = 1_795_255_200;
/// A test that waits longer than this has failed.
const LONG: Duration = Duration::from_secs(20);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn host(transport: impl Transport + 'static) -> HostBuilder {
    // A thousand at once are more than Mixpanel takes.
    let policy = Policy { keeps_limits: false, ..Policy::default() };
    Host::builder().cards(cardhost::Embedded).transport(transport).policy(policy)
}

fn fields(location: &str, user: &str, secret: &str) -> Map<String, Value> {
    let fields = json!({
        "API Server Location": location,
        "Service Account: Username": user,
        "Service Account: Secret": secret,
    });
    fields.as_object().unwrap().clone()
}

fn invocation(connection: Value, method: &str, request: Value) -> Invocation {
    Invocation::from_value(json!({
        "connection": connection,
        "options": { "Request Type": method, "Select API": "Query API" },
        "input": { "Request": request },
    }))
    .unwrap()
}

fn own_connection() -> Value {
    json!({ "fields": fields("Standard", "robot", SECRET) })
}

fn json_reply(status: u16, body: &Value) -> Reply {
    let mut reply = Reply::new(status, Default::default(), body.to_string());
    reply.headers.insert("content-type", "application/json".parse().unwrap());
    reply
}

fn body_of(outcome: &Outcome) -> Value {
    outcome.output.to_value().unwrap()["Response"]["Body"].take()
}

#[test]
fn a_host_moves_between_threads_and_so_do_its_runs() {
    fn is_shared<T: Send + Sync + Clone + 'static>() {}
    fn is_send<T: Send>(_: &T) {}
    is_shared::<Host>();
    let host = host(MemoryTransport::new(|_| Ok(json_reply(200, &json!({})))));
    let host = host.build();
    let request = json!({ "Relative URL": "/x" });
    is_send(&host.run(Some(CUSTOM), invocation(own_connection(), "GET", request.clone())));
    is_send(&host.plan(Some(CUSTOM), invocation(own_connection(), "GET", request)));
}

#[test]
fn each_tenant_gets_its_own_base_url_and_credentials() {
    let connections = MemoryConnections::new()
        .with("mixpanel", "acme", fields("Standard", "acme", "one"))
        .with("mixpanel", "globex", fields("EU", "globex", "two"))
        .with("another", "initech", fields("EU", "initech", "three"));
    let echo = MemoryTransport::new(|request| {
        let authorization = request.headers["authorization"].to_str().unwrap();
        Ok(json_reply(200, &json!([request.url.as_str(), authorization])))
    });
    let host = host(echo).connections(connections).build();
    let run = |name: &str| {
        let request = json!({ "Relative URL": "/app/me" });
        let run = host.run(Some(CUSTOM), invocation(json!(name), "GET", request));
        runtime().block_on(run)
    };
    // `acme:one` and `globex:two` in base64.
    let acme = json!(["https://mixpanel.com/api/app/me", "Basic YWNtZTpvbmU="]);
    let globex = json!(["https://eu.mixpanel.com/api/app/me", "Basic Z2xvYmV4OnR3bw=="]);
    assert_eq!(body_of(&run("acme").unwrap()), acme);
    assert_eq!(body_of(&run("globex").unwrap()), globex);
    // A connection of another connector is none of this one's.
    for name in ["initech", "ACME", ""] {
        let error = run(name).unwrap_err();
        assert_eq!(error.code().as_str(), "connection.unknown", "{name}");
        assert_eq!(error.class(), Class::Connection);
    }
}

/// The seconds to wait that a 429 with this `Retry-After` tells at [`NOW`].
fn retry_after(header: &'static str) -> Option<u64> {
    let transport = MemoryTransport::new(move |_| {
        let mut reply = json_reply(429, &json!({ "error": "slow down" }));
        reply.headers.insert("retry-after", header.parse().unwrap());
        Ok(reply)
    });
    let host = host(transport).clock(FixedClock(NOW)).build();
    let invocation = Invocation::from_value(json!({
        "connection": own_connection(), "input": { "Path": { "projectId": 1 } },
    }));
    let run = host.run(Some("mixpanel/list-warehouse-sources"), invocation.unwrap());
    let error = runtime().block_on(run).unwrap_err();
    assert_eq!(error.code().as_str(), "http.rate_limited");
    assert_eq!((error.class(), error.retryable()), (Class::Later, Some(true)));
    assert_eq!(error.response().unwrap().status, 429);
    error.retry_after_s()
}

#[test]
fn retry_after_is_told_by_the_hosts_own_clock() {
    assert_eq!(retry_after("Sat, 21 Nov 2026 10:01:30 GMT"), Some(90));
    assert_eq!(retry_after("Sat, 21 Nov 2026 10:00:00 GMT"), Some(0));
    assert_eq!(retry_after("Sat, 21 Nov 2026 09:59:59 GMT"), Some(0));
    assert_eq!(retry_after("17"), Some(17));
    assert_eq!(retry_after("soon"), None);
}

#[test]
fn retry_after_is_read_in_the_obsolete_date_formats_too() {
    // RFC 9110, section 5.6.7: a recipient must accept all three.
    assert_eq!(retry_after("Saturday, 21-Nov-26 10:01:30 GMT"), Some(90));
    assert_eq!(retry_after("Sat Nov 21 10:01:30 2026"), Some(90));
}

/// Echoes a request's body after giving way to others, and counts how many requests are on their way.
#[derive(Clone, Default)]
struct Echo {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Transport for Echo {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        _: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            self.now.fetch_sub(1, Ordering::SeqCst);
            let body =
                serde_json::from_slice(request.body.as_ref().unwrap().bytes().unwrap()).unwrap();
            Ok(json_reply(200, &body))
        })
    }
}

/// Runs `ids` at once and gives back what each got.
async fn echoed(host: &Host, ids: std::ops::Range<usize>) -> Vec<(usize, Value)> {
    let mut running = JoinSet::new();
    for id in ids {
        let host = host.clone();
        let request =
            json!({ "Relative URL": "/x", "Body": { "id": id, "text": format!("t{id}") } });
        let invocation = invocation(own_connection(), "POST", request);
        running.spawn(async move { (id, host.run(Some(CUSTOM), invocation).await.unwrap()) });
    }
    let outcomes = running.join_all().await;
    outcomes.iter().map(|(id, outcome)| (*id, body_of(outcome))).collect()
}

fn assert_each_its_own(results: &[(usize, Value)], count: usize) {
    let ids: HashSet<usize> = results.iter().map(|(id, _)| *id).collect();
    assert_eq!((ids.len(), results.len()), (count, count));
    for (id, body) in results {
        assert_eq!(*body, json!({ "id": id, "text": format!("t{id}") }));
    }
}

#[test]
fn a_thousand_runs_at_once_each_get_their_own_output() {
    let echo = Echo::default();
    let host = host(echo.clone()).build();
    let results = runtime().block_on(echoed(&host, 0..1000));
    assert_each_its_own(&results, 1000);
    assert_eq!(echo.most.load(Ordering::SeqCst), 1000, "not all were on their way at once");
}

#[test]
fn one_host_serves_runtimes_on_several_threads() {
    let host = host(Echo::default()).build();
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let host = host.clone();
            let ids = thread * 250..(thread + 1) * 250;
            thread::spawn(move || runtime().block_on(echoed(&host, ids)))
        })
        .collect();
    let results: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert_each_its_own(&results, 1000);
}

/// Never answers; counts the exchanges that are alive.
#[derive(Clone, Default)]
struct Never(Arc<AtomicI64>);

struct Alive(Arc<AtomicI64>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for Never {
    fn send<'a>(
        &'a self,
        _: &'a RequestSpec,
        _: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            self.0.fetch_add(1, Ordering::SeqCst);
            let _alive = Alive(Arc::clone(&self.0));
            std::future::pending().await
        })
    }
}

#[test]
fn a_dropped_run_leaves_nothing_behind() {
    let never = Never::default();
    let host = host(never.clone()).build();
    let request = json!({ "Relative URL": "/x" });
    runtime().block_on(async {
        let mut runs: Vec<_> = (0..10)
            .map(|_| {
                let invocation = invocation(own_connection(), "GET", request.clone());
                Box::pin(host.run(Some(CUSTOM), invocation))
            })
            .collect();
        assert_eq!(never.0.load(Ordering::SeqCst), 0, "a run does nothing before it is polled");
        for run in &mut runs {
            assert!(run.now_or_never().is_none());
        }
        assert_eq!(never.0.load(Ordering::SeqCst), 10);
        runs.truncate(4);
        assert_eq!(never.0.load(Ordering::SeqCst), 4);
        drop(runs);
        assert_eq!(never.0.load(Ordering::SeqCst), 0);
    });
    // The host holds no handle to the transport beside its own.
    assert_eq!(Arc::strong_count(&never.0), 2);
    drop(host);
    assert_eq!(Arc::strong_count(&never.0), 1);
}

/// Runs against a server that sends `begun` and then nothing, and drops the run once the request has arrived.
fn connection_ends_with_the_run(begun: &'static [u8]) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (arrived, has_arrived) = tokio::sync::oneshot::channel();
    let (ended, has_ended) = tokio::sync::oneshot::channel();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(begun).unwrap();
        arrived.send(()).unwrap();
        // Blocks until the client lets go of the connection.
        let read = stream.read(&mut [0; 1]);
        ended.send(read.map_err(|error| error.kind())).unwrap();
    });
    let host = host(HttpTransport::new()).base(BaseOverride::parse(&base).unwrap()).build();
    let request = json!({ "Relative URL": "/x" });
    let read = runtime().block_on(async {
        {
            let mut run =
                pin!(host.run(Some(CUSTOM), invocation(own_connection(), "GET", request)));
            tokio::select! {
                biased;
                result = &mut run => panic!("the server never answers: {result:?}"),
                arrived = has_arrived => arrived.unwrap(),
            }
        }
        tokio::time::timeout(LONG, has_ended).await.expect("the connection stays open").unwrap()
    });
    let gone = matches!(read, Ok(0) | Err(std::io::ErrorKind::ConnectionReset));
    assert!(gone, "{read:?}");
    server.join().unwrap();
}

#[test]
fn a_run_dropped_before_the_reply_closes_its_connection() {
    connection_ends_with_the_run(b"");
}

#[test]
fn a_run_dropped_inside_the_body_closes_its_connection() {
    connection_ends_with_the_run(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
}

/// An embedder's own parts, each in the plainest way.
struct OwnTransport;
struct OwnClock;
struct OwnConnections;
struct OwnCards;

impl Transport for OwnTransport {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(async move {
            if request.url.path() == "/api/down" {
                let kind = TransportFaultKind::Connect;
                return Err(TransportFault { kind, not_sent: true, detail: "no route".into() });
            }
            let told = json!({
                "debug": format!("{request:?}"),
                "total_s": treatment.total_timeout.as_secs(),
                "max_body_bytes": treatment.max_body_bytes,
            });
            Ok(json_reply(200, &told))
        })
    }
}

impl Clock for OwnClock {
    fn unix_seconds(&self) -> i64 {
        NOW
    }
}

impl ConnectionProvider for OwnConnections {
    fn fields<'a>(
        &'a self,
        connector: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, String>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            match (connector, name) {
                ("mixpanel", "prod") => Ok(Some(fields("EU", "robot", SECRET))),
                ("mixpanel", "sealed") => Err("the vault is sealed".to_owned()),
                _ => Ok(None),
            }
        })
    }
}

impl CardSource for OwnCards {
    fn connectors(&self) -> Vec<String> {
        cardhost::Embedded.connectors()
    }

    fn cards(&self, connector: &str) -> Vec<String> {
        cardhost::Embedded.cards(connector)
    }

    fn text(&self, connector: &str, file: &str) -> Result<Option<String>, String> {
        cardhost::Embedded.text(connector, file)
    }

    fn display_path(&self, connector: &str, file: &str) -> String {
        format!("database: {connector}/{file}")
    }
}

#[test]
fn an_embedder_brings_transport_clock_connections_and_cards_of_its_own() {
    let policy = Policy { total_timeout: Some(Duration::from_secs(7)), ..Policy::default() };
    let host = Host::builder()
        .cards(OwnCards)
        .transport(OwnTransport)
        .clock(OwnClock)
        .connections(OwnConnections)
        .policy(policy)
        .build();
    let run = |connection: &str, relative_url: &str| {
        let request = json!({ "Relative URL": relative_url });
        let run = host.run(Some(CUSTOM), invocation(json!(connection), "GET", request));
        runtime().block_on(run)
    };
    let outcome = run("prod", "/app/me").unwrap();
    assert_eq!(outcome.status, 200);
    let told = body_of(&outcome);
    assert_eq!(told["total_s"], 7);
    assert_eq!(told["max_body_bytes"], 16 * 1024 * 1024);
    let debug = told["debug"].as_str().unwrap();
    assert!(debug.contains("https://eu.mixpanel.com/api/app/me"), "{debug}");
    assert!(!debug.contains(SECRET) && debug.contains("Basic [redacted]"), "{debug}");

    let down = run("prod", "/down").unwrap_err();
    assert_eq!((down.code().as_str(), down.retryable()), ("transport.connect", Some(true)));
    assert!(down.message().contains("no route"), "{}", down.message());
    let sealed = run("sealed", "/x").unwrap_err();
    assert_eq!(sealed.code().as_str(), "connection.unreadable");
    assert!(sealed.message().contains("the vault is sealed"), "{}", sealed.message());
    assert_eq!(run("staging", "/x").unwrap_err().code().as_str(), "connection.unknown");
}

#[test]
fn cards_can_be_made_in_memory() {
    let connector = json!({
        "format": 1, "name": "probe", "version": "1.0.0", "title": "Probe",
        "connection": { "fields": { "Key": { "type": "secret" } } },
        "auth": { "key": { "scheme": "api_key", "in": "header", "name": "x-key", "value": "<<connection.Key>>" } },
        "targets": { "API": { "auth": ["key"], "base": "https://probe.example/v1" } },
    });
    let card = json!({
        "format": 1, "name": "get", "version": "1.0.0", "title": "Get",
        "request": { "target": "API", "method": "GET", "path": "/thing" },
        "effect": "read",
        "output": { "Thing": { "id": { "type": "number", "value": "<<response.body.id>>" } } },
    });
    let cards = MemorySource::new()
        .with("probe/connector", connector.to_string())
        .with("probe/get", card.to_string());
    let transport = MemoryTransport::new(|request| {
        assert_eq!(request.headers["x-key"], SECRET);
        Ok(json_reply(200, &json!({ "id": 7 })))
    });
    let host = Host::builder().cards(cards).transport(transport).build();
    let invocation = Invocation::from_value(json!({
        "card": "probe/get", "connection": { "fields": { "Key": SECRET } },
    }));
    let outcome = runtime().block_on(host.run(None, invocation.unwrap())).unwrap();
    assert_eq!(outcome.output.to_value().unwrap(), json!({ "Thing": { "id": 7 } }));
}

#[test]
fn an_invocation_cannot_read_the_hosts_environment_unless_the_host_allows_it() {
    let transport = || MemoryTransport::new(|_| Ok(json_reply(200, &json!({}))));
    let connection = json!({ "fields": {
        "Service Account: Username": "robot", "Service Account: Secret": { "env": "PATH" },
    } });
    let request = json!({ "Relative URL": "/x" });
    let invocation = invocation(connection, "GET", request);
    let refused =
        runtime().block_on(host(transport()).build().run(Some(CUSTOM), invocation.clone()));
    assert_eq!(refused.unwrap_err().code().as_str(), "policy.secret_reference");
    let policy = Policy { secret_references: true, ..Policy::default() };
    let host = host(transport()).policy(policy).build();
    assert!(runtime().block_on(host.run(Some(CUSTOM), invocation)).is_ok());
}

/// Keeps the fields of every span and event.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Recorded>>);

impl Recorder {
    /// All that was recorded.
    pub(crate) fn text(&self) -> String {
        let recorded = self.0.lock().unwrap();
        format!("{:?}\n{:?}", recorded.spans, recorded.events)
    }
}

#[derive(Default)]
struct Recorded {
    /// Name and fields of each span, in the order of their making.
    spans: Vec<(&'static str, Fields)>,
    events: Vec<Fields>,
}

#[derive(Clone, Debug, Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl tracing::Subscriber for Recorder {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        span.record(&mut fields);
        let mut recorded = self.0.lock().unwrap();
        recorded.spans.push((span.metadata().name(), fields));
        Id::from_u64(recorded.spans.len() as u64)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let index = usize::try_from(span.into_u64()).unwrap() - 1;
        values.record(&mut self.0.lock().unwrap().spans[index].1);
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.lock().unwrap().events.push(fields);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Runs a card over HTTP against a server with one answer; gives the fields of its span, and all that was recorded.
fn traced(answer: Vec<u8>, card: &str, input: Value) -> (Fields, String) {
    let server = RawServer::start(move |_, _| Answer::Bytes(answer.clone()));
    let base = BaseOverride::parse(&server.url).unwrap();
    let host = host(HttpTransport::new()).base(base).build();
    let options = if card == CUSTOM {
        json!({ "Request Type": "POST", "Select API": "Query API" })
    } else {
        json!({})
    };
    let invocation = Invocation::from_value(json!({
        "connection": own_connection(), "options": options, "input": input,
    }));
    let recorder = Recorder::default();
    tracing::subscriber::with_default(recorder.clone(), || {
        let _ = runtime().block_on(host.run(Some(card), invocation.unwrap()));
    });
    let all = recorder.text();
    let recorded = recorder.0.lock().unwrap();
    let mut invocations = recorded.spans.iter().filter(|(name, _)| *name == "invocation");
    let (_, fields) = invocations.next().expect("an invocation span");
    assert!(invocations.next().is_none(), "one span an invocation");
    (fields.clone(), all)
}

/// Spellings of the secrets that nothing recorded may hold: as given, percent-encoded, in Basic credentials, in the body.
fn assert_no_secret(recorded: &str) {
    for secret in
        [SECRET, "canary%2D5ecret", "cm9ib3Q6Y2FuYXJ5LTVlY3JldA", "warehouse-canary", "canary"]
    {
        assert!(!recorded.contains(secret), "`{secret}` in {recorded}");
    }
}

#[test]
fn the_span_of_an_invocation_tells_what_happened_and_no_secret() {
    let body = format!(r#"{{"echo":"{SECRET}","basic":"cm9ib3Q6Y2FuYXJ5LTVlY3JldA=="}}"#);
    let input = json!({ "Request": {
        "Relative URL": format!("/x?token={SECRET}"), "Query": { "q": SECRET },
        "Headers": { "x-q": SECRET }, "Body": { "b": SECRET },
    } });
    let (fields, all) = traced(reply("200 OK", "application/json", body.as_bytes()), CUSTOM, input);
    assert_eq!(fields.0["card"], CUSTOM);
    assert_eq!(fields.0["target"], "Query API");
    assert_eq!(fields.0["auth"], "service account");
    assert_eq!(fields.0["effect"], "write");
    assert_eq!(fields.0["status"], "200");
    assert!(fields.0["duration_ms"].parse::<u64>().is_ok(), "{fields:?}");
    assert_eq!(fields.0.get("error"), None);
    assert_no_secret(&all);
}

#[test]
fn the_span_of_a_failed_invocation_tells_its_code_and_no_secret() {
    let body = format!(r#"{{"error":"bad credentials: robot:{SECRET}"}}"#);
    let input = json!({
        "Path": { "projectId": 1 },
        "Body": { "name": "n", "type": "snowflake", "connectionDetails": { "password": "warehouse-canary" } },
    });
    let card = "mixpanel/create-warehouse-source";
    let refused = reply("401 Unauthorized", "application/json", body.as_bytes());
    let (fields, all) = traced(refused, card, input.clone());
    assert_eq!(fields.0["card"], card);
    assert_eq!(fields.0["target"], "Warehouse Connectors API");
    assert_eq!((fields.0["status"].as_str(), fields.0["error"].as_str()), ("401", "auth.refused"));
    assert!(fields.0.contains_key("duration_ms"), "{fields:?}");
    assert_no_secret(&all);

    // Neither does a run that gets no reply, or one that is refused before it is sent.
    let (fields, all) = traced(Vec::new(), card, input);
    assert_eq!(fields.0["error"], "transport.reset");
    assert_eq!(fields.0.get("status"), None);
    assert_no_secret(&all);
    let wrong = json!({ "Request": { "Relative URL": format!("//{SECRET}/x") } });
    let (fields, all) = traced(Vec::new(), CUSTOM, wrong);
    assert_eq!(fields.0["error"], "url.outside_base");
    assert_eq!((fields.0.get("target"), fields.0.get("status")), (None, None));
    assert_no_secret(&all);
}

#[test]
fn the_example_of_embedding_runs() {
    let command = std::path::Path::new(env!("CARGO_BIN_EXE_cardhost"));
    let example = command.with_file_name("examples").join("embed");
    if !example.is_file() {
        let why =
            format!("{} is not built; `cargo test` without --test builds it", example.display());
        skipped("examples", &why);
        return;
    }
    let output = Command::new(example).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let (first, second) = stdout.split_once('\n').unwrap();
    assert!(first.starts_with("1000 of 1000 succeeded in "), "{stdout}");
    let source: Value = serde_json::from_str(second).unwrap();
    assert_eq!(source["Warehouse Source"]["type"], "snowflake");
}

#[test]
fn a_store_is_opened_when_a_connection_is_first_named_and_only_once() {
    use cardhost::store::{Key, KeySet, Store};
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("connections.db").display().to_string();
    let opened = Arc::new(AtomicUsize::new(0));
    let (count, there) = (Arc::clone(&opened), place.clone());
    let host = host(MemoryTransport::new(|_| Ok(json_reply(200, &json!({})))))
        .store_with(move || {
            count.fetch_add(1, Ordering::SeqCst);
            let place = there.clone();
            async move {
                if !std::path::Path::new(&place).exists() {
                    return Ok(None);
                }
                let key = Key::parse(&"11".repeat(32))?;
                Ok(Some(Store::open(&place, KeySet::new(key)).await?.tenant("acme")?))
            }
        })
        .build();
    let run = |connection: Value| {
        let invocation = invocation(connection, "GET", json!({ "Relative URL": "/app/me" }));
        runtime().block_on(host.run(Some(CUSTOM), invocation))
    };
    run(own_connection()).unwrap();
    assert_eq!(opened.load(Ordering::SeqCst), 0);
    // Where there is no store yet, it is looked for again.
    for tries in 1..=2 {
        let error = run(json!("prod")).unwrap_err();
        assert_eq!(error.code().as_str(), "connection.unknown");
        assert_eq!(opened.load(Ordering::SeqCst), tries);
    }
    runtime().block_on(async {
        let key = Key::parse(&"11".repeat(32)).unwrap();
        let store = Store::open(&place, KeySet::new(key)).await.unwrap().tenant("acme").unwrap();
        store.add("mixpanel", "prod", &fields("EU", "robot", SECRET)).await.unwrap();
    });
    for _ in 0..3 {
        run(json!("prod")).unwrap();
    }
    assert_eq!(opened.load(Ordering::SeqCst), 3);
}

#[test]
fn references_of_stored_connections_are_read_only_where_the_policy_says_so() {
    use cardhost::store::{Key, KeySet, Store};
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    let place = folder.path().join("connections.db").display().to_string();
    let run = |policy: Policy| {
        runtime().block_on(async {
            let key = Key::parse(&"11".repeat(32)).unwrap();
            let store = Store::open(&place, KeySet::new(key)).await.unwrap();
            let store = store.tenant("acme").unwrap();
            let mut stored = fields("EU", "robot", "");
            stored["Service Account: Secret"] = json!({ "file": secret });
            let _ = store.add("mixpanel", "prod", &stored).await;
            let host = host(MemoryTransport::new(|_| Ok(json_reply(200, &json!({})))));
            let host = host.store(store).policy(policy).default_connection_name("prod").build();
            let mut invocation =
                invocation(json!("prod"), "GET", json!({ "Relative URL": "/app/me" }));
            invocation.connection = None;
            host.run(Some(CUSTOM), invocation).await
        })
    };
    let error = run(Policy { secret_references: true, ..Policy::default() }).unwrap_err();
    assert_eq!(error.code().as_str(), "policy.secret_reference");
    assert_eq!(error.place().file, "connection prod");
    run(Policy { stored_secret_references: true, ..Policy::default() }).unwrap();
}

/// Answers with the user that asks.
fn who_asks() -> MemoryTransport {
    MemoryTransport::new(|request| {
        let credentials = request.headers["authorization"].to_str().unwrap();
        Ok(json_reply(200, &json!({ "who": credentials })))
    })
}

#[test]
fn the_tenant_comes_with_the_call() {
    use base64::Engine as _;
    use cardhost::Caller;
    use cardhost::store::{Key, KeySet, Store};

    const TENANTS: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("connections.db");
    runtime().block_on(async {
        let keys = KeySet::new(Key::generate().unwrap());
        let store = Store::open(location.to_str().unwrap(), keys).await.unwrap();
        for tenant in 0..TENANTS {
            let user = format!("user-{tenant}");
            let of_tenant = store.tenant(&format!("t{tenant}")).unwrap();
            of_tenant.add("mixpanel", "prod", &fields("EU", &user, SECRET)).await.unwrap();
        }
        let host = host(who_asks()).store_of_tenants(store.clone()).build();
        let asked = Invocation::of(CUSTOM)
            .with_connection("prod")
            .with_option("Request Type", "GET")
            .with_option("Select API", "Query API")
            .with_input("Request", "Relative URL", "/app/me");
        let mut calls = JoinSet::new();
        for tenant in 0..TENANTS {
            let host = host.for_caller(Caller::of_tenant(&format!("t{tenant}")));
            let asked = asked.clone();
            calls.spawn(async move { (tenant, host.run(None, asked).await.unwrap()) });
        }
        while let Some(done) = calls.join_next().await {
            let (tenant, outcome) = done.unwrap();
            let pair = format!("user-{tenant}:{SECRET}");
            let basic = base64::engine::general_purpose::STANDARD.encode(pair);
            let output = outcome.output.to_value().unwrap();
            assert_eq!(output["Response"]["Body"]["who"], format!("Basic {basic}"));
        }
        // Nobody's connection, and a host of one tenant has no other's.
        for caller in [Caller::default(), Caller::of_tenant("nobody")] {
            let error = host.for_caller(caller).run(None, asked.clone()).await.unwrap_err();
            assert_eq!(error.code().as_str(), "connection.unknown");
        }
        let one = self::host(who_asks()).store(store.tenant("t1").unwrap()).build();
        assert!(one.run(None, asked.clone()).await.is_ok());
        assert!(one.for_caller(Caller::of_tenant("t1")).run(None, asked.clone()).await.is_ok());
        let other = one.for_caller(Caller::of_tenant("t2")).run(None, asked).await;
        assert_eq!(other.unwrap_err().code().as_str(), "connection.unknown");
    });
}

/// Gives the connection that the caller's context names.
struct ByContext;

impl ConnectionProvider for ByContext {
    fn fields<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, String>> {
        Box::pin(async { Ok(None) })
    }

    fn fields_for<'a>(
        &'a self,
        caller: &'a cardhost::Caller,
        _: &'a str,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, String>> {
        let user = caller.context::<String>().cloned();
        Box::pin(async move { Ok(user.map(|user| fields("EU", &user, SECRET))) })
    }
}

#[test]
fn a_callers_context_reaches_whoever_gives_connections() {
    let host = host(who_asks()).connections(ByContext).build();
    let asked = invocation(json!("any"), "GET", json!({ "Relative URL": "/app/me" }));
    let caller = cardhost::Caller::default().with_context("ada".to_owned());
    assert_eq!(caller.context::<u8>(), None);
    runtime().block_on(async {
        let outcome = host.for_caller(caller).run(Some(CUSTOM), asked.clone()).await.unwrap();
        let output = outcome.output.to_value().unwrap();
        assert!(output["Response"]["Body"]["who"].as_str().unwrap().starts_with("Basic "));
        let error = host.run(Some(CUSTOM), asked).await.unwrap_err();
        assert_eq!(error.code().as_str(), "connection.unknown");
    });
    let method: cardhost::http::Method = http::Method::GET;
    assert_eq!(method, "GET");
}
