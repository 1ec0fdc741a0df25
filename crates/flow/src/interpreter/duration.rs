//! How long a duration of a document is.

use super::scope::View;
use crate::datum::Datum;
use crate::document::parts::Duration;
use crate::document::{MAX_DURATION, milliseconds as iso8601};
use crate::problem::{Problem, Standard};

/// A duration in milliseconds.
pub(super) fn milliseconds(
    duration: &Duration,
    input: &Datum,
    view: &View<'_>,
) -> Result<i64, Problem> {
    let expression = match duration {
        Duration::Fixed(length) => return Ok(*length),
        Duration::Expression(expression) => expression,
    };
    let value = expression.evaluate(input, view).map_err(|fault| Problem::from(&fault))?;
    let length = match &value {
        Datum::Text(text) => iso8601(text),
        Datum::Object(parts) => {
            let part = |key: &str, length: i64| match parts.get(key) {
                None => Some(0),
                Some(Datum::Number(number)) => number.as_i64()?.checked_mul(length),
                Some(_) => None,
            };
            let parts = [
                part("days", 86_400_000),
                part("hours", 3_600_000),
                part("minutes", 60_000),
                part("seconds", 1_000),
                part("milliseconds", 1),
            ];
            parts.into_iter().try_fold(0_i64, |sum, part| sum.checked_add(part?))
        }
        _ => None,
    };
    length.filter(|length| (0..=MAX_DURATION).contains(length)).ok_or_else(|| {
        let detail = format!("`{}` gives no duration", expression.text());
        Problem::new(Standard::Expression, "the expression has no value", detail)
    })
}
