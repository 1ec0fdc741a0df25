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

/// The time of a run that is recorded. As in its replay, over a [`VirtualTimer`], time passes only where the run waits, and
/// stands still while something is under way; but a wait takes its time. So a replay sees the time that the recorded run
/// saw, to the millisecond, however long the service took.
///
/// It is a clock too, to be given to the host: what is signed for a time is signed the same in the replay. While requests
/// are under way it falls behind the machine's; once that is more than a minute, which services may take for a forged time,
/// it is the machine's clock that signs.
#[derive(Clone, Debug)]
pub struct RecordingTimer(VirtualTimer);

/// How far behind the machine's clock requests are signed.
const MOST_BEHIND_MS: i64 = 60_000;

impl RecordingTimer {
    /// Begins at a time, in milliseconds since 1970.
    #[must_use]
    pub fn starting_at(now_ms: i64) -> RecordingTimer {
        RecordingTimer(VirtualTimer::starting_at(now_ms))
    }
}

impl Timer for RecordingTimer {
    fn now_ms(&self) -> i64 {
        self.0.now_ms()
    }

    fn until(&self, at_ms: i64, is_idle: bool) -> BoxFuture<'_, ()> {
        let left = u64::try_from(at_ms.saturating_sub(self.now_ms())).unwrap_or(0);
        if !is_idle || left == 0 {
            return self.0.until(at_ms, is_idle);
        }
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(left)).await;
            self.0.until(at_ms, true).await;
        })
    }
}

impl Clock for RecordingTimer {
    fn unix_seconds(&self) -> i64 {
        self.unix_milliseconds().div_euclid(1_000)
    }

    fn unix_milliseconds(&self) -> i64 {
        let (machine, run) = (SystemClock.unix_milliseconds(), self.now_ms());
        if machine.saturating_sub(run) > MOST_BEHIND_MS { machine } else { run }
    }
}
