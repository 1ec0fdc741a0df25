//! `connection login`: a browser that comes back to this machine, or a code for another device.
//!
//! ```text
//! browser ─▶ service ─ redirect ─▶ http://127.0.0.1:PORT/callback ─ code ─▶ token endpoint ─▶ store
//! ```
//! The listener is there only while the login waits. It answers no page but the last, and a request that does not know the
//! login's state does not end the wait (RFC 8252, section 8.9). An error that comes without any state is shown, and told when the time
//! is over.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use cardhost::core::token::{GrantFault, NoToken};
use cardhost::login::{BrowserLogin, DeviceLogin, Login};
use cardhost::{Error, Policy};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::args::LoginArgs;
use super::lookup;
use crate::cli::console::{Console, Failure, printable};
use crate::cli::global::Global;
use crate::cli::setup::{self, Network};
use crate::cli::store::StoreArgs;

/// How long a browser is waited for.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How long the last page may take to reach the browser.
const LAST_PAGE: Duration = Duration::from_secs(2);
/// Most connections at once: browsers open some that they do not use.
const MOST_CONNECTIONS: usize = 32;

pub(super) fn run(
    global: &Global,
    store: &StoreArgs,
    args: &LoginArgs,
    console: &Console,
) -> Result<(), Failure> {
    let name = &args.connection;
    let network = Network { args: &args.network, bases: &[] };
    let host = setup::connected_host(global, store, &network, Policy::default())?.build();
    setup::runtime()?.block_on(async {
        let port = |error| Failure::Io("the port of the login", error);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
        let listener = TcpListener::bind(address).await.map_err(port)?;
        let redirect_uri = format!("http://{}/callback", listener.local_addr().map_err(port)?);
        let method = args.method.as_deref();
        let begun = host.begin_login(&name.connector, &name.name, method, &redirect_uri).await;
        let done = match begun.map_err(|error| lookup::named(error, name))? {
            Login::Browser(login) => with_browser(login, &listener, args, console).await,
            Login::Device(login) => {
                // Nobody comes to this port.
                drop(listener);
                with_device(login, args, console).await
            }
            Login::Direct => Ok(()),
        };
        done.map_err(|error| lookup::named(error, name))?;
        console.note(&format!("logged in: the tokens of {name} are stored"));
        Ok(())
    })
}

async fn with_device(login: DeviceLogin, args: &LoginArgs, console: &Console) -> Result<(), Error> {
    let code = login.code();
    console.note(&format!("open {}", printable(&code.verification_uri)));
    console.note(&format!("and type the code {}", printable(&code.user_code)));
    if let Some(url) = &code.verification_uri_complete {
        console.note(&format!("or open {}", printable(url)));
    }
    let method = login.method().to_owned();
    match args.timeout {
        Some(time) => {
            tokio::time::timeout(time, login.wait()).await.unwrap_or_else(|_| Err(expired(method)))
        }
        None => login.wait().await,
    }
}

async fn with_browser(
    login: BrowserLogin,
    listener: &TcpListener,
    args: &LoginArgs,
    console: &Console,
) -> Result<(), Error> {
    let url = login.url().as_str();
    if args.no_browser {
        console.note(&format!("open this URL in a browser on this machine:\n{url}"));
    } else {
        console.note(&format!("a browser opens; if it does not, open this URL in one:\n{url}"));
        // Where there is none, the URL above is enough.
        drop(open::that_in_background(url));
    }
    let method = login.method().to_owned();
    let time = args.timeout.unwrap_or(PATIENCE);
    let mut visits = Visits::new(listener);
    let mut told = None;
    let came_back = async {
        loop {
            let visit = visits.next().await;
            if login.accepts(&visit.query) {
                return visit;
            }
            if let Some(error) = login.refusal_without_state(&visit.query) {
                console.note(&format!(
                    "somebody came back without the state of this login, and says: {}",
                    printable(&error.to_string())
                ));
                console.note("the login still waits; if this was you, end it with Ctrl-C");
                told = Some(error);
            }
            visit.answer(StatusCode::BAD_REQUEST, "This is not the login that is waited for.");
        }
    };
    let visit = tokio::time::timeout(time, came_back).await;
    let visit = visit.map_err(|_| told.unwrap_or_else(|| expired(method)))?;
    let done = login.finish(&visit.query).await;
    match &done {
        Ok(()) => visit.answer(StatusCode::OK, "You are logged in. You can close this page."),
        Err(_) => visit.answer(
            StatusCode::BAD_REQUEST,
            "The login failed. The terminal where it was begun says why.",
        ),
    }
    visits.end().await;
    done
}

fn expired(method: String) -> Error {
    Error::from(NoToken { method, fault: GrantFault::Expired })
}

/// A browser at the redirect URI, which waits for an answer.
struct Visit {
    query: String,
    page: oneshot::Sender<(StatusCode, &'static str)>,
}

impl Visit {
    fn answer(self, status: StatusCode, text: &'static str) {
        // A browser that went away needs no answer.
        let _ = self.page.send((status, text));
    }
}

/// Those who come to the listener.
struct Visits<'a> {
    listener: &'a TcpListener,
    found: mpsc::Sender<Visit>,
    waiting: mpsc::Receiver<Visit>,
    connections: JoinSet<()>,
}

impl Visits<'_> {
    fn new(listener: &TcpListener) -> Visits<'_> {
        let (found, waiting) = mpsc::channel(1);
        Visits { listener, found, waiting, connections: JoinSet::new() }
    }

    /// The next who came to the redirect URI.
    async fn next(&mut self) -> Visit {
        loop {
            let room = self.connections.len() < MOST_CONNECTIONS;
            tokio::select! {
                Some(visit) = self.waiting.recv() => return visit,
                Some(_) = self.connections.join_next() => {}
                accepted = self.listener.accept(), if room => {
                    let Ok((stream, _)) = accepted else { continue };
                    let found = self.found.clone();
                    self.connections.spawn(async move {
                        let service = service_fn(move |request| {
                            let found = found.clone();
                            async move { Ok::<_, Infallible>(receive(request, &found).await) }
                        });
                        // A browser that breaks off is no matter of ours.
                        let _ = hyper::server::conn::http1::Builder::new()
                            .keep_alive(false)
                            .serve_connection(TokioIo::new(stream), service)
                            .await;
                    });
                }
            }
        }
    }

    /// Lets the last page reach its browser.
    async fn end(mut self) {
        // Whoever waits still is not answered any more.
        self.waiting.close();
        let sent = async { while self.connections.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_PAGE, sent).await;
    }
}

async fn receive(request: Request<Incoming>, found: &mpsc::Sender<Visit>) -> Response<Full<Bytes>> {
    if request.uri().path() != "/callback" {
        return page(StatusCode::NOT_FOUND, "There is nothing here.");
    }
    if request.method() != Method::GET {
        let mut response = page(StatusCode::METHOD_NOT_ALLOWED, "Only GET is answered.");
        response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("GET"));
        return response;
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (answer, answered) = oneshot::channel();
    let _ = found.send(Visit { query, page: answer }).await;
    match answered.await {
        Ok((status, text)) => page(status, text),
        Err(_) => page(StatusCode::GONE, "The login is over."),
    }
}

/// A plain page. It names no other page, is kept nowhere, and tells nobody where it was.
fn page(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONNECTION, "close"),
    ];
    for (name, value) in headers {
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
    }
    response
}
