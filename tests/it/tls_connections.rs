//! Client certificates and private authorities of connections, against a TLS server of our own that says who came.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use cardhost::transport::HttpTransport;
use cardhost::{Error, Host, Outcome};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd,
    generate_simple_self_signed,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use serde_json::{Value, json};

use crate::schemes::{block_on, demo, pem, with_fields};
use crate::support::path;
use crate::transport::{Authority, Identity};

/// Who came with a request: the number of the connection, and the certificate in DER.
type Visit = (usize, Option<Vec<u8>>);

/// A TLS server that keeps connections open, and answers each request with 204.
struct Server {
    url: String,
    visits: Arc<Mutex<Vec<Visit>>>,
}

/// What a server wants of its clients.
enum Clients<'a> {
    /// Nothing.
    Any,
    /// A certificate of an authority, where they have one.
    MayShow(&'a Authority),
    /// A certificate of an authority.
    MustShow(&'a Authority),
}

impl Server {
    fn start(identity: &Identity, clients: &Clients<'_>) -> Server {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let verifier = |authority: &Authority| {
            let mut roots = RootCertStore::empty();
            roots.add(authority.der().into()).unwrap();
            WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
        };
        let builder = match clients {
            Clients::Any => builder.with_no_client_auth(),
            Clients::MayShow(authority) => builder.with_client_cert_verifier(
                verifier(authority).allow_unauthenticated().build().unwrap(),
            ),
            Clients::MustShow(authority) => {
                builder.with_client_cert_verifier(verifier(authority).build().unwrap())
            }
        };
        let key = PrivateKeyDer::Pkcs8(identity.key.clone().into());
        let config = builder.with_single_cert(vec![identity.certificate.clone()], key).unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let visits = Arc::default();
        let kept = Arc::clone(&visits);
        thread::spawn(move || {
            for (number, socket) in listener.incoming().enumerate() {
                let Ok(socket) = socket else { return };
                let (config, kept) = (Arc::clone(&config), Arc::clone(&kept));
                thread::spawn(move || serve(number, socket, config, &kept));
            }
        });
        Server { url, visits }
    }

    fn visits(&self) -> Vec<Visit> {
        self.visits.lock().unwrap().clone()
    }
}

fn serve(
    number: usize,
    mut socket: TcpStream,
    config: Arc<ServerConfig>,
    visits: &Mutex<Vec<Visit>>,
) {
    let mut connection = ServerConnection::new(config).unwrap();
    let mut request = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => request.extend_from_slice(&chunk[..read]),
            _ => break,
        }
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            let shown = connection.peer_certificates().and_then(|all| all.first());
            visits.lock().unwrap().push((number, shown.map(|der| der.to_vec())));
            let mut stream = rustls::Stream::new(&mut connection, &mut socket);
            if stream.write_all(b"HTTP/1.1 204 No Content\r\nset-cookie: sid=abc\r\n\r\n").is_err()
            {
                break;
            }
        }
    }
    // What has come is read first: closing with it unread would reset the connection, and take the alert with it.
    let _ = socket.shutdown(Shutdown::Write);
    while socket.read(&mut chunk).is_ok_and(|read| read > 0) {}
}

/// A connection with whatever of a certificate, its key and an authority it has.
fn host(server: &Server) -> Host {
    let auth = json!({
        "scheme": "tls", "certificate": "<<connection.Certificate?>>", "key": "<<connection.Key?>>",
        "authority": "<<connection.Authority?>>",
    });
    Host::builder().cards(demo(&server.url, &auth, &json!({}))).build()
}

fn run(host: &Host, fields: &Value) -> Result<Outcome, Error> {
    block_on(host.run(Some("demo/act"), with_fields(fields)))
}

fn certificate(identity: &Identity) -> String {
    pem("CERTIFICATE", &identity.certificate)
}

fn key(identity: &Identity) -> String {
    pem("PRIVATE KEY", &identity.key)
}

fn authority(authority: &Authority) -> String {
    pem("CERTIFICATE", &authority.der())
}

/// A client's certificate of an authority.
fn client(authority: &Authority, name: &str) -> Identity {
    authority.certify(name, |params| as_client(params, name))
}

fn as_client(params: &mut CertificateParams, name: &str) {
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
}

/// A server's identity.
fn loopback(authority: &Authority) -> Identity {
    authority.certify("127.0.0.1", |_| ())
}

fn refused(result: Result<Outcome, Error>, because: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.code().as_str(), "transport.tls", "{error:?}");
    assert!(error.message().contains(because), "{}", error.message());
    let shown = error.to_json().to_string();
    assert!(!shown.contains("BEGIN"), "{shown}");
}

#[test]
fn a_client_certificate_is_shown_to_who_wants_one() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&servers), &Clients::MustShow(&clients));
    let alice = client(&clients, "alice.client.example");
    let fields = json!({
        "Certificate": certificate(&alice), "Key": key(&alice), "Authority": authority(&servers),
    });
    assert_eq!(run(&host(&server), &fields).unwrap().status, 204);
    let visits = server.visits();
    assert_eq!(visits.len(), 1);
    let shown = visits[0].1.as_deref().unwrap();
    assert_eq!(shown, &alice.certificate[..]);
    assert!(shown.windows(20).any(|part| part == b"alice.client.example"));
}

