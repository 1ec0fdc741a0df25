//! The HTTP transport against servers of our own: certificates, redirects, content codings. What a broken reply leads to
//! is in the suite, `tests/suite/transport`.

use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use cardhost::catalog::MemorySource;
use cardhost::transport::HttpTransport;
use cardhost::{BaseOverride, Embedded, Error, Host, Invocation, Outcome};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
    generate_simple_self_signed,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use serde_json::{Value, json};

use crate::support::{Answer, RawServer, reply};

/// A CA of our own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key, in DER.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    pub key: Vec<u8>,
}

impl Authority {
    pub fn new() -> Authority {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        // Two of one name would be told apart by their keys only.
        let name = format!("authority {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    /// A certificate for a host, changed by a function before it is signed.
    pub fn certify(&self, host: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Identity { certificate: self.sign(&params, &key), key: key.serialize_der() }
    }

    /// A certificate over a key.
    pub fn sign(&self, params: &CertificateParams, key: &KeyPair) -> CertificateDer<'static> {
        params.signed_by(key, &self.0).unwrap().der().clone()
    }
}

/// A TLS server that answers every request with 204 and keeps what arrived after the handshake.
pub struct TlsServer {
    pub url: String,
    arrived: Arc<Mutex<Vec<String>>>,
}

impl TlsServer {
    pub fn start(identity: Identity) -> TlsServer {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate], PrivateKeyDer::Pkcs8(identity.key.into()))
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&arrived);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let Ok(mut socket) = socket else { return };
                let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = rustls::Stream::new(&mut connection, &mut socket);
                let mut request = Vec::new();
                let mut chunk = [0; 1024];
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut chunk) {
                        Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
                        _ => break,
                    }
                }
                if !request.is_empty() {
                    kept.lock().unwrap().push(String::from_utf8(request).unwrap());
                    let _ =
                        stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
                    connection.send_close_notify();
                    let _ = connection.complete_io(&mut socket);
                }
            }
        });
        TlsServer { url, arrived }
    }

    pub fn arrived(&self) -> Vec<String> {
        self.arrived.lock().unwrap().clone()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_io().enable_time().build().unwrap().block_on(future)
}

/// An invocation of the Custom API Action with credentials.
fn invocation(method: &str) -> Invocation {
    let mut request = json!({ "Relative URL": "/app/me" });
    if method != "GET" && method != "DELETE" {
        request["Body"] = json!({ "name": "value" });
    }
    Invocation::from_value(json!({
        "connection": { "fields": {
            "Service Account: Username": "sa", "Service Account: Secret": "transport-secret",
        } },
        "options": { "Request Type": method, "Select API": "Query API" },
        "input": { "Request": request },
    }))
    .unwrap()
}

/// Runs the Custom API Action against a base URL.
fn run(base: &str, transport: HttpTransport, method: &str) -> Result<Outcome, Error> {
    let base = BaseOverride::parse(base).unwrap();
    let host = Host::builder().cards(Embedded).transport(transport).base(base).build();
    block_on(host.run(Some("mixpanel/custom-api-action"), invocation(method)))
}

fn refused_for_its_certificate(server: &TlsServer, transport: HttpTransport, because: &str) {
    let error = run(&server.url, transport, "POST").unwrap_err();
    assert_eq!(error.code().as_str(), "transport.tls", "{error:?}");
    assert_eq!(error.class().exit_code(), 7);
    assert_eq!(error.retryable(), Some(true), "nothing was sent: {error:?}");
    assert!(error.message().contains(because), "{error:?}");
    assert!(error.hint().unwrap().contains("certificate"), "{error:?}");
    assert_eq!(server.arrived(), Vec::<String>::new());
}

#[test]
fn a_self_signed_certificate_is_refused() {
    let made = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let identity =
        Identity { certificate: made.cert.der().clone(), key: made.signing_key.serialize_der() };
    let server = TlsServer::start(identity);
    refused_for_its_certificate(&server, HttpTransport::new(), "UnknownIssuer");
}

#[test]
fn a_private_ca_that_is_not_trusted_is_refused() {
    let server = TlsServer::start(Authority::new().certify("127.0.0.1", |_| ()));
    refused_for_its_certificate(&server, HttpTransport::new(), "UnknownIssuer");
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.certify("127.0.0.1", |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }));
    let transport = HttpTransport::new().trusting(authority.der());
    refused_for_its_certificate(&server, transport, "expired");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.certify("other.example", |_| ()));
    let transport = HttpTransport::new().trusting(authority.der());
    refused_for_its_certificate(&server, transport, "not valid for name");
}

