//! The reference page of a card or connector, and the JSON Schemas of what a card takes and gives.
//!
//! ```text
//! Definition ─ CardPage::of ─────▶ Page ─┬─ markdown ─▶ text
//! Connector  ─ ConnectorPage::of ▶       └─ html ─────▶ text
//! Definition ─ invocation_schema, output_schema; Connector ─ connection_schema ─▶ JSON Schema
//! ```
//! Everything is taken from the definitions; where the pages are written to is for others to say.

mod card_page;
mod connection_schema;
mod connector_page;
mod credentials;
mod either;
mod failures;
mod field_schema;
mod fields;
mod html;
mod invocation_schema;
mod markdown;
mod output_schema;
mod page;
mod samples;
mod targets;
mod visibility;
mod waits;
mod words;

#[cfg(test)]
mod tests;

pub use card_page::CardPage;
pub use connection_schema::connection_schema;
pub use connector_page::ConnectorPage;
pub use either::{Either, either};
pub use html::html;
pub use invocation_schema::invocation_schema;
pub use markdown::markdown;
pub use output_schema::output_schema;
pub use page::{Block, Cell, Inline, Page, Row, RowGroup, Section, Table};
pub use targets::targets_of;
pub use waits::{limits_allowed, limits_json, limits_told, until_asks, until_ends, until_json};
pub use words::{condition, idempotency_key};
