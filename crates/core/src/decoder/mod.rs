//! Decoders: bytes of a reply to a value. One file a decoder; chosen by content type unless the card says.
//!
//! A decoder is a file with its `impl Decoder`, its line below and its place in the list of `decoders.rs`.

mod body;
#[cfg(feature = "csv")]
mod csv;
mod decoders;
mod decoding;
mod fault;
mod format;
mod json;
mod json_text;
mod media_type;
mod ndjson;
mod paths;
mod records;
mod sse;
mod text;
#[cfg(feature = "xml")]
mod xml;

pub use body::{Asked, DecodedBody, Look};
pub use decoders::{
    DecoderName, Reading, as_it_is, decode, in_base64, is_called_binary, is_text, kind_in_words,
    made, records,
};
pub use decoding::Decoding;
pub use fault::DecodeFault;
pub use format::Decoder;
pub(crate) use json::raw;
pub use json_text::JsonText;
pub use media_type::MediaType;
pub use paths::Paths;
pub use records::{Charset, RecordReader};

#[cfg(test)]
mod tests;
