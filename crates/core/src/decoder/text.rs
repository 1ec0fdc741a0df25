//! Text in the character set that the reply names; UTF-8 by default.

use std::borrow::Cow;

use encoding_rs::Encoding;

use super::{DecodeFault, DecodedBody, Decoder, Look};

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
        charset: Option<&str>,
        _: Look<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault> {
        utf8(body, charset).map(|text| DecodedBody::Text(text.into_owned()))
    }
}

/// The body in UTF-8, without a byte order mark. Bytes that are no text are an error, not a question mark.
pub(super) fn utf8<'b>(body: &'b [u8], charset: Option<&str>) -> Result<Cow<'b, str>, DecodeFault> {
    let label = charset.unwrap_or("utf-8");
    let encoding = Encoding::for_label(label.as_bytes())
        .ok_or_else(|| DecodeFault::UnknownCharset { charset: label.to_owned() })?;
    let (text, _, broken) = encoding.decode(body);
    if broken { Err(DecodeFault::Charset { charset: label.to_owned() }) } else { Ok(text) }
}
