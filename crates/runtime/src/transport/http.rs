//! HTTP through reqwest and rustls.
//!
//! Nothing of the environment decides unless whoever runs the host says so: no proxy variables, no system roots, no `Referer`, no redirects, no
//! cookies. HTTP/2 is spoken where a server chooses it in the TLS handshake (RFC 7301), else HTTP/1.1. A client is built when
//! the first URL of its kind is sent: an `http` URL loads no roots.
//!
//! A request whose host a value decides goes through a client of its own: its names are resolved here, every address
//! is checked against the egress policy, and those are the addresses that are connected to. A name that changes its
//! answer after the check has no chance, and a connection that stands was checked when it was opened.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cardhost_core::call::{Treatment, is_kept};
use cardhost_core::card::Packed;
use cardhost_core::failure::MAX_KEPT_BODY_BYTES;
use cardhost_core::request::{RequestSpec, TlsSettings};
use cardhost_core::response::{BodyEnd, Reply};
use cardhost_core::transport_fault::{TimeoutKind, TransportFault, TransportFaultKind};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::redirect::Policy;
use reqwest::{Client, Request, Response};
use rustls::pki_types::CertificateDer;

use super::coding::{self, CODED_ALLOWANCE, Undone, Unpacking};
use super::connecting::{self, Noting};
use super::egress::EgressPolicy;
use super::fault::{Phase, Refused, causes, fault, is_crowded};
use super::gathered::Gathered;
use super::packing;
use super::proxies::{Proxies, Proxy};
use super::resolve::{Resolve, SystemResolver};
use super::room::{MOST_HEADERS, Room};
use super::tls::{self, Fingerprint, Trusted};
use super::{BodySink, BoxFuture, Transport};
use crate::apart::{BIG_BYTES, apart};

/// From this size on, sending a body may take longer than the idle limit.
const LARGE_BODY_BYTES: u64 = 256 * 1024;

/// Most clients that are kept for requests with TLS settings of their own; the oldest goes first.
const MOST_IDENTITIES: usize = 256;

/// Most bytes of the headers of a reply in HTTP/2, as they are before they are packed (RFC 9113, section 10.5.1).
const MOST_HEADER_BYTES: u32 = 256 * 1024;

/// HTTP through reqwest and rustls.
#[derive(Default)]
pub struct HttpTransport {
    clients: Mutex<Vec<(ClientKey, Client)>>,
    roots: Vec<CertificateDer<'static>>,
    egress: EgressPolicy,
    resolver: Option<Arc<dyn Resolve>>,
    proxies: Proxies,
    system: Vec<CertificateDer<'static>>,
    room: Room,
}

/// What a client is built for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ClientKey {
    tls: bool,
    /// Whether the egress policy checks what it connects to.
    guarded: bool,
    /// Whether it goes through the proxy of its scheme: that of `http`, or that of `https`.
    through: Option<Through>,
    /// Whether each request has a connection of its own.
    fresh: bool,
    /// Whether there is room for many headers.
    roomy: bool,
    connect_timeout: Duration,
    /// The request's own TLS settings.
    settings: Option<Fingerprint>,
}

/// Which proxy a client goes through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Through {
    OfHttp,
    OfHttps,
}

impl HttpTransport {
    /// A transport that trusts the compiled-in Mozilla roots.
    #[must_use]
    pub fn new() -> HttpTransport {
        HttpTransport::default()
    }

    /// Keeps to an egress policy; the default one is kept to without this.
    #[must_use]
    pub fn egress(mut self, policy: EgressPolicy) -> HttpTransport {
        self.egress = policy;
        self
    }

    /// Looks names up in another way than through the operating system.
    #[must_use]
    pub fn resolving_with(mut self, resolver: impl Resolve + 'static) -> HttpTransport {
        self.resolver = Some(Arc::new(resolver));
        self
    }

    /// Sends through proxies. Where a proxy connects to is not seen: of a name that it looks up itself the egress policy knows no address.
    #[must_use]
    pub fn through(mut self, proxies: Proxies) -> HttpTransport {
        self.proxies = proxies;
        self
    }

