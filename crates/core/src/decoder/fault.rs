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
    /// A record is not what the decoder reads.
    #[error("record {number} of the reply is not {format}: {reason}")]
    Record {
        /// Such as `NDJSON`.
        format: &'static str,
        /// Counted from 1.
        number: u64,
        /// The reader's words.
        reason: String,
    },
    /// A record is longer than one may be.
    #[error("record {number} of the reply is longer than {limit} bytes")]
    RecordTooLong {
        /// Counted from 1.
        number: u64,
        /// In bytes; inclusive.
        limit: usize,
    },
    /// What is beside the records is longer than a reply may be.
    #[error("the reply has more than {limit} bytes beside its records")]
    RestTooLong {
        /// In bytes; inclusive.
        limit: usize,
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
            | DecodeFault::Record { .. }
            | DecodeFault::NoParts { .. } => Code::RESPONSE_DECODE,
            DecodeFault::RecordTooLong { .. } => Code::RESPONSE_RECORD_TOO_LONG,
            DecodeFault::RestTooLong { .. } => Code::RESPONSE_TOO_LARGE,
            DecodeFault::Charset { .. } | DecodeFault::UnknownCharset { .. } => {
                Code::RESPONSE_ENCODING
            }
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            DecodeFault::RecordTooLong { .. } => {
                "the records before it are given out; raise `response.maxBodyBytes` of the card, if the memory is there"
            }
            DecodeFault::Record { .. } => {
                "the records before it are given out; a card can name another `response.decoder`"
            }
            DecodeFault::RestTooLong { .. } => {
                "check `pages.items` of the card, or raise its `response.maxBodyBytes`"
            }
            _ => "the reply is kept in the error; a card can name another `response.decoder`",
        };
        Some(text.to_owned())
    }
}
