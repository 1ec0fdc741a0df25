//! What is found in a document.

use std::fmt;
use std::ops::Range;

use cardhost_core::error::{Code, Fault, Place};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The document must not be used as it is.
    Error,
    /// The document works; something about it should be better.
    Warning,
    /// The document is as it should be; told to whoever asks for all.
    Note,
}

impl Severity {
    /// `error`, `warning` or `note`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// One fault of a document, or something about it that deserves attention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// File, JSON Pointer, and one-based line and column (in characters).
    pub place: Place,
    /// The bytes of the text that it is about.
    pub span: Range<usize>,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

impl Finding {
    /// Whether the document must not be used as it is.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// What is wrong: a lower-case fragment without a full stop.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, where there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// As the error of whoever needs the document and cannot go on.
impl Fault for Finding {
    fn code(&self) -> Code {
        self.code.clone()
    }

    fn place(&self) -> Place {
        self.place.clone()
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}
