//! One exchange of a cassette: a request, and its reply or why none came.

use serde::{Deserialize, Serialize};

use super::body::RecordedBody;
use super::headers::Headers;

/// One request and what came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What was sent.
    pub request: RecordedRequest,
    /// What came back.
    pub reply: RecordedReply,
}

/// A request without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
    /// The body; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<RecordedBody>,
}

impl RecordedRequest {
    /// Method and URL.
    #[must_use]
    pub fn first_line(&self) -> String {
        format!("{} {}", self.method, self.url)
    }
}

/// A reply without its secrets, or why none came. With a status and a fault, the body ended early.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordedReply {
    /// The HTTP status; left out where no reply came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 100, max = 999)))]
    pub status: Option<u16>,
    /// The headers, as they are after content codings were undone.
    #[serde(default, skip_serializing_if = "Headers::is_empty")]
    pub headers: Headers,
    /// The body, content codings undone; none by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<RecordedBody>,
    /// The limit in bytes that the body was longer than; what is there is its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longer_than: Option<u64>,
    /// Why no reply came, or not all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<RecordedFault>,
    /// Whether the run gave the request up before the reply came, as the losers of a race are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
}

/// Why no reply came, or not all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordedFault {
    /// The kind.
    pub kind: FaultKind,
    /// Which limit on time was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<FaultLimit>,
    /// That limit, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<u64>,
    /// Whether the request certainly did not reach the service.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_sent: bool,
    /// The causes in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// The kinds of faults on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// No connection.
    Connect,
    /// The name has no address.
    Dns,
    /// The TLS handshake failed.
    Tls,
    /// Time ran out.
    Timeout,
    /// The connection ended before the reply.
    Reset,
    /// Nothing came back over a connection that had been used before.
    Stale,
    /// The body ended early.
    Truncated,
    /// What came is not HTTP.
    Protocol,
}

/// The limits on time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FaultLimit {
    /// For the connection to stand.
    Connect,
    /// Between two bytes.
    Idle,
    /// For the whole exchange.
    Total,
}
