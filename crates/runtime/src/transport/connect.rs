//! Connections: names are looked up, sockets opened, TLS begun; and what each connection knows of itself.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower_service::Service;

use super::egress::EgressPolicy;
use super::head::{Head, Seen};
use super::resolve::Resolve;
use super::unconnected::{Handshake, NoAddress, Refused, TookTooLong};
use super::wire::Wire;

type BoxError = Box<dyn StdError + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

/// How long a connection is silent before it is asked whether it stands.
const ALIVE: Duration = Duration::from_secs(15);

/// Opens connections for the client.
#[derive(Clone)]
pub(super) struct Connector {
    sockets: HttpConnector<Names>,
    /// What TLS is done with; `None` where no URL is `https`.
    tls: Option<Arc<ClientConfig>>,
    /// For all of it.
    limit: Duration,
}

impl Connector {
    pub(super) fn new(names: Names, tls: Option<ClientConfig>, limit: Duration) -> Connector {
        let mut sockets = HttpConnector::new_with_resolver(names);
        sockets.enforce_http(false);
        sockets.set_nodelay(true);
        // A connection whose other end is gone without a word is found out.
        sockets.set_keepalive(Some(ALIVE));
        sockets.set_keepalive_interval(Some(ALIVE));
        sockets.set_keepalive_retries(Some(3));
        #[cfg(target_os = "linux")]
        sockets.set_tcp_user_timeout(Some(2 * ALIVE));
        Connector { sockets, tls: tls.map(Arc::new), limit }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Wired>;
    type Error = BoxError;
    type Future = Connecting<TokioIo<Wired>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.sockets.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Connecting<TokioIo<Wired>> {
        let limit = self.limit;
        let tls = self.tls.clone().filter(|_| uri.scheme_str() == Some("https"));
        // An address stands in brackets in a URL, and without them in a certificate.
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let socket = self.sockets.call(uri);
        let connecting = async move {
            let socket = socket.await?.into_inner();
            let Some(tls) = tls else { return Ok(Wired::new(Socket::Plain(socket), false)) };
            let name = ServerName::try_from(host)?;
            let stream = TlsConnector::from(tls).connect(name, socket).await.map_err(Handshake)?;
            let speaks_h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            Ok(Wired::new(Socket::Tls(Box::new(stream)), speaks_h2))
        };
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected.map(TokioIo::new),
                Err(_) => Err(TookTooLong.into()),
            }
        })
    }
}

/// Looks names up, and refuses those that lead where the policy does not allow.
#[derive(Clone)]
pub(super) struct Names {
    pub(super) resolver: Arc<dyn Resolve>,
    /// `None` where the policy does not apply.
    pub(super) policy: Option<EgressPolicy>,
}

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Names { resolver, policy } = self.clone();
        Box::pin(async move {
            let addresses = resolver.resolve(name.as_str()).await.map_err(NoAddress)?;
            if let Some(policy) = policy {
                policy.check_addresses(&addresses).map_err(Refused)?;
            }
            // Port 0 becomes that of the URL.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(addresses.collect::<Vec<_>>().into_iter())
        })
    }
}

/// What carries the bytes.
enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that knows what has come over it.
pub(super) struct Wired {
    socket: Socket,
    wire: Arc<Wire>,
    speaks_h2: bool,
    /// The head of a reply that is awaited or has come in part.
    head: Head,
}

impl Wired {
    fn new(socket: Socket, speaks_h2: bool) -> Wired {
        Wired { socket, wire: Arc::default(), speaks_h2, head: Head::default() }
    }

    fn reader(&mut self) -> Pin<&mut (dyn AsyncRead + Unpin)> {
        match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream),
            Socket::Tls(stream) => Pin::new(stream),
        }
    }

    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Unpin)> {
        match &mut self.socket {
            Socket::Plain(stream) => Pin::new(stream),
            Socket::Tls(stream) => Pin::new(stream),
        }
    }

    /// Takes note that a part of a request goes out.
    fn writes(&mut self) {
        if self.wire.asks() {
            self.head = Head::default();
        }
    }
}

impl AsyncRead for Wired {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.head.give(buffer) {
                return Poll::Ready(Ok(()));
            }
            let before = buffer.filled().len();
            match this.reader().poll_read(context, buffer) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            let came = &buffer.filled()[before..];
            if came.is_empty() {
                // What was held back is all that there is.
                this.head.give_up();
                if this.head.give(buffer) {
                    continue;
                }
                return Poll::Ready(Ok(()));
            }
            this.wire.hears();
            if this.speaks_h2 {
                return Poll::Ready(Ok(()));
            }
            match this.head.sees(came) {
                Seen::Passed => return Poll::Ready(Ok(())),
                Seen::Held(rest) => {
                    buffer.set_filled(before);
                    if !rest.is_empty() {
                        this.wire.put_rest(rest);
                    }
                }
            }
        }
    }
}

impl AsyncWrite for Wired {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writes();
        this.writer().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.writes();
        this.writer().poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(stream) => stream.is_write_vectored(),
            Socket::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().writer().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().writer().poll_shutdown(context)
    }
}

impl Connection for Wired {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(Arc::clone(&self.wire));
        if self.speaks_h2 { connected.negotiated_h2() } else { connected }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::super::BoxFuture;
    use super::*;

    /// Public at the first look-up, loopback at each further one.
    #[derive(Default)]
    struct Rebinding(AtomicUsize);

    impl Resolve for Rebinding {
        fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
            let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
            let address = if first { [93, 184, 215, 14] } else { [127, 0, 0, 1] };
            Box::pin(async move { Ok(vec![address.into()]) })
        }
    }

    #[test]
    fn what_is_connected_to_is_what_was_checked() {
        let resolver = Arc::new(Rebinding::default());
        let policy = Some(EgressPolicy::default());
        let mut names = Names { resolver: Arc::<Rebinding>::clone(&resolver), policy };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut ask = || runtime.block_on(names.call("rebind.example".parse().unwrap()));
        // The answer that was checked is the one that is given, without asking again.
        let addresses: Vec<SocketAddr> = ask().unwrap().collect();
        assert_eq!(addresses, [SocketAddr::from(([93, 184, 215, 14], 0))]);
        assert_eq!(resolver.0.load(Ordering::SeqCst), 1);
        // Another connection asks again, and is checked again.
        let refused = ask().err().unwrap();
        let Refused(denied) = refused.downcast_ref().unwrap();
        assert_eq!(denied.address, Some([127, 0, 0, 1].into()));
        assert_eq!(resolver.0.load(Ordering::SeqCst), 2);
    }
}
