//! The reference page of a card.

use super::document::Document;
use crate::definition::Definition;

/// The reference page of a card.
#[derive(Clone, Debug, PartialEq)]
pub struct Page(Document);

impl Page {
    /// Makes the page of a card.
    #[must_use]
    pub fn of(definition: &Definition) -> Page {
        Page(Document { title: definition.card.title.clone(), lead: vec![], sections: vec![] })
    }
}

impl AsRef<Document> for Page {
    fn as_ref(&self) -> &Document {
        &self.0
    }
}
