//! The character set of a body that comes piece by piece.

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, WINDOWS_1252};

use crate::decoder::{DecodeFault, MediaType};

/// Bytes of text that are made of a piece at once.
const MADE_BYTES: usize = 16 * 1024;

/// Makes UTF-8 of a body that comes piece by piece, as [`text`](crate::decoder) reads one that is there as a whole: what it is, is told from
/// its type and its beginning.
pub struct Charset {
    /// `None` where it is UTF-8 already.
    decoder: Option<Box<Decoder>>,
    /// Bytes of the mark at its beginning.
    mark: usize,
}

impl Charset {
    /// That of a body that begins so. `is_json`: a character set that nobody knows counts as none, and no other is guessed.
    ///
    /// # Errors
    /// Where nobody knows the character set that the type names.
    pub fn of(
        kind: MediaType<'_>,
        beginning: &[u8],
        is_json: bool,
    ) -> Result<Charset, DecodeFault> {
        let known = kind.charset.map(|label| (label, Encoding::for_label(label.as_bytes())));
        let (marked, mark) = Encoding::for_bom(beginning).unzip();
        let encoding = match (marked, known) {
            (Some(marked), _) => marked,
            (None, Some((_, Some(named)))) => named,
            (None, Some((label, None))) if !is_json && !is_utf8_so_far(beginning) => {
                return Err(DecodeFault::UnknownCharset { charset: label.to_owned() });
            }
            (None, None) if !is_json && kind.is_text() && !is_utf8_so_far(beginning) => {
                WINDOWS_1252
            }
            (None, _) => UTF_8,
        };
        let is_utf8 = encoding == UTF_8;
        let decoder = (!is_utf8).then(|| Box::new(encoding.new_decoder_without_bom_handling()));
        Ok(Charset { decoder, mark: mark.unwrap_or(0) })
    }

    /// Hands a piece on in UTF-8.
    ///
    /// # Errors
    /// Where it is no text, and those of who takes it.
    pub fn push(
        &mut self,
        piece: &[u8],
        is_last: bool,
        take: &mut dyn FnMut(&[u8]) -> Result<(), DecodeFault>,
    ) -> Result<(), DecodeFault> {
        let skipped = self.mark.min(piece.len());
        self.mark -= skipped;
        let mut rest = &piece[skipped..];
        let Some(decoder) = &mut self.decoder else { return take(rest) };
        let mut made = String::with_capacity(MADE_BYTES);
        loop {
            let (ended, read) =
                decoder.decode_to_string_without_replacement(rest, &mut made, is_last);
            rest = &rest[read..];
            take(made.as_bytes())?;
            made.clear();
            match ended {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let charset = decoder.encoding().name().to_ascii_lowercase();
                    return Err(DecodeFault::Charset { charset });
                }
            }
        }
    }
}

/// Whether bytes are UTF-8, but for a character that is cut at their end.
fn is_utf8_so_far(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
}
