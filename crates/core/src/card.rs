//! A card: one action of a connector, as `cards/<connector>/<card>.json` declares it.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::body::BodyTemplate;
use crate::connector::{FormatVersion, Name, Timeouts, Version};
use crate::decoder::DecoderName;
use crate::field::{Fields, Groups};
use crate::header_text::HeaderText;
use crate::pages::Pages;
use crate::parameters::ParameterEncoding;
use crate::reply_rule::ReplyRule;
use crate::retries::Retries;
use crate::template::Decision;
use crate::template::{Template, ValueTemplate};
use crate::until::Until;

/// One action of a connector.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[cfg_attr(feature = "schemas", schemars(title = "cardhost card"))]
pub struct Card {
    /// The file it was read from, for messages.
    #[serde(skip)]
    pub file: String,
    /// For the editor.
    #[serde(rename = "$schema")]
    pub schema: Option<String>,
    /// Version of the format; the connector's by default.
    #[serde(default)]
    pub format: FormatVersion,
    /// The file's name without `.json`, as it is by default.
    #[serde(default)]
    pub name: Name,
    /// Semantic version of the card; the connector's by default.
    #[serde(default)]
    pub version: Version,
    /// The card's name for people; by default its name in words: `list-orders` is `List Orders`.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schemars(skip_serializing_if = "String::is_empty"))]
    pub title: String,
    /// What the card does.
    pub description: Option<String>,
    /// The vendor's reference.
    pub documentation: Option<String>,
    /// Lines for the generated reference page.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Heading over the options of the reference page; `Options` by default.
    pub options_title: Option<String>,
    /// Sentence under that heading.
    pub options_description: Option<String>,
    /// Chosen when the card is placed.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(with = "std::collections::BTreeMap<String, crate::field::Field>")
    )]
    pub options: Fields,
    /// Given at each run, by group.
    #[serde(default)]
    #[cfg_attr(
        feature = "schemas",
        schemars(
            with = "std::collections::BTreeMap<String, std::collections::BTreeMap<String, crate::field::Field>>"
        )
    )]
    pub input: Groups,
    /// The request it becomes.
    pub request: RequestTemplate,
    /// What the request does at the service; by its method where nothing is said.
    #[serde(rename = "effect")]
    pub(crate) said_effect: Option<Decision<Effect>>,
    /// What the request does at the service.
    #[serde(skip)]
    pub effect: Decision<Effect>,
    /// Where a key goes by which the service knows another attempt for the same.
    pub idempotency_key: Option<IdempotencyKey>,
    /// How often it is sent again; what it leaves open is the connector's.
    pub retries: Option<Retries>,
    /// That its replies are pages of a list.
    pub pages: Option<Box<Pages>>,
    /// That its work goes on after the reply, and what tells that it is done.
    pub until: Option<Box<Until>>,
    /// How the reply is read.
    #[serde(default)]
    pub response: ResponseRules,
    /// What it returns, by group.
    #[cfg_attr(
        feature = "schemas",
        schemars(
            with = "std::collections::BTreeMap<String, std::collections::BTreeMap<String, crate::field::Field>>"
        )
    )]
    pub output: Groups,
    /// Samples that `check` runs; kept as text, since a run does not need them.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<Vec<Example>>"))]
    pub examples: Option<Box<RawValue>>,
    /// Samples that must fail; kept as text, since a run does not need them.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<Vec<AntiExample>>"))]
    pub anti_examples: Option<Box<RawValue>>,
    /// The API description it was made from.
    pub origin: Option<Origin>,
}

