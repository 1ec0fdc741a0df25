//! The egress policy from outside: what a connection may not lead to, in every spelling, and what the switch changes.
//!
//! Nothing here leaves the machine: what the policy lets through goes to a transport that only records it, or to a
//! server of our own.

use std::future::Future;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cardhost::catalog::MemorySource;
use cardhost::core::error::Place;
use cardhost::core::transport_fault::ExchangeFault;
use cardhost::transport::{
    BoxFuture, EgressPolicy, HttpTransport, MemoryTransport, Resolve, Transport,
    TransportFaultKind, Treatment,
};
use cardhost::{
    BaseOverride, Class, Error, Host, HostBuilder, HostFrom, Invocation, Outcome, Policy,
};
use cardhost::{Reply, RequestSpec};
use serde_json::{Value, json};

use crate::support::{Answer, RawServer, reply, skipped};

const DENIED: &str = "egress.address";
const INVALID: &str = "url.host";

/// Values of the host in `https://<<connection.Host>>/v2`, and the code that each leads to.
const HOSTS: &[(&str, &str)] = &[
    // Loopback, in the spellings that URL parsers read as an address.
    ("127.0.0.1", DENIED),
    ("127.0.0.1:8443", DENIED),
    ("127.255.255.254", DENIED),
    ("127.1", DENIED),
    ("127.0.1", DENIED),
    ("2130706433", DENIED),
    ("017700000001", DENIED),
    ("0x7f000001", DENIED),
    ("0x7F.1", DENIED),
    ("0X7f.0.0.1", DENIED),
    ("0177.0.0.1", DENIED),
    ("0177.0.0.0x1", DENIED),
    ("127.0x0.0.1", DENIED),
    ("00000177.0.0.01", DENIED),
    ("0", DENIED),
    ("0x", DENIED),
    ("0.0.0.0", DENIED),
    // Private, shared, link-local with the clouds' metadata.
    ("10.0.0.5", DENIED),
    ("10.5", DENIED),
    ("167772165", DENIED),
    ("0xa000005", DENIED),
    ("012.0.0.5", DENIED),
    ("172.16.0.1", DENIED),
    ("172.31.255.255:8080", DENIED),
    ("192.168.1.1", DENIED),
    ("192.168.257", DENIED),
    ("3232235777", DENIED),
    ("100.64.0.1", DENIED),
    ("100.100.100.200", DENIED),
    ("169.254.169.254", DENIED),
    ("169.254.43518", DENIED),
    ("2852039166", DENIED),
    ("0xA9FEA9FE", DENIED),
    ("0xa9.0xfe.0xa9.0xfe", DENIED),
    ("0251.0376.0251.0376", DENIED),
    ("168.63.129.16", DENIED),
    ("192.0.0.192", DENIED),
    ("192.0.2.1", DENIED),
    ("192.88.99.1", DENIED),
    ("198.18.0.1", DENIED),
    ("203.0.113.5", DENIED),
    ("224.0.0.1", DENIED),
    ("240.0.0.1", DENIED),
    ("255.255.255.255", DENIED),
    ("4294967295", DENIED),
    // Names that are local before any look-up.
    ("localhost", DENIED),
    ("LOCALHOST", DENIED),
    ("LocalHost:8080", DENIED),
    ("api.localhost", DENIED),
    ("localhost.localdomain", DENIED),
    ("metadata", DENIED),
    ("metadata.google.internal", DENIED),
    ("Metadata.Google.INTERNAL", DENIED),
    ("ip-10-0-0-5.ec2.internal", DENIED),
    ("printer.local", DENIED),
    ("router.home.arpa", DENIED),
    ("redis:6379", DENIED),
    // What is no host by itself stays refused, whatever the switch says.
    ("localhost.", INVALID),
    ("127.0.0.1.", INVALID),
    (".127.0.0.1", INVALID),
    ("127..1", INVALID),
    ("127\u{3002}0\u{3002}0\u{3002}1", INVALID),
    ("127\u{ff0e}0\u{ff61}0.1", INVALID),
    ("\u{ff11}27.0.0.1", INVALID),
    ("\u{24db}ocalhost", INVALID),
    ("loc\u{ad}alhost", INVALID),
    ("%6cocalhost", INVALID),
    ("127.0.0.1%2f", INVALID),
    ("127%2e0%2e0%2e1", INVALID),
    ("user@127.0.0.1", INVALID),
    ("127.0.0.1@evil.example", INVALID),
    ("127.0.0.1/x", INVALID),
    ("127.0.0.1#", INVALID),
    ("127.0.0.1?", INVALID),
    ("127.0.0.1\\@evil.example", INVALID),
    ("[::1]", DENIED),
    ("[::ffff:127.0.0.1]:80", DENIED),
    ("[::1", INVALID),
    ("::1", INVALID),
    (" 127.0.0.1", INVALID),
    ("127.0.0.1\t", INVALID),
    ("127.0.0.1\r\nhost: evil", INVALID),
    ("127.0.0.1\0", INVALID),
    ("127.0.0.1:", INVALID),
    ("127.0.0.1:0", INVALID),
    ("127.0.0.1:80:80", INVALID),
    ("127.0.0.1:99999", INVALID),
    ("1.2.3.4.5", INVALID),
    ("256.256.256.256", INVALID),
    ("0x1ffffffff", INVALID),
    ("127.0.0.08", INVALID),
    ("xn--a", INVALID),
    ("a$b.example", INVALID),
];

