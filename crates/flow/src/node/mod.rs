//! A text as values with places: YAML 1.2 (core schema) or JSON, read without recursion.
//!
//! Numbers keep their text, objects their order and their duplicate keys.

mod json;
mod yaml;

use std::ops::Range;

use serde_json::{Map, Value};

use super::datum::{Datum, Number};

/// Most values inside each other.
pub const MAX_DEPTH: u32 = 1_000;

/// Most values, those that aliases repeat included.
pub const MAX_NODES: usize = 1_000_000;

/// A value and where it is.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub kind: Kind,
    /// The bytes of the text that it takes; of an alias, those of the alias.
    pub at: Range<usize>,
    depth: u32,
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

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadFault {
    /// Where, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub reason: String,
}

/// Reads a text: JSON where it begins with a brace and a quote, YAML else.
///
/// # Errors
/// The first fault.
pub fn read(text: &str) -> Result<Node, ReadFault> {
    let space = [' ', '\t', '\r', '\n'];
    let start = text.trim_start_matches('\u{feff}').trim_start_matches(space);
    // A key in quotes after a brace: else it may be YAML in flow style.
    let after_brace = start.strip_prefix('{').map(|rest| rest.trim_start_matches(space));
    if after_brace.is_some_and(|rest| rest.starts_with('"')) {
        return json::read(text);
    }
    yaml::read(text)
}

/// One-based line and column, in characters.
#[must_use]
pub fn line_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

impl Node {
    fn new(kind: Kind, at: Range<usize>) -> Node {
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

    /// The value as data of a flow.
    #[must_use]
    pub fn to_datum(&self) -> Datum {
        match &self.kind {
            Kind::Null => Datum::Null,
            Kind::Bool(value) => Datum::Bool(*value),
            Kind::Number(text) => Datum::Number(Number::read(text)),
            Kind::Text(text) => Datum::text(text),
            Kind::List(items) => Datum::list(items.iter().map(Node::to_datum)),
            Kind::Map(entries) => Datum::object(
                entries.iter().map(|entry| (entry.key.as_str(), entry.value.to_datum())),
            ),
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
            _ => Value::from(self.to_datum()),
        }
    }
}

/// A list or object of which not everything is read yet.
enum Partial {
    List { items: Vec<Node>, start: usize, anchor: usize },
    Map { entries: Vec<Entry>, key: Option<(String, Range<usize>)>, start: usize, anchor: usize },
}

/// Puts values together as a reader comes upon them.
struct Builder {
    open: Vec<Partial>,
    root: Option<Node>,
    count: usize,
}

impl Builder {
    fn new() -> Builder {
        Builder { open: Vec::new(), root: None, count: 0 }
    }

    /// Takes a whole value; a text where an object waits for a key is the key.
    fn take(&mut self, node: Node, nodes: usize) -> Result<(), ReadFault> {
        self.count += nodes;
        let fault = |reason: &str| ReadFault { offset: node.at.start, reason: reason.to_owned() };
        if self.count > MAX_NODES {
            return Err(fault("it has too many values"));
        }
        if node.depth + u32::try_from(self.open.len()).unwrap_or(u32::MAX) > MAX_DEPTH {
            return Err(fault("it is nested too deep"));
        }
        match self.open.last_mut() {
            None if self.root.is_some() => return Err(fault("it holds more than one document")),
            None => self.root = Some(node),
            Some(Partial::List { items, .. }) => items.push(node),
            Some(Partial::Map { entries, key, .. }) => match key.take() {
                Some((key, key_at)) => entries.push(Entry { key, key_at, value: node }),
                None => {
                    let text = match node.kind {
                        Kind::Text(text) | Kind::Number(text) => text,
                        Kind::Bool(value) => value.to_string(),
                        Kind::Null => String::new(),
                        _ => return Err(fault("a key is text")),
                    };
                    *key = Some((text, node.at));
                }
            },
        }
        Ok(())
    }

    fn open(&mut self, partial: Partial, at: usize) -> Result<(), ReadFault> {
        if self.open.len() >= MAX_DEPTH as usize {
            return Err(ReadFault { offset: at, reason: "it is nested too deep".to_owned() });
        }
        self.open.push(partial);
        Ok(())
    }

    /// Closes the innermost list or object, with the anchor it has.
    fn close(&mut self, end: usize) -> Option<(Node, usize)> {
        Some(match self.open.pop()? {
            Partial::List { items, start, anchor } => {
                (Node::new(Kind::List(items), start..end.max(start)), anchor)
            }
            Partial::Map { entries, start, anchor, .. } => {
                (Node::new(Kind::Map(entries), start..end.max(start)), anchor)
            }
        })
    }
}

#[cfg(test)]
mod tests;