    /// Also trusts the roots of the operating system, as they are now; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    ///
    /// # Errors
    /// Why there are none.
    pub fn trusting_system(mut self) -> Result<HttpTransport, String> {
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            let reason =
                found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
            return Err(format!("the operating system has no roots{reason}"));
        }
        self.system = found.certs;
        Ok(self)
    }

    /// Also trusts a private CA, in DER.
    #[must_use]
    pub fn trusting(mut self, root: Vec<u8>) -> HttpTransport {
        self.roots.push(root.into());
        self
    }

    /// Also trusts the certificates of a PEM file (RFC 7468).
    ///
    /// # Errors
    /// Why the text holds no certificate.
    pub fn trusting_pem(mut self, pem: &[u8]) -> Result<HttpTransport, String> {
        let text = String::from_utf8_lossy(pem);
        self.roots.extend(cardhost_core::pem::certificates(&text)?);
        Ok(self)
    }

    fn client(
        &self,
        key: ClientKey,
        proxy: Option<&Proxy>,
        settings: Option<&TlsSettings>,
    ) -> Result<Client, TransportFault> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(known, _)| *known == key) {
            return Ok(client.clone());
        }
        let client = self.build(key, proxy, settings).map_err(|detail| TransportFault {
            kind: TransportFaultKind::TlsSettings,
            not_sent: true,
            detail,
        })?;
        // Those without settings of their own are few and stay.
        if clients.iter().filter(|(known, _)| known.settings.is_some()).count() >= MOST_IDENTITIES
            && let Some(oldest) = clients.iter().position(|(known, _)| known.settings.is_some())
        {
            clients.remove(oldest);
        }
        clients.push((key, client.clone()));
        Ok(client)
    }

    /// A client for a test that looks at reqwest's own errors.
    #[cfg(test)]
    pub(super) fn plain_client(&self) -> Client {
        let connect_timeout = Treatment::default().connect_timeout;
        let key = ClientKey {
            tls: true,
            guarded: false,
            through: None,
            fresh: false,
            roomy: false,
            connect_timeout,
            settings: None,
        };
        self.build(key, None, None).unwrap()
    }

    fn build(
        &self,
        key: ClientKey,
        proxy: Option<&Proxy>,
        settings: Option<&TlsSettings>,
    ) -> Result<Client, String> {
        let trusted = Trusted { system: &self.system, given: &self.roots };
        let tls = tls::configuration(key.tls, trusted, settings)?;
        let mut builder = Client::builder();
        if key.guarded || self.resolver.is_some() {
            let resolver = self.resolver.clone().unwrap_or_else(|| Arc::new(SystemResolver));
            // What is looked up for another proxy is the proxy alone, which whoever runs the host has named.
            let guards = key.guarded && proxy.is_none_or(Proxy::takes_addresses);
            let policy = guards.then(|| self.egress.clone());
            let exempt = proxy.and_then(|proxy| proxy.url().host_str()).map(str::to_owned);
            builder = builder.dns_resolver(Guard { resolver, policy, exempt });
        }
        if key.roomy {
            builder = builder.http1_max_headers(MOST_HEADERS);
        }
        if key.fresh {
            builder = builder.pool_max_idle_per_host(0);
        }
        builder = builder.no_proxy();
        if let Some(proxy) = proxy {
            let unusable = |_| "the proxy cannot be used".to_owned();
            let proxy = reqwest::Proxy::all(proxy.url().as_str()).map_err(unusable)?;
            builder = builder.proxy(proxy);
        }
        builder
            .tls_backend_preconfigured(tls)
            .connector_layer(Noting)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // Devices and mainframes fold headers and put spaces before colons; whoever frames a body that way is still refused.
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http2_max_header_list_size(MOST_HEADER_BYTES)
            .connect_timeout(key.connect_timeout)
            .tcp_nodelay(true)
            .build()
            .map_err(|error| causes(&error.without_url()))
    }

    async fn exchange(
        &self,
        spec: &RequestSpec,
        treatment: Treatment,
        sink: Option<&mut dyn BodySink>,
    ) -> Result<Reply, TransportFault> {
        // The resolver is not asked for addresses.
        self.egress.check(spec)?;
        let host = spec.url.host_str().unwrap_or_default();
        let is_tls = spec.url.scheme() == "https";
        let proxy = self.proxies.of(&spec.url);
        let through = if is_tls { Through::OfHttps } else { Through::OfHttp };
        let key = ClientKey {
            guarded: self.egress.guards(spec),
            through: proxy.map(|_| through),
            fresh: treatment.fresh,
            roomy: treatment.roomy || treatment.fresh || self.room.is_wanted(host),
            tls: is_tls || proxy.is_some_and(|proxy| proxy.url().scheme() == "https"),
            connect_timeout: treatment.connect_timeout,
            settings: spec.tls.as_deref().map(tls::fingerprint),
        };
        let client = self.client(key, proxy, spec.tls.as_deref())?;
        let mut request = Request::new(spec.method.clone(), spec.url.clone());
        *request.headers_mut() = spec.headers.clone();
        if let Some(body) = &spec.body {
            *request.body_mut() = Some(packing::sent(body).await);
        }
        if says_empty(spec) {
            request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let mut clock = Limits::start(treatment);
        // While a large body goes out nothing comes back: only the total limit applies then.
        let large = spec.body.as_ref().is_some_and(|body| body.size() > LARGE_BODY_BYTES);
        let idle = if large { treatment.total_timeout } else { treatment.idle_timeout };
        let (sent, has_connected) =
            connecting::noted(clock.bound(idle, client.execute(request))).await;
        let mut response = sent?.map_err(|error| {
            let error = error.without_url();
            let mut fault = fault(&error, treatment, Phase::Head);
            if fault.kind == TransportFaultKind::Reset && !has_connected {
                // It had been used before: the service may have closed it when the request was on its way.
                fault.kind = TransportFaultKind::Stale;
            }
            if is_crowded(&error) && !key.roomy {
                self.room.make(host);
                fault.kind = TransportFaultKind::Crowded;
                fault.detail =
                    format!("it has more than 100 headers; the next reply may have {MOST_HEADERS}");
            }
            let is_of_proxy =
                matches!(fault.kind, TransportFaultKind::Connect | TransportFaultKind::Dns);
            if let Some(proxy) = proxy.filter(|_| is_of_proxy) {
                fault.detail = format!("by the proxy `{}`: {}", proxy.shown(), fault.detail);
            }
            fault
        })?;
        if let Some(proxy) = proxy.filter(|proxy| !is_tls && proxy.reads_requests())
            && response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
        {
            // No service says so (RFC 9110, section 15.5.8).
            let detail = format!("by the proxy `{}`: it wants other credentials", proxy.shown());
            let kind = TransportFaultKind::Connect;
            return Err(TransportFault { kind, not_sent: true, detail });
        }
        let status = response.status().as_u16();
        if packed(status, treatment).is_some() {
            // It tells of the package.
            response.headers_mut().remove(CONTENT_TYPE);
        }
        if let Some(sink) = sink
            && !coding::is_packed_twice(response.headers(), packed(status, treatment))
            && sink.takes(status, response.headers())
        {
            return Box::pin(pour(response, treatment, &mut clock, sink)).await;
        }
        read(response, treatment, &clock).await
    }
}

