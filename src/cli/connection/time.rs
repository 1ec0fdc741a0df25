//! Points in time, for people and for programs.

use jiff::Timestamp;
use serde_json::Value;

/// Now, in seconds since 1970.
pub(super) fn now() -> i64 {
    Timestamp::now().as_second()
}

/// As RFC 3339 has it, in UTC.
pub(super) fn rfc3339(seconds: i64) -> Value {
    let time = Timestamp::from_second(seconds).map(|time| time.to_string());
    time.map_or(Value::Null, Value::String)
}

/// To the minute, in UTC: the time alone where it is on the day of `now`.
pub(super) fn shown(seconds: i64, now: i64) -> String {
    let text = |seconds: i64| {
        let time = Timestamp::from_second(seconds).map(|time| time.to_string());
        time.unwrap_or_default()
    };
    let (time, today) = (text(seconds), text(now));
    let date = |text: &str| text.get(..10).unwrap_or_default().to_owned();
    let minute = time.get(11..16).unwrap_or_default();
    if date(&time) == date(&today) {
        format!("{minute} UTC")
    } else {
        format!("{} {minute} UTC", date(&time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_today_is_shown_without_its_date() {
        // 2026-01-31T14:03:59Z
        let time = 1_769_868_239;
        assert_eq!(shown(time, time - 3600), "14:03 UTC");
        assert_eq!(shown(time, time - 86_400), "2026-01-31 14:03 UTC");
        assert_eq!(rfc3339(time), "2026-01-31T14:03:59Z");
    }
}