/// The same for the whole URL in `<<connection.URL>>/rest`.
const URLS: &[(&str, &str)] = &[
    ("http://127.0.0.1:6379/", DENIED),
    ("HTTPS://LOCALHOST/x", DENIED),
    ("https://2130706433", DENIED),
    ("http://0x7f.1/a/b", DENIED),
    ("http://169.254.169.254/latest/meta-data/", DENIED),
    ("http://[::1]", DENIED),
    ("http://[::]/", DENIED),
    ("http://[0:0:0:0:0:0:0:1]:8080/x", DENIED),
    ("http://[0000:0000::0001]", DENIED),
    ("http://[::ffff:127.0.0.1]", DENIED),
    ("http://[::FFFF:7F00:1]", DENIED),
    ("http://[::ffff:a9fe:a9fe]", DENIED),
    ("http://[::127.0.0.1]", DENIED),
    ("http://[64:ff9b::7f00:1]", DENIED),
    ("http://[64:ff9b::169.254.169.254]", DENIED),
    ("http://[64:ff9b:1::8.8.8.8]", DENIED),
    ("http://[2002:7f00:1::]", DENIED),
    ("http://[2002:a9fe:a9fe::1]", DENIED),
    ("http://[2001::1]", DENIED),
    ("http://[2001:db8::1]", DENIED),
    ("http://[fe80::1]", DENIED),
    ("http://[fec0::1]", DENIED),
    ("http://[fc00::1]", DENIED),
    ("http://[fd00:ec2::254]/latest/", DENIED),
    ("http://[fd20:ce::254]", DENIED),
    ("http://[ff02::1]", DENIED),
    ("http://[100::1]", DENIED),
    ("http://[5f00::1]", DENIED),
    ("http://[3fff::1]", DENIED),
    ("http://[4000::1]", DENIED),
    ("http://evil.example@127.0.0.1/", INVALID),
    ("http://127.0.0.1@evil.example/", INVALID),
    ("http://127.0.0.1:80@evil.example/", INVALID),
    ("http://127.0.0.1\\@evil.example/", INVALID),
    ("http://%31%32%37.0.0.1/", INVALID),
    ("http://127.0.0.1%00.example.com/", INVALID),
    ("http://127\u{3002}0\u{3002}0\u{3002}1/", INVALID),
    ("http://[::1%25lo]/", INVALID),
    ("http://[::1", INVALID),
    ("http://[::ffff:127.0.0.1.5]/", INVALID),
    ("http://[::1]evil.example/", INVALID),
    ("http://localhost./", INVALID),
    ("http:///127.0.0.1", INVALID),
    ("http:/127.0.0.1", INVALID),
    ("http:127.0.0.1", INVALID),
    ("//127.0.0.1", INVALID),
    ("127.0.0.1", INVALID),
    ("file:///etc/passwd", INVALID),
    ("gopher://127.0.0.1:6379/", INVALID),
    ("jar:http://127.0.0.1!/", INVALID),
    ("http://127.0.0.1/?x=", INVALID),
    ("http://127.0.0.1/#", INVALID),
    (" http://127.0.0.1", INVALID),
    ("http://127.0.0.1/\n", INVALID),
    ("http://a.example/../x", "url.dot_segment"),
    ("http://a.example/%252e%252e/x", "url.dot_segment"),
    ("http://a.example//evil.example", "url.outside_base"),
];

