//! `connection login`: a browser that comes back to this machine, or a code for another device.
//!
//! ```text
//! browser ─▶ service ─ redirect ─▶ http://127.0.0.1:PORT/callback ─ code ─▶ token endpoint ─▶ store
//! ```
//! The listener is there only while the login waits. It answers no page but the last, and a request that does not know the
//! login's state does not end the wait (RFC 8252, section 8.9). An error that comes without any state is shown, and told when the time
//! is over.

use std::convert::Infallible;
use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cardhost::core::token::{GrantFault, NoToken};
use cardhost::login::{BrowserLogin, DeviceLogin, Login, LoginEnd, OpenChoice};
use cardhost::{Error, Policy};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use url::{Host, Url};

use super::args::LoginArgs;
use super::{ask, lookup};
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
        let method = args.method.as_deref();
        let own = match &args.redirect_uri {
            Some(uri) => Some(uri.clone()),
            None => {
                let declared =
                    host.declared_redirect_uri(&name.connector, &name.name, method).await;
                declared.map_err(|error| lookup::named(error, name))?
            }
        };
        let back = WayBack::open(own, args.port).await?;
        let begun = host.begin_login(&name.connector, &name.name, method, &back.uri).await;
        let done = match begun.map_err(|error| lookup::named(error, name))? {
            Login::Browser(login) => match &back.listener {
                Some(listener) => with_browser(login, listener, &back.path, args, console).await,
                None => pasted(login, &back.uri, args, console).await?,
            },
            Login::Device(login) => {
                // Nobody comes to this port.
                drop(back);
                with_device(login, args, console).await
            }
            Login::Direct => Ok(LoginEnd::Stored),
            Login::Choose(choice) => Ok(LoginEnd::Choose(choice)),
        };
        if let LoginEnd::Choose(choice) = done.map_err(|error| lookup::named(error, name))? {
            let chosen = choose(choice, args, console).await?;
            chosen.map_err(|error| lookup::named(error, name))?;
        }
        console.note(&format!("logged in: the tokens of {name} are stored"));
        Ok(())
    })
}

/// The person says which one of several is meant.
async fn choose(
    choice: OpenChoice,
    args: &LoginArgs,
    console: &Console,
) -> Result<Result<(), Error>, Failure> {
    if let Some(chosen) = &args.choose {
        return Ok(choice.take(chosen).await);
    }
    if !std::io::stdin().is_terminal() {
        let hint = "name it with `--choose VALUE`, or log in at a terminal";
        return Ok(Err(choice.not_made().with_hint(hint)));
    }
    console.note("this login may use several:");
    let offered: Vec<(&str, &str)> =
        choice.choices().iter().map(|one| (one.value.as_str(), one.title.as_str())).collect();
    let chosen = ask::one_of("Which one is meant: ", &offered, console)?;
    Ok(choice.take(&chosen).await)
}

/// How a browser comes back.
struct WayBack {
    uri: String,
    /// The path of the URI.
    path: String,
    /// `None` where the URI does not lead to this machine.
    listener: Option<TcpListener>,
}

impl WayBack {
    /// To a URI of the service's choice, or to a port of this machine.
    async fn open(own: Option<String>, port: u16) -> Result<WayBack, Failure> {
        let failed = |error| Failure::Io("the port of the login", error);
        let Some(uri) = own else {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let uri = format!("http://{}/callback", listener.local_addr().map_err(failed)?);
            return Ok(WayBack { uri, path: "/callback".to_owned(), listener: Some(listener) });
        };
        let not_one = || {
            let message = format!("`{}` is no URL to come back to", printable(&uri));
            Failure::Usage(message)
        };
        let url = Url::parse(&uri).map_err(|_| not_one())?;
        let here = match url.host() {
            Some(Host::Domain("localhost")) => Some(IpAddr::from(Ipv4Addr::LOCALHOST)),
            Some(Host::Ipv4(address)) if address.is_loopback() => Some(IpAddr::from(address)),
            Some(Host::Ipv6(address)) if address.is_loopback() => Some(IpAddr::from(address)),
            Some(_) => None,
            None => return Err(not_one()),
        };
        let listener = match (here.filter(|_| url.scheme() == "http"), url.port_or_known_default())
        {
            (Some(here), Some(port)) => {
                Some(TcpListener::bind(SocketAddr::from((here, port))).await.map_err(failed)?)
            }
            _ if url.scheme() == "https" => None,
            // A code would go over the network in the clear.
            _ => return Err(not_one()),
        };
        let path = url.path().to_owned();
        Ok(WayBack { uri, path, listener })
    }
}

