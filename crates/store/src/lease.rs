//! Who of many renews a connection's tokens.

use std::fmt;
use std::time::{Duration, Instant};

/// The right to renew a connection's tokens, for a while. Give it back with [`TenantStore::save_tokens`] or
/// [`TenantStore::release`]; one that is dropped ends by itself at its time.
///
/// [`TenantStore::save_tokens`]: super::TenantStore::save_tokens
/// [`TenantStore::release`]: super::TenantStore::release
pub struct Lease {
    pub(super) id: String,
    pub(super) holder: String,
    pub(super) until: Instant,
}

impl Lease {
    /// The connection's id.
    #[must_use]
    pub fn connection(&self) -> &str {
        &self.id
    }

    /// How long the lease still stands, by this machine's clock; zero where it is over.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum LeaseAnswer {
    /// It is yours.
    Granted(Lease),
    /// Somebody else has it.
    Held {
        /// How long theirs still stands; at least a millisecond.
        left: Duration,
    },
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("connection", &self.id).field("left", &self.left()).finish()
    }
}
