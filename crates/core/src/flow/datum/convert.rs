//! To and from `serde_json`, JSON text, and comparison.

use std::cmp::Ordering;
use std::fmt::{self, Write};

use serde_json::{Map, Value};

use super::{Datum, Number, spend};

impl From<&Value> for Datum {
    fn from(value: &Value) -> Datum {
        match value {
            Value::Null => Datum::Null,
            Value::Bool(value) => Datum::Bool(*value),
            Value::Number(number) => Datum::Number(Number::read(&number.to_string())),
            Value::String(text) => Datum::text(text),
            Value::Array(items) => Datum::list(items.iter().map(Datum::from)),
            Value::Object(map) => {
                Datum::object(map.iter().map(|(key, value)| (key.as_str(), Datum::from(value))))
            }
        }
    }
}

impl From<Value> for Datum {
    fn from(value: Value) -> Datum {
        Datum::from(&value)
    }
}

impl From<&Datum> for Value {
    fn from(datum: &Datum) -> Value {
        match datum {
            Datum::Null => Value::Null,
            Datum::Bool(value) => Value::Bool(*value),
            Datum::Number(Number::Int(number)) => Value::from(*number),
            Datum::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or_default(),
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
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
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

/// jq's order: null, false, true, numbers, texts, lists, objects (by sorted keys, then by values).
impl Ord for Datum {
    fn cmp(&self, other: &Datum) -> Ordering {
        if !spend(1) {
            return Ordering::Equal;
        }
        match (self, other) {
            (Datum::Bool(left), Datum::Bool(right)) => left.cmp(right),
            (Datum::Number(left), Datum::Number(right)) => left.cmp(right),
            (Datum::Text(left), Datum::Text(right)) => left.cmp(right),
            (Datum::List(left), Datum::List(right)) => left.items().cmp(right.items()),
            (Datum::Object(left), Datum::Object(right)) => {
                let mut left: Vec<_> = left.entries().iter().collect();
                let mut right: Vec<_> = right.entries().iter().collect();
                spend((left.len() + right.len()) as u64);
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

impl PartialOrd for Datum {
    fn partial_cmp(&self, other: &Datum) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Datum {
    fn eq(&self, other: &Datum) -> bool {
        if !spend(1) {
            return false;
        }
        match (self, other) {
            (Datum::List(left), Datum::List(right)) => {
                std::sync::Arc::ptr_eq(left, right) || left.items() == right.items()
            }
            (Datum::Object(left), Datum::Object(right)) => {
                std::sync::Arc::ptr_eq(left, right) || left.entries() == right.entries()
            }
            _ => rank(self) == rank(other) && self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Datum {}
