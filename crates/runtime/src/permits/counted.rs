//! What is counted together, as one host sees it.

mod line;
mod sending;

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, PoisonError};
use std::task::Poll;
use std::time::Duration;

use cardhost_core::failure::Error;
use cardhost_core::limits::{Ledger, Limits, Permit, Turn};
use cardhost_store::{Change, LimitLedger, StoreFault};
use tokio::runtime::Handle;
use tokio::sync::{Notify, OnceCell};

use super::LOOK;
use super::place::{Place, Source};
use crate::clock::Clock;
use line::Line;
use sending::LEASE;

pub(super) use line::{Entered, enter};
pub(crate) use sending::Sending;

/// What is counted together.
pub(super) struct Counted {
    key: Arc<str>,
    source: Arc<Source>,
    /// Found when the first request asks.
    place: OnceCell<Place>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) line: Line,
    /// A request of this host is over.
    pub(super) freed: Notify,
}

/// What came of asking.
pub(super) enum Asked {
    Go(Sending),
    Later(Duration),
    Full,
}

impl Counted {
    pub(super) fn new(key: String, source: Arc<Source>, clock: Arc<dyn Clock>) -> Counted {
        let (place, line, freed) = Default::default();
        Counted { key: key.into(), source, place, clock, line, freed }
    }

    /// Asks for a request that takes `time` at most and has `ahead` others of this host before it. Now is what the clock says, or `at_least`
    /// where that is later.
    pub(super) async fn ask(
        self: &Arc<Counted>,
        limits: &Arc<Limits>,
        ahead: usize,
        at_least: i64,
        time: Duration,
    ) -> Result<Asked, Error> {
        let is_placed = limits.concurrent.is_some();
        let place = self.place.get_or_try_init(|| self.source.place()).await?;
        let (limits, clock) = (Arc::clone(limits), Arc::clone(&self.clock));
        let now = move || clock.unix_milliseconds().max(at_least);
        let turn = match place {
            Place::Here(ledger) => {
                let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
                let turn = ledger.ask(&limits, now(), ahead, None);
                return Ok(self.asked(turn, is_placed));
            }
            Place::Shared(shared) => {
                let change: Change = Arc::new(move |ledger| {
                    Some(ledger.ask(&limits, now(), ahead, Some(LEASE.min(time))))
                });
                let (shared, counted) = (Arc::clone(shared), Arc::clone(self));
                let mut asking = Box::pin(async move {
                    let turn = shared.change(&counted.key, change).await?;
                    Ok::<_, StoreFault>(counted.asked(turn.unwrap_or(Turn::Full), is_placed))
                });
                let begun = poll_fn(|context| Poll::Ready(asking.as_mut().poll(context))).await;
                match begun {
                    Poll::Ready(asked) => return asked.map_err(Error::from),
                    // In a task of its own: what it gets for a call that is gone meanwhile goes back by itself.
                    Poll::Pending => tokio::spawn(asking),
                }
            }
        };
        match turn.await {
            Ok(asked) => asked.map_err(Error::from),
            Err(ended) => {
                let (place, reason) = ("limits".to_owned(), ended.to_string());
                Err(StoreFault::Unreachable { place, reason, transient: true }.into())
            }
        }
    }

    fn asked(self: &Arc<Counted>, turn: Turn, is_placed: bool) -> Asked {
        match turn {
            Turn::Go(permit) => Asked::Go(Sending::new(self, permit, is_placed)),
            Turn::Later { wait } => Asked::Later(wait),
            Turn::Full => Asked::Full,
        }
    }

    /// How long to wait before looking again whether a request of others is over; `None` where there are no others.
    pub(super) fn look(&self) -> Option<Duration> {
        matches!(self.place.get(), Some(Place::Shared(_))).then_some(LOOK)
    }

    /// Whether nothing of it is known that a new one would not know.
    pub(super) fn is_idle(&self, now: i64) -> bool {
        match self.place.get() {
            Some(Place::Here(ledger)) => {
                ledger.lock().unwrap_or_else(PoisonError::into_inner).idle_at() <= now
            }
            Some(Place::Shared(_)) | None => true,
        }
    }

    pub(super) async fn hold(&self, wait: Duration) {
        let clock = Arc::clone(&self.clock);
        self.change(Arc::new(move |ledger| {
            ledger.hold(clock.unix_milliseconds(), wait);
            None
        }))
        .await;
    }

    pub(super) async fn renew(&self, permit: Permit) {
        let clock = Arc::clone(&self.clock);
        self.change(Arc::new(move |ledger| {
            ledger.renew(permit, clock.unix_milliseconds(), LEASE);
            None
        }))
        .await;
    }

    pub(super) async fn give_back(&self, permit: Permit) {
        self.change(over(permit, true)).await;
        self.freed.notify_one();
    }

    /// Gives back what a permit has, where nobody can wait for that.
    pub(super) fn let_go(self: &Arc<Counted>, permit: Permit, is_sent: bool) {
        let change = over(permit, is_sent);
        match self.place.get() {
            Some(Place::Here(ledger)) => {
                change(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner));
                self.freed.notify_one();
            }
            Some(Place::Shared(shared)) => {
                // Without a runtime its lease ends it.
                let Ok(runtime) = Handle::try_current() else { return };
                let (shared, counted) = (Arc::clone(shared), Arc::clone(self));
                runtime.spawn(async move {
                    changed(&*shared, &counted.key, change).await;
                    counted.freed.notify_one();
                });
            }
            None => {}
        }
    }

    async fn change(&self, change: Change) {
        match self.place.get() {
            Some(Place::Here(ledger)) => {
                change(&mut ledger.lock().unwrap_or_else(PoisonError::into_inner));
            }
            Some(Place::Shared(shared)) => changed(&**shared, &self.key, change).await,
            None => {}
        }
    }
}

/// The request of a permit is over, or was never sent.
fn over(permit: Permit, is_sent: bool) -> Change {
    Arc::new(move |ledger: &mut Ledger| {
        match is_sent {
            true => ledger.give_back(permit),
            false => ledger.take_back(permit),
        }
        None
    })
}

/// Tells a shared ledger something. A call is not held up by it: what is not told ends with its lease.
async fn changed(shared: &dyn LimitLedger, key: &str, change: Change) {
    if let Err(fault) = shared.change(key, change).await {
        tracing::warn!(%fault, "the ledger of limits was not told");
    }
}

impl fmt::Debug for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counted").field("key", &self.key).field("line", &self.line).finish()
    }
}
