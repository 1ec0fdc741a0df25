//! What kind a value is, and numbers and booleans out of text.

use jaq_core::native::{Fun, bome, unary, v};
use jaq_core::{Error, Native, ValR};

use super::super::program::Jq;
use crate::datum::{Datum, Number, now, of_one, spend};

pub(super) fn functions() -> Vec<Fun<Jq>> {
    vec![
        ("type", v(0), Native::new(|cv| bome(Ok(Datum::text(cv.1.jq_type()))))),
        ("null", v(0), Native::new(|_| bome(Ok(Datum::Null)))),
        ("true", v(0), Native::new(|_| bome(Ok(Datum::Bool(true))))),
        ("false", v(0), Native::new(|_| bome(Ok(Datum::Bool(false))))),
        ("not", v(0), Native::new(|cv| bome(Ok(Datum::Bool(!cv.1.is_true()))))),
        (
            "_is",
            v(1),
            Native::new(|cv| unary(cv, |value, kind| Ok(Datum::Bool(is(&value, &kind))))),
        ),
        ("nan", v(0), Native::new(|_| bome(Ok(Datum::from(f64::NAN))))),
        ("infinite", v(0), Native::new(|_| bome(Ok(Datum::from(f64::INFINITY))))),
        ("isnan", v(0), Native::new(|cv| bome(number(&cv.1, f64::is_nan)))),
        ("isinfinite", v(0), Native::new(|cv| bome(number(&cv.1, f64::is_infinite)))),
        ("isnormal", v(0), Native::new(|cv| bome(number(&cv.1, f64::is_normal)))),
        ("tonumber", v(0), Native::new(|cv| bome(to_number(cv.1)))),
        ("toboolean", v(0), Native::new(|cv| bome(to_boolean(cv.1)))),
        ("length", v(0), Native::new(|cv| bome(length(cv.1)))),
        #[expect(clippy::cast_precision_loss, reason = "milliseconds fit")]
        ("now", v(0), Native::new(|_| bome(Ok(Datum::from(now() as f64 / 1000.0))))),
    ]
}

fn is(value: &Datum, kind: &Datum) -> bool {
    kind.as_text() == Some(value.jq_type())
}

fn number(value: &Datum, is: fn(f64) -> bool) -> ValR<Datum> {
    match value {
        Datum::Number(number) => Ok(Datum::Bool(is(number.as_f64()))),
        other => Err(of_one(other, "number required")),
    }
}

fn to_number(value: Datum) -> ValR<Datum> {
    let number = match &value {
        Datum::Number(_) => return Ok(value),
        Datum::Text(text) => {
            spend(text.len() as u64 / 64);
            read(text)
        }
        _ => None,
    };
    number.map(Datum::Number).ok_or_else(|| of_one(&value, "cannot be parsed as a number"))
}

/// A number as jq reads it: JSON's, and with a plus, without a digit before or after the point.
fn read(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_is_one = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    if !(are_digits(whole) && are_digits(fraction) && exponent_is_one)
        || whole.len() + fraction.len() == 0
    {
        return None;
    }
    // As it is written, where JSON writes it so.
    let whole_is_json = !whole.is_empty() && (whole == "0" || !whole.starts_with('0'));
    let is_json = whole_is_json && !text.starts_with('+') && !mantissa.ends_with('.');
    Some(match is_json {
        true => Number::read(text),
        false => Number::of(text.parse().ok()?),
    })
}

fn to_boolean(value: Datum) -> ValR<Datum> {
    match (&value, value.as_text()) {
        (Datum::Bool(_), _) => Ok(value),
        (_, Some("true")) => Ok(Datum::Bool(true)),
        (_, Some("false")) => Ok(Datum::Bool(false)),
        _ => Err(of_one(&value, "cannot be parsed as a boolean")),
    }
}

fn length(value: Datum) -> Result<Datum, Error<Datum>> {
    Ok(match value {
        Datum::Null => Datum::int(0),
        Datum::Number(number) if number.as_f64() < 0.0 => return -Datum::Number(number),
        Datum::Number(number) => Datum::Number(number),
        Datum::Text(text) => {
            spend(text.len() as u64 / 64);
            Datum::from(text.chars().count())
        }
        Datum::List(list) => Datum::from(list.items().len()),
        Datum::Object(object) => Datum::from(object.entries().len()),
        Datum::Bool(_) => return Err(of_one(&value, "has no length")),
    })
}
