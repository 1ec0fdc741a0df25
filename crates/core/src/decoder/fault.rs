//! Why a body cannot be decoded.

use crate::error::{Code, Fault};

/// Why a body cannot be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeFault {
    /// Not what the decoder reads.
    #[error("the reply is not {format}: {reason} at line {line}, column {column}")]
    Malformed {
        /// Such as `JSON`.
        format: &'static str,
        /// The reader's words, without place.
        reason: String,
        /// One-based.
        line: usize,
        /// One-based.
        column: usize,
    },
    /// Deeper than anything is read.
    #[error("the reply is {format} of more than {levels} levels")]
    TooDeep {
        /// Such as `JSON`.
        format: &'static str,
        /// The most.
        levels: usize,
    },
    /// Much more as a list than it is.
    #[error("the reply is {format} that would be too long as a list of records")]
    TooLong {
        /// Such as `CSV`.
        format: &'static str,
    },
    /// Text, and nothing that was looked for is in it: the card reads parts of another format.
    #[error("the reply is {kind}, which has none of the parts that are read from it")]
    NoParts {
        /// Such as `text/html`.
        kind: String,
    },
    /// Not text in its character set.
    #[error("the reply is not text in `{charset}`")]
    Charset {
        /// The character set's label.
        charset: String,
    },
    /// No such character set.
    #[error("the reply names the unknown character set `{charset}`")]
    UnknownCharset {
        /// Its label.
        charset: String,
    },
}

impl Fault for DecodeFault {
    fn code(&self) -> Code {
        match self {
            DecodeFault::Malformed { .. }
            | DecodeFault::TooDeep { .. }
            | DecodeFault::TooLong { .. }
            | DecodeFault::NoParts { .. } => Code::RESPONSE_DECODE,
            DecodeFault::Charset { .. } | DecodeFault::UnknownCharset { .. } => {
                Code::RESPONSE_ENCODING
            }
        }
    }

    fn hint(&self) -> Option<String> {
        let text = "the reply is kept in the error; a card can name another `response.decoder`";
        Some(text.to_owned())
    }
}
