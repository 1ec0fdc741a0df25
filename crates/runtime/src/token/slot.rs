//! Where the tokens of one auth method of one connection are: at hand, and in the store where there is one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cardhost_core::failure::Error;
use cardhost_core::secret::Secret;
use cardhost_core::token::{TokenSet, Tokens};
use cardhost_store::fault::StoreFault;

use crate::clock::Clock;
use cardhost_store::{Lease, LeaseAnswer, StoredTokens, TenantStore};

/// The tokens of one auth method of one connection.
pub(crate) struct Slot {
    /// Held by whoever gets the next token.
    pub(super) gate: Arc<tokio::sync::Mutex<()>>,
    at_hand: Mutex<AtHand>,
    unsaved: Mutex<Option<Unsaved>>,
    failures: Mutex<Failures>,
    method: String,
    stored: Option<Stored>,
}

/// The newest tokens that are known, and which revision of the stored ones they are; 0 without a store.
#[derive(Default)]
struct AtHand {
    tokens: Option<Tokens>,
    revision: i64,
    /// Whether a service has taken the access token.
    has_worked: bool,
}

impl AtHand {
    fn new(tokens: Option<Tokens>, revision: i64, before: &AtHand) -> AtHand {
        let same = match (&tokens, &before.tokens) {
            (Some(tokens), Some(before)) => tokens.access.is(&before.access),
            _ => false,
        };
        AtHand { tokens, revision, has_worked: same && before.has_worked }
    }
}

/// Tokens that a server gave and the store did not take: those they were got with may be worth nothing any more.
pub(super) struct Unsaved {
    pub(super) tokens: Tokens,
    /// What was stored when they were asked for.
    pub(super) before: Option<Tokens>,
    /// The lease that they were got under, as long as nobody is known to have taken it over.
    pub(super) lease: Option<Held>,
}

/// How many renewals have failed, and why the last one did.
#[derive(Default)]
struct Failures {
    count: u64,
    last: Option<Error>,
}

/// The tokens of a connection as they were read, and their revision; 0 where there were none.
#[derive(Default)]
pub(crate) struct Revised {
    pub(crate) set: TokenSet,
    pub(crate) revision: i64,
}

impl Revised {
    pub(crate) fn read(found: Option<&StoredTokens>) -> Revised {
        let Some(found) = found else { return Revised::default() };
        let set = TokenSet::from_bytes(&found.bytes).unwrap_or_default();
        Revised { set, revision: found.revision }
    }
}

/// A stored connection.
struct Stored {
    store: TenantStore,
    id: String,
}

/// What came of asking for a lease.
pub(crate) enum SlotLease {
    /// Nobody else renews.
    Granted(Held),
    /// Somebody else does, for as long as this at most.
    Held { left: Duration },
}

/// The right to renew; nothing where the gate is enough.
pub(crate) struct Held(Option<Lease>);

impl Slot {
    /// Tokens that live as long as this process.
    pub(crate) fn in_memory(method: &str) -> Slot {
        Slot {
            gate: Arc::default(),
            at_hand: Mutex::default(),
            unsaved: Mutex::default(),
            failures: Mutex::default(),
            method: method.to_owned(),
            stored: None,
        }
    }

    /// Tokens of a stored connection.
    pub(crate) fn in_store(method: &str, store: TenantStore, id: String) -> Slot {
        Slot { stored: Some(Stored { store, id }), ..Slot::in_memory(method) }
    }

    /// The tokens at hand.
    pub(crate) fn current(&self) -> Option<Tokens> {
        lock(&self.at_hand).tokens.clone()
    }

    /// Keeps tokens at hand, unless newer ones are; gives back the one that requests carry.
    pub(crate) fn keep(&self, tokens: &Tokens, revision: i64) -> Secret {
        let mut at_hand = lock(&self.at_hand);
        if revision >= at_hand.revision {
            *at_hand = AtHand::new(Some(tokens.clone()), revision, &at_hand);
        }
        tokens.access.clone()
    }

    /// Takes over what was read with the connection, where it is newer.
    pub(crate) fn see(&self, found: &Revised) {
        let mut at_hand = lock(&self.at_hand);
        if found.revision > at_hand.revision {
            let tokens = found.set.get(&self.method).cloned();
            *at_hand = AtHand::new(tokens, found.revision, &at_hand);
        }
    }

    /// Takes note that a service has taken a token.
    pub(crate) fn has_worked(&self, token: &Secret) {
        let mut at_hand = lock(&self.at_hand);
        if !at_hand.has_worked {
            let held = at_hand.tokens.as_ref();
            at_hand.has_worked = held.is_some_and(|tokens| tokens.access.is(token));
        }
    }

