//! Text in the character set that the reply names.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{Asked, DecodeFault, DecodedBody, Decoder, MediaType};

/// Text, and whatever no other decoder reads.
pub(super) struct Text;

impl Decoder for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "Text."
    }

    fn reads(&self, _: &str) -> bool {
        true
    }

    fn decode<'b>(
        &self,
        body: &'b [u8],
        kind: MediaType<'_>,
        _: Asked<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault> {
        text(body, kind).map(|text| DecodedBody::Text(text.into_owned()))
    }
}

/// A body that is JSON, in UTF-8, without a byte order mark. JSON has no character set (RFC 8259, section 11): one that nobody
/// knows counts as none.
pub(super) fn json_text<'b>(
    body: &'b [u8],
    kind: MediaType<'_>,
) -> Result<Cow<'b, str>, DecodeFault> {
    let known = kind.charset.and_then(|label| Encoding::for_label(label.as_bytes()));
    read(body, known.unwrap_or(UTF_8)).ok_or_else(|| DecodeFault::Charset {
        charset: known.and(kind.charset).unwrap_or("utf-8").to_owned(),
    })
}

/// A body that is text. Where no character set is named that anybody knows, it is UTF-8, and a `text/*` that is not is
/// windows-1252, as in a browser. Bytes that are no text are an error, not a question mark.
pub(super) fn text<'b>(body: &'b [u8], kind: MediaType<'_>) -> Result<Cow<'b, str>, DecodeFault> {
    let label = kind.charset.unwrap_or("utf-8");
    let named = Encoding::for_label(label.as_bytes());
    if let Some(text) = read(body, named.unwrap_or(UTF_8)) {
        return Ok(text);
    }
    let charset = label.to_owned();
    match named {
        None => Err(DecodeFault::UnknownCharset { charset }),
        Some(_) if kind.charset.is_none() && kind.is_text() => {
            Ok(WINDOWS_1252.decode_without_bom_handling(body).0)
        }
        Some(_) => Err(DecodeFault::Charset { charset }),
    }
}

/// The text of bytes, up to the first that is none. A byte order mark counts more than what is said (as in a browser).
fn read<'b>(body: &'b [u8], encoding: &'static Encoding) -> Option<Cow<'b, str>> {
    let (encoding, mark) = Encoding::for_bom(body).unwrap_or((encoding, 0));
    encoding.decode_without_bom_handling_and_without_replacement(body.get(mark..)?)
}
