//! Helpers of text.

use serde_json::Value;

use super::{Given, bounded, text};

pub(super) fn concat(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let texts = p.iter().map(|value| text(value)).collect::<Result<Vec<_>, _>>()?;
    bounded(texts.iter().map(String::len).sum())?;
    Ok(Value::String(texts.concat()))
}

pub(super) fn lower(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::String(text(p[0])?.to_lowercase()))
}

pub(super) fn upper(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::String(text(p[0])?.to_uppercase()))
}

pub(super) fn trim(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    Ok(Value::String(text(p[0])?.trim().to_owned()))
}

/// The number that a text is, digit for digit.
pub(super) fn number(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let text = text(p[0])?;
    let number = crate::value::parse(text.trim()).ok().filter(Value::is_number);
    number.ok_or("the parameter must be a number such as 12 or -1.5e3")
}

pub(super) fn replace(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let (text, from, to) = (text(p[0])?, text(p[1])?, text(p[2])?);
    let count = text.matches(&from).count();
    bounded(text.len().saturating_add(count.saturating_mul(to.len())))?;
    Ok(Value::String(text.replace(&from, &to)))
}

/// The pieces between separators; an empty text has none.
pub(super) fn split(p: &[&Value], _: Given) -> Result<Value, &'static str> {
    let (text, separator) = (text(p[0])?, text(p[1])?);
    if separator.is_empty() {
        return Err("the separator must not be empty");
    }
    if text.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    Ok(text.split(&separator).map(Value::from).collect())
}
