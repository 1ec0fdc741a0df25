//! The decoders there are, and which of them reads a body.

use std::borrow::Cow;
use std::fmt;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, json};

use super::format::Decoder;
use super::{DecodeFault, DecodedBody, Look};

/// The decoders there are.
static DECODERS: &[&dyn Decoder] = &[
    // In the order in which a content type is offered to them; the last takes what no other does.
    &super::json::Json,
    &super::ndjson::Ndjson,
    &super::form::Form,
    &super::text::Text,
];

/// How a body is decoded.
#[derive(Clone, Copy)]
pub struct DecoderName(&'static dyn Decoder);

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
            de::Error::custom(format_args!("unknown variant `{found}`, expected one of {names}"))
        })
    }
}

impl JsonSchema for DecoderName {
    fn schema_name() -> Cow<'static, str> {
        "DecoderName".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let each = DECODERS.iter().map(|decoder| {
            json!({ "description": decoder.about(), "type": "string", "const": decoder.name() })
        });
        let each: Vec<Value> = each.collect();
        json_schema!({ "description": "How a body is decoded.", "oneOf": each })
    }
}

/// Decodes a body. All of a JSON body is checked; none of it is built.
///
/// # Errors
/// [`DecodeFault`].
pub fn decode<'b>(
    headers: &HeaderMap,
    body: &'b [u8],
    wanted: Option<DecoderName>,
    look: Look<'b>,
) -> Result<DecodedBody<'b>, DecodeFault> {
    if body.is_empty() {
        return Ok(DecodedBody::Empty);
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    let decoder = wanted.map_or_else(|| by_content_type(content_type), |DecoderName(named)| named);
    decoder.decode(body, charset(content_type), look)
}

/// Whether a body is text as far as its content type says: of no format that is taken apart.
#[must_use]
pub fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    by_content_type(content_type.unwrap_or_default()).name() == super::text::Text.name()
}

fn by_content_type(content_type: &str) -> &'static dyn Decoder {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let reads = DECODERS.iter().find(|decoder| decoder.reads(media_type));
    reads.copied().unwrap_or(&super::text::Text)
}

fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}
