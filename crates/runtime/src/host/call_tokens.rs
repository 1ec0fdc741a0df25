//! The tokens of one call.

use std::sync::{Arc, OnceLock};

use cardhost_core::connector::Connector;
use cardhost_core::failure::Error;
use cardhost_core::secret::Secret;

use super::{Found, Inner};
use crate::executor::TokenSource;
use crate::token::{Slot, Wanted};
use crate::transport::BoxFuture;

/// Gets the tokens of one call.
pub(super) struct CallTokens<'a> {
    pub(super) host: &'a Inner,
    pub(super) connector: &'a Arc<Connector>,
    /// What tells the connector from others.
    pub(super) identity: &'a str,
    pub(super) found: &'a Found,
    pub(super) method: &'a str,
    /// Where its tokens are, once one was wanted.
    pub(super) slot: OnceLock<Arc<Slot>>,
}

impl TokenSource for CallTokens<'_> {
    fn token(&self, refused: Option<Secret>) -> BoxFuture<'_, Result<Option<Secret>, Error>> {
        if let Some(token) = self.host.stand_ins.token() {
            return Box::pin(async { Ok(Some(token)) });
        }
        let slot = Arc::clone(self.slot.get_or_init(|| self.find_slot()));
        let wanted = Wanted {
            connector: Arc::clone(self.connector),
            method: self.method.to_owned(),
            connection: Arc::clone(self.found.given()),
            refused,
            brings: false,
        };
        Box::pin(async move { self.host.renewer.token(&slot, wanted).await })
    }

    fn has_worked(&self, token: &Secret) {
        if let Some(slot) = self.slot.get() {
            slot.has_worked(token);
        }
    }
}

impl CallTokens<'_> {
    fn find_slot(&self) -> Arc<Slot> {
        self.host.slot(self.identity, self.found, self.method)
    }
}