#[test]
fn without_a_certificate_and_with_one_of_another_authority_nothing_is_served() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&servers), &Clients::MustShow(&clients));
    let host = host(&server);
    let trusted = authority(&servers);
    refused(run(&host, &json!({ "Authority": trusted })), "CertificateRequired");
    let other = client(&Authority::new(), "mallory.client.example");
    let fields =
        json!({ "Certificate": certificate(&other), "Key": key(&other), "Authority": trusted });
    refused(run(&host, &fields), "UnknownCA");
    let expired = clients.certify("old.client.example", |params| {
        as_client(params, "old.client.example");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let fields =
        json!({ "Certificate": certificate(&expired), "Key": key(&expired), "Authority": trusted });
    refused(run(&host, &fields), "CertificateExpired");
    assert_eq!(server.visits(), []);
}

#[test]
fn keys_and_certificates_may_be_written_in_one_line() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&servers), &Clients::MustShow(&clients));
    let alice = client(&clients, "alice.client.example");
    for line_end in ["\\n", "\r\n"] {
        let written = |pem: String| pem.replace('\n', line_end);
        let fields = json!({
            "Certificate": written(certificate(&alice)), "Key": written(key(&alice)),
            "Authority": written(authority(&servers)),
        });
        assert_eq!(run(&host(&server), &fields).unwrap().status, 204, "{line_end:?}");
    }
}

#[test]
fn the_certificate_is_shown_where_a_token_is_got_too() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&servers), &Clients::MustShow(&clients));
    let alice = client(&clients, "alice.client.example");
    let auth = json!({ "scheme": "all", "of": [
        { "scheme": "tls", "certificate": "<<connection.Certificate>>", "key": "<<connection.Key>>",
          "authority": "<<connection.Authority>>" },
        { "scheme": "session", "login": { "url": format!("{}/login", server.url), "method": "GET" },
          "cookie": "sid", "token": { "in": "cookie", "name": "sid" } },
    ] });
    let host = Host::builder().cards(demo(&server.url, &auth, &json!({}))).build();
    let fields = json!({
        "Certificate": certificate(&alice), "Key": key(&alice), "Authority": authority(&servers),
    });
    assert_eq!(run(&host, &fields).unwrap().status, 204);
    let shown: Vec<bool> = server.visits().into_iter().map(|(_, der)| der.is_some()).collect();
    assert_eq!(shown, [true, true]);
}

#[test]
fn an_rsa_key_does_as_well() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&servers), &Clients::MustShow(&clients));
    // The key of a case of the suite: nothing here makes RSA keys.
    let case = path("tests/suite/auth/oauth2_client_auth_private_key_jwt/connection.json");
    let case: Value = serde_json::from_slice(&std::fs::read(case).unwrap()).unwrap();
    let rsa = case["Private Key"].as_str().unwrap();
    let der =
        <PrivateKeyDer<'_> as rustls::pki_types::pem::PemObject>::from_pem_slice(rsa.as_bytes())
            .unwrap();
    let mut params = CertificateParams::new(vec!["rsa.client.example".to_owned()]).unwrap();
    as_client(&mut params, "rsa.client.example");
    let pair = KeyPair::try_from(der.secret_der()).unwrap();
    let made = clients.sign(&params, &pair);
    let fields = json!({
        "Certificate": pem("CERTIFICATE", &made), "Key": rsa, "Authority": authority(&servers),
    });
    assert_eq!(run(&host(&server), &fields).unwrap().status, 204);
    assert_eq!(server.visits(), [(0, Some(made.to_vec()))]);
}

#[test]
fn what_is_no_certificate_or_no_key_is_said() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&servers), &Clients::MayShow(&clients));
    let host = host(&server);
    let (alice, bob) = (client(&clients, "alice.example"), client(&clients, "bob.example"));
    let (trusted, garbage) = (authority(&servers), "suite-secret, no PEM");
    let run_with = |certificate: &str, key: &str, authority: &str| {
        let fields = json!({ "Certificate": certificate, "Key": key, "Authority": authority });
        run(&host, &fields)
    };
    let none = "the client certificate cannot be used: it holds no certificate in PEM";
    refused(run_with(garbage, &key(&alice), &trusted), none);
    let none = "the key of the client certificate cannot be used: it holds no private key in PEM";
    refused(run_with(&certificate(&alice), garbage, &trusted), none);
    let none = "the private authority cannot be used: it holds no certificate in PEM";
    refused(run_with(&certificate(&alice), &key(&alice), garbage), none);
    let other = run_with(&certificate(&alice), &key(&bob), &trusted);
    refused(other, "the client certificate cannot be used: its key is that of another certificate");
    for (certificate, key) in [(certificate(&alice), String::new()), (String::new(), key(&alice))] {
        let error = run_with(&certificate, &key, &trusted).unwrap_err();
        assert_eq!(error.code().as_str(), "auth.value");
        assert!(error.message().contains("needs its key"), "{}", error.message());
    }
    assert_eq!(server.visits(), []);
}

