//! The reference page of a connector.

use super::document::Document;
use crate::card::Card;
use crate::connector::Connector;

/// The reference page of a connector.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorPage(Document);

impl ConnectorPage {
    /// Makes the page of a connector with these cards.
    #[must_use]
    pub fn of(connector: &Connector, _cards: &[&Card]) -> ConnectorPage {
        ConnectorPage(Document { title: connector.title.clone(), lead: vec![], sections: vec![] })
    }
}

impl AsRef<Document> for ConnectorPage {
    fn as_ref(&self) -> &Document {
        &self.0
    }
}
