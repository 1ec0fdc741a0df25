//! Connections that a service closes at the moment when a request goes out over them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use cardhost::catalog::MemorySource;
use cardhost::clock::Clock;
use cardhost::{Error, Host, Invocation, Outcome};
use serde_json::{Value, json};
use socket2::SockRef;

use crate::schemes::block_on;

/// How a service ends a connection.
#[derive(Clone, Copy, PartialEq)]
enum Ending {
    /// With the end of the stream.
    Closed,
    /// With a reset.
    Reset,
    /// After some bytes of a reply.
    Begun,
}

/// A service that answers the first request of each connection, and ends it at the second.
struct Service {
    url: String,
    /// The first line of each request, answered or not.
    lines: Arc<Mutex<Vec<String>>>,
    clock: Adjusted,
}

impl Service {
    fn start(ending: Ending) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&lines);
        thread::spawn(move || {
            for socket in listener.incoming() {
                let (Ok(mut socket), kept) = (socket, Arc::clone(&kept)) else { return };
                thread::spawn(move || {
                    let Some(line) = request(&mut socket) else { return };
                    let body = match line.contains("/token") {
                        true => r#"{"access_token":"t","expires_in":300}"#,
                        false => r#"{"ok":true}"#,
                    };
                    kept.lock().unwrap().push(line);
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
                    );
                    socket.write_all(format!("{head}{body}").as_bytes()).unwrap();
                    let Some(line) = request(&mut socket) else { return };
                    kept.lock().unwrap().push(line);
                    match ending {
                        Ending::Closed => {}
                        Ending::Reset => {
                            SockRef::from(&socket)
                                .set_linger(Some(std::time::Duration::ZERO))
                                .unwrap();
                        }
                        Ending::Begun => socket.write_all(b"HTTP/1.1 20").unwrap(),
                    }
                });
            }
        });
        Service { url, lines, clock: Adjusted::default() }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// A host of cards with each effect, which authenticate in a way.
    fn host(&self, auth: &Value) -> Host {
        let connector = json!({
            "format": 1, "name": "demo", "version": "1.0.0", "title": "Demo",
            "connection": { "fields": {} }, "auth": { "main": auth },
            "targets": { "api": { "auth": ["main"], "base": self.url } },
        });
        let mut cards = MemorySource::new().with("demo/connector", connector.to_string());
        for (name, effect, method) in [
            ("read", "read", "GET"),
            ("put", "idempotent", "PUT"),
            ("write", "write", "POST"),
            ("delete", "destructive", "DELETE"),
        ] {
            let card = json!({
                "format": 1, "name": name, "version": "1.0.0", "title": name, "effect": effect,
                "input": {}, "request": { "target": "api", "method": method, "path": "/things" },
                "output": { "Reply": { "OK": { "type": "true-false", "value": "<<response.body.ok>>" } } },
            });
            cards = cards.with(&format!("demo/{name}"), card.to_string());
        }
        Host::builder().cards(cards).clock(self.clock.clone()).build()
    }
}

/// A clock that a test puts forward.
#[derive(Clone, Default)]
struct Adjusted(Arc<AtomicI64>);

impl Clock for Adjusted {
    fn unix_seconds(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The first line of a request, once all of it has come.
fn request(socket: &mut TcpStream) -> Option<String> {
    let (mut read, mut chunk) = (Vec::new(), [0; 1024]);
    loop {
        let text = String::from_utf8_lossy(&read);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return head.lines().next().map(str::to_owned);
            }
        }
        match socket.read(&mut chunk) {
            Ok(count) if count > 0 => read.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

fn nothing() -> Invocation {
    Invocation::from_value(json!({})).unwrap()
}

/// Runs a card some times, one after the other.
fn runs(host: &Host, card: &str, times: usize) -> Vec<Result<Outcome, Error>> {
    block_on(async {
        let mut ended = Vec::new();
        for _ in 0..times {
            ended.push(host.run(Some(card), nothing()).await);
        }
        ended
    })
}

#[test]
fn what_does_no_harm_twice_is_sent_again_over_another_connection() {
    for ending in [Ending::Closed, Ending::Reset] {
        for card in ["demo/read", "demo/put"] {
            let service = Service::start(ending);
            let host = service.host(&json!({ "scheme": "none" }));
            for ended in runs(&host, card, 4) {
                assert_eq!(ended.unwrap().status, 200);
            }
            // Each second one came twice, the second time over a connection of its own, which is not kept.
            assert_eq!(service.lines().len(), 6);
        }
    }
}

#[test]
fn what_may_do_harm_twice_is_not_sent_again() {
    for ending in [Ending::Closed, Ending::Reset] {
        for card in ["demo/write", "demo/delete"] {
            let service = Service::start(ending);
            let host = service.host(&json!({ "scheme": "none" }));
            let ended = runs(&host, card, 3);
            let codes: Vec<_> = ended
                .iter()
                .map(|ended| ended.as_ref().err().map(|e| (e.code().as_str(), e.retryable())))
                .collect();
            assert_eq!(codes, [None, Some(("transport.reset", Some(false))), None]);
            assert_eq!(service.lines().len(), 3);
        }
    }
}

/// A head that breaks off tells no more than none.
#[test]
fn half_a_head_is_no_reply() {
    for (card, code, sent) in [("demo/read", None, 3), ("demo/write", Some("transport.reset"), 2)] {
        let service = Service::start(Ending::Begun);
        let host = service.host(&json!({ "scheme": "none" }));
        let ended = runs(&host, card, 2);
        assert_eq!(ended[1].as_ref().err().map(|error| error.code().as_str()), code);
        assert_eq!(service.lines().len(), sent);
    }
}

#[test]
fn a_token_request_is_sent_again_as_well() {
    let service = Service::start(Ending::Closed);
    let host = service.host(&json!({
        "scheme": "oauth2", "grant": "client_credentials", "tokenUrl": format!("{}/token", service.url),
        "clientId": "c", "clientSecret": "s",
    }));
    block_on(async {
        for _ in 0..2 {
            assert_eq!(host.run(Some("demo/read"), nothing()).await.unwrap().status, 200);
            // The token is no longer good.
            service.clock.0.fetch_add(3600, Ordering::Relaxed);
        }
    });
    // Token requests have connections of their own, with room for many headers.
    let lines = service.lines();
    let (token, things) = ("POST /token HTTP/1.1", "GET /things HTTP/1.1");
    assert_eq!(lines, [token, things, token, token, things, things]);
}
