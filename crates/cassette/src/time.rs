//! Times in cassettes.

/// Seconds since 1970 of a time in a cassette (RFC 3339).
#[must_use]
pub fn unix_seconds(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}
