//! The connection of invocations that bring none: the host's own.

use cardhost_core::connector::Connector;
use cardhost_core::failure::Error;
use serde_json::{Map, Value};

/// What gives the fields for a connector.
type FieldsOf = dyn Fn(&Connector) -> Result<Map<String, Value>, Error> + Send + Sync;

/// Where the fields of the host's own connection come from.
pub(super) enum Fallback {
    /// The same for every connector.
    Fields(Map<String, Value>),
    /// Others for each.
    Of(Box<FieldsOf>),
}

impl Fallback {
    /// The fields for a connector.
    pub(super) fn fields(&self, connector: &Connector) -> Result<Map<String, Value>, Error> {
        match self {
            Fallback::Fields(fields) => Ok(fields.clone()),
            Fallback::Of(fields) => fields(connector),
        }
    }
}
