//! The pure core of cardhost: given a connector, a card, a connection, an invocation and the replies so
//! far, it determines what is sent next. No socket, file, clock or environment variable is in it.
//!
//! Modules beside each other never use each other in a circle (`tests/it/layers` checks it).

pub mod asked;
pub mod auth;
pub mod base_url;
pub mod body;
pub mod call;
pub mod card;
pub mod choices;
pub mod condition;
pub mod connection;
pub mod connection_test;
pub mod connector;
pub mod decoder;
pub mod defaults;
pub mod definition;
pub mod described;
pub mod encoding;
pub mod endpoint_url;
pub mod error;
pub mod failure;
pub mod field;
pub mod file;
pub mod header_text;
pub mod host_pattern;
pub mod http_date;
pub mod inject;
pub mod invocation;
pub mod jq;
pub mod label;
pub mod labelled;
pub mod limits;
pub mod load;
pub mod markup;
pub mod moment;
mod own_request;
pub mod pages;
pub mod parameters;
pub mod pem;
pub mod plan;
pub mod reply_rule;
pub mod request;
pub mod response;
pub mod retries;
pub mod retry;
pub mod schema;
pub mod secret;
pub mod settle;
pub mod span;
pub mod template;
pub mod text;
pub mod token;
pub mod transport_fault;
pub mod until;
pub mod value;

/// Of the tests; what says that a test is skipped is one for all crates.
#[cfg(test)]
#[path = "../../../tests/it/support/skipped.rs"]
mod skipped;
