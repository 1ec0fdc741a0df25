//! Time as a flow sees it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::transport::BoxFuture;

/// Tells the time of a run and waits in it.
pub trait Timer: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now_ms(&self) -> i64;

    /// Ends at a time; whoever waited for it is busy then. It counts as waiting from the call on. Dropped when something
    /// else comes first.
    fn until(&self, at_ms: i64) -> BoxFuture<'_, Busy>;

    /// Says that something is under way, a request or a flow that does not wait.
    fn busy(&self) -> Busy {
        Busy::default()
    }
}

/// Something is under way until this is dropped: a time that jumps stands still.
#[derive(Default)]
pub struct Busy(Option<VirtualTimer>);

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(timer) = &self.0 {
            let mut state = timer.state();
            state.busy = state.busy.saturating_sub(1);
            state.wake_first();
        }
    }
}

/// The machine's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemTimer;

impl Timer for SystemTimer {
    fn now_ms(&self) -> i64 {
        SystemClock.unix_milliseconds()
    }

    fn until(&self, at_ms: i64) -> BoxFuture<'_, Busy> {
        let left = at_ms.saturating_sub(self.now_ms());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        Box::pin(async move {
            tokio::time::sleep(left).await;
            Busy::default()
        })
    }
}

/// A time that jumps: where nothing is under way, the wait that ends first is over at once. For tests and replays; it is a
/// clock too, to be given to the host.
#[derive(Clone)]
pub struct VirtualTimer(Arc<Mutex<State>>);

struct State {
    now_ms: i64,
    busy: usize,
    /// Who waits, by the time when that is over.
    waiting: BTreeMap<(i64, u64), Option<Waker>>,
    next: u64,
}

impl State {
    /// Whoever is first looks whether time can pass.
    fn wake_first(&mut self) {
        if self.busy == 0
            && let Some(mut first) = self.waiting.first_entry()
            && let Some(waker) = first.get_mut().take()
        {
            waker.wake();
        }
    }
}

impl VirtualTimer {
    /// Begins at a time, in milliseconds since 1970.
    #[must_use]
    pub fn starting_at(now_ms: i64) -> VirtualTimer {
        let state = State { now_ms, busy: 0, waiting: BTreeMap::new(), next: 0 };
        VirtualTimer(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self, at_ms: i64) -> Waiting {
        let mut state = self.state();
        let key = (at_ms, state.next);
        state.next += 1;
        state.waiting.insert(key, None);
        Waiting { timer: self.clone(), key }
    }
}

/// One who waits.
struct Waiting {
    timer: VirtualTimer,
    key: (i64, u64),
}

impl Waiting {
    /// Ready when its time has come; or when nothing is under way and no other wait ends earlier: then with what is left.
    fn turn(&self, context: &Context<'_>) -> Poll<Result<Busy, i64>> {
        let mut state = self.timer.state();
        let left = self.key.0.saturating_sub(state.now_ms);
        if left <= 0 {
            return Poll::Ready(Ok(self.over(&mut state)));
        }
        let is_first = state.waiting.keys().next() == Some(&self.key);
        if state.busy == 0 && is_first {
            return Poll::Ready(Err(left));
        }
        state.waiting.insert(self.key, Some(context.waker().clone()));
        Poll::Pending
    }

    /// Lets time pass, where it still can.
    fn pass(&self) -> Option<Busy> {
        let mut state = self.timer.state();
        let is_first = state.waiting.keys().next() == Some(&self.key);
        if state.busy > 0 || !is_first {
            return None;
        }
        state.now_ms = state.now_ms.max(self.key.0);
        let now_ms = state.now_ms;
        let due = state.waiting.range_mut(..=(now_ms, u64::MAX));
        due.filter_map(|(_, waker)| waker.take()).for_each(Waker::wake);
        Some(self.over(&mut state))
    }

    /// Busy from the moment on at which it does not wait any more: no one else lets time pass in between.
    fn over(&self, state: &mut State) -> Busy {
        state.waiting.remove(&self.key);
        state.busy += 1;
        Busy(Some(self.timer.clone()))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut state = self.timer.state();
        if state.waiting.remove(&self.key).is_some() {
            state.wake_first();
        }
    }
}

impl std::fmt::Debug for VirtualTimer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VirtualTimer({})", self.now_ms())
    }
}

impl Timer for VirtualTimer {
    fn now_ms(&self) -> i64 {
        self.state().now_ms
    }

    fn until(&self, at_ms: i64) -> BoxFuture<'_, Busy> {
        let waiting = self.waiting(at_ms);
        Box::pin(async move {
            loop {
                match poll_fn(|context| waiting.turn(context)).await {
                    Ok(busy) => return busy,
                    Err(_) => {
                        if let Some(busy) = waiting.pass() {
                            return busy;
                        }
                    }
                }
            }
        })
    }

    fn busy(&self) -> Busy {
        self.state().busy += 1;
        Busy(Some(self.clone()))
    }
}

impl Clock for VirtualTimer {
    fn unix_seconds(&self) -> i64 {
        self.now_ms().div_euclid(1_000)
    }

    fn unix_milliseconds(&self) -> i64 {
        self.now_ms()
    }

    /// Nothing: time stands still while a call is under way.
    fn sleep(&self, _: Duration) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
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

    fn until(&self, at_ms: i64) -> BoxFuture<'_, Busy> {
        let waiting = self.0.waiting(at_ms);
        Box::pin(async move {
            loop {
                match poll_fn(|context| waiting.turn(context)).await {
                    Ok(busy) => return busy,
                    Err(left) => {
                        let left = u64::try_from(left).unwrap_or(0);
                        tokio::time::sleep(Duration::from_millis(left)).await;
                        if let Some(busy) = waiting.pass() {
                            return busy;
                        }
                    }
                }
            }
        })
    }

    fn busy(&self) -> Busy {
        self.0.busy()
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
