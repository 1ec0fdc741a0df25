//! A call as a state machine: each state says what to do next and never does it, and has only what can be done in it.
//!
//! ```text
//!            ┌────────── Step::Sign(Unsigned) ◀─ the token is no longer good, once ─┐
//! begin ─────┤                  │ sign                                              │
//!            └─────────▶ Step::Send(Signed) ─ on_reply ─▶ Replied ─ decide ─────────┤
//!                        ▲      ▲    └─ on_fault ──┐                                │
//!                        │      │                  ▼                                │
//!                        │      │              Step::Done ◀─ output or error ───────┤
//!                        │      └── a challenge is answered, a redirect followed ───┤
//!                        ├──────── over ◀─ Step::Wait(Waiting) ◀─ it may pass ──────┤
//!                        └─────── go_on ◀─ Step::Page(Paged) ◀─ there is more ──────┘
//! ```
//! A card with `until` whose work is not done ends with an outcome that has a [`Polling`]: whoever drives it waits, plans the card that is
//! to be asked, and goes on with [`Polling::ask`].
//!
//! An [`Anonymous`] call goes the same way, from a request that is there already to its reply.

mod anonymous;
mod challenge;
mod cookies;
mod course;
mod end;
mod failed;
mod fault;
mod had;
mod kept;
mod looking;
mod outcome;
mod output;
mod paged;
mod paging;
mod passing;
mod polling;
mod redirect;
mod replied;
mod service;
mod signed;
mod step;
mod treatment;
mod unsigned;
mod waiting;

pub use anonymous::Anonymous;
pub(crate) use cookies::Cookies;
pub use fault::ReplyFault;
pub use kept::is_kept;
pub use outcome::Outcome;
pub use paged::Paged;
pub use paging::{MOST_KEPT_BYTES, PAGES};
pub use passing::Passing;
pub use polling::Polling;
pub use redirect::MAX_REDIRECTS;
pub use signed::Signed;
pub use step::{Step, begin};
pub use treatment::Treatment;
pub use unsigned::Unsigned;
pub use waiting::Waiting;
