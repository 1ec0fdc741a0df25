//! A back end, and the keys that its values are sealed under.

use std::sync::{PoisonError, RwLock};

use super::backend::Backend;
use super::cipher::Ring;
use super::{Key, StoreFault};

pub(super) struct SealedBackend {
    backend: Box<dyn Backend>,
    keys: RwLock<Keys>,
}

struct Keys {
    ring: Ring,
    /// The id of the key that the store is sealed under, as last seen.
    current: String,
}

impl SealedBackend {
    pub(super) fn new(backend: Box<dyn Backend>, ring: Ring, current: String) -> SealedBackend {
        SealedBackend { backend, keys: RwLock::new(Keys { ring, current }) }
    }

    pub(super) fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    pub(super) fn place(&self) -> &str {
        self.backend.place()
    }

    /// Takes one more key, and gives all of them back.
    pub(super) fn add_key(&self, key: &Key) -> Result<Ring, StoreFault> {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.ring = keys.ring.clone().with(key)?;
        Ok(keys.ring.clone())
    }

    pub(super) fn set_current(&self, key: &str) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        key.clone_into(&mut keys.current);
    }

    /// The keys, and the id of the one to seal under.
    pub(super) fn keys(&self) -> (Ring, String) {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        (keys.ring.clone(), keys.current.clone())
    }

    /// Looks again which key the store is sealed under.
    pub(super) async fn look_at_key(&self) -> Result<(), StoreFault> {
        let state = self.backend().key_state().await?;
        let (ring, current) = self.keys();
        if state.key != current {
            ring.verify(self.place(), &state.key, &state.check)?;
            self.set_current(&state.key);
        }
        Ok(())
    }

    pub(super) fn contended(&self) -> StoreFault {
        StoreFault::Unreachable {
            place: self.place().to_owned(),
            reason: "others keep changing the same connection".to_owned(),
            transient: true,
        }
    }
}
