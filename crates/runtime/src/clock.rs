//! Clocks: the only source of time for decisions.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::transport::BoxFuture;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn unix_seconds(&self) -> i64;

    /// Milliseconds since then, as far as the clock knows.
    fn unix_milliseconds(&self) -> i64 {
        self.unix_seconds().saturating_mul(1_000)
    }

    /// Waits so long: on the machine's clock, unless this one has a time of its own.
    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(span))
    }
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_seconds(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    fn unix_milliseconds(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

/// A clock that stands still, for tests.
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub i64);

impl Clock for FixedClock {
    fn unix_seconds(&self) -> i64 {
        self.0
    }

    /// Nothing: its time does not pass.
    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A time that passes only where a call waits, and is the same in a recording and in its replay, however long a service took: hours between
/// two looks at a job are hours in both, and a replay has them over at once.
#[derive(Clone, Debug)]
pub struct WaitingClock {
    now_ms: Arc<AtomicI64>,
    takes_time: bool,
}

/// How far behind the machine's clock requests are signed: services may take more for a forged time.
const MOST_BEHIND_MS: i64 = 60_000;

impl WaitingClock {
    /// Of a recording, beginning at a time in seconds since 1970: a wait takes its time. Once it is more than a minute behind the machine's
    /// clock, it is that one which counts.
    #[must_use]
    pub fn recording(unix_seconds: i64) -> WaitingClock {
        WaitingClock { takes_time: true, ..WaitingClock::replaying(unix_seconds) }
    }

    /// Of a replay, beginning at a time in seconds since 1970: a wait is over at once.
    #[must_use]
    pub fn replaying(unix_seconds: i64) -> WaitingClock {
        let now_ms = Arc::new(AtomicI64::new(unix_seconds.saturating_mul(1_000)));
        WaitingClock { now_ms, takes_time: false }
    }
}

impl Clock for WaitingClock {
    fn unix_seconds(&self) -> i64 {
        self.unix_milliseconds().div_euclid(1_000)
    }

    fn unix_milliseconds(&self) -> i64 {
        let now = self.now_ms.load(Ordering::Relaxed);
        let machine = if self.takes_time { SystemClock.unix_milliseconds() } else { now };
        if machine.saturating_sub(now) > MOST_BEHIND_MS { machine } else { now }
    }

    fn sleep(&self, span: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.takes_time {
                tokio::time::sleep(span).await;
            }
            let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
            let later = |now: i64| Some(now.saturating_add(span));
            let _ = self.now_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
        })
    }
}
