//! Small facts about JSON values.

pub mod text;

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The name of a value's type in messages.
#[must_use]
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true-false",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Follows segments into objects (by key) and lists (by index).
#[must_use]
pub fn descend<'v>(mut value: &'v Value, segments: &[String]) -> Option<&'v Value> {
    for segment in segments {
        value = match value {
            Value::Object(map) => get(map, segment)?,
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value)
}

/// How many bytes of text a value holds, keys and numbers included.
pub(crate) fn text_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 0,
        Value::Number(number) => number.as_str().len(),
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + text_bytes(value)).sum(),
    }
}

/// Up to so many keys are compared one by one: that takes less than hashing one.
const FEW: usize = 8;

/// A value by its key.
#[must_use]
pub fn get<'m>(map: &'m Map<String, Value>, key: &str) -> Option<&'m Value> {
    if map.len() > FEW {
        return map.get(key);
    }
    map.iter().find_map(|(known, value)| (known == key).then_some(value))
}

/// A value by its key, to be changed.
pub fn get_mut<'m>(map: &'m mut Map<String, Value>, key: &str) -> Option<&'m mut Value> {
    if map.len() > FEW {
        return map.get_mut(key);
    }
    map.iter_mut().find_map(|(known, value)| (known == key).then_some(value))
}

/// Reads a JSON text and keeps every number's text as written, also where serde_json would respell an
/// exponent (`1E5` as `1e+5`).
///
/// # Errors
/// serde_json's, with line and column.
pub fn parse(text: &str) -> Result<Value, serde_json::Error> {
    let mut reader = text::reader(text);
    let mut value = Value::deserialize(&mut reader)?;
    reader.end()?;
    if may_hold_exponent(text) {
        restore(&mut value, &mut numbers(text));
    }
    Ok(value)
}

/// What is wrong with a JSON text, without the place: serde_json writes both into one sentence, and has the place apart too.
#[must_use]
pub fn reason(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match words.strip_suffix(&place).unwrap_or(&words) {
        // Valid to JSON's grammar (RFC 8259, section 8.2), and no text that anybody could send.
        "unexpected end of hex escape" | "lone leading surrogate in hex escape" => {
            "an escape is half a character: a surrogate without its other half".to_owned()
        }
        words => words.to_owned(),
    }
}

/// Whether a JSON text may hold a number with an exponent. One follows a digit; so may a letter in a text, which costs no
/// more than a second look.
pub fn may_hold_exponent(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| pair[0].is_ascii_digit() && pair[1] | 0x20 == b'e')
}

/// The first key that stands twice in one object of a JSON text; `value` is what was read of it.
#[must_use]
pub fn duplicate_key(text: &str, value: &Value) -> Option<String> {
    let colons = |piece: &str| memchr::memchr_iter(b':', piece.as_bytes()).count();
    let written: usize = outside_strings(text).map(colons).sum();
    if written == keys(value) {
        return None;
    }
    serde_json::from_str::<UniqueKeys>(text).err().map(|error| reason(&error))
}

/// How many keys a value has, at all depths.
fn keys(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(keys).sum(),
        Value::Object(map) => map.len() + map.values().map(keys).sum::<usize>(),
        _ => 0,
    }
}

/// Reads any value and ends with the first repeated key as its error.
struct UniqueKeys;

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueKeys)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = UniqueKeys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<UniqueKeys>()?.is_some() {}
        Ok(self)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut known = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            map.next_value::<UniqueKeys>()?;
            if let Some(twice) = known.replace(key) {
                return Err(A::Error::custom(twice));
            }
        }
        Ok(self)
    }
}

/// The numbers of a valid JSON text, in order.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let is_number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    outside_strings(text)
        .flat_map(move |piece| piece.split(move |c| !is_number(c)))
        // What is left of `true`, `false` and `null` has no digit.
        .filter(|piece| piece.contains(|c: char| c.is_ascii_digit()))
}

