//! What can go wrong on the way: facts that a transport reports and the core turns into errors.

use core::net::IpAddr;
use std::time::Duration;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportFaultKind {
    /// No connection: refused, unreachable.
    Connect,
    /// The name has no address.
    Dns,
    /// The TLS handshake failed.
    Tls,
    /// Time ran out.
    Timeout {
        /// Which limit.
        which: TimeoutKind,
        /// The limit.
        after: Duration,
    },
    /// The connection was reset or closed before the reply.
    Reset,
    /// The body ended early.
    Truncated,
    /// What came is not HTTP, or not the content coding it says.
    Protocol,
    /// The egress policy does not let a request go there. Nothing was sent, and nothing changes by trying again.
    Egress(Denied),
    /// A replay has no reply for the request. Nothing was sent, and nothing changes by trying again.
    Replay(ReplayProblem),
}

/// Why a replay has no reply for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayProblem {
    /// It is not the request that was recorded.
    Mismatch {
        /// The recorded exchange, from 1 on.
        exchange: usize,
    },
    /// Every recorded exchange has been used.
    Exhausted {
        /// How many there are.
        recorded: usize,
    },
    /// The recorded run gave the request up before its reply came, and the replay goes on waiting for it.
    GivenUp {
        /// The recorded exchange, from 1 on.
        exchange: usize,
    },
}

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

impl TransportFault {
    /// Whether the egress policy refused the request.
    #[must_use]
    pub fn is_egress(&self) -> bool {
        matches!(self.kind, TransportFaultKind::Egress(_))
    }

    /// Whether a replay had no reply for the request.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        matches!(self.kind, TransportFaultKind::Replay(_))
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
