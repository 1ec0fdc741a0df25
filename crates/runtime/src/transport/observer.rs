//! Observers: who sees every exchange of a host, such as a recorder.

use std::sync::Arc;

use cardhost_core::connection::Connection;
use cardhost_core::connector::Connector;

use super::Transport;

/// Sees every exchange of a host, token requests included.
pub trait Observer: Send + Sync {
    /// The transport that sends through another one, and is seen.
    fn observe(&self, transport: Arc<dyn Transport>) -> Arc<dyn Transport>;

    /// Takes note of the connection of a call; `name` is its name in the store, where it has one.
    fn asked_with(
        &self,
        connector: &Arc<Connector>,
        name: Option<&str>,
        connection: &Arc<Connection>,
    );
}
