//! Faults that are put between cardhost and the recorded replies: `429@2`, `503:30@1`, `reset@3`, `500@2..4`.

use std::fmt;
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use serde::de::{self, Deserializer};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::FaultKind;
use cardhost_core::call::Treatment;
use cardhost_core::response::Reply;
use cardhost_core::transport_fault::{TimeoutKind, TransportFault, TransportFaultKind};

/// Seconds in `Retry-After` of an injected 429 or 503 that names none.
const RETRY_AFTER_S: u64 = 1;

/// What happens to some of the requests of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// What happens.
    pub what: Injected,
    /// The first request that it happens to, from 1 on.
    pub first: usize,
    /// The last one; inclusive.
    pub last: usize,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injected {
    /// The service answers with a status, and says how many seconds to wait.
    Status(u16, Option<u64>),
    /// No reply comes.
    Fault(FaultKind),
}

impl Injection {
    /// Reads `KIND@N` or `KIND@N..M`: a status (`429`, `429:30` for 30 s of `Retry-After`) or `connect`, `dns`, `tls`,
    /// `timeout`, `reset`, `stale`, `truncated` or `protocol`, and the requests that it happens to, counted from 1.
    #[must_use]
    pub fn parse(text: &str) -> Option<Injection> {
        let (what, which) = text.split_once('@')?;
        let (first, last) = which.split_once("..").unwrap_or((which, which));
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        let what = match what {
            "connect" => Injected::Fault(FaultKind::Connect),
            "dns" => Injected::Fault(FaultKind::Dns),
            "tls" => Injected::Fault(FaultKind::Tls),
            "timeout" => Injected::Fault(FaultKind::Timeout),
            "reset" => Injected::Fault(FaultKind::Reset),
            "stale" => Injected::Fault(FaultKind::Stale),
            "truncated" => Injected::Fault(FaultKind::Truncated),
            "protocol" => Injected::Fault(FaultKind::Protocol),
            status => {
                let (status, after) = match status.split_once(':') {
                    Some((status, after)) => (status, Some(after.parse().ok()?)),
                    None => (status, None),
                };
                let status = status.parse().ok().filter(|status| (100..=599).contains(status))?;
                Injected::Status(status, after)
            }
        };
        (first >= 1 && first <= last).then_some(Injection { what, first, last })
    }

    pub(super) fn happens_to(&self, request: usize) -> bool {
        (self.first..=self.last).contains(&request)
    }
}

impl Injected {
    /// What the request gets.
    pub(super) fn reply(self, treatment: Treatment) -> Result<Reply, TransportFault> {
        let kind = match self {
            Injected::Status(status, after) => return Ok(injected(status, after)),
            Injected::Fault(kind) => kind,
        };
        let not_sent = matches!(kind, FaultKind::Connect | FaultKind::Dns | FaultKind::Tls);
        let kind = fault_kind(kind, TimeoutKind::Total, treatment.total_timeout);
        Err(TransportFault { kind, not_sent, detail: "injected".to_owned() })
    }
}

fn injected(status: u16, after: Option<u64>) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let asks_to_wait = matches!(status, 429 | 503).then_some(RETRY_AFTER_S);
    if let Some(after) = after.or(asks_to_wait) {
        headers.insert(RETRY_AFTER, HeaderValue::from(after));
    }
    Reply::new(status, headers, r#"{"error":"injected"}"#)
}

/// The kind of a fault as a transport reports it.
pub(super) fn fault_kind(
    kind: FaultKind,
    which: TimeoutKind,
    after: Duration,
) -> TransportFaultKind {
    match kind {
        FaultKind::Connect => TransportFaultKind::Connect,
        FaultKind::Dns => TransportFaultKind::Dns,
        FaultKind::Tls => TransportFaultKind::Tls,
        FaultKind::Timeout => TransportFaultKind::Timeout { which, after },
        FaultKind::Reset => TransportFaultKind::Reset,
        FaultKind::Stale => TransportFaultKind::Stale,
        FaultKind::Truncated => TransportFaultKind::Truncated,
        FaultKind::Protocol => TransportFaultKind::Protocol,
    }
}

impl fmt::Display for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            Injected::Status(status, None) => write!(f, "{status}")?,
            Injected::Status(status, Some(after)) => write!(f, "{status}:{after}")?,
            Injected::Fault(kind) => f.write_str(match kind {
                FaultKind::Connect => "connect",
                FaultKind::Dns => "dns",
                FaultKind::Tls => "tls",
                FaultKind::Timeout => "timeout",
                FaultKind::Reset => "reset",
                FaultKind::Stale => "stale",
                FaultKind::Truncated => "truncated",
                FaultKind::Protocol => "protocol",
            })?,
        }
        write!(f, "@{}", self.first)?;
        if self.last > self.first { write!(f, "..{}", self.last) } else { Ok(()) }
    }
}

impl Serialize for Injection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Injection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Injection::parse(&text).ok_or_else(|| {
            de::Error::custom(format!("`{text}` is not a fault such as `429@2` or `reset@1..3`"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_has_a_kind_and_the_requests_it_happens_to() {
        for text in ["429@2", "503:30@1", "reset@3", "timeout@1", "500@2..4", "dns@1..9"] {
            assert_eq!(Injection::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "429",
            "429@",
            "429@0",
            "429@3..2",
            "99@1",
            "600@1",
            "slow@1",
            "429:x@1",
            "@1",
            "reset:3@1",
        ] {
            assert_eq!(Injection::parse(text), None, "{text}");
        }
        let range = Injection::parse("500@2..4").unwrap();
        assert_eq!((1..=5).filter(|n| range.happens_to(*n)).collect::<Vec<_>>(), [2, 3, 4]);
    }
}
