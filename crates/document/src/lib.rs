//! Documents: JSON and YAML as values that know where they stand, what is found in them, and the faults of form that
//! every kind of document can have, each with its one wording.
//!
//! ```text
//! text ─ read, read_json ─▶ Node (value, bytes) or ReadFault
//! Node ─ the checks of a format ─▶ Findings ─ into_sorted ─▶ [Finding] (code, severity, place, message, hint)
//! ```
//! What a document may hold is left to who owns its format: `author` for cards and connectors, `flow` for flows.
//!
//! # Example: a key that is there twice
//! ```
//! use cardhost_document::{Findings, read_json};
//!
//! let text = "{\"a\": 1,\n \"a\": 2}";
//! let mut findings = Findings::new("a.json", text);
//! findings.duplicate_keys(&read_json(text).unwrap());
//! let found = findings.into_sorted();
//! assert_eq!(found[0].place.line_column, Some((2, 2)));
//! assert_eq!(found[0].message(), "key `a` is there twice");
//! assert_eq!(found[0].hint(), Some("the first is on line 1; only one can count"));
//! ```

mod builder;
mod finding;
mod findings;
mod json;
mod lines;
mod malformed;
mod node;
mod pointer;
#[cfg(feature = "yaml")]
mod read;
mod read_fault;
#[cfg(feature = "yaml")]
mod yaml;

pub use builder::{MAX_DEPTH, MAX_NODES};
pub use finding::{Finding, Severity};
pub use findings::Findings;
pub use json::{malformed_json, read_json};
pub use lines::{character, line_column, offset_of};
pub use malformed::{Malformed, one_of, short};
pub use node::{Entry, Kind, Node};
pub use pointer::{below, segments};
#[cfg(feature = "yaml")]
pub use read::read;
pub use read_fault::{Language, ReadFault};

#[cfg(test)]
#[cfg(feature = "yaml")]
mod tests;
