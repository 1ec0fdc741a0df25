//! A cassette: what it holds, and how strict a replay of it is.

use serde::{Deserialize, Serialize};

use super::exchange::Exchange;
use super::format_version::FormatVersion;
use super::seed::Seed;

/// Recorded exchanges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schemas", schemars(title = "cardhost cassette"))]
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
    /// What chance was made of; a replay takes the same.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
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
