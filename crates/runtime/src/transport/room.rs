//! How much room the head of a reply is given.
//!
//! hyper has room for 100 headers on its stack. For more it allocates, for each reply, which costs a quarter of a call. So that is done only for
//! hosts that have sent so many before. What does no harm twice is sent again at once, with more room.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most headers of a reply in HTTP/1.1.
pub(super) const MOST_HEADERS: usize = 1_000;

/// Most hosts that are remembered.
const MOST_HOSTS: usize = 1_024;

/// The hosts whose replies had more headers than there was room for.
#[derive(Debug, Default)]
pub(super) struct Room(Mutex<HashSet<String>>);

impl Room {
    /// Whether there has to be room for many headers.
    pub(super) fn is_wanted(&self, host: &str) -> bool {
        let hosts = self.hosts();
        !hosts.is_empty() && hosts.contains(host)
    }

    /// Makes room from now on.
    pub(super) fn make(&self, host: &str) {
        let mut hosts = self.hosts();
        if hosts.len() < MOST_HOSTS {
            hosts.insert(host.to_owned());
        }
    }

    fn hosts(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
