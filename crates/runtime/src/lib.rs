//! Drives cardhost's calls: it looks cards and connections up, sends what the core plans, keeps time.
//!
//! ```text
//! Host ─ catalog ─▶ Definition ─ core::plan ─▶ Call ─ executor ─▶ Transport ─▶ Outcome
//!      └ connections ─▶ Connection ┘
//! ```

mod apart;
pub mod caller;
pub mod catalog;
pub mod clock;
pub mod connections;
pub mod entropy;
mod executor;
mod file_reader;
#[cfg(feature = "flow")]
pub mod flow;
pub mod host;
pub mod login;
mod passage;
mod permits;
pub mod record_sink;
mod secret_source;
pub mod shutdown;
mod stored;
mod telemetry;
mod token;
pub mod transport;