/// The person brings the URL that the browser ended at.
async fn pasted(
    login: BrowserLogin,
    uri: &str,
    args: &LoginArgs,
    console: &Console,
) -> Result<Result<LoginEnd, Error>, Failure> {
    show(&login, args, console);
    console.note(&format!(
        "when the browser has come to {}, paste the whole URL of its page here:",
        printable(uri)
    ));
    // A thread of its own: nothing waits for it where the time is over.
    let (told, text) = oneshot::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        let read = std::io::stdin().read_line(&mut text).map(|_| text);
        // Nobody listens any more where the time is over.
        let _ = told.send(read);
    });
    let method = login.method().to_owned();
    let time = args.timeout.unwrap_or(PATIENCE);
    let Ok(text) = tokio::time::timeout(time, text).await else { return Ok(Err(expired(method))) };
    let read = text.unwrap_or_else(|_| Ok(String::new()));
    let text = read.map_err(|error| Failure::Io("stdin", error))?;
    let query = text.trim().split_once('?').map(|(_, query)| query).unwrap_or_default();
    let query = query.split('#').next().unwrap_or_default();
    Ok(if login.accepts(query) {
        login.finish(query).await
    } else {
        let fault = GrantFault::Redirect { reason: "the URL that was pasted is not of this login" };
        let other = || Error::from(NoToken { method, fault });
        Err(login.refusal_without_state(query).unwrap_or_else(other))
    })
}

/// Shows the URL to open, and opens it.
fn show(login: &BrowserLogin, args: &LoginArgs, console: &Console) {
    let url = login.url().as_str();
    if args.no_browser {
        console.note(&format!("open this URL in a browser on this machine:\n{url}"));
    } else {
        console.note(&format!("a browser opens; if it does not, open this URL in one:\n{url}"));
        // Where there is none, the URL above is enough.
        drop(open::that_in_background(url));
    }
}

async fn with_device(
    login: DeviceLogin,
    args: &LoginArgs,
    console: &Console,
) -> Result<LoginEnd, Error> {
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
    path: &str,
    args: &LoginArgs,
    console: &Console,
) -> Result<LoginEnd, Error> {
    show(&login, args, console);
    let method = login.method().to_owned();
    let time = args.timeout.unwrap_or(PATIENCE);
    let mut visits = Visits::new(listener, path);
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
        Ok(LoginEnd::Stored) => {
            visit.answer(StatusCode::OK, "You are logged in. You can close this page.");
        }
        Ok(LoginEnd::Choose(_)) => visit.answer(
            StatusCode::OK,
            "One of several has to be chosen: go on at the terminal where the login was begun.",
        ),
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
    path: Arc<str>,
    found: mpsc::Sender<Visit>,
    waiting: mpsc::Receiver<Visit>,
    connections: JoinSet<()>,
}

impl Visits<'_> {
    fn new<'l>(listener: &'l TcpListener, path: &str) -> Visits<'l> {
        let (found, waiting) = mpsc::channel(1);
        Visits { listener, path: path.into(), found, waiting, connections: JoinSet::new() }
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
                    let (found, path) = (self.found.clone(), Arc::clone(&self.path));
                    self.connections.spawn(async move {
                        let service = service_fn(move |request| {
                            let (found, path) = (found.clone(), Arc::clone(&path));
                            async move {
                                Ok::<_, Infallible>(receive(request, &path, &found).await)
                            }
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

async fn receive(
    request: Request<Incoming>,
    path: &str,
    found: &mpsc::Sender<Visit>,
) -> Response<Full<Bytes>> {
    if request.uri().path() != path {
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
