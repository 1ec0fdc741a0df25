//! The store sealed under another key, while hosts go on working.

use super::backend::{Column, KeyState, Resealed, Row, Wrote};
use super::cipher::{self, Ring};
use super::limits::TRIES;
use super::tenant::binding;
use super::{Key, Store, StoreFault};

impl Store {
    /// Seals the store under another key: from the beginning of the rotation all that is written, then all that was there.
    /// Returns how many values were resealed by this call.
    ///
    /// Hosts that hold both keys go on working meanwhile. A rotation that was broken off is finished by the same call, on
    /// a store that was opened with both keys. Values that cannot be opened are left, the others resealed, and the first
    /// fault is returned. When it returns without a fault, the other keys are not needed any more.
    ///
    /// # Errors
    /// [`StoreFault::Tampered`], [`StoreFault::WrongKey`], [`StoreFault::Unreachable`].
    pub async fn rotate(&self, to: Key) -> Result<usize, StoreFault> {
        let key = to.id();
        let ring = self.0.add_key(&to)?;
        self.turn(&ring, &key).await?;
        let mut fault = None;
        let mut resealed = 0;
        let mut after = String::new();
        loop {
            let rows = self.0.backend().page(&after).await?;
            let Some(last) = rows.last() else { break };
            let mut values = Vec::new();
            let mut unopened = None;
            for row in &rows {
                if let Err(found) = reseal(&ring, &key, row, &mut values) {
                    unopened.get_or_insert(found);
                }
            }
            let count = values.len();
            let written =
                if count == 0 { 0 } else { self.0.backend().reseal(key.clone(), values).await? };
            resealed += written;
            // Otherwise somebody changed a row in between: the page is looked at again.
            if written == count {
                after.clone_from(&last.id);
                fault = fault.or(unopened);
            } else {
                self.current_is(&ring, &key).await?;
            }
        }
        fault.map_or(Ok(resealed), Err)
    }

    /// From here on nothing is written under another key.
    async fn turn(&self, ring: &Ring, key: &str) -> Result<(), StoreFault> {
        for _ in 0..TRIES {
            let state = self.0.backend().key_state().await?;
            ring.verify(self.0.place(), &state.key, &state.check)?;
            let turned = state.key == key || {
                let to = KeyState { key: key.to_owned(), check: ring.check(key)? };
                self.0.backend().turn(state.key, to).await? == Wrote::Yes
            };
            if turned {
                self.0.set_current(key);
                return Ok(());
            }
        }
        Err(self.0.contended())
    }

    /// Somebody else may have begun another rotation.
    async fn current_is(&self, ring: &Ring, key: &str) -> Result<(), StoreFault> {
        let state = self.0.backend().key_state().await?;
        if state.key == key {
            Ok(())
        } else {
            ring.verify(self.0.place(), &state.key, &state.check).and(Err(self.0.contended()))
        }
    }
}

/// Reseals what of a row is not under the key yet; what can be opened is resealed also where the rest cannot.
fn reseal(ring: &Ring, key: &str, row: &Row, values: &mut Vec<Resealed>) -> Result<(), StoreFault> {
    let fields = (Column::Fields, Some(&row.fields));
    let tokens = (Column::Tokens, row.tokens.as_ref());
    let mut result = Ok(());
    for (column, sealed) in [fields, tokens] {
        let Some(sealed) = sealed.filter(|sealed| !cipher::is_under(sealed, key)) else { continue };
        let binding = binding(row, column);
        let new = ring.open(&binding, sealed).and_then(|value| ring.seal(key, &binding, &value));
        match new {
            Ok(new) => {
                values.push(Resealed { id: row.id.clone(), column, old: sealed.clone(), new })
            }
            Err(fault) => result = result.and(Err(fault)),
        }
    }
    result
}
