//! Times in HTTP headers.

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// The longest time to wait for that a service can ask.
pub(crate) const LONGEST_WAIT_S: u64 = 24 * 60 * 60;

/// Seconds to wait by `Retry-After` (RFC 9110, section 10.2.3): a number, or a date compared with `now`.
/// Some services send fractions; the next whole second does. A negative number counts as none, and nobody waits longer than a day.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: i64) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && !text.contains(' ') {
        return whole_seconds(text).map(|seconds| seconds.min(LONGEST_WAIT_S));
    }
    let at = http_date(text)?;
    u64::try_from(at.saturating_sub(now).max(0)).ok().map(|seconds| seconds.min(LONGEST_WAIT_S))
}

/// Whether an attribute ends its cookie at once (RFC 6265, sections 5.2.1 and 5.2.2).
pub(crate) fn is_over(attribute: &str, now: i64) -> bool {
    let Some((name, value)) = attribute.split_once('=') else { return false };
    match name.trim().to_ascii_lowercase().as_str() {
        "max-age" => value.trim().parse::<i64>().is_ok_and(|seconds| seconds <= 0),
        // Many write the date with hyphens, as Netscape did.
        "expires" => http_date(&value.trim().replace('-', " ")).is_some_and(|end| end <= now),
        _ => false,
    }
}

/// A decimal number of seconds, rounded up.
fn whole_seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let seconds = if whole.is_empty() { 0 } else { whole.parse::<u64>().unwrap_or(u64::MAX) };
    let more = fraction.bytes().any(|digit| digit != b'0');
    Some(seconds.saturating_add(u64::from(more)))
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
        for (text, seconds) in [
            ("1.5", Some(2)),
            ("0.493", Some(1)),
            ("2.0", Some(2)),
            ("2.", Some(2)),
            (".2", Some(1)),
            ("0.000", Some(0)),
            ("1.000000000000000000000000000001", Some(2)),
            ("18446744073709551615.5", Some(86_400)),
            ("99999999999999999999999", Some(86_400)),
            ("-1", None),
            ("-0.5", None),
            ("+1", None),
            (".", None),
            ("1.2.3", None),
            ("1,5", None),
            ("1e3", None),
        ] {
            assert_eq!(after(text), seconds, "{text}");
        }
        assert_eq!(after("Thu, 01 Jan 2026 00:01:00 GMT"), Some(60));
        assert_eq!(after("Thu, 01 Jan 2015 00:01:00 GMT"), Some(0));
        assert_eq!(after("Thursday, 01-Jan-26 00:02:00 GMT"), Some(120));
        assert_eq!(after("Thu Jan  1 00:03:00 2026"), Some(180));
        assert_eq!(after("Fri, 01 Jan 2027 00:00:00 GMT"), Some(86_400));
        assert_eq!(after("soon"), None);
    }
}