/// Names, and addresses that they must not have.
const NAMES: &[(&str, &[&str])] = &[
    ("loopback.example", &["127.0.0.1"]),
    ("10.0.0.5.nip.example", &["10.0.0.5"]),
    ("link-local.example", &["169.254.169.254"]),
    ("zero.example", &["0.0.0.0"]),
    ("carrier.example", &["100.64.0.1"]),
    ("azure.example", &["168.63.129.16"]),
    ("six.example", &["::1"]),
    ("unique-local.example", &["fd00:ec2::254"]),
    ("mapped.example", &["::ffff:10.0.0.1"]),
    ("nat64.example", &["64:ff9b::a9fe:a9fe"]),
    ("6to4.example", &["2002:7f00:1::"]),
    // One is enough, wherever it stands.
    ("mixed.example", &["93.184.215.14", "127.0.0.1"]),
    ("mixed-first.example", &["192.168.0.1", "93.184.215.14"]),
    ("mixed-families.example", &["2606:2800:21f:cb07::1", "93.184.215.14", "fe80::1"]),
];

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn cards() -> MemorySource {
    let connector = json!({
        "format": 1, "name": "probe", "version": "1.0.0", "title": "Probe",
        "connection": { "fields": {
            "Host": { "type": "text", "required": true, "default": "unused.example" },
            "URL": { "type": "text", "required": true, "default": "https://unused.example" },
            "Account ID": { "type": "text", "required": true, "default": "unused" },
            "Token": { "type": "secret" },
        } },
        "auth": { "token": { "scheme": "bearer", "token": "<<connection.Token>>" } },
        "targets": {
            "host": { "auth": ["token"], "base": "https://<<connection.Host>>/v2" },
            "plain": { "auth": ["token"], "base": "http://<<connection.Host>>/v2" },
            "url": { "auth": ["token"], "base": "<<connection.URL>>/rest" },
            "sub": {
                "auth": ["token"], "base": "https://<<connection.Host>>.okta.example/api/v1",
            },
            "listed": {
                "auth": ["token"], "base": "https://<<connection.Host>>/",
                "hosts": ["*.okta.example", "okta.test", "127.0.0.1"],
            },
            "account": { "auth": ["token"], "base": "https://127.0.0.1:1/<<connection.Account ID>>" },
        },
    });
    let mut source = MemorySource::new().with("probe/connector", connector.to_string());
    for target in ["host", "plain", "url", "sub", "listed", "account"] {
        let card = json!({
            "format": 1, "name": target, "version": "1.0.0", "title": "Get",
            "input": { "Get": { "Path": { "type": "text", "format": "relative-url", "default": "/thing" } } },
            "request": { "target": target, "method": "GET", "path": "<<input.Get.Path>>" },
            "effect": "read", "response": { "httpError": "return" },
            "output": { "Reply": { "Status": { "type": "number", "value": "<<response.status>>" } } },
        });
        source = source.with(&format!("probe/{target}"), card.to_string());
    }
    source
}

fn host(transport: impl Transport + 'static, private: bool) -> HostBuilder {
    let policy =
        Policy { egress: EgressPolicy { private, ..EgressPolicy::default() }, ..Policy::default() };
    Host::builder().cards(cards()).transport(transport).policy(policy)
}

fn invocation(fields: Value) -> Invocation {
    let mut fields = fields;
    fields["Token"] = json!("canary-5ecret");
    Invocation::from_value(json!({ "connection": { "fields": fields } })).unwrap()
}

/// A transport that answers and keeps the URL of each request.
fn recording() -> (MemoryTransport, Arc<Mutex<Vec<String>>>) {
    let urls = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&urls);
    let transport = MemoryTransport::new(move |request| {
        kept.lock().unwrap().push(request.url.to_string());
        Ok(Reply::new(204, Default::default(), ""))
    });
    (transport, urls)
}

/// Each value with the card and the field that take it, and its code.
fn table() -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    let hosts = HOSTS.iter().map(|(value, code)| ("probe/host", "Host", *value, *code));
    hosts.chain(URLS.iter().map(|(value, code)| ("probe/url", "URL", *value, *code)))
}

