//! What a login brought: values of the connection that are kept with its tokens.

use std::sync::Arc;

use cardhost_core::connection::Connection;
use cardhost_core::connector::Connector;
use cardhost_core::failure::Error;
use serde_json::Map;

use super::{Found, Host, Inner};
use crate::permits::Account;
use crate::token::{Slot, Wanted, lacks};

impl Found {
    /// One that neither a store nor a name gives.
    pub(super) fn of(connection: Arc<Connection>) -> Found {
        Found { connection, given: None, stored: None, named: None }
    }

    /// Whose requests its requests are counted with.
    pub(super) fn counted(&self, connector: &str) -> Account {
        match (&self.stored, &self.named) {
            (Some(opened), _) => Account::Stored(opened.id.clone()),
            (None, Some(name)) => Account::Named(name.clone()),
            (None, None) => Account::Fields(self.given().fingerprint(connector)),
        }
    }

    /// The connection as it was given.
    pub(crate) fn given(&self) -> &Arc<Connection> {
        self.given.as_ref().unwrap_or(&self.connection)
    }
}

impl Inner {
    /// The tokens of an auth method of a connection.
    pub(super) fn slot(&self, identity: &str, found: &Found, method: &str) -> Arc<Slot> {
        match &found.stored {
            Some(opened) => opened.slot(method),
            None => {
                let fingerprint = found.given().fingerprint(identity);
                self.token_slots.of(fingerprint, method)
            }
        }
    }
}

impl Host {
    /// The connection with what its logins have brought. Where a value is not there yet and requests may be sent, its token is got
    /// first.
    pub(super) async fn brought(
        &self,
        connector: &Arc<Connector>,
        found: Found,
        may_send: bool,
    ) -> Result<Found, Error> {
        let mut brought = Map::new();
        for (name, method) in &connector.auth {
            let given = method.brings();
            if given.is_empty() || !method.missing(&*found.connection).is_empty() {
                continue;
            }
            let slot = self.0.slot(connector.name.as_str(), &found, name);
            let mut tokens = slot.current();
            let has = |label: &str| found.connection.get(label).is_some();
            let lacks = tokens.as_ref().is_none_or(|tokens| lacks(method, tokens));
            if lacks && may_send && !given.iter().all(|label| has(label)) {
                let wanted = Wanted {
                    connector: Arc::clone(connector),
                    method: name.clone(),
                    connection: Arc::clone(&found.connection),
                    refused: None,
                    brings: true,
                };
                self.renewer().token(&slot, wanted).await?;
                tokens = slot.current();
            }
            // Of two methods that give the same value, the first one does.
            for (label, value) in tokens.map(|tokens| tokens.gives).unwrap_or_default() {
                brought.entry(label).or_insert(value);
            }
        }
        if brought.is_empty() {
            return Ok(found);
        }
        let connection = found.connection.with_login(connector, &brought).map_err(Error::from)?;
        Ok(Found {
            connection: Arc::new(connection),
            given: Some(found.connection),
            stored: found.stored,
            named: found.named,
        })
    }
}
