//! A test case of a card: one invocation that is replayed from a cassette.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::lossless;
use super::format_version::FormatVersion;
use super::inject::Injection;
use super::stand_in::{connection_stand_ins, stand_in};
use cardhost_core::connection::Connection;
use cardhost_core::definition::Definition;
use cardhost_core::invocation::Invocation;
use cardhost_core::secret::Redactor;

/// `case.json`: one invocation that is replayed from the `cassette.json` beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schemas", schemars(title = "cardhost test case"))]
pub struct Case {
    /// For the editor.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the format.
    pub case: FormatVersion,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The card, `<connector>/<card>`.
    pub card: String,
    /// In place of the target's base URL, as with `--base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Whether connection values may lead to loopback and private addresses; `false` by default. Nothing is sent there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_private_network: bool,
    /// Faults that are put between cardhost and the replies, such as `429@2`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schemas", schemars(with = "Vec<String>"))]
    pub fault: Vec<Injection>,
    /// The connection's fields. A secret is never needed: any text that its field takes will do.
    #[serde(default, deserialize_with = "lossless", skip_serializing_if = "Map::is_empty")]
    pub connection: Map<String, Value>,
    /// The options.
    #[serde(default, deserialize_with = "lossless", skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
    /// The inputs, by group.
    #[serde(default, deserialize_with = "lossless", skip_serializing_if = "Map::is_empty")]
    pub input: Map<String, Value>,
    /// The same for every attempt at one thing, for cards that say where it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

impl Case {
    /// The case of a run. Secrets are replaced by text that a replay can do with, and sensitive numbers by 0.
    #[must_use]
    pub fn of(
        definition: &Definition,
        connection: &Connection,
        invocation: Invocation,
        redactor: &Redactor,
    ) -> Case {
        let object = |map: Map<String, Value>| match stand_in(Value::Object(map), redactor) {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        Case {
            schema: Some("https://cardhost.dev/schemas/case.schema.json".to_owned()),
            card: definition.full_name(),
            connection: connection_stand_ins(&definition.connector, connection, redactor),
            options: object(invocation.options),
            input: object(invocation.input),
            idempotency_key: invocation
                .idempotency_key
                .map(|key| redactor.redact(&key).into_owned()),
            ..Case::default()
        }
    }
}
