//! One JSON value (RFC 8259).

use std::sync::Arc;

use serde_json::value::RawValue;

use super::text::utf8;
use super::{DecodeFault, DecodedBody, Decoder};

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

    fn decode(
        &self,
        body: &[u8],
        charset: Option<&str>,
        deep: bool,
    ) -> Result<DecodedBody, DecodeFault> {
        let text = utf8(body, charset)?;
        if deep { value(&text) } else { raw(&text) }
    }
}

/// Checks the text and keeps it, on one line.
fn raw(text: &str) -> Result<DecodedBody, DecodeFault> {
    let raw: Box<RawValue> = serde_json::from_str(text).map_err(|error| fault(&error))?;
    // NDJSON needs one line; a line break in a JSON text can only stand between tokens.
    let raw = if memchr::memchr2(b'\n', b'\r', raw.get().as_bytes()).is_some() {
        RawValue::from_string(one_line(raw.get())).map_err(|error| fault(&error))?
    } else {
        raw
    };
    Ok(DecodedBody::Raw(Arc::new(raw)))
}

/// Reads the value.
fn value(text: &str) -> Result<DecodedBody, DecodeFault> {
    crate::value::parse(text).map(DecodedBody::Value).map_err(|error| fault(&error))
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
