//! The helpers: functions of values without effects, by name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::limits::MAX_RENDERED_BYTES;
use super::scope::scalar_text;

pub(super) type Function = fn(&[&Value]) -> Result<Value, &'static str>;

/// Name, fewest and most parameters, function. `default` alone takes a missing first parameter.
pub(super) const HELPERS: &[(&str, usize, usize, Function)] = &[
    ("base64", 1, 1, |p| Ok(Value::String(STANDARD.encode(text(p[0])?.as_bytes())))),
    ("concat", 1, 32, |p| {
        let texts = p.iter().map(|v| text(v)).collect::<Result<Vec<_>, _>>()?;
        joined(&texts, "")
    }),
    ("date", 1, 1, |p| {
        timestamp(p[0])
            .map(|at| Value::String(at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()))
    }),
    ("default", 2, 2, |p| Ok(if p[0].is_null() { p[1].clone() } else { p[0].clone() })),
    ("join", 2, 2, |p| {
        let items = p[0].as_array().ok_or("the first parameter must be a list")?;
        let texts = items.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        joined(&texts, &text(p[1])?)
    }),
    ("json", 1, 1, |p| Ok(Value::String(p[0].to_string()))),
    ("lower", 1, 1, |p| Ok(Value::String(text(p[0])?.to_lowercase()))),
    ("replace", 3, 3, |p| replaced(&text(p[0])?, &text(p[1])?, &text(p[2])?)),
    ("text", 1, 1, |p| text(p[0]).map(Value::String)),
    ("trim", 1, 1, |p| Ok(Value::String(text(p[0])?.trim().to_owned()))),
    ("unix", 1, 1, |p| timestamp(p[0]).map(|at| Value::from(at.as_second()))),
    ("unix_ms", 1, 1, |p| timestamp(p[0]).map(|at| Value::from(at.as_millisecond()))),
    ("upper", 1, 1, |p| Ok(Value::String(text(p[0])?.to_uppercase()))),
];

/// The fewest and most parameters of a helper; `None` where there is no such helper.
#[must_use]
pub fn arity(name: &str) -> Option<(usize, usize)> {
    HELPERS.iter().find(|(known, ..)| *known == name).map(|(_, least, most, _)| (*least, *most))
}

/// The names of all helpers, sorted.
pub fn helper_names() -> impl Iterator<Item = &'static str> {
    HELPERS.iter().map(|(name, ..)| *name)
}

pub(super) const TOO_LONG: &str = "the result would be longer than 1 MiB";

/// Refuses a result before it is made.
fn bounded(length: usize) -> Result<(), &'static str> {
    if length > MAX_RENDERED_BYTES { Err(TOO_LONG) } else { Ok(()) }
}

fn joined(texts: &[String], between: &str) -> Result<Value, &'static str> {
    bounded(texts.iter().map(|text| text.len() + between.len()).sum())?;
    Ok(Value::String(texts.join(between)))
}

fn replaced(text: &str, from: &str, to: &str) -> Result<Value, &'static str> {
    let count = text.matches(from).count();
    bounded(text.len().saturating_add(count.saturating_mul(to.len())))?;
    Ok(Value::String(text.replace(from, to)))
}

fn text(value: &Value) -> Result<String, &'static str> {
    scalar_text(value)
        .map(std::borrow::Cow::into_owned)
        .ok_or("a parameter must be text, a number or true-false")
}

fn timestamp(value: &Value) -> Result<jiff::Timestamp, &'static str> {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .ok_or("the parameter must be a date-time such as \"2026-01-31T08:00:00Z\"")
}

/// Whether a call's text names the helper `default`.
pub fn gives_default(call: &str) -> bool {
    call.split(['(', ' ']).any(|word| word == "default")
}
