//! What authors of cards are helped with, and nothing that a run needs: pure, like the core.
//!
//! ```text
//! files ─ check ─▶ every fault with file, line and column          definition ─ reference ─▶ pages, JSON Schemas
//! name, curl command ─ draft ─▶ files to begin with
//! definition, plan ─ explain, curl ─▶ what is sent and why          examples ─ sample, mock ─▶ requests, replies
//! ```

pub mod check;
pub mod curl;
pub mod draft;
pub mod explain;
pub mod formats;
pub mod mock;
pub mod reference;
pub mod sample;
pub mod variable;

/// Of the tests; what says that a test is skipped is one for all crates.
#[cfg(test)]
#[path = "../../../tests/it/support/skipped.rs"]
mod skipped;
