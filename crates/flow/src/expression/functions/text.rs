//! Text: parts of it, where something is in it, its characters.

use jaq_core::native::{Fun, bome, unary, v};
use jaq_core::{Native, ValR};

use super::super::program::Jq;
use crate::datum::{Datum, of_one, of_two, plain, spend};

pub(super) fn functions() -> Vec<Fun<Jq>> {
    vec![
        ("utf8bytelength", v(0), Native::new(|cv| bome(byte_length(&cv.1)))),
        ("ascii_downcase", v(0), Native::new(|cv| bome(downcase(&cv.1)))),
        ("ascii_upcase", v(0), Native::new(|cv| bome(upcase(&cv.1)))),
        ("trim", v(0), Native::new(|cv| bome(trimmed(&cv.1, str::trim)))),
        ("ltrim", v(0), Native::new(|cv| bome(trimmed(&cv.1, str::trim_start)))),
        ("rtrim", v(0), Native::new(|cv| bome(trimmed(&cv.1, str::trim_end)))),
        ("startswith", v(1), Native::new(|cv| unary(cv, |a, b| starts_with(&a, &b)))),
        ("endswith", v(1), Native::new(|cv| unary(cv, |a, b| ends_with(&a, &b)))),
        ("ltrimstr", v(1), Native::new(|cv| unary(cv, |a, b| without_start(&a, &b)))),
        ("rtrimstr", v(1), Native::new(|cv| unary(cv, |a, b| without_end(&a, &b)))),
        ("split", v(1), Native::new(|cv| unary(cv, split))),
        ("explode", v(0), Native::new(|cv| bome(explode(&cv.1)))),
        ("implode", v(0), Native::new(|cv| bome(implode(&cv.1)))),
        ("indices", v(1), Native::new(|cv| unary(cv, |a, b| indices(&a, &b)))),
        ("contains", v(1), Native::new(|cv| unary(cv, |a, b| contains(&a, &b)))),
    ]
}

fn paid(value: &Datum) -> Option<&str> {
    let text = value.as_text()?;
    spend(text.len() as u64 / 16);
    Some(text)
}

fn byte_length(value: &Datum) -> ValR<Datum> {
    match value.as_text() {
        Some(text) => Ok(Datum::from(text.len())),
        None => Err(of_one(value, "only strings have UTF-8 byte length")),
    }
}

fn downcase(value: &Datum) -> ValR<Datum> {
    let text = paid(value).ok_or_else(|| plain("ascii_downcase input must be a string"))?;
    Ok(Datum::from(text.to_ascii_lowercase()))
}

fn upcase(value: &Datum) -> ValR<Datum> {
    let text = paid(value).ok_or_else(|| plain("ascii_upcase input must be a string"))?;
    Ok(Datum::from(text.to_ascii_uppercase()))
}

fn trimmed(value: &Datum, trim: fn(&str) -> &str) -> ValR<Datum> {
    let text = paid(value).ok_or_else(|| plain("trim input must be a string"))?;
    Ok(part_of(value, text, trim(text)))
}

/// A part of a text; the text itself where that is all of it.
fn part_of(value: &Datum, text: &str, part: &str) -> Datum {
    if part.len() == text.len() { value.clone() } else { Datum::text(part) }
}

fn pair<'v>(value: &'v Datum, other: &'v Datum, name: &str) -> ValR<(&'v str, &'v str), Datum> {
    match (paid(value), other.as_text()) {
        (Some(text), Some(part)) => Ok((text, part)),
        _ => Err(plain(&format!("{name}() requires string inputs"))),
    }
}

fn starts_with(value: &Datum, start: &Datum) -> ValR<Datum> {
    let (text, start) = pair(value, start, "startswith")?;
    Ok(Datum::Bool(text.starts_with(start)))
}

