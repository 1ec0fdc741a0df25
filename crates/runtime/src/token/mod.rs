//! Tokens: got before they end, once for everybody, and stored before they are used.
//!
//! ```text
//! a good token at hand ─▶ use it
//! else  gate (one task of this process) ─▶ read the store ─▶ a good token there ─▶ use it
//!       └▶ lease in the store (one host, with a deadline) ─▶ read again ─▶ ask ─▶ store ─▶ use
//!       └▶ leased by somebody else ─▶ use the old token while it is good, or wait and read again
//! ```
//! Who waits at the gate shares what comes of it: the token, or why there is none. Tokens that the store does not take
//! are kept by the process and stored first when it is asked for a token again.

mod chosen;
mod describe;
mod look_up;
mod renewer;
mod servers;
mod slot;
mod timing;

pub(crate) use chosen::{lacks, the_one};
pub(crate) use renewer::{Renewer, Wanted, keep_secret};
pub(crate) use servers::Servers;
pub(crate) use slot::{Revised, Slot, Slots};
pub(crate) use timing::{LEASE, Timing};
