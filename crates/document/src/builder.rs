//! Puts values together as a reader comes upon them, within limits.

use std::ops::Range;

use super::node::{Entry, Kind, Node};
use super::read_fault::{Language, ReadFault};

/// Most values inside each other.
pub const MAX_DEPTH: u32 = 1_000;

/// Most values, those that aliases repeat included.
pub const MAX_NODES: usize = 1_000_000;

/// A list or object of which not everything is read yet.
pub(crate) enum Partial {
    List { items: Vec<Node>, start: usize, anchor: usize },
    Map { entries: Vec<Entry>, key: Option<(String, Range<usize>)>, start: usize, anchor: usize },
}

/// Puts values together as a reader comes upon them.
pub(crate) struct Builder {
    open: Vec<Partial>,
    root: Option<Node>,
    pub(crate) count: usize,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder { open: Vec::new(), root: None, count: 0 }
    }

    /// Takes a whole value; a text where an object waits for a key is the key.
    pub(crate) fn take(&mut self, node: Node, nodes: usize) -> Result<(), ReadFault> {
        self.count += nodes;
        let start = node.at.start;
        let yaml = |reason: &str| ReadFault::syntax(Language::Yaml, start, reason);
        if self.count > MAX_NODES {
            return Err(ReadFault::limit(start, "it has too many values"));
        }
        if node.depth + u32::try_from(self.open.len()).unwrap_or(u32::MAX) > MAX_DEPTH {
            return Err(ReadFault::limit(start, "it is nested too deep"));
        }
        match self.open.last_mut() {
            None if self.root.is_some() => return Err(yaml("it holds more than one document")),
            None => self.root = Some(node),
            Some(Partial::List { items, .. }) => items.push(node),
            Some(Partial::Map { entries, key, .. }) => match key.take() {
                Some((key, key_at)) => entries.push(Entry { key, key_at, value: node }),
                None => {
                    let text = match node.kind {
                        Kind::Text(text) | Kind::Number(text) => text,
                        Kind::Bool(value) => value.to_string(),
                        Kind::Null => String::new(),
                        _ => return Err(yaml("a key is text")),
                    };
                    *key = Some((text, node.at));
                }
            },
        }
        Ok(())
    }

    pub(crate) fn open(&mut self, partial: Partial, at: usize) -> Result<(), ReadFault> {
        if self.open.len() >= MAX_DEPTH as usize {
            return Err(ReadFault::limit(at, "it is nested too deep"));
        }
        self.open.push(partial);
        Ok(())
    }

    /// Closes the innermost list or object, with the anchor it has.
    pub(crate) fn close(&mut self, end: usize) -> Option<(Node, usize)> {
        Some(match self.open.pop()? {
            Partial::List { items, start, anchor } => {
                (Node::new(Kind::List(items), start..end.max(start)), anchor)
            }
            Partial::Map { entries, start, anchor, .. } => {
                (Node::new(Kind::Map(entries), start..end.max(start)), anchor)
            }
        })
    }

    /// The whole, where something was read.
    pub(crate) fn into_root(self) -> Option<Node> {
        self.root
    }
}
