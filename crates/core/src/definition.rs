//! A connector and one of its cards, ready to be run.

use std::sync::Arc;

use crate::card::Card;
use crate::connector::Connector;
use crate::field::FieldType;
use crate::template::Root;

/// A connector and one of its cards, ready to be run.
#[derive(Debug)]
pub struct Definition {
    /// The connector.
    pub connector: Arc<Connector>,
    /// The card.
    pub card: Card,
    reads_body_parts: bool,
}

impl Definition {
    /// Puts the two together.
    #[must_use]
    pub fn new(connector: Arc<Connector>, card: Card) -> Definition {
        let reads_body_parts = reads_body_parts(&card);
        Definition { connector, card, reads_body_parts }
    }

    /// `<connector>/<card>`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.connector.name.as_str(), self.card.name.as_str())
    }

    /// Whether outputs or failures look into the body; if not, its text is passed on as it is.
    #[must_use]
    pub fn reads_body_parts(&self) -> bool {
        self.reads_body_parts
    }
}

fn reads_body_parts(card: &Card) -> bool {
    let mut deep = !card.response.failures.is_empty();
    for field in card.output.values().flat_map(|fields| fields.values()) {
        let Some(template) = &field.value else {
            continue;
        };
        template.each("", &mut |template, _| {
            for reference in template.references() {
                let is_body = reference.root == Root::Response
                    && reference.segments.first().is_some_and(|first| first == "body");
                let whole = reference.segments.len() == 1 && template.as_reference().is_some();
                deep |= is_body && !whole;
            }
        });
        // A declared shape is checked, so it must be read.
        let bounded = field.format.is_some() || field.min.is_some() || field.max.is_some();
        let narrow = [FieldType::DateTime, FieldType::Dropdown, FieldType::Secret];
        deep |= field.fields.is_some() || field.schema.is_some() || field.of.is_some();
        deep |= bounded || narrow.into_iter().any(|kind| field.takes(kind));
    }
    deep
}
