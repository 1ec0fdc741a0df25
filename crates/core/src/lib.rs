//! The pure core of cardhost: given a connector, a card, a connection, an invocation and the replies so
//! far, it determines what is sent next. No socket, file, clock or environment variable is in it.
//!
//! The modules, in layers: each may use those above it in this list only (`tests/it/layers.rs` checks it).

pub mod error;
pub mod value;
pub mod secret;
pub mod schema;
pub mod template;
pub mod inject;
pub mod field;
pub mod decision;
pub mod settle;
pub mod transport_fault;
pub mod request;
pub mod auth;
pub mod connector;
pub mod card;
pub mod connection;
pub mod definition;
pub mod invocation;
pub mod decoder;
pub mod response;
pub mod plan;
pub mod fault;
pub mod message;
pub mod call;
