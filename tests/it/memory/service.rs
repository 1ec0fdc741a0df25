//! The service of the host under test: it answers over http and https, in another process than the host.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::canary;

/// What the host gets in the folder, and what of it is secret.
pub struct Service {
    client_key: Vec<u8>,
    store_key: Vec<u8>,
}

/// Auth methods of the connector, each with a card for each scheme of URLs.
pub const METHODS: [&str; 6] = ["basic", "oauth", "session", "signed", "identity", "assertion"];

/// The auth methods that a person logs in with.
pub const LOGINS: [&str; 2] = ["browser", "device"];

#[derive(Default)]
struct Counters {
    tokens: AtomicUsize,
    sessions: AtomicUsize,
}

impl Service {
    /// Starts both servers; they end with the test's process.
    pub fn start(folder: &TempDir) -> Service {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let certify = |host: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(issuer.der().clone()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .allow_unauthenticated()
                .build()
                .unwrap();
        let (certificate, key) = certify("127.0.0.1");
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            )
            .unwrap();
        let counters = Arc::new(Counters::default());
        let plain = listen(Arc::clone(&counters), |socket| socket);
        let tls = Arc::new(tls);
        let secure = listen(counters, move |socket| {
            StreamOwned::new(ServerConnection::new(Arc::clone(&tls)).unwrap(), socket)
        });

        let (certificate, key) = certify("client");
        let store_key: Vec<u8> =
            ring::digest::digest(&ring::digest::SHA256, plain.to_string().as_bytes())
                .as_ref()
                .to_vec();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("authority.pem"), pem("CERTIFICATE", issuer.der())).unwrap();
        fs::write(at("client.pem"), pem("CERTIFICATE", certificate.der())).unwrap();
        fs::write(at("client-key.pem"), pem("PRIVATE KEY", &key.serialize_der())).unwrap();
        fs::write(at("store-key"), BASE64_STANDARD.encode(&store_key)).unwrap();
        let private = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o600);
        fs::set_permissions(at("store-key"), private).unwrap();
        write_cards(folder, &format!("http://{plain}"), &format!("https://{secure}"));

        // The scalar of a PKCS #8 key of a curve with 256 bits (RFC 5915, section 3).
        let der = key.serialize_der();
        let before = [2, 1, 1, 4, 32];
        let scalar = der.windows(5).position(|window| window == before).unwrap() + 5;
        Service { client_key: der[scalar..scalar + 32].to_vec(), store_key }
    }

    /// The number that is the client's private key.
    pub fn client_key(&self) -> &[u8] {
        &self.client_key
    }

    /// The bytes of the store's key.
    pub fn store_key(&self) -> &[u8] {
        &self.store_key
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Serves each connection until the client closes it.
fn listen<S: Read + Write>(
    counters: Arc<Counters>,
    wrap: impl Fn(TcpStream) -> S + Send + Sync + 'static,
) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let wrap = Arc::new(wrap);
    thread::spawn(move || {
        for socket in listener.incoming() {
            let (counters, wrap) = (Arc::clone(&counters), Arc::clone(&wrap));
            thread::spawn(move || {
                let mut stream = wrap(socket.unwrap());
                while let Some(request) = read(&mut stream) {
                    let bytes = answer(&counters, &request);
                    if stream.write_all(&bytes).and_then(|()| stream.flush()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// One request; `None` at the end of the connection.
fn read(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.to_lowercase();
        let length = length.lines().find_map(|line| line.strip_prefix("content-length:"));
        if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
            return Some(text);
        }
    }
}

fn answer(counters: &Counters, request: &str) -> Vec<u8> {
    let path = request.split(' ').nth(1).unwrap();
    let next = |counter: &AtomicUsize| counter.fetch_add(1, Ordering::SeqCst) + 1;
    let (status, headers, body) = if path.starts_with("/token") {
        let n = next(&counters.tokens);
        let body = json!({
            "access_token": canary::token(&format!("access-{n}")),
            "refresh_token": canary::token(&format!("refresh-{n}")),
            "token_type": "Bearer", "expires_in": 3600,
        });
        (200, String::new(), body)
    } else if path.starts_with("/device") {
        let body = json!({
            "device_code": canary::token("device-code"), "user_code": "ABCD-EFGH",
            "verification_uri": "https://vault.example/device", "expires_in": 60, "interval": 1,
        });
        (200, String::new(), body)
    } else if path.starts_with("/refused") {
        (400, String::new(), json!({ "error": "invalid_client", "error_description": request }))
    } else if path.starts_with("/revoke") {
        (503, String::new(), json!({ "error": "server_error", "error_description": request }))
    } else if path.starts_with("/login") {
        let session = canary::token(&format!("session-{}", next(&counters.sessions)));
        (200, format!("set-cookie: sid={session}; HttpOnly\r\n"), json!({ "ok": true }))
    } else if request.contains(&canary::token("access-1"))
        || request.contains(&canary::token("session-1"))
    {
        (401, String::new(), json!({ "error": "expired", "you sent": request }))
    } else if path.starts_with("/fail") {
        (500, format!("x-path: {path}\r\n"), json!({ "error": format!("cannot take {request}") }))
    } else if path.starts_with("/quiet") {
        (200, String::new(), json!({ "ok": true }))
    } else {
        (200, String::new(), json!({ "you sent": request }))
    };
    let body = body.to_string();
    let head = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    format!("HTTP/1.1 {status} Said\r\n{headers}{head}\r\n{body}").into_bytes()
}

fn write_cards(folder: &TempDir, plain: &str, secure: &str) {
    let at = folder.path().join("cards/vault");
    fs::create_dir_all(&at).unwrap();
    let all = [&METHODS[..], &LOGINS, &["refused"]].concat();
    let connector = json!({
        "format": 1, "name": "vault", "version": "1.0.0", "title": "Vault",
        "connection": { "fields": {
            "User": { "type": "text" }, "Password": { "type": "secret" },
            "Notes": { "type": "object", "sensitive": true },
            "Client Secret": { "type": "secret" }, "Session Password": { "type": "secret" },
            "Signing Key": { "type": "secret" },
            "Certificate": { "type": "text" }, "Key": { "type": "secret" }, "Authority": { "type": "text" },
        } },
        "auth": {
            "basic": { "scheme": "basic", "username": "<<connection.User>>", "password": "<<connection.Password>>" },
            "oauth": {
                "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": format!("{secure}/token"),
                "clientId": "<<connection.User>>", "clientSecret": "<<connection.Client Secret>>",
            },
            "browser": {
                "scheme": "oauth2", "grant": "authorization_code", "tokenUrl": format!("{secure}/token"),
                "authorizationUrl": format!("{plain}/authorize"), "revocationUrl": format!("{plain}/revoke"),
                "clientId": "<<connection.User>>", "clientSecret": "<<connection.Client Secret>>", "clientAuth": "body",
            },
            "device": {
                "scheme": "oauth2", "grant": "device_code", "tokenUrl": format!("{plain}/token"),
                "deviceUrl": format!("{plain}/device"), "clientId": "<<connection.User>>",
            },
            "assertion": {
                "scheme": "oauth2", "grant": "jwt_bearer", "tokenUrl": format!("{plain}/token"),
                "clientId": "<<connection.User>>",
                "assertion": { "algorithm": "ES256", "key": "<<connection.Key>>" },
            },
            "refused": {
                "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": format!("{plain}/refused"),
                "clientId": "<<connection.User>>", "clientSecret": "<<connection.Client Secret>>",
            },
            "session": {
                "scheme": "session", "cookie": "sid", "token": { "in": "cookie", "name": "sid" },
                "login": { "url": format!("{plain}/login"), "json": {
                    "user": "<<connection.User>>", "password": "<<connection.Session Password>>",
                } },
            },
            "signed": {
                "scheme": "hmac", "algorithm": "sha256", "key": "<<connection.Signing Key>>",
                "message": "<<signing.timestamp>>.<<signing.body>>",
                "headers": { "x-signature": "<<signing.signature>>" },
            },
            "identity": { "scheme": "all", "of": [
                { "scheme": "tls", "certificate": "<<connection.Certificate>>", "key": "<<connection.Key>>" },
                { "scheme": "basic", "username": "<<connection.User>>", "password": "<<connection.Password>>" },
            ] },
        },
        "targets": {
            "plain": { "auth": all, "base": plain },
            "secure": { "auth": all, "base": secure },
        },
    });
    fs::write(at.join("connector.json"), connector.to_string()).unwrap();
    for method in all {
        for target in ["plain", "secure"] {
            let name = format!("{method}-{target}");
            fs::write(at.join(format!("{name}.json")), card(&name, method, target).to_string())
                .unwrap();
        }
    }
}

fn card(name: &str, method: &str, target: &str) -> Value {
    json!({
        "format": 1, "name": name, "version": "1.0.0", "title": "Act", "effect": "write",
        "input": { "Act": { "Path": { "type": "text", "required": true } } },
        "request": {
            "target": target, "method": "POST", "path": "/<<input.Act.Path>>", "auth": [method],
            "query": { "q": "<<connection.Notes.text?>>" },
            "headers": { "x-notes": "<<base64 connection.[Notes].[text]>>" },
            "body": { "json": {
                "notes": "<<connection.Notes?>>", "quoted": "<<json connection.[Notes]>>",
                "upper": "<<upper connection.[Notes].[text]>>",
            } },
        },
        "output": { "Reply": {
            "Status": { "type": "number", "value": "<<response.status>>" },
            "Body": { "type": "any", "value": "<<response.body>>" },
        } },
    })
}
