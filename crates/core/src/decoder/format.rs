//! What is asked of a decoder.

use super::{Asked, DecodeFault, DecodedBody, MediaType, RecordReader};

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

    /// What reads the records of a body that comes piece by piece: those of the list that keys and indices lead to, with so many bytes of a
    /// record at most. `None` where the format has to be there as a whole, or the list is not in it.
    fn records(
        &self,
        _kind: MediaType<'_>,
        _path: &[String],
        _limit: usize,
    ) -> Option<Box<dyn RecordReader>> {
        None
    }
}
