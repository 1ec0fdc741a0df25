//! How a card says that a body is read.

use super::DecoderName;

/// How a card says that a body is read.
#[derive(Clone, Debug, Default)]
pub struct Decoding {
    /// The decoder; by the content type where the card names none.
    pub decoder: Option<DecoderName>,
    /// Paths of elements that are lists though there be one of them.
    pub lists: Vec<String>,
}
