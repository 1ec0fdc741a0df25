//! When something is done, and a random value for it: the core has neither a clock nor randomness.
//!
//! Whoever drives the core makes one for each thing that is signed; a value is never used twice.

use std::fmt::Write as _;

/// When something is done, and a random value for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970.
    pub unix_seconds: i64,
    /// Random; used for nothing else.
    pub nonce: [u8; 16],
}

impl Moment {
    /// The random value in 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn nonce_hex(&self) -> String {
        let mut text = String::with_capacity(32);
        for byte in self.nonce {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_keeps_its_zeros() {
        let mut nonce = [0; 16];
        nonce[15] = 0xAF;
        let moment = Moment { unix_seconds: 0, nonce };
        assert_eq!(moment.nonce_hex(), "000000000000000000000000000000af");
    }
}
