//! HTTP/2 against a server of our own that speaks in frames (RFC 9113), and does what no server should.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cardhost::catalog::MemorySource;
use cardhost::transport::HttpTransport;
use cardhost::{Error, Host, Invocation, Outcome};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::schemes::block_on;
use crate::transport::Authority;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;
const HTTP_1_1_REQUIRED: u32 = 13;

/// `:status 200` in the static table of HPACK (RFC 7541).
const OK: &[u8] = &[0x88];

/// One connection, as the server has it.
struct Peer {
    stream: StreamOwned<ServerConnection, TcpStream>,
    /// The number of the connection, from 0.
    number: usize,
    /// Whether the client is gone.
    is_gone: bool,
}

impl Peer {
    fn raw(&mut self, bytes: &[u8]) {
        self.is_gone |= self.stream.write_all(bytes).is_err();
    }

    fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        self.raw(&[&head, payload].concat());
    }

    fn goaway(&mut self, last: u32, code: u32) {
        self.frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat());
    }

    fn reset(&mut self, stream: u32, code: u32) {
        self.frame(RST_STREAM, 0, stream, &code.to_be_bytes());
    }

    /// A whole reply.
    fn answer(&mut self, stream: u32) {
        let json = literal("content-type", "application/json");
        self.frame(HEADERS, END_HEADERS, stream, &[OK, &json].concat());
        self.frame(DATA, END_STREAM, stream, b"{\"ok\":true}");
    }

    /// The next frame; `None` at the end.
    fn next(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).ok()?;
        let [a, b, c, kind, flags, s0, s1, s2, s3] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.stream.read_exact(&mut payload).ok()?;
        Some((kind, flags, u32::from_be_bytes([s0, s1, s2, s3]), payload))
    }

    /// The stream of the next whole request.
    fn request(&mut self) -> Option<u32> {
        loop {
            let (kind, flags, stream, _) = self.next()?;
            match kind {
                SETTINGS if flags & ACK == 0 => self.frame(SETTINGS, ACK, 0, &[]),
                HEADERS | DATA if flags & END_STREAM != 0 => return Some(stream),
                _ => {}
            }
        }
    }

    /// Waits until the client has enough of it.
    fn hang(&mut self) {
        while self.next().is_some() {}
    }
}

/// A header in HPACK, neither packed nor remembered.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// A server that chooses HTTP/2 and nothing else.
struct Server {
    url: String,
    authority: Authority,
    requests: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    fn start(act: impl Fn(&mut Peer, u32) + Send + Sync + 'static) -> Server {
        let authority = Authority::new();
        let identity = authority.certify("127.0.0.1", |_| ());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![identity.certificate], PrivateKeyDer::Pkcs8(identity.key.into()))
            .unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let (config, act) = (Arc::new(config), Arc::new(act));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let (requests, connections) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let server = Server {
            url,
            authority,
            requests: Arc::clone(&requests),
            connections: Arc::clone(&connections),
        };
        thread::spawn(move || {
            for socket in listener.incoming() {
                let Ok(socket) = socket else { return };
                let number = connections.fetch_add(1, Ordering::SeqCst);
                let (config, act, requests) =
                    (Arc::clone(&config), Arc::clone(&act), Arc::clone(&requests));
                thread::spawn(move || {
                    let tls = ServerConnection::new(config).unwrap();
                    let stream = StreamOwned::new(tls, socket);
                    let mut peer = Peer { stream, number, is_gone: false };
                    let mut preface = [0; 24];
                    if peer.stream.read_exact(&mut preface).is_err() {
                        return;
                    }
                    assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
                    peer.frame(SETTINGS, 0, 0, &[]);
                    while let Some(stream) = peer.request() {
                        requests.fetch_add(1, Ordering::SeqCst);
                        act(&mut peer, stream);
                    }
                });
            }
        });
        server
    }

    fn host(&self) -> Host {
        let connector = json!({
            "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
            "connection": { "fields": {} },
            "auth": { "none": { "scheme": "none" } },
            "targets": { "api": { "auth": ["none"], "base": self.url } },
            "timeouts": { "total": "2s" },
        });
        let card = |name: &str, effect: &str, method: &str| {
            let card = json!({
                "format": 1, "name": name, "version": "1.0.0", "title": name, "effect": effect,
                "input": {},
                "request": { "target": "api", "method": method, "path": "/things" },
                "output": { "Reply": {
                    "OK": { "type": "true-false", "value": "<<response.body.ok?>>" },
                } },
            });
            (format!("demo/{name}"), card.to_string())
        };
        let mut cards = MemorySource::new().with("demo/connector", connector.to_string());
        for (name, text) in [card("read", "read", "GET"), card("write", "write", "POST")] {
            cards = cards.with(&name, text);
        }
        let transport = HttpTransport::new().trusting(self.authority.der());
        Host::builder().cards(cards).transport(transport).build()
    }

    fn counts(&self) -> (usize, usize) {
        (self.connections.load(Ordering::SeqCst), self.requests.load(Ordering::SeqCst))
    }
}

