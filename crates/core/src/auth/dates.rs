//! A moment as the texts that signatures are made over.

use jiff::Timestamp;

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7: IMF-fixdate).
pub(super) fn imf_fixdate(unix_seconds: i64) -> String {
    written(unix_seconds, "%a, %d %b %Y %H:%M:%S GMT")
}

/// `1994-11-06T08:49:37Z` (RFC 3339).
pub(super) fn rfc3339(unix_seconds: i64) -> String {
    written(unix_seconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// `19941106T084937Z` (ISO 8601, basic format), as AWS has it.
pub(super) fn iso8601_basic(unix_seconds: i64) -> String {
    written(unix_seconds, "%Y%m%dT%H%M%SZ")
}

/// A second that no calendar of four-digit years has is moved to its end: no service takes such a date.
fn written(unix_seconds: i64, format: &str) -> String {
    let end = if unix_seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(unix_seconds).unwrap_or(end).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 9110, section 5.6.7.
    #[test]
    fn a_moment_is_written_in_utc() {
        assert_eq!(imf_fixdate(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(rfc3339(784_111_777), "1994-11-06T08:49:37Z");
        assert_eq!(iso8601_basic(784_111_777), "19941106T084937Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn a_second_outside_the_calendar_is_moved_to_its_end() {
        assert_eq!(rfc3339(i64::MAX), "9999-12-30T22:00:00Z");
        assert!(rfc3339(i64::MIN).starts_with("-9999-01-0"));
    }
}
