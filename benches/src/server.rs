//! The service that is called: HTTP/1.1 with keep-alive on loopback, with and without TLS, one thread, as little work a
//! request as hyper allows. It counts connections and requests. Starting it as a process of its own keeps its cost out
//! of what is measured; [`ServerProcess`] does that.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::Result;
use crate::folder::Folder;

/// The path of the 1 KB object, below the server's own URL.
pub const ME_PATH: &str = "/api/app/me";

/// The 1 KB object: a number beyond 2^53, a number with a trailing zero, nested objects, a list.
pub const ME_BODY: &str = concat!(
    r#"{"status":"ok","results":{"user_id":7615917337495251231,"user_name":"Ada Lovelace","user_email":"ada@example.com","#,
    r#""two_factor":true,"rate":1.10,"organizations":{"38112":{"id":38112,"name":"Analytical Engines","role":"owner","#,
    r#""permissions":["view_reports","edit_reports","manage_users"]}},"projects":["#,
    r#"{"id":2195193,"name":"Production","timezone":"Europe/London","domain":"api-eu.example.com","has_workspaces":true,"#,
    r#""workspaces":[{"id":2733961,"name":"All data","is_global":true,"filters":null}]},"#,
    r#"{"id":2195194,"name":"Staging","timezone":"Europe/London","domain":"api-eu.example.com","has_workspaces":true,"#,
    r#""workspaces":[{"id":2733962,"name":"All data","is_global":true,"filters":null}]},"#,
    r#"{"id":2195195,"name":"Development","timezone":"UTC","domain":"api.example.com","has_workspaces":false,"workspaces":[]}],"#,
    r#""limits":{"per_hour":60,"concurrent":5,"remaining":59.5},"note":"Zeit, Größe, 時間: text beyond ASCII, as it stands in the name of a person, a place or an event that somebody tracks"},"#,
    r#""next":null,"elapsed_ms":3}"#
);

/// The path of the token endpoint, below the server's own URL.
pub const TOKEN_PATH: &str = "/token";

/// What it answers (RFC 6749, section 5.1).
const TOKEN_BODY: &str =
    r#"{"access_token":"bench-token","token_type":"Bearer","expires_in":86400}"#;

/// The length of what a path with `/big` in it answers, in bytes: 1 GiB.
pub const BIG_BYTES: u64 = 1 << 30;
const BIG_CHUNK: &[u8] = &[b'x'; 64 * 1024];
const CA_FILE: &str = "ca.pem";

/// What the server has counted since its start or its last `GET /stats/reset`.
///
/// Shape: `{"connections": 32, "max_concurrent_connections": 32, "requests": 20000}`. Requests for the counts
/// themselves, and connections that carry nothing else, are not in it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Stats {
    /// Connections that carried at least one request.
    pub connections: u64,
    /// The most of them that were open at once.
    pub max_concurrent_connections: u64,
    /// Requests on all of them.
    pub requests: u64,
}

#[derive(Default)]
struct Counters {
    connections: AtomicU64,
    open: AtomicU64,
    max_open: AtomicU64,
    requests: AtomicU64,
}

impl Counters {
    fn stats(&self) -> Stats {
        Stats {
            connections: self.connections.load(Ordering::Relaxed),
            max_concurrent_connections: self.max_open.load(Ordering::Relaxed),
            requests: self.requests.load(Ordering::Relaxed),
        }
    }

    fn reset(&self) {
        self.connections.store(0, Ordering::Relaxed);
        self.max_open.store(0, Ordering::Relaxed);
        self.requests.store(0, Ordering::Relaxed);
    }
}

/// One connection's part of the counters: counted at its first real request, given back when it ends.
struct Connection {
    counters: Arc<Counters>,
    counted: AtomicBool,
}