#[test]
fn a_private_ca_that_is_trusted_is_accepted() {
    let authority = Authority::new();
    let server = TlsServer::start(authority.certify("127.0.0.1", |_| ()));
    let outcome = run(&server.url, HttpTransport::new().trusting(authority.der()), "GET").unwrap();
    assert_eq!(outcome.status, 204);
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1);
    assert!(arrived[0].starts_with("GET /app/me HTTP/1.1\r\n"), "{arrived:?}");
}

#[test]
fn trusting_one_ca_does_not_trust_another() {
    let server = TlsServer::start(Authority::new().certify("127.0.0.1", |_| ()));
    let transport = HttpTransport::new().trusting(Authority::new().der());
    refused_for_its_certificate(&server, transport, "UnknownIssuer");
}

/// A server whose first reply redirects and whose later replies are 200.
fn redirecting(
    status: &'static str,
    location: impl Fn(&str) -> String + Send + Sync + 'static,
) -> RawServer {
    RawServer::start(move |index, request| {
        if index > 0 {
            return Answer::Bytes(reply("200 OK", "application/json", b"{\"ok\":true}"));
        }
        let request = String::from_utf8_lossy(request).into_owned();
        let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let location = location(host);
        Answer::Bytes(
            format!(
                "HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            .into_bytes(),
        )
    })
}

const REDIRECTS: [&str; 5] = [
    "301 Moved Permanently",
    "302 Found",
    "303 See Other",
    "307 Temporary Redirect",
    "308 Permanent Redirect",
];

#[test]
fn nothing_follows_a_redirect_to_another_origin() {
    for status in REDIRECTS {
        for form in ["{url}/steal", "//{authority}/steal", "HTTP://{authority}/steal"] {
            let second =
                RawServer::start(|_, _| Answer::Bytes(reply("200 OK", "application/json", b"{}")));
            let authority = second.url.trim_start_matches("http://");
            let location = form.replace("{url}", &second.url).replace("{authority}", authority);
            let first = redirecting(status, move |_| location.clone());
            let outcome = run(&first.url, HttpTransport::new(), "POST").unwrap();
            assert_eq!(outcome.status.to_string(), status[..3]);
            let warning = &outcome.warnings[0];
            let (code, message) = (warning.code(), warning.to_string());
            assert_eq!(code, "redirect.not_followed");
            assert!(message.contains(&second.url), "{message}");
            assert_eq!(first.requests().len(), 1);
            assert_eq!(second.requests(), Vec::<String>::new(), "{status} {form}");
        }
    }
}

#[test]
fn a_redirect_to_the_same_host_with_a_user_is_not_followed() {
    let server = redirecting("302 Found", |host| format!("http://user:word@{host}/app/other"));
    let outcome = run(&server.url, HttpTransport::new(), "GET").unwrap();
    assert_eq!(outcome.status, 302);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_redirect_to_another_scheme_is_not_followed() {
    let server = redirecting("307 Temporary Redirect", |host| format!("https://{host}/app/me"));
    let outcome = run(&server.url, HttpTransport::new(), "POST").unwrap();
    assert_eq!(outcome.status, 307);
    assert_eq!(server.requests().len(), 1);
}

/// The second request after a redirect on the same origin.
fn redirected(status: &'static str, method: &str) -> String {
    let server = redirecting(status, |_| "/app/other?x=1#part".to_owned());
    let outcome = run(&server.url, HttpTransport::new(), method).unwrap();
    assert_eq!(outcome.status, 200, "{status} {method}");
    let requests = server.requests();
    assert_eq!(requests.len(), 2, "{status} {method}");
    requests[1].clone()
}

#[test]
fn a_redirect_on_the_same_origin_keeps_the_credentials() {
    let first_line = "GET /app/other?x=1 HTTP/1.1\r\n";
    for status in REDIRECTS {
        let second = redirected(status, "GET");
        assert!(second.starts_with(first_line), "{status}: {second}");
        // base64 of `sa:transport-secret`
        let credentials = "\r\nauthorization: Basic c2E6dHJhbnNwb3J0LXNlY3JldA==\r\n";
        assert!(second.contains(credentials), "{status}: {second}");
    }
}

#[test]
fn a_307_and_a_308_keep_method_and_body() {
    for status in ["307 Temporary Redirect", "308 Permanent Redirect"] {
        for method in ["POST", "PUT", "PATCH"] {
            let second = redirected(status, method);
            assert!(second.starts_with(&format!("{method} /app/other?x=1 ")), "{status}: {second}");
            assert!(second.contains("\r\ncontent-type: application/json\r\n"), "{second}");
            assert!(second.ends_with("\r\n\r\n{\"name\":\"value\"}"), "{second}");
        }
    }
}

#[test]
fn a_303_turns_into_a_get_without_a_body() {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let second = redirected("303 See Other", method);
        assert!(second.starts_with("GET /app/other?x=1 "), "{method}: {second}");
        assert!(!second.contains("content-type"), "{method}: {second}");
        assert!(!second.contains("content-length: 16"), "{method}: {second}");
        assert!(second.ends_with("\r\n\r\n"), "{method}: {second}");
    }
}

#[test]
fn after_a_301_and_a_302_a_post_ends_and_the_rest_stays_what_it_is() {
    for status in ["301 Moved Permanently", "302 Found"] {
        let server = redirecting(status, |_| "/app/other?x=1#part".to_owned());
        let outcome = run(&server.url, HttpTransport::new(), "POST").unwrap();
        assert_eq!(format!("{}", outcome.status), status[..3], "{status}");
        assert_eq!(server.requests().len(), 1, "{status}");
        for method in ["PUT", "PATCH", "DELETE"] {
            assert!(redirected(status, method).starts_with(&format!("{method} ")), "{status}");
        }
    }
}

/// `{"name":"gzip"}` in gzip.
const GZIP: &str = "1f8b0800000000000203ab56ca4bcc4d55b2524aafca2c50aa050093b07f150f000000";
/// `{"name":"brotli"}` in brotli.
const BROTLI: &str = "0b08807b226e616d65223a2262726f746c69227d03";
/// 16 MiB of zeros in brotli: 27 bytes.
const BROTLI_BOMB: &str = "cbffff3ff82700e2b14020f7fe2ffffffff04f00c4611180eefd1f";

/// 1 MiB of zeros in gzip: a head, zeros, an end.
fn gzip_bomb() -> Vec<u8> {
    let mut bytes = unhex("1f8b0800000000000203edc13101000000c2a0f54f6d085fa0");
    bytes.extend(std::iter::repeat_n(0, 1016));
    bytes.extend(unhex("3e031cea38a700001000"));
    bytes
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Runs a card with a limit on its body against a reply in a content coding.
fn coded(coding: &str, body: &[u8], max_body_bytes: u64) -> Result<Value, Error> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    let server = RawServer::start(move |_, _| Answer::Bytes(bytes.clone()));
    let connector = json!({
        "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
        "connection": { "fields": {} },
        "auth": { "none": { "scheme": "none" } },
        "targets": { "api": { "auth": ["none"], "base": server.url } },
    });
    let card = json!({
        "format": 1, "name": "get", "version": "1.0.0", "title": "Get", "effect": "read",
        "request": { "target": "api", "method": "GET", "path": "/x" },
        "response": { "maxBodyBytes": max_body_bytes },
        "output": { "Reply": { "Body": { "type": "any", "value": "<<response.body>>" } } },
    });
    let cards = MemorySource::new()
        .with("demo/connector", connector.to_string())
        .with("demo/get", card.to_string());
    let host = Host::builder().cards(cards).build();
    let outcome = block_on(host.run(Some("demo/get"), Invocation::default()))?;
    Ok(outcome.output.to_value().unwrap())
}

#[test]
fn gzip_and_brotli_bodies_are_decoded() {
    let gzip = coded("gzip", &unhex(GZIP), 1024).unwrap();
    assert_eq!(gzip, json!({ "Reply": { "Body": { "name": "gzip" } } }));
    let brotli = coded("br", &unhex(BROTLI), 1024).unwrap();
    assert_eq!(brotli, json!({ "Reply": { "Body": { "name": "brotli" } } }));
}

#[test]
fn the_limit_counts_decoded_bytes() {
    // 15 bytes decoded, 35 coded; 17 bytes decoded, 21 coded.
    assert!(coded("gzip", &unhex(GZIP), 15).is_ok());
    assert!(coded("br", &unhex(BROTLI), 17).is_ok());
    for (coding, body, limit) in [("gzip", GZIP, 14), ("br", BROTLI, 16)] {
        let error = coded(coding, &unhex(body), limit).unwrap_err();
        assert_eq!(error.code().as_str(), "response.too_large", "{coding}: {error:?}");
    }
}

#[test]
fn a_decompression_bomb_is_refused() {
    let limit = 64 * 1024;
    for (coding, bomb) in [("gzip", gzip_bomb()), ("br", unhex(BROTLI_BOMB))] {
        assert!(bomb.len() < 1100);
        let error = coded(coding, &bomb, limit).unwrap_err();
        assert_eq!(error.code().as_str(), "response.too_large", "{coding}: {error:?}");
        assert_eq!(error.class().exit_code(), 6, "{coding}");
        let kept = error.response().unwrap();
        assert_eq!(kept.status, 200, "{coding}");
        assert!(kept.truncated, "{coding}");
        assert!(kept.body.len() as u64 <= limit, "{coding}: {}", kept.body.len());
    }
}
