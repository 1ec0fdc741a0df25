//! Why a text is not an invocation.

use crate::error::{Code, Fault, Place};
use crate::text::{article, did_you_mean};

/// Why a text is not an invocation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvocationFault {
    /// It is not JSON.
    #[error("the invocation is not JSON: {reason}")]
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
    #[error("{} has an unknown key `{key}`", part(within))]
    UnknownKey {
        /// The key.
        key: String,
        /// The nearest key.
        nearest: Option<String>,
        /// Under which key; empty at the top.
        within: &'static str,
    },
    /// An object has a key twice: which value is meant is not known (RFC 8259, section 4).
    #[error("the invocation has the key `{key}` twice in one object")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// Its idempotency key is empty: a service would take it for none.
    #[error("`idempotencyKey` is empty")]
    EmptyKey,
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

/// The whole invocation, or a part of it.
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
            InvocationFault::EmptyKey => Code::INVOCATION_EMPTY_KEY,
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
            InvocationFault::UnknownKey { within, .. } if !within.is_empty() => {
                Place::invocation(&[within])
            }
            InvocationFault::EmptyKey => Place::invocation(&["idempotencyKey"]),
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
            InvocationFault::EmptyKey => {
                "give the same text for every attempt at one thing, or leave the key out"
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::invocation::Invocation;

    #[test]
    fn an_empty_idempotency_key_is_told_with_its_place_and_what_to_do() {
        let fault = Invocation::from_value(json!({ "idempotencyKey": "" })).unwrap_err();
        assert_eq!(fault.to_string(), "`idempotencyKey` is empty");
        assert_eq!(fault.code().as_str(), "invocation.empty_key");
        assert_eq!(fault.place(), Place::invocation(&["idempotencyKey"]));
        let hint = "give the same text for every attempt at one thing, or leave the key out";
        assert_eq!(fault.hint().as_deref(), Some(hint));
    }
}
