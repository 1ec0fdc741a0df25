//! A value of a flow.

use std::sync::Arc;

use indexmap::IndexMap;
use indexmap::map::Entry;

use super::meter::{self, Excess, exceed, spend};
use super::number::Number;

/// Smaller values are in nobody's limits.
const SMALL_BYTES: u64 = 64 * 1024;

/// Most values inside each other that an expression makes.
pub const MAX_DEPTH: u32 = 1_024;

/// What a value takes beside its text and parts.
const BYTES_OF_VALUE: u64 = 24;

/// A JSON value.
#[derive(Clone, Debug, Default)]
pub enum Datum {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text.
    Text(Arc<str>),
    /// A list.
    List(Arc<List>),
    /// An object.
    Object(Arc<Object>),
}

/// A list with its size and depth.
#[derive(Clone, Debug, Default)]
pub struct List {
    pub(super) items: Vec<Datum>,
    pub(super) bytes: u64,
    pub(super) depth: u32,
}

/// An object with its size and depth.
#[derive(Clone, Debug, Default)]
pub struct Object {
    pub(super) entries: IndexMap<Arc<str>, Datum>,
    pub(super) bytes: u64,
    pub(super) depth: u32,
}

impl List {
    /// The items.
    #[must_use]
    pub fn items(&self) -> &[Datum] {
        &self.items
    }

    pub(super) fn push(&mut self, item: Datum) -> bool {
        grow(&mut self.bytes, &mut self.depth, 0, &item) && {
            self.items.push(item);
            true
        }
    }

    pub(super) fn set(&mut self, index: usize, item: Datum) {
        if let Some(slot) = self.items.get_mut(index) {
            self.bytes = self.bytes.saturating_sub(slot.bytes());
            if grow(&mut self.bytes, &mut self.depth, 0, &item) {
                *slot = item;
            }
        }
    }
}

impl Object {
    /// The entries, in order.
    #[must_use]
    pub fn entries(&self) -> &IndexMap<Arc<str>, Datum> {
        &self.entries
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Datum> {
        self.entries.get(key)
    }

    pub(crate) fn insert(&mut self, key: Arc<str>, value: Datum) -> bool {
        let length = key.len() as u64;
        match self.entries.entry(key) {
            Entry::Occupied(mut entry) => {
                self.bytes = self.bytes.saturating_sub(entry.get().bytes() + length);
                grow(&mut self.bytes, &mut self.depth, length, &value) && {
                    entry.insert(value);
                    true
                }
            }
            Entry::Vacant(entry) => {
                grow(&mut self.bytes, &mut self.depth, length, &value) && {
                    entry.insert(value);
                    true
                }
            }
        }
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Some(old) = self.entries.shift_remove(key) {
            self.bytes = self.bytes.saturating_sub(old.bytes() + key.len() as u64);
        }
    }
}

/// Adds a part to a size and depth; `false` where the whole becomes too large.
fn grow(bytes: &mut u64, depth: &mut u32, key: u64, part: &Datum) -> bool {
    let sum = *bytes + key + part.bytes();
    let deep = (*depth).max(part.depth() + 1);
    if sum > SMALL_BYTES && sum > meter::max_value_bytes() {
        exceed(Excess::Size);
        return false;
    }
    if deep > MAX_DEPTH && meter::is_running() {
        exceed(Excess::Depth);
        return false;
    }
    (*bytes, *depth) = (sum, deep);
    true
}

impl Datum {
    /// About how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        BYTES_OF_VALUE
            + match self {
                Datum::Text(text) => text.len() as u64,
                Datum::List(list) => list.bytes,
                Datum::Object(object) => object.bytes,
                _ => 0,
            }
    }

    /// How many values are inside each other; 0 for one that holds none.
    #[must_use]
    pub fn depth(&self) -> u32 {
        match self {
            Datum::List(list) => list.depth,
            Datum::Object(object) => object.depth,
            _ => 0,
        }
    }

    /// Text.
    #[must_use]
    pub fn text(text: &str) -> Datum {
        Datum::Text(Arc::from(text))
    }

    /// A whole number.
    #[must_use]
    pub fn int(number: i64) -> Datum {
        Datum::Number(Number::Int(number))
    }

    /// A list.
    #[must_use]
    pub fn list(items: impl IntoIterator<Item = Datum>) -> Datum {
        let mut list = List::default();
        for item in items {
            if !list.push(item) || !spend(1) {
                break;
            }
        }
        Datum::List(Arc::new(list))
    }

    /// An object; of equal keys, the last counts.
    #[must_use]
    pub fn object<K: Into<Arc<str>>>(entries: impl IntoIterator<Item = (K, Datum)>) -> Datum {
        let mut object = Object::default();
        for (key, value) in entries {
            if !object.insert(key.into(), value) || !spend(1) {
                break;
            }
        }
        Datum::Object(Arc::new(object))
    }

    /// The value of a key of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Datum> {
        match self {
            Datum::Object(object) => object.get(key),
            _ => None,
        }
    }

    /// The text, where it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Datum::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items, where it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Datum]> {
        match self {
            Datum::List(list) => Some(list.items()),
            _ => None,
        }
    }

    /// The entries, where it is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Datum::Object(object) => Some(object),
            _ => None,
        }
    }

    /// Whether it is neither `null` nor `false`.
    #[must_use]
    pub fn is_true(&self) -> bool {
        !matches!(self, Datum::Null | Datum::Bool(false))
    }

    /// The name of its type in messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Datum::Null => "null",
            Datum::Bool(_) => "true-false",
            Datum::Number(_) => "number",
            Datum::Text(_) => "text",
            Datum::List(_) => "list",
            Datum::Object(_) => "object",
        }
    }
}