/// The pieces of a valid JSON text between its strings.
fn outside_strings(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(open) = memchr::memchr(b'"', text.as_bytes()) else {
            rest = None;
            return Some(text);
        };
        let mut at = open + 1;
        rest = loop {
            match memchr::memchr2(b'"', b'\\', &text.as_bytes()[at..]) {
                None => break None,
                Some(found) if text.as_bytes()[at + found] == b'"' => {
                    break text.get(at + found + 1..);
                }
                // What is escaped is at least one character long.
                Some(found) if at + found + 2 <= text.len() => at += found + 2,
                Some(_) => break None,
            }
        };
        Some(&text[..open])
    })
}

/// Puts the text of each number back, in the order of the text. Where a repeated key has put the two out of
/// step, what does not mean the same number is left as it is.
fn restore<'t>(value: &mut Value, written: &mut impl Iterator<Item = &'t str>) {
    match value {
        Value::Number(number) => {
            if let Some(text) = written.next()
                && respelt(text) == number.as_str()
            {
                *number = serde_json::Number::from_string_unchecked(text.to_owned());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| restore(item, written)),
        Value::Object(map) => map.values_mut().for_each(|item| restore(item, written)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// A number as serde_json respells it: a small `e`, and always a sign after it.
fn respelt(text: &str) -> String {
    match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) if exponent.starts_with(['+', '-']) => {
            format!("{mantissa}e{exponent}")
        }
        Some((mantissa, exponent)) => format!("{mantissa}e+{exponent}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_serde_jsons_sentence_without_its_place() {
        for (text, expected) in [
            ("{\"a\": }", "expected value"),
            ("{\"a\"", "EOF while parsing an object"),
            ("[1 2]", "expected `,` or `]`"),
            ("\"\u{1}\"", "control character (\\u0000-\\u001F) found while parsing a string"),
        ] {
            let error = serde_json::from_str::<Value>(text).unwrap_err();
            assert_eq!(reason(&error), expected);
            let place = format!("{expected} at line 1 column {}", error.column());
            assert_eq!(error.to_string(), place);
        }
        // A value that has no place says only what is wrong.
        let error = serde_json::from_value::<u8>(Value::Null).unwrap_err();
        assert_eq!(reason(&error), "invalid type: null, expected u8");
    }

    /// `invocation` refuses keys that begin so, and `flow::datum` reads numbers by this one.
    #[test]
    fn a_number_is_given_on_under_a_key_of_serde_jsons_own() {
        let under: Value =
            serde_json::from_str("{\"$serde_json::private::Number\": \"7.0\"}").unwrap();
        assert_eq!(under.to_string(), "7.0");
        let raw: Value =
            serde_json::from_str("{\"$serde_json::private::RawValue\": \"[7]\"}").unwrap();
        assert_eq!(raw.to_string(), "[7]");
    }

    #[test]
    fn numbers_keep_their_text() {
        for text in [
            r#"{"a":1E5,"b":[1e400,-0.0,1.10,2E-3,0e0,1e+5],"e1":"1E5 \"2E7\\","c":7615917337495251231}"#,
            "1E5",
            r#"[true,null,1e3,false,"\\",9e9]"#,
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_repeated_key_is_found_at_any_depth() {
        let found = |text: &str| duplicate_key(text, &parse(text).unwrap());
        assert_eq!(found(r#"{"a":1,"b:":{"a":[{"x":1.5,"y":":"}]}}"#), None);
        assert_eq!(found(r#"{"a":1,"b":[{"c d":1,"e":2,"c d":null}]}"#).as_deref(), Some("c d"));
        assert_eq!(found(r#"{"a":{"n":7e5},"a":1}"#).as_deref(), Some("a"));
    }

    #[test]
    fn a_repeated_key_changes_no_number() {
        let value = parse(r#"{"a":1E5,"b":2E5,"a":3E5}"#).unwrap();
        assert_eq!(value["a"].as_f64(), Some(3e5));
        assert_eq!(value["b"].as_f64(), Some(2e5));
    }
}