impl Transport for HttpTransport {
    fn send<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(self.exchange(request, treatment, None))
    }

    fn send_into<'a>(
        &'a self,
        request: &'a RequestSpec,
        treatment: Treatment,
        sink: &'a mut dyn BodySink,
    ) -> BoxFuture<'a, Result<Reply, TransportFault>> {
        Box::pin(self.exchange(request, treatment, Some(sink)))
    }
}

/// Whether a request says that its content is empty: the methods that define content do (RFC 9110, section 8.6). Servers answer 411
/// to those that leave it open.
fn says_empty(spec: &RequestSpec) -> bool {
    let empty = spec.body.as_ref().is_none_or(|body| body.size() == 0 && body.coding.is_none());
    empty && matches!(spec.method, Method::POST | Method::PUT | Method::PATCH)
}

/// Resolves names for reqwest, and refuses those that lead where the policy does not allow.
struct Guard {
    resolver: Arc<dyn Resolve>,
    /// `None` where the policy does not apply.
    policy: Option<EgressPolicy>,
    /// The proxy's own name, to which it does not apply either.
    exempt: Option<String>,
}

impl reqwest::dns::Resolve for Guard {
    fn resolve(&self, name: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let is_proxy = self.exempt.as_deref() == Some(name.as_str());
        let policy = self.policy.clone().filter(|_| !is_proxy);
        let resolver = Arc::clone(&self.resolver);
        Box::pin(async move {
            let addresses = resolver.resolve(name.as_str()).await?;
            if let Some(policy) = policy {
                policy.check_addresses(&addresses).map_err(Refused)?;
            }
            // Port 0 becomes that of the URL.
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok::<reqwest::dns::Addrs, _>(Box::new(addresses))
        })
    }
}

