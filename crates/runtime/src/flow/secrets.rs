//! What `$secrets` holds.

use std::collections::HashMap;

use serde_json::Value;

use crate::transport::BoxFuture;

/// Gives the secrets that flows name under `use.secrets`.
pub trait FlowSecrets: Send + Sync {
    /// A secret: text, or an object such as `{"username", "password"}`. `None` where there is none of that name.
    ///
    /// # Errors
    /// Why it cannot be read, in words without secrets.
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Value>, String>>;
}

/// Secrets in memory, by name.
#[derive(Default)]
pub struct MemorySecrets(HashMap<String, Value>);

impl MemorySecrets {
    /// No secrets.
    #[must_use]
    pub fn new() -> MemorySecrets {
        MemorySecrets::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> MemorySecrets {
        self.0.insert(name.to_owned(), value);
        self
    }
}

impl std::fmt::Debug for MemorySecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl FlowSecrets for MemorySecrets {
    fn secret<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Value>, String>> {
        let found = self.0.get(name).cloned();
        Box::pin(async move { Ok(found) })
    }
}
