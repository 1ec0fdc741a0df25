//! A value as a document has it, and which parts of it are expressions.

use serde_json::Value;

use crate::expression::Shaped;
use cardhost_document::{Entry, Kind, Node};

/// A value as it is written, and which parts of it are expressions.
#[derive(Clone, Copy)]
pub(super) struct Given<'g> {
    pub(super) node: &'g Node,
    /// `None` where no part is one.
    pub(super) shaped: Option<&'g Shaped>,
}

impl<'g> Given<'g> {
    pub(super) fn new(node: &'g Node, shaped: &'g Shaped) -> Given<'g> {
        let has_expressions = !matches!(shaped, Shaped::Constant(_));
        Given { node, shaped: has_expressions.then_some(shaped) }
    }

    pub(super) fn is_expression(self) -> bool {
        matches!(self.shaped, Some(Shaped::Expression(_)))
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self.node.kind, Kind::Null)
    }

    pub(super) fn is_object(self) -> bool {
        matches!(self.node.kind, Kind::Map(_))
    }

    /// The value, where a run has the same.
    pub(super) fn constant(self) -> Option<Value> {
        self.shaped.is_none().then(|| self.node.to_value())
    }

    /// The entries of an object; the shape has them in the order of the text.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'g Entry, Given<'g>)> {
        let shapes = match self.shaped {
            Some(Shaped::Object(entries)) => entries.as_slice(),
            _ => &[],
        };
        self.node.entries().iter().enumerate().map(move |(index, entry)| {
            let given = match shapes.get(index) {
                Some((_, shaped)) => Given::new(&entry.value, shaped),
                None => Given { node: &entry.value, shaped: None },
            };
            (entry, given)
        })
    }

    pub(super) fn get(self, key: &str) -> Option<Given<'g>> {
        self.entries().find(|(entry, _)| entry.key == key).map(|(_, given)| given)
    }
}
