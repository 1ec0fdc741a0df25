//! Where named connections come from that are not in a store: the trait, and one in memory. And what reads a field that points elsewhere.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use serde_json::{Map, Value};

use crate::caller::Caller;
pub use crate::secret_source::read_secret;

/// A future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Looks the fields of a named connection up.
pub trait ConnectionProvider: Send + Sync {
    /// The fields of a connection of a connector; `None` where there is none of that name.
    ///
    /// # Errors
    /// Why it cannot be read, in words without secrets.
    fn fields<'a>(
        &'a self,
        connector: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, String>>;

    /// The same for a caller; by default whoever it is.
    ///
    /// # Errors
    /// As [`ConnectionProvider::fields`].
    fn fields_for<'a>(
        &'a self,
        _: &'a Caller,
        connector: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, String>> {
        self.fields(connector, name)
    }
}

/// Connections in memory, by connector and name.
#[derive(Default)]
pub struct MemoryConnections {
    connections: HashMap<(String, String), Map<String, Value>>,
}

impl MemoryConnections {
    /// No connections.
    #[must_use]
    pub fn new() -> MemoryConnections {
        MemoryConnections::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, connector: &str, name: &str, fields: Map<String, Value>) -> Self {
        self.connections.insert((connector.to_owned(), name.to_owned()), fields);
        self
    }
}

impl std::fmt::Debug for MemoryConnections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.connections.keys()).finish()
    }
}

impl ConnectionProvider for MemoryConnections {
    fn fields<'a>(
        &'a self,
        connector: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Map<String, Value>>, String>> {
        let found = self.connections.get(&(connector.to_owned(), name.to_owned())).cloned();
        Box::pin(async move { Ok(found) })
    }
}