fn assert_refused(error: &Error, code: &str, field: &str, value: &str) {
    assert_eq!(error.code().as_str(), code, "{value:?}: {error:?}");
    assert_eq!((error.class(), error.class().exit_code()), (Class::Policy, 6), "{value:?}");
    assert_ne!(error.retryable(), Some(true), "{value:?}");
    let place = Place::invocation(&["connection", "fields", field]);
    assert_eq!(*error.place(), place, "{value:?}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}

#[test]
fn every_spelling_is_refused_by_plan_and_run_before_anything_is_sent() {
    assert!(table().count() >= 60 + NAMES.len());
    let (transport, sent) = recording();
    let host = host(transport, false).build();
    for (card, field, value, code) in table() {
        let planned = block_on(host.plan(Some(card), invocation(json!({ field: value }))));
        assert_refused(&planned.unwrap_err(), code, field, value);
        let ran = block_on(host.run(Some(card), invocation(json!({ field: value }))));
        assert_refused(&ran.unwrap_err(), code, field, value);
    }
    assert_eq!(*sent.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn the_switch_lets_addresses_through_and_nothing_that_is_no_host() {
    let (transport, sent) = recording();
    let host = host(transport, true).build();
    let mut reached = 0;
    for (card, field, value, code) in table() {
        let ran = block_on(host.run(Some(card), invocation(json!({ field: value }))));
        if code == DENIED {
            assert_eq!(ran.map(|outcome| outcome.status).ok(), Some(204), "{value}");
            reached += 1;
        } else {
            assert_refused(&ran.unwrap_err(), code, field, value);
        }
    }
    assert_eq!(sent.lock().unwrap().len(), reached);
    assert!(sent.lock().unwrap().iter().all(|url| url.ends_with("/thing")));
}

/// Answers each look-up from a script: its n-th answer to the n-th, the last from then on.
#[derive(Clone)]
struct Scripted {
    answers: Arc<Vec<Vec<IpAddr>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    fn new(answers: &[&[&str]]) -> Scripted {
        let addresses = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Scripted {
            answers: Arc::new(answers.iter().map(addresses).collect()),
            asked: Arc::default(),
        }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Resolve for Scripted {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut asked = self.asked.lock().unwrap();
        let answer = self.answers.get(asked.len()).or(self.answers.last()).cloned();
        asked.push(host.to_owned());
        Box::pin(async move { answer.ok_or_else(|| io::Error::other("no such name")) })
    }
}

#[test]
fn a_name_is_refused_for_any_of_its_addresses() {
    for (name, addresses) in NAMES {
        for card in ["probe/host", "probe/plain"] {
            let resolver = Scripted::new(&[addresses]);
            let transport = HttpTransport::new().resolving_with(resolver.clone());
            let refusing = host(transport, false).build();
            let fields = json!({ "Host": name });
            // A plan looks nothing up.
            assert!(block_on(refusing.plan(Some(card), invocation(fields.clone()))).is_ok());
            assert_eq!(resolver.asked(), Vec::<String>::new());
            let error = block_on(refusing.run(Some(card), invocation(fields.clone()))).unwrap_err();
            assert_refused(&error, DENIED, "Host", name);
            assert!(error.message().contains(&format!("`{name}` is at ")), "{error:?}");
            assert_eq!(resolver.asked(), [*name]);
            let exchange: &ExchangeFault = error.fault().downcast_ref().unwrap();
            assert!(exchange.fault.not_sent);
        }
        let (transport, sent) = recording();
        let allowing = host(transport, true).build();
        let fields = json!({ "Host": name });
        assert!(block_on(allowing.run(Some("probe/host"), invocation(fields))).is_ok());
        assert_eq!(sent.lock().unwrap().len(), 1);
    }
}

/// A server on any loopback address, and its port.
fn server() -> (RawServer, String) {
    let server = RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "text/plain", b"hi")));
    let port = server.url.rsplit_once(':').unwrap().1.to_owned();
    (server, port)
}

/// Runs the card `plain` against a host through the real transport.
fn run_plain(transport: HttpTransport, private: bool, authority: &str) -> Result<Outcome, Error> {
    let transport = transport.egress(EgressPolicy { private, ..EgressPolicy::default() });
    let fields = json!({ "Host": authority });
    block_on(host(transport, private).build().run(Some("probe/plain"), invocation(fields)))
}

#[test]
fn with_the_switch_a_name_leads_to_the_server_it_resolves_to() {
    let (server, port) = server();
    let authority = format!("here.example:{port}");
    let resolver = Scripted::new(&[&["127.0.0.1"]]);
    let transport = || HttpTransport::new().resolving_with(resolver.clone());
    let refused = run_plain(transport(), false, &authority).unwrap_err();
    assert_refused(&refused, DENIED, "Host", &authority);
    assert_eq!(server.requests(), Vec::<String>::new());
    assert_eq!(run_plain(transport(), true, &authority).unwrap().status, 200);
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].starts_with("GET /v2/thing HTTP/1.1\r\n"), "{requests:?}");
    assert!(requests[0].contains(&format!("\r\nhost: {authority}\r\n")), "{requests:?}");
    assert_eq!(resolver.asked(), ["here.example", "here.example"]);
    // The system's resolver, and an address.
    let localhost = format!("localhost:{port}");
    assert_eq!(run_plain(HttpTransport::new(), true, &localhost).unwrap().status, 200);
    assert_eq!(
        run_plain(HttpTransport::new(), true, &format!("127.0.0.1:{port}")).unwrap().status,
        200
    );
}

