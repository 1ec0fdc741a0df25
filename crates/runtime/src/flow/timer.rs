//! Time as a flow sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::transport::BoxFuture;

/// Tells the time of a run and waits in it.
pub trait Timer: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now_ms(&self) -> i64;

    /// Ends at a time. `is_idle`: the run does nothing else meanwhile. Dropped when something else comes first.
    fn until(&self, at_ms: i64, is_idle: bool) -> BoxFuture<'_, ()>;
}

/// The machine's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemTimer;

impl Timer for SystemTimer {
    fn now_ms(&self) -> i64 {
        SystemClock.unix_milliseconds()
    }

    fn until(&self, at_ms: i64, _: bool) -> BoxFuture<'_, ()> {
        let left = at_ms.saturating_sub(self.now_ms());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        Box::pin(tokio::time::sleep(left))
    }
}

/// A time that jumps: where a run only waits, the wait is over at once. For tests and replays; it is a clock too, to be
/// given to the host.
#[derive(Clone, Debug)]
pub struct VirtualTimer(Arc<AtomicI64>);

impl VirtualTimer {
    /// Begins at a time, in milliseconds since 1970.
    #[must_use]
    pub fn starting_at(now_ms: i64) -> VirtualTimer {
        VirtualTimer(Arc::new(AtomicI64::new(now_ms)))
    }
}

impl Timer for VirtualTimer {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn until(&self, at_ms: i64, is_idle: bool) -> BoxFuture<'_, ()> {
        if !is_idle && at_ms > self.now_ms() {
            // Time stands still while something is under way.
            return Box::pin(std::future::pending());
        }
        self.0.fetch_max(at_ms, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

impl Clock for VirtualTimer {
    fn unix_seconds(&self) -> i64 {
        self.now_ms().div_euclid(1_000)
    }

    fn unix_milliseconds(&self) -> i64 {
        self.now_ms()
    }
}
