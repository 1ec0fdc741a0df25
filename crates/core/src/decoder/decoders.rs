//! The decoders there are, and which of them reads a body.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
#[cfg(feature = "schemas")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

use super::format::Decoder;
use super::{Asked, Charset, DecodeFault, DecodedBody, Look, MediaType, RecordReader};

/// The decoders there are.
static DECODERS: &[&dyn Decoder] = &[
    // In the order in which a content type is offered to them; the last takes what no other does.
    &super::json::Json,
    &super::ndjson::Ndjson,
    &super::sse::Sse,
    #[cfg(feature = "csv")]
    &super::csv::Csv,
    #[cfg(feature = "xml")]
    &super::xml::Xml,
    &super::text::Text,
];

/// Those that a build can leave out, each a feature.
const LEFT_OUT: [&str; 2] = ["csv", "xml"];

/// How a body is decoded.
#[derive(Clone, Copy)]
pub struct DecoderName(&'static dyn Decoder);

impl DecoderName {
    /// The name in the definitions.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.name()
    }
}

impl fmt::Debug for DecoderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl<'de> Deserialize<'de> for DecoderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<DecoderName, D::Error> {
        let found = Cow::<str>::deserialize(deserializer)?;
        let named = DECODERS.iter().find(|decoder| decoder.name() == found);
        named.copied().map(DecoderName).ok_or_else(|| {
            let names: Vec<String> =
                DECODERS.iter().map(|decoder| format!("`{}`", decoder.name())).collect();
            let names = names.join(", ");
            if LEFT_OUT.contains(&&*found) {
                return de::Error::custom(format_args!(
                    "this build of cardhost leaves the decoder `{found}` out (feature `{found}`)"
                ));
            }
            de::Error::custom(format_args!("unknown variant `{found}`, expected one of {names}"))
        })
    }
}

#[cfg(feature = "schemas")]
impl JsonSchema for DecoderName {
    fn schema_name() -> Cow<'static, str> {
        "DecoderName".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let each = DECODERS.iter().map(|decoder| {
            serde_json::json!({ "description": decoder.about(), "type": "string", "const": decoder.name() })
        });
        let each: Vec<serde_json::Value> = each.collect();
        json_schema!({ "description": "How a body is decoded.", "oneOf": each })
    }
}

/// Decodes the body of a reply with this status. All of a JSON body is checked; none of it is built.
///
/// Where parts are looked up in a body whose type says nothing of its form, a list or an object of JSON is taken for what it is:
/// many services call their JSON text, or nothing at all.
///
/// # Errors
/// [`DecodeFault`].
pub fn decode<'b>(
    status: u16,
    headers: &HeaderMap,
    body: &'b [u8],
    wanted: Option<DecoderName>,
    asked: impl Into<Asked<'b>>,
) -> Result<DecodedBody<'b>, DecodeFault> {
    let asked = asked.into();
    let kind = MediaType::of(headers);
    let decoder = wanted.map_or_else(|| by_type(kind), |DecoderName(named)| named);
    if body.is_empty() {
        let may_be_nothing = !(200..300).contains(&status) || matches!(status, 204 | 205);
        return if may_be_nothing { Ok(DecodedBody::Empty) } else { decoder.nothing(asked) };
    }
    let decoded = decoder.decode(body, kind, asked)?;
    match (decoded, asked.look) {
        (DecodedBody::Text(text), Look::Parts(_)) if wanted.is_none() => {
            let json = text.trim_start().starts_with(['{', '[']);
            let json = json.then(|| super::json::looked_at(text.clone().into(), asked.look));
            Ok(json.and_then(Result::ok).unwrap_or(DecodedBody::Text(text)))
        }
        (decoded, _) => Ok(decoded),
    }
}

/// How a body that comes piece by piece is read: what makes UTF-8 of it, and what reads its records.
pub type Reading = (Charset, Box<dyn RecordReader>);

/// What reads the records of a body that comes piece by piece and begins so: those of the list that keys and indices lead to, with so many
/// bytes of a record at most. `None` where it has to be there as a whole.
///
/// # Errors
/// Where nobody knows its character set.
pub fn records(
    headers: &HeaderMap,
    beginning: &[u8],
    wanted: Option<DecoderName>,
    path: &[String],
    limit: usize,
) -> Result<Option<Reading>, DecodeFault> {
    let kind = MediaType::of(headers);
    let mut decoder = wanted.map_or_else(|| by_type(kind), |DecoderName(named)| named);
    let is_json = || {
        beginning.trim_ascii_start().starts_with(b"{")
            || beginning.trim_ascii_start().starts_with(b"[")
    };
    if wanted.is_none() && decoder.name() == super::text::Text.name() && is_json() {
        decoder = &super::json::Json;
    }
    let Some(reader) = decoder.records(kind, path, limit) else { return Ok(None) };
    let is_text = decoder.name() == "csv";
    Ok(Some((Charset::of(kind, beginning, !is_text)?, reader)))
}

/// A body that cannot be decoded, for those who take any reply: as text, or as `{"base64", "type", "size"}` where it is none.
#[must_use]
pub fn as_it_is<'b>(headers: &HeaderMap, body: &'b [u8], look: Look<'b>) -> DecodedBody<'b> {
    let kind = MediaType::of(headers);
    super::text::Text.decode(body, kind, look.into()).unwrap_or_else(|_| {
        let facts = serde_json::json!({ "type": kind.essence, "size": body.len() });
        in_base64(body, &facts, look)
    })
}

/// Bytes in base64, in one object with what else is known of them.
#[must_use]
pub fn in_base64<'b>(body: &[u8], facts: &serde_json::Value, look: Look<'b>) -> DecodedBody<'b> {
    let end = facts.to_string();
    // Its first brace goes: the two are one object.
    let (begin, end) = ("{\"base64\":\"", format!("\",{}", &end[1..]));
    let mut text = String::with_capacity(begin.len() + body.len().div_ceil(3) * 4 + end.len());
    text.push_str(begin);
    STANDARD.encode_string(body, &mut text);
    text.push_str(&end);
    super::json::looked_at(text.into(), look).unwrap_or(DecodedBody::Empty)
}

/// A value of our own as it will be looked at.
#[must_use]
pub fn made<'b>(value: &serde_json::Value, look: Look<'b>) -> DecodedBody<'b> {
    super::json::looked_at(value.to_string().into(), look).unwrap_or(DecodedBody::Empty)
}

/// Whether a body is called something that is neither text nor JSON: a picture, a document, an archive.
#[must_use]
pub fn is_called_binary(headers: &HeaderMap) -> bool {
    let kind = MediaType::of(headers);
    !kind.essence.is_empty() && !kind.is_text() && kind.charset.is_none() && is_text(headers)
}

/// What a body is, by its content type, for people.
#[must_use]
pub fn kind_in_words(headers: &HeaderMap) -> String {
    match MediaType::of(headers).essence {
        "" => "text".to_owned(),
        essence => format!("`{essence}`"),
    }
}

/// Whether a body is text as far as its content type says: of no format that is taken apart.
#[must_use]
pub fn is_text(headers: &HeaderMap) -> bool {
    by_type(MediaType::of(headers)).name() == super::text::Text.name()
}

fn by_type(kind: MediaType<'_>) -> &'static dyn Decoder {
    let reads = DECODERS.iter().find(|decoder| decoder.reads(kind.essence));
    reads.copied().unwrap_or(&super::text::Text)
}
