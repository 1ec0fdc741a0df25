//! To and from `serde_json`, JSON text, and comparison.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt::{self, Write};
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::{Datum, Number, Object, spend};
use cardhost_core::response::{Headers, Output, OutputValue};
use cardhost_document::{Kind, Node};

/// The keys of objects that were seen: records have the same ones over and over, and share them.
#[derive(Default)]
struct Keys(RefCell<HashSet<Arc<str>>>);

impl Keys {
    /// Most keys that are kept, and the longest in bytes.
    const MOST: usize = 1_024;
    const LONGEST: usize = 64;

    fn shared(&self, key: &str) -> Arc<str> {
        let mut keys = self.0.borrow_mut();
        match keys.get(key) {
            Some(known) => Arc::clone(known),
            None => {
                let new: Arc<str> = Arc::from(key);
                if keys.len() < Keys::MOST && key.len() <= Keys::LONGEST {
                    keys.insert(Arc::clone(&new));
                }
                new
            }
        }
    }

    fn datum(&self, value: &Value) -> Datum {
        match value {
            Value::Null => Datum::Null,
            Value::Bool(value) => Datum::Bool(*value),
            Value::Number(number) => Datum::Number(Number::read(&number.to_string())),
            Value::String(text) => Datum::text(text),
            Value::Array(items) => Datum::list(items.iter().map(|item| self.datum(item))),
            Value::Object(map) => {
                Datum::object(map.iter().map(|(key, value)| (self.shared(key), self.datum(value))))
            }
        }
    }
}

impl From<&Value> for Datum {
    fn from(value: &Value) -> Datum {
        Keys::default().datum(value)
    }
}

impl From<Value> for Datum {
    fn from(value: Value) -> Datum {
        Datum::from(&value)
    }
}

/// The outputs of a card, by group.
impl From<&Output> for Datum {
    fn from(output: &Output) -> Datum {
        let value = |value: &OutputValue| match value {
            OutputValue::Absent => None,
            OutputValue::Value(value) => Some(Datum::from(value)),
            OutputValue::Raw(raw) => Some(read(raw.get())),
            OutputValue::Headers(headers) => {
                serde_json::to_value(Headers(headers)).ok().map(Datum::from)
            }
        };
        Datum::object(output.groups().iter().map(|(group, fields)| {
            let fields =
                fields.iter().filter_map(|(label, found)| Some((label.as_str(), value(found)?)));
            (group.as_str(), Datum::object(fields))
        }))
    }
}

/// A JSON text, straight to data. Its writer has said that it is JSON; text that is none stays text.
fn read(text: &str) -> Datum {
    Datum::from_json(text).unwrap_or_else(|| Datum::text(text))
}

impl Datum {
    /// Reads a JSON text without a value of another kind in between; `None` where it is no JSON.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Datum> {
        // An exponent is respelt by serde_json: the careful reader has the number as it was written.
        if cardhost_core::value::may_hold_exponent(text) {
            return cardhost_core::value::text::read(text).ok().map(Datum::from);
        }
        let mut reader = serde_json::Deserializer::from_str(text);
        let datum = Reader(&Keys::default()).deserialize(&mut reader).ok()?;
        reader.end().ok().map(|()| datum)
    }
}

impl<'de> Deserialize<'de> for Datum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Datum, D::Error> {
        Reader(&Keys::default()).deserialize(deserializer)
    }
}

/// Reads any JSON value.
#[derive(Clone, Copy)]
struct Reader<'k>(&'k Keys);

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Datum;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Datum, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// A key of an object, or the sign of a number.
enum Key {
    Name(Arc<str>),
    Number,
}

impl<'de> DeserializeSeed<'de> for KeyReader<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

/// Reads a key.
struct KeyReader<'k>(&'k Keys);

impl Visitor<'_> for KeyReader<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        Ok(if key == NUMBER { Key::Number } else { Key::Name(self.0.shared(key)) })
    }
}

