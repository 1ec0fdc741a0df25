//! A JSON text looked at without building its value: its members, its items, its kind.
//!
//! Texts are valid here ([`check`] has seen them), so that a part that cannot be read is passed over.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// Most levels of a JSON text.
pub const DEEPEST: usize = 1024;

/// As deep as serde_json reads unless it is told to read on.
const USUAL: usize = 127;

/// Whether a text is what [`super::parse`] reads; keeps nothing of it.
///
/// # Errors
/// Those of [`super::parse`], with the same line and column.
pub fn check(text: &str) -> Result<(), serde_json::Error> {
    // Skipping is cheaper than reading and sees the same grammar, with other words for what is wrong.
    if is_readable_if_valid(text) && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Ok(());
    }
    let mut reader = reader(text);
    Nothing.deserialize(&mut reader)?;
    reader.end()
}

/// A reader of a text, however deep it is up to [`DEEPEST`].
pub(super) fn reader(text: &str) -> serde_json::Deserializer<serde_json::de::StrRead<'_>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    if nests_deeper_than(text, USUAL) && !nests_deeper_than(text, DEEPEST) {
        reader.disable_recursion_limit();
    }
    reader
}

/// A text that others wrote as a value: half a surrogate pair, which JSON allows (RFC 8259, section 8.2) and no text can hold, is
/// U+FFFD.
///
/// # Errors
/// Those of [`super::parse`].
pub fn read(text: &str) -> Result<Value, serde_json::Error> {
    super::parse(&mended(text))
}

/// The text with each half of a surrogate pair replaced by `\ufffd`, which is as long: what is found in it stands at the same place
/// in the text.
#[must_use]
pub fn mended(text: &str) -> Cow<'_, str> {
    if !may_hold_half_a_pair(text) {
        return Cow::Borrowed(text);
    }
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let (mut out, mut done, mut at) = (String::new(), 0, 0);
    while let Some(found) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        at += found;
        match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                out.push_str(&text[done..at]);
                out.push_str("\\ufffd");
                at += 6;
                done = at;
            }
            // Whatever is escaped is a character, whose end is not looked at.
            _ => at = (at + 2).min(text.len()),
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Whether a text that is JSON to [`IgnoredAny`] is JSON to [`super::parse`] too: skipping is blind to two things that a
/// reader refuses.
pub(crate) fn is_readable_if_valid(text: &str) -> bool {
    !nests_deeper_than(text, DEEPEST) && !may_hold_half_a_pair(text)
}

/// Whether a text is null, or an empty text, list or object.
#[must_use]
pub fn is_empty(text: &str) -> bool {
    let text = text.trim_ascii();
    match text.as_bytes() {
        [b'{', inner @ .., b'}'] | [b'[', inner @ .., b']'] => inner.trim_ascii().is_empty(),
        _ => matches!(text, "null" | "\"\""),
    }
}

/// How many brackets and braces open in a text, in strings too. Byte by byte: memchr, where it is built without optimising, leaves
/// what it looked at on the stack, and this may be a secret. In small counts, which become vectors where it is optimised.
fn opened(bytes: &[u8]) -> usize {
    let is_open = |byte: &u8| u8::from(*byte | 0x20 == b'{');
    let few = |chunk: &[u8]| usize::from(chunk.iter().map(is_open).sum::<u8>());
    bytes.chunks(usize::from(u8::MAX)).map(few).sum()
}

/// Whether it has more levels of lists and objects.
#[must_use]
pub fn nests_deeper_than(text: &str, levels: usize) -> bool {
    if text.len() <= levels || opened(text.as_bytes()) <= levels {
        return false;
    }
    let mut depth = 0_usize;
    super::outside_strings(text).flat_map(str::bytes).any(|byte| {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > levels
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
        _ => read(text).unwrap_or_default(),
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
    serde_json::from_str(&mended(text)).ok().map(Cow::Owned)
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
            &deep(300),
            &format!("{},", deep(300)),
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
    fn half_a_pair_is_mended_in_its_place() {
        for (text, expected) in [
            (r#"["a"]"#, r#"["a"]"#),
            (r#"["\ud83d\ude00"]"#, r#"["\ud83d\ude00"]"#),
            (r#"["hi \ud83d"]"#, r#"["hi \ufffd"]"#),
            (r#"["\uDE00 hi"]"#, r#"["\ufffd hi"]"#),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            (r#"["\ud83dx\ude00"]"#, r#"["\ufffdx\ufffd"]"#),
            (r#"["\\ud83d", "\\\ud83d"]"#, r#"["\\ud83d", "\\\ufffd"]"#),
            (r#"{"\udc00é":"\ud800é"}"#, r#"{"\ufffdé":"\ufffdé"}"#),
            (r#"["\ud83"#, r#"["\ud83"#),
            ("\\", "\\"),
            ("\\é", "\\é"),
        ] {
            assert_eq!(mended(text), expected);
            assert_eq!(mended(text).len(), text.len());
        }
        assert_eq!(read(r#"["hi \ud83d"]"#).unwrap(), serde_json::json!(["hi \u{fffd}"]));
        assert_eq!(scalar(r#""hi \ud83d""#).as_deref(), Some("hi \u{fffd}"));
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
