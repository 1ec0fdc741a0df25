//! Where the tokens of one auth method of one connection are: at hand, and in the store where there is one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cardhost_core::failure::Error;
use cardhost_core::secret::Secret;
use cardhost_core::token::{TokenSet, Tokens};

use crate::clock::Clock;
use crate::store::{Lease, LeaseAnswer, TenantStore};

/// The tokens of one auth method of one connection.
pub(crate) struct Slot {
    /// Held by whoever gets the next token.
    pub(super) gate: Arc<tokio::sync::Mutex<()>>,
    at_hand: Mutex<Option<Tokens>>,
    method: String,
    stored: Option<Stored>,
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
        let (gate, at_hand) = (Arc::default(), Mutex::default());
        Slot { gate, at_hand, method: method.to_owned(), stored: None }
    }

    /// Tokens of a stored connection; `tokens` are those that were read with it.
    pub(crate) fn in_store(
        method: &str,
        store: TenantStore,
        id: String,
        tokens: Option<Tokens>,
    ) -> Slot {
        Slot { stored: Some(Stored { store, id }), ..Slot::in_memory(method) }.with(tokens)
    }

    fn with(self, tokens: Option<Tokens>) -> Slot {
        *self.lock() = tokens;
        self
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Tokens>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tokens at hand.
    pub(crate) fn current(&self) -> Option<Tokens> {
        self.lock().clone()
    }

    /// Keeps tokens at hand; gives back the one that requests carry.
    pub(crate) fn keep(&self, tokens: &Tokens) -> Secret {
        *self.lock() = Some(tokens.clone());
        tokens.access.clone()
    }

    /// Now, by the clock that the tokens' ends are judged by: hosts that share a store share its clock.
    pub(super) async fn now(&self, clock: &dyn Clock) -> Result<i64, Error> {
        match &self.stored {
            Some(stored) => Ok(stored.store.now().await?),
            None => Ok(clock.unix_seconds()),
        }
    }

    /// The tokens of the connection, as they are now.
    pub(super) async fn load(&self) -> Result<TokenSet, Error> {
        match &self.stored {
            Some(Stored { store, id }) => {
                let found = store.tokens(id).await?;
                Ok(found.and_then(|found| TokenSet::from_bytes(&found.bytes)).unwrap_or_default())
            }
            None => {
                let mut set = TokenSet::default();
                if let Some(tokens) = self.current() {
                    set.put(&self.method, tokens);
                }
                Ok(set)
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

    /// Stores the tokens and ends the lease.
    pub(super) async fn save(
        &self,
        lease: &Held,
        set: &TokenSet,
        tokens: &Tokens,
    ) -> Result<(), Error> {
        if let (Some(Stored { store, .. }), Held(Some(lease))) = (&self.stored, lease) {
            store.save_tokens(lease, &set.to_bytes(), tokens.expires_at).await?;
        }
        Ok(())
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
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