/// How many connections wait at a listener that accepts none by itself.
fn waiting(listener: &TcpListener) -> usize {
    listener.set_nonblocking(true).unwrap();
    std::iter::from_fn(|| listener.accept().ok()).count()
}

#[test]
fn a_name_that_changes_its_answer_is_connected_to_where_it_was_checked() {
    // Two servers on one port: what is connected to is the answer to the only look-up. The addresses are loopback
    // ones, so that nothing leaves the machine; that the guard in front of them passes on the addresses it has
    // checked, and no others, is tested beside it in `transport/http.rs`.
    let first = RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "text/plain", b"first")));
    let port = first.url.rsplit_once(':').unwrap().1.to_owned();
    let Ok(second) = TcpListener::bind(format!("127.0.0.2:{port}")) else {
        skipped("machine", "this machine has no 127.0.0.2");
        return;
    };
    let resolver = Scripted::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let transport = HttpTransport::new().resolving_with(resolver.clone());
    let ran = run_plain(transport, true, &format!("rebind.example:{port}")).unwrap();
    assert_eq!((ran.status, resolver.asked().len()), (200, 1));
    assert_eq!((first.requests().len(), waiting(&second)), (1, 0));
}

#[test]
fn a_name_that_turns_private_is_never_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let resolver = Scripted::new(&[&["127.0.0.1"], &["93.184.215.14"], &["127.0.0.1"]]);
    let transport = HttpTransport::new().resolving_with(resolver.clone());
    let error = run_plain(transport, false, &format!("rebind.example:{port}")).unwrap_err();
    assert_refused(&error, DENIED, "Host", "rebind.example");
    // It was not asked again: no second answer could be better, or worse.
    assert_eq!((resolver.asked().len(), waiting(&listener)), (1, 0));
}

/// A request as anyone may send it through a transport, such as one for a token.
fn request(url: &str, host_from: HostFrom) -> RequestSpec {
    RequestSpec {
        method: "POST".parse().unwrap(),
        url: url.parse().unwrap(),
        host_from,
        headers: Default::default(),
        body: None,
        tls: None,
        redactor: Arc::default(),
        reply_secrets: Arc::default(),
        decoding: Arc::default(),
    }
}

const TREATMENT: Treatment = Treatment {
    connect_timeout: Duration::from_secs(10),
    idle_timeout: Duration::from_secs(10),
    total_timeout: Duration::from_secs(10),
    max_body_bytes: 1024,
    packed: None,
    fresh: false,
    roomy: false,
};

