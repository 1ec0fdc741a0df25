//! One JSON value a line, as a list; empty lines are passed over.

use super::json::{fault, looked_at};
use super::records::NdjsonRecords;
use super::text::json_text;
use super::{Asked, DecodeFault, DecodedBody, Decoder, MediaType, RecordReader};
use crate::value::text::{check, mended};

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

    fn decode<'b>(
        &self,
        body: &'b [u8],
        kind: MediaType<'_>,
        asked: Asked<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault> {
        looked_at(list(&json_text(body, kind)?)?.into(), asked.look)
    }

    /// An export of a quiet day is an empty list.
    fn nothing<'b>(&self, asked: Asked<'b>) -> Result<DecodedBody<'b>, DecodeFault> {
        looked_at("[]".into(), asked.look)
    }

    fn records(
        &self,
        _: MediaType<'_>,
        path: &[String],
        limit: usize,
    ) -> Option<Box<dyn RecordReader>> {
        if path.is_empty() { Some(Box::new(NdjsonRecords::new(limit))) } else { None }
    }
}

/// The lines as the text of a list.
fn list(text: &str) -> Result<String, DecodeFault> {
    let mut list = String::with_capacity(text.len() + 2);
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        check(&mended(line)).map_err(|error| match fault(&error) {
            DecodeFault::Malformed { format, reason, column, .. } => {
                DecodeFault::Malformed { format, reason, line: index + 1, column }
            }
            other => other,
        })?;
        list.push(if list.is_empty() { '[' } else { ',' });
        list.push_str(line.trim_matches([' ', '\t', '\r']));
    }
    list.push_str(if list.is_empty() { "[]" } else { "]" });
    Ok(list)
}
