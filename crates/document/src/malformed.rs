//! Faults of form: what every kind of document can have, said in the same words of each.

use std::fmt;

use cardhost_core::error::{Code, Fault};
use cardhost_core::text::{
    did_you_mean, key_twice, listed, must_be, nearest, not_json, quoted_each, unknown_key,
};

use super::read_fault::{Language, ReadFault};

/// A fault of form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is not written in its language.
    Syntax {
        /// The language.
        language: Language,
        /// The reader's words.
        reason: String,
    },
    /// It is too long, too deep or too large to be read.
    Limit {
        /// What of it is too much.
        reason: String,
    },
    /// A key that its object already has.
    DuplicateKey {
        /// The key.
        key: String,
        /// One-based line of the first.
        first_line: usize,
    },
    /// A key that the format does not know.
    UnknownKey {
        /// The key.
        key: String,
        /// Every key that is known there and not given yet.
        known: Vec<String>,
    },
    /// Keys that must be there are not.
    MissingKey {
        /// The keys.
        keys: Vec<String>,
    },
    /// A value of another type.
    Type {
        /// The types it may have.
        expected: Vec<String>,
        /// The type it has.
        found: &'static str,
    },
    /// A value that is not one of a list.
    Choice {
        /// What the value is, such as `choice` or `value`.
        what: &'static str,
        /// The list.
        expected: Vec<String>,
        /// The value.
        found: String,
    },
    /// A value in another form.
    Form {
        /// The form, in words.
        expected: String,
        /// The value.
        found: String,
    },
    /// None or several of keys of which exactly one must be there.
    ExactlyOne {
        /// The keys.
        of: Vec<String>,
        /// Those that are there.
        found: Vec<String>,
    },
    /// A JSON Schema that does not compile.
    Schema {
        /// The compiler's words.
        reason: String,
    },
}

impl Malformed {
    /// A value of another type.
    #[must_use]
    pub fn wrong_type(expected: &[&str], found: &'static str) -> Malformed {
        let expected = expected.iter().map(|name| (*name).to_owned()).collect();
        Malformed::Type { expected, found }
    }

    /// A key that must be there is not.
    #[must_use]
    pub fn missing(key: &str) -> Malformed {
        Malformed::MissingKey { keys: vec![key.to_owned()] }
    }

    /// A value in another form; it is cut where it is long.
    #[must_use]
    pub fn form(expected: impl Into<String>, found: &str) -> Malformed {
        Malformed::Form { expected: expected.into(), found: short(found) }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Syntax { language: Language::Json, reason } => {
                f.write_str(&not_json(reason))
            }
            Malformed::Syntax { language, reason } => {
                write!(f, "this is not {}: {reason}", language.as_str())
            }
            Malformed::Limit { reason } => write!(f, "this cannot be read: {reason}"),
            Malformed::DuplicateKey { key, .. } => f.write_str(&key_twice(key)),
            Malformed::UnknownKey { key, .. } => f.write_str(&unknown_key(key)),
            Malformed::MissingKey { keys } => match keys.as_slice() {
                [key] => write!(f, "key `{key}` is missing"),
                keys => write!(f, "keys {} are missing", listed(&quoted_each(keys), "and")),
            },
            Malformed::Type { expected, found } => {
                let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
                f.write_str(&must_be(&expected, found))
            }
            Malformed::Choice { what, found, .. } => write!(f, "there is no {what} `{found}`"),
            Malformed::Form { expected, found } => write!(f, "`{found}` is not {expected}"),
            Malformed::ExactlyOne { of, found } if found.is_empty() => {
                write!(f, "one of {} is missing", listed(&quoted_each(of), "and"))
            }
            Malformed::ExactlyOne { found, .. } => {
                write!(f, "{} cannot be there together", listed(&quoted_each(found), "and"))
            }
            Malformed::Schema { reason } => write!(f, "this is no JSON Schema: {reason}"),
        }
    }
}

impl Fault for Malformed {
    fn code(&self) -> Code {
        match self {
            Malformed::Syntax { .. } | Malformed::Limit { .. } => Code::DEFINITION_SYNTAX,
            Malformed::DuplicateKey { .. } => Code::DEFINITION_DUPLICATE_KEY,
            Malformed::UnknownKey { .. } => Code::DEFINITION_UNKNOWN_KEY,
            Malformed::MissingKey { .. } => Code::DEFINITION_MISSING_KEY,
            Malformed::Type { .. } => Code::DEFINITION_TYPE,
            Malformed::Choice { .. }
            | Malformed::Form { .. }
            | Malformed::ExactlyOne { .. }
            | Malformed::Schema { .. } => Code::DEFINITION_VALUE,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Malformed::DuplicateKey { first_line, .. } => {
                Some(format!("the first is on line {first_line}; only one can count"))
            }
            Malformed::UnknownKey { key: found, known: all }
            | Malformed::Choice { expected: all, found, .. } => one_of(found, all),
            Malformed::ExactlyOne { found, .. } if !found.is_empty() => {
                Some("keep one of them".to_owned())
            }
            _ => None,
        }
    }
}

impl From<ReadFault> for Malformed {
    fn from(ReadFault { language, reason, .. }: ReadFault) -> Malformed {
        match language {
            Some(language) => Malformed::Syntax { language, reason },
            None => Malformed::Limit { reason },
        }
    }
}

/// The nearest name, or all of them where there are few.
#[must_use]
pub fn one_of(found: &str, all: &[String]) -> Option<String> {
    const MOST: usize = 24;
    match nearest(found, all.iter().map(String::as_str)) {
        Some(nearest) => Some(did_you_mean(&nearest)),
        None if all.is_empty() || all.len() > MOST => None,
        None => Some(format!("it can be {}", listed(&quoted_each(all), "or"))),
    }
}

/// A text as it stands in a sentence: cut where it is long.
#[must_use]
pub fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}