/// The limits on time of one exchange.
struct Limits {
    /// `None` where it lies beyond all time.
    deadline: Option<Instant>,
    treatment: Treatment,
}

impl Limits {
    fn start(treatment: Treatment) -> Limits {
        Limits { deadline: Instant::now().checked_add(treatment.total_timeout), treatment }
    }

    /// Bounds one wait by an idle limit and by what is left of the total.
    async fn bound<T>(
        &self,
        idle: Duration,
        wait: impl Future<Output = T>,
    ) -> Result<T, TransportFault> {
        let left = self
            .deadline
            .map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        if left < idle {
            return tokio::time::timeout(left, wait).await.map_err(|_| self.over());
        }
        let over = |_| timeout(TimeoutKind::Idle, idle);
        tokio::time::timeout(idle, wait).await.map_err(over)
    }

    /// Gives a piece of the body to a sink. The time that this takes is not that of the exchange: whoever takes it may be slow.
    async fn push(&mut self, sink: &mut dyn BodySink, piece: Bytes) -> Result<(), BodyEnd> {
        let since = Instant::now();
        let taken = self.bound(Duration::MAX, sink.push(piece)).await.map_err(BodyEnd::Broken)?;
        let later = |deadline: Instant| deadline.checked_add(since.elapsed());
        self.deadline = self.deadline.and_then(later);
        taken
    }

    /// The total limit is over.
    fn over(&self) -> TransportFault {
        timeout(TimeoutKind::Total, self.treatment.total_timeout)
    }
}

fn timeout(which: TimeoutKind, after: Duration) -> TransportFault {
    let kind = TransportFaultKind::Timeout { which, after };
    TransportFault { kind, not_sent: false, detail: String::new() }
}

/// Gives the body to a sink while it comes.
async fn pour(
    mut response: Response,
    treatment: Treatment,
    clock: &mut Limits,
    sink: &mut dyn BodySink,
) -> Result<Reply, TransportFault> {
    let status = response.status().as_u16();
    let mut headers = std::mem::take(response.headers_mut());
    let mut unpacking = Unpacking::of(&mut headers, packed(status, treatment));
    let end = loop {
        let chunk = match clock.bound(treatment.idle_timeout, response.chunk()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => {
                break BodyEnd::Broken(fault(&error.without_url(), treatment, Phase::Body));
            }
            Err(fault) => break BodyEnd::Broken(fault),
        };
        let poured = match (&mut unpacking, chunk) {
            (None, None) => break BodyEnd::Complete,
            (Some(unpacking), None) => break unpacking.end(&mut headers),
            (None, Some(chunk)) => clock.push(sink, chunk).await,
            (Some(unpacking), Some(chunk)) => unpack(unpacking, &chunk, clock, sink).await,
        };
        if let Err(end) = poured {
            break end;
        }
    };
    let mut reply = Reply { status, headers, body: Bytes::new(), end, kept: None };
    clock.bound(Duration::MAX, sink.finish(&mut reply)).await??;
    Ok(reply)
}

/// How the body of a reply is packed by what its card says, which is of good ones.
fn packed(status: u16, treatment: Treatment) -> Option<Packed> {
    treatment.packed.filter(|_| is_kept(status))
}

