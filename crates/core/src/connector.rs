//! A connector: one third-party service, as `cards/<connector>/connector.json` declares it.

#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::auth::AuthMethod;
use crate::body::BodyTemplate;
use crate::condition::When;
use crate::field::Fields;
use crate::host_pattern::HostPattern;
use crate::labelled::Labelled;
use crate::limits::Limits;
use crate::parameters::ParameterEncoding;
use crate::reply_rule::ReplyRule;
use crate::retries::Retries;
use crate::template::Decision;
use crate::template::{Template, ValueTemplate};

pub use crate::base_url::BaseUrl;
pub use crate::span::Span;

/// One third-party service.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schemas", schemars(title = "cardhost connector"))]
pub struct Connector {
    /// The file it was read from, for messages.
    #[serde(skip)]
    pub file: String,
    /// For the editor.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// Version of the format.
    pub format: FormatVersion,
    /// The folder's name.
    pub name: Name,
    /// Semantic version of the connector.
    pub version: Version,
    /// The vendor's name for the service.
    pub title: String,
    /// One paragraph about the service.
    pub description: Option<String>,
    /// The vendor's reference.
    pub documentation: Option<String>,
    /// Lines for the generated reference page.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What a connection is made of.
    pub connection: ConnectionForm,
    /// How credentials become part of a request, by name.
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, AuthMethod>")
    )]
    pub auth: Labelled<AuthMethod>,
    /// API × connection choice → base URL, auth methods, limits.
    #[cfg_attr(feature = "schemas", schemars(with = "std::collections::BTreeMap<String, Target>"))]
    pub targets: Labelled<Target>,
    /// Headers of every request to it, unless a target or card says otherwise; over `connection`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub headers: Option<ValueTemplate>,
    /// Query parameters of every request to it, unless a target or card says otherwise; over `connection`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub query: Option<ValueTemplate>,
    /// How lists and objects in queries and forms are written, unless a target or card says otherwise.
    #[serde(default)]
    pub encoding: ParameterEncoding,
    /// What replies with a bad status mean; the first rule that fits.
    #[serde(default)]
    pub errors: Vec<ReplyRule>,
    /// What replies with a good status mean that are errors all the same: after those of a card and a target. A card that
    /// returns every status is not meant.
    #[serde(default)]
    pub failures: Vec<ReplyRule>,
    /// How long to wait.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// How often a call is sent again, unless a card says otherwise; never where neither says so.
    pub retries: Option<Retries>,
}

impl Connector {
    /// Whether a login brings values of the connection.
    #[must_use]
    pub fn brings(&self) -> bool {
        self.connection.fields.values().any(|field| field.from.is_some())
    }
}

/// The fields of a connection and how to try one.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConnectionForm {
    /// Fields by label.
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, crate::field::Field>")
    )]
    pub fields: Fields,
    /// A harmless request that shows whether the connection works.
    pub test: Option<ConnectionTest>,
    /// Made-up fields: the connection of every example that has none of its own; kept as text, since a run does not need them.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<serde_json::Map<String, Value>>"))]
    pub example: Option<Box<RawValue>>,
}

/// A harmless request that shows whether a connection works.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConnectionTest {
    /// The target it goes to; by default the only one.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schemars(skip_serializing_if = "String::is_empty"))]
    pub target: String,
    /// The method; `GET` by default.
    #[serde(default = "get")]
    pub method: String,
    /// The path after the target's base URL, over `connection`.
    pub path: Template,
    /// Headers, over `connection`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub headers: Option<ValueTemplate>,
    /// Query parameters, over `connection`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub query: Option<ValueTemplate>,
    /// The body, over `connection`.
    pub body: Option<BodyTemplate>,
    /// Statuses that mean success; those from 200 to 299 by default.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(inner(range(min = 100, max = 599)), skip_serializing_if = "Vec::is_empty")
    )]
    pub expect: Vec<u16>,
    /// Whose connection it is, as the reply says, such as `<<response.body.email>>`.
    pub identity: Option<Template>,
}

impl ConnectionForm {
    /// The made-up fields; none where the connector has no example.
    ///
    /// # Errors
    /// The reader's words where they are malformed.
    pub fn example(&self) -> Result<Option<Map<String, Value>>, serde_json::Error> {
        self.example.as_ref().map(|raw| serde_json::from_str(raw.get())).transpose()
    }
}

impl ConnectionTest {
    /// Whether a status means success.
    #[must_use]
    pub fn expects(&self, status: u16) -> bool {
        self.expect.contains(&status) || (self.expect.is_empty() && (200..300).contains(&status))
    }
}

fn get() -> String {
    "GET".to_owned()
}

/// A row of the connector's table.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// What the API is for.
    pub description: Option<String>,
    /// Auth methods in order; the first usable one is taken.
    pub auth: Vec<String>,
    /// The base URL; connection fields may stand in its host, port and path, or be all of it up to the path, and inputs too where
    /// `hosts` says which hosts it may have. A target without one is for whole URLs of the service, on its `hosts`.
    #[serde(default = "no_base")]
    pub base: Decision<BaseUrl>,
    /// The hosts that the base URL may have: names, or `*.suffix` for every name below the suffix; any by default.
    #[serde(default)]
    pub hosts: Vec<HostPattern>,
    /// Headers of every request to it, unless a card says otherwise; over `connection`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub headers: Option<ValueTemplate>,
    /// Query parameters of every request to it, unless a card says otherwise; over `connection`.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub query: Option<ValueTemplate>,
    /// How lists and objects in queries and forms are written, unless a card says otherwise.
    #[serde(default)]
    pub encoding: ParameterEncoding,
    /// What its replies with a good status mean that are errors all the same, after those of a card.
    #[serde(default)]
    pub failures: Vec<ReplyRule>,
    /// What the service allows; a request waits until it may go.
    pub limits: Option<Limits>,
    /// Sentences for people, printed when they apply.
    #[serde(default)]
    pub hints: Vec<Hint>,
}

fn no_base() -> Decision<BaseUrl> {
    Decision::Always(BaseUrl::none())
}

/// A sentence for people, printed when it applies.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// When it applies.
    pub when: When,
    /// The sentence.
    pub hint: String,
}

/// How long to wait; each limit has a default.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// For the connection to stand, TLS included; 10 s by default.
    pub connect: Option<Span>,
    /// Between two bytes of the reply; 30 s by default.
    pub idle: Option<Span>,
    /// For the whole exchange; 120 s by default.
    pub total: Option<Span>,
}

/// The version of the format: 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormatVersion;

impl<'de> Deserialize<'de> for FormatVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(FormatVersion),
            other => {
                Err(de::Error::custom(format!("format {other} is not known; this is format 1")))
            }
        }
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for FormatVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FormatVersion".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "The version of this format.", "const": 1 })
    }
}

macro_rules! text_with_pattern {
    ($(#[$doc:meta])* $name:ident, $pattern:literal, $form:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        #[cfg(feature = "schemas")]
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": $form, "type": "string", "pattern": $pattern })
            }
        }
    };
}

text_with_pattern!(
    /// The name of a connector or card: lower-case letters, digits and hyphens.
    Name,
    "^[a-z0-9][a-z0-9-]*$",
    "A name of lower-case letters, digits and hyphens."
);
text_with_pattern!(
    /// A semantic version (semver.org, 2.0.0) of three numbers.
    Version,
    "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)$",
    "A semantic version of three numbers, such as `1.0.0`."
);
