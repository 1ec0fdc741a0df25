//! Faults: what owners of errors say about them.

use std::any::Any;
use std::fmt;

use serde_json::Value;

use super::{Code, Place};

/// The facts of an error, as the part that finds it knows them.
///
/// `Display` is what is wrong: a lower-case fragment without a full stop, values in backticks. Nothing here has been
/// redacted; [`crate::failure::Error`] does that before it shows anything.
pub trait Fault: Any + fmt::Debug + fmt::Display + Send + Sync {
    /// The stable code.
    fn code(&self) -> Code;

    /// Where it is. By default the whole document.
    fn place(&self) -> Place {
        Place::default()
    }

    /// What to do, in words that name no command and no flag. By default nothing.
    fn hint(&self) -> Option<String> {
        None
    }

    /// More that a program can read, under a name of its own in the error's JSON. By default nothing.
    fn facts(&self) -> Option<(&'static str, Value)> {
        None
    }

    /// Whether the same may be tried again. By default not known.
    fn retry(&self) -> Option<Retry> {
        None
    }
}

impl dyn Fault {
    /// The fault as the type that its owner gave it, if it is one.
    #[must_use]
    pub fn downcast_ref<F: Fault>(&self) -> Option<&F> {
        (self as &dyn Any).downcast_ref()
    }
}

/// What is known about trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Whether it can do no harm, and may help.
    pub again: bool,
    /// Seconds to wait before that, where the service says.
    pub after_s: Option<u64>,
}

impl Retry {
    /// It may be tried again at once.
    pub const AGAIN: Retry = Retry { again: true, after_s: None };
    /// It must not be tried again.
    pub const NEVER: Retry = Retry { again: false, after_s: None };
}

/// A named file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file cannot be read: {reason}")]
pub struct Unreadable {
    /// The system's words.
    pub reason: String,
}

impl Fault for Unreadable {
    fn code(&self) -> Code {
        Code::DEFINITION_UNREADABLE
    }

    fn hint(&self) -> Option<String> {
        Some("check the path, its content and who may read it".to_owned())
    }
}

/// Something in cardhost that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is a bug in cardhost: {what}")]
pub struct Internal {
    /// What was found to be broken.
    pub what: &'static str,
}

impl Fault for Internal {
    fn code(&self) -> Code {
        Code::INTERNAL
    }

    fn hint(&self) -> Option<String> {
        Some("please report it, with the command and the input".to_owned())
    }
}
