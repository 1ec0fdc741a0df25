//! Decoders: bytes of a reply to a value. One file a decoder; chosen by content type unless the card says.

mod fault;
mod json;
mod ndjson;
mod text;

use std::sync::Arc;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::card::DecoderName;

pub use fault::DecodeFault;

/// A decoded body.
#[derive(Clone, Debug)]
pub enum DecodedBody {
    /// No bytes.
    Empty,
    /// One JSON text that no one looks into; line breaks between tokens are taken out.
    Raw(Arc<Box<RawValue>>),
    /// A JSON value.
    Value(Value),
    /// Text.
    Text(String),
}

/// Decodes a body.
///
/// `deep`: whether parts of a JSON body will be looked up; if not, its text is kept as it is.
///
/// # Errors
/// [`DecodeFault`].
pub fn decode(
    headers: &HeaderMap,
    body: &[u8],
    wanted: Option<DecoderName>,
    deep: bool,
) -> Result<DecodedBody, DecodeFault> {
    if body.is_empty() {
        return Ok(DecodedBody::Empty);
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    let charset = charset(content_type);
    match wanted.unwrap_or_else(|| by_content_type(content_type)) {
        DecoderName::Json => {
            let body = text::utf8(body, charset)?;
            if deep { json::value(&body) } else { json::raw(&body) }
        }
        DecoderName::Ndjson => ndjson::list(&text::utf8(body, charset)?),
        DecoderName::Text => text::text(body, charset),
    }
}

/// The decoder for a media type: no type is guessed from the text itself.
fn by_content_type(content_type: &str) -> DecoderName {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let is = |name: &str| essence.eq_ignore_ascii_case(name);
    let suffix = essence.rsplit_once('+').map_or("", |(_, suffix)| suffix);
    if is("application/json") || is("text/json") || suffix.eq_ignore_ascii_case("json") {
        DecoderName::Json
    } else if [
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
        "application/jsonlines",
        "application/json-lines",
    ]
    .into_iter()
    .any(is)
    {
        DecoderName::Ndjson
    } else {
        DecoderName::Text
    }
}

fn charset(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(content_type: &str, body: &[u8], deep: bool) -> Result<String, DecodeFault> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        decode(&headers, body, None, deep).map(|body| match body {
            DecodedBody::Empty => "empty".to_owned(),
            DecodedBody::Raw(raw) => format!("raw {}", raw.get()),
            DecodedBody::Value(value) => format!("value {value}"),
            DecodedBody::Text(text) => format!("text {text}"),
        })
    }

    #[test]
    fn the_content_type_chooses_the_decoder() {
        for (content_type, body, expected) in [
            ("application/json", "{\"a\": 1.10}", "raw {\"a\": 1.10}"),
            ("application/json; charset=utf-8", "[1e400, -0.0]", "raw [1e400, -0.0]"),
            ("application/problem+json", "{}", "raw {}"),
            ("application/json", "\u{feff}{}", "raw {}"),
            (
                "application/json",
                "{\n  \"a\": \"x\\ny z\",\r\n \"b\":  1\n}\n",
                "raw {\"a\":\"x\\ny z\",\"b\":1}",
            ),
            ("application/x-ndjson", "{\"a\":1}\n\n[2]\r\n3", "value [{\"a\":1},[2],3]"),
            ("text/plain", "1", "text 1"),
            ("", "{}", "text {}"),
            ("application/json", "", "empty"),
        ] {
            assert_eq!(
                decoded(content_type, body.as_bytes(), false).as_deref(),
                Ok(expected),
                "{content_type}"
            );
        }
        assert_eq!(
            decoded("application/json", b"{\"n\":7615917337495251231,\"z\":1.10}", true).as_deref(),
            Ok("value {\"n\":7615917337495251231,\"z\":1.10}")
        );
    }

    #[test]
    fn character_sets_are_honoured() {
        assert_eq!(
            decoded("text/plain; charset=ISO-8859-1", b"caf\xe9", false).as_deref(),
            Ok("text café")
        );
        assert_eq!(
            decoded("application/json; charset=\"windows-1252\"", b"\"\x80\"", false).as_deref(),
            Ok("raw \"€\"")
        );
        assert_eq!(
            decoded("text/plain", b"\xff\xfe\xfd", false),
            Err(DecodeFault::Charset { charset: "utf-8".into() })
        );
        assert_eq!(
            decoded("text/plain; charset=klingon", b"x", false),
            Err(DecodeFault::UnknownCharset { charset: "klingon".into() })
        );
    }

    #[test]
    fn broken_json_tells_line_and_column() {
        assert_eq!(
            decoded("application/json", b"{\"a\":\n tru", false),
            Err(DecodeFault::Json {
                reason: "EOF while parsing a value".into(),
                line: 2,
                column: 4
            })
        );
        let fault = decoded("application/x-ndjson", b"{}\n{\n", false);
        assert!(matches!(fault, Err(DecodeFault::Json { line: 2, .. })), "{fault:?}");
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert!(decoded("application/json", deep.as_bytes(), false).is_ok());
        assert!(decoded("application/json", deep.as_bytes(), true).is_err());
    }
}