fn ends_with(value: &Datum, end: &Datum) -> ValR<Datum> {
    let (text, end) = pair(value, end, "endswith")?;
    Ok(Datum::Bool(text.ends_with(end)))
}

fn without_start(value: &Datum, start: &Datum) -> ValR<Datum> {
    let (text, start) = pair(value, start, "startswith")?;
    Ok(part_of(value, text, text.strip_prefix(start).unwrap_or(text)))
}

fn without_end(value: &Datum, end: &Datum) -> ValR<Datum> {
    let (text, end) = pair(value, end, "endswith")?;
    Ok(part_of(value, text, text.strip_suffix(end).unwrap_or(text)))
}

fn split(value: Datum, between: Datum) -> ValR<Datum> {
    match (&value, &between) {
        (Datum::Text(_), Datum::Text(_)) => value / between,
        _ => Err(plain("split input and separator must be strings")),
    }
}

fn explode(value: &Datum) -> ValR<Datum> {
    let text = paid(value).ok_or_else(|| plain("explode input must be a string"))?;
    Ok(text.chars().map(|c| Datum::int(i64::from(u32::from(c)))).collect())
}

/// What is no character becomes U+FFFD.
fn implode(value: &Datum) -> ValR<Datum> {
    let items = value.as_list().ok_or_else(|| plain("implode input must be an array"))?;
    spend(items.len() as u64);
    let c = |item: &Datum| match item {
        Datum::Number(number) if !number.is_nan() => {
            let code = number.floor().and_then(|code| u32::try_from(code).ok());
            Ok(code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
        other => Err(of_one(other, "can't be imploded, unicode codepoint needs to be numeric")),
    };
    let text: Result<String, _> = items.iter().map(c).collect();
    Ok(Datum::from(text?))
}

/// Where a part is: in texts by characters, in lists by items.
fn indices(whole: &Datum, part: &Datum) -> ValR<Datum> {
    Ok(match (whole, part) {
        (Datum::Null, _) => Datum::Null,
        (Datum::Text(_), Datum::Text(part)) if part.is_empty() => Datum::Null,
        (Datum::Text(whole), Datum::Text(part)) => {
            spend(whole.len() as u64 / 4);
            let places = whole.char_indices().enumerate();
            places
                .filter(|(_, (at, _))| whole.as_bytes()[*at..].starts_with(part.as_bytes()))
                .map(|(index, _)| Datum::from(index))
                .collect()
        }
        (Datum::List(_), Datum::List(part)) if part.items().is_empty() => Datum::Null,
        (Datum::List(whole), Datum::List(part)) => {
            whole.places_of(part.items()).map(Datum::from).collect()
        }
        (Datum::List(whole), part) => {
            let places = whole.items().iter().enumerate();
            places.filter(|(_, item)| *item == part).map(|(index, _)| Datum::from(index)).collect()
        }
        (whole, part) => return Err(crate::datum::no_index(whole, part)),
    })
}

fn contains(whole: &Datum, part: &Datum) -> ValR<Datum> {
    let kinds = |value: &Datum| (value.jq_type(), matches!(value, Datum::Bool(true)));
    if kinds(whole) != kinds(part) {
        return Err(of_two(whole, part, "cannot have their containment checked"));
    }
    Ok(Datum::Bool(holds(whole, part)))
}

fn holds(whole: &Datum, part: &Datum) -> bool {
    if !spend(1) {
        return false;
    }
    match (whole, part) {
        (Datum::Text(whole), Datum::Text(part)) => {
            spend(whole.len() as u64 / 16);
            whole.contains(&**part)
        }
        (Datum::List(whole), Datum::List(part)) => {
            part.items().iter().all(|part| whole.items().iter().any(|whole| holds(whole, part)))
        }
        (Datum::Object(whole), Datum::Object(part)) => part
            .entries()
            .iter()
            .all(|(key, part)| whole.get(key).is_some_and(|whole| holds(whole, part))),
        (whole, part) => whole == part,
    }
}
