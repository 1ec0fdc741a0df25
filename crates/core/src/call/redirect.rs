//! Redirects (RFC 9110, section 15.4): followed on the same origin only, so that no credential leaves it.

use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, Method};

use crate::plan::{Plan, Warning};
use crate::response::Reply;

/// Most redirects that one call follows.
pub const MAX_REDIRECTS: u8 = 5;

/// What a reply means for the call.
pub(super) enum Next {
    /// The plan's request was changed and is to be sent.
    Send,
    /// The reply is the last.
    Finish,
    /// It redirects once too often.
    TooMany,
}

/// Follows a redirect on the same origin by changing the plan's request.
pub(super) fn follow(plan: &mut Plan, reply: &Reply, redirects: &mut u8) -> Next {
    if !matches!(reply.status, 301 | 302 | 303 | 307 | 308) {
        return Next::Finish;
    }
    let request = &mut plan.request;
    let location = reply.headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let Some(mut url) = location.and_then(|location| request.url.join(location).ok()) else {
        return Next::Finish;
    };
    let plain = url.username().is_empty() && url.password().is_none();
    if url.origin() != request.url.origin() || !plain {
        let origin = url.origin().ascii_serialization();
        plan.warnings.push(Warning::RedirectNotFollowed { origin });
        return Next::Finish;
    }
    if *redirects == MAX_REDIRECTS {
        return Next::TooMany;
    }
    *redirects += 1;
    url.set_fragment(None);
    request.url = url;
    let becomes_get = match reply.status {
        303 => request.method != Method::HEAD,
        // What every client does, and RFC 9110 allows, though the method should have stayed.
        301 | 302 => request.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        request.method = Method::GET;
        request.body = None;
        request.headers.remove(CONTENT_TYPE);
        request.headers.remove(CONTENT_ENCODING);
    }
    Next::Send
}

/// Seconds to wait by `Retry-After` (RFC 9110, section 10.2.3): a number, or a date compared with `now`.
pub(super) fn retry_after(headers: &HeaderMap, now: i64) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(seconds);
    }
    let at = http_date(text)?;
    u64::try_from(at.saturating_sub(now).max(0)).ok()
}

/// Seconds since 1970 of a date in one of the three formats of RFC 9110, section 5.6.7.
fn http_date(text: &str) -> Option<i64> {
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
