//! What is asked of a decoder.

use super::{Asked, DecodeFault, DecodedBody, MediaType};

/// A format of bodies.
pub trait Decoder: Sync {
    /// Its name in the definitions.
    fn name(&self) -> &'static str;

    /// What it reads, as a sentence.
    fn about(&self) -> &'static str;

    /// Whether it is the one for a media type (RFC 9110, section 8.3.1), given without parameters: no type is guessed from
    /// the text itself.
    fn reads(&self, media_type: &str) -> bool;

    /// Decodes a body that is not empty. `kind` is what the reply says it is; `asked`, what is asked of it.
    ///
    /// # Errors
    /// [`DecodeFault`].
    fn decode<'b>(
        &self,
        body: &'b [u8],
        kind: MediaType<'_>,
        asked: Asked<'b>,
    ) -> Result<DecodedBody<'b>, DecodeFault>;

    /// What a reply says that has no body where one could be.
    ///
    /// # Errors
    /// [`DecodeFault`].
    fn nothing<'b>(&self, _asked: Asked<'b>) -> Result<DecodedBody<'b>, DecodeFault> {
        Ok(DecodedBody::Empty)
    }
}
