//! Work that goes on after a reply: a job that a service has begun, an export that it prepares.
//!
//! ```text
//! request ─ reply ─ done? ─▶ outputs
//!                     │ not yet ─ every ─▶ the card that is asked, or the request again ─ reply ─ done? …
//! ```
//! Who asks, and waits, is [`crate::call`] and whoever drives it.

mod fault;
mod rule;

pub use fault::UntilFault;
pub use rule::{State, Until};