/// The request as the card says it.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestTemplate {
    /// The name of a target; by default the only one.
    #[serde(default)]
    pub target: Template,
    /// The HTTP method; by default `GET` where there is no body.
    #[serde(default)]
    pub method: Template,
    /// The path after the base URL.
    pub path: Template,
    /// Query parameters: one reference to an object, or an object.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub query: Option<ValueTemplate>,
    /// Headers: one reference to an object, or an object.
    #[cfg_attr(feature = "schemas", schemars(with = "Option<crate::parameters::Parameters>"))]
    pub headers: Option<ValueTemplate>,
    /// The body.
    pub body: Option<BodyTemplate>,
    /// How lists and objects in query and form are written; by the target and the connector by default.
    #[serde(default)]
    pub encoding: ParameterEncoding,
    /// Auth methods in order; replaces the target's list.
    pub auth: Option<Vec<String>>,
    /// How long to wait; replaces the connector's.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// Which redirects are followed; those on the same origin by default.
    #[serde(default)]
    pub redirects: Redirects,
}

/// Which redirects are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Redirects {
    /// Those on the same origin.
    #[default]
    SameOrigin,
    /// Of a `GET` or `HEAD` of effect `read` also those to another origin, with neither credentials nor cookies, as a download that
    /// answers with a signed URL of a storage service. The egress policy applies there.
    WithoutCredentials,
}

/// What a request does at the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, serde::Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Nothing changes.
    Read,
    /// Sending it twice is as good as once.
    Idempotent,
    /// Each time changes something.
    #[default]
    Write,
    /// It takes something away.
    Destructive,
}

impl Effect {
    /// What a method does by its own meaning (RFC 9110, section 9.2); `None` for methods that a card cannot have.
    #[must_use]
    pub fn of_method(method: &str) -> Option<Effect> {
        Some(match method {
            "GET" | "HEAD" | "OPTIONS" => Effect::Read,
            "PUT" => Effect::Idempotent,
            "DELETE" => Effect::Destructive,
            "POST" | "PATCH" => Effect::Write,
            _ => return None,
        })
    }

    /// The name in the definitions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Read => "read",
            Effect::Idempotent => "idempotent",
            Effect::Write => "write",
            Effect::Destructive => "destructive",
        }
    }
}

/// Where the idempotency key of an invocation goes; exactly one of `header`, `input`. A request with a key may be sent again
/// whatever its effect: only declare it where the service does nothing twice for the same key.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schemas", schemars(extend("oneOf" = [{"required": ["header"]}, {"required": ["input"]}])))]
pub struct IdempotencyKey {
    /// A header, such as `Idempotency-Key`.
    pub header: Option<HeaderText>,
    /// An input field, as `Group.Label`; one that is given is left as it is.
    pub input: Option<String>,
}

impl IdempotencyKey {
    /// The group and the label of the input field.
    #[must_use]
    pub fn input_field(&self) -> Option<(&str, &str)> {
        self.input.as_deref()?.split_once('.')
    }
}

/// How the reply is read.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ResponseRules {
    /// What a status of 400 or more is; `raise` by default.
    #[serde(default)]
    pub http_error: HttpError,
    /// What the body of a good reply is given out as; decoded by default.
    #[serde(default)]
    pub body: ReplyBody,
    /// The name of the file that a body is kept as, as a template over `response` (status and headers), `options` and `input`; by default that of the
    /// header `Content-Disposition` or of the URL.
    pub file_name: Option<Template>,
    /// How the body is decoded; by its content type by default.
    pub decoder: Option<DecoderName>,
    /// That a good reply is packed, though no header says so: what comes out of it is the body.
    pub packed: Option<Packed>,
    /// Elements of XML that are lists though there be one of them, by their paths: `Envelope.Body.Items.Item`.
    #[serde(default)]
    pub lists: Vec<String>,
    /// Most bytes of a decoded body, 16 MiB by default; of a file any number, of a packed one 1 GiB by default.
    pub max_body_bytes: Option<u64>,
    /// Replies with a good status that are errors all the same.
    #[serde(default)]
    pub failures: Vec<ReplyRule>,
}