#[test]
fn no_connection_is_shared_between_identities() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&servers), &Clients::MayShow(&clients));
    let host = host(&server);
    let (alice, bob) = (client(&clients, "alice.example"), client(&clients, "bob.example"));
    let of = |identity: &Identity| json!({ "Certificate": certificate(identity), "Key": key(identity), "Authority": authority(&servers) });
    let nobody = json!({ "Authority": authority(&servers) });
    // One runtime for all: with it the connections stay open.
    block_on(async {
        for fields in [&of(&alice), &of(&bob), &nobody, &of(&alice), &of(&bob), &nobody] {
            host.run(Some("demo/act"), with_fields(fields)).await.unwrap();
        }
    });
    let (alice, bob) = (alice.certificate.to_vec(), bob.certificate.to_vec());
    let expected = [Some(&alice), Some(&bob), None, Some(&alice), Some(&bob), None];
    let visits = server.visits();
    let shown: Vec<Option<&Vec<u8>>> = visits.iter().map(|(_, shown)| shown.as_ref()).collect();
    assert_eq!(shown, expected);
    // Each identity has kept its own connection.
    let connections: Vec<usize> = visits.iter().map(|(number, _)| *number).collect();
    assert_eq!(connections, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn an_authority_is_trusted_by_its_own_connection_only() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&ours), &Clients::Any);
    let host = host(&server);
    let trusting = json!({ "Authority": authority(&ours) });
    let other = json!({ "Authority": authority(&theirs) });
    block_on(async {
        let run = |fields: &Value| host.run(Some("demo/act"), with_fields(fields));
        assert_eq!(run(&trusting).await.unwrap().status, 204);
        refused(run(&other).await, "UnknownIssuer");
        refused(run(&json!({})).await, "UnknownIssuer");
        // Several in one text are all trusted.
        let both = json!({ "Authority": authority(&theirs) + &authority(&ours) });
        assert_eq!(run(&both).await.unwrap().status, 204);
        assert_eq!(run(&trusting).await.unwrap().status, 204);
    });
    assert_eq!(server.visits().len(), 3);
}

#[test]
fn a_bad_certificate_of_the_server_is_refused_and_the_message_says_which() {
    let ours = Authority::new();
    let expired = ours.certify("127.0.0.1", |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let early = ours.certify("127.0.0.1", |params| {
        params.not_before = date_time_ymd(2090, 1, 1);
        params.not_after = date_time_ymd(2091, 1, 1);
    });
    let elsewhere = ours.certify("other.example", |_| ());
    let own = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let own =
        Identity { certificate: own.cert.der().clone(), key: own.signing_key.serialize_der() };
    let trusted = json!({ "Authority": authority(&ours) });
    for (identity, because) in [
        (&expired, "certificate expired"),
        (&early, "certificate not valid yet"),
        (&elsewhere, "certificate not valid for name"),
        (&own, "UnknownIssuer"),
    ] {
        let server = Server::start(identity, &Clients::Any);
        refused(run(&host(&server), &trusted), because);
        assert_eq!(server.visits(), []);
    }
    // A self-signed one can be its own authority.
    let server = Server::start(&own, &Clients::Any);
    let itself = json!({ "Authority": certificate(&own) });
    assert_eq!(run(&host(&server), &itself).unwrap().status, 204);
}

#[test]
fn a_transports_own_roots_are_trusted_besides() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&ours), &Clients::Any);
    let auth = json!({ "scheme": "tls", "authority": "<<connection.Authority>>" });
    let host = Host::builder()
        .cards(demo(&server.url, &auth, &json!({})))
        .transport(HttpTransport::new().trusting(ours.der()))
        .build();
    let fields = json!({ "Authority": authority(&theirs) });
    assert_eq!(run(&host, &fields).unwrap().status, 204);
}

#[test]
fn a_certificate_goes_with_a_key_in_a_header() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let server = Server::start(&loopback(&servers), &Clients::MustShow(&clients));
    let auth = json!({ "scheme": "all", "of": [
        { "scheme": "tls", "certificate": "<<connection.Certificate>>", "key": "<<connection.Key>>",
          "authority": "<<connection.Authority>>" },
        { "scheme": "api_key", "in": "header", "name": "x-key", "value": "<<connection.API Key>>" },
    ] });
    let host = Host::builder().cards(demo(&server.url, &auth, &json!({}))).build();
    let alice = client(&clients, "alice.example");
    let fields = json!({
        "Certificate": certificate(&alice), "Key": key(&alice), "Authority": authority(&servers),
        "API Key": "suite-secret",
    });
    let plan = block_on(host.plan(Some("demo/act"), with_fields(&fields))).unwrap();
    assert_eq!(plan.request.to_json()["headers"]["x-key"], "[redacted]");
    assert!(!format!("{plan:?} {:?}", plan.request.tls).contains("BEGIN"));
    assert_eq!(run(&host, &fields).unwrap().status, 204);
    assert_eq!(server.visits(), [(0, Some(alice.certificate.to_vec()))]);
}
