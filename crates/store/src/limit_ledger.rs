//! Where it is kept what was sent under the limits of services, for all who send.

use std::pin::Pin;
use std::sync::Arc;

use cardhost_core::limits::{Ledger, Turn};

use crate::StoreFault;

/// What is done with a ledger while nobody else changes it; the result where it asks whether a request may go. It is done anew with the ledger
/// as it is then where somebody else was faster: only the last time counts.
pub type Change = Arc<dyn Fn(&mut Ledger) -> Option<Turn> + Send + Sync>;

/// What came of a change.
pub type Changed<'a> = Pin<Box<dyn Future<Output = Result<Option<Turn>, StoreFault>> + Send + 'a>>;

/// Keeps ledgers of limits for all processes and hosts that share it: [`Store::limit_ledger`](crate::Store::limit_ledger),
/// [`open_limit_ledger`](crate::open_limit_ledger), or one of an embedder's own. What may be sent when is decided by [`Ledger`] alone; whoever keeps it sees to it that
/// changes come one after the other.
///
/// # Example: one in memory, for tests
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use cardhost_core::limits::Ledger;
/// use cardhost_store::{Change, Changed, LimitLedger};
///
/// #[derive(Default)]
/// struct Kept(Mutex<HashMap<String, Vec<u8>>>);
///
/// impl LimitLedger for Kept {
///     fn change<'a>(&'a self, key: &'a str, change: Change) -> Changed<'a> {
///         let mut kept = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
///         let bytes = kept.entry(key.to_owned()).or_default();
///         let mut ledger = Ledger::from_bytes(bytes).unwrap_or_default();
///         let turn = change(&mut ledger);
///         *bytes = ledger.to_bytes();
///         Box::pin(std::future::ready(Ok(turn)))
///     }
/// }
/// ```
pub trait LimitLedger: Send + Sync {
    /// Changes the ledger of a key; a new one where there is none. The key is text of up to some hundred bytes; no secret is in it. A
    /// change is done as a whole or not at all, also where nobody waits for it any more.
    fn change<'a>(&'a self, key: &'a str, change: Change) -> Changed<'a>;
}
