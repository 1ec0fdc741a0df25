//! Where named connections come from that are not in a store: the trait, and one in memory. And what a field points at.

use std::collections::HashMap;
use std::future::Future;
use std::io::Read as _;
use std::pin::Pin;

use cardhost_core::connection::SecretSource;
use cardhost_core::secret::Secret;
use cardhost_core::text::unmarked;
use serde_json::{Map, Value};

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

/// Most bytes of a file that a connection field points at.
const MOST_SECRET_BYTES: u64 = 1024 * 1024;

/// Reads what a connection field points at, without a byte order mark before it.
///
/// # Errors
/// Why there is no text, in words without secrets.
pub fn read_secret(source: &SecretSource) -> Result<Secret, String> {
    match source {
        SecretSource::Env(name) => match std::env::var(name) {
            Ok(text) => Ok(Secret::from(unmarked(&text))),
            Err(std::env::VarError::NotPresent) => Err("it is not set".to_owned()),
            Err(std::env::VarError::NotUnicode(_)) => Err("it is not UTF-8".to_owned()),
        },
        SecretSource::File(path) => {
            let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
            let mut text = String::new();
            file.take(MOST_SECRET_BYTES + 1)
                .read_to_string(&mut text)
                .map_err(|error| error.to_string())?;
            if text.len() as u64 > MOST_SECRET_BYTES {
                return Err(format!("it is longer than {MOST_SECRET_BYTES} bytes"));
            }
            if text.ends_with('\n') {
                text.pop();
                if text.ends_with('\r') {
                    text.pop();
                }
            }
            Ok(Secret::from(unmarked(&text)))
        }
    }
}