/// Gives what comes out of a coded chunk to a sink.
async fn unpack(
    unpacking: &mut Unpacking,
    chunk: &[u8],
    clock: &mut Limits,
    sink: &mut dyn BodySink,
) -> Result<(), BodyEnd> {
    let mut rest = chunk;
    while let Some(piece) = unpacking.next(&mut rest)? {
        clock.push(sink, piece).await?;
        // A little may unpack to very much: others are not to wait for all of it.
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Reads the body up to the limit; what came before a fault is kept.
async fn read(
    mut response: Response,
    treatment: Treatment,
    clock: &Limits,
) -> Result<Reply, TransportFault> {
    let status = response.status().as_u16();
    let mut headers = std::mem::take(response.headers_mut());
    let limit = treatment.max_body_bytes;
    // The limit counts what comes out of a content coding, not what goes in.
    let packed = packed(status, treatment);
    let coded = packed.is_some() || headers.contains_key(CONTENT_ENCODING);
    let coded_limit = if coded { limit.saturating_add(CODED_ALLOWANCE) } else { limit };
    let too_long = response.content_length().is_some_and(|length| length > coded_limit);
    // A body that is refused anyway is read only as far as an error keeps it.
    let wanted = if too_long { MAX_KEPT_BODY_BYTES as u64 } else { coded_limit };
    let mut body = Gathered::default();
    let end = loop {
        match clock.bound(treatment.idle_timeout, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                body.push(chunk);
                if body.len() > wanted || (too_long && body.len() == wanted) {
                    break BodyEnd::TooLarge { limit };
                }
            }
            Ok(Ok(None)) if too_long => break BodyEnd::TooLarge { limit },
            Ok(Ok(None)) => break BodyEnd::Complete,
            Ok(Err(error)) => {
                break BodyEnd::Broken(fault(&error.without_url(), treatment, Phase::Body));
            }
            Err(fault) => break BodyEnd::Broken(fault),
        }
    };
    let mut body = body.finish();
    body.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    if !coded {
        return Ok(Reply { status, headers, body, end, kept: None });
    }
    let undone;
    (headers, undone) = undo(headers, packed, &body, limit, clock).await;
    if end != BodyEnd::Complete {
        // As much as came out of the coding is kept: a coded beginning tells no one anything.
        let body = match undone {
            Undone::Plain(body) | Undone::TooLong(body) | Undone::Truncated(body, _) => body,
            Undone::Broken(_) | Undone::Stopped => Bytes::new(),
        };
        return Ok(Reply { status, headers, body, end, kept: None });
    }
    let (body, end) = match undone {
        Undone::Plain(body) => (body, BodyEnd::Complete),
        Undone::TooLong(beginning) => (beginning, BodyEnd::TooLarge { limit }),
        Undone::Truncated(beginning, detail) => {
            (beginning, broken(TransportFaultKind::Truncated, detail))
        }
        Undone::Broken(detail) => (body, broken(TransportFaultKind::Protocol, detail)),
        Undone::Stopped => (Bytes::new(), BodyEnd::Broken(clock.over())),
    };
    Ok(Reply { status, headers, body, end, kept: None })
}

/// Undoes the codings of a body, here where that is little work; [`Undone::Stopped`] where time ran out.
async fn undo(
    mut headers: HeaderMap,
    packed: Option<Packed>,
    body: &Bytes,
    limit: u64,
    clock: &Limits,
) -> (HeaderMap, Undone) {
    let is_little = |spent| spent <= BIG_BYTES as u64;
    match coding::undo(&mut headers, packed, body, limit, &is_little) {
        Undone::Stopped => {}
        undone => return (headers, undone),
    }
    let (body, mut given) = (body.clone(), headers.clone());
    let undoing = apart(move |wanted| {
        let undone = coding::undo(&mut given, packed, &body, limit, &|_| wanted.is_so());
        (given, undone)
    });
    match clock.bound(Duration::MAX, undoing).await {
        Ok(done) => done,
        Err(_) => (headers, Undone::Stopped),
    }
}

fn broken(kind: TransportFaultKind, detail: String) -> BodyEnd {
    BodyEnd::Broken(TransportFault { kind, not_sent: false, detail })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::IpAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use reqwest::dns::Resolve as _;

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
        let guard = Guard { resolver: Arc::<Rebinding>::clone(&resolver), policy, exempt: None };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ask = || runtime.block_on(guard.resolve("rebind.example".parse().unwrap()));
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
