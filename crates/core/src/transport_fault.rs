//! What can go wrong on the way: facts that a transport reports and the core turns into errors.

use core::net::IpAddr;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Code, Fault, Retry};

/// An exchange with a service did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", fault.at(origin))]
pub struct ExchangeFault {
    /// Scheme, host and port of the service.
    pub origin: String,
    /// What happened.
    pub fault: TransportFault,
}

impl Fault for ExchangeFault {
    fn code(&self) -> Code {
        self.fault.code()
    }

    fn hint(&self) -> Option<String> {
        let text = match &self.fault.kind {
            TransportFaultKind::Connect => {
                "check that the service is up and that this machine may reach it"
            }
            TransportFaultKind::Dns => "check the host name and the network",
            TransportFaultKind::Tls => {
                "check the certificate; certificates that are not trusted are never accepted"
            }
            TransportFaultKind::TlsSettings => {
                "give the connection a certificate, its own key and an authority that can be used"
            }
            TransportFaultKind::Timeout { .. } => {
                "raise the limit with `timeouts` of the card, or ask for less"
            }
            TransportFaultKind::Stale if self.fault.not_sent => {
                "the service did nothing about the request: send it again"
            }
            TransportFaultKind::Interrupted if self.fault.not_sent => {
                "nothing of it was sent: send it when cardhost runs again"
            }
            TransportFaultKind::Reset
            | TransportFaultKind::Stale
            | TransportFaultKind::Crowded
            | TransportFaultKind::Truncated
            | TransportFaultKind::Protocol
            | TransportFaultKind::Interrupted => {
                "whether the service acted on the request is not known"
            }
            TransportFaultKind::Egress(_) => {
                "a connection leads to public addresses only; the egress policy of whoever runs cardhost can allow others"
            }
            TransportFaultKind::Own(fault) => return fault.0.hint(),
        };
        Some(text.to_owned())
    }

    fn retry(&self) -> Option<Retry> {
        (self.fault.not_sent && !self.fault.is_final()).then_some(Retry::AGAIN)
    }
}

/// Why no complete reply came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransportFault {
    /// The kind.
    pub kind: TransportFaultKind,
    /// Whether the request certainly did not reach the service.
    pub not_sent: bool,
    /// The chain of causes in words, without URL and secrets.
    pub detail: String,
}

/// The kinds of transport faults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportFaultKind {
    /// No connection: refused, unreachable.
    Connect,
    /// The name has no address.
    Dns,
    /// The TLS handshake failed.
    Tls,
    /// What TLS is to be done with cannot be used: a certificate, its key, an authority. Nothing was sent, and nothing
    /// changes by trying again.
    TlsSettings,
    /// Time ran out.
    Timeout {
        /// Which limit.
        which: TimeoutKind,
        /// The limit.
        after: Duration,
    },
    /// The connection was reset or closed before the reply.
    Reset,
    /// Nothing came back over a connection that had been used before, as when a service closes it at that moment; or, where it was
    /// not sent, the service said that it did nothing about the request. Another connection may do.
    Stale,
    /// The head of the reply has more headers than there was room for; for the next one there is more.
    Crowded,
    /// The body ended early.
    Truncated,
    /// What came is not HTTP, or not the content coding it says.
    Protocol,
    /// Whoever runs cardhost ended it before the reply.
    Interrupted,
    /// The egress policy does not let a request go there. Nothing was sent, and nothing changes by trying again.
    Egress(Denied),
    /// The transport has a fault of its own, such as a replay that holds no reply. Nothing was sent, and nothing
    /// changes by trying again.
    Own(OwnFault),
}

/// A fault that a transport of another crate has.
#[derive(Clone)]
pub struct OwnFault(pub Arc<dyn Fault>);

impl fmt::Debug for OwnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl PartialEq for OwnFault {
    fn eq(&self, other: &OwnFault) -> bool {
        self.0.code() == other.0.code() && self.0.to_string() == other.0.to_string()
    }
}

impl Eq for OwnFault {}

/// What the egress policy has against a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The address; `None` where the name itself is refused.
    pub address: Option<IpAddr>,
    /// What it is, such as `a private address (RFC 1918)`.
    pub range: &'static str,
    /// What the address is wrapped in, such as `a 6to4 address (RFC 3056)`.
    pub inside: Option<&'static str>,
}

