//! Why a text is not an invocation.

use crate::error::{Code, Fault, Place};
use crate::text::{article, did_you_mean, key_twice, not_json, unknown_key};

/// Why a text is not an invocation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvocationFault {
    /// It is not JSON.
    #[error("{}", not_json(reason))]
    Syntax {
        /// The reader's words, without place.
        reason: String,
        /// One-based.
        line: usize,
        /// One-based.
        column: usize,
    },
    /// A part has another type.
    #[error("{} must be {}, not {}", part(key), article(expected), article(found))]
    Type {
        /// The key; empty for the whole.
        key: &'static str,
        /// The type it must have.
        expected: &'static str,
        /// The type it has.
        found: &'static str,
    },
    /// No such key.
    #[error("{}", unknown_key(key))]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest key.
        nearest: Option<String>,
        /// Under which key; empty at the top.
        within: &'static str,
    },
    /// An object has a key twice: which value is meant is not known (RFC 8259, section 4).
    #[error("{}", key_twice(key))]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// It names no card and the caller named none.
    #[error("no card is named")]
    NoCard,
    /// It is longer than whoever reads it takes.
    #[error("the invocation is longer than {limit} bytes")]
    TooLong {
        /// In bytes; inclusive.
        limit: usize,
    },
}

/// The whole invocation, or a part of it: a flow tells of it where no place is shown.
fn part(key: &str) -> String {
    match key {
        "" => "the invocation".to_owned(),
        key => format!("`{key}`"),
    }
}

impl Fault for InvocationFault {
    fn code(&self) -> Code {
        match self {
            InvocationFault::Syntax { .. } => Code::INVOCATION_SYNTAX,
            InvocationFault::Type { .. } => Code::INVOCATION_TYPE,
            InvocationFault::UnknownKey { .. } => Code::INVOCATION_UNKNOWN_KEY,
            InvocationFault::DuplicateKey { .. } => Code::INVOCATION_DUPLICATE_KEY,
            InvocationFault::NoCard => Code::INVOCATION_NO_CARD,
            InvocationFault::TooLong { .. } => Code::LIMIT_INVOCATION,
        }
    }

    fn place(&self) -> Place {
        match self {
            InvocationFault::Syntax { line, column, .. } => {
                Place { line_column: Some((*line, *column)), ..Place::default() }
            }
            InvocationFault::Type { key, .. } if !key.is_empty() => {
                Place::invocation(&key.split('.').collect::<Vec<_>>())
            }
            InvocationFault::UnknownKey { key, within: "", .. } => Place::invocation(&[key]),
            InvocationFault::UnknownKey { key, within, .. } => Place::invocation(&[within, key]),
            _ => Place::default(),
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            InvocationFault::UnknownKey { nearest: Some(nearest), .. } => {
                return Some(did_you_mean(nearest));
            }
            InvocationFault::UnknownKey { within: "connection", .. } => {
                "put the connection's fields under `fields`"
            }
            InvocationFault::UnknownKey { .. } => {
                "it takes `id`, `card`, `connection`, `options`, `input` and `idempotencyKey`"
            }
            InvocationFault::NoCard => "name it as `card` in the invocation",
            InvocationFault::Syntax { .. } => {
                "give one JSON object, for example {\"options\": {}, \"input\": {}}"
            }
            InvocationFault::DuplicateKey { .. } => "keep one of them",
            InvocationFault::TooLong { .. } => "split it into several invocations",
            InvocationFault::Type { .. } => return None,
        };
        Some(text.to_owned())
    }
}
