//! How much a store takes, and for how long.

use std::time::Duration;

/// The tenant of a host that has only one.
pub const DEFAULT_TENANT: &str = "default";
/// Most bytes of a connection's fields as JSON, and of its tokens.
pub const MOST_VALUE_BYTES: usize = 1024 * 1024;
/// The longest lease; a longer one is cut to it.
pub const LONGEST_LEASE: Duration = Duration::from_secs(24 * 60 * 60);

/// How often a write is tried again because somebody else was faster.
pub(super) const TRIES: usize = 64;
