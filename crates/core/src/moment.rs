//! When something is done, and a random value for it: the core has neither a clock nor randomness.

use std::fmt::Write as _;

/// When something is done, and a random value for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub unix_seconds: i64,
    /// Random, and used for nothing else.
    pub nonce: [u8; 16],
}

impl Moment {
    /// The random value as 32 hexadecimal digits.
    #[must_use]
    pub fn nonce_hex(&self) -> String {
        self.nonce.iter().fold(String::with_capacity(32), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
