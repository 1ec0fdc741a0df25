//! Secret text.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// What is shown in place of a secret.
pub const MASK: &str = "[redacted]";

/// Secrets shorter than this (in bytes) are masked only where they stand alone; masking every `a` of a text
/// would hide the text and tell the secret.
pub(super) const SHORTEST_MASKED: usize = 4;

/// Text that must never be shown.
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

impl Secret {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Secret {
        Secret(Arc::new(SecretString::from(text)))
    }

    /// Opens the secret. Only a request that is about to be sent may hold what this returns.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether both are the same text.
    #[must_use]
    pub fn is(&self, other: &Secret) -> bool {
        self.expose() == other.expose()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }
}
