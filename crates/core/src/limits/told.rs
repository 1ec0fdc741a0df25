//! What replies say of the limits.

use http::HeaderMap;

use super::rule::{Limits, RemainingHeader};
use crate::http_date::LONGEST_WAIT_S;

impl Limits {
    /// How many seconds a reply says that nothing more may go: none remains, or its status is 429. At most a day; `None` where the
    /// headers do not say it.
    #[must_use]
    pub fn wait_s(&self, status: u16, headers: &HeaderMap, now: i64) -> Option<u64> {
        let reset = self.reset.as_ref()?;
        if status != 429 && !self.remaining.as_ref().is_some_and(|left| left.is_none(headers)) {
            return None;
        }
        let text = headers.get(&reset.header.0)?.to_str().ok()?;
        Some(reset.told_as.seconds(text.trim(), now)?.min(LONGEST_WAIT_S))
    }
}

impl RemainingHeader {
    /// Whether a reply says that no request remains: `0`, or `0` with more behind it.
    fn is_none(&self, headers: &HeaderMap) -> bool {
        let Some(text) = headers.get(&self.header.0).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        let number = text.split([',', ';']).next().unwrap_or_default().trim();
        number.parse::<f64>().is_ok_and(|left| left <= 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_before_the_reset_where_none_remains_or_the_status_says_so() {
        let now = 1_767_254_400; // 2026-01-01T08:00:00Z
        let told = |told_as: &str, status, remaining: &str, reset: &str| {
            let limits: Limits = serde_json::from_value(serde_json::json!({
                "remaining": { "header": "X-RateLimit-Remaining" },
                "reset": { "header": "X-RateLimit-Reset", "as": told_as },
            }))
            .unwrap();
            let mut headers = HeaderMap::new();
            for (name, text) in [("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)]
            {
                if !text.is_empty() {
                    headers.insert(name, text.parse().unwrap());
                }
            }
            limits.wait_s(status, &headers, now)
        };
        for (told_as, status, remaining, reset, expected) in [
            ("seconds", 200, "0", "12", Some(12)),
            ("seconds", 200, "1", "12", None),
            ("seconds", 200, "0, 0;window=60", "12", Some(12)),
            ("seconds", 200, "0.0", "12", Some(12)),
            ("seconds", 200, "none", "12", None),
            ("seconds", 200, "", "12", None),
            ("seconds", 429, "", "12", Some(12)),
            ("seconds", 429, "7", "0.5", Some(1)),
            ("seconds", 403, "0", "12", Some(12)),
            ("seconds", 429, "0", "", None),
            ("seconds", 429, "0", "soon", None),
            ("milliseconds", 200, "0", "1500", Some(2)),
            ("unix", 200, "0", "1767254460", Some(60)),
            ("unix", 200, "0", "1", Some(0)),
            ("unix", 200, "0", "9999999999999", Some(86_400)),
            ("date", 200, "0", "2026-01-01T08:01:30Z", Some(90)),
            ("date", 200, "0", "Thu, 01 Jan 2026 08:00:05 GMT", Some(5)),
        ] {
            assert_eq!(told(told_as, status, remaining, reset), expected, "{told_as} {reset}");
        }
    }

    #[test]
    fn limits_without_the_words_say_nothing() {
        let limits: Limits =
            serde_json::from_value(serde_json::json!({ "concurrent": 1 })).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-reset", "9".parse().unwrap());
        assert_eq!(limits.wait_s(429, &headers, 0), None);
    }
}
