//! Who answers in the place of services: mocks. A host that has them sends nothing, and needs no account and no token.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cardhost_core::connection::Connection;
use cardhost_core::definition::Definition;
use cardhost_core::failure::Error;
use cardhost_core::secret::Secret;

use super::refuse_references;
use crate::catalog::Catalog;
use crate::connections::read_secret;
use crate::transport::{Observer, StandIn, Transport};

/// What answers in the place of services, if anything.
#[derive(Default)]
pub(super) struct StandIns {
    given: Option<Arc<dyn StandIn>>,
    /// By connector; each is made once.
    made: Mutex<HashMap<String, Arc<dyn Transport>>>,
}

impl StandIns {
    pub(super) fn new(given: Option<Arc<dyn StandIn>>) -> StandIns {
        StandIns { given, made: Mutex::default() }
    }

    /// Whether something does.
    pub(super) fn are_there(&self) -> bool {
        self.given.is_some()
    }

    /// Whether there is an answer for a card; yes where services answer themselves.
    pub(super) fn admit(&self, definition: &Definition) -> Result<(), Error> {
        self.given.as_ref().map_or(Ok(()), |given| given.admits(definition))
    }

    /// What answers in the place of a connector's service.
    pub(super) fn transport(
        &self,
        catalog: &Catalog,
        connector: &str,
        observer: Option<&dyn Observer>,
    ) -> Option<Arc<dyn Transport>> {
        let given = self.given.as_ref()?;
        let made = || self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = made().get(connector) {
            return Some(Arc::clone(found));
        }
        let transport = observed(given.transport(catalog, connector), observer);
        made().insert(connector.to_owned(), Arc::clone(&transport));
        Some(transport)
    }

    /// A token that any of them takes.
    pub(super) fn token(&self) -> Option<Secret> {
        self.given.as_ref().map(|_| Secret::from("mock"))
    }
}

/// A transport whose exchanges are seen, where there is an observer.
pub(super) fn observed(
    transport: Arc<dyn Transport>,
    observer: Option<&dyn Observer>,
) -> Arc<dyn Transport> {
    match observer {
        Some(observer) => observer.observe(transport),
        None => transport,
    }
}

/// The connection of the card's first example.
pub(super) fn connection(definition: &Definition) -> Result<Connection, Error> {
    let examples = definition.examples().unwrap_or_default();
    let fields = examples.into_iter().next().and_then(|example| example.connection);
    let fields = fields.unwrap_or_default();
    refuse_references(&fields)?;
    Connection::settle(&definition.connector, fields, &read_secret).map_err(Error::from)
}
