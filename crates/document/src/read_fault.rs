//! Why a text cannot be read.

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// JSON (RFC 8259).
    Json,
    /// YAML 1.2.
    Yaml,
}

impl Language {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Json => "JSON",
            Language::Yaml => "YAML",
        }
    }
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFault {
    /// Where, in bytes.
    pub offset: usize,
    /// The language that it is not; `None` where it is too much of whatever it is.
    pub language: Option<Language>,
    /// What is wrong.
    pub reason: String,
}

impl ReadFault {
    /// A fault of a language's syntax.
    pub(crate) fn syntax(
        language: Language,
        offset: usize,
        reason: impl Into<String>,
    ) -> ReadFault {
        ReadFault { offset, language: Some(language), reason: reason.into() }
    }

    /// More than is taken.
    #[must_use]
    pub fn limit(offset: usize, reason: impl Into<String>) -> ReadFault {
        ReadFault { offset, language: None, reason: reason.into() }
    }
}