/// What the body of a good reply is given out as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ReplyBody {
    /// What its decoder makes of it.
    #[default]
    Decoded,
    /// A file: kept in the folder that whoever runs the card gives, `{ "file", "name", "type", "size", "sha256" }`; without one, in base64.
    File,
}

/// How a body is packed of which its headers say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Packed {
    /// Gzip (RFC 1952).
    Gzip,
    /// Zstandard (RFC 8878).
    #[cfg(feature = "zstd")]
    Zstd,
    /// A zip archive of one file.
    Zip,
}

impl Packed {
    /// How names of such files end.
    #[must_use]
    pub fn name_end(self) -> &'static str {
        match self {
            Packed::Gzip => ".gz",
            #[cfg(feature = "zstd")]
            Packed::Zstd => ".zst",
            Packed::Zip => ".zip",
        }
    }
}

/// What a status of 400 or more is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum HttpError {
    /// An output like any other.
    Return,
    /// An error that keeps status, headers and body.
    #[default]
    Raise,
}

/// The API description a card was made from.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// File or URL of the description.
    pub description: String,
    /// The operation's `operationId`.
    pub operation: String,
}

/// A sample: an invocation, the request it becomes, the reply, the output.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// More about it.
    pub description: Option<String>,
    /// The connection's fields; those of the connector's example by default.
    pub connection: Option<Map<String, Value>>,
    /// The options.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// The inputs.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// The request that must be planned.
    pub request: Option<ExampleRequest>,
    /// What the service answers.
    pub reply: Option<ExampleReply>,
    /// What it answers each time it is asked how the work stands, where the card has `until`.
    #[serde(default)]
    pub polls: Vec<ExampleReply>,
    /// What the card must return.
    pub output: Option<Value>,
    /// The code of the error it must end with instead.
    pub error: Option<String>,
}

/// A sample that must fail.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AntiExample {
    /// What it shows.
    pub name: String,
    /// The connection's fields; those of the first example by default.
    pub connection: Option<Map<String, Value>>,
    /// The options; those of the first example by default.
    pub options: Option<Map<String, Value>>,
    /// The inputs; those of the first example by default.
    pub input: Option<Map<String, Value>>,
    /// What the service answers, where the error comes from the reply.
    pub reply: Option<ExampleReply>,
    /// The code it must fail with.
    pub error: String,
}

/// The request of an example.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExampleRequest {
    /// The method.
    pub method: Option<String>,
    /// The whole URL.
    pub url: Option<String>,
    /// Headers that must be there; others may be too.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schemars(with = "std::collections::BTreeMap<String, String>"))]
    pub headers: IndexMap<String, String>,
    /// The body: JSON as a value, other bodies as text.
    pub body: Option<Value>,
}

/// The reply of an example.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExampleReply {
    /// The HTTP status; 200 by default.
    #[serde(default = "ok")]
    #[cfg_attr(feature = "schemas", schemars(range(min = 100, max = 599)))]
    pub status: u16,
    /// Headers; `content-type` is `application/json` by default where the body is not text.
    #[serde(default)]
    #[cfg_attr(feature = "schemas", schemars(with = "std::collections::BTreeMap<String, String>"))]
    pub headers: IndexMap<String, String>,
    /// The body: JSON as a value, other bodies as text.
    pub body: Option<Value>,
}

fn ok() -> u16 {
    200
}

impl Card {
    /// The examples.
    ///
    /// # Errors
    /// The reader's words where one of them is malformed.
    pub fn examples(&self) -> Result<Vec<Example>, serde_json::Error> {
        self.examples.as_ref().map_or(Ok(Vec::new()), |raw| serde_json::from_str(raw.get()))
    }

    /// The anti-examples.
    ///
    /// # Errors
    /// The reader's words where one of them is malformed.
    pub fn anti_examples(&self) -> Result<Vec<AntiExample>, serde_json::Error> {
        self.anti_examples.as_ref().map_or(Ok(Vec::new()), |raw| serde_json::from_str(raw.get()))
    }
}