impl Connection {
    fn count_request(&self) {
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        if !self.counted.swap(true, Ordering::Relaxed) {
            self.counters.connections.fetch_add(1, Ordering::Relaxed);
            let open = self.counters.open.fetch_add(1, Ordering::Relaxed) + 1;
            self.counters.max_open.fetch_max(open, Ordering::Relaxed);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.counted.load(Ordering::Relaxed) {
            self.counters.open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Serves the same on two free loopback ports until the process ends, in the clear on one and over TLS on the other;
/// `announce` gets both URLs once, `http://127.0.0.1:PORT` first.
///
/// # Errors
/// No port could be bound, or `announce` failed. A failed connection is not an error of the server.
pub async fn serve(
    tls: TlsAcceptor,
    announce: impl FnOnce([&str; 2]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let clear = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    announce([
        &format!("http://{}", clear.local_addr()?),
        &format!("https://{}", secure.local_addr()?),
    ])?;
    let counters = Arc::new(Counters::default());
    tokio::join!(listen(clear, None, &counters), listen(secure, Some(tls), &counters));
    Ok(())
}

async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, counters: &Arc<Counters>) {
    loop {
        // A client that goes away between connect and accept, or a moment without file descriptors.
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        if stream.set_nodelay(true).is_err() {
            continue;
        }
        let connection =
            Connection { counters: Arc::clone(counters), counted: AtomicBool::new(false) };
        let Some(tls) = tls.clone() else {
            tokio::spawn(converse(stream, connection));
            continue;
        };
        tokio::spawn(async move {
            // A client that breaks off the handshake shows in the client's own figures.
            if let Ok(stream) = tls.accept(stream).await {
                converse(stream, connection).await;
            }
        });
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, connection: Connection) {
    let service = service_fn(|request| {
        let response = answer(&request, &connection);
        async move { Ok::<_, Infallible>(response) }
    });
    // The client decides when a connection ends, also in the middle of a body.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn answer(request: &Request<Incoming>, connection: &Connection) -> Response<Reply> {
    let path = request.uri().path();
    if let Some(rest) = path.strip_prefix("/stats") {
        if rest == "/reset" {
            connection.counters.reset();
        }
        let text = serde_json::to_string(&connection.counters.stats()).unwrap_or_default();
        return json(Bytes::from(text));
    }
    connection.count_request();
    if path.contains("/big") {
        return Response::new(Reply::Big { left: BIG_BYTES });
    }
    if path == ME_PATH {
        if !request.headers().contains_key(AUTHORIZATION) {
            let mut refusal =
                json(Bytes::from_static(br#"{"status":"error","error":"no credentials"}"#));
            *refusal.status_mut() = StatusCode::UNAUTHORIZED;
            return refusal;
        }
        return json(Bytes::from_static(ME_BODY.as_bytes()));
    }
    if path == TOKEN_PATH {
        return json(Bytes::from_static(TOKEN_BODY.as_bytes()));
    }
    let echo = serde_json::json!({ "method": request.method().as_str(), "path": path, "query": request.uri().query() });
    json(Bytes::from(echo.to_string()))
}

fn json(body: Bytes) -> Response<Reply> {
    let mut response = Response::new(Reply::Whole(Some(body)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A reply's body: all of it at once, or the same chunk until enough was sent.
enum Reply {
    Whole(Option<Bytes>),
    Big { left: u64 },
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        let next = match self.get_mut() {
            Self::Whole(body) => body.take(),
            Self::Big { left: 0 } => None,
            Self::Big { left } => {
                let chunk = Bytes::from_static(BIG_CHUNK);
                *left = left.saturating_sub(BIG_CHUNK.len() as u64);
                Some(chunk)
            }
        };
        Poll::Ready(next.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None) | Self::Big { left: 0 })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(body) => body.as_ref().map_or(0, |body| body.len() as u64),
            Self::Big { left } => *left,
        })
    }
}

/// A `bench-server` in a process of its own; it ends when this is dropped, or with this process.
pub struct ServerProcess {
    http: String,
    https: String,
    folder: Folder,
    child: Child,
}

impl ServerProcess {
    /// Starts the program and waits for the lines with its URLs.
    ///
    /// # Errors
    /// The program could not be started, or ended without its URLs.
    pub fn start(program: &Path) -> Result<Self> {
        let folder = Folder::new()?;
        let mut child = Command::new(program)
            .arg("--until-stdin-closes")
            .arg("--ca")
            .arg(folder.path().join(CA_FILE))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started: {error}", program.display()))?;
        let stdout = child.stdout.take();
        let mut server = Self { http: String::new(), https: String::new(), folder, child };
        let mut lines = stdout.map(BufReader::new).into_iter().flat_map(BufRead::lines);
        for url in [&mut server.http, &mut server.https] {
            *url = lines.next().ok_or("the bench server ended without its URLs")??;
        }
        Ok(server)
    }

    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn http(&self) -> &str {
        &self.http
    }

    /// `https://127.0.0.1:PORT`
    #[must_use]
    pub fn https(&self) -> &str {
        &self.https
    }

    /// The PEM file with the CA to trust for https.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join(CA_FILE)
    }

    /// Sets the counts to zero.
    ///
    /// # Errors
    /// The server could not be asked.
    pub fn reset_stats(&self) -> Result<()> {
        self.get("/stats/reset").map(drop)
    }

    /// What was counted since the last reset.
    ///
    /// # Errors
    /// The server could not be asked, or its answer could not be read.
    pub fn stats(&self) -> Result<Stats> {
        Ok(serde_json::from_str(&self.get("/stats")?)?)
    }

    fn get(&self, path: &str) -> Result<String> {
        let address = self.http.strip_prefix("http://").unwrap_or(&self.http);
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply)?;
        let body = reply.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        body.ok_or_else(|| "the bench server's reply has no body".into())
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // If it is gone already there is nothing left to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
