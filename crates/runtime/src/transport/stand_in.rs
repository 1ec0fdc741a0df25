//! Stand-ins: what answers in the place of a service.

use std::sync::Arc;

use cardhost_core::definition::Definition;
use cardhost_core::failure::Error;

use super::Transport;
use crate::catalog::Catalog;

/// Answers in the place of services, such as from the examples of their cards.
pub trait StandIn: Send + Sync {
    /// The transport of a connector; asked for once.
    fn transport(&self, catalog: &Catalog, connector: &str) -> Arc<dyn Transport>;

    /// Whether there is anything to answer with for a card, which a run asks before it plans a request.
    ///
    /// # Errors
    /// Why there is nothing; the run ends with it. By default there always is.
    fn admits(&self, _: &Definition) -> Result<(), Error> {
        Ok(())
    }
}
