//! Runs flows on this machine: what [`cardhost_flow::Run`] says is to be done is done over a [`Host`](crate::host::Host).
//!
//! ```text
//! Flow, input ─▶ FlowRunner ─ restore ─▶ Run ─ steps ─▶ card │ http │ wait │ flow │ emit ─ complete ─▶ Run … ─▶ output
//!                    │          ▲                         (branches of a fork at the same time)
//!                    │          └ Journal ◀─ turns and replies, before anything follows from them
//!                    └─▶ Watcher: what happens, for progress and traces
//! ```
//! The interpreter decides, the runner does. A run that is given a [`Journal`] goes on after a crash; one that is
//! dropped leaves nothing behind.

mod asked;
mod call;
mod drive;
mod fault;
mod flow_run;
#[cfg(feature = "sqlite")]
mod journal;
#[cfg(not(feature = "sqlite"))]
mod journal_off;
mod masked;
mod open;
mod outcome;
mod ready;
mod runner;
mod secrets;
mod settings;
mod source;
mod timer;
mod watch;

pub use fault::{JournalProblem, RunFault};
#[cfg(feature = "sqlite")]
pub use journal::{Journal, RunState, Stage};
#[cfg(not(feature = "sqlite"))]
pub use journal_off::Journal;
pub use open::Unfinished;
pub use ready::NotReady;
pub use runner::FlowRunner;
pub use secrets::{FlowSecrets, MemorySecrets};
pub use settings::MAX_FLOWS_DEEP;
pub use source::{Flow, FlowFolder, FlowSource, MemoryFlows};
pub use timer::{Busy, RecordingTimer, SystemTimer, Timer, VirtualTimer};
pub use watch::{News, WatchedCall, Watcher, What};
