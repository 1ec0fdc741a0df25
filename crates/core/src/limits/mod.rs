//! What a service allows: so many requests at once, so many in a time.
//!
//! ```text
//! Limits, now, how many wait before it ─▶ Ledger::ask ─▶ Turn: go, later, full
//! ```
//! A [`Ledger`] decides when the next request may go, from times alone; whoever sends asks it, waits, and tells it what the service says.
//! Where it is kept, in memory or in a file or database that many processes share, is nothing to it.

mod fault;
mod kept;
mod ledger;
mod rule;
mod told;
mod turn;
mod window;

pub use fault::LimitFault;
pub use ledger::Ledger;
pub use rule::{LimitScope, Limits, Rate, RemainingHeader, ResetHeader};
pub use turn::{Permit, Turn};
