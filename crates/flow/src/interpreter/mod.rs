//! A run of a flow as a state machine: it says what to do, and is told what came of it.
//!
//! ```text
//! begin ─ if ─ input.schema ─ input.from ─▶ the task ─▶ output.as ─ output.schema ─ export ─ then ─▶ begin
//!                                            │   ▲
//!                                            ▼   │ complete
//!                                           steps ─▶ host
//! a problem ─▶ up the frames until a `try` catches it (retry: wait, begin again · do · go on) or the run ends
//! ```
//! Nothing here is recursive, has a clock or chance: time comes with [`Run::steps`], chance from a seed.

pub(crate) mod authentication;
mod chance;
mod data;
mod duration;
mod event;
mod frame;
pub(crate) mod http;
mod limits;
mod machine;
mod openapi;
mod options;
mod purpose;
mod retry;
mod run;
mod scope;
pub(crate) mod step;
mod tasks;
mod work;

pub use chance::{idempotency_key, inner_seed};
pub use event::{Event, Happened};
pub use limits::{MAX_FRAMES, MAX_LEVELS, TASKS_AT_ONCE};
pub use options::{DEFAULT_MAX_TASKS, Options};
pub use run::Run;

#[cfg(test)]
mod tests;
