//! What a store gives of a connection: its fields and tokens, opened, or what can be said without opening it.

use std::fmt;

use cardhost_core::secret::MASK;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

/// A stored connection, opened. Prints without its fields and tokens.
#[derive(Clone)]
pub struct StoredConnection {
    /// Stays the same when the connection is renamed; 32 hex digits.
    pub id: String,
    /// The connector.
    pub connector: String,
    /// The name.
    pub name: String,
    /// The connection's fields as they were given, secrets included.
    pub fields: Map<String, Value>,
    /// Of the fields: counts from 1.
    pub revision: i64,
    /// The tokens, if there are any.
    pub tokens: Option<StoredTokens>,
}

/// Stored tokens, opened: bytes that mean something only to whoever stored them. Prints without them.
#[derive(Clone)]
pub struct StoredTokens {
    /// As they were stored; wiped when dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// Counts up with every change of the tokens.
    pub revision: i64,
    /// When they end, as whoever stored them said: seconds since 1970-01-01T00:00:00Z.
    pub expires_at: Option<i64>,
}

/// What can be said of a connection without opening it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// As in [`StoredConnection::id`].
    pub id: String,
    /// The connector.
    pub connector: String,
    /// The name.
    pub name: String,
    /// When it was added: seconds since 1970-01-01T00:00:00Z, by the store's clock.
    pub created_at: i64,
    /// When its fields or its name last changed.
    pub updated_at: i64,
    /// Whether it has tokens.
    pub has_tokens: bool,
    /// When the tokens end.
    pub token_expires_at: Option<i64>,
}

impl fmt::Debug for StoredConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredConnection")
            .field("id", &self.id)
            .field("connector", &self.connector)
            .field("name", &self.name)
            .field("fields", &MASK)
            .field("revision", &self.revision)
            .field("tokens", &self.tokens)
            .finish()
    }
}

impl fmt::Debug for StoredTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTokens")
            .field("bytes", &MASK)
            .field("revision", &self.revision)
            .field("expires_at", &self.expires_at)
            .finish()
    }
}