    /// The tokens at hand, where a service has not taken them yet.
    pub(super) fn untried(&self) -> Option<Tokens> {
        let at_hand = lock(&self.at_hand);
        at_hand.tokens.clone().filter(|_| !at_hand.has_worked)
    }

    /// Tokens that the store has not taken yet; they are no longer kept here.
    pub(super) fn take_unsaved(&self) -> Option<Unsaved> {
        lock(&self.unsaved).take()
    }

    /// Keeps tokens that the store has not taken.
    pub(super) fn put_unsaved(&self, unsaved: Unsaved) {
        *lock(&self.unsaved) = Some(unsaved);
    }

    /// Whether there are tokens that the store has not taken.
    pub(super) fn has_unsaved(&self) -> bool {
        lock(&self.unsaved).is_some()
    }

    /// How many renewals have failed.
    pub(super) fn failures(&self) -> u64 {
        lock(&self.failures).count
    }

    /// Why the last renewal failed, if one did after so many.
    pub(super) fn failed_since(&self, count: u64) -> Option<Error> {
        let failures = lock(&self.failures);
        failures.last.clone().filter(|_| failures.count > count)
    }

    /// Keeps how a renewal ended, for those who have waited for it.
    pub(super) fn ended(&self, failure: Option<&Error>) {
        let mut failures = lock(&self.failures);
        failures.count += u64::from(failure.is_some());
        failures.last = failure.cloned();
    }

    /// Now, by the clock that the tokens' ends are judged by: hosts that share a store share its clock.
    pub(super) async fn now(&self, clock: &dyn Clock) -> Result<i64, Error> {
        match &self.stored {
            Some(stored) => Ok(stored.store.now().await?),
            None => Ok(clock.unix_seconds()),
        }
    }

    /// The tokens of the connection, as they are now.
    pub(super) async fn load(&self) -> Result<Revised, Error> {
        match &self.stored {
            Some(Stored { store, id }) => Ok(Revised::read(store.tokens(id).await?.as_ref())),
            None => {
                let mut set = TokenSet::default();
                if let Some(tokens) = self.current() {
                    set.put(&self.method, tokens);
                }
                Ok(Revised { set, revision: 0 })
            }
        }
    }

    pub(super) async fn lease(&self, time: Duration) -> Result<SlotLease, Error> {
        let Some(Stored { store, id }) = &self.stored else {
            return Ok(SlotLease::Granted(Held(None)));
        };
        Ok(match store.try_lease(id, time).await? {
            LeaseAnswer::Granted(lease) => SlotLease::Granted(Held(Some(lease))),
            LeaseAnswer::Held { left } => SlotLease::Held { left },
        })
    }

    /// Stores the tokens in place of those of their method and ends the lease; their revision.
    pub(super) async fn save(&self, lease: &Held, tokens: &Tokens) -> Result<i64, StoreFault> {
        let (Some(Stored { store, id }), Held(Some(lease))) = (&self.stored, lease) else {
            return Ok(0);
        };
        // Those of other methods are renewed under the same lease: nobody else writes them meanwhile.
        let mut set = Revised::read(store.tokens(id).await?.as_ref()).set;
        set.put(&self.method, tokens.clone());
        store.save_tokens(lease, &set.to_bytes(), tokens.expires_at).await
    }

    /// Ends the lease. Where that fails, it ends by itself at its deadline.
    pub(super) async fn release(&self, lease: Held) {
        if let (Some(Stored { store, .. }), Held(Some(lease))) = (&self.stored, lease)
            && let Err(error) = store.release(lease).await
        {
            tracing::debug!(?error, "a lease could not be given back");
        }
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The slots of connections that are in no store, by what they hold.
#[derive(Default)]
pub(crate) struct Slots(Mutex<HashMap<SlotKey, Arc<Slot>>>);

/// A connection's fingerprint and an auth method.
type SlotKey = ([u8; 32], String);

impl Slots {
    /// More are forgotten, those first that nobody uses.
    const MOST: usize = 4096;

    /// The slot of a connection's auth method.
    pub(crate) fn of(&self, fingerprint: [u8; 32], method: &str) -> Arc<Slot> {
        let mut slots = lock(&self.0);
        let key = (fingerprint, method.to_owned());
        if let Some(found) = slots.get(&key) {
            return Arc::clone(found);
        }
        if slots.len() >= Self::MOST {
            slots.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        let slot = Arc::new(Slot::in_memory(method));
        slots.insert(key, Arc::clone(&slot));
        slot
    }
}
