//! Stand-ins: what answers in the place of a service.

use std::sync::Arc;

use super::Transport;
use crate::catalog::Catalog;

/// Answers in the place of services, such as from the examples of their cards.
pub trait StandIn: Send + Sync {
    /// The transport of a connector; asked for once.
    fn transport(&self, catalog: &Catalog, connector: &str) -> Arc<dyn Transport>;
}
