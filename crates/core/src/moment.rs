//! When something is done, and a random value for it: the core has neither a clock nor randomness.

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
        hex::encode(self.nonce)
    }
}

/// A time in RFC 3339, with milliseconds: `2026-11-22T03:00:00.120Z`. Empty for a year beyond 9999.
#[must_use]
pub fn rfc3339_ms(unix_milliseconds: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(unix_milliseconds);
    time.map(|time| format!("{time:.3}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_after_the_second() {
        assert_eq!(rfc3339_ms(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339_ms(1_795_316_400_120), "2026-11-22T03:00:00.120Z");
        assert_eq!(rfc3339_ms(i64::MAX), "");
    }
}
