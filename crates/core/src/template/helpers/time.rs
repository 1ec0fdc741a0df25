//! Helpers of time: date-times of RFC 3339, in UTC.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use super::{Given, text};

pub(super) fn date(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::String(moment(p[0])?.to_zoned(TimeZone::UTC).date().to_string()))
}

pub(super) fn unix(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::from(moment(p[0])?.as_second()))
}

pub(super) fn unix_ms(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::from(moment(p[0])?.as_millisecond()))
}

pub(super) fn from_unix(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    since_1970(p[0], 1_000.0)
}

pub(super) fn from_unix_ms(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    since_1970(p[0], 1.0)
}

/// The moment of the call.
pub(super) fn now(_: &[&Value], given: Given) -> Result<Value, &'static str> {
    let seconds = given.now.ok_or("there is no time here, only in requests")?;
    Timestamp::from_second(seconds).map(shown).map_err(|_| "the time is out of range")
}

/// A moment that lies a span later, or earlier: `-1h`, `P1D`, `2 weeks`. Days and months are those of the calendar.
pub(super) fn add_time(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let wrong = "the span must be one such as \"-1h\", \"2 days\" or \"P1D\"";
    let span: Span = text(p[1])?.trim().parse().map_err(|_| wrong)?;
    let at = moment(p[0])?.to_zoned(TimeZone::UTC).checked_add(span);
    at.map(|at| shown(at.timestamp())).map_err(|_| "the result is out of range")
}

/// A moment in another form, as strftime has them: `%Y-%m-%d %H:%M`.
pub(super) fn format_time(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let at = moment(p[0])?.to_zoned(TimeZone::UTC);
    let text = jiff::fmt::strtime::format(text(p[1])?, &at);
    text.map(Value::String).map_err(|_| "the form must be one of strftime, such as \"%Y-%m-%d\"")
}

fn moment(value: &Value) -> Result<Timestamp, &'static str> {
    let wrong = "the parameter must be a date-time such as \"2026-01-31T08:00:00Z\"";
    value.as_str().and_then(|text| text.parse().ok()).ok_or(wrong)
}

/// A moment by its distance from 1970, to the millisecond.
fn since_1970(value: &Value, milliseconds: f64) -> Result<Value, &'static str> {
    let wrong = "the parameter must be a number of a time since 1970";
    let number: f64 = text(value)?.trim().parse().map_err(|_| wrong)?;
    // A conversion of floats stops at the largest number, which is out of range.
    let at = Timestamp::from_millisecond((number * milliseconds).round() as i64);
    at.map(shown).map_err(|_| wrong)
}

fn shown(at: Timestamp) -> Value {
    Value::String(at.to_string())
}
