//! One JSON value (RFC 8259).

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::records::JsonRecords;
use super::text::json_text;
use super::{Asked, DecodeFault, DecodedBody, Decoder, JsonText, Look, MediaType, RecordReader};
use crate::value::text::{DEEPEST, nests_deeper_than};

/// One JSON value, looked into or kept as text.
pub(super) struct Json;

impl Decoder for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn about(&self) -> &'static str {
        "One JSON value (RFC 8259)."
    }

    fn reads(&self, media_type: &str) -> bool {
        let suffix = media_type.rsplit_once('+').map_or("", |(_, suffix)| suffix);
        suffix.eq_ignore_ascii_case("json")
            || ["application/json", "text/json"]
                .into_iter()
                .any(|name| media_type.eq_ignore_ascii_case(name))
    }

    fn decode<'b>(
        &self,
        body: &'b [u8],
        kind: MediaType<'_>,
        asked: Asked<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault> {
        let text = json_text(body, kind)?;
        // Some servers end an empty reply with a line end.
        if text.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            return Ok(DecodedBody::Empty);
        }
        looked_at(text, asked.look)
    }

    fn records(
        &self,
        _: MediaType<'_>,
        path: &[String],
        limit: usize,
    ) -> Option<Box<dyn RecordReader>> {
        Some(Box::new(JsonRecords::new(path, limit)))
    }
}

/// A JSON text as it will be looked at. All of it is checked; none of it is built.
pub(super) fn looked_at<'b>(
    text: Cow<'b, str>,
    look: Look<'b>,
) -> Result<DecodedBody<'b>, DecodeFault> {
    if nests_deeper_than(&text, DEEPEST) {
        return Err(DecodeFault::TooDeep { format: "JSON", levels: DEEPEST });
    }
    let decoded = match look {
        Look::Whole => raw(text).map(DecodedBody::Raw),
        Look::Parts(paths) => JsonText::find(text, paths).map(DecodedBody::Json),
    };
    decoded.map_err(|error| fault(&error))
}

/// Checks a text and keeps it, on one line.
pub(crate) fn raw(text: Cow<'_, str>) -> Result<Arc<Box<RawValue>>, serde_json::Error> {
    let raw = match text {
        Cow::Borrowed(text) => serde_json::from_str::<&RawValue>(text)?.to_owned(),
        Cow::Owned(text) => RawValue::from_string(text)?,
    };
    // NDJSON needs one line; a line break in a JSON text can only stand between tokens.
    if memchr::memchr2(b'\n', b'\r', raw.get().as_bytes()).is_some() {
        return RawValue::from_string(one_line(raw.get())).map(Arc::new);
    }
    Ok(Arc::new(raw))
}

pub(super) fn fault(error: &serde_json::Error) -> DecodeFault {
    DecodeFault::Malformed {
        format: "JSON",
        reason: crate::value::reason(error),
        line: error.line(),
        column: error.column(),
    }
}

/// Takes white space between tokens out of a valid JSON text.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            quoted = c == '"';
        }
        out.push(c);
    }
    out
}