fn nothing() -> Invocation {
    Invocation::from_value(json!({})).unwrap()
}

fn run(host: &Host, card: &str) -> Result<Outcome, Error> {
    block_on(host.run(Some(card), nothing()))
}

#[test]
fn requests_share_a_connection() {
    let server = Server::start(Peer::answer);
    let host = server.host();
    block_on(async {
        for _ in 0..3 {
            let outcome = host.run(Some("demo/write"), nothing()).await.unwrap();
            assert_eq!(outcome.output.to_value().unwrap(), json!({ "Reply": { "OK": true } }));
        }
        let many = (0..20).map(|_| host.run(Some("demo/read"), nothing()));
        for outcome in futures_util::future::join_all(many).await {
            assert_eq!(outcome.unwrap().status, 200);
        }
    });
    assert_eq!(server.counts(), (1, 23));
}

/// What a server says of a request that it has not looked at.
type Refusal = fn(&mut Peer, u32);

#[test]
fn what_the_service_has_not_looked_at_is_sent_again_whatever_it_does() {
    let refusals: [Refusal; 3] = [
        |peer, stream| peer.reset(stream, REFUSED_STREAM),
        |peer, _| peer.goaway(0, NO_ERROR),
        |peer, _| peer.goaway(0, ENHANCE_YOUR_CALM),
    ];
    for refusal in refusals {
        let server = Server::start(move |peer, stream| match peer.number {
            0 => refusal(peer, stream),
            _ => peer.answer(stream),
        });
        let host = server.host();
        for card in ["demo/write", "demo/read"] {
            assert_eq!(run(&host, card).unwrap().status, 200);
        }
        let never = Server::start(refusal);
        let error = run(&never.host(), "demo/write").unwrap_err();
        assert_eq!(error.code().as_str(), "transport.reset", "{error:?}");
        assert_eq!(error.retryable(), Some(true), "{error:?}");
        assert_eq!(never.requests.load(Ordering::SeqCst), 2);
    }
}

#[test]
fn a_request_below_the_last_stream_is_answered_or_lost() {
    let answered = Server::start(|peer, stream| {
        peer.goaway(stream, NO_ERROR);
        peer.answer(stream);
    });
    let host = answered.host();
    assert_eq!(run(&host, "demo/write").unwrap().status, 200);
    assert_eq!(run(&host, "demo/write").unwrap().status, 200);
    let lost = Server::start(|peer, stream| {
        peer.goaway(stream, NO_ERROR);
        let _ = peer.stream.sock.shutdown(std::net::Shutdown::Both);
    });
    let error = run(&lost.host(), "demo/write").unwrap_err();
    assert_eq!((error.code().as_str(), error.retryable()), ("transport.reset", Some(false)));
    assert_eq!(lost.counts(), (1, 1));
}