/// A fault and the origin that it was met at.
struct At<'f> {
    origin: &'f str,
    fault: &'f TransportFault,
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let At { origin, fault } = self;
        match &fault.kind {
            TransportFaultKind::Connect => write!(f, "`{origin}` cannot be reached"),
            TransportFaultKind::Dns => write!(f, "the name in `{origin}` has no address"),
            TransportFaultKind::Tls | TransportFaultKind::TlsSettings => {
                write!(f, "no trusted TLS connection to `{origin}`")
            }
            TransportFaultKind::Timeout { which, after } => {
                write!(f, "`{origin}`: the {} limit of {after:?} is over", which.as_str())
            }
            TransportFaultKind::Reset | TransportFaultKind::Stale => {
                write!(f, "`{origin}` ended the connection before a reply")
            }
            TransportFaultKind::Truncated => write!(f, "the reply of `{origin}` ended early"),
            TransportFaultKind::Protocol | TransportFaultKind::Crowded => {
                write!(f, "the reply of `{origin}` is not well-formed")
            }
            TransportFaultKind::Interrupted => {
                let sent = if fault.not_sent { "was sent to" } else { "was answered by" };
                write!(f, "cardhost was asked to end before the request {sent} `{origin}`")
            }
            TransportFaultKind::Egress(denied) => f.write_str(&denied.at(origin)),
            TransportFaultKind::Own(fault) => write!(f, "{}", fault.0),
        }?;
        if fault.detail.is_empty() { Ok(()) } else { write!(f, ": {}", fault.detail) }
    }
}

impl Denied {
    /// What the policy has against an origin, in words.
    fn at(self, origin: &str) -> String {
        let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
        let host = match authority.rsplit_once(':') {
            // The last colon of an address without a port is inside its brackets.
            Some((host, port)) if !port.ends_with(']') => host,
            _ => authority,
        };
        let inside = self.inside.map(|inside| format!(" inside {inside}")).unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match self.address {
            Some(address) if bare.parse() != Ok(address) => {
                format!("host `{host}` is at {address}, {}{inside}", self.range)
            }
            _ => format!("host `{host}` is {}{inside}", self.range),
        }
    }
}

impl TransportFault {
    /// Whether the egress policy refused the request.
    #[must_use]
    pub fn is_egress(&self) -> bool {
        matches!(self.kind, TransportFaultKind::Egress(_))
    }

    /// Whether the transport had a fault of its own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self.kind, TransportFaultKind::Own(_))
    }

    /// Whether the same request will fare no better: it was refused before anything was sent.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.is_egress() || self.is_own() || self.kind == TransportFaultKind::TlsSettings
    }

    /// Whether the same request may fare better a little later, by itself.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        let lasts = matches!(self.kind, TransportFaultKind::Tls | TransportFaultKind::Interrupted);
        !self.is_final() && !lasts
    }

    /// What happened at an origin, in words.
    pub(crate) fn at<'f>(&'f self, origin: &'f str) -> impl fmt::Display + use<'f> {
        At { origin, fault: self }
    }

    pub(crate) fn code(&self) -> Code {
        match &self.kind {
            TransportFaultKind::Connect => Code::TRANSPORT_CONNECT,
            TransportFaultKind::Dns => Code::TRANSPORT_DNS,
            TransportFaultKind::Tls | TransportFaultKind::TlsSettings => Code::TRANSPORT_TLS,
            TransportFaultKind::Timeout { .. } => Code::TRANSPORT_TIMEOUT,
            TransportFaultKind::Reset | TransportFaultKind::Stale => Code::TRANSPORT_RESET,
            TransportFaultKind::Truncated => Code::TRANSPORT_TRUNCATED,
            TransportFaultKind::Protocol | TransportFaultKind::Crowded => Code::TRANSPORT_PROTOCOL,
            TransportFaultKind::Interrupted => Code::TRANSPORT_INTERRUPTED,
            TransportFaultKind::Egress(_) => Code::EGRESS_ADDRESS,
            TransportFaultKind::Own(fault) => fault.0.code(),
        }
    }
}

/// The limits on time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeoutKind {
    /// For the connection to stand.
    Connect,
    /// Between two bytes.
    Idle,
    /// For the whole exchange.
    Total,
}

impl TimeoutKind {
    /// The name in the definitions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TimeoutKind::Connect => "connect",
            TimeoutKind::Idle => "idle",
            TimeoutKind::Total => "total",
        }
    }
}
