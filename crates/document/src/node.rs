//! Values with places: numbers keep their text, objects their order and their duplicate keys.

use std::ops::Range;

use serde_json::{Map, Value};

use super::pointer::segments;

/// A value and where it is.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// The bytes of the text that it takes; of an alias, those of the alias.
    pub at: Range<usize>,
    pub(crate) depth: u32,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as JSON writes it.
    Number(String),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The bytes of the text that the key takes.
    pub key_at: Range<usize>,
    /// The value.
    pub value: Node,
}

impl Node {
    pub(crate) fn new(kind: Kind, at: Range<usize>) -> Node {
        let deepest = match &kind {
            Kind::List(items) => items.iter().map(|item| item.depth + 1).max(),
            Kind::Map(entries) => entries.iter().map(|entry| entry.value.depth + 1).max(),
            _ => None,
        };
        Node { kind, at, depth: deepest.unwrap_or(0) }
    }

    /// The value of a key: of duplicates, the last.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        let found = self.entries().iter().rev().find(|entry| entry.key == key);
        found.map(|entry| &entry.value)
    }

    /// The entries of an object; none of anything else.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            _ => &[],
        }
    }

    /// The text, where it is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, where it is one.
    #[must_use]
    pub fn whole(&self) -> Option<i64> {
        match &self.kind {
            Kind::Number(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// True or false, where it is one of them.
    #[must_use]
    pub fn flag(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The name of its type in messages.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "true-false",
            Kind::Number(_) => "number",
            Kind::Text(_) => "text",
            Kind::List(_) => "list",
            Kind::Map(_) => "object",
        }
    }

    /// What stands at a JSON Pointer.
    #[must_use]
    pub fn find(&self, pointer: &str) -> Option<&Node> {
        segments(pointer).try_fold(self, |node, key| match &node.kind {
            Kind::List(items) => items.get(key.parse::<usize>().ok()?),
            _ => node.get(&key),
        })
    }

    /// The entry at the end of a JSON Pointer: of duplicates, the last.
    #[must_use]
    pub fn entry_at(&self, pointer: &str) -> Option<&Entry> {
        let (parent, _) = pointer.rsplit_once('/')?;
        let key = segments(pointer).last()?;
        self.find(parent)?.entries().iter().rev().find(|entry| entry.key == key)
    }

    /// The bytes of the value; of a list or object, only where it begins.
    #[must_use]
    pub fn start(&self) -> Range<usize> {
        match self.kind {
            Kind::List(_) | Kind::Map(_) => self.at.start..self.at.start,
            _ => self.at.clone(),
        }
    }

    /// The value as `serde_json` has it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match &self.kind {
            Kind::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Kind::Map(entries) => {
                let entry = |entry: &Entry| (entry.key.clone(), entry.value.to_value());
                Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
            }
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(*value),
            Kind::Number(text) => serde_json::from_str(text).unwrap_or_default(),
            Kind::Text(text) => Value::String(text.clone()),
        }
    }
}
