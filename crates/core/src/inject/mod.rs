//! Puts values into their place in a request, with that place's encoding.

pub mod base;
pub mod follow;
pub mod header;
pub mod host;
pub mod path;
pub mod query;
