//! Cassettes: recorded exchanges that a test replays.
//!
//! ```text
//! RequestSpec, Reply ─ Recording (secrets masked) ─▶ Cassette ─ file ─▶ Player ─ RequestSpec ─▶ Reply │ difference
//! HAR ───────────────── har::import ────────────────────▲
//! ```
//! The player knows neither cards nor flows: a flow's cassette is the same file with more exchanges. What a case says of
//! the one and the other is in [`Case`] and [`RecordedRun`], what a flow told in `trace`. Who sends, and where the files
//! are, is the business of the runtime.

mod body;
mod case;
mod compare;
mod fault;
mod file;
mod format_version;
mod har;
mod inject;
mod mask;
mod player;
mod recorded_run;
mod recording;
mod seed;
mod trace;
mod wildcard;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

pub use body::{Layout, RecordedBody};
pub use case::Case;
pub use compare::{Difference, differences, json_differences, lines};
pub use fault::{CassetteFault, ReplayFault};
pub use format_version::FormatVersion;
pub use har::from_har;
pub use inject::{Injected, Injection};
pub use player::Player;
pub use recorded_run::{CaseFile, RecordedRun, connection_stand_ins, stand_in};
pub use recording::{Head, Recording};
pub use seed::Seed;
pub use trace::{TraceLine, trace, trace_differences};

/// Seconds since 1970 of a time in a cassette (RFC 3339).
#[must_use]
pub fn unix_seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// The newest format that is understood.
pub const FORMAT: u64 = 1;

/// Recorded exchanges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "cardhost cassette")]
pub struct Cassette {
    /// For the editor.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the format.
    pub cassette: FormatVersion,
    /// The version of cardhost that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cardhost: Option<String>,
    /// The card that was run, `<connector>/<card>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// The flow that was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// When it was recorded (RFC 3339); a replay takes it for the present.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<String>,
    /// What chance was made of in the run of a flow; a replay takes the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<Seed>,
    /// In which order the requests must come.
    #[serde(default, skip_serializing_if = "Order::is_recorded")]
    pub order: Order,
    /// What may differ from what was recorded.
    #[serde(default, skip_serializing_if = "Ignore::is_empty")]
    pub ignore: Ignore,
    /// What was sent, and what came back.
    pub exchanges: Vec<Exchange>,
}

/// In which order the requests of a replay must come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// As they were recorded.
    #[default]
    Recorded,
    /// In any order: each takes the first unused exchange that it matches.
    Any,
}

impl Order {
    fn is_recorded(&self) -> bool {
        *self == Order::Recorded
    }
}

/// What may differ from what was recorded, besides `user-agent`, `accept-encoding`, dates and credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ignore {
    /// Names of headers, in any case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Names of query parameters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<String>,
    /// JSON Pointers into a JSON body; a segment `*` is any key or index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub body: Vec<String>,
}

impl Ignore {
    fn is_empty(&self) -> bool {
        *self == Ignore::default()
    }
}

/// One request and what came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What was sent.
    pub request: RecordedRequest,
    /// What came back.
    pub reply: RecordedReply,
}

/// A request without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordedReply {
    /// The HTTP status; left out where no reply came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 999))]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
    /// The body ended early.
    Truncated,
    /// What came is not HTTP.
    Protocol,
}

/// The limits on time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FaultLimit {
    /// For the connection to stand.
    Connect,
    /// Between two bytes.
    Idle,
    /// For the whole exchange.
    Total,
}

/// Headers by name, in their order; a header that came several times has a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers(pub IndexMap<String, Vec<String>>);

impl Headers {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of a header; `name` is in lower case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }

    pub(crate) fn push(&mut self, name: &str, value: String) {
        self.0.entry(name.to_ascii_lowercase()).or_default().push(value);
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, values) in &self.0 {
            match values.as_slice() {
                [only] => map.serialize_entry(name, only)?,
                several => map.serialize_entry(name, several)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadersVisitor;
        impl<'de> Visitor<'de> for HeadersVisitor {
            type Value = Headers;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of headers")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Headers::default();
                while let Some(name) = map.next_key::<String>()? {
                    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                        return Err(de::Error::custom(format!("`{name}` is not a header name")));
                    }
                    if headers.0.contains_key(&name.to_ascii_lowercase()) {
                        return Err(de::Error::custom(format!("header `{name}` stands twice")));
                    }
                    for value in map.next_value::<HeaderValues>()?.0 {
                        if http::HeaderValue::from_bytes(value.as_bytes()).is_err() {
                            let words = format!("header `{name}` holds a control character");
                            return Err(de::Error::custom(words));
                        }
                        headers.push(&name, value);
                    }
                }
                Ok(headers)
            }
        }
        deserializer.deserialize_map(HeadersVisitor)
    }
}

impl JsonSchema for Headers {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Headers".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Headers by name; a header that came several times has a list.",
            "type": "object",
            "additionalProperties": { "type": ["string", "array"], "items": { "type": "string" } },
        })
    }
}

/// The values of one header: text, or a list of texts.
struct HeaderValues(Vec<String>);

impl<'de> Deserialize<'de> for HeaderValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;
        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = HeaderValues;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text or a list of texts")
            }
            fn visit_str<E>(self, value: &str) -> Result<HeaderValues, E> {
                Ok(HeaderValues(vec![value.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<HeaderValues, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = items.next_element()? {
                    values.push(value);
                }
                Ok(HeaderValues(values))
            }
        }
        deserializer.deserialize_any(ValuesVisitor)
    }
}
