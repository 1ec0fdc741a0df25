//! The right to send, where a service allows only so much: shared by all calls of a host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cardhost_core::limits::{Ledger, LimitFault, Limits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::clock::Clock;

/// Whose requests are counted together: connector, target, and the connection where the limits are its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LimitKey {
    pub(crate) tenant: String,
    pub(crate) connector: String,
    pub(crate) target: String,
    pub(crate) connection: Option<[u8; 32]>,
}

/// The permits of a host.
#[derive(Debug, Default)]
pub(crate) struct Permits(Mutex<HashMap<LimitKey, Arc<Counted>>>);

/// What is counted together.
#[derive(Debug)]
struct Counted {
    limits: Limits,
    at_once: Option<Arc<Semaphore>>,
    ledger: Mutex<Ledger>,
}

impl Permits {
    /// The limits of what is counted under a key. Where a definition was changed they begin anew.
    pub(crate) fn of(&self, key: LimitKey, limits: &Limits) -> Limited {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let target = key.target.clone();
        let counted = match all.get(&key) {
            Some(counted) if counted.limits == *limits => Arc::clone(counted),
            _ => {
                let at_once = limits.concurrent.map(|most| Semaphore::new(most as usize));
                let counted = Arc::new(Counted {
                    limits: limits.clone(),
                    at_once: at_once.map(Arc::new),
                    ledger: Mutex::new(Ledger::new(&limits.rate)),
                });
                all.insert(key, Arc::clone(&counted));
                counted
            }
        };
        Limited { target, counted }
    }
}

/// The limits of one call.
pub(crate) struct Limited {
    target: String,
    counted: Arc<Counted>,
}

/// The right to send one request; it ends where this is dropped.
pub(crate) struct Permit {
    _at_once: Option<OwnedSemaphorePermit>,
}

impl Limited {
    /// Waits for the right to send one request, where that takes no longer than `most`. Dropping the future gives back what it had.
    pub(crate) async fn permit(
        &self,
        clock: &dyn Clock,
        most: Duration,
    ) -> Result<Permit, LimitFault> {
        let fault = |wait| LimitFault { target: self.target.clone(), wait, most };
        let at_once = match &self.counted.at_once {
            Some(semaphore) => {
                let asked = Arc::clone(semaphore).acquire_owned();
                match tokio::time::timeout(most, asked).await {
                    Ok(permit) => permit.ok(),
                    // How long the others will take nobody knows.
                    Err(_) => return Err(fault(Duration::from_secs(1))),
                }
            }
            None => None,
        };
        let now = clock.unix_milliseconds();
        let (at, wait) = {
            let mut ledger = self.ledger();
            let at = ledger.next(now);
            let wait = Duration::from_millis(u64::try_from(at.saturating_sub(now)).unwrap_or(0));
            if wait > most {
                return Err(fault(wait));
            }
            ledger.take(at, now);
            (at, wait)
        };
        if !wait.is_zero() {
            let mut turn = Turn { limited: self, at: Some(at) };
            tracing::info!(target = self.target, ms = wait.as_millis(), "waiting for its limits");
            clock.sleep(wait).await;
            turn.at = None;
        }
        Ok(Permit { _at_once: at_once })
    }

    /// The service has said that nothing more may go for so long.
    pub(crate) fn hold(&self, clock: &dyn Clock, seconds: u64) {
        let wait = i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX);
        self.ledger().hold_until(clock.unix_milliseconds().saturating_add(wait));
    }

    fn ledger(&self) -> std::sync::MutexGuard<'_, Ledger> {
        self.counted.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the row, given back where nobody waits for it any more.
struct Turn<'l> {
    limited: &'l Limited,
    at: Option<i64>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(at) = self.at {
            self.limited.ledger().give_back(at);
        }
    }
}
