//! `mock`: a loopback server that answers from a connector's examples.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use cardhost::author::mock::Mock;
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
    /// The connector
    pub(crate) connector: String,
    /// The port on 127.0.0.1; a free one by default
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) drain: DrainArgs,
}

pub(crate) fn run(global: &Global, args: &MockArgs, console: &Console) -> Result<(), Failure> {
    let host = setup::host(global)?.build();
    host.catalog().connector(&args.connector)?;
    let transport = Arc::new(MockTransport::new(host.catalog(), &args.connector));
    let shutdown = Interrupt::listen(&args.drain)?.shutdown;
    setup::runtime()?.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .map_err(|error| Failure::Io("the mock's port", error))?;
        let bound = listener.local_addr().map_err(|error| Failure::Io("the mock's port", error))?;
        console.note(&format!("a stand-in for `{}`; it answers:", args.connector));
        for (method, path) in transport.mock().routes() {
            console.note(&format!("  {method:<7} {path}"));
        }
        console.note("use it with --base and the URL below; end it with Ctrl-C");
        console.out(&format!("http://{bound}\n"))?;
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
            let (transport, shutdown) = (Arc::clone(&transport), shutdown.clone());
            clients.spawn(async move {
                let service = service_fn(move |request| {
                    let transport = Arc::clone(&transport);
                    async move { Ok::<_, Infallible>(answer(transport.mock(), request).await) }
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

async fn answer(mock: &Mock, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY_BYTES).collect().await else {
        return plain(413);
    };
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
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
