//! Times in HTTP headers.

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Seconds to wait by `Retry-After` (RFC 9110, section 10.2.3): a number, or a date compared with `now`.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: i64) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds);
    }
    let at = http_date(text)?;
    u64::try_from(at.saturating_sub(now).max(0)).ok()
}

/// Seconds since 1970 of a date in one of the three formats of RFC 9110, section 5.6.7.
#[must_use]
pub fn http_date(text: &str) -> Option<i64> {
    if let Ok(at) = jiff::fmt::rfc2822::parse(text) {
        return Some(at.timestamp().as_second());
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"].into_iter().find_map(|format| {
        let at = jiff::fmt::strtime::parse(format, text).ok()?.to_datetime().ok()?;
        Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let after = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, 1_767_225_600)
        };
        assert_eq!(after("120"), Some(120));
        assert_eq!(after("Thu, 01 Jan 2026 00:01:00 GMT"), Some(60));
        assert_eq!(after("Thu, 01 Jan 2015 00:01:00 GMT"), Some(0));
        assert_eq!(after("Thursday, 01-Jan-26 00:02:00 GMT"), Some(120));
        assert_eq!(after("Thu Jan  1 00:03:00 2026"), Some(180));
        assert_eq!(after("soon"), None);
    }
}