#[test]
fn only_requests_whose_host_a_value_decides_are_guarded() {
    let (server, port) = server();
    let resolver = Scripted::new(&[&["127.0.0.1"]]);
    let transport = HttpTransport::new().resolving_with(resolver);
    for url in [format!("http://token.example:{port}/"), format!("http://127.0.0.1:{port}/")] {
        block_on(async {
            for trusted in [HostFrom::Definition, HostFrom::Command] {
                let sent = transport.send(&request(&url, trusted), TREATMENT).await;
                assert_eq!(sent.unwrap().status, 200);
            }
            let sent = transport.send(&request(&url, HostFrom::Value), TREATMENT).await;
            assert!(matches!(sent.unwrap_err().kind, TransportFaultKind::Egress(_)), "{url}");
        });
    }
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn a_connection_that_was_opened_for_someone_else_is_not_used() {
    // One connection, kept open: a second request over it would be seen by the server.
    let seen = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&seen);
    let server = RawServer::start(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        Answer::Hang(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec())
    });
    let url = server.url.replace("127.0.0.1", "kept.example");
    let transport = HttpTransport::new().resolving_with(Scripted::new(&[&["127.0.0.1"]]));
    block_on(async {
        let trusted = request(&url, HostFrom::Definition);
        assert_eq!(transport.send(&trusted, TREATMENT).await.unwrap().status, 200);
        let guarded = transport.send(&request(&url, HostFrom::Value), TREATMENT).await;
        assert!(matches!(guarded.unwrap_err().kind, TransportFaultKind::Egress(_)));
    });
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[test]
fn a_base_of_the_command_line_goes_where_it_says() {
    let (server, _) = server();
    let base = BaseOverride::parse(&server.url).unwrap();
    let host = host(HttpTransport::new(), false).base(base).build();
    let fields = json!({ "Host": "169.254.169.254" });
    let ran = block_on(host.run(Some("probe/host"), invocation(fields))).unwrap();
    assert_eq!((ran.status, server.requests().len()), (200, 1));
}

#[test]
fn a_value_in_the_path_of_a_literal_host_is_no_ones_host() {
    let (transport, sent) = recording();
    let host = host(transport, false).build();
    let run = |id: &str| {
        block_on(host.run(Some("probe/account"), invocation(json!({ "Account ID": id }))))
    };
    assert!(run("a/b@evil.example?#").is_ok());
    assert_eq!(*sent.lock().unwrap(), ["https://127.0.0.1:1/a%2Fb@evil.example%3F%23/thing"]);
    assert_refused(&run("..").unwrap_err(), "url.dot_segment", "Account ID", "..");
    assert_refused(&run("%2e%2e").unwrap_err(), "url.dot_segment", "Account ID", "..");
    assert_refused(&run("a\nb").unwrap_err(), "url.control_character", "Account ID", "a\nb");
}

#[test]
fn a_rendered_base_pins_the_request_as_a_literal_one_does() {
    let (transport, _) = recording();
    let host = host(transport, false).build();
    let plan = |path: &str| {
        let invocation = Invocation::from_value(json!({
            "connection": { "fields": { "Host": "acme", "Token": "t" } },
            "input": { "Get": { "Path": path } },
        }));
        block_on(host.plan(Some("probe/sub"), invocation.unwrap()))
    };
    let planned = plan("/users?x=1").unwrap();
    assert_eq!(planned.request.url.as_str(), "https://acme.okta.example/api/v1/users?x=1");
    assert_eq!(planned.request.host_from, HostFrom::Value);
    assert_eq!(planned.base_from, "target `sub`");
    for path in [
        "//evil.example",
        "@evil.example",
        "/../v2",
        "/%2e%2e/v2",
        "\\evil.example",
        ".evil.example",
    ] {
        let error = plan(path).unwrap_err();
        let code = error.code().as_str().to_owned();
        assert!(["url.outside_base", "url.dot_segment"].contains(&&*code), "{path}: {error:?}");
    }
}

#[test]
fn a_target_with_hosts_takes_no_others() {
    let (transport, _) = recording();
    let host = host(transport, false).build();
    let plan = |value: &str| {
        let planned =
            block_on(host.plan(Some("probe/listed"), invocation(json!({ "Host": value }))));
        planned.map(|plan| plan.request.url.to_string())
    };
    for (value, url) in [
        ("acme.okta.example", "https://acme.okta.example/thing"),
        ("a.b.OKTA.example:8443", "https://a.b.okta.example:8443/thing"),
        ("okta.test", "https://okta.test/thing"),
    ] {
        assert_eq!(plan(value).unwrap(), url);
    }
    for value in
        ["okta.example", "evilokta.example", "okta.example.evil.example", "a.okta.test", "10.0.0.1"]
    {
        let error = plan(value).unwrap_err();
        assert_refused(&error, "egress.host", "Host", value);
        assert!(error.hint().unwrap().contains("`*.okta.example`"), "{error:?}");
    }
    // The list of the author does not overrule the policy of whoever runs the host.
    assert_refused(&plan("127.0.0.1").unwrap_err(), DENIED, "Host", "127.0.0.1");
}

