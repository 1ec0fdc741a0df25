//! What a connection knows of itself, for whoever has a request on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use http::{HeaderName, HeaderValue};

/// Headers of a reply beyond those that the parser takes.
pub(super) type Rest = Vec<(HeaderName, HeaderValue)>;

/// What a connection knows of itself.
#[derive(Debug, Default)]
pub(super) struct Wire {
    /// Whether something has come since the last request went out.
    heard: AtomicBool,
    /// Whether a reply to an earlier request has come.
    used: AtomicBool,
    /// The headers that were taken out of the head of a reply.
    rest: Mutex<Rest>,
}

impl Wire {
    /// Whether the request that is on it went out over a connection that had been used, and nothing has come since. Of HTTP/1.1
    /// only: there is one request at a time.
    pub(super) fn was_stale(&self) -> bool {
        self.used.load(Ordering::Relaxed) && !self.heard.load(Ordering::Relaxed)
    }

    /// Takes note that a part of a request goes out; `true` where it is the first one since something came.
    pub(super) fn asks(&self) -> bool {
        let heard = self.heard.load(Ordering::Relaxed);
        if heard {
            self.heard.store(false, Ordering::Relaxed);
            self.used.store(true, Ordering::Relaxed);
        }
        heard
    }

    /// Takes note that something has come.
    pub(super) fn hears(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    pub(super) fn put_rest(&self, rest: Rest) {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = rest;
    }

    /// The headers that were taken out of the head of the last reply.
    pub(super) fn take_rest(&self) -> Rest {
        std::mem::take(&mut self.rest.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
