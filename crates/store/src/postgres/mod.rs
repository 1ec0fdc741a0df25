//! The back end in a PostgreSQL database, for many hosts.
//!
//! One client a store, shared by all who use it and made anew when it is closed. Each operation is one statement, and so
//! atomic by itself: no transaction's state is shared. Leases and times are judged by the database's clock.
//!
//! A read whose connection breaks is done again; a write is not, since it may have been done.

mod backend;
mod client;
mod limit_ledger;
mod location;
mod migrate;
mod sql;
mod steps;

pub(super) use client::Postgres;