#[test]
fn a_mock_answers_for_every_account() {
    let connector = json!({
        "format": 1, "name": "probe", "version": "1.0.0", "title": "Probe",
        "connection": { "fields": { "Account": { "type": "text", "required": true } } },
        "auth": { "none": { "scheme": "none" } },
        "targets": {
            "API": { "auth": ["none"], "base": "https://<<connection.Account>>.x.example/v1/<<connection.Account>>" },
        },
    });
    let card = json!({
        "format": 1, "name": "get", "version": "1.0.0", "title": "Get", "effect": "read",
        "request": { "target": "API", "method": "GET", "path": "/thing" },
        "output": { "Reply": { "Ok": { "type": "true-false", "value": "<<response.body.ok>>" } } },
        "examples": [{
            "name": "get", "connection": { "Account": "acme" },
            "request": { "method": "GET", "url": "https://acme.x.example/v1/acme/thing" },
            "reply": { "status": 200, "body": { "ok": true } },
        }],
    });
    let cards = MemorySource::new()
        .with("probe/connector", connector.to_string())
        .with("probe/get", card.to_string());
    let host = Host::builder().cards(cards).stand_in(cardhost::testing::Mocks).build();
    for account in ["acme", "globex"] {
        let invocation = json!({ "connection": { "fields": { "Account": account } } });
        let ran =
            block_on(host.run(Some("probe/get"), Invocation::from_value(invocation).unwrap()));
        let output = ran.unwrap().output.to_value().unwrap();
        assert_eq!(output, json!({ "Reply": { "Ok": true } }), "{account}");
    }
}

#[test]
fn a_redirect_is_guarded_as_its_request_was() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&requests);
    let transport = MemoryTransport::new(move |request| {
        kept.lock().unwrap().push(request.host_from);
        let mut reply = Reply::new(302, Default::default(), "");
        reply.headers.insert("location", "/other".parse().unwrap());
        Ok(reply)
    });
    let host = host(transport, false).build();
    let ran = block_on(host.run(Some("probe/host"), invocation(json!({ "Host": "a.example" }))));
    assert_eq!(ran.unwrap_err().code().as_str(), "redirect.limit");
    assert_eq!(*requests.lock().unwrap(), [HostFrom::Value; 6]);
}

/// What one connector's definition has opened is closed to a value of another's connection.
#[test]
fn the_description_of_a_server_is_kept_for_whoever_may_reach_it() {
    let here = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
    let known = std::sync::Arc::clone(&here);
    let server = RawServer::start(move |_, request| {
        let url = known.get().unwrap();
        let body = match request.starts_with(b"GET /.well-known/") {
            true => json!({ "issuer": url, "token_endpoint": format!("{url}/token") }),
            false => json!({ "access_token": "t", "token_type": "Bearer" }),
        };
        Answer::Bytes(reply("200 OK", "application/json", body.to_string().as_bytes()))
    });
    here.set(server.url.clone()).unwrap();
    let connector = |name: &str, issuer: &str| {
        json!({
            "format": 1, "name": name, "version": "1.0.0", "title": "Demo",
            "connection": { "fields": { "Issuer": { "type": "text" }, "Secret": { "type": "secret" } } },
            "auth": { "client": {
                "scheme": "oauth2", "grant": "client_credentials", "issuer": issuer, "clientId": "c",
                "clientSecret": "<<connection.Secret>>",
            } },
            "targets": { "api": { "auth": ["client"], "base": server.url } },
        })
        .to_string()
    };
    let card = json!({
        "format": 1, "name": "act", "version": "1.0.0", "title": "Act", "effect": "read",
        "request": { "target": "api", "method": "GET", "path": "/x" }, "output": {},
    })
    .to_string();
    let cards = MemorySource::new()
        .with("own/connector", connector("own", &server.url))
        .with("own/act", card.clone())
        .with("given/connector", connector("given", "<<connection.Issuer>>"))
        .with("given/act", card);
    let host = Host::builder().cards(cards).build();
    let run = |name: &str| {
        let fields = json!({ "Issuer": server.url, "Secret": "s" });
        let fields = json!({ "connection": { "fields": fields } });
        block_on(host.run(Some(name), Invocation::from_value(fields).unwrap()))
    };
    assert_eq!(run("own/act").unwrap().status, 200);
    let asked = server.requests().len();
    let error = run("given/act").unwrap_err();
    assert_eq!(error.code().as_str(), "egress.address", "{error:?}");
    assert_eq!(server.requests().len(), asked);
}
