//! A test case of a flow: one run that is replayed from a cassette.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::lossless;
use super::format_version::FormatVersion;
use super::inject::Injection;

/// `case.json` of a flow: one run that is replayed from the `cassette.json` beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RecordedRun {
    /// For the editor.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the format.
    pub case: FormatVersion,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The flow: a file beside this one, such as `flow.yaml`.
    pub flow: String,
    /// In place of the targets' base URLs, as with `--base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Whether connection values and the flow may lead to loopback and private addresses; `false` by default. Nothing is
    /// sent there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private_network: bool,
    /// Faults that are put between cardhost and the replies, such as `429@2`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schemas", schemars(with = "Vec<String>"))]
    pub fault: Vec<Injection>,
    /// The fields of connections: by `<connector>/<name>` of those that the flow names, by `<connector>` of the one that
    /// calls have that name none. A secret is never needed: any text that its field takes will do.
    #[serde(default, deserialize_with = "lossless", skip_serializing_if = "IndexMap::is_empty")]
    #[cfg_attr(feature = "schemas", schemars(with = "IndexMap<String, Map<String, Value>>"))]
    pub connections: IndexMap<String, Map<String, Value>>,
    /// The secrets of the flow, by name: any values of their shape.
    #[serde(default, deserialize_with = "lossless", skip_serializing_if = "Map::is_empty")]
    pub secrets: Map<String, Value>,
    /// The input; an empty object by default.
    #[serde(default = "nothing", deserialize_with = "lossless")]
    pub input: Value,
}

fn nothing() -> Value {
    Value::Object(Map::new())
}

impl RecordedRun {
    /// The case of a run of the flow in a file beside it, whose secrets were replaced ([`stand_in`](super::stand_in)).
    #[must_use]
    pub fn of(flow: &str, input: Value) -> RecordedRun {
        RecordedRun {
            schema: Some("https://cardhost.dev/schemas/case.schema.json".to_owned()),
            flow: flow.to_owned(),
            input,
            ..RecordedRun::default()
        }
    }
}
