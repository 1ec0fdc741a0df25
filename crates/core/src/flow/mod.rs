//! Flows.
pub mod datum;
pub mod document;
pub mod expression;
mod findings;
mod load;
pub mod node;

pub use document::{Document, schema};
pub use findings::Finding;
pub use load::{Loaded, MAX_DOCUMENT_BYTES, load};
