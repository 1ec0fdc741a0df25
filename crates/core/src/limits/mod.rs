//! What a service allows: so many requests at once, so many in a time.
//!
//! A [`Ledger`] decides when the next request may go, from times alone; whoever sends asks it, waits, and tells it what the service says.

mod fault;
mod ledger;
mod rule;

pub use fault::LimitFault;
pub use ledger::Ledger;
pub use rule::{LimitScope, Limits, Rate};
