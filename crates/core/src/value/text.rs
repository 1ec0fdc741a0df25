//! A JSON text looked at without building its value: its members, its items, its kind.
//!
//! Texts are valid here ([`check`] has seen them), so that a part that cannot be read is passed over.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// As deep as serde_json reads.
const DEEPEST: usize = 127;

/// Whether a text is what [`super::parse`] reads; keeps nothing of it.
///
/// # Errors
/// Those of [`super::parse`], with the same line and column.
pub fn check(text: &str) -> Result<(), serde_json::Error> {
    // Skipping is cheaper than reading and sees the same grammar, with other words for what is wrong.
    if is_readable_if_valid(text) && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Ok(());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    Nothing.deserialize(&mut reader)?;
    reader.end()
}

/// Whether a text that is JSON to [`IgnoredAny`] is JSON to [`super::parse`] too: skipping is blind to two things that a
/// reader refuses.
pub(crate) fn is_readable_if_valid(text: &str) -> bool {
    !is_too_deep(text) && !may_hold_half_a_pair(text)
}

/// Whether it nests deeper than serde_json reads.
fn is_too_deep(text: &str) -> bool {
    if memchr::memchr2_iter(b'{', b'[', text.as_bytes()).count() <= DEEPEST {
        return false;
    }
    let mut depth = 0_usize;
    super::outside_strings(text).flat_map(str::bytes).any(|byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEEPEST
    })
}

/// Whether a string may hold `\ud800` to `\udfff`, which are no characters of their own.
fn may_hold_half_a_pair(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'\\', bytes)
        .any(|at| matches!(bytes.get(at + 1..at + 3), Some([b'u', b'd' | b'D'])))
}

/// Whether it is an object or a list.
#[must_use]
pub fn is_container(text: &str) -> bool {
    text.starts_with(['{', '['])
}

/// The value of a text; null where it cannot be read.
#[must_use]
pub fn value(text: &str) -> Value {
    match text.as_bytes().first() {
        // As it is written: reading it would look for exponents again.
        Some(b'-' | b'0'..=b'9') => Value::Number(Number::from_string_unchecked(text.to_owned())),
        Some(b'"') => string(text).map_or(Value::Null, |text| Value::String(text.into_owned())),
        _ => super::parse(text).unwrap_or_default(),
    }
}

/// The value of a text where it is a scalar; an empty list or object of the same type otherwise.
#[must_use]
pub fn outline(text: &str) -> Value {
    match text.as_bytes().first() {
        Some(b'{') => Value::Object(Map::new()),
        Some(b'[') => Value::Array(Vec::new()),
        _ => value(text),
    }
}

/// The text of a text, number or boolean; `None` for the rest.
#[must_use]
pub fn scalar(text: &str) -> Option<Cow<'_, str>> {
    match text.as_bytes().first()? {
        b'"' => string(text),
        b'{' | b'[' | b'n' => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

fn string(text: &str) -> Option<Cow<'_, str>> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return Some(Cow::Borrowed(text.get(1..text.len() - 1)?));
    }
    serde_json::from_str(text).ok().map(Cow::Owned)
}

/// Calls `visit` with each member of an object, also those whose key comes again; nothing where it is no object.
pub fn members<'t>(text: &'t str, visit: &mut dyn FnMut(Cow<'t, str>, &'t str)) {
    let mut reader = serde_json::Deserializer::from_str(text);
    // It is valid, so there is no error; a scalar has no members.
    let _ = reader.deserialize_map(Members(visit));
}

/// Calls `visit` with each item of a list; nothing where it is no list.
pub fn items<'t>(text: &'t str, visit: &mut dyn FnMut(&'t str)) {
    let mut reader = serde_json::Deserializer::from_str(text);
    let _ = reader.deserialize_seq(Items(visit));
}

struct Members<'v, 't>(&'v mut dyn FnMut(Cow<'t, str>, &'t str));

impl<'t> Visitor<'t> for Members<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(Key)? {
            (self.0)(key, map.next_value::<&RawValue>()?.get());
        }
        Ok(())
    }
}

struct Items<'v, 't>(&'v mut dyn FnMut(&'t str));

impl<'t> Visitor<'t> for Items<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            (self.0)(item.get());
        }
        Ok(())
    }
}

/// A key, borrowed where it is written without escapes.
struct Key;

impl<'t> DeserializeSeed<'t> for Key {
    type Value = Cow<'t, str>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Cow<'t, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for Key {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_borrowed_str<E>(self, key: &'t str) -> Result<Cow<'t, str>, E> {
        Ok(Cow::Borrowed(key))
    }
    fn visit_str<E>(self, key: &str) -> Result<Cow<'t, str>, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// Reads any value and keeps nothing.
#[derive(Clone, Copy)]
struct Nothing;

impl<'de> DeserializeSeed<'de> for Nothing {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nothing {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(self)?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(self)?.is_some() {
            map.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_checked_is_what_is_read() {
        let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let wide = format!("[{}{{}}]", "{\"a\":[]},".repeat(100));
        for text in [
            "{\"a\":[1E5,-0.0,true,null,\"x\"]}",
            " [ ] \n",
            &wide,
            &deep(127),
            &deep(128),
            &deep(5000),
            &format!("{{\"a\":{},\"b\":01}}", deep(200)),
            "[\"\\ud83d\\ude00\"]",
            "[\n\"\\ud800\"]",
            "{\"\\udc00x\":1}",
            "[\"\\ud800\\n\"]",
            "[1,\n  2,]",
            "{\"a\" 1}",
            "{\"a\":\n tru",
            "[01]",
            "[1.]",
            "[1e]",
            "[-]",
            "\"a\nb\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"abc",
            "[1] 2",
            "{,}",
            "{1:2}",
            "[}",
            "",
            "  ",
        ] {
            let expected = crate::value::parse(text).map(|_| ()).map_err(|error| error.to_string());
            assert_eq!(check(text).map_err(|error| error.to_string()), expected, "{text}");
        }
    }

    #[test]
    fn scalars_are_read_as_they_are_written() {
        for text in
            ["1E5", "-0.0", "7615917337495251231", "\"a\\u00e9\\n\"", "\"x\"", "true", "null"]
        {
            assert_eq!(value(text), crate::value::parse(text).unwrap(), "{text}");
        }
        assert_eq!(scalar("\"a\\u00e9\"").as_deref(), Some("aé"));
        assert_eq!(scalar("1.10").as_deref(), Some("1.10"));
        assert_eq!(scalar("null"), None);
        assert_eq!(scalar("[1]"), None);
    }
}
