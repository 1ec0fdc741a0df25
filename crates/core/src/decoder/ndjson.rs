//! One JSON value a line, as a list; empty lines are passed over.

use serde_json::Value;

use super::json::fault;
use super::text::utf8;
use super::{DecodeFault, DecodedBody, Decoder};

/// The media types it goes by: none is registered.
const MEDIA_TYPES: [&str; 6] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/jsonlines",
    "application/json-lines",
];

/// One JSON value a line.
pub(super) struct Ndjson;

impl Decoder for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn about(&self) -> &'static str {
        "One JSON value a line."
    }

    fn reads(&self, media_type: &str) -> bool {
        MEDIA_TYPES.into_iter().any(|name| media_type.eq_ignore_ascii_case(name))
    }

    fn decode(
        &self,
        body: &[u8],
        charset: Option<&str>,
        _: bool,
    ) -> Result<DecodedBody, DecodeFault> {
        list(&utf8(body, charset)?)
    }
}

/// Reads the lines.
fn list(text: &str) -> Result<DecodedBody, DecodeFault> {
    let mut items = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let item: Value = crate::value::parse(line).map_err(|error| match fault(&error) {
            DecodeFault::Malformed { format, reason, column, .. } => {
                DecodeFault::Malformed { format, reason, line: index + 1, column }
            }
            other => other,
        })?;
        items.push(item);
    }
    Ok(DecodedBody::Value(Value::Array(items)))
}