/// How serde_json says that an object is a number as it is written (its feature `arbitrary_precision`).
const NUMBER: &str = "$serde_json::private::Number";

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Datum;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Datum, E> {
        Ok(Datum::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Datum, E> {
        Ok(Datum::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Datum, E> {
        Ok(Datum::int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Datum, E> {
        Ok(Datum::Number(Number::read(&value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Datum, E> {
        Ok(Datum::Number(Number::read(&value.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<Datum, E> {
        Ok(Datum::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Datum, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            all.push(item);
        }
        Ok(Datum::list(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Datum, A::Error> {
        let mut object = Object::default();
        while let Some(key) = entries.next_key_seed(KeyReader(self.0))? {
            match key {
                Key::Number => {
                    let text: Cow<'de, str> = entries.next_value()?;
                    return Ok(Datum::Number(Number::read(&text)));
                }
                Key::Name(name) => drop(object.insert(name, entries.next_value_seed(self)?)),
            }
        }
        Ok(Datum::Object(Arc::new(object)))
    }
}

impl From<&Node> for Datum {
    fn from(node: &Node) -> Datum {
        match &node.kind {
            Kind::Null => Datum::Null,
            Kind::Bool(value) => Datum::Bool(*value),
            Kind::Number(text) => Datum::Number(Number::read(text)),
            Kind::Text(text) => Datum::text(text),
            Kind::List(items) => Datum::list(items.iter().map(Datum::from)),
            Kind::Map(entries) => Datum::object(
                entries.iter().map(|entry| (entry.key.as_str(), Datum::from(&entry.value))),
            ),
        }
    }
}

impl From<&Datum> for Value {
    fn from(datum: &Datum) -> Value {
        match datum {
            Datum::Null => Value::Null,
            Datum::Bool(value) => Value::Bool(*value),
            Datum::Number(Number::Int(number)) => Value::from(*number),
            // Not through a reader, which would write an exponent in its own way.
            Datum::Number(Number::Written(text)) => {
                Value::Number(serde_json::Number::from_string_unchecked(text.to_string()))
            }
            Datum::Number(number) if number.is_nan() => Value::Null,
            Datum::Number(number) => {
                Value::Number(serde_json::Number::from_string_unchecked(number.to_string()))
            }
            Datum::Text(text) => Value::String(text.to_string()),
            Datum::List(list) => Value::Array(list.items().iter().map(Value::from).collect()),
            Datum::Object(object) => {
                let entry = |(key, value): (&std::sync::Arc<str>, &Datum)| {
                    (key.to_string(), Value::from(value))
                };
                Value::Object(object.entries().iter().map(entry).collect::<Map<_, _>>())
            }
        }
    }
}

impl From<Datum> for Value {
    fn from(datum: Datum) -> Value {
        Value::from(&datum)
    }
}

/// Compact JSON.
impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !spend(1) {
            return Ok(());
        }
        match self {
            Datum::Null => f.write_str("null"),
            Datum::Bool(value) => write!(f, "{value}"),
            Datum::Number(number) => write!(f, "{number}"),
            Datum::Text(text) => quoted(text, f),
            Datum::List(list) => {
                f.write_char('[')?;
                for (index, item) in list.items().iter().enumerate() {
                    if index > 0 {
                        f.write_char(',')?;
                    }
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Datum::Object(object) => {
                f.write_char('{')?;
                for (index, (key, value)) in object.entries().iter().enumerate() {
                    if index > 0 {
                        f.write_char(',')?;
                    }
                    quoted(key, f)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    spend(text.len() as u64 / 64);
    f.write_char('"')?;
    let mut rest = text;
    // What needs no escape is written as it is, at once.
    while let Some(at) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        f.write_str(&rest[..at])?;
        let c = rest[at..].chars().next().unwrap_or_default();
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{c}' => f.write_str("\\f")?,
            c => write!(f, "\\u{:04x}", u32::from(c))?,
        }
        rest = &rest[at + c.len_utf8()..];
    }
    f.write_str(rest)?;
    f.write_char('"')
}

fn rank(datum: &Datum) -> u8 {
    match datum {
        Datum::Null => 0,
        Datum::Bool(_) => 1,
        Datum::Number(_) => 2,
        Datum::Text(_) => 3,
        Datum::List(_) => 4,
        Datum::Object(_) => 5,
    }
}

/// Pays for a comparison.
fn compared(left: &Datum, right: &Datum) -> bool {
    spend(1 + left.bytes().min(right.bytes()) / 64)
}

/// jq's order: null, false, true, numbers, texts, lists, objects (by sorted keys, then by values).
///
/// Whoever sorts pays beforehand: an order that changes when the meter is empty would be none.
impl Ord for Datum {
    fn cmp(&self, other: &Datum) -> Ordering {
        match (self, other) {
            (Datum::Bool(left), Datum::Bool(right)) => left.cmp(right),
            (Datum::Number(left), Datum::Number(right)) => left.cmp(right),
            (Datum::Text(left), Datum::Text(right)) => left.cmp(right),
            (Datum::List(left), Datum::List(right)) => left.items().cmp(right.items()),
            (Datum::Object(left), Datum::Object(right)) => {
                let mut left: Vec<_> = left.entries().iter().collect();
                let mut right: Vec<_> = right.entries().iter().collect();
                left.sort_by_key(|(key, _)| *key);
                right.sort_by_key(|(key, _)| *key);
                let keys = left.iter().map(|(key, _)| *key).cmp(right.iter().map(|(key, _)| *key));
                keys.then_with(|| {
                    left.iter().map(|(_, value)| *value).cmp(right.iter().map(|(_, value)| *value))
                })
            }
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// The operators pay for themselves; what is not a number is smaller than every number, itself too.
impl PartialOrd for Datum {
    fn partial_cmp(&self, other: &Datum) -> Option<Ordering> {
        Some(self.cmp(other))
    }

    fn lt(&self, other: &Datum) -> bool {
        compared(self, other) && (are_no_numbers(self, other) || self.cmp(other).is_lt())
    }

    fn le(&self, other: &Datum) -> bool {
        compared(self, other) && self.cmp(other).is_le()
    }

    fn gt(&self, other: &Datum) -> bool {
        compared(self, other) && self.cmp(other).is_gt()
    }

    fn ge(&self, other: &Datum) -> bool {
        compared(self, other) && !are_no_numbers(self, other) && self.cmp(other).is_ge()
    }
}

fn are_no_numbers(left: &Datum, right: &Datum) -> bool {
    let is_none = |value: &Datum| matches!(value, Datum::Number(number) if number.is_nan());
    is_none(left) && is_none(right)
}

impl PartialEq for Datum {
    fn eq(&self, other: &Datum) -> bool {
        compared(self, other) && same(self, other)
    }
}

/// Whether two values are equal, whatever that costs.
fn same(left: &Datum, right: &Datum) -> bool {
    match (left, right) {
        (Datum::Null, Datum::Null) => true,
        (Datum::Bool(left), Datum::Bool(right)) => left == right,
        (Datum::Number(left), Datum::Number(right)) => left == right,
        (Datum::Text(left), Datum::Text(right)) => left == right,
        (Datum::List(left), Datum::List(right)) => {
            let (left, right) = (left.items(), right.items());
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Datum::Object(left), Datum::Object(right)) => {
            left.entries().len() == right.entries().len()
                && left
                    .entries()
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        _ => false,
    }
}

impl Eq for Datum {}
