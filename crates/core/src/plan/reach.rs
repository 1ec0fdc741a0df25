//! Whether a connection can lead anywhere: base URLs that its values are part of, before there is an invocation.

use super::fault::PlanFault;
use super::url::base;
use crate::connection::Connection;
use crate::connector::Connector;

/// Why no request of a connection can ever be planned to one of the connector's targets: a value that cannot stand in
/// the base URL, or a host that the target does not list. What is missing may not be needed.
#[must_use]
pub fn unreachable_base(connector: &Connector, connection: &Connection) -> Option<PlanFault> {
    connector.targets.iter().find_map(|(name, target)| {
        match base(name, target, None, None, connection) {
            Err(fault @ (PlanFault::Url { .. } | PlanFault::HostNotAllowed(_))) => Some(fault),
            _ => None,
        }
    })
}