/// What a server does with a request, and the code that the call ends with.
type Attack = (&'static str, fn(&mut Peer, u32), &'static str);

/// A body that is begun.
fn begun(peer: &mut Peer, stream: u32) {
    peer.frame(HEADERS, END_HEADERS, stream, OK);
    peer.frame(DATA, 0, stream, b"{\"ok\":");
}

fn close(peer: &mut Peer) {
    let _ = peer.stream.sock.shutdown(std::net::Shutdown::Both);
}

/// The same frame until the client is gone, or many times.
fn flood(peer: &mut Peer, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    for _ in 0..20_000 {
        if peer.is_gone {
            return;
        }
        peer.frame(kind, flags, stream, payload);
    }
    peer.hang();
}

fn reply_of(peer: &mut Peer, stream: u32, headers: &[u8]) {
    peer.frame(HEADERS, END_HEADERS | END_STREAM, stream, headers);
    peer.hang();
}

const ATTACKS: &[Attack] = &[
    ("silence", |p, _| p.hang(), "transport.timeout"),
    ("the end", |p, _| close(p), "transport.reset"),
    (
        "half the head of a frame",
        |p, _| {
            p.raw(&[0, 0, 1, 0]);
            close(p);
        },
        "transport.reset",
    ),
    ("RST_STREAM CANCEL", |p, s| p.reset(s, CANCEL), "transport.reset"),
    ("RST_STREAM INTERNAL_ERROR", |p, s| p.reset(s, INTERNAL_ERROR), "transport.reset"),
    ("RST_STREAM HTTP_1_1_REQUIRED", |p, s| p.reset(s, HTTP_1_1_REQUIRED), "transport.reset"),
    ("RST_STREAM of no code", |p, s| p.reset(s, 0xdead_beef), "transport.reset"),
    (
        "RST_STREAM in a body",
        |p, s| {
            begun(p, s);
            p.reset(s, INTERNAL_ERROR);
        },
        "transport.truncated",
    ),
    (
        "the end in a body",
        |p, s| {
            begun(p, s);
            close(p);
        },
        "transport.truncated",
    ),
    (
        "GOAWAY and the end in a body",
        |p, s| {
            begun(p, s);
            p.goaway(s, INTERNAL_ERROR);
            close(p);
        },
        "transport.truncated",
    ),
    (
        "silence in a body",
        |p, s| {
            begun(p, s);
            p.hang();
        },
        "transport.timeout",
    ),
    (
        "GOAWAY and silence",
        |p, s| {
            p.goaway(s, NO_ERROR);
            p.hang();
        },
        "transport.timeout",
    ),
    ("a flood of SETTINGS", |p, _| flood(p, SETTINGS, 0, 0, &[]), "transport.timeout"),
    ("a flood of PING", |p, _| flood(p, PING, 0, 0, &[0; 8]), "transport.timeout"),
    (
        "a flood of WINDOW_UPDATE",
        |p, _| flood(p, WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()),
        "transport.timeout",
    ),
    (
        "a flood of PRIORITY",
        |p, s| flood(p, PRIORITY, 0, s + 2, &[0, 0, 0, 0, 1]),
        "transport.timeout",
    ),
    ("a flood of an unknown frame", |p, s| flood(p, 0x7f, 0, s, &[0; 16]), "transport.timeout"),
    (
        "a flood of RST_STREAM of idle streams",
        |p, _| flood(p, RST_STREAM, 0, 99, &[0; 4]),
        "transport.protocol",
    ),
    (
        "a flood of empty DATA",
        |p, s| {
            p.frame(HEADERS, END_HEADERS, s, OK);
            flood(p, DATA, 0, s, &[]);
        },
        "transport.protocol",
    ),
    (
        "a flood of interim replies",
        |p, s| flood(p, HEADERS, END_HEADERS, s, &[&[8, 3], &b"103"[..]].concat()),
        "transport.timeout",
    ),
    (
        "a flood of CONTINUATION",
        |p, s| {
            p.frame(HEADERS, 0, s, OK);
            flood(p, CONTINUATION, 0, s, &literal("x", "y"));
        },
        "transport.protocol",
    ),
    (
        "a flood of empty CONTINUATION",
        |p, s| {
            p.frame(HEADERS, 0, s, OK);
            flood(p, CONTINUATION, 0, s, &[]);
        },
        "transport.protocol",
    ),
    (
        "a header bomb",
        |p, s| {
            // One of 4,000 bytes that is remembered, and then named again and again.
            let mut headers = [OK, &[0x40, 1, b'x', 0x7f, 0xa1, 0x1e], &[b'a'; 4000]].concat();
            headers.extend_from_slice(&[0xbe; 10_000]);
            reply_of(p, s, &headers);
        },
        "transport.protocol",
    ),
    (
        "a header of 300 KiB",
        |p, s| {
            let long = literal("x", &"a".repeat(100));
            p.frame(HEADERS, 0, s, OK);
            for _ in 0..30 {
                p.frame(CONTINUATION, 0, s, &long.repeat(100));
            }
            p.frame(CONTINUATION, END_HEADERS, s, &[]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "an index of HPACK that is none",
        |p, s| reply_of(p, s, &[0x88, 0xff, 0xff, 0x03]),
        "transport.protocol",
    ),
    ("a number of HPACK without an end", |p, s| reply_of(p, s, &[0xff; 32]), "transport.protocol"),
    (
        "a Huffman text that is none",
        |p, s| reply_of(p, s, &[0x88, 0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]),
        "transport.protocol",
    ),
    (
        "a table of HPACK that grows",
        |p, s| reply_of(p, s, &[0x3f, 0xff, 0xff, 0xff, 0x07, 0x88]),
        "transport.protocol",
    ),
    ("no status", |p, s| reply_of(p, s, &literal("x", "y")), "transport.protocol"),
    (
        "a status that is none",
        |p, s| reply_of(p, s, &[&[8, 3], &b"abc"[..]].concat()),
        "transport.protocol",
    ),
    (
        "a status after a header",
        |p, s| reply_of(p, s, &[&literal("x", "y")[..], OK].concat()),
        "transport.protocol",
    ),
    (
        "a header in capitals",
        |p, s| reply_of(p, s, &[OK, &literal("X-Y", "z")[..]].concat()),
        "transport.protocol",
    ),
    (
        "a header of a connection",
        |p, s| reply_of(p, s, &[OK, &literal("connection", "close")[..]].concat()),
        "transport.protocol",
    ),
    (
        "a line end in a header",
        |p, s| reply_of(p, s, &[OK, &literal("x", "a\r\nb")[..]].concat()),
        "transport.protocol",
    ),
    (
        "fewer bytes than content-length",
        |p, s| {
            p.frame(HEADERS, END_HEADERS, s, &[OK, &literal("content-length", "9")[..]].concat());
            p.frame(DATA, END_STREAM, s, b"four");
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "more bytes than content-length",
        |p, s| {
            p.frame(HEADERS, END_HEADERS, s, &[OK, &literal("content-length", "3")[..]].concat());
            p.frame(DATA, END_STREAM, s, b"four");
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "DATA before HEADERS",
        |p, s| {
            p.frame(DATA, END_STREAM, s, b"{}");
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "DATA of no stream",
        |p, _| {
            p.frame(DATA, 0, 0, b"{}");
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "DATA of an idle stream",
        |p, _| {
            p.frame(DATA, 0, 99, b"{}");
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "HEADERS of no stream",
        |p, _| {
            p.frame(HEADERS, END_HEADERS, 0, OK);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "HEADERS of a stream of the server",
        |p, _| {
            p.frame(HEADERS, END_HEADERS, 2, OK);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "CONTINUATION of nothing",
        |p, s| {
            p.frame(CONTINUATION, END_HEADERS, s, OK);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "DATA between HEADERS and CONTINUATION",
        |p, s| {
            p.frame(HEADERS, 0, s, OK);
            p.frame(DATA, 0, s, b"x");
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "PUSH_PROMISE",
        |p, s| {
            p.frame(PUSH_PROMISE, END_HEADERS, s, &[0, 0, 0, 2, 0x82, 0x87, 0x84]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "padding beyond the frame",
        |p, s| {
            p.frame(HEADERS, END_HEADERS, s, OK);
            p.frame(DATA, PADDED, s, &[200, 1, 2]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "a frame beyond the limit",
        |p, s| {
            p.frame(HEADERS, END_HEADERS, s, OK);
            p.frame(DATA, 0, s, &[b' '; 70_000]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "more than the window holds",
        |p, s| {
            p.frame(HEADERS, END_HEADERS, s, OK);
            for _ in 0..2_000 {
                p.frame(DATA, 0, s, &[b' '; 16_384]);
            }
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "WINDOW_UPDATE by nothing",
        |p, _| {
            p.frame(WINDOW_UPDATE, 0, 0, &[0; 4]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "WINDOW_UPDATE beyond all",
        |p, _| {
            p.frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes());
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "SETTINGS that acknowledge with a value",
        |p, _| {
            p.frame(SETTINGS, ACK, 0, &[0, 1, 0, 0, 0, 1]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "SETTINGS of five bytes",
        |p, _| {
            p.frame(SETTINGS, 0, 0, &[0; 5]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "SETTINGS of a stream",
        |p, s| {
            p.frame(SETTINGS, 0, s, &[]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "SETTINGS with a window beyond all",
        |p, _| {
            p.frame(SETTINGS, 0, 0, &[0, 4, 0xff, 0xff, 0xff, 0xff]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "SETTINGS with frames of nothing",
        |p, _| {
            p.frame(SETTINGS, 0, 0, &[0, 5, 0, 0, 0, 1]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "PING of a stream",
        |p, s| {
            p.frame(PING, 0, s, &[0; 8]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "PING of seven bytes",
        |p, _| {
            p.frame(PING, 0, 0, &[0; 7]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "GOAWAY of four bytes",
        |p, _| {
            p.frame(GOAWAY, 0, 0, &[0; 4]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "RST_STREAM of three bytes",
        |p, s| {
            p.frame(RST_STREAM, 0, s, &[0; 3]);
            p.hang();
        },
        "transport.protocol",
    ),
    (
        "a reply in HTTP/1.1",
        |p, _| {
            p.raw(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
            p.hang();
        },
        "transport.protocol",
    ),
];

#[test]
fn each_attack_ends_with_its_code() {
    let attacked: Vec<_> = ATTACKS
        .iter()
        .map(|(name, act, expected)| {
            thread::spawn(move || match run(&Server::start(*act).host(), "demo/write") {
                Ok(outcome) => (*name, *expected, outcome.status.to_string(), String::new()),
                Err(error) => (*name, *expected, error.code().to_string(), error.message()),
            })
        })
        .collect();
    let mut wrong = Vec::new();
    for attacked in attacked {
        let (name, expected, code, message) = attacked.join().unwrap();
        if code != expected {
            wrong.push(format!("{name}: {code}, not {expected}: {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn after_an_attack_the_next_call_is_served() {
    let server = Server::start(|peer, stream| match peer.number {
        0 => peer.frame(PING, 0, 0, &[0; 7]),
        _ => peer.answer(stream),
    });
    let host = server.host();
    block_on(async {
        let error = host.run(Some("demo/read"), nothing()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "transport.protocol");
        assert_eq!(host.run(Some("demo/read"), nothing()).await.unwrap().status, 200);
    });
}
