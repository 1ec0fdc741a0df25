//! The tokens of one call.

use std::sync::Arc;

use cardhost_core::connector::Connector;
use cardhost_core::failure::Error;
use cardhost_core::secret::Secret;

use super::{Found, Inner};
use crate::executor::TokenSource;
use crate::token::Wanted;
use crate::transport::BoxFuture;

/// Gets the tokens of one call.
pub(super) struct CallTokens<'a> {
    pub(super) host: &'a Inner,
    pub(super) connector: &'a Arc<Connector>,
    /// What tells the connector from others.
    pub(super) identity: &'a str,
    pub(super) found: &'a Found,
    pub(super) method: &'a str,
}

impl TokenSource for CallTokens<'_> {
    fn token(&self, refused: Option<Secret>) -> BoxFuture<'_, Result<Secret, Error>> {
        if let Some(token) = self.host.stand_ins.token() {
            return Box::pin(async { Ok(token) });
        }
        let slot = match &self.found.stored {
            Some(opened) => opened.slot(self.method),
            None => {
                let fingerprint = self.found.connection.fingerprint(self.identity);
                self.host.token_slots.of(fingerprint, self.method)
            }
        };
        let wanted = Wanted {
            connector: Arc::clone(self.connector),
            method: self.method.to_owned(),
            connection: Arc::clone(&self.found.connection),
            refused,
        };
        Box::pin(async move { self.host.renewer.token(&slot, wanted).await })
    }
}
