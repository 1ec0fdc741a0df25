//! `mock`: a loopback server that answers from a connector's examples.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use cardhost::author::mock::Mock;
use cardhost::catalog::Catalog;
use cardhost::testing::MockTransport;
use clap::Args;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use url::Url;

use super::console::{Console, Failure};
use super::global::Global;
use super::interrupt::{DrainArgs, Interrupt};
use super::setup;

/// Most bytes of a request's body.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

#[derive(Debug, Args)]
pub(crate) struct MockArgs {
    /// The connector; of several, each answers below its own name
    #[arg(value_name = "CONNECTOR", required = true)]
    pub(crate) connectors: Vec<String>,
    /// The port on 127.0.0.1; a free one by default
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
}

pub(crate) fn run(global: &Global, args: &MockArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::host(global)?.build();
    let services = Arc::new(Services::of(host.catalog(), &args.connectors)?);
    let shutdown = Interrupt::listen(&args.drain)?.shutdown;
    setup::runtime()?.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .map_err(|error| Failure::Io("the mock's port", error))?;
        let bound = listener.local_addr().map_err(|error| Failure::Io("the mock's port", error))?;
        let is_one = services.0.len() == 1;
        let mut bases = String::new();
        for (connector, transport) in &services.0 {
            let below = if is_one { String::new() } else { format!("/{connector}") };
            console.note(&format!("a stand-in for `{connector}`; it answers:"));
            for (method, path) in transport.mock().routes() {
                console.note(&format!("  {method:<7} {below}{path}"));
            }
            let name = if is_one { String::new() } else { format!("{connector}=") };
            bases.push_str(&format!("{name}http://{bound}{below}\n"));
        }
        console.note(match is_one {
            true => "use it with --base and the URL below; end it with Ctrl-C",
            false => "use each with --base and its line below; end it with Ctrl-C",
        });
        console.out(&bases)?;
        let mut clients = JoinSet::new();
        loop {
            let stream = tokio::select! {
                () = shutdown.begun() => break,
                Some(_) = clients.join_next() => continue,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(_) => continue,
                },
            };
            let (services, shutdown) = (Arc::clone(&services), shutdown.clone());
            clients.spawn(async move {
                let service = service_fn(move |request| {
                    let services = Arc::clone(&services);
                    async move { Ok::<_, Infallible>(answer(&services, request).await) }
                });
                let served = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                let mut served = std::pin::pin!(served);
                // A client that breaks off is no matter of ours.
                tokio::select! {
                    _ = &mut served => return,
                    () = shutdown.begun() => served.as_mut().graceful_shutdown(),
                }
                let _ = served.await;
            });
        }
        drop(listener);
        let over = async { while clients.join_next().await.is_some() {} };
        tokio::select! {
            () = over => {}
            () = shutdown.is_cut_off() => {}
        }
        Ok(())
    })
}

/// The connectors that are stood in for, and what answers for each.
struct Services(Vec<(String, MockTransport)>);

impl Services {
    fn of(catalog: &Catalog, connectors: &[String]) -> Result<Services, Failure> {
        let mut services: Vec<(String, MockTransport)> = Vec::new();
        for connector in connectors {
            catalog.connector(connector)?;
            if !services.iter().any(|(known, _)| known == connector) {
                services.push((connector.clone(), MockTransport::new(catalog, connector)));
            }
        }
        Ok(Services(services))
    }

    /// Who is asked, and for which path: of several, the first segment names the connector.
    fn asked<'s, 'p>(&'s self, path: &'p str) -> Option<(&'s Mock, &'p str)> {
        if let [(_, only)] = self.0.as_slice() {
            return Some((only.mock(), path));
        }
        let below = path.strip_prefix('/')?;
        let end = below.find(['/', '?']).unwrap_or(below.len());
        let (connector, rest) = below.split_at(end);
        let (_, transport) = self.0.iter().find(|(known, _)| known == connector)?;
        Some((transport.mock(), rest))
    }
}

async fn answer(services: &Services, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        return plain(413);
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let Some((mock, path)) = services.asked(path) else { return plain(404) };
    let Ok(url) = Url::parse(&format!("http://127.0.0.1{path}")) else { return plain(400) };
    let reply = mock.answer(&head.method, &url, &head.headers, &body.to_bytes());
    let mut response = Response::new(Full::new(reply.body));
    *response.headers_mut() = reply.headers;
    // The body's own length is sent, whatever an example says.
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    response.headers_mut().remove(http::header::TRANSFER_ENCODING);
    match http::StatusCode::from_u16(reply.status) {
        Ok(status) => *response.status_mut() = status,
        Err(_) => return plain(500),
    }
    response
}

fn plain(status: u16) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    if let Ok(status) = http::StatusCode::from_u16(status) {
        *response.status_mut() = status;
    }
    response
}
